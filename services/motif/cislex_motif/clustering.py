"""ClusterKmers: from the k-mers under important positions to clusters, each with its consensus and matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import encode_batch
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif import landmarks
from cislex_motif.alignment import aligned_distances, paper_distances
from cislex_motif.consensus import Layout, lay_aligned, lay_in_place
from cislex_motif.linkage import average_linkage, cut, silhouettes
from cislex_motif.specs import ClusterKmersSpec

Codes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
# Items whose silhouette is computed; more change the mean in the third digit only.
_SILHOUETTE_ITEMS = 2000
_SUMMARY_CLUSTERS = 100


@dataclass(frozen=True)
class Clustering:
    """labels (n,) of the distinct k-mers, 0 = largest cluster by weight; how the number was chosen; the silhouette; how
    many were compared with one another, and the scale that was used (exact or landmarks)."""

    labels: IntArray
    n_clusters: int
    chosen_by: str
    silhouette: float
    n_compared: int
    scale: str


def cluster(
    codes: Codes, weights: IntArray, spec: ClusterKmersSpec, check: Callable[[], None] = lambda: None
) -> Clustering:
    """Cluster distinct k-mers (n, k) that occur ``weights`` times each: exactly, or on landmarks (``spec.scale``).

    Raises INVALID_REQUEST where more clusters are asked for than there are distinct k-mers, or where ``scale`` is exact
    and there are more than ``max_distinct_kmers``.
    """
    n = len(codes)
    if spec.n_clusters is not None and spec.n_clusters > n:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"n_clusters is {spec.n_clusters}, but there are only {n} distinct k-mers; ask for at most {n}",
            field="n_clusters", n_clusters=spec.n_clusters, n_distinct=n,
        )  # fmt: skip
    if spec.scale == "landmarks" or (spec.scale == "auto" and n > spec.max_distinct_kmers):
        return _on_landmarks(codes, weights, spec, check)
    if n > spec.max_distinct_kmers:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"scale is exact, but {n} distinct k-mers are more than max_distinct_kmers={spec.max_distinct_kmers} "
            f"(memory {4 * n * n / 1e9:.1f} GB at {n}); raise it (at most 20000), or take scale landmarks",
            field="scale", n_distinct=n, max_distinct_kmers=spec.max_distinct_kmers,
        )  # fmt: skip
    labels, number, chosen_by, value = _exact(codes, weights, spec, spec.min_size_for_discovery, check)
    return Clustering(_ranked(labels, number, weights), number, chosen_by, value, n, "exact")


def _on_landmarks(codes: Codes, weights: IntArray, spec: ClusterKmersSpec, check: Callable[[], None]) -> Clustering:
    words, word_weights, stands_for = codes, weights, np.arange(len(codes))
    if spec.method == "aligned":
        # At distance 0 of one another: one of the two is enough.
        words, word_weights, stands_for = landmarks.fold_strands(codes, weights)
    n_landmarks = max(min(spec.n_landmarks, spec.max_distinct_kmers), spec.n_clusters or 1)
    chosen = landmarks.choose(len(words), n_landmarks, spec.seed)
    share = word_weights[chosen].sum() / weights.sum()
    labels, number, chosen_by, value = _exact(
        words[chosen], word_weights[chosen], spec, spec.min_size_for_discovery * share, check
    )
    everyone = landmarks.join(
        words, chosen, labels, word_weights[chosen], lambda a, b: _distances(a, b, spec), spec.seed, check
    )
    labels = _ranked(everyone[stands_for], number, weights)
    return Clustering(labels, number, chosen_by, value, len(chosen), "landmarks")


def _exact(
    codes: Codes, weights: IntArray, spec: ClusterKmersSpec, min_size: float, check: Callable[[], None]
) -> tuple[IntArray, int, str, float]:
    """(n,) labels, number of clusters, how it was chosen, silhouette: average linkage of all with all."""
    m = len(codes)
    distances = _distances(codes, codes, spec)
    rng = np.random.default_rng(spec.seed)
    probe = np.arange(m) if m <= _SILHOUETTE_ITEMS else np.sort(rng.choice(m, _SILHOUETTE_ITEMS, replace=False))
    probed = distances[probe].copy()
    check()
    merges = average_linkage(distances, weights, check)
    del distances
    if spec.n_clusters is not None:
        numbers, chosen_by = [min(spec.n_clusters, m)], "given"
    else:
        numbers, chosen_by = list(range(min(spec.min_clusters, m), min(spec.max_clusters, m) + 1)), "silhouette"
    # One giant cluster beside crumbs can have the best silhouette and says nothing: it is taken where nothing else is.
    best = (False, -2.0, np.zeros(m, dtype=np.int64), 0)
    for number in numbers:
        labels = cut(merges, m, number)
        value = _mean_silhouette(probed, probe, labels, weights, number, min_size)
        largest = np.bincount(labels, weights=weights).max() / weights.sum()
        balanced = bool(largest <= spec.max_share)
        if (balanced, value) > (best[0], best[1] + 1e-9 * (balanced == best[0])):
            best = (balanced, value, labels, number)
        check()
    return best[2], best[3], chosen_by, best[1]


def _ranked(labels: IntArray, number: int, weights: IntArray) -> IntArray:
    """Labels renumbered by falling weight."""
    sizes = np.bincount(labels, weights=weights, minlength=number)
    rank = np.empty(number, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(number)
    return rank[labels]


def run_clustering(spec: ClusterKmersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task motif.ClusterKmers. Raises EMPTY_SET where the artifact holds no k-mer."""
    artifact = inputs.artifact(spec.kmers)
    if artifact.kind != "kmers":
        raise UserError(Reason.ARTIFACT_KIND, f"kmers is an artifact of kind {artifact.kind!r}, not kmers",
                        field="kmers", kind=artifact.kind)  # fmt: skip
    table = artifact.table("kmers.parquet")
    words = [str(word).upper() for word in table["kmer"].to_pylist()]
    if not words:
        raise UserError(Reason.EMPTY_SET, "the k-mer table is empty: there is nothing to cluster; take more positions "
                        "per sequence or another split", field="kmers")  # fmt: skip
    sets = np.array(table["set"].to_pylist(), dtype=object)
    distinct, index, counts = np.unique(np.array(words), return_inverse=True, return_counts=True)
    codes = encode_batch(distinct.tolist(), pad="end")
    progress.message(f"{len(words)} k-mers, {len(distinct)} distinct")
    result = cluster(codes, counts.astype(np.int64), spec, progress.check_cancel)
    if result.scale == "landmarks" and result.n_compared < len(distinct):
        progress.warn(
            "SAMPLED", f"{result.n_compared} landmarks of {len(distinct)} distinct k-mers are clustered, each other "
            "k-mer joins its nearest cluster",
        )  # fmt: skip
    layouts = [_layout(codes, counts, result.labels, c, spec) for c in range(result.n_clusters)]
    progress.update(1, 1, "clusterings", silhouette=result.silhouette)
    _write(spec, out, words, index, sets, result, layouts, codes.shape[1], len(distinct))


