"""ClusterKmers: distances by plain loops, linkage against scipy, planted words found, and the task's artifact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cislex.motif.v1 import motif_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact, Manifest
from cislex_core.motif_files import read_motifs
from cislex_core.sequences import decode_batch, encode, encode_batch, reverse_complement
from cislex_core.stores.local import LocalStore
from cislex_motif.alignment import aligned_distances, paper_distances
from cislex_motif.clustering import cluster
from cislex_motif.consensus import lay_aligned, lay_in_place
from cislex_motif.landmarks import fold_strands
from cislex_motif.linkage import average_linkage, cut, silhouettes
from cislex_motif.specs import ClusterKmersSpec
from cislex_runtime.working.task_io import WorkerOut
from google.protobuf import json_format
from pydantic import ValidationError
from task_desk import progress_in, run_task

WORDS = ("TTACCCGGA", "CGTATAAAGTGA")


def spec(**fields: object) -> ClusterKmersSpec:
    return ClusterKmersSpec(**({"kmers": "x"} | fields))


def planted(n: int, seed: int = 0, k: int = 20, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) codes with one of two words at a random place and strand, and which (2 = none)."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, k), dtype=np.uint8)
    kinds = rng.choice(3, n, p=[(1 - noise) * 0.6, (1 - noise) * 0.4, noise])
    for row, kind in zip(codes, kinds, strict=True):
        if kind < 2:
            word = encode(WORDS[kind])
            word = reverse_complement(word) if rng.random() < 0.5 else word
            start = (k - len(word)) // 2 + rng.integers(-3, 4)
            row[start : start + len(word)] = word
    return codes, kinds


def test_paper_distance_is_the_cosine_distance_of_five_channels() -> None:
    codes = np.random.default_rng(0).integers(0, 5, (30, 12), dtype=np.uint8)
    flat = np.eye(5)[codes].reshape(30, -1)
    norm = np.linalg.norm(flat, axis=1)
    np.testing.assert_allclose(paper_distances(codes, codes), 1 - flat @ flat.T / np.outer(norm, norm), atol=1e-6)


def aligned_by_loop(a: np.ndarray, b: np.ndarray, max_shift: int, core: int) -> float:
    values = []
    for width in (core, core + core // 2):
        width = min(width, len(a))
        starts, best = range(len(a) - width + 1), 0
        for other in (b, reverse_complement(b)):
            for i in starts:
                for j in starts:
                    if abs(i - j) <= max_shift:
                        same = zip(a[i : i + width], other[j : j + width], strict=True)
                        best = max(best, sum(x == y < 4 for x, y in same))
        values.append(min(1 - (best - 0.25 * width) / (0.75 * width), 1.0))
    return sum(values) / 2


def test_aligned_distance_equals_a_plain_loop() -> None:
    codes = np.random.default_rng(1).integers(0, 5, (12, 9), dtype=np.uint8)
    for max_shift, core in ((3, 5), (0, 9), (9, 4)):
        expected = [[aligned_by_loop(a, b, max_shift, core) for b in codes] for a in codes]
        np.testing.assert_allclose(aligned_distances(codes, codes, max_shift, core), expected, atol=1e-6)


def test_aligned_distance_ignores_strand_shift_and_flanks() -> None:
    rng = np.random.default_rng(2)
    long = rng.integers(0, 4, 26, dtype=np.uint8)
    a, b = long[None, 3:23], reverse_complement(long[None, :20])
    assert aligned_distances(a, b, 6)[0, 0] == 0.0
    assert paper_distances(a, b)[0, 0] > 0.5
    site = encode("GGGAATTTCCGA")
    first, second = (np.concatenate([rng.integers(0, 4, n, dtype=np.uint8), site,
                     rng.integers(0, 4, 8 - n, dtype=np.uint8)]) for n in (2, 7))  # fmt: skip
    assert aligned_distances(first[None], second[None], 10)[0, 0] == 0.0


def test_blocks_do_not_change_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, _ = planted(50)
    whole = aligned_distances(codes, codes, 4), paper_distances(codes, codes)
    monkeypatch.setattr("cislex_motif.alignment._BLOCK_ROWS", 7)
    monkeypatch.setattr("cislex_motif.match_bits._BLOCK", 7)
    monkeypatch.setattr("cislex_motif.match_bits._COLUMNS", 3)
    np.testing.assert_allclose(aligned_distances(codes, codes, 4), whole[0], atol=1e-6)
    np.testing.assert_allclose(paper_distances(codes, codes), whole[1], atol=1e-6)


def test_a_giant_cluster_is_passed_over_where_there_is_another_partition() -> None:
    # Two words that share their ends, and a few k-mers unlike both: the best silhouette sets only those apart.
    rng = np.random.default_rng(5)
    words = np.stack([encode("ACGTTGCATTGCCATGACTG"), encode("ACGTTGCAGGATCATGACTG"), encode("TTTTTTTTTTTTTTTTTTTT")])
    codes = words[np.repeat([0, 1, 2], [50, 50, 15])]
    codes[np.arange(115), rng.integers(0, 20, 115)] = rng.integers(0, 4, 115)
    codes, weights = np.unique(codes, axis=0, return_counts=True)
    shares = {}
    for max_share in (0.75, 1.0, 0.01):
        found = cluster(codes, weights, spec(method="paper", max_share=max_share, max_clusters=4))
        shares[max_share] = np.bincount(found.labels, weights=weights).max() / 115
    assert shares[0.75] <= 0.75 < shares[1.0]
    assert shares[0.01] == shares[1.0]


@pytest.mark.parametrize("seed", range(4))
def test_linkage_equals_scipys(seed: int) -> None:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(seed)
    points = rng.normal(size=(60, 3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    reference = linkage(squareform(distances, checks=False), "average")
    merges = average_linkage(distances.astype(np.float32), np.ones(60, dtype=np.int64))
    np.testing.assert_allclose(merges[:, 2], reference[:, 2], rtol=1e-5)
    for number in (1, 2, 5, 17, 60):
        ours, theirs = cut(merges, 60, number), fcluster(reference, number, "maxclust")
        assert len({*zip(ours.tolist(), theirs.tolist(), strict=True)}) == len(set(ours.tolist())) == number


def test_a_weight_counts_as_that_many_items() -> None:
    rng = np.random.default_rng(5)
    points = rng.normal(size=(20, 2))
    weights = rng.integers(1, 5, 20)
    repeated = np.repeat(points, weights, axis=0)
    few = np.linalg.norm(points[:, None] - points[None], axis=2).astype(np.float32)
    many = np.linalg.norm(repeated[:, None] - repeated[None], axis=2).astype(np.float32)
    heights = average_linkage(few, weights)[:, 2]
    all_heights = average_linkage(many, np.ones(len(repeated), dtype=np.int64))[:, 2]
    np.testing.assert_allclose(heights, all_heights[-19:], rtol=1e-4)


def test_silhouettes_equal_sklearns() -> None:
    from sklearn.metrics import silhouette_samples

    rng = np.random.default_rng(3)
    points = rng.normal(size=(40, 2))
    labels = rng.integers(0, 4, 40)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    sums, totals = distances @ np.eye(4)[labels], np.bincount(labels).astype(float)
    expected = silhouette_samples(distances, labels, metric="precomputed")
    np.testing.assert_allclose(silhouettes(sums, labels, totals), expected, atol=1e-9)


def test_aligned_clusters_are_the_planted_words() -> None:
    codes, kinds = planted(300, noise=0.0)
    result = cluster(codes, np.ones(300, dtype=np.int64), spec(n_clusters=2))
    table = np.array([[(kinds[result.labels == c] == kind).sum() for kind in (0, 1)] for c in (0, 1)])
    assert table.max(axis=1).sum() >= 290
    assert table[0].sum() >= table[1].sum()


def test_silhouette_finds_the_two_words() -> None:
    codes, kinds = planted(300, noise=0.0)
    result = cluster(codes, np.ones(300, dtype=np.int64), spec(max_clusters=8))
    assert (result.n_clusters, result.chosen_by) == (2, "silhouette")
    assert result.silhouette > 0.2
    assert len(set(kinds[result.labels == 0].tolist())) == 1


def test_the_layout_recovers_the_word_whatever_its_place_and_strand() -> None:
    codes, kinds = planted(200, noise=0.0)
    members = codes[kinds == 1]
    layout = lay_aligned(members, np.ones(len(members), dtype=np.int64), 0, 6)
    text = layout.consensus()
    assert WORDS[1] in text or WORDS[1] in decode_batch(reverse_complement(encode(text))[None])[0]
    for row, shift, strand in zip(members[:20], layout.shift, layout.strand, strict=False):
        oriented = decode_batch((reverse_complement(row) if strand else row)[None])[0]
        inside = oriented[max(-shift, 0) :]
        agree = sum(a == b for a, b in zip(inside, text[max(shift, 0) :], strict=False))
        assert agree >= len(WORDS[1])


def test_the_papers_consensus_counts_n_as_a_letter() -> None:
    layout = lay_in_place(encode_batch(["ACNN", "ACGN", "TCNA"]), np.ones(3, dtype=np.int64))
    assert layout.consensus() == "ACNN"
    np.testing.assert_array_equal(layout.counts[0], [2, 0, 0, 1, 0])


def test_above_the_limit_a_sample_is_clustered_and_the_rest_joins() -> None:
    codes, kinds = planted(300, noise=0.0)
    result = cluster(codes, np.ones(300, dtype=np.int64), spec(n_clusters=2, max_distinct_kmers=100))
    assert result.n_compared == 100
    assert sum(np.bincount(kinds[result.labels == c], minlength=2).max() for c in (0, 1)) >= 285


def words_with_slips(n: int, seed: int, slips: float = 0.03) -> tuple[np.ndarray, np.ndarray]:
    """(n, 20) distinct codes, each with one of six random words of 12 at a random place and strand, and which."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 4, (6, 12), dtype=np.uint8)
    kinds = rng.choice(6, n, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    sites = words[kinds]
    wrong = rng.random(sites.shape) < slips
    sites[wrong] = rng.integers(0, 4, wrong.sum())
    turned = rng.random(n) < 0.5
    sites[turned] = reverse_complement(sites[turned])
    codes = rng.integers(0, 4, (n, 20), dtype=np.uint8)
    starts = rng.integers(0, 9, n)
    codes[np.arange(n)[:, None], starts[:, None] + np.arange(12)] = sites
    return codes, kinds


@pytest.mark.parametrize("method", ["aligned", "paper"])
def test_landmarks_give_the_clusters_of_exact_linkage(method: str) -> None:
    from sklearn.metrics import adjusted_rand_score

    codes, kinds = words_with_slips(1500, 1)
    if method == "paper":
        # Position against position: the same words, all at one place and strand.
        rng = np.random.default_rng(2)
        codes = rng.integers(0, 4, (6, 20), dtype=np.uint8)[kinds]
        wrong = rng.random(codes.shape) < 0.1
        codes[wrong] = rng.integers(0, 4, wrong.sum())
    ones = np.ones(len(codes), dtype=np.int64)
    exact = cluster(codes, ones, spec(method=method))
    some = cluster(codes, ones, spec(method=method, scale="landmarks", n_landmarks=600))
    again = cluster(codes, ones, spec(method=method, scale="landmarks", n_landmarks=600))
    assert (exact.scale, exact.n_compared, some.scale, some.n_compared) == ("exact", 1500, "landmarks", 600)
    assert adjusted_rand_score(kinds, some.labels) > 0.99
    assert adjusted_rand_score(exact.labels, some.labels) >= 0.99
    np.testing.assert_array_equal(some.labels, again.labels)


def test_as_many_landmarks_as_kmers_is_exact_linkage() -> None:
    codes, _ = planted(200, noise=0.0)
    ones = np.ones(200, dtype=np.int64)
    exact, all_landmarks = cluster(codes, ones, spec(scale="exact")), cluster(codes, ones, spec(scale="landmarks"))
    assert all_landmarks.n_compared == 200
    np.testing.assert_array_equal(np.sort(np.bincount(exact.labels)), np.sort(np.bincount(all_landmarks.labels)))


def test_a_word_and_its_reverse_complement_are_one_landmark() -> None:
    codes = encode_batch(["ACGTT", "AACGT", "CCCCC", "ACGTA", "NACGT", "ACGTN"])
    folded, weights, index = fold_strands(codes, np.array([1, 2, 3, 4, 5, 6]))
    assert decode_batch(folded) == ["AACGT", "ACGTA", "ACGTN", "CCCCC"]
    assert weights.tolist() == [3, 4, 11, 3]
    assert index.tolist() == [0, 0, 3, 1, 2, 2]


def test_weights_reach_the_sizes_at_scale() -> None:
    codes, kinds = words_with_slips(400, 3)
    weights = np.where(kinds == 5, 50, 1)
    found = cluster(codes, weights, spec(scale="landmarks", n_landmarks=150))
    rare = found.labels[np.flatnonzero(kinds == 5)]
    assert np.bincount(rare).argmax() == 0


def test_exact_linkage_of_too_many_says_what_to_do() -> None:
    codes, _ = planted(60)
    with pytest.raises(UserError, match="take scale landmarks") as caught:
        cluster(codes, np.ones(60, dtype=np.int64), spec(scale="exact", max_distinct_kmers=50))
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert caught.value.violations[0].field == "scale"


@pytest.mark.parametrize(
    ("k", "core", "max_shift", "letters"),
    [(20, 8, 10, 5), (12, 8, 6, 4), (9, 5, 3, 5), (40, 10, 8, 5), (6, 8, 10, 4), (64, 4, 50, 5)],
)
def test_matches_by_bits_are_those_by_products(
    k: int, core: int, max_shift: int, letters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(k)
    a, b = (rng.integers(0, letters, (n, k), dtype=np.uint8) for n in (70, 41))
    by_bits = aligned_distances(a, b, max_shift, core)
    one_strand = aligned_distances(a, b, max_shift, core, both_strands=False)
    monkeypatch.setattr("cislex_motif.alignment.can_hold", lambda *_: False)
    np.testing.assert_array_equal(by_bits, aligned_distances(a, b, max_shift, core))
    np.testing.assert_array_equal(one_strand, aligned_distances(a, b, max_shift, core, both_strands=False))


def test_more_clusters_than_kmers() -> None:
    with pytest.raises(UserError, match="only 3 distinct") as caught:
        cluster(encode_batch(["ACGT", "AAAA", "CCCC"]), np.ones(3, dtype=np.int64), spec(n_clusters=4))
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert caught.value.violations[0].field == "n_clusters"


@pytest.mark.parametrize("fields", [{"n_clusters": 0}, {"min_clusters": 9, "max_clusters": 8}, {"method": "kmeans"},
                                    {"max_distinct_kmers": 20_001}, {"max_shift": -1}, {"scale": "leiden"},
                                    {"n_landmarks": 9}])  # fmt: skip
def test_bad_specs(fields: dict) -> None:
    with pytest.raises(ValidationError):
        spec(**fields)


# ---- the task


def run(tmp_path: Path, table: pa.Table, **fields: object) -> tuple[Artifact, LocalStore]:
    store = LocalStore(tmp_path / "store")
    staged = WorkerOut(store.stage(), "kmers")
    staged.write_table("kmers.parquet", table)
    kmers = store.commit_artifact(staged.dir, Manifest(kind="kmers"))
    artifact = run_task(
        store, "motif.ClusterKmers", spec(kmers=kmers.digest, **fields), progress_in(tmp_path / "scratch")
    )
    json_format.ParseDict(artifact.manifest.summary, motif_pb2.ClusterSet())
    return artifact, store


def kmer_table(n: int = 200) -> pa.Table:
    codes, kinds = planted(n, noise=0.0)
    words = decode_batch(codes)
    sets = np.where(kinds == 0, "WT", "KO").tolist()
    # Three repeats of one word, and one far from all.
    return pa.table({"kmer": [*words, words[0], words[0], "N" * 20], "set": [*sets, "WT", "WT", "KO"]})


@pytest.mark.parametrize("method", ["paper", "aligned"])
def test_the_artifact(method: str, tmp_path: Path) -> None:
    artifact, _ = run(tmp_path, kmer_table(), method=method, n_clusters=3)
    clusters = artifact.table("clusters.parquet").to_pylist()
    members = artifact.table("members.parquet").to_pydict()
    sizes = [row["size"] for row in clusters]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 203
    assert [row["primary"] for row in clusters] == [True, False, False]
    assert [row["n_wt"] + row["n_ko"] for row in clusters] == sizes
    assert [row["discovery"] for row in clusters if row["size"] < 10] == ["skipped: fewer than 10"] * sum(
        size < 10 for size in sizes
    )
    assert np.bincount(members["cluster"]).tolist()[1:] == sizes
    assert members["kmer_index"] == list(range(203))
    motifs = read_motifs(artifact.path("clusters.meme"))
    assert [m.id for m in motifs] == ["cluster_1", "cluster_2", "cluster_3"]
    assert [m.nsites for m in motifs] == sizes
    assert artifact.manifest.summary["n_distinct"] == 201
    if method == "paper":
        assert set(members["shift"]) == {0}
        assert set(members["strand"]) == {"+"}


def test_the_task_is_deterministic(tmp_path: Path) -> None:
    first, _ = run(tmp_path / "a", kmer_table())
    second, _ = run(tmp_path / "b", kmer_table())
    assert first.digest == second.digest


def test_an_empty_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        run(tmp_path, kmer_table().slice(0, 0))
    assert caught.value.reason is Reason.EMPTY_SET
