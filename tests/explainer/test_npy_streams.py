"""Arrays written block by block are plain .npy files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cislex_explainer.streams import NpyWriter


def test_blocks_make_one_array(tmp_path: Path) -> None:
    whole = np.arange(30, dtype=np.float64).reshape(5, 2, 3)
    with NpyWriter(tmp_path / "a.npy", (5, 2, 3), np.float32) as out:
        out.append(whole[:2])
        out.append(whole[2:2])
        out.append(whole[2:].transpose(0, 2, 1).transpose(0, 2, 1))  # not contiguous
    read = np.load(tmp_path / "a.npy", mmap_mode="r", allow_pickle=False)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, whole)
    np.save(tmp_path / "b.npy", whole.astype(np.float32))
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


@pytest.mark.parametrize("rows", [1, 3])
def test_another_number_of_rows_is_an_error(tmp_path: Path, rows: int) -> None:
    out = NpyWriter(tmp_path / "a.npy", (2, 4), np.float32)
    out.append(np.zeros((rows, 4)))
    with pytest.raises(ValueError, match=f"announced with 2 rows, got {rows}"):
        out.close()


def test_another_shape_is_an_error(tmp_path: Path) -> None:
    out = NpyWriter(tmp_path / "a.npy", (0, 4), np.float32)
    with pytest.raises(ValueError, match=r"takes rows of shape \(4,\), got \(5,\)"):
        out.append(np.zeros((1, 5)))
    out.close()


def test_an_error_inside_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mine"), NpyWriter(tmp_path / "a.npy", (2, 4), np.float32):
        raise KeyError("mine")
