"""Attributions whose shards are Ray tasks on two nodes: the artifact of one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("ray", reason="Ray is an extra")
from two_nodes import on_two_nodes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


def test_two_nodes_give_the_artifact_of_one_process(desk: Any, make_dataset: Callable, make_model: Callable) -> None:
    fields = {
        "model": make_model().digest, "dataset": make_dataset().digest, "method": "ism", "split": "all",
        "batch_size": 16, "device": "cpu",
    }  # fmt: skip
    alone = desk.run("ComputeAttributions", **fields)
    assert len(list(desk.scratch.glob("shards-*/*/done.json"))) == 3
    spread, told = on_two_nodes(desk.store, "explainer.ComputeAttributions", **fields)
    assert spread.digest == alone.digest
    assert told["nodes"] == 2
