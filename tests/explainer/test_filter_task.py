"""ExplainFilters as a task: tables, matrices with true site counts, recurrence over seeds, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from cislex.explainer.v1 import explainer_pb2
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_files import read_motifs
from google.protobuf.json_format import ParseDict

WORD = "TGACTCA"


@pytest.fixture
def planted(
    desk: Any, make_dataset: Callable, make_model: Callable, small_model: Callable, plant_filter: Callable
) -> Artifact:
    """Three seeds: the motif is filter 2 of seed 0, its reverse complement filter 4 of seed 1; seed 2 lacks it."""
    models = [small_model(seed) for seed in range(3)]
    plant_filter(models[0], 2, WORD)
    plant_filter(models[1], 4, "TGAGTCA")
    for model in models:
        with torch.no_grad():
            model.output.bias.copy_(torch.tensor([0.0, 5.0]))
    return desk.run("ExplainFilters", model=make_model(models).digest, dataset=make_dataset().digest)


def test_a_planted_motif_recurs_in_two_seeds(planted: Artifact) -> None:
    filters = {row["filter_id"]: row for row in planted.table("filters.parquet").to_pylist()}
    assert len(filters) == 18
    first, second = filters["s0_f2"], filters["s1_f4"]
    assert first["consensus_argmax"] == first["consensus"] == WORD
    assert second["consensus_argmax"] == "TGAGTCA"
    assert first["activation_frequency_wt"] > 0.4
    assert first["activation_frequency_ko"] == 0.0
    assert first["information_bits"] == pytest.approx(14.0)
    assert first["nsites"] > 5
    assert first["group"] == second["group"] is not None
    group = planted.table("groups.parquet").to_pylist()[first["group"]]
    assert (group["n_seeds"], group["n_filters"]) == (2, 2)
    assert group["representative"] in ("s0_f2", "s1_f4")
    mean = (first["effect_on_logit"] + second["effect_on_logit"]) / 2
    assert group["mean_effect_on_logit"] == pytest.approx(mean)
    recurrent = {row["kmer"]: row for row in planted.table("recurrent_kmers.parquet").to_pylist()}
    assert recurrent[WORD]["seeds"][:2] == [0, 1]
    assert recurrent[WORD]["kept"]


def test_matrices_keep_their_counts(planted: Artifact) -> None:
    filters = {row["filter_id"]: row for row in planted.table("filters.parquet").to_pylist()}
    motifs = {motif.id: motif for motif in read_motifs(planted.path("filters.meme"))}
    counts = planted.array("pfm.npy")
    assert counts.shape == (18, 4, 7)
    for index, (name, row) in enumerate(filters.items()):
        assert (counts[index].sum(axis=0) == row["nsites"]).all()
        assert (name in motifs) == (row["nsites"] > 0)
        if name in motifs:
            assert motifs[name].nsites == row["nsites"]
            np.testing.assert_allclose(motifs[name].probabilities, counts[index].T / row["nsites"], atol=2e-6)
        assert (row["group"] is None) == (row["nsites"] < 10 or row["information_bits"] < 3.0)


def test_summary_and_top_kmers(planted: Artifact) -> None:
    summary = ParseDict(planted.manifest.summary, explainer_pb2.FilterSet())
    assert (summary.n_filters, summary.width_bp, list(summary.seeds)) == (18, 7, [0, 1, 2])
    groups = planted.table("groups.parquet").to_pylist()
    assert summary.n_groups == len(groups)
    assert summary.n_recurrent_groups == sum(group["n_seeds"] >= 2 for group in groups)
    assert [group["group"] for group in groups] == list(range(len(groups)))
    kmers = planted.table("filter_kmers.parquet").to_pylist()
    of_planted = [row for row in kmers if row["filter_id"] == "s0_f2"]
    assert [row["kmer"] for row in of_planted] == [WORD]
    for name in {row["filter_id"] for row in kmers}:
        activations = [row["activation"] for row in kmers if row["filter_id"] == name]
        assert activations == sorted(activations, reverse=True)
        assert len(activations) <= 50


def test_batches_do_not_matter(desk: Any, make_dataset: Callable, make_model: Callable) -> None:
    given = {"model": make_model().digest, "dataset": make_dataset().digest}
    tables = [desk.run("ExplainFilters", **given, batch_size=size).table("filters.parquet") for size in (64, 5)]
    for name in tables[0].column_names:
        left, right = (table[name].to_pylist() for table in tables)
        if isinstance(left[0], float):
            np.testing.assert_allclose(left, right, atol=1e-5)
        else:
            assert left == right, name


def test_a_model_that_is_never_right_gives_empty_tables(
    desk: Any, make_dataset: Callable, make_model: Callable, small_model: Callable, sequences: Callable
) -> None:
    model = small_model(0)
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.copy_(torch.tensor([5.0, 0.0]))
    codes, _ = sequences(12)
    dataset = make_dataset(codes, np.ones(12, dtype=np.int64))
    reports: list[dict[str, Any]] = []
    artifact = desk.run(
        "ExplainFilters", desk.progress(reports), model=make_model([model]).digest, dataset=dataset.digest
    )
    assert artifact.manifest.summary["n_active_filters"] == 0
    assert artifact.table("groups.parquet").num_rows == 0
    assert "MOTIF" not in artifact.path("filters.meme").read_text()
    assert any(warning["reason"] == "NO_ACTIVE_FILTER" for report in reports for warning in report["warnings"])


def test_cancel_and_errors(desk: Any, make_dataset: Callable, make_model: Callable) -> None:
    given = {"model": make_model().digest, "dataset": make_dataset().digest}
    progress = desk.progress()
    progress.cancelled.set()
    with pytest.raises(Cancelled):
        desk.run("ExplainFilters", progress, **given)
    with pytest.raises(UserError) as caught:
        desk.run("ExplainFilters", **given, split="validation")
    assert caught.value.reason is Reason.EMPTY_SPLIT


def test_filters_too_wide_to_count(
    desk: Any, make_dataset: Callable, make_model: Callable, small_model: Callable
) -> None:
    wide = make_model([small_model(0, kernel_size=33, padding="same")])
    with pytest.raises(UserError, match="33 bp wide; at most 31 bp"):
        desk.run("ExplainFilters", model=wide.digest, dataset=make_dataset().digest)
