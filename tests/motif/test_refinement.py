"""Filters against the motifs they started as: CompareMotifs with a model as its database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex.motif.v1 import motif_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from google.protobuf import json_format
from task_desk import Desk

N = 60


class MotifDesk(Desk):
    area = "motif"


@pytest.fixture
def desk(tmp_path: Path) -> MotifDesk:
    return MotifDesk.at(tmp_path)


@pytest.fixture
def known() -> list[Motif]:
    rng = np.random.default_rng(0)
    return [
        Motif(f"M{i}", rng.dirichlet(np.full(4, 0.1), size=int(rng.integers(8, 14))), name=f"TF{i}", nsites=100.0)
        for i in range(N)
    ]


def _model(desk: MotifDesk, known: list[Motif], tag: str = "") -> Artifact:
    """Filters 2i and 2i + 1 started as motif i and its reverse complement."""
    rows = [
        {"filter": 2 * i + k, "motif_id": m.id, "motif_name": m.name, "orientation": "+-"[k], "information_bits": 9.0}
        for i, m in enumerate(known)
        for k in (0, 1)
    ]

    def write(folder: Path) -> None:
        write_motifs(folder / "init_motifs.meme", known)
        pq.write_table(pa.Table.from_pylist(rows), folder / "filters_init.parquet")
        (folder / "tag").write_text(tag)

    return desk.commit("model", write)


def _units(desk: MotifDesk, model: str, motifs: list[Motif]) -> Artifact:
    return desk.commit("units", lambda folder: write_motifs(folder / "units.meme", motifs), spec={"model": model})


def test_kept_and_changed_filters_are_told_apart(desk: MotifDesk, known: list[Motif]) -> None:
    model = _model(desk, known)
    kept = known[3].renamed("s0_u6", "")  # filter 6 started as M3
    turned = known[5].reverse_complement().renamed("s1_u11", "")  # filter 11 started as M5, the other way round
    moved = known[9].renamed("s0_u8", "")  # filter 8 started as M4 and is M9 now
    strange = known[0].renamed("s0_u500", "")  # no such filter started from a motif
    units = _units(desk, model.digest, [kept, turned, moved, strange])
    found = desk.run("CompareMotifs", queries=[units.digest], database_artifact=model.digest)
    rows = {r["query"]: r for r in found.table("refinement.parquet").to_pylist()}
    assert set(rows) == {"s0_u6", "s1_u11", "s0_u8"}
    assert [(rows[q]["initial_motif"], rows[q]["orientation"]) for q in rows] == [("M3", "+"), ("M5", "-"), ("M4", "+")]
    assert [rows[q]["changed"] for q in ("s0_u6", "s1_u11", "s0_u8")] == [False, False, True]
    assert rows["s0_u8"]["best_motif"] == "M9"
    assert rows["s0_u8"]["best_name"] == "TF9"
    assert rows["s1_u11"]["seed"] == 1
    assert all(r["qvalue_before"] < 1e-3 for r in rows.values())
    assert rows["s0_u6"]["qvalue_after"] == pytest.approx(rows["s0_u6"]["qvalue_before"])
    message = json_format.ParseDict(found.manifest.summary, motif_pb2.MatchSet())
    assert (message.n_initialised, message.n_changed) == (3, 1)
    assert message.database == f"model {model.digest[:16]} ({N} matrices)"


def test_refinement_q_is_that_of_the_matches(desk: MotifDesk, known: list[Motif]) -> None:
    model = _model(desk, known)
    units = _units(desk, model.digest, [known[3].renamed("s0_u6", "")])
    found = desk.run("CompareMotifs", queries=[units.digest], database_artifact=model.digest, top_n=N)
    own = next(r for r in found.table("matches.parquet").to_pylist() if r["target"] == "M3")
    assert found.table("refinement.parquet").to_pylist()[0]["qvalue_after"] == own["qvalue"]


def test_motifs_of_another_artifact_are_a_database_too(desk: MotifDesk, known: list[Motif], tmp_path: Path) -> None:
    motifs = desk.commit("motifs", lambda folder: write_motifs(folder / "motifs.meme", known))
    units = _units(desk, "0" * 64, [known[3].renamed("s0_u6", "")])
    found = desk.run("CompareMotifs", queries=[units.digest], database_artifact=motifs.digest)
    assert "refinement.parquet" not in found.names()
    assert "n_changed" not in found.manifest.summary
    best = next(r for r in found.table("matches.parquet").to_pylist() if r["rank"] == 1)
    assert (best["target"], best["target_name"]) == ("M3", "TF3")


def test_a_model_that_started_at_random_is_no_database(desk: MotifDesk, known: list[Motif]) -> None:
    model = desk.commit("model", lambda folder: (folder / "x").write_text("") and None)
    units = _units(desk, model.digest, known[:1])
    with pytest.raises(UserError, match="did not start from motifs") as caught:
        desk.run("CompareMotifs", queries=[units.digest], database_artifact=model.digest)
    assert caught.value.reason is Reason.INVALID_REQUEST


def test_units_of_another_model_are_refused(desk: MotifDesk, known: list[Motif]) -> None:
    model, other = _model(desk, known), _model(desk, known, "other")
    units = _units(desk, other.digest, [known[3].renamed("s0_u6", "")])
    with pytest.raises(UserError, match="explains model") as caught:
        desk.run("CompareMotifs", queries=[units.digest], database_artifact=model.digest)
    assert caught.value.violations[0].field == "queries[0]"


def test_two_databases_are_refused() -> None:
    from cislex_motif.compare_specs import CompareMotifsSpec

    fields: dict[str, Any] = {"queries": ["a" * 64], "database_artifact": "b" * 64, "database": "jaspar2024-fungi"}
    with pytest.raises(ValueError, match="one database, not database and database_artifact"):
        CompareMotifsSpec.model_validate(fields)
