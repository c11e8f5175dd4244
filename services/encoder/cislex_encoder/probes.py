"""Protein binding microarrays: tables of probes with a sequence and an intensity, one table per array.

Tables with a header are read by the names of their columns (those of UniPROBE, CIS-BP and DREAM5 are known), tables
without by their content: the column of DNA and the first column of numbers. Flagged probes, control probes and probes
without an intensity are left out, and the ledger says so. Intensities are normalised array by array.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import ENCODE_TABLE
from cislex_core.tasks import Inputs
from cislex_core.text_files import Problems, read_lines

from cislex_encoder.class_files import given_splits
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.imported import Imported, sequence_set
from cislex_encoder.inputs import source
from cislex_encoder.preflight import Source

_SEQUENCE = ("sequence", "pbm_sequence", "probe_sequence", "seq", "probe sequence")
_LINKER = ("linker_sequence",)
_INTENSITY = (
    "intensity", "mean_signal_intensity", "signal_intensity", "signal", "mean_signal", "median_signal", "value",
    "normalized_intensity", "adjusted_signal", "alexa488_norm", "alexa488adjusted",
)  # fmt: skip
_FLAG = ("flag", "flagged", "control")
_NAME = ("name", "id", "id_probe", "probe_id", "probe")
_DNA = re.compile(r"[ACGTNacgtn]{8,}\Z")
_NOT_FLAGGED = {"", "0", "false", "f", "no", "na", "nan", "ok", "0.0"}
_MISSING = {"", "na", "nan", "null", "none", "."}


@dataclass
class _Columns:
    sequence: int
    intensity: int
    linker: int | None = None
    flags: list[int] = field(default_factory=list)
    name: int | None = None

    @property
    def last(self) -> int:
        return max(self.sequence, self.intensity, self.linker or 0, self.name or 0, *self.flags)


@dataclass
class _Array:
    codes: bytearray = field(default_factory=bytearray)
    lengths: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    flagged: list[tuple[int, str]] = field(default_factory=list)


def read(spec: ImportDatasetSpec, inputs: Inputs, problems: Problems) -> Imported:
    """All arrays, one after the other; ``array`` becomes a column. The one task is ``intensity``."""
    result = Imported(tasks=["intensity"])
    values: list[np.ndarray] = []
    for number, item in enumerate(spec.pbm):
        file = source(inputs, item.file, f"pbm[{number}].file")
        try:
            array = _read(spec, file, problems)
        except UserError as error:
            problems.add_error(file.field_path, error)
            continue
        if not array.lines:
            problems.add(Reason.EMPTY_SET, file.field_path, f"{file.shown} holds no probe", always=True)
            continue
        before = sum(result.sizes)
        flagged = np.array([row for row, _ in array.flagged], dtype=np.int64)
        members = sequence_set(
            file.shown,
            np.frombuffer(bytes(array.codes), dtype=np.uint8),
            np.array(array.lengths),
            array.names,
            np.array(array.lines, dtype=np.int64),
            facts={"format": "probes", "n_flagged": int(flagged.size), "normalization": spec.normalization},
        )
        result.sequences.append(members)
        result.labels.append(0)
        result.files.append({"source": file.shown, "set": item.name, **members.facts})
        details = np.array([detail for _, detail in array.flagged], dtype=object)
        result.left_out.append((before + flagged, "flagged", details))
        known = np.ones(len(members), dtype=bool)
        known[flagged] = False
        values.append(_normalized(np.array(array.values), known, spec.normalization, spec.seed, file, problems))
        result.notes.append(f"{item.name}: {int(known.sum()):,} probes, {flagged.size:,} flagged and left out")
    if values:
        result.values = np.concatenate(values).astype(np.float32)[:, None]
        names = [item.name for item in spec.pbm]
        result.columns["array"] = pa.array(names).take(pa.array(np.repeat(np.arange(len(values)), result.sizes)))
        result.given = given_splits(spec.pbm, result.sizes) if len(values) == len(spec.pbm) else None
    return result


def _read(spec: ImportDatasetSpec, file: Source, problems: Problems) -> _Array:
    array, columns = _Array(), None
    for number, line in read_lines(file.path, file.shown):
        if not line.strip() or (line.startswith("#") and columns is not None):
            continue
        cells = [cell.strip().strip('"') for cell in (line.split("\t") if "\t" in line else re.split(r"[,\s]+", line))]
        if columns is None:
            columns, is_header = _columns(spec, cells, file, number)
            if is_header:
                continue
        problem = _add(array, columns, cells, number, spec)
        if problem:
            problems.add(
                Reason.INVALID_TABLE,
                file.field_path,
                f"{file.shown} line {number}: {problem}",
                file=file.shown,
                line=number,
            )
    return array


def _columns(spec: ImportDatasetSpec, cells: list[str], file: Source, number: int) -> tuple[_Columns, bool]:
    titles = [cell.lstrip("#").lower() for cell in cells]

    def find(asked: str, known: tuple[str, ...]) -> int | None:
        wanted = (asked.lower(),) if asked else known
        return next((titles.index(title) for title in wanted if title in titles), None)

    sequence, intensity = find(spec.sequence_column, _SEQUENCE), find(spec.intensity_column, _INTENSITY)
    if sequence is not None and intensity is not None:
        asked = (spec.flag_column.lower(),) if spec.flag_column else _FLAG
        flags = [i for i, title in enumerate(titles) if title in asked]
        return _Columns(sequence, intensity, find("", _LINKER), flags, find("", _NAME)), True
    dna = [i for i, cell in enumerate(cells) if _DNA.match(cell)]
    numbers = [i for i, cell in enumerate(cells) if i not in dna and _number(cell) is not None]
    if not dna or not numbers or spec.sequence_column or spec.intensity_column or spec.flag_column:
        missing = "sequences" if sequence is None and not dna else "intensities"
        raise UserError(
            Reason.INVALID_TABLE,
            f"{file.shown} line {number}: no column of {missing} is found among {', '.join(cells)[:120]}; name it with "
            "sequence_column and intensity_column",
            file=file.shown,
            line=number,
        )
    return _Columns(dna[0], numbers[0]), False


def _add(array: _Array, columns: _Columns, cells: list[str], number: int, spec: ImportDatasetSpec) -> str:
    """Add one probe; answers what is wrong with it, or nothing."""
    if len(cells) <= columns.last:
        return f"{len(cells)} cells where {columns.last + 1} are needed; is the row cut?"
    text = cells[columns.sequence] + (cells[columns.linker] if columns.linker is not None else "")
    text = text[spec.clip_left_bp : len(text) - spec.clip_right_bp]
    coded = text.encode("utf-8").translate(ENCODE_TABLE)
    flags = [cells[i] for i in columns.flags if cells[i].lower() not in _NOT_FLAGGED]
    value = _number(cells[columns.intensity])
    if value is None and cells[columns.intensity].lower() not in _MISSING:
        return f"the intensity is {cells[columns.intensity][:30]!r}, which is no number"
    why = f"flag {flags[0]}" if flags else "no intensity" if value is None else "no sequence" if not coded else ""
    if b"\xff" in coded:
        if not why:
            return f"the sequence {text[:40]!r} has {text[coded.index(255)]!r}, which is no nucleotide letter"
        coded = b""
    if why:
        array.flagged.append((len(array.lines), why))
    array.codes += coded
    array.lengths.append(len(coded))
    array.names.append(cells[columns.name] if columns.name is not None else f"probe_{len(array.lines) + 1}")
    array.lines.append(number)
    array.values.append(math.nan if value is None else value)
    return ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _normalized(
    values: np.ndarray, known: np.ndarray, how: str, seed: int, file: Source, problems: Problems
) -> np.ndarray:
    """Targets of one array; those of flagged probes are NaN and play no part."""
    result = np.full(values.shape, np.nan)
    if not known.any() or how == "none":
        return np.where(known, values, np.nan)
    if how == "log2":
        low = np.flatnonzero(known & (values <= 0))
        if low.size:
            problems.add(
                Reason.INVALID_TABLE,
                file.field_path,
                f"{file.shown}: {low.size:,} intensities are 0 or negative (the first is {values[low[0]]:g}); "
                "log2 needs positive ones. Use quantile normalisation, or flag these probes",
                always=True,
            )
            return result
        result[known] = np.log2(values[known])
        return result
    from sklearn.preprocessing import quantile_transform

    n = int(known.sum())
    result[known] = quantile_transform(
        values[known, None],
        n_quantiles=min(1000, n),
        output_distribution=how.removeprefix("quantile_"),
        subsample=None,
        random_state=seed,
    )[:, 0]
    return result
