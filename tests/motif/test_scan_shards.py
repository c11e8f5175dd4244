"""ScanMotifs and ScoreMotifs in shards: the same artifact from any number of shards and of processes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.errors import UserError
from cislex_core.motifs import Motif
from cislex_core.sequences import decode
from cislex_motif import scan_shards
from cislex_runtime.working import shards

CLASSES = {"type": "class_index", "classes": ["KO", "WT"]}
FAN_OUTS = [1, pytest.param(2, marks=pytest.mark.slow)]


def motifs(n: int = 9) -> list[Motif]:
    """Of several widths, so that a shard holds motifs that stood apart."""
    rng = np.random.default_rng(4)
    return [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.3), size=5 + i % 4), nsites=40.0) for i in range(n)]


def sequences(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    codes = np.random.default_rng(5).integers(0, 5, (n, 80)).astype(np.uint8)
    return codes, np.arange(n, dtype=np.int64) % 2


def with_shards(desk: Any, monkeypatch: Any, count: int, fan_out: int) -> None:
    for folder in desk.scratch.glob("shards-*"):
        shutil.rmtree(folder)
    monkeypatch.setenv("CISLEX_FAN_OUT", str(fan_out))
    monkeypatch.setattr(scan_shards, "plan", lambda n, block, least, most=64: shards.plan(n, block, 1, most=count))


@pytest.mark.parametrize("fan_out", FAN_OUTS)
@pytest.mark.parametrize("threshold_on", ["pvalue", "qvalue"])
def test_shards_change_no_byte_of_a_scan(
    desk: Any, monkeypatch: Any, tmp_path: Path, threshold_on: str, fan_out: int
) -> None:
    codes, _ = sequences()
    path = tmp_path / "some.fa"
    path.write_text("".join(f">s{i}\n{decode(row)}\n" for i, row in enumerate(codes)))
    source = desk.motifs(motifs())
    found = set()
    for count in (1, 2, 3, 7) if fan_out == 1 else (1, 7):
        with_shards(desk, monkeypatch, count, fan_out)
        artifact = desk.run(
            "ScanMotifs", fasta=desk.file(path), sources=[source], threshold=0.05 if threshold_on == "pvalue" else 0.9,
            threshold_on=threshold_on,
        )  # fmt: skip
        assert artifact.table("hits.parquet").num_rows > 0
        found.add(artifact.digest)
        passes = 2 if threshold_on == "qvalue" else 1
        assert len(list(desk.scratch.glob("shards-*/*/done.json"))) == count * passes
    assert len(found) == 1


@pytest.mark.parametrize("fan_out", FAN_OUTS)
def test_shards_change_no_byte_of_scores(desk: Any, monkeypatch: Any, fan_out: int) -> None:
    codes, targets = sequences()
    dataset = desk.dataset(codes, targets, CLASSES)
    source = desk.motifs(motifs())
    found = set()
    for count in (1, 2, 3, 7) if fan_out == 1 else (1, 7):
        with_shards(desk, monkeypatch, count, fan_out)
        found.add(desk.run("ScoreMotifs", dataset=dataset, sources=[source], split="all", select_split="none").digest)
        assert len(list(desk.scratch.glob("shards-*/*/done.json"))) == count
    assert len(found) == 1


def test_too_many_hits_over_all_shards_are_refused(desk: Any, monkeypatch: Any, tmp_path: Path) -> None:
    codes, _ = sequences()
    path = tmp_path / "some.fa"
    path.write_text("".join(f">s{i}\n{decode(row)}\n" for i, row in enumerate(codes)))
    source, texts = desk.motifs(motifs()), set()
    for count in (1, 3):
        with_shards(desk, monkeypatch, count, 1)
        with pytest.raises(UserError, match="more than 100 hits") as caught:
            desk.run("ScanMotifs", fasta=desk.file(path), sources=[source], threshold=0.05, max_hits=100)
        texts.add(caught.value.message)
    assert len(texts) == 1
