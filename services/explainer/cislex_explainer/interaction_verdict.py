"""What a pair's residuals say: nothing, the same at every distance, or something that hangs on the distance.

A network whose output saturates gives two motifs less than their sum wherever they stand; a network that has learned
that motifs work together pays for their being near. Both leave a residual over the additive expectation; only the
second is the distance dependence by which DeepSTARR's authors and ExplaiNN's Fig. S2 tell cooperation. So the residual
is parted into its far level and what is left at each distance, and each part has its own test against the control word.
The sign matters as well: two near motifs also fill the same local units of a network, which gives less near, not more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cislex_explainer.interactions import Curve

_NOTHING = 1e-12


@dataclass(frozen=True)
class Part:
    """One statistic of the mean residuals, per output (outputs,): its value with its sign, the distance where it is
    (bp), the control's absolute value, its share of the motifs' mean absolute effect, and the permutation p."""

    residual: np.ndarray
    at: np.ndarray
    control: np.ndarray
    relative: np.ndarray
    p_value: np.ndarray

    def counts(self, alpha: float, tolerance: float) -> np.ndarray:
        """(outputs,) bool: beyond chance and beyond a small share of what the motifs do."""
        return np.asarray((self.p_value < alpha) & (self.relative > tolerance))


@dataclass(frozen=True)
class Verdict:
    """Per output (outputs,): the largest mean residual, its level at far distances, the largest departure from that
    level, the mean effects, the residual's range over the distances, and the word for it (VERDICTS)."""

    largest: Part
    constant: Part
    distance: Part
    effect_first: np.ndarray
    effect_second: np.ndarray
    span: np.ndarray
    verdict: np.ndarray

    @property
    def additive(self) -> np.ndarray:
        """(outputs,) bool: the model adds, or adds and saturates; neither distance nor company makes a motif more."""
        return np.isin(self.verdict, ("additive", "saturating"))


#: Every verdict.
VERDICTS = ("additive", "saturating", "reversing", "synergistic", "cooperative")


def far_distances(distances: np.ndarray) -> np.ndarray:
    """(P,) bool: the farthest third of the distances, of both sides together; ties are far."""
    away = np.abs(distances)
    return np.asarray(away >= np.sort(away)[2 * len(away) // 3])


def judge(
    pair: Curve, control: Curve, n_permutations: int, alpha: float, tolerance: float, rng: np.random.Generator
) -> Verdict:
    """Is a part of the pair's residual more than its control's, and more than a small share of what the motifs do?

    Each statistic is the pair's absolute value less the control's. Under the null hypothesis the two words are
    exchangeable within a background sequence, so they are swapped there at random (one-sided, the observed order
    counted among the permutations). A test of many backgrounds finds the smallest curvature; so a part counts only
    where it is also above ``tolerance`` × the mean of the two absolute effects.

    The departure from the far level decides where it counts, else the far level where that counts, else the pair is
    ``additive``. A part that gives no motif less beside the other than alone is ``cooperative`` (departure: more at
    some distances than far away) or ``synergistic`` (far level: more wherever they stand). One that gives a motif less
    is ``saturating``, as a ceiling does, or ``reversing`` where its effect changes sign, which no ceiling does.
    """
    far = far_distances(pair.distances)
    mean, control_mean = pair.residuals.mean(axis=0), control.residuals.mean(axis=0)  # (P, outputs)
    first, second = pair.effect_first.mean(axis=0), pair.effect_second.mean(axis=(0, 1))
    size = np.maximum((np.abs(first) + np.abs(second)) / 2, _NOTHING)
    found, compared = _statistics(mean, far), _statistics(control_mean, far)
    beaten = np.zeros_like(found)
    for swapped, other in _permuted(pair.residuals, control.residuals, n_permutations, rng):
        beaten += _statistics(swapped, far) - _statistics(other, far) >= found - compared - _NOTHING
    p_value = (1 + beaten) / (1 + n_permutations)
    level = np.median(mean[far], axis=0)
    nearest_far = np.full(mean.shape[1], np.abs(pair.distances[far]).min())
    outputs = np.arange(mean.shape[1])
    parts = []
    for index, values in enumerate((mean, np.broadcast_to(level, mean.shape), mean - level)):
        place = np.abs(values).argmax(axis=0)
        at = nearest_far if index == 1 else pair.distances[place]
        parts.append(Part(values[place, outputs], at, compared[index], found[index] / size, p_value[index]))
    largest, constant, distance = parts
    effects, least = (first, second), tolerance * size
    words = np.full(len(outputs), "additive", dtype="U11")
    for part, more, beside in ((constant, "synergistic", level), (distance, "cooperative", level + distance.residual)):
        meant = _meaning(part.residual, beside, effects, least, more)
        words = np.where(part.counts(alpha, tolerance), meant, words)
    return Verdict(largest, constant, distance, first, second, mean.max(axis=0) - mean.min(axis=0), words)


def _meaning(
    part: np.ndarray, residual: np.ndarray, effects: tuple[np.ndarray, np.ndarray], least: np.ndarray, more: str
) -> np.ndarray:
    """(outputs,) words: ``more`` unless ``part`` of the residual takes from a motif's effect; then saturating, or
    reversing if with the whole ``residual`` the effect stands on the other side. Effects up to ``least`` are none."""
    words = np.full(len(part), more, dtype="U11")
    for alone in effects:
        less = (np.abs(alone) > least) & (part * alone < 0)
        turned = less & (np.sign(alone) * (alone + residual) < -least)
        words = np.where(turned, "reversing", np.where(less & (words != "reversing"), "saturating", words))
    return words


def _statistics(mean: np.ndarray, far: np.ndarray) -> np.ndarray:
    """(3, outputs) of mean residuals (P, outputs): largest absolute value, absolute far level, largest absolute
    departure from the far level."""
    level = np.median(mean[far], axis=0)
    return np.stack([np.abs(mean).max(axis=0), np.abs(level), np.abs(mean - level).max(axis=0)])


def _permuted(
    pair: np.ndarray, control: np.ndarray, n_permutations: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mean residuals of pair and control, swapped at random within each background, one permutation at a time."""
    n = len(pair)
    left, right = pair.reshape(n, -1), control.reshape(n, -1)
    total = left.sum(axis=0) + right.sum(axis=0)
    kept = rng.integers(0, 2, (n_permutations, n)).astype(np.float64)
    for mean in (kept @ (left - right) + right.sum(axis=0)) / n:
        yield mean.reshape(pair.shape[1:]), (total / n - mean).reshape(pair.shape[1:])
