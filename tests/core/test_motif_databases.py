"""Databases of known motifs: packaged JASPAR releases, files, and the families of their factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cislex_core import motif_databases as databases
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif


def random_motifs(n: int) -> list[Motif]:
    rng = np.random.default_rng(0)
    return [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.3), size=8), nsites=50.0) for i in range(n)]


@pytest.mark.parametrize(
    "name, n", [("jaspar2024-vertebrates", 879), ("jaspar2024-fungi", 178), ("jaspar2022-vertebrates", 841)]
)
def test_packaged_releases_open_offline(name: str, n: int) -> None:
    database = databases.open_database(name)
    assert len(database.motifs) == n
    assert database.release.startswith(f"JASPAR{name[6:10]} CORE {name[11:]}")
    assert len({m.id for m in database.motifs}) == n
    assert database.packaged_by


def test_families_of_dimers_are_joined() -> None:
    database = databases.open_database("jaspar2024-vertebrates")
    family = database.family_of("MA0099.4")
    assert family.name.upper() == "FOS::JUN"
    assert family.family.startswith("Fos-related; Jun-related")


@pytest.mark.parametrize("name", ["jaspar1999-fungi", "jaspar2024", "hocomoco", "jaspar2024-martians"])
def test_unknown_database_names_say_what_there_is(name: str) -> None:
    with pytest.raises(UserError) as caught:
        databases.open_database(name)
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert "2024" in caught.value.message
    assert caught.value.violations[0].field == "database"


def test_a_motif_file_gets_families_by_its_jaspar_ids(tmp_path: Path) -> None:
    path = tmp_path / "some.meme"
    write_motifs(path, [random_motifs(1)[0].renamed("MA0363.3"), random_motifs(1)[0].renamed("mine")])
    database = databases.open_database(path=path, label="theirs.meme")
    assert database.family_of("MA0363.3").name == "REB1"
    assert database.family_of("MA0363.3").tf_class
    assert database.family_of("mine") == databases.Family()
    assert database.release == "file theirs.meme (2 matrices)"


def test_a_family_table_wins(tmp_path: Path) -> None:
    path, table = tmp_path / "some.meme", tmp_path / "families.tsv"
    write_motifs(path, [random_motifs(1)[0].renamed("MA0363.3")])
    table.write_text("matrix_id\tname\ttf_family\ttf_class\nMA0363.3\tReb\tMine\tMy class\n")
    assert databases.open_database(path=path, family_table=table).family_of("MA0363.3").family == "Mine"


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "families.tsv"
    table.write_text("id\tname\n1\t2\n")
    with pytest.raises(UserError, match=r"lacks the column.*matrix_id, tf_class, tf_family") as caught:
        databases.read_family_table(table)
    assert caught.value.reason is Reason.INVALID_TABLE
