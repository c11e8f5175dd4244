"""Small sketches of sequences, made while their blocks pass by: equal sets of k-mers give equal sketches.

A k-mer is canonical: the smaller of it and its reverse complement, so a sequence and its reverse complement have one
sketch. A sketch holds the minimum of each of ``LANES`` hash functions over the sequence's canonical k-mers (Broder
1997): two sequences agree in a lane with a probability equal to the Jaccard index of their sets.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cislex_core.sequences import N_CODE

K = 12
LANES = 24
_CHUNK_BYTES = 1 << 18
_MAX_THREADS = 4
_CHUNK_WORDS = 100_000
_SEED = 20260612


def canonical_words(codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Canonical k-mers of codes (length, m), one sequence a column: (length − k + 1, m) uint32, k ≤ 16.

    The second array marks k-mers that contain N; None where no sequence has any.
    """
    unknown = codes == N_CODE
    has_n = bool(unknown.any())
    known = np.where(unknown, np.uint8(0), codes) if has_n else codes
    part = (known, known ^ np.uint8(3), 1)
    whole: _Words | None = None
    while True:
        if k & part[2]:
            whole = part if whole is None else _join(whole, part)
        if part[2] * 2 > k:
            break
        part = _join(part, part)
    assert whole is not None
    words = np.minimum(whole[0], whole[1]).astype(np.uint32, copy=False)
    if not has_n:
        return words, None
    total = np.zeros((codes.shape[0] + 1, codes.shape[1]), dtype=np.int32)
    np.cumsum(unknown, axis=0, out=total[1:])
    return words, total[k:] > total[:-k]


#: Words of one length, their reverse complements, and the length; in the narrowest type that holds two bits a base.
_Words = tuple[np.ndarray, np.ndarray, int]


def _join(first: _Words, second: _Words) -> _Words:
    """Words of length a + b from words of length a and, a positions on, of length b."""
    a, b = first[2], second[2]
    n = first[0].shape[0] - b
    bits = 2 * (a + b)
    dtype: Any = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    forward = first[0][:n].astype(dtype) << dtype(2 * b)
    forward |= second[0][a : a + n]
    backward = second[1][a : a + n].astype(dtype) << dtype(2 * a)
    backward |= first[1][:n]
    return forward, backward, a + b


def _mix(words: np.ndarray) -> np.ndarray:
    """A bijection of uint32 that spreads every bit (the finaliser of MurmurHash3 without its last steps)."""
    mixed = words * np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x85EBCA77)
    mixed ^= mixed >> np.uint32(13)
    return mixed


@dataclass
class Sketches:
    """Sketches of n sequences of one width; fill with ``tap``.

    ``lanes``: (n, LANES) uint16, the minima; ``prints``: (n,) uint64, equal for a sequence and its reverse
    complement; ``has_kmers``: (n,) bool, false where every k-mer contains N.
    """

    n: int
    width: int
    lanes: np.ndarray = field(init=False)
    prints: np.ndarray = field(init=False)
    has_kmers: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = np.zeros((self.n, LANES), dtype=np.uint16)
        self.prints = np.zeros(self.n, dtype=np.uint64)
        self.has_kmers = np.ones(self.n, dtype=bool)
        rng = np.random.default_rng(_SEED)
        self._factors = rng.integers(0, 2**16, LANES, dtype=np.uint16) | np.uint16(1)
        self._offsets = rng.integers(0, 2**16, LANES, dtype=np.uint16)
        self._weights = rng.integers(0, 2**63, -(-self.width // 8), dtype=np.uint64) | np.uint64(1)

    @property
    def k(self) -> int:
        """Length of the k-mers: 12, or the width where that is shorter."""
        return min(K, self.width)

    def tap(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the blocks (m, width) of codes as they come, which MUST not be changed, and sketch them meanwhile.

        Threads do it (numpy lets go of the interpreter), a few blocks behind at most; all are done at the end.
        """
        done = 0
        n_threads = min(_MAX_THREADS, len(os.sched_getaffinity(0)))
        with ThreadPoolExecutor(n_threads, thread_name_prefix="sketches") as pool:
            waiting: deque[Future[None]] = deque()
            for block in blocks:
                waiting.append(pool.submit(self._sketch_block, block, done))
                done += block.shape[0]
                yield block
                while len(waiting) > n_threads:
                    waiting.popleft().result()
            for future in waiting:
                future.result()

    def _sketch_block(self, block: np.ndarray, first: int) -> None:
        step = max(16, _CHUNK_BYTES // self.width)
        for start in range(0, block.shape[0], step):
            part = np.ascontiguousarray(block[start : start + step])
            self._sketch(part, slice(first + start, first + start + part.shape[0]))

    def _sketch(self, codes: np.ndarray, rows: slice) -> None:
        backward = codes[:, ::-1] ^ np.uint8(3)
        backward -= (backward >> 2) * np.uint8(3)  # N, 4, became 7
        self.prints[rows] = np.minimum(self._print(codes), self._print(backward))
        step = max(64, _CHUNK_WORDS // self.width)
        for start in range(0, codes.shape[0], step):
            part = codes[start : start + step]
            here = slice(rows.start + start, rows.start + start + part.shape[0])
            words, with_n = canonical_words(np.ascontiguousarray(part.T), self.k)
            mixed = _mix(words)
            if with_n is not None:
                first = np.argmin(with_n, axis=0)
                self.has_kmers[here] = ~with_n.all(axis=0)
                mixed = np.where(with_n, mixed[first, np.arange(mixed.shape[1])], mixed)
            halves = mixed.astype(np.uint16), (mixed >> np.uint32(16)).astype(np.uint16)
            product = np.empty_like(halves[0])
            minima = np.empty((LANES, part.shape[0]), dtype=np.uint16)
            for lane, (offset, factor) in enumerate(zip(self._offsets, self._factors, strict=True)):
                # Without the offset a half of 0 would be the minimum of every lane.
                np.bitwise_xor(halves[lane % 2], offset, out=product)
                np.multiply(product, factor, out=product)
                product.min(axis=0, out=minima[lane])
            self.lanes[here] = minima.T

    def _print(self, codes: np.ndarray) -> np.ndarray:
        """A linear hash of eight bases a word; equal prints are compared base by base before anything is said."""
        whole = self.width // 8 * 8
        head = np.ascontiguousarray(codes[:, :whole]).view(np.uint64)
        total = (head * self._weights[: whole // 8]).sum(axis=1, dtype=np.uint64)
        if whole < self.width:
            tail = np.zeros((codes.shape[0], 8), dtype=np.uint8)
            tail[:, : self.width - whole] = codes[:, whole:]
            total += tail.view(np.uint64)[:, 0] * self._weights[-1]
        return np.asarray(total)
