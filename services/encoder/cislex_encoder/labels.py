"""LabelPeaks: which peaks are WT and which KO, from counts, from a differential table, or from two BED files.

Definitions (WTKO-CNN's published code has the first; both are offered by name):

* KO: log2 fold change KO over WT > ``ko_min_log2fc`` (1).
* WT, ``unchanged``: |log2FC| < ``wt_max_abs_log2fc`` (0.2) and the WT count > ``wt_min_count`` (10). "WT" is then what
  does not change, not what is lost.
* WT, ``specific``: log2FC < ``wt_max_log2fc`` (−1).

From counts, log2FC = log2((KO + 1) / (WT + 1)) of the means over the samples. From a DESeq2 or edgeR table, log2FC is
the table's own (``contrast`` says which way round) and KO and ``specific`` WT also need padj (FDR) ≤ ``max_padj``;
``unchanged`` WT needs the table's baseMean > ``wt_min_count`` where it has that column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.peak_files import BadRowError, check_bounds, read_peaks, whole
from cislex_core.tasks import InputRef, Inputs, Out, Progress
from cislex_core.text_files import Problems, read_lines

from cislex_encoder.inputs import source
from cislex_encoder.preflight import Source
from cislex_encoder.specs import LabelPeaksSpec

_CHROM = ("chrom", "chr", "seqnames", "chromosome", "seqid", "contig")
_START, _END = ("start", "chromstart", "peak_start"), ("end", "stop", "chromend", "peak_end")
_NAME = ("name", "peak_id", "peakid", "id", "geneid", "gene_id", "peak", "")
_LOG2FC = ("log2foldchange", "log2fc", "logfc", "log2_fold_change", "lfc", "fold")
_PADJ = ("padj", "fdr", "adj.p.val", "qvalue", "q_value", "adjusted_pvalue", "p.adjust")
_PLACE = re.compile(r"\"?([^\s:\"]+)[:_.](\d+)[-_.](\d+)\"?\Z")


@dataclass
class _Table:
    """Columns of a table with places; numbers as float64 with NaN for NA."""

    chrom: list[str]
    start: np.ndarray
    end: np.ndarray
    name: list[str]
    line: np.ndarray
    numbers: dict[str, np.ndarray]


def label(spec: LabelPeaksSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write wt.bed, ko.bed and labels.parquet (every row of the source, its log2FC and what it became)."""
    if spec.wt is not None and spec.ko is not None:
        _from_beds(spec, source(inputs, spec.wt, "wt"), source(inputs, spec.ko, "ko"), out)
        return
    if spec.counts is not None:
        table, log2fc, is_wt, is_ko, note = _from_counts(spec, source(inputs, spec.counts, "counts"))
    else:
        assert spec.differential is not None
        table, log2fc, is_wt, is_ko, note = _from_differential(spec, inputs, spec.differential)
    progress.message(note)
    labels = np.where(is_ko, "KO", np.where(is_wt, "WT", "none"))
    for name, mask in (("WT", is_wt), ("KO", is_ko)):
        if not mask.any():
            raise UserError(
                Reason.EMPTY_SET,
                f"no peak meets the definition of {name} ({note}); {len(table.chrom):,} rows were read, log2FC from "
                f"{np.nanmin(log2fc):.2f} to {np.nanmax(log2fc):.2f}. Choose other thresholds, or the other definition",
                set=name,
            )
        _write_bed(out.path(f"{name.lower()}.bed"), table, mask)
    out.write_table(
        "labels.parquet",
        pa.table(
            {
                "line": table.line,
                "name": table.name,
                "chrom": table.chrom,
                "start": table.start,
                "end": table.end,
                "log2fc": pa.array(log2fc, from_pandas=True),
                "label": labels.tolist(),
            }
        ),
    )
    _describe(spec, out, len(table.chrom), int(is_wt.sum()), int(is_ko.sum()), note)


def _describe(spec: LabelPeaksSpec, out: Out, n_rows: int, n_wt: int, n_ko: int, note: str) -> None:
    out.kind = "peaks"
    out.semantics = {"coordinates": "0-based half-open", "wt": spec.definition}
    out.summary = {
        "n_rows": n_rows,
        "n_wt": n_wt,
        "n_ko": n_ko,
        "n_unlabelled": n_rows - n_wt - n_ko,
        "definition": "as_given" if spec.wt is not None else spec.definition,
        "rule": note,
    }


