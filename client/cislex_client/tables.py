"""Tables out of artifacts: parquet to TSV, as docs/formats.md states it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 50_000


def write_tsv(table: pa.Table, target: Path) -> int:
    """Write a table as TSV; answers the number of rows. Batches keep memory small whatever the table's size."""
    with open(target, "w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(table.column_names) + "\n")
        for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
            columns = [[cell(value) for value in column.to_pylist()] for column in batch.columns]
            out.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))
    return int(table.num_rows)


def write_rows(rows: Iterable[dict[str, Any]], columns: Sequence[str], target: Path) -> None:
    """Write dicts as TSV with these columns."""
    with open(target, "w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(columns) + "\n")
        out.writelines("\t".join(cell(row.get(column)) for column in columns) + "\n" for row in rows)


def read_rows(source: Path) -> list[dict[str, str]]:
    """Rows of a TSV written by this module, as strings; [] for a file that is absent."""
    if not source.is_file():
        return []
    lines = source.read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]


def cell(value: Any) -> str:
    """One cell: empty for None and NaN, ``true``/``false``, ``repr`` of a float; tabs and line ends become a blank."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if value != value else repr(value)
    if isinstance(value, (list, tuple)):
        return ",".join(cell(item) for item in value)
    return " ".join(str(value).split("\t")).replace("\n", " ").replace("\r", " ")
