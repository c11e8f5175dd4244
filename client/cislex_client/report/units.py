"""A network's units as a reader meets them: their motif, the name they go by, what they speak for and how loudly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cislex_core.motifs import Motif

from cislex_client.report.findings import matches_by_query
from cislex_client.report.results import Results, number_or


@dataclass
class Unit:
    """One unit of one seed. ``name``: ``CTCF-like`` after its best match at q ≤ 0.05, else "". ``importance``: the
    median of output × weight for ``output``, the class or task it matters most to."""

    id: str
    seed: int
    rank: int
    output: str
    importance: float
    nsites: int
    consensus: str
    information_bits: float
    motif: Motif | None = None
    match: dict[str, Any] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``X-like``, or "" where nothing known is alike."""
        if self.match is None:
            return ""
        return f"{self.match.get('target_name') or self.match.get('target')}-like"

    @property
    def label(self) -> str:
        """The name with the unit's id, or the id alone."""
        return f"{self.name} ({self.id})" if self.name else self.id


def units(results: Results) -> list[Unit]:
    """All units in order of rank within their seed, seeds in turn; [] when there are none."""
    table = results.table("units.tsv")
    if table is None:
        return []
    motifs = results.motifs("units.meme")
    named = matches_by_query(results, "unit_matches.tsv")
    weights: dict[str, list[dict[str, Any]]] = {}
    by_output = results.table("importance.tsv")
    for row in by_output.rows() if by_output else ():
        weights.setdefault(str(row.get("unit_id")), []).append(row)
    found = []
    for row in table.rows():
        id = str(row.get("unit_id"))
        best = next(iter(named.get(id, [])), None)
        output, importance = _spoken_for(str(row.get("best_output") or ""), number_or(row.get("best_importance"), 0.0))
        found.append(
            Unit(
                id=id,
                seed=int(number_or(row.get("seed"), 0.0)),
                rank=int(number_or(row.get("rank"), 0.0)),
                output=output,
                importance=importance,
                nsites=int(number_or(row.get("nsites"), 0.0)),
                consensus=str(row.get("consensus") or ""),
                information_bits=number_or(row.get("information_bits"), 0.0),
                motif=motifs.get(id),
                match=best if best and best.get("significant") is True else None,
                rows=weights.get(id, []),
            )
        )
    found.sort(key=lambda unit: (unit.rank, unit.seed))
    return found


def _spoken_for(output: str, importance: float) -> tuple[str, float]:
    """Of two classes ``WT - KO`` is weighed: the sign says for which of them the unit speaks, the size how loudly."""
    positive, minus, negative = output.partition(" - ")
    if not minus:
        return output, importance
    return (positive if importance >= 0 else negative), abs(importance)


def outputs(results: Results) -> list[str]:
    """Classes or tasks in the order of the heat map, else of the importance table."""
    ordered = results.json("heatmap.json").get("outputs")
    if isinstance(ordered, list) and ordered:
        return [str(name) for name in ordered]
    table = results.table("importance.tsv")
    return list(dict.fromkeys(str(name) for name in table.get("output"))) if table else []
