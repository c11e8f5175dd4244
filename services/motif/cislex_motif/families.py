"""GroupMotifs: alike motifs of several runs as families, each with a consensus and how often it came back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.family_consensus import Consensus, family_consensus, weights_of
from cislex_motif.motif_similarity import Similarities, all_pairs
from cislex_motif.motif_sources import SourcedMotif, sourced_motifs, unique_ids
from cislex_motif.scan_specs import GroupMotifsSpec
from cislex_motif.tomtom import align_all
from cislex_motif.trees import leaf_order, linkage_table, newick

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SEED = re.compile(r"s(\d+)_")
_LOWEST_LOG10_P = -20.0

FAMILY_SCHEMA = pa.schema(
    [
        ("family", pa.string()),
        ("n_members", pa.int64()),
        ("n_replicates", pa.int64()),
        ("reproducibility", pa.float64()),
        ("mean_similarity", pa.float64()),
        ("consensus", pa.string()),
        ("width", pa.int64()),
        ("nsites", pa.float64()),
        ("information_bits", pa.float64()),
        ("representative", pa.string()),
    ]
)
MEMBER_SCHEMA = pa.schema(
    [
        ("family", pa.string()),
        ("source", pa.string()),
        ("motif_id", pa.string()),
        ("replicate", pa.string()),
        ("offset", pa.int64()),
        ("strand", pa.string()),
        ("similarity", pa.float64()),
        ("name", pa.string()),
        ("nsites", pa.float64()),
        ("unit_rank", pa.int64()),
        ("leaf", pa.string()),
        ("tree_order", pa.int64()),
        ("matrix", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class Family:
    """Motifs that are alike: their indices and consensus, the replicates that hold one, and how alike they are."""

    indices: list[int]
    consensus: Consensus
    replicates: set[str]
    mean_similarity: float | None


def run_families(spec: GroupMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task: read, compare all pairs, cut the tree, make the consensus, write."""
    motifs = sourced_motifs(spec, inputs)
    if len(motifs) > spec.max_motifs:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{len(motifs):,} motifs are more than max_motifs {spec.max_motifs:,}; name fewer sources or raise it",
            field="max_motifs",
        )

    def report(done: int) -> None:
        progress.check_cancel()
        progress.update(done, len(motifs), unit="motifs")

    replicate = [replicate_of(m, spec.replicates) for m in motifs]
    plain = [m.motif for m in motifs]
    similarities = all_pairs([m.probabilities for m in plain], spec.min_overlap, report)
    distances, height = _distances(plain, similarities, spec)
    merges = _average_linkage(distances)
    families = _families(plain, replicate, similarities, merges, height, spec)
    progress.update(len(motifs), len(motifs), unit="motifs")

    leaves = unique_ids(motifs)
    n_replicates = len(set(replicate))
    names = [f"family_{i}" for i in range(1, len(families) + 1)]
    out.kind = "families"
    out.write_table("families.parquet", _family_table(families, names, leaves, n_replicates))
    out.write_table("members.parquet", _member_table(families, names, motifs, replicate, leaves, leaf_order(merges)))
    out.write_table("linkage.parquet", linkage_table(merges))
    out.path("tree.nwk").write_text(newick(merges, leaves), encoding="utf-8")
    consensus = [
        Motif(name, f.consensus.probabilities, name=Motif(name, f.consensus.probabilities).consensus(),
              nsites=f.consensus.nsites)
        for name, f in zip(names, families, strict=True)
    ]  # fmt: skip
    write_motifs(out.path("families.meme"), consensus)
    out.semantics = {
        "similarity": "correlation of the aligned matrices, columns centred, norms over the whole motifs",
        "tree": {"correlation": "average linkage of 1 - similarity",
                 "tomtom": "average linkage of log10 p, from -20 on"}[spec.similarity],
        "cut": height,
        "offset": "of the member's first column, as oriented, in the consensus, 0-based",
        "reproducibility": "share of replicates with a member",
        "mean_similarity": "over pairs of members; null for a family of one",
        "weighting": spec.weighting,
        "replicates": sorted(set(replicate)),
    }  # fmt: skip
    out.summary = _summary(spec, motifs, families, names, n_replicates)


def replicate_of(motif: SourcedMotif, what: str) -> str:
    """The run that found a motif: its artifact or file, its seed (from an id such as ``s42_u7``), or both."""
    seed = _SEED.match(motif.motif.id)
    if what == "artifact" or seed is None:
        return motif.source
    return f"s{seed[1]}" if what == "seed" else f"{motif.source}:s{seed[1]}"


