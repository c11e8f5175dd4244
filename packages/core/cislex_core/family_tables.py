"""Tables that say which factor, family and class stand behind a motif matrix."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import Reason, UserError
from cislex_core.text_files import read_lines

_COLUMNS = ("matrix_id", "name", "tf_family", "tf_class")


@dataclass(frozen=True)
class Family:
    """What is known of the factor behind a matrix; "" = not known. Several (dimers) are joined by "; "."""

    name: str = ""
    family: str = ""
    tf_class: str = ""


def read_family_table(path: Path) -> dict[str, Family]:
    """A TSV with a header naming matrix_id, name, tf_family and tf_class (any order, more columns allowed).

    Raises INVALID_TABLE for a missing column, naming it, and for what is no text; FILE_NOT_FOUND.
    """
    lines = (line for _, line in read_lines(path, str(path)))
    reader = csv.DictReader(lines, delimiter="\t")
    try:
        missing = set(_COLUMNS) - set(reader.fieldnames or [])
        if missing:
            raise UserError(
                Reason.INVALID_TABLE,
                f"{path}: line 1 lacks the column(s) {', '.join(sorted(missing))}; a family table is a TSV with "
                f"the header {', '.join(_COLUMNS)}",
                field="family_table",
                file=path,
                line=1,
            )
        return {
            row["matrix_id"]: Family(row["name"] or "", row["tf_family"] or "", row["tf_class"] or "") for row in reader
        }
    except csv.Error as error:
        raise UserError(
            Reason.INVALID_TABLE, f"{path} cannot be read as a TSV: {error}", field="family_table", file=path
        ) from None
