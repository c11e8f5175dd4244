"""Readers of models: ONNX graphs before they are opened, weights, manifests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cislex_core.canonical import digest_bytes
from cislex_core.manifests import read_manifest
from cislex_core.onnx_safety import check_onnx


def onnx(data: bytes, folder: Path) -> None:
    """A graph; what passes names no other file anywhere in its bytes as ``onnx`` reads them."""
    check_onnx(data)
    import onnx as library

    model = library.ModelProto.FromString(data)
    assert not list(library.external_data_helper._get_all_tensors(model)) or all(
        not library.external_data_helper.uses_external_data(tensor)
        for tensor in library.external_data_helper._get_all_tensors(model)
    )


def safetensors(data: bytes, folder: Path) -> None:
    """Weights as safetensors."""
    _weights(data, folder / "a.safetensors")


def torch_weights(data: bytes, folder: Path) -> None:
    """Weights of torch.save."""
    _weights(data, folder / "a.pth")


def _weights(data: bytes, path: Path) -> None:
    from cislex_models.import_explainn import read_weights

    path.write_bytes(data)
    for name, tensor in read_weights(path).items():
        assert isinstance(name, str)
        assert tensor.untyped_storage().nbytes() <= max(len(data), 1)
        np.asarray(tensor.detach().float().reshape(-1)[:10])


def manifest(data: bytes, folder: Path) -> None:
    """An artifact's manifest: whatever it says, no file of it lies outside its folder."""
    read = read_manifest(digest_bytes(data), data)
    for entry in read.files:
        inside = (folder / entry.path).resolve()
        assert inside.is_relative_to(folder.resolve())
        assert inside != folder.resolve()
