"""A training whose ranks are Ray actors on two nodes: the bits of a local gang, also when a node is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cislex_core.canonical import digest_file
from cislex_core.manifests import Artifact

pytest.importorskip("ray", reason="Ray is an extra")
from two_nodes import on_two_nodes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

FIELDS: dict[str, Any] = {
    "seeds": [3], "epochs": 4, "patience": 0, "device": "cpu", "data_parallel": 2,
    "options": {"filters": "8", "filters_2": "8", "kernel_size": "8", "hidden": "8", "dropout": "0.2"},
}  # fmt: skip


@pytest.mark.parametrize("mode", [(), ("kill",)], ids=["calm", "a node is lost"])
def test_two_nodes_train_what_two_processes_do(
    desk: Any, make_dataset: Callable[..., Artifact], mode: tuple[str, ...]
) -> None:
    fields = {**FIELDS, "dataset": make_dataset(200).digest}
    local = desk.run("TrainModel", **fields)
    spread, told = on_two_nodes(desk.store, "trainer.TrainModel", *mode, **fields)
    name = "seed_3/model.safetensors"
    assert digest_file(spread.path(name)) == digest_file(local.path(name))
    assert told["nodes"] >= 2
    assert told["error"] == ("WORKER_LOST" if mode else "")
    history = [artifact.table("history.parquet").drop_columns("seconds") for artifact in (local, spread)]
    assert history[0] == history[1]
