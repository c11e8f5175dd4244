"""DNA as uint8 codes A0 C1 G2 T3 N4, and what is done to codes: complement, GC share, one-hot, shuffles.

Letters are upper-cased; IUPAC letters other than A, C, G, T (and U, read as T) become N. Codes are stored, never
one-hot: one-hot float32 of shape (n, 4, length), rows A C G T, N all zeros, is made where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, Final

import numpy as np

from cislex_core.errors import Reason, UserError

ALPHABET: Final = "ACGT"
LETTERS: Final = "ACGTN"
N_CODE: Final = 4

_INVALID: Final = 255
_IUPAC: Final = b"RYSWKMBDHVNX"


def _encode_table() -> bytes:
    table = bytearray([_INVALID]) * 256
    for letter in _IUPAC:
        table[letter] = table[letter + 32] = N_CODE
    table[ord(".")] = table[ord("-")] = N_CODE
    for code, letter in enumerate(b"ACGT"):
        table[letter] = table[letter + 32] = code
    table[ord("U")] = table[ord("u")] = 3
    return bytes(table)


ENCODE_TABLE: Final = _encode_table()
"""256 bytes: ASCII letter → code; 255 marks a byte that is no nucleotide letter."""

_DECODE_TABLE: Final = bytes(b"ACGTN"[i] if i < 5 else ord("?") for i in range(256))
_COMPLEMENT_TABLE: Final = bytes([3, 2, 1, 0, *range(4, 256)])
_COMPLEMENT: Final = np.frombuffer(_COMPLEMENT_TABLE, dtype=np.uint8)


def encode(sequence: str | bytes | bytearray | memoryview, *, strict: bool = True) -> np.ndarray:
    """Codes (length,) uint8 of one sequence, read-only.

    Raises INVALID_FASTA naming the first letter that is no IUPAC nucleotide and its 1-based position; with
    ``strict=False`` such letters become N.
    """
    if isinstance(sequence, str):
        try:
            data = sequence.encode("ascii")
        except UnicodeEncodeError as error:
            raise _bad_letter(sequence[error.start], error.start) from None
    else:
        data = bytes(sequence)
    codes = np.frombuffer(data.translate(ENCODE_TABLE), dtype=np.uint8)
    if codes.size and codes.max() == _INVALID:
        if strict:
            at = int(np.argmax(codes == _INVALID))
            raise _bad_letter(chr(data[at]), at)
        codes = np.minimum(codes, N_CODE)
    return codes


def encode_batch(sequences: Sequence[str], length: int | None = None, pad: str = "center") -> np.ndarray:
    """Codes (n, length) uint8 of many sequences; ``length`` defaults to the longest.

    Shorter ones are padded with N around them (``pad="center"``; the extra base goes to the end) or after them
    (``"end"``). Longer ones are cut to their centre (``"center"``) or their beginning (``"end"``).
    """
    sizes = {len(s) for s in sequences}
    width = max(sizes, default=0) if length is None else length
    if sizes == {width} and width:
        return _encode_equal(sequences, width)
    out = np.full((len(sequences), width), N_CODE, dtype=np.uint8)
    for row, sequence in zip(out, sequences, strict=True):
        row[:] = fit(encode(sequence), width, pad)
    return out


def _encode_equal(sequences: Sequence[str], width: int) -> np.ndarray:
    """Sequences of one length in one pass; the answer is read-only."""
    try:
        return encode("".join(sequences)).reshape(len(sequences), width)
    except UserError:
        for sequence in sequences:
            encode(sequence)  # raises with the position in its own sequence
        raise


def fit(codes: np.ndarray, length: int, pad: str = "center") -> np.ndarray:
    """One sequence's codes brought to ``length``: padded with N or cut, about the centre or at the end."""
    surplus = codes.size - length
    if surplus == 0:
        return codes
    if surplus > 0:
        start = surplus // 2 if pad == "center" else 0
        return codes[start : start + length]
    out = np.full(length, N_CODE, dtype=np.uint8)
    start = -surplus // 2 if pad == "center" else 0
    out[start : start + codes.size] = codes
    return out


