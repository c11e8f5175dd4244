"""Which filters deserve a name: those whose like is found in at least half of the seeds.

A first layer has 64 filters and five seeds 320: at q ≤ 0.01 per filter some of them resemble a known motif by chance.
WTKO-CNN keeps what is "consistently detected in multiple models"; so do the report and the demo's score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def n_seeds(filters: Iterable[Mapping[str, Any]]) -> int:
    """Number of seeds that the rows of filters.tsv come from; at least 1."""
    return max(1, len({str(row.get("seed")) for row in filters}))


def recurs(group: Mapping[str, Any], seeds: int) -> bool:
    """True when a row of filter_groups.tsv holds filters of at least half of ``seeds`` (3 of 5)."""
    found = group.get("n_seeds")
    return found is not None and found != "" and 2 * float(found) >= seeds
