"""Files of weights made to do harm: headers that lie, archives that unpack without end, views beyond their bytes."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_models.import_explainn import convert
from cislex_models.weight_files import read_tensors
from torch import Tensor


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_tensors(path)
    return caught.value


def header(fields: object, data: bytes = b"", size: int | None = None) -> bytes:
    text = json.dumps(fields).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
SAFETENSORS = {
    "a header of 2^63 bytes": header({}, size=1 << 63),
    "a header of 200 MB": header({}, size=200_000_000),
    "a header beyond the file": header({"w": ONE}, size=10_000),
    "no header": b"",
    "half a length": b"\x01\x00",
    "overlapping tensors": header({"a": ONE, "b": {**ONE, "data_offsets": [4, 12]}}, b"\x00" * 12),
    "the same bytes twice": header({"a": ONE, "b": ONE}, b"\x00" * 8),
    "a hole": header({"a": ONE, "b": {**ONE, "data_offsets": [16, 24]}}, b"\x00" * 24),
    "an end before its beginning": header({"a": {**ONE, "data_offsets": [8, 0]}}, b"\x00" * 8),
    "an end beyond the file": header({"a": {**ONE, "data_offsets": [0, 1 << 40]}}, b"\x00" * 8),
    "a shape beyond its bytes": header({"a": {**ONE, "shape": [1 << 40]}}, b"\x00" * 8),
    "a shape that overflows": header({"a": {**ONE, "shape": [1 << 62, 8]}}, b"\x00" * 8),
    "a negative shape": header({"a": {**ONE, "shape": [-2]}}, b"\x00" * 8),
    "an unknown type": header({"a": {**ONE, "dtype": "PYTHON"}}, b"\x00" * 8),
    "a name twice": b'\x40\x00\x00\x00\x00\x00\x00\x00{"a":{},"a":{}}' + b" " * 49,
    "nesting": struct.pack("<Q", 20_000) + b"[" * 10_000 + b"]" * 10_000,
    "bytes after the end": header({"a": ONE}, b"\x00" * 64),
    "no bytes but long sides": header({"a": {"dtype": "F32", "shape": [0, 1 << 50], "data_offsets": [0, 0]}}),
}


@pytest.mark.parametrize("name", SAFETENSORS)
def test_safetensors_that_lie_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(SAFETENSORS[name])
    assert refusal(path).reason in (Reason.INVALID_REQUEST, Reason.UNSAFE_FILE)


def saved(value: object, path: Path, **options: bool) -> Path:
    torch.save(value, path, **options)
    return path


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return io.FileIO, (str(self.mark), "w")  # type: ignore[return-value]


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_but_tensors_is_unpickled(zipped: bool, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = saved({"w": _Evil(mark)}, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    assert "more than tensors" in refusal(path).message
    assert not mark.exists()


def test_a_plain_pickle_is_refused(tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "w.pth"
    path.write_bytes(pickle.dumps(_Evil(mark)))
    assert refusal(path).reason is Reason.INVALID_REQUEST
    assert not mark.exists()


def test_an_archive_that_is_compressed_is_not_unpacked(tmp_path: Path) -> None:
    plain = saved({"w": torch.zeros(1_000_000)}, tmp_path / "plain.pth")
    bomb = tmp_path / "bomb.pth"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.namelist():
            target.writestr(item, source.read(item))
    assert bomb.stat().st_size < 20_000
    assert refusal(bomb).reason is Reason.UNSAFE_FILE


@pytest.mark.parametrize("shape", [(1 << 30,), (1 << 20, 1 << 20)])
def test_a_view_that_says_it_is_larger_than_the_file_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = saved({"w": torch.zeros(1).expand(shape)}, tmp_path / "w.pth")
    assert path.stat().st_size < 10_000
    error = refusal(path)
    assert error.reason is Reason.UNSAFE_FILE
    assert "more than the whole file" in error.message


@pytest.mark.parametrize("tensor", [torch.eye(3).to_sparse(), torch.empty(3, device="meta")])
def test_only_plain_tensors_are_taken(tensor: Tensor, tmp_path: Path) -> None:
    assert refusal(saved({"w": tensor}, tmp_path / "w.pth")).reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize(
    "shapes",
    [
        {"linears.0.weight": (0, 4, 3), "final.weight": (1, 1)},
        {"linears.0.weight": (1, 4, 3), "final.weight": ()},
        {"linears.0.weight": (1, 4, 3), "linears.6.weight": (9,), "linears.10.weight": (1, 1), "final.weight": (1, 1)},
        # a hidden layer of 100,000 × 100,000 would be made for 400 kB of weights
        {
            "linears.0.weight": (1, 4, 3), "linears.6.weight": (100_000, 1), "linears_bg.0.1.weight": (1, 1),
            "last_linear.1.weight": (1, 1), "final.weight": (1, 1),
        },
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_build_nothing(shapes: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(UserError) as caught:
        convert({name: torch.zeros(shape) for name, shape in shapes.items()}, 12, {"pool_size": 1, "pool_stride": 1})
    assert caught.value.reason in (Reason.INVALID_REQUEST, Reason.WINDOW_TOO_SHORT)
