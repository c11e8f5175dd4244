"""Large tables with a header (.tsv, .csv, gzip of either, .parquet) as columns; what cannot be read is said by line."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import RATIO_FROM_BYTES, refuse_beyond
from cislex_core.text_files import is_gzip, open_input, read_lines

from cislex_encoder.name_files import invalid
from cislex_encoder.preflight import Source

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "∅", "."]
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"
_MOSTLY = 0.5


def is_parquet(path: Path) -> bool:
    """True when the file begins as Parquet does."""
    with open(path, "rb") as handle:
        return handle.read(4) == b"PAR1"


def read(file: Source, *, as_is: bool = False) -> tuple[pa.Table, int]:
    """The table, its numbers as float32 (``as_is``, and Parquet: as they are), and the line of its first row.

    Raises INVALID_TABLE with the line for rows of another number of cells and for words among numbers, EMPTY_SET for a
    table without rows, FILE_TRUNCATED.
    """
    table, first = (_parquet(file), 1) if is_parquet(file.path) else _text(file, as_is)
    if not table.num_rows:
        raise UserError(
            Reason.EMPTY_SET, f"{file.shown} has a header but no row", field=file.field_path, file=file.shown
        )
    _refuse_words(file, table, first)
    return table, first


def _parquet(file: Source) -> pa.Table:
    try:
        with pq.ParquetFile(file.path) as opened:
            _check_size(file, opened)
            return _plain(file, opened.read())
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:  # also texts in it that are none
        raise invalid(file, f"cannot be read as Parquet: {error}") from None


def _plain(file: Source, table: pa.Table) -> pa.Table:
    """Columns of numbers and text, each named once; categories and times become text."""
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise invalid(file, f"has columns named twice: {', '.join(twice[:5])}" if twice else "has no column")
    for i, name in enumerate(names):
        kind = table[name].type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            table = table.set_column(i, name, table[name].cast(kind))
        if pa.types.is_temporal(kind):
            table = table.set_column(i, name, table[name].cast(pa.string()))
        elif not any(is_it(kind) for is_it in _READ):
            raise invalid(file, f"column {name} is of type {str(kind)[:60]}; numbers and text are read", column=name)
    return table


_READ = (
    pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null,
    pa.types.is_string, pa.types.is_large_string,
)  # fmt: skip


def _check_size(file: Source, opened: pq.ParquetFile) -> None:
    """Runs of one value pack to nothing: what the file unpacks to is asked before memory is taken for it, and that its
    parts say the same as the whole. Columns of groups are not asked: pyarrow ends the process over damaged ones."""
    metadata, schema = opened.metadata, opened.schema_arrow
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        raise invalid(file, f"says {metadata.num_rows} rows, and its groups of rows say another number")
    refuse_beyond(metadata.num_rows, "lines", file.shown, "rows")
    cell_bytes = sum(max(1, field.type.bit_width // 8) for field in schema if _is_fixed(field.type))
    packed = sum(group.total_byte_size for group in groups)
    n_other = sum(not _is_fixed(field.type) for field in schema)
    size = max(metadata.num_rows * (cell_bytes + 8 * n_other), packed)
    refuse_beyond(size, "table_bytes", file.shown, "bytes as a table")
    if size > RATIO_FROM_BYTES:
        refuse_beyond(size // file.path.stat().st_size, "ratio", file.shown, "bytes for each packed one")


def _is_fixed(kind: pa.DataType) -> bool:
    return pa.types.is_primitive(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_decimal(kind)


def _text(file: Source, as_is: bool) -> tuple[pa.Table, int]:
    skipped, header = _header(file)
    delimiter = "\t" if "\t" in header else ","
    titles = [cell.strip().strip('"').lstrip("#").strip() for cell in header.split(delimiter)]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise invalid(file, f"line {skipped + 1}: columns named twice: {', '.join(twice[:5])}", line=skipped + 1)
    options = pacsv.ReadOptions(skip_rows=skipped + 1, column_names=titles, block_size=1 << 24)
    parse = pacsv.ParseOptions(delimiter=delimiter)
    try:
        kinds = {} if as_is else _kinds(file, options, parse)
        convert = pacsv.ConvertOptions(
            null_values=MISSING, strings_can_be_null=True, quoted_strings_can_be_null=True, column_types=kinds
        )
        with _open(file) as stream:
            return pacsv.read_csv(stream, options, parse, convert), skipped + 2
    except pa.ArrowInvalid as error:
        raise _explained(file, error, titles, delimiter, skipped) from None


def _header(file: Source) -> tuple[int, str]:
    """How many lines precede the header (blank ones, and comments of two #), and the header."""
    for number, line in read_lines(file.path, file.shown):
        if line.strip() and not line.startswith("##"):
            return number - 1, line
    raise UserError(Reason.EMPTY_SET, f"{file.shown} is empty", field=file.field_path, file=file.shown)


def _open(file: Source) -> pa.NativeFile:
    if is_gzip(file.path):
        return pa.PythonFile(open_input(file.path, file.shown), mode="r")
    return pa.input_stream(str(file.path), compression=None)


def _kinds(file: Source, options: pacsv.ReadOptions, parse: pacsv.ParseOptions) -> dict[str, pa.DataType]:
    """float32 for columns whose first rows are numbers or nothing; the others, and coordinates, as they are."""
    convert = pacsv.ConvertOptions(null_values=MISSING, strings_can_be_null=True, quoted_strings_can_be_null=True)
    try:
        with _open(file) as stream, pacsv.open_csv(stream, options, parse, convert) as reader:
            schema = reader.schema
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise UserError(
                Reason.EMPTY_SET, f"{file.shown} has a header but no row", field=file.field_path, file=file.shown
            ) from None
        raise
    kinds: dict[str, pa.DataType] = {}
    for field in schema:
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_null(field.type):
            kinds[field.name] = pa.int64() if field.name.lower() in _COORDINATES else pa.float32()
        elif not pa.types.is_boolean(field.type):
            kinds[field.name] = pa.string()
    return kinds


_COORDINATES = {
    "start", "end", "stop", "chromstart", "chromend", "chrom_start", "chrom_end", "peak_start", "peak_end", "summit",
    "abs_summit",
}  # fmt: skip


def _explained(file: Source, error: pa.ArrowInvalid, titles: list[str], delimiter: str, skipped: int) -> UserError:
    """What is wrong, with its line: found by reading once more, slowly."""
    match = re.search(r"column #(\d+)", str(error))
    column = int(match[1]) if match else None
    for number, line in read_lines(file.path, file.shown):
        if number <= skipped + 1 or not line.strip():
            continue
        cells = line.split(delimiter)
        if len(cells) != len(titles):
            return invalid(file, f"line {number}: {len(cells)} cells where the header names {len(titles)}", line=number)
        cell = cells[column].strip().strip('"') if column is not None else ""
        if column is not None and cell not in MISSING and not re.match(_NUMBER, cell):
            return invalid(
                file,
                f"line {number}: column {titles[column]} is {cell[:30]!r}, which is no number; correct it, or leave it "
                "empty where it is not known",
                line=number,
                column=titles[column],
            )
    return invalid(file, f"cannot be read: {error}")


def _refuse_words(file: Source, table: pa.Table, first: int) -> None:
    """A column of numbers with a word in it was taken for text: say where the word is."""
    for name in table.column_names:
        column = table[name]
        if not pa.types.is_string(column.type):
            continue
        is_number = pc.match_substring_regex(column, _NUMBER)
        known = len(column) - column.null_count
        n_numbers = pc.sum(pc.cast(is_number, pa.int64())).as_py() or 0
        if _MOSTLY * known < n_numbers < known:
            row = pc.index(is_number, False).as_py()
            raise invalid(
                file,
                f"line {first + row}: column {name} is {str(column[row].as_py())[:30]!r} among numbers; correct it, or "
                "leave it empty where it is not known",
                line=first + row,
                column=name,
            )
