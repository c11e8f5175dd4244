"""The gradients of one batch by several processes are those of one, for every architecture."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from cislex_runtime.working.gang import run_ranks
from gradient_work import NAMES, alone

SIZES = [9, 3, 2]  # over three ranks: three sequences each, one each, and too few to be divided
# of the largest gradient; measured 5e-6 where a batch norm follows another, 5e-7 elsewhere
TOLERANCE = 2e-5


@pytest.mark.timeout(1200)
def test_gradients_statistics_and_generators_are_those_of_one_process(tmp_path: Path) -> None:
    run_ranks("gradient_work:every_batch", 3, {"sizes": SIZES, "folder": str(tmp_path)}, {}, lambda: None)
    ranks = [torch.load(tmp_path / f"{index}.pt", weights_only=True) for index in range(3)]
    expected = alone(SIZES)
    assert list(ranks[0]) == list(expected)
    assert {key.split("/")[0] for key in expected} == set(NAMES)
    for key, one in expected.items():
        has_norm = any("running" in name for name in one)
        if has_norm and key.endswith("/3"):
            continue  # the spread of three numbers may be rounding alone, which a norm then makes as large as any
        assert one["unused"] == 0, f"{key}: a parameter without gradient would be moved by a gang's weight decay"
        largest = max(float(value.abs().max()) for name, value in one.items() if name.startswith("gradient"))
        for rank in ranks:
            assert torch.equal(rank[key]["next"], one["next"]), f"{key}: the generators went apart"
            for name, value in one.items():
                if name.startswith("gradient"):
                    torch.testing.assert_close(
                        rank[key][name], value, atol=TOLERANCE * largest, rtol=0, msg=f"{key} {name}"
                    )
                elif name.startswith("buffer"):
                    torch.testing.assert_close(rank[key][name], value, atol=1e-5, rtol=1e-5, msg=f"{key} {name}")
                assert torch.equal(rank[key][name], ranks[0][key][name]) or name == "unused", f"{key} {name}"
