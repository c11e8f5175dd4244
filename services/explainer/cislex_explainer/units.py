"""Read the units of additive models over many sequences (ExplaiNN, Methods: filters as matrices, unit importance).

Batch by batch, every sequence's unit outputs and the maximum of every unit's filter are written, and which sequences
are predicted correctly is judged. The words under the sites are counted from what was noted on the way, or, where that
was not possible, in a second pass. Only files on disk grow with the number of sequences, memory does not (but for a few
bytes a sequence and task).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from cislex_core.errors import Reason, UserError
from cislex_models.base import Architecture, UnitArchitecture
from cislex_models.onehot import one_hot
from cislex_models.registry import ARCHITECTURES

from cislex_explainer.candidates import Candidates
from cislex_explainer.columns import ColumnFile
from cislex_explainer.correctness import CorrectRule, Verdicts
from cislex_explainer.sites import count_sites

Batch = tuple[np.ndarray, np.ndarray]
"""Codes (n, L) uint8 and the dataset's targets of the same rows."""
Batches = Callable[[], Iterable[Batch]]


@dataclass
class SeedUnits:
    """One seed's model with what the first pass found: unit outputs and filter maxima by column, the verdicts, and
    candidates for sites (None where a sequence's verdict is not known at once).

    ``maxima`` is ``outputs`` where units have no filter of their own (transferred models): a unit is then active by its
    output.
    """

    seed: int
    model: UnitArchitecture
    outputs: ColumnFile
    maxima: ColumnFile
    verdicts: Verdicts
    candidates: Candidates | None = None

    @property
    def n_units(self) -> int:
        """Units of this seed."""
        return self.outputs.n_columns


def require_units(model: Architecture) -> UnitArchitecture:
    """The model, or INVALID_REQUEST saying what to use instead."""
    if not model.has_units or not isinstance(model, UnitArchitecture):
        known = ", ".join(name for name, entry in ARCHITECTURES.items() if entry.has_units) or "none"
        raise UserError(
            Reason.INVALID_REQUEST,
            f"architecture {model.name} has no units: its output is not a sum over them. Use ExplainFilters, which "
            f"silences one filter at a time; architectures with units: {known}",
            field="model",
            architecture=model.name,
        )
    return model


def open_seeds(
    models: Sequence[Architecture], seeds: Sequence[int], rule: CorrectRule, n: int, scratch: Path, share: float = 0.5
) -> list[SeedUnits]:
    """Scratch files and verdicts for ``n`` sequences, one entry per seed; ``share``: threshold of a site."""
    found = []
    for seed, model in zip(seeds, models, strict=True):
        units = require_units(model)
        outputs = ColumnFile(scratch / f"unit_outputs_{seed}.f4", n, int(units.output_weight.shape[1]))
        has_filters = units.first_layer is not None
        maxima = ColumnFile(scratch / f"filter_maxima_{seed}.f4", n, outputs.n_columns) if has_filters else outputs
        candidates = None
        if has_filters and not rule.by_rank:
            candidates = Candidates(scratch / f"sites_{seed}.bin", outputs.n_columns, share)
        found.append(SeedUnits(seed, units, outputs, maxima, Verdicts(rule, n), candidates))
    return found


@torch.no_grad()
def read_outputs(
    seeds: Sequence[SeedUnits], batches: Iterable[Batch], device: torch.device | str = "cpu"
) -> Iterator[np.ndarray]:
    """First pass. Fills each seed's columns and verdicts; gives, batch by batch, the unit outputs (n, units) float32 of
    all seeds beside each other. The models must be on ``device``."""
    for codes, targets in batches:
        x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
        parts = []
        for seed in seeds:
            reading = seed.model.read_units(x)
            outputs = reading.outputs.cpu().numpy()
            seed.outputs.append(outputs)
            answers, rule = reading.logits.cpu().numpy(), seed.verdicts.rule
            seed.verdicts.add(answers, targets)
            if seed.maxima is not seed.outputs:
                seed.maxima.append(reading.peaks.cpu().numpy())
                if seed.candidates is not None:
                    seed.candidates.note(reading, rule.score(answers, targets) >= rule.limit())
            parts.append(outputs)
        yield np.concatenate(parts, axis=1)
    for seed in seeds:
        seed.outputs.flush()
        seed.maxima.flush()


def activation_maxima(units: SeedUnits, usable: np.ndarray) -> np.ndarray:
    """(units,) largest activation of each unit over the usable sequences (n,) bool; −inf where there is none."""
    return np.array([units.maxima.column(u)[usable].max(initial=-np.inf) for u in range(units.n_units)])


def thresholds(maximum: np.ndarray, share: float) -> np.ndarray:
    """``share`` of each maximum (units,); +inf where a unit is never positive, so that it is never active."""
    return np.where(maximum > 0, share * np.where(np.isfinite(maximum), maximum, 0.0), np.inf)


def count_unit_sites(
    units: SeedUnits,
    batches: Iterable[Batch],
    usable: np.ndarray,
    cut: np.ndarray,
    inclusive: bool,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Second pass: counts (units, 4, width) int64 of the words that reach ``cut`` (units,) in usable sequences."""

    def chosen() -> Iterator[np.ndarray]:
        start = 0
        for codes, _ in batches:
            yield codes[usable[start : start + len(codes)]]
            start += len(codes)

    return count_sites(units.model, chosen(), cut, inclusive, device)
