"""Databases of known motifs: a packaged JASPAR release by name, or any motif file; and the families of their TFs.

pyjaspar ships each JASPAR release as one SQLite file (CC BY 4.0). It is read here directly and read-only: no network,
no Biopython import, milliseconds; where the package is not installed only files can be opened. A name is
``jaspar<year>-<taxon>``, such as jaspar2024-vertebrates: collection CORE, the latest version of each matrix (JASPAR's
"non-redundant" set).
"""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from cislex_core.errors import Reason, UserError
from cislex_core.family_tables import Family, read_family_table
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif

_NAME = re.compile(r"jaspar(\d{4})-([a-z]+)")
_JASPAR_ID = re.compile(r"(?:^|_)((?:MA|UN)\d{4,5})\.(\d+)$")


@dataclass(frozen=True)
class MotifDatabase:
    """Known motifs; ``release`` says which, for the record: ``JASPAR2024 CORE vertebrates …`` or the file's name."""

    motifs: list[Motif]
    families: dict[str, Family]
    release: str
    packaged_by: str = ""
    """Version of pyjaspar where the motifs come from it."""

    def family_of(self, motif_id: str) -> Family:
        """The family entry of a matrix id; empty strings where none is known."""
        return self.families.get(motif_id, Family())


def open_database(
    name: str = "", path: Path | None = None, family_table: Path | None = None, label: str = ""
) -> MotifDatabase:
    """A packaged release by name, or the motif file at ``path``; families from ``family_table`` or the JASPAR releases.

    Raises INVALID_REQUEST for an unknown name (listing those there are), INVALID_MOTIF_FILE and FILE_NOT_FOUND from
    reading, INVALID_TABLE for a family table without its columns.
    """
    if path is None:
        motifs, families, release = _packaged(name)
    else:
        motifs = read_motifs(path)
        families = families_by_id([m.id for m in motifs])
        release = f"file {label or path.name} ({len(motifs)} matrices)"
    packaged_by = version("pyjaspar") if path is None else ""
    return with_family_table(MotifDatabase(motifs, families, release, packaged_by), family_table)


def with_family_table(database: MotifDatabase, family_table: Path | None) -> MotifDatabase:
    """The database with the families of a table in the place of its own; as it is without one."""
    if family_table is None:
        return database
    return replace(database, families={**database.families, **read_family_table(family_table)})


def packaged_releases() -> dict[int, Path]:
    """Year → SQLite file of the JASPAR releases that pyjaspar brings. Empty when it is not installed."""
    spec = importlib.util.find_spec("pyjaspar")
    if spec is None or spec.origin is None:
        return {}
    found = (Path(spec.origin).parent / "data").glob("JASPAR*.sqlite")
    return {int(p.stem.removeprefix("JASPAR")): p for p in sorted(found) if p.stem[6:].isdigit()}


def families_by_id(ids: list[str]) -> dict[str, Family]:
    """Families of JASPAR matrix ids (MA0139.2) from the packaged releases, the newest that knows the exact version."""
    wanted = {motif_id: (m[1], int(m[2])) for motif_id in ids if (m := _JASPAR_ID.search(motif_id))}
    found: dict[str, Family] = {}
    for _, path in sorted(packaged_releases().items(), reverse=True):
        open_ids = {key for motif_id, key in wanted.items() if motif_id not in found}
        if not open_ids:
            break
        with closing(_connect(path)) as connection:
            rows = connection.execute("SELECT ID, BASE_ID, VERSION, NAME FROM MATRIX").fetchall()
            internal = {int(i): (base, int(v), name) for i, base, v, name in rows if (base, int(v)) in open_ids}
            tags = _annotations(connection, set(internal))
        known = {(base, v): _family(name, tags[i]) for i, (base, v, name) in internal.items()}
        found.update({m: known[key] for m, key in wanted.items() if m not in found and key in known})
    return found


