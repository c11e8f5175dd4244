"""What TF-MoDISco takes, estimated before it starts.

Three tracks (one-hot, hypothetical and projected scores, float32, with a copy of each while they are put in order) grow
with the bases read; the affinities of each seqlet with its 500 nearest neighbours, their graph and its clustering with
the seqlets. The two constants come from measured runs (docs/methods.md) and are rounded up.
"""

from __future__ import annotations

_BASE = 700 * 2**20
_PER_BASE = 4 * 4 * 6
_PER_SEQLET = 100_000


def estimated_bytes(shape: tuple[int, ...], n_seqlets: int) -> int:
    """Bytes for tracks of ``shape`` (n, length, 4) and at most ``n_seqlets`` seqlets of one sign."""
    return _BASE + _PER_BASE * shape[0] * shape[1] + _PER_SEQLET * n_seqlets


def seqlets_that_fit(shape: tuple[int, ...], limit_bytes: int) -> int:
    """The largest max_seqlets whose estimate is at most ``limit_bytes``; 0 where the tracks alone do not fit."""
    return max(0, (limit_bytes - estimated_bytes(shape, 0)) // _PER_SEQLET)
