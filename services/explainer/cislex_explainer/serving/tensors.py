"""Tensors of the protocol ⇄ numpy: typed contents, or raw little-endian bytes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from cislex.inference import kserve_v2_pb2 as v2
from cislex_core.errors import Reason, UserError

#: Datatype → (its field of InferTensorContents, what numpy calls it; None: variable length).
DATATYPES: dict[str, tuple[str, str | None]] = {
    "FP32": ("fp32_contents", "<f4"),
    "UINT8": ("uint_contents", "<u1"),
    "BYTES": ("bytes_contents", None),
}
Input = v2.ModelInferRequest.InferInputTensor


def invalid(message: str, field: str, reason: Reason = Reason.INVALID_REQUEST) -> UserError:
    """An error about a field of the request."""
    return UserError(reason, message, field=field)


def raw_of(request: v2.ModelInferRequest) -> list[bytes] | None:
    """``raw_input_contents``, or None when the request uses ``contents``. INVALID_REQUEST for both, or too few."""
    raw = list(request.raw_input_contents)
    if not raw:
        return None
    if any(tensor.HasField("contents") for tensor in request.inputs):
        raise invalid("contents and raw_input_contents are both there; send one of them", "raw_input_contents")
    if len(raw) != len(request.inputs):
        text = f"raw_input_contents has {len(raw)} entries for {len(request.inputs)} inputs; each input needs one"
        raise invalid(text, "raw_input_contents")
    return raw


def read(tensor: Input, raw: bytes | None, field: str) -> np.ndarray | list[bytes]:
    """The values: an array of the tensor's shape, or for BYTES the list of its elements. Raises INVALID_REQUEST."""
    name, kind = DATATYPES[tensor.datatype]
    count = math.prod(tensor.shape)
    if raw is None:
        values: Any = getattr(tensor.contents, name)
        others = [other.name for other, value in tensor.contents.ListFields() if other.name != name and len(value)]
        if others:
            raise invalid(f"contents of {tensor.datatype} are in {name}, not in {others[0]}", f"{field}.contents")
        found: np.ndarray | list[bytes] = list(values) if kind is None else _array(values, kind, field)
    else:
        found = _elements(raw, field) if kind is None else _from_raw(raw, np.dtype(kind), field)
    if len(found) != count:
        text = f"shape {list(tensor.shape)} holds {count} elements of {tensor.datatype}, {len(found)} were sent"
        raise invalid(text, f"{field}.shape")
    return found if isinstance(found, list) else found.reshape(tuple(tensor.shape))


def write(response: v2.ModelInferResponse, name: str, values: np.ndarray, raw: bool) -> None:
    """Append a float output to an answer."""
    output = response.outputs.add(name=name, datatype="FP32", shape=values.shape)
    flat = np.ascontiguousarray(values, dtype="<f4")
    if raw:
        response.raw_output_contents.append(flat.tobytes())
    else:
        output.contents.fp32_contents.extend(flat.ravel().tolist())


def _array(values: Any, kind: str, field: str) -> np.ndarray:
    wide = np.asarray(values, dtype=np.float32 if kind == "<f4" else np.int64)
    if kind == "<u1" and len(wide) and not 0 <= int(wide.min()) <= int(wide.max()) <= 255:
        raise invalid(f"UINT8 holds 0 to 255, {int(wide.max())} was sent", f"{field}.contents")
    return wide.astype(kind)


def _from_raw(raw: bytes, dtype: np.dtype[Any], field: str) -> np.ndarray:
    if len(raw) % dtype.itemsize:
        text = f"{len(raw)} raw bytes are no whole number of elements of {dtype.itemsize} bytes"
        raise invalid(text, "raw_input_contents")
    return np.frombuffer(raw, dtype=dtype)


def _elements(raw: bytes, field: str) -> list[bytes]:
    """Each element is its length, 4 bytes little-endian, and its bytes."""
    found, at = [], 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4], "little")
        at += 4
        if at + length > len(raw):
            raise invalid("the raw BYTES end within an element", "raw_input_contents")
        found.append(raw[at : at + length])
        at += length
    return found
