"""What the synthetic result folders are made of: their kinds, tables, scores and matrices."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cislex_core.motifs import Motif

CHROMS = ("chr1", "chr2", "chr3", "chr4", "chr5", "chr6", "chr7")
SPLIT = {"chr6": "test", "chr7": "test", "chr2": "validation"}
FAMILIES = {
    "RELA": ("MA0107.1", "NF-kappaB-related factors", "Rel homology region (RHR) factors", "WT", "GGGAATTTCC"),
    "FOS::JUN": ("MA0099.3", "Fos-related; Jun-related", "Basic leucine zipper factors (bZIP)", "KO", "ATGAGTCATG"),
    "SP1": ("MA0079.5", "Three-zinc finger Kruppel-related", "C2H2 zinc finger factors", "both", "GGGGCGGGGC"),
}
MATCH_COLUMNS = [
    "query",
    "query_source",
    "target",
    "target_name",
    "tf_family",
    "tf_class",
    "pvalue",
    "evalue",
    "qvalue",
    "offset",
    "overlap",
    "orientation",
    "query_consensus",
    "target_consensus",
    "rank",
    "significant",
]


@dataclass
class Shape:
    """What kind of folder to write."""

    n_per_class: int = 150
    window: int = 300
    seeds: int = 3
    epochs: int = 14
    clusters: int = 6
    strength: float = 1.0  # 0 = nothing to learn
    matches: bool = True
    demo: bool = True
    long_names: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
    n_enriched: int = 40
    seed: int = 7


def write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """TSV as the format document has it: empty = missing, true/false, full precision."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        out.writerow(columns)
        for row in rows:
            out.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(value)


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """P(score of a positive > score of a negative), ties half; 0.5 where a class is empty."""
    pos, neg = scores[labels == 1], scores[labels == 0]
    if not len(pos) or not len(neg):
        return 0.5
    diff = pos[:, None] - neg[None, :]
    return float((diff > 0).mean() + 0.5 * (diff == 0).mean())


def consensus_motif(id: str, consensus: str, name: str, sure: float = 0.86, nsites: float = 120) -> Motif:
    """A matrix with that share of each consensus base."""
    p = np.full((len(consensus), 4), (1 - sure) / 3)
    for i, base in enumerate(consensus):
        p[i, "ACGT".index(base)] = sure
    return Motif(id=id, probabilities=p, name=name, nsites=nsites)


def random_motif(rng: np.random.Generator, id: str, width: int) -> Motif:
    """A matrix that resembles nothing."""
    return Motif(id=id, probabilities=rng.dirichlet(np.full(4, 0.6), size=width), nsites=float(rng.integers(20, 90)))


class Part:
    """A part of a folder: where it goes, its kind, its random numbers, and what earlier parts left for later ones."""

    path: Path
    shape: Shape
    rng: np.random.Generator
    labels: np.ndarray
    codes: np.ndarray
    chrom: np.ndarray
    split: np.ndarray
    gc: np.ndarray
    sites: list[list[tuple[int, str]]]
    matches: list[tuple[Any, ...]]

    def _json(self, name: str, value: Any) -> None:
        (self.path / name).write_text(json.dumps(value, indent=1), encoding="utf-8")
