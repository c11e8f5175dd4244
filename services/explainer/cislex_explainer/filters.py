"""First-layer filters as motifs (WTKO-CNN, sections 3.5 and 4.4; sites as in ExplaiNN).

Eq. 4 reads a consensus off the weights: the base with the largest weight at each position. The matrix (PFM) comes from
what the filter answers to: the words under activations above ``threshold`` × the filter's maximum over correctly
predicted sequences, counted in those sequences. Words with an N or reaching into padding are no sites.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot
from torch import Tensor

from cislex_explainer.ranking import word_indices
from cislex_explainer.sites import above

Batches = Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
"""Gives, each time it is called, batches of codes (n, L) uint8 and the targets of the same rows."""
Correct = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Logits (n, outputs) and targets → (n,) bool: predicted correctly."""


def right_class(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Correct where the class of the largest logit is the label (n,)."""
    return np.asarray(logits.argmax(axis=1) == labels)


def argmax_consensus(weight: np.ndarray) -> list[str]:
    """Eq. 4: weights (filters, 4, k) → one string per filter, the base with the largest weight at each position."""
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    return [bytes(row).decode() for row in letters[weight.argmax(axis=1)]]


@dataclass
class TopKmers:
    """Words under a filter's sites: for each word its number of sites by class and its activation.

    Without padding a filter's activation depends on the word alone, so one number per word is kept (the largest seen).
    """

    sites: dict[int, list[float]] = field(default_factory=dict)

    def add(self, words: np.ndarray, activations: np.ndarray, is_wt: np.ndarray) -> None:
        """words (m,) base-4 numbers, activations (m,), is_wt (m,) bool."""
        unique, inverse = np.unique(words, return_inverse=True)
        n_wt = np.bincount(inverse, weights=is_wt, minlength=len(unique))
        n = np.bincount(inverse, minlength=len(unique))
        best = np.full(len(unique), -np.inf)
        np.maximum.at(best, inverse, activations)
        for word, wt, total, activation in zip(unique.tolist(), n_wt, n, best, strict=True):
            held = self.sites.setdefault(word, [0.0, 0.0, -np.inf])
            held[0] += float(wt)
            held[1] += float(total - wt)
            held[2] = max(held[2], float(activation))

    def best(self, count: int) -> list[tuple[int, int, int, float]]:
        """The ``count`` words of largest activation as (word, sites in WT, sites in KO, activation)."""
        order = sorted(self.sites.items(), key=lambda item: (-item[1][2], -sum(item[1][:2]), item[0]))
        return [(word, int(wt), int(ko), activation) for word, (wt, ko, activation) in order[:count]]


@dataclass(frozen=True)
class FilterActivity:
    """What a model's filters answered to. Shapes: maximum (F,), counts (F, 4, k) int64 (each column sums to nsites),
    nsites (F,) int64, frequency_wt and frequency_ko (F,): share of all sequences of the class with at least one
    activation above the threshold (where there is no WT, ``frequency_wt`` is of all sequences); n_correct: sequences
    the model predicted correctly."""

    maximum: np.ndarray
    counts: np.ndarray
    nsites: np.ndarray
    frequency_wt: np.ndarray
    frequency_ko: np.ndarray
    kmers: list[TopKmers]
    n_correct: int


def filter_activity(
    model: Architecture,
    batches: Batches,
    wt_index: int | None,
    threshold: float,
    device: torch.device | str = "cpu",
    correct: Correct = right_class,
    inclusive: bool = False,
) -> FilterActivity:
    """Two passes over the batches: the filters' maxima over correctly predicted sequences, then sites and counts.

    ``model`` needs a first layer. A filter that is never positive has no sites. ``wt_index`` None: every sequence
    counts as of one class. ``inclusive``: an activation of exactly the threshold is a site too.
    """
    maximum, n_correct = _maxima(model, batches, correct, device)
    n_filters, _, k = model.require_first_layer().weight.shape
    cut = torch.from_numpy(np.where(maximum > 0, threshold * maximum, np.inf)).to(device, torch.float32)
    counts = np.zeros((n_filters, 4, k), dtype=np.int64)
    active, seen = np.zeros((2, n_filters), dtype=np.int64), np.zeros(2, dtype=np.int64)
    kmers = [TopKmers() for _ in range(n_filters)]
    left = model.first_layer_left_padding_bp
    for codes, labels in batches():
        activations, logits = _forward(model, codes, device)
        answers = above(activations, cut, inclusive)
        is_wt = np.ones(len(labels), dtype=bool) if wt_index is None else labels == wt_index
        hit = answers.any(dim=2).cpu().numpy()
        for index, chosen in enumerate((is_wt, ~is_wt)):
            active[index] += hit[chosen].sum(axis=0)
            seen[index] += int(chosen.sum())
        right = correct(logits.cpu().numpy(), labels)
        words, clean = _words(codes, k, left, activations.shape[2])
        usable = torch.from_numpy(clean & right[:, None]).to(device)
        row, filter_index, position = (t.cpu().numpy() for t in (answers & usable[:, None, :]).nonzero(as_tuple=True))
        values = activations[row, filter_index, position].cpu().numpy()
        found = words[row, position]
        counts += _count(found, filter_index, n_filters, k)
        order = np.argsort(filter_index, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(filter_index[order])) + 1):
            if part.size:
                kmers[filter_index[part[0]]].add(found[part], values[part], is_wt[row[part]])
    frequency = active / np.maximum(seen, 1)[:, None]
    return FilterActivity(maximum, counts, counts[:, :, 0].sum(axis=1), frequency[0], frequency[1], kmers, n_correct)


def _maxima(
    model: Architecture, batches: Batches, correct: Correct, device: torch.device | str
) -> tuple[np.ndarray, int]:
    maximum = np.full(model.require_first_layer().weight.shape[0], -np.inf)
    n_correct = 0
    for codes, labels in batches():
        activations, logits = _forward(model, codes, device)
        right = correct(logits.cpu().numpy(), labels)
        n_correct += int(right.sum())
        if right.any():
            chosen = activations[torch.from_numpy(right).to(device)]
            maximum = np.maximum(maximum, chosen.amax(dim=(0, 2)).cpu().numpy())
    return maximum, n_correct


@torch.no_grad()
def _forward(model: Architecture, codes: np.ndarray, device: torch.device | str) -> tuple[Tensor, Tensor]:
    x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
    activations = model.filter_activations(x)
    return activations, model.from_filter_activations(activations)


def _words(codes: np.ndarray, k: int, left: int, positions: int) -> tuple[np.ndarray, np.ndarray]:
    """Word under each activation (n, positions) and whether it lies in the sequence and has no N."""
    words, clean = np.zeros((len(codes), positions), dtype=np.int64), np.zeros((len(codes), positions), dtype=bool)
    inner, inner_clean = word_indices(codes, k)
    words[:, left : left + inner.shape[1]] = inner
    clean[:, left : left + inner.shape[1]] = inner_clean
    return words, clean


def _count(words: np.ndarray, filter_index: np.ndarray, n_filters: int, k: int) -> np.ndarray:
    """Counts (filters, 4, k) of the bases of base-4 words (m,) under filters (m,)."""
    counts = np.empty((n_filters, 4, k), dtype=np.int64)
    for position in range(k):
        base = (words >> (2 * (k - 1 - position))) & 3
        counts[:, :, position] = np.bincount(filter_index * 4 + base, minlength=4 * n_filters).reshape(n_filters, 4)
    return counts
