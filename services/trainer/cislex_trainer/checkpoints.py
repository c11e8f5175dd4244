"""Where a training run stands, in one safetensors file a seed: tensors as tensors, the rest as JSON in its header."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

Tensors = dict[str, Tensor]


def optimizer_tensors(optimizer: Optimizer) -> Tensors:
    """Adam's moments and step counts as ``optimizer.<parameter>.<name>``."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{i}.{key}": value for i, slot in state.items() for key, value in slot.items()}


def optimizer_groups(optimizer: Optimizer) -> list[dict[str, Any]]:
    """Learning rate, betas, weight decay …: everything of the optimizer that is not a tensor."""
    return list(optimizer.state_dict()["param_groups"])


def restore_optimizer(optimizer: Optimizer, tensors: Tensors, groups: list[dict[str, Any]]) -> None:
    """Inverse of the two functions above."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = value
    for group in groups:
        group["betas"] = tuple(group["betas"])  # JSON knows lists only
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def weights(model: nn.Module, prefix: str) -> Tensors:
    """A copy of the weights on the CPU, each name under ``prefix``."""
    return {f"{prefix}.{name}": value.detach().cpu().clone() for name, value in model.state_dict().items()}


def under(tensors: Tensors, prefix: str) -> Tensors:
    """The tensors under ``prefix``, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def save(path: Path, tensors: Tensors, state: dict[str, Any]) -> None:
    """Write beside and rename: a kill leaves the old checkpoint or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    held = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    save_file(held, partial, metadata={"state": json.dumps(state)})
    with open(partial, "rb") as handle:
        os.fsync(handle.fileno())
    os.replace(partial, path)


def load(path: Path, fingerprint: str) -> tuple[Tensors, dict[str, Any]] | None:
    """The stored state, or None when there is none, it cannot be read, or it is of another run (fingerprint)."""
    try:
        with safe_open(path, framework="pt") as handle:
            state = json.loads((handle.metadata() or {})["state"])
            if state.get("fingerprint") != fingerprint:
                return None
            return {name: handle.get_tensor(name) for name in handle.keys()}, state  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