def _write(
    spec: ClusterKmersSpec, out: Out, words: list[str], index: IntArray, sets: npt.NDArray[np.object_],
    result: Clustering, layouts: list[tuple[IntArray, Layout]], k: int, n_distinct: int,
) -> None:  # fmt: skip
    labels = result.labels[index]
    shift, strand = np.zeros(n_distinct, dtype=np.int64), np.zeros(n_distinct, dtype=np.int64)
    rows, motifs = [], []
    for c, (members, layout) in enumerate(layouts):
        shift[members], strand[members] = layout.shift, layout.strand
        here = labels == c
        size = int(here.sum())
        known = layout.counts[:, :4]
        motif = Motif.from_counts(f"cluster_{c + 1}", known, name=layout.consensus(), nsites=size)
        motifs.append(motif)
        small = size < spec.min_size_for_discovery
        rows.append(
            {
                "cluster": c + 1, "size": size, "n_wt": int((sets[here] == "WT").sum()),
                "n_ko": int((sets[here] == "KO").sum()), "consensus": layout.consensus(),
                "information_bits": motif.information_bits, "primary": c == 0,
                "discovery": f"skipped: fewer than {spec.min_size_for_discovery}" if small else "yes",
            }
        )  # fmt: skip
    out.kind = "clusters"
    out.write_table("clusters.parquet", pa.Table.from_pylist(rows))
    out.write_table(
        "members.parquet",
        pa.table(
            {
                "kmer_index": pa.array(np.arange(len(words), dtype=np.int64)), "kmer": words,
                "cluster": pa.array(labels + 1), "shift": pa.array(shift[index]),
                "strand": np.where(strand[index] == 1, "-", "+").tolist(),
            }
        ),
    )  # fmt: skip
    write_motifs(out.path("clusters.meme"), motifs)
    out.semantics = {"alphabet": "ACGT", "kmer_index": "row of kmers.parquet, from 0", "method": spec.method,
                     "shift": "column of the consensus under the first base of the oriented k-mer"}  # fmt: skip
    out.seeds = [spec.seed]
    out.summary = {
        "n_kmers": len(words), "n_distinct": n_distinct, "n_compared": result.n_compared, "k": k,
        "method": spec.method, "scale": result.scale, "n_clusters": result.n_clusters, "chosen_by": result.chosen_by,
        "silhouette": result.silhouette, "primary_cluster": 1,
        "n_skipped": sum(row["discovery"] != "yes" for row in rows), "clusters": rows[:_SUMMARY_CLUSTERS],
    }  # fmt: skip


def _layout(
    codes: Codes, weights: IntArray, labels: IntArray, number: int, spec: ClusterKmersSpec
) -> tuple[IntArray, Layout]:
    members = np.flatnonzero(labels == number)
    own, own_weights = codes[members], weights[members]
    if spec.method == "paper":
        return members, lay_in_place(own, own_weights)
    # The medoid of the 500 most frequent members is as good a start as that of all.
    probe = np.argsort(-own_weights, kind="stable")[:500]
    centre = probe[int((_distances(own[probe], own[probe], spec) @ own_weights[probe].astype(np.float32)).argmin())]
    return members, lay_aligned(own, own_weights, int(centre), spec.max_shift)


def _distances(a: Codes, b: Codes, spec: ClusterKmersSpec) -> npt.NDArray[np.float32]:
    if spec.method == "paper":
        return paper_distances(a, b)
    return aligned_distances(a, b, spec.max_shift, spec.core_bp)


def _mean_silhouette(
    probed: npt.NDArray[np.float32], probe: IntArray, labels: IntArray, weights: IntArray, number: int, min_size: float
) -> float:
    membership = np.eye(number, dtype=np.float32)[labels] * weights[:, None]
    totals = membership.sum(axis=0).astype(np.float64)
    own = labels[probe]
    # A k-mer's distance to itself and its repeats is 0 even where N makes the aligned distance larger.
    sums = (probed @ membership).astype(np.float64)
    itself = probed[np.arange(len(probe)), probe].astype(np.float64) * weights[probe]
    sums[np.arange(len(probe)), own] -= itself
    values = silhouettes(sums, own, totals)
    counted = np.where(totals[own] >= min_size, values, 0.0)
    return float((counted * weights[probe]).sum() / weights[probe].sum())
