"""Weights on disk: no pickle, and damage is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cislex_core.errors import CislexError, Reason
from cislex_models.checkpoint import describe, load_model, load_models, save_model, seeds_of
from cislex_models.registry import build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in (10, 2):
        save_model(build("wtko_cnn", 60, {"filters": 3}, seed=seed), tmp_path / f"seed_{seed}", ["KO", "WT"], seed)
    return tmp_path


def test_description_says_what_rebuilds_the_model(folder: Path) -> None:
    found = describe(folder / "seed_2")
    assert (found.architecture, found.window_bp, found.classes, found.seed) == ("wtko_cnn", 60, ["KO", "WT"], 2)
    assert found.options["filters"] == 3


def test_seeds_come_in_order_of_number(folder: Path) -> None:
    assert seeds_of(folder) == [2, 10]
    assert len(load_models(folder)) == 2


def test_nothing_is_pickled(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes()[:1] not in (b"\x80", b"P"), path  # pickle, zip of torch.save


def test_damaged_weights(folder: Path) -> None:
    path = folder / "seed_2" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CislexError, match=r"model\.safetensors does not hold the weights") as caught:
        load_model(folder / "seed_2")
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_weights_of_another_shape(folder: Path) -> None:
    path = folder / "seed_2" / "model.json"
    fields = json.loads(path.read_text())
    fields["options"]["filters"] = 4
    path.write_text(json.dumps(fields))
    with pytest.raises(CislexError, match="does not hold the weights"):
        load_model(folder / "seed_2")


@pytest.mark.parametrize("text", ["{", "[]", '{"architecture": "wtko_cnn"}'])
def test_damaged_description(folder: Path, text: str) -> None:
    (folder / "seed_2" / "model.json").write_text(text)
    with pytest.raises(CislexError, match="cannot be read as a model description"):
        describe(folder / "seed_2")


def test_version_of_the_future(folder: Path) -> None:
    path = folder / "seed_2" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 2}))
    with pytest.raises(CislexError, match="format_version 2; this cislex reads 1"):
        describe(folder / "seed_2")


def test_a_folder_without_seeds_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CislexError, match="not a model artifact"):
        load_models(tmp_path)
