"""Where a stretch of a dataset's window lies in the genome."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cislex_core.datasets import Dataset


def genomic_starts(data: Dataset, rows: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> pa.Array:
    """0-based genomic start of [starts, ends) of the windows of dataset rows (all (m,)); null where a window has no
    coordinates.

    Windows cut from a genome read the plus strand. Ready sequences are "as given": one on the minus strand runs from
    its window's end backwards.
    """
    as_given = data.artifact.manifest.semantics.get("strand") == "as given"
    facts = data.rows.take(pa.array(rows, pa.int64()))
    columns = (facts[name].to_pylist() for name in ("start", "end", "strand"))
    places = [
        None if left is None else (right - int(end) if as_given and strand == "-" else left + int(start))
        for left, right, strand, start, end in zip(*columns, starts, ends, strict=True)
    ]
    return pa.array(places, pa.int64())
