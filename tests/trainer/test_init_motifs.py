"""Filters that start as known motifs: which filter gets which, what is kept, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_databases import open_database
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_models.checkpoint import load_models
from cislex_trainer.init_motifs import assign
from cislex_trainer.specs import TrainModelSpec
from pydantic import ValidationError

UNITS = {"hidden": "8", "kernel_size": "19"}
MakeDataset = Callable[..., Artifact]


def motifs(n: int = 5, width: int = 19, seed: int = 0) -> list[Motif]:
    rng = np.random.default_rng(seed)
    return [Motif(f"M{i}", _rows(rng, width, 0.2 + i), name=f"TF{i}", nsites=100.0) for i in range(n)]


def _rows(rng: np.random.Generator, width: int, spread: float) -> np.ndarray:
    counts = np.round(rng.dirichlet(np.full(4, spread), size=width) * 100)
    counts[:, 0] += 100 - counts.sum(1)
    return np.clip(counts, 0, None) / np.clip(counts, 0, None).sum(1, keepdims=True)


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Artifact:
    return make_dataset()


@pytest.fixture
def motif_file(desk: Any, tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "known.meme"
    write_motifs(path, motifs())
    return {**desk.put(path), "path": str(path)}


def _train(desk: Any, dataset: Artifact, reports: list[dict[str, Any]] | None = None, **fields: Any) -> Artifact:
    held: Artifact = desk.run(
        "TrainModel",
        desk.progress(reports),
        **{
            "dataset": dataset.digest, "architecture": "explainn", "options": UNITS, "seeds": [0, 1], "epochs": 1,
            **fields,
        },
    )  # fmt: skip
    return held


def _weights(model: Artifact, seed: int = 0) -> np.ndarray:
    """(filters, kernel, 4) of one network's first layer."""
    return load_models(model)[seed].require_first_layer().weight.detach().numpy().transpose(0, 2, 1)


def test_frozen_filters_are_the_motifs_in_both_orientations(
    desk: Any, dataset: Artifact, motif_file: dict[str, str]
) -> None:
    model = _train(desk, dataset, init_motifs_file=motif_file, freeze_filters=True)
    known = read_motifs(Path(motif_file["path"]))
    for seed in (0, 1):
        weights = _weights(model, seed)
        assert weights.shape == (10, 19, 4)
        for i, motif in enumerate(known):
            np.testing.assert_allclose(weights[2 * i], motif.probabilities - 0.25, atol=1e-6)
            np.testing.assert_allclose(weights[2 * i + 1], motif.reverse_complement().probabilities - 0.25, atol=1e-6)
    rows = model.table("filters_init.parquet").to_pylist()
    assert [(r["filter"], r["motif_id"], r["orientation"]) for r in rows[:3]] == [
        (0, "M0", "+"), (1, "M0", "-"), (2, "M1", "+")
    ]  # fmt: skip
    assert rows[9]["motif_name"] == "TF4"
    assert [m.id for m in read_motifs(model.path("init_motifs.meme"))] == [m.id for m in known]
    spec = model.json("training.json")["spec"]
    assert spec["options"]["units"] == 10
    assert spec["options"]["frozen_filters"] is True
    one, other = load_models(model)
    assert not torch.equal(one.state_dict()["output.weight"], other.state_dict()["output.weight"])


def test_filters_that_are_not_frozen_are_refined(desk: Any, dataset: Artifact, motif_file: dict[str, str]) -> None:
    model = _train(desk, dataset, init_motifs_file=motif_file, init_orientations="given", epochs=2)
    known = read_motifs(Path(motif_file["path"]))
    moved = [np.abs(w - (m.probabilities - 0.25)).max() for w, m in zip(_weights(model), known, strict=True)]
    assert len(moved) == 5
    assert all(0 < m < 0.2 for m in moved)


def test_fewer_filters_take_the_motifs_of_highest_information(
    desk: Any, dataset: Artifact, motif_file: dict[str, str]
) -> None:
    reports: list[dict[str, Any]] = []
    model = _train(desk, dataset, reports, init_motifs_file=motif_file, options={**UNITS, "units": "4"})
    rows = model.table("filters_init.parquet").to_pylist()
    assert [(r["motif_id"], r["orientation"]) for r in rows] == [("M0", "+"), ("M0", "-"), ("M1", "+"), ("M1", "-")]
    assert [m.id for m in read_motifs(model.path("init_motifs.meme"))] == ["M0", "M1"]
    said = {w["reason"]: w["message"] for r in reports for w in r["warnings"]}
    assert "hold 2 of the 5 motifs of file known.meme: those of the highest information" in said["MOTIFS_LEFT_OUT"]


def test_more_filters_than_motifs_start_at_random(desk: Any, dataset: Artifact, motif_file: dict[str, str]) -> None:
    reports: list[dict[str, Any]] = []
    model = _train(
        desk, dataset, reports, init_motifs_file=motif_file, options={**UNITS, "units": "12"}, freeze_filters=True
    )
    assert model.table("filters_init.parquet").num_rows == 10
    assert np.abs(_weights(model, 0)[10:] - _weights(model, 1)[10:]).max() > 0.01
    assert "2 of 12 filters start at random" in str([r["warnings"] for r in reports])


