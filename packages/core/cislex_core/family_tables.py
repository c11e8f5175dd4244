"""Tables that say which factor, family and class stand behind a motif matrix."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import Reason, UserError

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
    try:
        with open(path, newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, delimiter="\t")
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
                row["matrix_id"]: Family(row["name"] or "", row["tf_family"] or "", row["tf_class"] or "")
                for row in reader
            }
    except FileNotFoundError:
        raise UserError(Reason.FILE_NOT_FOUND, f"{path} does not exist", field="family_table", file=path) from None
    except (UnicodeDecodeError, csv.Error):
        raise UserError(
            Reason.INVALID_TABLE, f"{path} is not text; give a TSV", field="family_table", file=path
        ) from None
