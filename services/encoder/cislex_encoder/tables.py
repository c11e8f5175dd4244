"""The dataset's two tables: its rows, and the drop ledger with one row per input row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from cislex_core.tasks import Out

from cislex_encoder.drops import STATUS, Candidates
from cislex_encoder.splits import SPLIT_NAMES
from cislex_encoder.windows import Written


def write(
    out: Out, rows: Candidates, order: np.ndarray, split: np.ndarray, written: Written, extra: pa.Table | None = None
) -> None:
    """Write rows.parquet (rows of ``order``) and drops.parquet (all rows, in input order).

    ``extra``: further columns, one row per candidate, that follow the usual ones.
    """
    table = rows_table(rows, order, split, written)
    if extra is not None:
        for name in extra.column_names:
            table = table.append_column(name, extra[name].combine_chunks().take(pa.array(order)))
    out.write_table("rows.parquet", table)
    out.write_table("drops.parquet", drops_table(rows, order))


def rows_table(rows: Candidates, order: np.ndarray, split: np.ndarray, written: Written) -> pa.Table:
    """One row per sequence of the dataset; coordinates are the window's, null where a ready sequence named no place."""
    placed = rows.chrom[order] >= 0
    absent = rows.start[order] < 0
    no_class = np.full(order.size, not rows.classes)
    return pa.table(
        {
            "row": pa.array(np.arange(order.size, dtype=np.int64)),
            "set": _names([*rows.classes, None], np.where(no_class, 0, rows.label[order])),
            "name": rows.name.take(pa.array(order)),
            "chrom": _names([*rows.contigs, None], np.where(placed, rows.chrom[order], len(rows.contigs))),
            "start": pa.array(rows.left[order], mask=absent),
            "end": pa.array(rows.left[order] + rows.width, mask=absent),
            "summit": pa.array(rows.summit[order], mask=absent),
            "strand": _names(["+", "-", "."], _strand_index(rows.strand[order])),
            "label": pa.array(rows.label[order].astype(np.int64), mask=no_class),
            "split": _names(SPLIT_NAMES, split[order]),
            "gc": pa.array(written.gc, from_pandas=True),
            "n_fraction": pa.array(written.n_fraction),
            "source": _names(rows.sources, rows.source[order]),
            "line": pa.array(rows.line[order]),
        }
    )


def drops_table(rows: Candidates, order: np.ndarray) -> pa.Table:
    """One row per input row, in input order: ``kept`` with its dataset row, or the reason it was dropped.

    ``chrom``, ``start`` and ``end`` are the input's own, under the input's own contig name.
    """
    dataset_row = np.full(len(rows), -1, dtype=np.int64)
    dataset_row[order] = np.arange(order.size)
    absent = rows.start < 0
    named = np.where(rows.chrom_as_written >= 0, rows.chrom_as_written, len(rows.written))
    return pa.table(
        {
            "source": _names(rows.sources, rows.source),
            "line": pa.array(rows.line),
            "name": rows.name,
            "chrom": _names([*rows.written, None], named),
            "start": pa.array(rows.start, mask=absent),
            "end": pa.array(rows.end, mask=absent),
            "set": _names([*rows.classes, None], rows.label),
            "status": _names(STATUS, rows.status),
            "dataset_row": pa.array(dataset_row, mask=dataset_row < 0),
            "detail": pa.array(rows.detail, pa.string()),
        }
    )


def _names(values: list[str] | list[str | None] | tuple[str, ...], index: np.ndarray) -> pa.Array:
    return pa.array(list(values), pa.string()).take(pa.array(index))


def _strand_index(strand: np.ndarray) -> np.ndarray:
    return np.where(strand == ord("+"), 0, np.where(strand == ord("-"), 1, 2))
