"""First-layer filters that start as known motifs (Novakovsky et al. 2023, "Plug-and-play"; after DanQ).

A filter's weight is the motif's probability minus 0.25: an uninformative position weighs nothing. Works for every
architecture with a first layer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.motifs import Motif

from cislex_models.base import Architecture

FLAT = 0.25


def resized(motif: Motif, width: int) -> npt.NDArray[np.float64]:
    """Probabilities (width, 4): flat columns added on both sides (the odd one on the right), or the most informative
    stretch of a wider motif, the first of equals. The paper says only that profiles were resized to 19 bp.
    """
    matrix = motif.probabilities
    missing = width - len(matrix)
    if missing >= 0:
        out = np.full((width, 4), FLAT)
        start = missing // 2
        out[start : start + len(matrix)] = matrix
        return out
    sums = np.convolve(motif.information_content(), np.ones(width), mode="valid")
    start = int(np.argmax(np.round(sums, 9)))
    return matrix[start : start + width].copy()


def both_orientations(motifs: Sequence[Motif]) -> list[Motif]:
    """Each motif followed by its reverse complement: filter 2i reads motif i, filter 2i + 1 its other strand."""
    return [oriented for motif in motifs for oriented in (motif, motif.reverse_complement())]


def initial_matrices(motifs: Sequence[Motif], width: int) -> npt.NDArray[np.float64]:
    """(motifs, width, 4) probabilities: what the filters start as, for comparing them with what they became."""
    return np.stack([resized(motif, width) for motif in motifs]) if motifs else np.empty((0, width, 4))


@torch.no_grad()
def set_filters(model: Architecture, motifs: Sequence[Motif]) -> npt.NDArray[np.float64]:
    """Let filter i of the first layer start as motif i; further filters, and all that follows, stay as they are.

    Filters that are set get a bias of 0. Answers their matrices (motifs, kernel, 4). Raises INVALID_REQUEST when there
    are no motifs, more of them than filters, or no first layer.
    """
    layer = model.require_first_layer()
    n_filters, _, width = layer.weight.shape
    if not 0 < len(motifs) <= n_filters:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{len(motifs)} motifs cannot start the {n_filters} filters of {model.name}; give 1 to {n_filters} (each "
            "orientation takes a filter), or build the model with more filters",
            field="options",
            n_motifs=len(motifs),
            n_filters=n_filters,
        )
    matrices = initial_matrices(motifs, width)
    layer.weight[: len(motifs)] = torch.from_numpy(matrices.transpose(0, 2, 1) - FLAT).to(layer.weight)
    if layer.bias is not None:
        layer.bias[: len(motifs)] = 0.0
    return matrices


def freeze_filters(model: Architecture) -> None:
    """Take the whole first layer out of training. Its batch normalisation goes on measuring what the filters say."""
    model.require_first_layer().requires_grad_(False)
