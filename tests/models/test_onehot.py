"""One-hot on the device equals the core's, and reverse complement is an involution that flips both axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cislex_core.sequences import encode
from cislex_core.sequences import one_hot as core_one_hot
from cislex_models.onehot import one_hot, reverse_complement, reverse_complement_codes

CODES = torch.from_numpy(np.stack([encode("ACGTN"), encode("NNTGA")]))


def test_rows_are_acgt_and_n_is_zeros() -> None:
    x = one_hot(CODES)
    assert x[0].tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert x.dtype == torch.float32
    assert x.is_contiguous()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64])
def test_equals_the_core_for_any_integer_type(dtype: torch.dtype) -> None:
    codes = np.random.default_rng(0).integers(0, 5, (13, 57)).astype(np.uint8)
    np.testing.assert_array_equal(one_hot(torch.from_numpy(codes).to(dtype)).numpy(), core_one_hot(codes))


def test_is_a_leaf_that_takes_gradients() -> None:
    x = one_hot(CODES).requires_grad_()
    (x * torch.arange(5)).sum().backward()
    assert x.grad is not None
    assert x.grad[0, 0].tolist() == [0, 1, 2, 3, 4]


def test_reverse_complement_of_codes_and_one_hot_agree() -> None:
    assert torch.equal(one_hot(reverse_complement_codes(CODES)), reverse_complement(one_hot(CODES)))
    assert reverse_complement_codes(CODES).tolist() == [[4, 0, 1, 2, 3], [3, 1, 0, 4, 4]]
    assert torch.equal(reverse_complement_codes(reverse_complement_codes(CODES)), CODES)


def test_wrong_shape_says_so() -> None:
    with pytest.raises(ValueError, match=r"\(n, length\), got \(5,\)"):
        one_hot(CODES[0])
