"""What the readers share: numbers, matrices of counts or probabilities, errors that name file, line and value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from cislex_core.errors import Reason, UserError
from cislex_core.motifs import Motif

# Rounded tables sum to 0.99 or 1.02; anything beyond is a broken row or counts.
SUM_TOLERANCE = 0.05

# Counts beyond it cannot be told apart by one, and their sums could become infinite.
LARGEST_COUNT = 1e15


def probabilities_of(
    matrix: npt.NDArray[np.float64], source: str, lines: Sequence[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
    """(probabilities, counts or None): rows near 1 are probabilities, rows all above 1.5 counts, a mixture is broken.

    ``lines``: the line number of each position, or of the matrix alone.
    """
    sums = matrix.sum(axis=1)
    if (np.abs(sums - 1.0) <= SUM_TOLERANCE).all():
        return matrix / sums[:, None], None
    if not (sums > 1.5).all():
        wrong = np.abs(sums - 1.0) > SUM_TOLERANCE if np.median(sums) <= 1.5 else sums <= 1.5
        bad = int(np.argmax(wrong))
        line = lines[bad] if len(lines) == len(matrix) else lines[0]
        problem = f"position {bad + 1} sums to {sums[bad]:g}: neither probabilities (1) nor counts"
        fail(source, line, " ".join(f"{v:g}" for v in matrix[bad]), problem)
    return matrix / sums[:, None], matrix


def motif_of_any(ident: str, name: str, matrix: npt.NDArray[np.float64], source: str, lines: Sequence[int]) -> Motif:
    """A motif of counts or probabilities; see ``probabilities_of`` for ``lines`` and what is refused."""
    probabilities, counts = probabilities_of(matrix, source, lines)
    if counts is None:
        return Motif(id=ident, name=name, probabilities=probabilities)
    # Written with six digits, 158 sites come back as 158.0003.
    nsites = float(counts.sum(axis=1).max())
    nsites = float(round(nsites)) if abs(nsites - round(nsites)) < 0.01 else nsites
    return Motif.from_counts(ident, counts, name=name, nsites=nsites)


def permutation(order: str) -> list[int]:
    """Columns of a matrix written in ``order`` that bring it to A, C, G, T."""
    return [order.index(base) for base in "ACGT"]


def entry(text: str, source: str, line: int) -> float:
    """A count, share or size. Raises INVALID_MOTIF_FILE unless it is finite, not negative and at most 1e15."""
    value = to_float(text, source, line)
    if not 0 <= value <= LARGEST_COUNT:
        fail(source, line, text, "the number must be finite, not negative and at most 1e15")
    return value


def to_float(text: str, source: str, line: int) -> float:
    """A number of any kind. Raises INVALID_MOTIF_FILE for other text."""
    try:
        return float(text)
    except ValueError:
        fail(source, line, text, "this is not a number")


def fail(source: str, line: int, value: str, problem: str) -> NoReturn:
    """Raise INVALID_MOTIF_FILE that names file, line and value."""
    shown = f" ({value[:80]!r})" if value else ""
    raise UserError(
        Reason.INVALID_MOTIF_FILE,
        f"{source}, line {line}{shown}: {problem}; correct the matrix or export the motif again in MEME format",
        file=source,
        line=line,
        value=value[:80],
    )
