"""Files of weights that strangers sent: tensors only, none larger than the file, nothing unpacked, nothing run."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import refuse_beyond
from safetensors.torch import load_file
from torch import Tensor

_FIELD = "checkpoint"
_NESTED = ("state_dict", "model_state_dict")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.pth`` (``torch.save`` of a state dict) or safetensors file, by name.

    Nothing but tensors is ever unpickled: a file that asks for more, as a whole saved module does, is refused before
    any of its code could run. Raises FILE_NOT_FOUND, INVALID_REQUEST, LIMIT_EXCEEDED, UNSAFE_FILE.
    """
    if not path.is_file():
        raise UserError(Reason.FILE_NOT_FOUND, f"{path} is not a file", field=_FIELD)
    size = path.stat().st_size
    refuse_beyond(size, "model_bytes", path.name, "bytes")
    try:
        loaded = load_file(path) if path.suffix == ".safetensors" else _load_torch(path)
    except pickle.UnpicklingError as error:
        raise refused(
            f"{path.name} holds more than tensors, and loading that could run its code "
            f"({_first_line(error)}); save its state_dict() with torch.save or as safetensors"
        ) from None
    except UserError:
        raise
    except Exception as error:  # torch.load raises nearly anything for bytes that torch.save did not write
        raise refused(
            f"{path.name} cannot be read as weights: {_first_line(error)}; give a file that torch.save wrote from a "
            "state_dict(), or safetensors"
        ) from None
    for key in _NESTED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise refused(f"{path.name} holds no weights by name; save the network's state_dict()")
    tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    for name, tensor in tensors.items():
        _check_size(name, tensor, path.name, size)
    return tensors


def refused(text: str, field: str = _FIELD) -> UserError:
    """INVALID_REQUEST about a file of weights."""
    return UserError(Reason.INVALID_REQUEST, text, field=field)


def _load_torch(path: Path) -> Any:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(item.compress_type != zipfile.ZIP_STORED for item in archive.infolist()):
                raise UserError(
                    Reason.UNSAFE_FILE,
                    f"{path.name} is a compressed archive, which torch.save never writes; it was not unpacked",
                    field=_FIELD,
                )
    return torch.load(path, map_location="cpu", weights_only=True)


def _check_size(name: str, tensor: Tensor, file: str, file_bytes: int) -> None:
    """A view can say that it is larger than its bytes, and a tensor without bytes that its sides are long."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise refused(f"{file}: {name[:80]!r} is no plain tensor; save plain ones")
    longest = max(tensor.shape, default=0)
    if tensor.numel() * tensor.element_size() > file_bytes or longest > file_bytes:
        raise UserError(
            Reason.UNSAFE_FILE,
            f"{file}: {name[:80]!r} says that its shape is {tuple(tensor.shape)}, which is more than the whole file of "
            f"{file_bytes:,} bytes holds",
            field=_FIELD,
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