def decode(codes: np.ndarray) -> str:
    """The upper-case string of codes (length,)."""
    return np.ascontiguousarray(codes, dtype=np.uint8).tobytes().translate(_DECODE_TABLE).decode("ascii")


def decode_batch(codes: np.ndarray) -> list[str]:
    """Upper-case strings of codes (n, length)."""
    n, length = codes.shape
    text = decode(codes.reshape(-1))
    return [text[i * length : (i + 1) * length] for i in range(n)]


def reverse_complement(codes: np.ndarray) -> np.ndarray:
    """Reverse complement along the last axis of codes (..., length); N stays N."""
    return _COMPLEMENT[codes[..., ::-1]]


def reverse_complement_str(sequence: str) -> str:
    """Reverse complement of a string, upper-case."""
    return decode(reverse_complement(encode(sequence)))


def base_counts(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G and C, N) along the last axis of codes, int64: counted eight bases at a time, in the bits of 64-bit words.

    (code + 1) & 2 is set for C and G alone, code & 4 for N alone.
    """
    codes = np.asarray(codes, dtype=np.uint8)
    whole = codes.shape[-1] // 8 * 8
    head = np.ascontiguousarray(codes[..., :whole]).view(np.uint64)
    tail = codes[..., whole:]
    strong = np.bitwise_count((head + np.uint64(0x0101010101010101)) & np.uint64(0x0202020202020202))
    unknown = np.bitwise_count(head & np.uint64(0x0404040404040404))
    n_strong = strong.sum(axis=-1, dtype=np.int64) + np.count_nonzero((tail + np.uint8(1)) & 2, axis=-1)
    return n_strong, unknown.sum(axis=-1, dtype=np.int64) + np.count_nonzero(tail & 4, axis=-1)


def gc(codes: np.ndarray) -> np.ndarray:
    """Share of G and C among the known bases along the last axis, float64; NaN where every base is N."""
    strong, unknown = base_counts(codes)
    return gc_of_counts(strong, unknown, codes.shape[-1])


def gc_of_counts(strong: np.ndarray, unknown: np.ndarray, length: int) -> np.ndarray:
    """GC share from ``base_counts`` of sequences of ``length``."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.true_divide(strong, length - unknown))


def n_fraction(codes: np.ndarray) -> np.ndarray:
    """Share of N along the last axis, float64."""
    return np.asarray(base_counts(codes)[1] / max(codes.shape[-1], 1))


_BLOCK: Final = 1 << 16


