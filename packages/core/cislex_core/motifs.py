"""A motif: a column of base probabilities per position, with what is known about where it came from.

Matrices are (width, 4) float64 in the order A, C, G, T; each row sums to 1. Nothing here reads files
(see ``motif_files``) and nothing here needs more than numpy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

ALPHABET = "ACGT"
FloatArray = npt.NDArray[np.float64]

# MEME Suite's default for a matrix whose number of sites is unknown.
DEFAULT_NSITES = 20.0

IUPAC: dict[frozenset[str], str] = {
    frozenset(bases): code
    for code, bases in {
        "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
        "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
    }.items()
}  # fmt: skip


def _uniform() -> FloatArray:
    return np.full(4, 0.25)


@dataclass(frozen=True, eq=False)
class Motif:
    """One motif.

    id: unique within a set, no white space. name: what people call it (a TF, a consensus), may be "".
    probabilities: (w, 4) float64, rows sum to 1 (checked). nsites: number of sites behind the matrix, 0 = unknown.
    evalue: E of its discovery, 0.0 where the source states none or the number is below 1e-308 (then ``log10_evalue``
    still holds it). background: (4,) letter frequencies the matrix is judged against. counts: (w, 4) as given by the
    source, or None; ``count_matrix`` derives them.
    """

    id: str
    probabilities: FloatArray
    name: str = ""
    nsites: float = 0.0
    evalue: float = 0.0
    background: FloatArray = field(default_factory=_uniform)
    counts: FloatArray | None = None
    log10_evalue: float | None = None

    def __post_init__(self) -> None:
        probabilities = np.array(self.probabilities, dtype=np.float64)
        if probabilities.ndim != 2 or probabilities.shape[1] != 4 or len(probabilities) == 0:
            raise ValueError(f"motif {self.id!r}: a matrix of shape (width, 4) is needed, got {probabilities.shape}")
        if not np.isfinite(probabilities).all() or (probabilities < 0).any():
            raise ValueError(f"motif {self.id!r}: probabilities must be finite and not negative")
        if np.abs(probabilities.sum(axis=1) - 1.0).max() > 1e-6:
            raise ValueError(f"motif {self.id!r}: each row must sum to 1")
        background = np.array(self.background, dtype=np.float64)
        if background.shape != (4,) or not (background > 0).all():
            raise ValueError(f"motif {self.id!r}: the background needs four positive frequencies")
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "background", background / background.sum())
        if self.counts is not None:
            object.__setattr__(self, "counts", np.array(self.counts, dtype=np.float64))

    @classmethod
    def from_counts(
        cls,
        id: str,
        counts: npt.ArrayLike,
        *,
        name: str = "",
        nsites: float | None = None,
        evalue: float = 0.0,
        background: npt.ArrayLike | None = None,
        log10_evalue: float | None = None,
    ) -> Motif:
        """From a (w, 4) count matrix; a row without any count becomes flat; ``nsites`` defaults to the largest sum."""
        matrix = np.array(counts, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != 4 or len(matrix) == 0:
            raise ValueError(f"motif {id!r}: a matrix of shape (width, 4) is needed, got {matrix.shape}")
        totals = matrix.sum(axis=1, keepdims=True)
        probabilities = np.where(totals > 0, matrix / np.where(totals > 0, totals, 1.0), 0.25)
        return cls(
            id=id,
            probabilities=probabilities,
            name=name,
            nsites=float(totals.max()) if nsites is None else float(nsites),
            evalue=evalue,
            background=_uniform() if background is None else np.asarray(background, dtype=np.float64),
            counts=matrix,
            log10_evalue=log10_evalue,
        )

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.probabilities)

    @property
    def label(self) -> str:
        """The name, or the id where there is none."""
        return self.name or self.id

    def count_matrix(self) -> FloatArray:
        """(w, 4) counts: the source's own, else probabilities × nsites (20 where nsites is unknown)."""
        if self.counts is not None:
            return self.counts.copy()
        return self.probabilities * (self.nsites or DEFAULT_NSITES)

    def information_content(self, small_sample: bool = False) -> FloatArray:
        """(w,) bits per position, 2 − H (Schneider et al. 1986), as a logo shows it.

        With ``small_sample`` the correction e(n) = 3 / (2 ln 2 · nsites) is subtracted, never below 0; it needs a known
        nsites and is left out otherwise.
        """
        p = self.probabilities
        bits = 2.0 + np.where(p > 0, p * np.log2(np.where(p > 0, p, 1.0)), 0.0).sum(axis=1)
        if small_sample and self.nsites > 0:
            bits = bits - 3.0 / (2.0 * math.log(2.0) * self.nsites)
        return np.clip(bits, 0.0, 2.0)

    @property
    def information_bits(self) -> float:
        """Sum of ``information_content()`` without correction."""
        return float(self.information_content().sum())

    def relative_entropy(self) -> FloatArray:
        """(w,) bits per position against the motif's own background (Kullback–Leibler)."""
        p = self.probabilities
        return np.where(p > 0, p * np.log2(np.where(p > 0, p, 1.0) / self.background), 0.0).sum(axis=1)

    def consensus(self, iupac: bool = True) -> str:
        """The consensus string.

        iupac: one letter where its share is > 0.5 and at least twice the second's; two letters where they hold > 0.75
        together; three where the fourth never occurs; else N (Cavener 1987). Otherwise the most frequent base at
        each position, the first of A, C, G, T on a tie, N where all four are equal.
        """
        return "".join(_letter(row) if iupac else _plain_letter(row) for row in self.probabilities)

    def reverse_complement(self) -> Motif:
        """The same motif read on the other strand; id, name and all else stay."""
        counts = None if self.counts is None else self.counts[::-1, ::-1]
        return replace(
            self, probabilities=self.probabilities[::-1, ::-1], counts=counts, background=self.background[::-1].copy()
        )

    def pwm(self, pseudocount: float = 0.1, background: npt.ArrayLike | None = None) -> FloatArray:
        """(w, 4) log2 odds: log2 of (nsites·p + pseudocount·b) / (nsites + pseudocount) / b.

        ``background`` b: (4,), default the motif's own. nsites unknown counts as 20. Finite for pseudocount > 0.
        """
        b = self.background if background is None else np.asarray(background, dtype=np.float64)
        n = self.nsites or DEFAULT_NSITES
        with np.errstate(divide="ignore"):
            return np.log2((n * self.probabilities + pseudocount * b) / (n + pseudocount) / b)

    def trim(self, min_bits: float = 0.25, min_width: int = 1) -> Motif:
        """Without the flanking positions whose information is below ``min_bits``; never shorter than ``min_width``."""
        bits = self.information_content()
        start, end = 0, self.width
        while end - start > min_width:
            left_low, right_low = bits[start] < min_bits, bits[end - 1] < min_bits
            if not (left_low or right_low):
                break
            if left_low and (not right_low or bits[start] <= bits[end - 1]):
                start += 1
            else:
                end -= 1
        counts = None if self.counts is None else self.counts[start:end]
        return replace(self, probabilities=self.probabilities[start:end], counts=counts)

    def renamed(self, id: str, name: str | None = None) -> Motif:
        """A copy with another id (and name)."""
        return replace(self, id=id, name=self.name if name is None else name)