def _from_beds(spec: LabelPeaksSpec, wt: Source, ko: Source, out: Out) -> None:
    problems, sizes = Problems(), []
    for given, name in ((wt, "wt"), (ko, "ko")):
        peaks = read_peaks(given.path, problems, name, shown=given.shown, coordinate_base=spec.coordinate_base)
        if not len(peaks) and not problems:
            problems.add(
                Reason.EMPTY_SET, name, f"{given.shown} holds no interval; two classes are needed", always=True
            )
        sizes.append(len(peaks))
        with open(out.path(f"{name}.bed"), "w", encoding="utf-8") as handle:
            names = peaks.name.to_pylist()
            for i, chrom in enumerate(peaks.chrom_names):
                row = f"{chrom}\t{peaks.start[i]}\t{peaks.end[i]}\t{names[i] or f'{name}_{i + 1}'}"
                offset = peaks.summit[i] - peaks.start[i]
                handle.write(f"{row}\t0\t{chr(peaks.strand[i])}\t0\t-1\t-1\t{offset}\n")
    problems.raise_if_any()
    _describe(spec, out, sum(sizes), sizes[0], sizes[1], "two files as given")


def _from_counts(spec: LabelPeaksSpec, given: Source) -> tuple[_Table, np.ndarray, np.ndarray, np.ndarray, str]:
    header = _header_cells(given)
    wt_names = _sample_columns(spec.wt_columns, header, "wt", given)
    ko_names = _sample_columns(spec.ko_columns, header, "ko", given)
    table = _read_table(given, [*wt_names, *ko_names], spec.coordinate_base, may_be_na=False)
    samples = {name: table.numbers[name] for name in (*wt_names, *ko_names)}
    for name, values in samples.items():
        if (values < 0).any():
            row = int(np.argmax(values < 0))
            raise UserError(
                Reason.INVALID_TABLE,
                f"{given.shown} line {table.line[row]}: column {name} is {values[row]:g}; counts are never negative. "
                "Is it a table of log values?",
                field=given.field_path,
                file=given.shown,
                line=int(table.line[row]),
            )
    if spec.normalization == "cpm":
        samples = {name: values / max(values.sum(), 1.0) * 1e6 for name, values in samples.items()}
    wt, ko = (np.mean([samples[name] for name in names], axis=0) for names in (wt_names, ko_names))
    log2fc = np.log2((ko + spec.pseudocount) / (wt + spec.pseudocount))
    is_ko = log2fc > spec.ko_min_log2fc
    note = (
        f"log2((KO + {spec.pseudocount:g}) / (WT + {spec.pseudocount:g})) of {', '.join(ko_names)} over "
        f"{', '.join(wt_names)}; KO: > {spec.ko_min_log2fc:g}; WT ({spec.definition}): "
    )
    if spec.definition == "unchanged":
        is_wt = (np.abs(log2fc) < spec.wt_max_abs_log2fc) & (wt > spec.wt_min_count) & ~is_ko
        note += f"|log2FC| < {spec.wt_max_abs_log2fc:g} and WT > {spec.wt_min_count:g}"
    else:
        is_wt = log2fc < spec.wt_max_log2fc
        note += f"log2FC < {spec.wt_max_log2fc:g}"
    return table, log2fc, is_wt, is_ko, note


def _from_differential(
    spec: LabelPeaksSpec, inputs: Inputs, ref: InputRef
) -> tuple[_Table, np.ndarray, np.ndarray, np.ndarray, str]:
    given = source(inputs, ref, "differential")
    header = _header_cells(given)
    fold = _find(header, [spec.log2fc_column] if spec.log2fc_column else _LOG2FC, "log2 fold change", given)
    padj = _find(header, [spec.padj_column] if spec.padj_column else _PADJ, "adjusted p", given)
    base = next((cell for cell in header if cell.lower() == "basemean"), None)
    table = _read_table(given, [fold, padj, *([base] if base else [])], spec.coordinate_base, may_be_na=True)
    sign = 1.0 if spec.contrast == "ko_over_wt" else -1.0
    log2fc = sign * table.numbers[fold]
    significant = table.numbers[padj] <= spec.max_padj
    is_ko = (log2fc > spec.ko_min_log2fc) & significant
    note = f"{fold} read as {spec.contrast}; KO: log2FC > {spec.ko_min_log2fc:g}, {padj} ≤ {spec.max_padj:g}; WT "
    if spec.definition == "unchanged":
        is_wt = np.abs(log2fc) < spec.wt_max_abs_log2fc
        note += f"(unchanged): |log2FC| < {spec.wt_max_abs_log2fc:g}"
        if base:
            is_wt &= table.numbers[base] > spec.wt_min_count
            note += f" and {base} > {spec.wt_min_count:g}"
        is_wt &= ~is_ko
    else:
        is_wt = (log2fc < spec.wt_max_log2fc) & significant
        note += f"(specific): log2FC < {spec.wt_max_log2fc:g}, {padj} ≤ {spec.max_padj:g}"
    return table, log2fc, is_wt, is_ko, note


def _cells(line: str) -> list[str]:
    cells = line.split("\t") if "\t" in line else line.split(",") if "," in line else line.split()
    return [cell.strip().strip('"') for cell in cells]