@lru_cache(maxsize=64)
def check_name(name: str) -> tuple[int, str]:
    """Year and taxon of a packaged release. Raises INVALID_REQUEST naming those there are."""
    releases = packaged_releases()
    match = _NAME.fullmatch(name.strip().lower())
    if match is None or int(match[1]) not in releases:
        years = ", ".join(str(y) for y in releases) or "none: install pyjaspar"
        raise UserError(
            Reason.INVALID_REQUEST,
            f"no motif database named {name!r}; names are jaspar<year>-<taxon> (jaspar2024-vertebrates), years here: "
            f"{years}; or give a motif file (MEME, JASPAR, HOMER, TRANSFAC)",
            field="database",
            database=name,
        )
    year, taxon = int(match[1]), match[2]
    with closing(_connect(releases[year])) as connection:
        taxa = sorted(_latest_by_taxon(connection))
    if taxon not in taxa:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"JASPAR{year} has no taxon {taxon!r}; it has {', '.join(taxa)}",
            field="database",
            database=name,
        )
    return year, taxon


def _known(name: str) -> str:
    """The name, when a packaged release has it. Asked at submission: hours of work may lie before its use.

    Where no release is packaged (an API process without pyjaspar) the worker answers instead.
    """
    if name and packaged_releases():
        try:
            check_name(name)
        except UserError as error:
            raise ValueError(error.message) from None
    return name


DatabaseName = Annotated[str, AfterValidator(_known)]
"""A spec's field that names a packaged release and taxon; "" = none."""


def _packaged(name: str) -> tuple[list[Motif], dict[str, Family], str]:
    year, taxon = check_name(name)
    with closing(_connect(packaged_releases()[year])) as connection:
        chosen = _latest_by_taxon(connection)[taxon]
        tags = _annotations(connection, set(chosen))
        counts = _counts(connection, set(chosen))
    motifs, families = [], {}
    for internal, (matrix_id, tf_name) in sorted(chosen.items(), key=lambda item: item[1]):
        motifs.append(Motif.from_counts(matrix_id, counts[internal], name=tf_name))
        families[matrix_id] = _family(tf_name, tags[internal])
    release = f"JASPAR{year} CORE {taxon} ({len(motifs)} matrices)"
    return motifs, families, release


def _connect(path: Path) -> sqlite3.Connection:
    # immutable: no lock files, so a read-only installation works too.
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)


def _latest_by_taxon(connection: sqlite3.Connection) -> dict[str, dict[int, tuple[str, str]]]:
    rows = connection.execute(
        "SELECT m.ID, m.BASE_ID, m.VERSION, m.NAME, a.VAL FROM MATRIX m JOIN MATRIX_ANNOTATION a ON a.ID = m.ID "
        "WHERE upper(m.COLLECTION) = 'CORE' AND lower(a.TAG) = 'tax_group'"
    ).fetchall()
    latest: dict[tuple[str, str], tuple[int, int, str]] = {}
    for internal, base, matrix_version, name, taxon in rows:
        key = (taxon.lower(), base)
        if key not in latest or int(matrix_version) > latest[key][0]:
            latest[key] = (int(matrix_version), int(internal), name)
    taxa: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    for (taxon, base), (matrix_version, internal, name) in latest.items():
        taxa[taxon][internal] = (f"{base}.{matrix_version}", name)
    return dict(taxa)


def _annotations(connection: sqlite3.Connection, ids: set[int]) -> dict[int, dict[str, list[str]]]:
    rows = connection.execute(
        "SELECT ID, lower(TAG), VAL FROM MATRIX_ANNOTATION WHERE lower(TAG) IN ('family', 'class') ORDER BY rowid"
    )
    tags: dict[int, dict[str, list[str]]] = defaultdict(lambda: {"family": [], "class": []})
    for internal, tag, value in rows:
        if internal in ids and value:
            tags[internal][tag].append(value)
    return tags


def _counts(connection: sqlite3.Connection, ids: set[int]) -> dict[int, np.ndarray]:
    cells: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for internal, letter, column, value in connection.execute('SELECT ID, "row", col, val FROM MATRIX_DATA'):
        if internal in ids:
            cells[internal].append((int(column), "ACGT".index(letter.upper()), float(value)))
    matrices = {}
    for internal, entries in cells.items():
        first = min(column for column, _, _ in entries)
        matrix = np.zeros((max(column for column, _, _ in entries) - first + 1, 4))
        for column, letter_index, value in entries:
            matrix[column - first, letter_index] = value
        matrices[internal] = matrix
    return matrices


def _family(name: str, tags: dict[str, list[str]]) -> Family:
    return Family(name, "; ".join(tags["family"]), "; ".join(tags["class"]))
