"""AI-TAC's own sample, 100 regions × 81 cell types: shapes, channel order and loss are right when networks fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.manifests import Artifact


@pytest.fixture
def sample(desk: Any, shared_dir: Path) -> Artifact:
    """The sample as a regression dataset; every region is trained on, and chooses the epoch too."""
    folder = shared_dir / "data" / "aitac"
    onehot = np.load(folder / "one_hot_seqs.npy")
    values = np.load(folder / "cell_type_array.npy")
    _, names, lineages = np.load(folder / "cell_type_names.npy", allow_pickle=True).astype(str).T.tolist()
    assert onehot.shape == (100, 4, 251)
    # its rows are A, T, G, C; codes are A0 C1 G2 T3
    codes = np.array([0, 3, 2, 1], dtype=np.uint8)[onehot.argmax(1)]
    twice = np.concatenate([codes, codes]), np.concatenate([values, values])
    splits = ["train"] * 100 + ["validation"] * 100
    return desk.targets_dataset(*twice, "regression", names, splits, lineages)


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture, options, fields",
    [
        ("ai_tac", {}, {"learning_rate": 1e-3, "epochs": 12}),
        ("explainn", {"units": 100}, {"learning_rate": 3e-3, "epochs": 30}),
    ],
)
def test_the_networks_fit_the_sample(
    desk: Any, sample: Artifact, architecture: str, options: dict[str, Any], fields: dict[str, Any]
) -> None:
    model = desk.run(
        "TrainModel", dataset=sample.digest, architecture=architecture, options=options, loss="pearson", seeds=[0],
        batch_size=20, strands="forward", patience=0, **fields,
    )  # fmt: skip
    evaluation = desk.run(
        "EvaluateModel", model=model.digest, dataset=sample.digest, split="train", n_bootstrap=0,
        correlation_threshold=0.5,
    )  # fmt: skip
    metrics = evaluation.json("metrics.json")
    assert len(metrics["outputs"]) == 81
    assert metrics["pearson_across_tasks"] > 0.9
    assert metrics["optimistic"]
