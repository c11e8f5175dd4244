"""From activations to base counts, without a loop over sequences, filters or sites.

The counts of a filter are the sum of the one-hot words under its sites. Where sites are few they are gathered and
counted by one bincount. Where they are many, the sum over all filters at once is the gradient of a convolution by its
weights, the incoming gradient being the mask of sites: one call, any width, any device. Its sums are whole numbers
below 2^24 a batch, so float32 is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from cislex_core.sequences import N_CODE
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot
from torch import Tensor
from torch.nn.grad import conv1d_weight

#: Share of activations up to which sites are gathered one by one.
_FEW = 0.02


def clean_words(codes: np.ndarray, width: int, left_padding: int, positions: int) -> np.ndarray:
    """(n, positions) bool: the word under activation i, [i − left_padding, i − left_padding + width), lies inside the
    sequence and has no N. codes: (n, L) uint8."""
    known = np.zeros((len(codes), positions), dtype=bool)
    n_words = codes.shape[1] - width + 1
    if n_words > 0:
        unknown = np.cumsum(np.pad(codes == N_CODE, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
        known[:, left_padding : left_padding + n_words] = unknown[:, width:] == unknown[:, :-width]
    return known


def site_counts(codes: Tensor, sites: Tensor, clean: Tensor, width: int, left_padding: int) -> Tensor:
    """Counts (filters, 4, width) int64 of the bases under sites (n, filters, positions) bool in codes (n, L).

    Sites whose word is not ``clean`` (n, positions) do not count. Few sites are gathered, many are counted as one
    product: each way is several times the faster where it is taken.
    """
    row, index, position = sites.nonzero(as_tuple=True)
    if len(row) > _FEW * sites.numel():
        return counts_by_product(codes, sites & clean[:, None, :], width, left_padding)
    known = clean[row, position]
    return counts_by_site(codes, (row[known], index[known], position[known]), sites.shape[1], width, left_padding)


def counts_by_site(codes: Tensor, where: tuple[Tensor, ...], n_filters: int, width: int, left_padding: int) -> Tensor:
    """``site_counts`` from the indices of clean sites: sequence, filter and position, (m,) each."""
    row, index, position = where
    offset = torch.arange(width, device=codes.device)
    bases = codes[row[:, None], position[:, None] - left_padding + offset]
    key = (index[:, None] * 4 + bases) * width + offset
    return torch.bincount(key.flatten(), minlength=n_filters * 4 * width).reshape(n_filters, 4, width)


def counts_by_product(codes: Tensor, sites: Tensor, width: int, left_padding: int) -> Tensor:
    """``site_counts`` of clean sites, as the gradient of a convolution by its weights: the incoming gradient is the
    mask."""
    right = sites.shape[2] - 1 + width - left_padding - codes.shape[1]
    padded = torch.nn.functional.pad(one_hot(codes), (left_padding, max(right, 0)))
    shape = (sites.shape[1], 4, width)
    return conv1d_weight(padded, shape, sites.to(padded.dtype)).round().to(torch.int64)


def above(activations: Tensor, cut: Tensor, inclusive: bool) -> Tensor:
    """(n, filters, positions) bool: at least (``inclusive``) or more than ``cut`` (filters,)."""
    limit = cut[None, :, None]
    return activations >= limit if inclusive else activations > limit


@torch.no_grad()
def count_sites(
    model: Architecture,
    batches: Iterable[np.ndarray],
    cut: np.ndarray,
    inclusive: bool = True,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Counts (filters, 4, width) int64 over batches of codes (n, L): each column of a filter sums to its sites.

    ``cut`` (filters,): an activation that reaches it is a site; +inf = none. Strides of one only.
    """
    layer = model.require_first_layer()
    width, left = int(layer.kernel_size[0]), model.first_layer_left_padding_bp
    limit = torch.from_numpy(cut.astype(np.float32)).to(device)
    total = torch.zeros((len(cut), 4, width), dtype=torch.int64, device=device)
    for codes in _not_empty(batches):
        batch = torch.from_numpy(np.ascontiguousarray(codes)).to(device)
        activations = model.filter_activations(one_hot(batch))
        clean = torch.from_numpy(clean_words(codes, width, left, activations.shape[2])).to(device)
        total += site_counts(batch, above(activations, limit, inclusive), clean, width, left)
    return total.cpu().numpy()


def _not_empty(batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    return (codes for codes in batches if len(codes))