@pytest.mark.parametrize("architecture, options", [("wtko_cnn", {}), ("cnn1", {"hidden": "8"})])
def test_other_architectures_with_a_first_convolution_serve(
    desk: Any, dataset: Artifact, motif_file: dict[str, str], architecture: str, options: dict[str, str]
) -> None:
    model = _train(
        desk, dataset, architecture=architecture, init_motifs_file=motif_file, freeze_filters=True, seeds=[0],
        options={**options, "kernel_size": "19"},
    )  # fmt: skip
    assert model.json("training.json")["spec"]["options"]["filters"] == 10
    np.testing.assert_allclose(_weights(model)[0], motifs()[0].probabilities - 0.25, atol=1e-5)


def test_a_packaged_release_and_an_artifact_are_sources_too(desk: Any, dataset: Artifact) -> None:
    of_release = _train(desk, dataset, init_database="jaspar2020-nematodes", seeds=[0])
    n = of_release.table("filters_init.parquet").num_rows
    assert n == 2 * len(read_motifs(of_release.path("init_motifs.meme")))
    assert _weights(of_release).shape == (n, 19, 4)
    found = desk.commit("motifs", lambda folder: write_motifs(folder / "motifs.meme", motifs(3)))
    model = _train(desk, dataset, init_motifs=found.digest, seeds=[0])
    assert model.table("filters_init.parquet")["motif_id"].to_pylist() == ["M0", "M0", "M1", "M1", "M2", "M2"]


def test_a_source_without_motifs_is_refused(desk: Any, dataset: Artifact) -> None:
    empty = desk.commit("motifs", lambda folder: (folder / "motifs.meme").write_text("MEME version 4\n") and None)
    with pytest.raises(UserError, match="holds no motif") as caught:
        _train(desk, dataset, init_motifs=empty.digest)
    assert caught.value.reason is Reason.EMPTY_SET
    assert caught.value.violations[0].field == "init_motifs"


def test_motifs_wider_than_the_filters_are_cut_or_refused(
    desk: Any, dataset: Artifact, motif_file: dict[str, str]
) -> None:
    reports: list[dict[str, Any]] = []
    narrow = {**UNITS, "kernel_size": "16"}
    model = _train(desk, dataset, reports, init_motifs_file=motif_file, options=narrow, freeze_filters=True)
    assert "MOTIFS_CUT" in {w["reason"] for r in reports for w in r["warnings"]}
    start = next(s for s in range(4) if np.allclose(_weights(model)[0] + 0.25, motifs()[0].probabilities[s : s + 16]))
    assert start >= 0
    assert read_motifs(model.path("init_motifs.meme"))[0].width == 19
    with pytest.raises(UserError, match=r"19 bp wide, and filters of 6 bp .*kernel_size 19") as caught:
        _train(desk, dataset, init_motifs_file=motif_file, options={**UNITS, "kernel_size": "6"})
    assert caught.value.violations[0].field == "options.kernel_size"


def test_an_odd_number_of_filters_leaves_the_last_motif_forward_only() -> None:
    known = motifs(5)
    pairs = [(m.id, o) for m, o in assign(known, both=True, n_filters=3)]
    assert pairs == [("M0", "+"), ("M0", "-"), ("M1", "+")]
    assert len(assign(known, both=True, n_filters=None)) == 10
    assert [o for _, o in assign(known, both=False, n_filters=None)] == ["+"] * 5


def test_jaspar_2020_gives_the_papers_1492_units() -> None:
    assert len(assign(open_database("jaspar2020-vertebrates").motifs, both=True, n_filters=None)) == 1492


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"freeze_filters": True}, "would start at random"),
        ({"init_database": "jaspar2020-vertebrates", "init_motifs": "a" * 64}, "give one source"),
        ({"init_database": "jaspar1066-normans"}, "no motif database named"),
        ({"init_database": "jaspar2020-vertebrates", "architecture": "transformer"}, "no first convolution"),
    ],
)
def test_bad_requests(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        TrainModelSpec.model_validate({"dataset": "b" * 64, "architecture": "explainn", **fields})


def test_the_number_of_filters_stays_open_in_the_spec_until_the_motifs_are_read() -> None:
    fields = {"dataset": "b" * 64, "architecture": "explainn", "init_database": "jaspar2020-vertebrates"}
    spec = TrainModelSpec.model_validate(fields)
    assert "units" not in spec.options
    assert TrainModelSpec.model_validate(spec.model_dump(mode="json")) == spec
    named = TrainModelSpec.model_validate({**fields, "options": {"units": "300"}})
    assert named.options["units"] == 300
    assert TrainModelSpec.model_validate(named.model_dump(mode="json")) == named
