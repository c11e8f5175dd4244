"""Pretrained models as units: opening them, and computing what they say of each sequence once, not every epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cislex_core.manifests import Artifact
from cislex_models.checkpoint import describe, load_models, seed_folders
from cislex_models.unit_transfer import UnitTransfer, describe_part
from torch import Tensor, nn

from cislex_trainer.data import Rows

BATCH = 512


@dataclass(frozen=True)
class FeatureRows(Rows):
    """Rows whose batches are features: ``features`` (strands, n, units) float32, a memory map; strand 1 = reverse
    complement, there only where training shows it.
    """

    features: np.ndarray

    def batch(self, rows: Tensor, device: torch.device, flip: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Features (b, units) float32 and targets on the device; of the reverse complement where ``flip``."""
        where = rows.cpu().numpy()
        strand = np.zeros(len(where), dtype=np.int64) if flip is None else flip.cpu().numpy().astype(np.int64)
        x = torch.from_numpy(np.asarray(self.features[strand, where]))
        return x.to(device, non_blocking=True), self.targets[rows.to(self.targets.device)].to(device)


class Head(nn.Module):
    """What is trained of a ``UnitTransfer``: its layers and its output, on features. Shares their weights."""

    def __init__(self, model: UnitTransfer) -> None:
        super().__init__()
        self.layers, self.output = model.layers, model.output
        self._forward: Callable[[Tensor], Tensor] = model.forward_from_features

    def forward(self, features: Tensor) -> Tensor:
        """Logits (n, outputs) of features (n, units)."""
        return self._forward(features)


@dataclass(frozen=True)
class Part:
    """A pretrained network and where it is from."""

    model: Any
    digest: str
    seed: int
    outputs: list[str]


def open_parts(artifacts: list[Artifact]) -> list[Part]:
    """The network of the lowest seed of each model artifact: one unit per output."""
    parts = []
    for artifact in artifacts:
        models = load_models(artifact)
        told = describe(seed_folders(artifact.dir)[0])
        parts.append(Part(models[0], artifact.digest, told.seed, list(told.classes)))
    return parts


def part_options(parts: list[Part], activation: str) -> list[dict[str, Any]]:
    """``options.parts`` of these networks; ``activation`` post passes their outputs through a sigmoid."""
    taken = "sigmoid" if activation == "post" else "none"
    return [describe_part(p.model, activation=taken, name=f"{p.digest[:16]}:{p.seed}") for p in parts]


def unit_rows(parts: list[Part]) -> list[dict[str, Any]]:
    """units.parquet's rows: which output of which model each unit is."""
    named = [(p, i, name) for p in parts for i, name in enumerate(p.outputs)]
    return [
        {"unit": unit, "model": p.digest, "seed": p.seed, "output": i, "name": name}
        for unit, (p, i, name) in enumerate(named)
    ]


def write_features(
    model: UnitTransfer, rows: Rows, both_strands: bool, path: Path, device: torch.device, tick: Callable[[int], None]
) -> None:
    """One pass of the frozen parts over ``rows`` (two with ``both_strands``) into ``path``, an ``.npy`` of float32
    (strands, n, units). ``tick`` is called with the number of sequences done and may raise.
    """
    strands = 2 if both_strands else 1
    placed = model.to(device).eval()
    units = placed.output_weight.shape[1]
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(strands, len(rows), units))
    for strand in range(strands):
        for start in range(0, len(rows), BATCH):
            tick(strand * len(rows) + start)
            chosen = torch.arange(start, min(start + BATCH, len(rows)))
            flip = torch.ones(len(chosen), dtype=torch.bool) if strand else None
            x, _ = rows.batch(chosen, device, flip)
            out[strand, start : start + len(chosen)] = placed.unit_features(x).cpu().numpy()
    out.flush()
