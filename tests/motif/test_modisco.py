"""DiscoverMotifs, engine modisco: planted words come back with sites; what cannot be done is said before it starts."""

from __future__ import annotations

import threading
import time
from typing import Any

import h5py
import numpy as np
import pytest
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode, encode, reverse_complement
from cislex_motif import modisco
from cislex_motif.modisco_memory import estimated_bytes, seqlets_that_fit
from cislex_motif.specs import DiscoverMotifsSpec
from cislex_motif.tomtom import align_all
from pydantic import ValidationError

from tests.motif.attribution_scenes import commit, planted

WORDS = {"ATGACTCATC": 1.0, "GGGGCGGAGC": -1.0}
FAST = {"clustering_runs": 3, "min_seqlets": 50}


def _refused(desk: Any, **fields: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        desk.run("DiscoverMotifs", **fields)
    return caught.value


def _target(word: str) -> Motif:
    return Motif.from_counts(word, np.eye(4)[encode(word)] * 20)


@pytest.mark.slow
def test_planted_words_come_back(desk: Any) -> None:
    codes, hypothetical, places = planted(500, 90, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    fields = {"attributions": attributions, "dataset": dataset, **FAST}
    artifact = desk.run("DiscoverMotifs", **fields)
    motifs = {motif.id: motif for motif in read_motifs(artifact.path("motifs.meme"))}
    assert next(iter(motifs)) == "positive_1"
    assert any(name.startswith("negative") for name in motifs)
    background = [Motif.from_counts(f"r{i}", np.random.default_rng(i).integers(1, 9, (10, 4))) for i in range(60)]
    for name, word in (("positive_1", "ATGACTCATC"), ("negative_1", "GGGGCGGAGC")):
        aligned = align_all([motifs[name]], [_target(word), *background])
        assert aligned.pvalue[0, 0] < 1e-4
        assert aligned.pvalue[0].argmin() == 0
    table = artifact.table("motifs.parquet").to_pydict()
    assert table["engine"] == ["modisco"] * len(motifs)
    assert table["evalue"] == [None] * len(motifs)
    assert all((c > 0) == (s == "positive") for c, s in zip(table["contribution_mean"], table["scope"], strict=True))
    sites = artifact.table("sites.parquet").to_pydict()
    for motif_id in motifs:
        mine = [i for i, name in enumerate(sites["motif_id"]) if name == motif_id]
        assert len(mine) == table["nsites"][table["motif_id"].index(motif_id)]
    inside = 0
    for row, start, end, strand, site in zip(
        *(sites[k] for k in ("row", "start", "end", "strand", "site")), strict=True
    ):
        letters = codes[row, start:end]
        assert site == decode(reverse_complement(letters) if strand == "-" else letters)
        inside += places[row] - 3 <= start <= places[row] + 3
    assert inside > 0.95 * len(sites["row"])
    with h5py.File(artifact.path("modisco.h5")) as results:
        assert set(results) == {"pos_patterns", "neg_patterns"}
    page = artifact.path("report.html").read_text()
    assert page.count("<img") == 2 * len(motifs)
    assert "http" not in page.replace("https://www.w3.org", "")
    assert "positive_1" in page
    summary = artifact.manifest.summary
    assert (summary["scope"], summary["engine"], summary["model"]) == ("attributions", "modisco", "")
    assert [search["scope"] for search in summary["searches"]] == ["positive", "negative"]
    assert summary["n_seqlets"] > 100
    assert desk.run("DiscoverMotifs", **fields).digest == artifact.digest


def test_too_few_seqlets_say_how_many_and_what_to_do(desk: Any) -> None:
    codes, hypothetical, _ = planted(40, 90, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    error = _refused(desk, attributions=attributions, dataset=dataset)
    assert error.reason is Reason.NOT_ENOUGH_SEQLETS
    assert 0 < int(error.metadata["n_positive"]) <= 100
    assert "needs more than 100 of one sign" in error.message
    assert "max_rows" in error.message
    dataset, attributions = commit(desk, codes, np.zeros_like(hypothetical))
    assert _refused(desk, attributions=attributions, dataset=dataset).metadata["n_positive"] == "0"


def test_what_does_not_fit_is_refused_before_it_starts(desk: Any) -> None:
    codes, hypothetical, _ = planted(300, 90, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    limit = estimated_bytes((300, 90, 4), 110)
    error = _refused(desk, attributions=attributions, dataset=dataset, memory_limit_bytes=limit, **FAST)
    assert error.reason is Reason.OUT_OF_MEMORY
    assert "set max_seqlets to at most 110" in error.message
    assert error.metadata["fits"] == "110"
    error = _refused(desk, attributions=attributions, dataset=dataset, memory_limit_bytes=2**20, **FAST)
    assert "central_bp" in error.message


def test_the_estimate_grows_with_bases_and_seqlets() -> None:
    shape = (1000, 500, 4)
    assert estimated_bytes(shape, 2000) > estimated_bytes(shape, 1000) > estimated_bytes((500, 500, 4), 1000)
    assert seqlets_that_fit(shape, estimated_bytes(shape, 1234)) == 1234
    assert seqlets_that_fit(shape, 0) == 0


def test_a_cancelled_search_is_stopped(desk: Any) -> None:
    codes, hypothetical, _ = planted(300, 90, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    progress = desk.progress()
    threading.Timer(0.5, progress.cancelled.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        desk.run("DiscoverMotifs", progress=progress, attributions=attributions, dataset=dataset, **FAST)
    assert time.monotonic() - began < 60
    assert not (desk.scratch / "modisco").exists()


def test_bad_requests(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    codes, hypothetical, _ = planted(20, 90, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    error = _refused(desk, attributions=attributions, dataset=dataset, central_bp=40)
    assert error.reason is Reason.INVALID_REQUEST
    assert "at least 42 bp, and 40 bp are read" in error.message
    monkeypatch.setattr(modisco.importlib.util, "find_spec", lambda name: None)
    error = _refused(desk, attributions=attributions, dataset=dataset)
    assert error.reason is Reason.TOOL_MISSING
    assert "pip install --no-deps modisco-lite" in error.message
    assert DiscoverMotifsSpec(attributions="a", dataset="b").engine == "modisco"
    assert DiscoverMotifsSpec(dataset="b").engine == "em"
    for bad in (
        {"attributions": "a"},
        {"attributions": "a", "dataset": "b", "engine": "em"},
        {"dataset": "b", "engine": "modisco"},
        {"attributions": "a", "dataset": "b", "max_seqlets": 10},
        {"attributions": "a", "dataset": "b", "seqlet_fdr": 1.0},
    ):
        with pytest.raises(ValidationError):
            DiscoverMotifsSpec(**bad)  # type: ignore[arg-type]
