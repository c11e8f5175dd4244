"""What may be sent to a model, and the one-hot (n, 4, window) float32 that the graph reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cislex.inference import kserve_v2_pb2 as v2
from cislex_core.errors import CislexError, Reason
from cislex_core.sequences import encode, one_hot

from cislex_explainer.serving.tensors import Input, invalid, raw_of, read

ONEHOT, CODES, SEQUENCE = "onehot", "codes", "sequence"
DATATYPE_OF = {ONEHOT: "FP32", CODES: "UINT8", SEQUENCE: "BYTES"}


@dataclass(frozen=True)
class Window:
    """What one model takes: bases of a sequence, and sequences of one request at most."""

    window_bp: int
    most: int

    @property
    def alternatives(self) -> str:
        """For people: what may stand in the place of ``onehot``."""
        return (
            f"codes UINT8 [-1,{self.window_bp}] (0-3 for ACGT, 4 for N); "
            f"sequence BYTES [-1] ({self.window_bp} letters each)"
        )


def one_hot_of(request: v2.ModelInferRequest, window: Window) -> np.ndarray:
    """(n, 4, window) float32. Raises INVALID_REQUEST (name, datatype, shape, values) and LIMIT_EXCEEDED (batch)."""
    if len(request.inputs) != 1:
        text = f"{len(request.inputs)} inputs were sent; send one: onehot, codes or sequence"
        raise invalid(text, "inputs")
    tensor, raw, field = request.inputs[0], raw_of(request), "inputs[0]"
    _check(tensor, window, field)
    values = read(tensor, None if raw is None else raw[0], field)
    if tensor.name == ONEHOT:
        assert isinstance(values, np.ndarray)
        if not np.isfinite(values).all():
            raise invalid("onehot holds a value that is not finite", f"{field}.contents")
        return values.astype(np.float32, copy=False)
    if tensor.name == CODES:
        assert isinstance(values, np.ndarray)
        if values.max() > 4:
            raise invalid(f"codes are 0 to 4 (A C G T N), {values.max()} was sent", f"{field}.contents")
        return one_hot(values)
    assert isinstance(values, list)
    return one_hot(np.stack([_encoded(text, row, window.window_bp, field) for row, text in enumerate(values)]))


def _check(tensor: Input, window: Window, field: str) -> None:
    name, shape = tensor.name, list(tensor.shape)
    if name not in DATATYPE_OF:
        raise invalid(f"there is no input {name!r}; send onehot, codes or sequence", f"{field}.name")
    if tensor.datatype != DATATYPE_OF[name]:
        text = f"input {name} is {DATATYPE_OF[name]}, not {tensor.datatype or 'unset'}"
        raise invalid(text, f"{field}.datatype")
    if tensor.parameters:
        text = f"parameter {sorted(tensor.parameters)[0]!r} of an input is not known here (there is no shared memory)"
        raise invalid(text, f"{field}.parameters")
    wanted = {ONEHOT: [4, window.window_bp], CODES: [window.window_bp], SEQUENCE: []}[name]
    rest = [] if name == SEQUENCE and shape[1:] == [1] else shape[1:]
    if not shape or shape[0] < 1 or rest != wanted:
        text = f"input {name} has shape {shape}; the model takes {['n', *wanted]} with n of 1 or more"
        raise invalid(text, f"{field}.shape")
    if shape[0] > window.most:
        text = f"a batch of {shape[0]} sequences is more than {window.most}; send it in parts, or use trainer.Predict"
        raise invalid(text, f"{field}.shape", Reason.LIMIT_EXCEEDED)


def _encoded(text: bytes, row: int, window_bp: int, field: str) -> np.ndarray:
    if len(text) != window_bp:
        message = f"sequence {row} has {len(text)} letters, the model reads {window_bp}; cut or pad it with N"
        raise invalid(message, f"{field}.contents")
    try:
        return encode(text)
    except CislexError as error:
        raise invalid(f"sequence {row}: {error.message}", f"{field}.contents") from None