def one_hot(codes: np.ndarray, dtype: Any = np.float32) -> np.ndarray:
    """One-hot of codes: (length,) → (4, length), (n, length) → (n, 4, length). Rows A C G T; N is all zeros.

    Works in blocks that stay in cache; a byte-sized ``dtype`` is written by comparison alone.
    """
    codes = np.asarray(codes, dtype=np.uint8)
    single = codes.ndim == 1
    rows = codes[None] if single else codes
    out = np.empty((rows.shape[0], 4, rows.shape[1]), dtype=dtype)
    target = out.view(np.bool_) if out.dtype.itemsize == 1 else out
    n, length = rows.shape
    step = max(1, _BLOCK // max(length, 1))
    if length > _BLOCK:
        for row in range(n):
            for start in range(0, length, _BLOCK):
                _compare(rows[row, start : start + _BLOCK], target[row, :, start : start + _BLOCK])
    else:
        for start in range(0, n, step):
            block = rows[start : start + step]
            for channel in range(4):
                target[start : start + step, channel] = block == channel
    return out[0] if single else out


def _compare(block: np.ndarray, target: np.ndarray) -> None:
    for channel in range(4):
        target[channel] = block == channel


def from_one_hot(array: np.ndarray, order: str = ALPHABET) -> np.ndarray:
    """Codes (n, length) of one-hot (n, 4, length) whose rows follow ``order``; columns without a 1 become N."""
    permutation = np.array([ALPHABET.index(letter) for letter in order], dtype=np.uint8)
    codes = permutation[np.argmax(array, axis=-2)]
    return np.where(np.max(array, axis=-2) > 0, codes, np.uint8(N_CODE))


def dinucleotide_counts(codes: np.ndarray) -> np.ndarray:
    """Counts (4, 4) of adjacent known bases in codes (length,)."""
    known = (codes[:-1] < N_CODE) & (codes[1:] < N_CODE)
    pairs = codes[:-1][known].astype(np.int64) * 4 + codes[1:][known]
    return np.bincount(pairs, minlength=16).reshape(4, 4)


def dinucleotide_shuffle(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A uniformly random sequence with exactly the same dinucleotide counts (Altschul & Erickson 1985).

    codes: (length,) or (n, length) uint8; the answer has the same shape. First and last base stay. Positions of N
    stay N; each run of known bases between them is shuffled on its own. All rows of a batch walk at once.
    """
    rows = np.array(codes, dtype=np.uint8, ndmin=2)
    clean = ~(rows == N_CODE).any(axis=1)
    if clean.any():
        rows[clean] = _shuffle_known(rows[clean], rng)
    for row in np.flatnonzero(~clean):
        for start, stop in _known_runs(rows[row]):
            rows[row, start:stop] = _shuffle_known(rows[row, None, start:stop], rng)[0]
    return rows.reshape(np.shape(codes))


def _known_runs(codes: np.ndarray) -> Iterable[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (codes < N_CODE).view(np.int8), [0]))))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _trees() -> np.ndarray:
    """(4, 16, 4): for each root, the 16 trees on four letters as parent of each letter (the root's parent: itself)."""
    trees = [
        [
            parents
            for parents in product(range(4), repeat=4)
            if parents[root] == root and all(_reaches(parents, node, root) for node in range(4))
        ]
        for root in range(4)
    ]
    return np.array(trees)


def _reaches(parents: Sequence[int], node: int, root: int) -> bool:
    for _ in range(4):
        if node == root:
            return True
        node = parents[node]
    return node == root


_TREES: Final = _trees()


def _shuffle_known(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n, length = rows.shape
    if length < 4:
        return rows
    index = np.arange(n)
    counts = np.zeros((n, 4, 4))
    np.add.at(counts, (index[:, None], rows[:, :-1], rows[:, 1:]), 1)
    last = rows[:, -1].astype(np.int64)
    # The last exits of the letters form a tree towards the last letter; its weight is the product of the exits' counts.
    weights = np.where(counts.sum(axis=2, keepdims=True) > 0, counts, 0.25)
    trees = _TREES[last]  # (n, 16, 4)
    exits = np.take_along_axis(weights[:, None], trees[..., None], axis=3)[..., 0]  # (n, 16, 4)
    exits[index, :, last] = 1.0
    share = np.cumsum(exits.prod(axis=2), axis=1)
    chosen = (share < (rng.random(n) * share[:, -1])[:, None]).sum(axis=1)
    parent = trees[index, np.minimum(chosen, 15)]  # (n, 4)

    # Random order of each letter's exits, with one exit to its parent moved to the end.
    key = rng.random((n, length - 1))
    is_exit = (rows[:, 1:] == parent[index[:, None], rows[:, :-1]]) & (rows[:, :-1] != last[:, None])
    for letter in range(4):
        candidates = np.where(is_exit & (rows[:, :-1] == letter), key, -1.0)
        best = candidates.argmax(axis=1)
        has = candidates[index, best] >= 0
        key[index[has], best[has]] = 2.0
    order = np.argsort(key + 4.0 * rows[:, :-1], axis=1)
    successors = np.take_along_axis(rows[:, 1:], order, axis=1)
    out_degree = counts.sum(axis=2).astype(np.int64)
    cursor = np.zeros((n, 4), dtype=np.int64)
    cursor[:, 1:] = np.cumsum(out_degree, axis=1)[:, :-1]

    out = np.empty_like(rows)
    out[:, 0] = node = rows[:, 0]
    for position in range(1, length):
        at = cursor[index, node]
        cursor[index, node] += 1
        out[:, position] = node = successors[index, at]
    return out


def _bad_letter(letter: str, at: int) -> UserError:
    return UserError(
        Reason.INVALID_FASTA,
        f"{letter!r} at position {at + 1} of the sequence is no nucleotide letter; allowed are A, C, G, T, U, N and "
        "the other IUPAC codes, in either case",
        letter=letter,
        position=at + 1,
    )