def _header_cells(given: Source) -> list[str]:
    for _, line in read_lines(given.path, given.shown):
        if line.strip() and not line.startswith("# "):
            return _cells(line.lstrip("#"))
    raise UserError(
        Reason.EMPTY_SET, f"{given.shown} is empty; a table with a header is needed", field=given.field_path
    )


def _find(header: Sequence[str], names: Sequence[str], what: str, given: Source) -> str:
    lowered = [name.lower() for name in names]
    for cell in header:
        if cell.lower() in lowered:
            return cell
    raise UserError(
        Reason.INVALID_TABLE,
        f"{given.shown} line 1: no column for {what} (looked for {', '.join(names)}); the columns are "
        f"{', '.join(header)}",
        field=given.field_path,
        file=given.shown,
        line=1,
    )


def _sample_columns(asked: Sequence[str], header: Sequence[str], prefix: str, given: Source) -> list[str]:
    if asked:
        return [_find(header, [name], f"{prefix.upper()} counts", given) for name in asked]
    found = [cell for cell in header if re.match(rf"{prefix}(?![a-z])", cell.lower())]
    if not found:
        raise UserError(
            Reason.INVALID_TABLE,
            f"{given.shown} line 1: no column begins with {prefix.upper()}; name the sample columns with "
            f"{prefix}_columns. The columns are {', '.join(header)}",
            field=given.field_path,
            file=given.shown,
            line=1,
        )
    return found


def _read_table(given: Source, wanted: Sequence[str], base: int, *, may_be_na: bool) -> _Table:
    """Places from chrom/start/end columns, or from a first column such as chr1:100-200 or chr1_100_200."""
    problems = Problems()
    chrom: list[str] = []
    start: list[int] = []
    end: list[int] = []
    names: list[str] = []
    lines: list[int] = []
    numbers: dict[str, list[float]] = {name: [] for name in wanted}
    header: list[str] | None = None
    for number, line in read_lines(given.path, given.shown):
        if not line.strip() or (line.startswith("# ") and header is None):
            continue
        cells = _cells(line.lstrip("#") if header is None else line)
        if header is None:
            header = cells
            continue
        # R's write.table leaves the header one cell short: the row names have no title.
        titles = ["", *header] if len(cells) == len(header) + 1 else header
        row = dict(zip([title.lower() for title in titles], cells, strict=False))
        try:
            place = _place(row, cells, base)
            values = [_number(row.get(name.lower(), ""), name, may_be_na) for name in wanted]
        except BadRowError as error:
            problems.add(
                Reason.INVALID_TABLE,
                given.field_path,
                f"{given.shown} line {number}: {error}",
                file=given.shown,
                line=number,
            )
            continue
        chrom.append(place[0])
        start.append(place[1])
        end.append(place[2])
        names.append(next((row[key] for key in _NAME if row.get(key)), f"line_{number}"))
        lines.append(number)
        for name, value in zip(wanted, values, strict=True):
            numbers[name].append(value)
    if not lines and not problems:
        problems.add(Reason.EMPTY_SET, given.field_path, f"{given.shown} has a header but no row", always=True)
    problems.raise_if_any()
    columns = {name: np.array(values) for name, values in numbers.items()}
    return _Table(chrom, np.array(start), np.array(end), names, np.array(lines), columns)


def _place(row: dict[str, str], cells: Sequence[str], base: int) -> tuple[str, int, int]:
    found = [next((row[key] for key in keys if key in row), None) for keys in (_CHROM, _START, _END)]
    if None not in found:
        chrom, start, end = str(found[0]), whole(str(found[1]), "start") - base, whole(str(found[2]), "end")
    elif match := _PLACE.match(cells[0]):
        chrom, start, end = match[1], int(match[2]) - base, int(match[3])
    else:
        raise BadRowError(
            f"no place: neither columns chrom, start, end nor a first cell such as chr1:100-200 "
            f"(it is {cells[0][:40]!r})"
        )
    check_bounds(start, end)
    return chrom, start, end


def _number(text: str, column: str, may_be_na: bool) -> float:
    if text.upper() in ("NA", "NAN") and may_be_na:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise BadRowError(f"column {column} is {text[:30]!r}, which is no number") from None
    if not math.isfinite(value) and not may_be_na:
        raise BadRowError(f"column {column} is {text[:30]!r}; a finite number is needed")
    return value


def _write_bed(path: Path, table: _Table, mask: np.ndarray) -> None:
    with open(path, "w", encoding="utf-8") as handle:
        for i in np.flatnonzero(mask):
            handle.write(f"{table.chrom[i]}\t{table.start[i]}\t{table.end[i]}\t{table.name[i]}\t0\t.\n")
