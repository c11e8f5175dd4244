"""One-hot arrays with targets beside them, as AI-TAC publishes its data; the order of the channels is declared."""

from __future__ import annotations

import numpy as np
from cislex_core.sequences import ALPHABET, N_CODE
from cislex_core.tasks import Inputs

from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.imported import Imported, choose_tasks, sequence_set
from cislex_encoder.inputs import source
from cislex_encoder.name_files import invalid, load_array, named, names_of
from cislex_encoder.preflight import Source

_ROWS = 4096


def read(spec: ImportDatasetSpec, inputs: Inputs) -> Imported:
    """Codes and targets of ``one_hot`` and ``targets``. Raises INVALID_TABLE for shapes or values that do not fit."""
    assert spec.one_hot is not None
    assert spec.targets is not None
    file, target_file = source(inputs, spec.one_hot, "one_hot"), source(inputs, spec.targets, "targets")
    array, values = load_array(file), load_array(target_file)
    if array.ndim != 3 or array.shape[1] != 4:
        turned = "; it seems to be (n, length, 4): transpose it first" if array.shape[-1] == 4 else ""
        raise invalid(file, f"has the shape {array.shape}, not (n, 4, length){turned}")
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[0] != array.shape[0]:
        raise invalid(target_file, f"has the shape {values.shape}; {array.shape[0]} rows are needed, as in one_hot")
    codes = _codes(array, spec.channel_order, file)
    n, length = codes.shape
    names = names_of(inputs, spec.row_names, "row_names", n) or [f"row_{i}" for i in range(n)]
    tasks, groups = named(inputs, spec.task_names, "task_names", values.shape[1])
    members = sequence_set(
        file.shown, codes.reshape(-1), np.full(n, length), names, np.arange(1, n + 1), facts={"format": "one-hot npy"}
    )
    result = Imported(
        sequences=[members],
        labels=[0],
        values=np.array(values, dtype=np.float32),
        groups=groups,
        tasks=tasks or [f"task_{i + 1}" for i in range(values.shape[1])],
        files=[{"source": file.shown, "set": "", "channel_order": spec.channel_order, **members.facts}],
        notes=[f"channels of {file.shown} were read as {', '.join(spec.channel_order)}"],
    )
    choose_tasks(result, spec.tasks, target_file)
    return result


def _codes(array: np.ndarray, order: str, file: Source) -> np.ndarray:
    permutation = np.array([ALPHABET.index(letter) for letter in order], dtype=np.uint8)
    codes = np.empty((array.shape[0], array.shape[2]), dtype=np.uint8)
    for start in range(0, array.shape[0], _ROWS):
        part = np.asarray(array[start : start + _ROWS])
        total = part.sum(axis=1)
        bad = ~(((part == 0) | (part == 1)).all(axis=1) & (total <= 1))
        if bad.any():
            row, position = np.argwhere(bad)[0]
            raise invalid(
                file,
                f"row {start + row}, position {position} holds {part[row, :, position].tolist()}, which is no one-hot "
                "column: at most one 1, zeros for N",
            )
        codes[start : start + _ROWS] = np.where(total == 1, permutation[part.argmax(axis=1)], N_CODE)
    return codes
