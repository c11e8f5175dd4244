"""SimulateDataset: sites stand where the table says, and targets follow the rule in planted.json."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cislex_core.datasets import Dataset
from cislex_core.sequences import decode, reverse_complement
from cislex_core.targets import TARGET_TYPES


def _open(artifact: Any) -> Dataset:
    return Dataset.from_artifact(artifact, types=TARGET_TYPES)


def _sites(artifact: Any) -> dict[tuple[int, str], dict[str, Any]]:
    return {(row["row"], row["motif_name"]): row for row in artifact.table("planted_sites.parquet").to_pylist()}


def test_labels_say_which_motif_stands(bench: Any) -> None:
    artifact = bench.run("encoder.SimulateDataset", n_sequences=600, unresolved_share=0.2)
    dataset, sites = _open(artifact), _sites(artifact)
    assert dataset.outputs == ["RELA", "FOS::JUN", "SP1"]
    for (row, _), site in sites.items():
        codes = dataset.codes[row][site["start"] : site["end"]]
        assert decode(codes if site["strand"] == "+" else reverse_complement(codes)) == site["site"]
    for task, name in enumerate(dataset.outputs):
        stands = np.array([(row, name) in sites for row in range(600)])
        known = dataset.targets[:, task] >= 0
        np.testing.assert_array_equal(dataset.targets[known, task], stands[known])
        assert (~known).mean() == pytest.approx(0.2, abs=0.06)
    assert [split["n_rows"] for split in artifact.manifest.summary["splits"]] == [480, 60, 60]
    assert not bench.heard.warnings


@pytest.mark.parametrize("design", ["additive", "cooperative"])
def test_values_follow_the_rule(bench: Any, design: str) -> None:
    artifact = bench.run(
        "encoder.SimulateDataset",
        design=design,
        n_sequences=800,
        effect_a=1.5,
        effect_b=-0.5,
        effect_both=3,
        noise_sd=0.01,
    )
    dataset, sites, truth = _open(artifact), _sites(artifact), artifact.json("planted.json")
    n_near = 0
    for row in range(800):
        middles = [
            (site["start"] + site["end"]) / 2 if (site := sites.get((row, name))) else None
            for name in ("RELA", "FOS::JUN")
        ]
        near = None not in middles and abs(middles[0] - middles[1]) <= 40  # type: ignore[operator]
        n_near += near
        value = 1.5 * (middles[0] is not None) - 0.5 * (middles[1] is not None)
        value += 3 * near if design == "cooperative" else 0
        assert dataset.targets[row, 0] == pytest.approx(value, abs=0.06)
    assert truth["n_near"] == n_near > 40
    assert "[A and B near]" in truth["rule"] or design == "additive"


def test_a_seed_repeats_and_another_differs(bench: Any) -> None:
    digests = [bench.run("encoder.SimulateDataset", n_sequences=100, seed=seed).digest for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]