def aligned_correlation(a: Motif, b: Motif, min_overlap: int = 5) -> tuple[float, int, bool]:
    """Best mean column correlation of two motifs over all shifts and both orientations of ``b``.

    Returns (mean Pearson correlation of the overlapping columns, offset of ``b``'s first column in ``a``'s coordinates,
    True when ``b`` was reverse-complemented). Columns are centred at 0.25; a flat column correlates 0 with anything.
    Alignments shorter than ``min(min_overlap, a.width, b.width)`` are not considered.
    """
    needed = min(min_overlap, a.width, b.width)
    best = (-2.0, 0, False)
    left = _standardised(a.probabilities)
    for reverse in (False, True):
        right = _standardised(b.reverse_complement().probabilities if reverse else b.probabilities)
        for offset in range(needed - b.width, a.width - needed + 1):
            lo, hi = max(0, offset), min(a.width, offset + b.width)
            if hi - lo < needed:
                continue
            score = float((left[lo:hi] * right[lo - offset : hi - offset]).sum(axis=1).mean())
            if score > best[0] + 1e-12:
                best = (score, offset, reverse)
    return best


def _standardised(probabilities: FloatArray) -> FloatArray:
    centred = probabilities - probabilities.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(norm > 1e-12, centred / np.where(norm > 1e-12, norm, 1.0), 0.0)


def _plain_letter(row: FloatArray) -> str:
    return "N" if np.ptp(row) < 1e-12 else ALPHABET[int(row.argmax())]


def _letter(row: FloatArray) -> str:
    order = np.argsort(-row, kind="stable")
    p = row[order]
    if p[0] > 0.5 and p[0] >= 2 * p[1]:
        count = 1
    elif p[0] + p[1] > 0.75:
        count = 2
    elif p[3] <= 1e-12:
        count = 3
    else:
        count = 4
    return IUPAC[frozenset(ALPHABET[i] for i in order[:count])]
