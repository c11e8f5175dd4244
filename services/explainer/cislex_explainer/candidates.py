"""Sites noted while the maxima are still being found, so that a second pass over the sequences is seldom needed.

A filter's maximum over the correct sequences only grows, so whatever lies below the threshold of the maximum so far is
no site. What lies above is noted in a scratch file, sixteen bytes a site, and judged again at the end. Filters that
answer nearly everywhere would note nearly everything: then the notes are given up, and a second pass counts.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from cislex_core.sequences import N_CODE
from cislex_models.base import UnitReading

_SITE = np.dtype([("row", "<i4"), ("unit", "<i4"), ("position", "<i4"), ("value", "<f4")])
#: Share of activations of a batch up to which they are noted.
_MOST = 0.02
#: Share of pairs of sequence and filter up to which positions are looked at.
_MOST_PAIRS = 0.6
#: Sites judged at once.
_BLOCK = 200_000


class Candidates:
    """Sites of one model's filters. ``note`` batches in order, then ``counts``; ``complete`` says whether all are held.

    ``share``: threshold as a share of each filter's maximum. The file is removed when the context ends.
    """

    def __init__(self, path: Path, n_filters: int, share: float) -> None:
        self.complete = True
        self._path, self._share = path, share
        self._maximum = np.full(n_filters, -np.inf, dtype=np.float32)
        self._at = 0
        self._file = open(path, "wb")  # noqa: SIM115 - closed by counts or __exit__

    def note(self, reading: UnitReading, right: np.ndarray) -> None:
        """``right`` (n,) bool: which sequences of the reading were predicted correctly."""
        start, self._at = self._at, self._at + len(right)
        largest = reading.peaks.cpu().numpy()
        if not self.complete or not right.any():
            return
        self._maximum = np.maximum(self._maximum, largest[right].max(axis=0))
        cut = np.where(self._maximum > 0, np.float32(self._share) * self._maximum, np.inf).astype(np.float32)
        # few pairs of sequence and filter reach the threshold at all: only their positions are looked at
        row, unit = np.nonzero((largest >= cut) & right[:, None])
        if len(row) > _MOST_PAIRS * largest.size:
            self.complete = False
            return
        device = reading.peaks.device
        near = reading.at(torch.from_numpy(row).to(device), torch.from_numpy(unit).to(device)).cpu().numpy()
        pair, position = np.nonzero(near >= cut[unit][:, None])
        if len(pair) > _MOST * largest.size * near.shape[1]:
            self.complete = False
            return
        sites = np.empty(len(pair), dtype=_SITE)
        sites["row"], sites["unit"] = row[pair] + start, unit[pair]
        sites["position"], sites["value"] = position, near[pair, position]
        self._file.write(sites.tobytes())

    def counts(
        self, codes: np.ndarray, rows: np.ndarray, cut: np.ndarray, width: int, left_padding: int, inclusive: bool
    ) -> np.ndarray:
        """Counts (filters, 4, width) int64 of the clean words that reach ``cut`` (filters,); ``rows`` (n,) are the rows
        of codes (all, L) that were noted, in order."""
        self._file.close()
        counts = np.zeros(len(cut) * 4 * width, dtype=np.int64)
        limit, offset = cut.astype(np.float32), np.arange(width)
        with open(self._path, "rb") as file:
            while len(sites := np.fromfile(file, dtype=_SITE, count=_BLOCK)):
                reach = limit[sites["unit"]]
                begin = sites["position"] - left_padding
                kept = (sites["value"] >= reach) if inclusive else (sites["value"] > reach)
                kept &= (begin >= 0) & (begin + width <= codes.shape[1])
                words = codes[rows[sites["row"][kept]][:, None], begin[kept][:, None] + offset]
                known = (words < N_CODE).all(axis=1)
                key = (sites["unit"][kept][known, None].astype(np.int64) * 4 + words[known]) * width + offset
                counts += np.bincount(key.ravel(), minlength=len(counts))
        return counts.reshape(len(cut), 4, width)

    def __enter__(self) -> Candidates:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Close and remove the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)