def _distances(motifs: Sequence[Motif], similarities: Similarities, spec: GroupMotifsSpec) -> tuple[FloatArray, float]:
    """Symmetric distances and the height to cut at."""
    if spec.similarity == "correlation":
        distances = 1.0 - similarities.value.astype(np.float64)
        height = 1.0 - spec.min_similarity
    else:
        # Both directions are tests of the same pair: the geometric mean of their p.
        p = align_all(motifs, motifs, "ed", spec.min_overlap).pvalue
        distances = np.log10(np.maximum(p, 10.0**_LOWEST_LOG10_P)) - _LOWEST_LOG10_P
        height = float(np.log10(spec.max_pvalue) - _LOWEST_LOG10_P)
    distances = np.maximum(0.5 * (distances + distances.T), 0.0)
    np.fill_diagonal(distances, 0.0)
    return distances, height


def _average_linkage(distances: FloatArray) -> FloatArray:
    """scipy's linkage (n − 1, 4); no rows for one motif."""
    if len(distances) < 2:
        return np.zeros((0, 4))
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    return np.asarray(linkage(squareform(distances, checks=False), method="average"))


def _families(
    motifs: Sequence[Motif], replicate: Sequence[str], similarities: Similarities, merges: FloatArray, height: float,
    spec: GroupMotifsSpec,
) -> list[Family]:  # fmt: skip
    """Families by reproducibility, then size, then information, the most first."""
    if len(motifs) == 1:
        labels = np.ones(1, dtype=np.int64)
    else:
        from scipy.cluster.hierarchy import fcluster

        labels = np.asarray(fcluster(merges, height, criterion="distance"))
    weights = weights_of(motifs, spec.weighting)
    families = []
    for label in np.unique(labels).tolist():
        indices = np.flatnonzero(labels == label).tolist()
        consensus = family_consensus(motifs, indices, similarities, weights, spec.min_overlap, spec.trim_bits)
        within = similarities.value[np.ix_(indices, indices)]
        pairs = within[np.triu_indices(len(indices), 1)]
        mean = float(pairs.mean()) if len(pairs) else None
        families.append(Family(indices, consensus, {replicate[i] for i in indices}, mean))

    def key(family: Family) -> tuple[float, ...]:
        bits = Motif("x", family.consensus.probabilities).information_bits
        return (-len(family.replicates), -len(family.indices), -bits, family.indices[0])

    return sorted(families, key=key)


def _family_table(families: Sequence[Family], names: Sequence[str], leaves: Sequence[str], n: int) -> pa.Table:
    rows = []
    for name, family in zip(names, families, strict=True):
        motif = Motif(name, family.consensus.probabilities)
        rows.append(
            {
                "family": name, "n_members": len(family.indices), "n_replicates": len(family.replicates),
                "reproducibility": len(family.replicates) / n, "mean_similarity": family.mean_similarity,
                "consensus": motif.consensus(), "width": motif.width, "nsites": family.consensus.nsites,
                "information_bits": motif.information_bits,
                "representative": leaves[family.consensus.members[0].index],
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=FAMILY_SCHEMA)


def _member_table(
    families: Sequence[Family], names: Sequence[str], motifs: Sequence[SourcedMotif], replicate: Sequence[str],
    leaves: Sequence[str], order: IntArray,
) -> pa.Table:  # fmt: skip
    rows = []
    for name, family in zip(names, families, strict=True):
        for member in family.consensus.members:
            m = motifs[member.index]
            matrix = m.motif.probabilities[::-1, ::-1] if member.reverse else m.motif.probabilities
            rows.append(
                {
                    "family": name, "source": m.source, "motif_id": m.motif.id, "replicate": replicate[member.index],
                    "offset": member.offset, "strand": "-" if member.reverse else "+",
                    "similarity": member.similarity, "name": m.motif.name, "nsites": float(m.motif.nsites),
                    "unit_rank": m.unit_rank, "leaf": leaves[member.index], "tree_order": int(order[member.index]),
                    "matrix": matrix.ravel().tolist(),
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=MEMBER_SCHEMA)


def _summary(
    spec: GroupMotifsSpec, motifs: Sequence[SourcedMotif], families: Sequence[Family], names: Sequence[str], n: int
) -> dict[str, object]:
    """Facts of the resource message FamilySet."""
    return {
        "n_motifs": len(motifs),
        "n_families": len(families),
        "n_replicates": n,
        "n_reproduced": sum(len(f.replicates) == n for f in families) if n > 1 else 0,
        "similarity": spec.similarity,
        "top": [
            {
                "family": name, "n_members": len(f.indices), "n_replicates": len(f.replicates),
                "reproducibility": len(f.replicates) / n,
                "mean_similarity": 1.0 if f.mean_similarity is None else f.mean_similarity,
                "consensus": Motif(name, f.consensus.probabilities).consensus(),
            }
            for name, f in zip(names[:50], families[:50], strict=True)
        ],
    }  # fmt: skip
