"""Targets by region or by sequence: tables (.tsv, .csv, .parquet) and arrays (.npz, .npy with names beside them).

Which rows are meant: regions as a name ``chrom:start-end`` or columns chrom, start, end (to be cut out of a genome), or
sequences in a column. All other columns of numbers are tasks, all other columns of text go along with the rows.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cislex_core.errors import Reason
from cislex_core.fasta import SequenceSet
from cislex_core.input_limits import refuse_beyond
from cislex_core.intervals import PeakSet
from cislex_core.peak_files import LARGEST_POSITION
from cislex_core.sequences import ENCODE_TABLE
from cislex_core.tasks import Inputs
from cislex_core.text_files import Problems

from cislex_encoder import delimited
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.imported import Imported, choose_tasks, read_splits, sequence_set
from cislex_encoder.inputs import source
from cislex_encoder.name_files import cells_of, header_of, invalid, load_array, names_of, read_names, text_of
from cislex_encoder.preflight import Source

REGION = re.compile(r"^(?P<chrom>[^\s:]+):(?P<start>[0-9]{1,12})-(?P<end>[0-9]{1,12})$")
_PLACE = {
    "chrom": ("chrom", "chr", "chromosome", "seqnames", "seqid", "contig"),
    "start": ("start", "chromstart", "chrom_start", "peak_start"),
    "end": ("end", "stop", "chromend", "chrom_end", "peak_end"),
    "summit": ("summit", "abs_summit"),
}
_NAME = ("name", "region", "peak", "peak_id", "id", "index", "")
_SEQUENCE = ("sequence", "seq", "dna")
_PASSED_OVER = ("strand", "score", "row", "__index_level_0__")


@dataclass
class RowTable:
    """Rows with their targets. ``chrom`` with ``start`` and ``end`` (as in the file), or ``sequence``, or both."""

    file: Source
    name: pa.Array
    line: np.ndarray
    values: np.ndarray
    tasks: list[str]
    chrom: pa.Array | None = None
    start: np.ndarray | None = None
    end: np.ndarray | None = None
    summit: np.ndarray | None = None
    sequence: pa.Array | None = None
    columns: dict[str, pa.Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    groups: list[str] | None = None


def read(spec: ImportDatasetSpec, inputs: Inputs, problems: Problems) -> Imported:
    """Read ``matrix``. Raises INVALID_TABLE (with line or row, column and value), EMPTY_SET."""
    assert spec.matrix is not None
    file = source(inputs, spec.matrix, "matrix")
    with open(file.path, "rb") as handle:
        magic = handle.read(6)
    if magic.startswith((b"PK", b"\x93NUMPY")):
        table = _of_arrays(spec, inputs, file, is_npz=magic.startswith(b"PK"))
    else:
        table = _of_table(spec, file)
    return to_imported(spec, table, problems)


def _of_table(spec: ImportDatasetSpec, file: Source) -> RowTable:
    table, first = delimited.read(file)
    titles = {name.lower(): name for name in table.column_names}
    found = {key: titles[alias] for key, names in _PLACE.items() for alias in names[::-1] if alias in titles}
    wanted = (spec.sequence_column.lower(),) if spec.sequence_column else _SEQUENCE
    sequence = next((titles[title] for title in wanted if title in titles), None)
    if spec.sequence_column and sequence is None:
        raise invalid(file, f"has no column {spec.sequence_column!r}; it has {_some(table.column_names)}")
    name = next((titles[title] for title in _NAME if title in titles), None)
    if name is None and "chrom" not in found:
        name = table.column_names[0] if table.column_names[0] != sequence else None
    used = {*found.values(), sequence, name}
    rest = [title for title in table.column_names if title not in used and title.lower() not in _PASSED_OVER]
    tasks = _tasks(spec, file, table, rest)
    n = table.num_rows
    result = RowTable(
        file=file,
        name=_text_column(table, name) if name else pa.nulls(n, pa.string()),
        line=np.arange(first, first + n, dtype=np.int64),
        values=_matrix(table, tasks),
        tasks=tasks,
        sequence=_text_column(table, sequence) if sequence else None,
        columns={
            title: table[title].combine_chunks()
            for title in rest
            if title not in tasks and (pa.types.is_string(table[title].type) or title == spec.split_column)
        },
    )
    if {"chrom", "start", "end"} <= set(found):
        result.chrom = _text_column(table, found["chrom"])
        result.start, result.end = (_whole(file, table, found[key], first) for key in ("start", "end"))
        if "summit" in found:
            result.summit = _whole(file, table, found["summit"], first)
    return result


def _tasks(spec: ImportDatasetSpec, file: Source, table: pa.Table, rest: list[str]) -> list[str]:
    numeric = [
        name
        for name in rest
        if not pa.types.is_string(table[name].type)
        and not pa.types.is_large_string(table[name].type)
        and name != spec.split_column
    ]
    if not spec.tasks:
        if not numeric:
            raise invalid(file, f"has no column of numbers beside the rows' places ({_some(table.column_names)})")
        return numeric
    missing = [name for name in spec.tasks if name not in numeric]
    if missing:
        raise invalid(file, f"has no column of numbers {', '.join(missing[:5])}; it has {_some(numeric)}")
    return list(spec.tasks)


def _matrix(table: pa.Table, tasks: list[str]) -> np.ndarray:
    values = np.empty((table.num_rows, len(tasks)), dtype=np.float32)
    for i, name in enumerate(tasks):
        column = pc.cast(table[name], pa.float32(), safe=False) if table[name].type != pa.float32() else table[name]
        values[:, i] = pc.fill_null(column, float("nan")).to_numpy()
    return values


def _text_column(table: pa.Table, name: str) -> pa.Array:
    return pc.cast(table[name], pa.string()).combine_chunks()


def _whole(file: Source, table: pa.Table, name: str, first: int) -> np.ndarray:
    column = table[name]
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        raise invalid(
            file, f"line {first + row}: column {name} is empty; every region needs its place", line=first + row
        )
    try:
        return np.asarray(pc.cast(column, pa.int64()).to_numpy())
    except pa.ArrowInvalid:
        raise invalid(file, f"column {name} holds values that are no whole numbers", column=name) from None


def _of_arrays(spec: ImportDatasetSpec, inputs: Inputs, file: Source, *, is_npz: bool) -> RowTable:
    rows: list[str] | None = None
    columns: list[str] | None = None
    if is_npz:
        data, rows, columns = _npz(file)
    else:
        data = load_array(file)
    if data.ndim != 2 or data.dtype.kind not in "biuf":
        raise invalid(file, f"holds an array {data.dtype} of shape {data.shape}; numbers (rows, tasks) are needed")
    names, tasks, groups, turned = _orient(spec, inputs, file, data, rows, columns)
    values = np.array(data.T if turned else data, dtype=np.int8 if data.dtype.kind in "bi" else np.float32)
    if data.dtype.kind in "iu" and not np.array_equal(values, data.T if turned else data):
        values = np.array(data.T if turned else data, dtype=np.float32)
    result = RowTable(file, pa.array(names), np.arange(1, len(names) + 1), values, tasks, groups=groups)
    if turned:
        result.notes.append(f"{file.shown} holds tasks by regions; it was turned")
    return result


def _npz(file: Source) -> tuple[np.ndarray, list[str] | None, list[str] | None]:
    try:
        with np.load(file.path, allow_pickle=False) as archive:
            keys = archive.files
            data = next((key for key in ("data", "matrix", "values", "X", "arr_0") if key in keys), None)
            if data is None:
                raise invalid(file, f"holds the arrays {', '.join(keys)}; one must be called data")
            rows = next((key for key in ("rows", "row_names", "index", "regions") if key in keys), None)
            columns = next((key for key in ("columns", "cols", "column_names", "tasks") if key in keys), None)
            for key in filter(None, (data, rows, columns)):
                _check_member(archive, key, file)
            names = [
                [text_of(item) for item in cells_of(archive[key].reshape(-1))] if key else None
                for key in (rows, columns)
            ]
            return archive[data], names[0], names[1]
    except (ValueError, zipfile.BadZipFile, EOFError, OSError, OverflowError, NotImplementedError, zlib.error) as error:
        raise invalid(
            file, f"cannot be read ({error}); save plain arrays with numpy.savez: data, rows and columns as text"
        ) from None


def _check_member(archive: Any, key: str, file: Source) -> None:
    """What a member says of its size: it is held to the limit, and to what the archive says, before memory is taken.

    Nothing of an archive is ever written to disk, so the members' names are names only.
    """
    name = f"{key}.npy" if f"{key}.npy" in archive.zip.namelist() else key
    info = archive.zip.getinfo(name)
    refuse_beyond(info.file_size, "table_bytes", f"{file.shown} array {key}", "bytes")
    with archive.zip.open(info) as handle:
        shape, dtype = header_of(handle)
    if math.prod(shape) * dtype.itemsize > info.file_size:
        raise ValueError(f"the array {key} says its shape is {str(shape)[:60]}, and is too short for it")


def _orient(
    spec: ImportDatasetSpec,
    inputs: Inputs,
    file: Source,
    data: np.ndarray,
    rows: list[str] | None,
    columns: list[str] | None,
) -> tuple[list[str], list[str], list[str] | None, bool]:
    """(row names, task names, groups, whether tasks lie along the first axis): by lengths, and which are places."""
    if spec.row_names is not None or spec.task_names is not None:
        if spec.row_names is None or spec.task_names is None:
            raise invalid(file, "needs row_names and task_names, both")
        of_tasks = source(inputs, spec.task_names, "task_names")
        tasks, groups = read_names(of_tasks)
        if len(tasks) not in data.shape:
            raise invalid(of_tasks, f"holds {len(tasks):,} names where the array has the shape {data.shape}")
        turned = len(tasks) == data.shape[0] and len(tasks) != data.shape[1]
        names = names_of(inputs, spec.row_names, "row_names", data.shape[1 if turned else 0])
        return names or [], tasks, groups, turned
    if rows is None or columns is None:
        raise invalid(file, "holds no names: add the arrays rows and columns, or give row_names and task_names")
    if (len(rows), len(columns)) != data.shape:
        raise invalid(
            file, f"holds data of shape {data.shape} with {len(rows):,} row names and {len(columns):,} column names"
        )
    are_places = [bool(names) and all(REGION.match(name) for name in names[:20]) for names in (rows, columns)]
    if are_places[1] and not are_places[0]:
        return columns, rows, None, True
    return rows, columns, None, False


def to_imported(spec: ImportDatasetSpec, table: RowTable, problems: Problems) -> Imported:
    """Rows as sequences or regions, with their tasks. Raises INVALID_TABLE where rows name neither."""
    result = Imported(values=table.values, tasks=table.tasks, labels=[0], notes=list(table.notes), groups=table.groups)
    choose_tasks(result, spec.tasks, table.file)
    if table.sequence is not None:
        result.sequences = [_sequences(table, problems)]
        result.files = [{"source": table.file.shown, "set": "", **result.sequences[0].facts}]
    else:
        if spec.genome is None:
            raise invalid(
                table.file,
                "has no column of sequences, so its rows must be regions of a genome: give the genome, or name the "
                "column (sequence_column)",
            )
        result.peaks = [(table.file, "rows", peaks_of(table, spec.coordinate_base, problems))]
    if spec.split_column and spec.split_column in table.columns:
        words = pc.cast(table.columns.pop(spec.split_column), pa.string()).to_pylist()
        result.given = read_splits(words, table.line, table.file, spec.split_column, problems)
    result.columns |= table.columns
    return result


def _sequences(table: RowTable, problems: Problems) -> SequenceSet:
    assert table.sequence is not None
    texts = pc.fill_null(table.sequence, "").to_pylist()
    joined = "".join(texts).encode("utf-8", "replace").translate(ENCODE_TABLE)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    codes = np.frombuffer(joined, dtype=np.uint8)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    for row in _bad_rows(codes, offsets, lengths):
        problems.add(
            Reason.INVALID_TABLE,
            table.file.field_path,
            f"{table.file.shown} line {table.line[row]}: the sequence is {texts[row][:40]!r}, which is empty or has "
            "letters that are no nucleotides",
            file=table.file.shown,
            line=int(table.line[row]),
        )
    names = [name or f"row_{i + 1}" for i, name in enumerate(table.name.to_pylist())]
    place = None
    if table.chrom is not None:
        assert table.start is not None
        assert table.end is not None
        place = (table.chrom.to_pylist(), table.start, table.end)
    facts: dict[str, object] = {"format": "table of sequences"}
    return sequence_set(table.file.shown, codes, lengths, names, table.line, place, facts)


def _bad_rows(codes: np.ndarray, offsets: np.ndarray, lengths: np.ndarray) -> list[int]:
    if codes.size != offsets[-1]:  # letters outside ASCII
        return [0]
    of_letters = np.searchsorted(offsets, np.flatnonzero(codes == 255), side="right") - 1
    return sorted({*np.flatnonzero(lengths == 0).tolist(), *of_letters.tolist()})


def peaks_of(table: RowTable, base: int, problems: Problems) -> PeakSet:
    """The rows as regions; rows that name none, or an impossible one, go into ``problems``."""
    shown, line = table.file.shown, table.line
    if table.chrom is None:
        parts = pc.extract_regex(pc.fill_null(table.name, ""), REGION.pattern)
        bad = np.flatnonzero(parts.is_null().to_numpy(zero_copy_only=False))
        if bad.size:
            value = table.name[int(bad[0])].as_py()
            problems.add(
                Reason.INVALID_TABLE,
                table.file.field_path,
                f"{shown} line {line[bad[0]]}: the row is named {value!r}, which is no place; rows need names like "
                f"chr1:100-200, columns chrom, start and end, or a column of sequences ({bad.size:,} such rows)",
                always=True,
                file=shown,
                line=int(line[bad[0]]),
            )
            return _no_peaks(shown)
        chrom, start, end = (parts.field(i) for i in range(3))
        starts, ends = (pc.cast(part, pa.int64()).to_numpy() for part in (start, end))
    else:
        assert table.start is not None
        assert table.end is not None
        chrom, starts, ends = table.chrom, table.start, table.end
    starts = starts - base
    for row in np.flatnonzero((starts < 0) | (ends <= starts) | (ends > LARGEST_POSITION)):
        problems.add(
            Reason.INVALID_INTERVALS,
            table.file.field_path,
            f"{shown} line {line[row]}: {starts[row]}-{ends[row]} is no interval: starts are at least 0, ends greater, "
            "and no chromosome is longer than 10^12",
            file=shown,
            line=int(line[row]),
        )
    coded = pc.dictionary_encode(chrom)
    summit = (starts + ends) // 2 if table.summit is None else table.summit - base
    return PeakSet(
        source=shown,
        contigs=coded.dictionary.to_pylist(),
        chrom=coded.indices.to_numpy().astype(np.int32),
        start=starts,
        end=ends,
        summit=summit,
        name=table.name,
        strand=np.full(starts.size, ord("."), dtype=np.uint8),
        line=line,
        facts={"format": "matrix", "n_rows": int(starts.size)},
    )


def _no_peaks(shown: str) -> PeakSet:
    none = np.empty(0, dtype=np.int64)
    return PeakSet(shown, [], none.astype(np.int32), none, none, none, pa.array([], pa.string()), none, none)


def _some(names: list[str], shown: int = 8) -> str:
    return ", ".join(names[:shown]) + (f", … ({len(names):,} in all)" if len(names) > shown else "")
