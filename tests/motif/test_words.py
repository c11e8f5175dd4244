"""Engine words: counts by plain loops, planted and real motifs found, chance not called, and the task's artifact."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from cislex_core.errors import Cancelled
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode, dinucleotide_shuffle, encode_batch, reverse_complement
from cislex_motif import em
from cislex_motif.discovery import shuffled_control
from cislex_motif.significance import log_fisher
from cislex_motif.specs import DiscoverMotifsSpec
from cislex_motif.statistics import benjamini_hochberg
from cislex_motif.tomtom import align_all
from cislex_motif.word_counts import MIN_HITS, count_words
from cislex_motif.word_refine import judge, refine, start_matrix
from cislex_motif.word_search import WordOptions, find_by_words, put_aside
from pydantic import ValidationError


def _discovery_tests() -> ModuleType:
    spec = importlib.util.spec_from_file_location("discovery_tests", Path(__file__).with_name("test_discovery.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The planted motifs, the measure of likeness and the bench are those of the other engines.
others = _discovery_tests()
GATA, GAPPED, planted, likeness, as_motif = (
    others.GATA, others.GAPPED, others.planted, others.likeness, others.as_motif,
)  # fmt: skip


def words_by_loop(codes: np.ndarray, width: int, both_strands: bool) -> Counter[str]:
    held: Counter[str] = Counter()
    for row in codes:
        here = set()
        for start in range(len(row) - width + 1):
            window = row[start : start + width]
            if (window < 4).all():
                turned = decode(reverse_complement(window))
                here.add(min(decode(window), turned) if both_strands else decode(window))
        held.update(here)
    return held


@pytest.mark.parametrize("both_strands", [True, False])
def test_counts_equal_a_plain_loop(both_strands: bool) -> None:
    rng = np.random.default_rng(0)
    codes = rng.choice(5, (40, 25), p=[0.4, 0.1, 0.1, 0.35, 0.05]).astype(np.uint8)
    control = rng.choice(5, (30, 25), p=[0.3, 0.2, 0.2, 0.25, 0.05]).astype(np.uint8)
    counted = {counts.width: counts for counts in count_words(codes, control, 3, 6, both_strands)}
    assert list(counted) == [3, 4, 5, 6]
    for width, counts in counted.items():
        own, other = words_by_loop(codes, width, both_strands), words_by_loop(control, width, both_strands)
        seeds = counts.seeds(40, 30, 10_000)
        texts = ["".join("ACGT"[(w >> (2 * (width - 1 - i))) & 3] for i in range(width)) for w in counts.words.tolist()]
        assert dict(zip(texts, counts.hits.tolist(), strict=True)) == {w: n for w, n in own.items() if n >= MIN_HITS}
        assert counts.control_hits.tolist() == [other[text] for text in texts]
        assert counts.n_tested == sum(n >= MIN_HITS for n in (own + other).values())
        p = [log_fisher(seed.hits, 40, seed.control_hits, 30) for seed in seeds]
        assert p == sorted(p)


def test_long_words_are_counted_exactly() -> None:
    word = encode_batch(["ACGTTGCAAGGCTTACGGATTCAGCCATTC"])[0]
    codes = np.random.default_rng(1).integers(0, 4, (12, 60), dtype=np.uint8)
    codes[:7, 10:40] = word
    codes[7:10, 20:50] = reverse_complement(word)
    (counts,) = count_words(codes, codes[10:], 30, 30)
    # A window one base aside is shared where the next random base is too.
    assert counts.hits.max() == 10
    assert (counts.hits == 10).sum() == 1
    (seed,) = counts.seeds(12, 2, 1)
    assert seed.text() in (decode(word), decode(reverse_complement(word)))


def test_a_step_never_makes_p_larger() -> None:
    primary, control = em.Sequences(planted(300, GATA, 0.5, 1)), em.Sequences(planted(300, GATA, 0.0, 2))
    background = np.full(4, 0.25)
    seed = next(iter(count_words(primary.codes, control.codes, 6, 6))).seeds(300, 300, 1)[0]
    item = judge(primary, control, start_matrix(seed, background), seed, background)
    assert len(item.rows) == 300
    for _ in range(6):
        following = refine(primary, control, item, background, steps=1)
        assert following.log_p <= item.log_p
        item = following
    assert likeness(GATA, Motif("m", item.matrix)) > 0.9


@pytest.mark.parametrize("motif", [GATA, GAPPED], ids=["GATA", "gapped"])
@pytest.mark.parametrize("n", [500, 200])
def test_a_planted_motif_is_found_with_its_sites(motif: Motif, n: int) -> None:
    primary, control = planted(n, motif, 0.6, 1), planted(n, motif, 0.0, 2)
    found = find_by_words(primary, control, WordOptions(n_motifs=1))[0]
    assert likeness(motif, as_motif(found)) > 0.97
    # A tenth of 200 is too little to test on.
    assert found.test == ("holdout" if n == 500 else "words")
    assert found.log_e < np.log(0.01)
    np.testing.assert_allclose(found.counts.sum(axis=1), len(found.rows))
    assert 0.3 < len(found.rows) / n < 0.8
    counts = np.zeros_like(found.counts)
    for row, strand, start in zip(found.rows, found.strands, found.starts, strict=True):
        window = primary[row, start : start + len(counts)]
        counts[np.arange(len(counts)), reverse_complement(window) if strand else window] += 1
    np.testing.assert_array_equal(counts, found.counts)


def test_two_motifs_and_their_shared_e() -> None:
    primary = np.concatenate([planted(500, GATA, 0.6, 3), planted(500, GAPPED, 0.6, 4)], axis=1)
    control = shuffled_control(primary, np.random.default_rng(0))
    found = find_by_words(primary, control, WordOptions(n_motifs=2))
    best = [int(np.argmax([likeness(m, as_motif(f)) for m in (GATA, GAPPED)])) for f in found]
    assert sorted(best) == [0, 1]
    # Both were tested, so each is one of two.
    assert [f.log_e - f.log_p for f in found] == pytest.approx([np.log(2)] * 2)


@pytest.mark.parametrize(("n", "fraction"), [(400, 0.1), (80, 0.5), (80, 0.0)])
def test_chance_is_not_called(n: int, fraction: float) -> None:
    """12 random sets against shuffles of the same, E ≤ 0.05: at most 0.6 are expected, with and without hold-out."""
    called = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        base = rng.choice(4, (n, 50), p=[0.33, 0.17, 0.17, 0.33]).astype(np.uint8)
        base[: n // 4, 10:20] = 0
        primary = dinucleotide_shuffle(base, rng)
        options = WordOptions(n_motifs=1, patience=1, holdout_fraction=fraction, seed=seed)
        called += find_by_words(primary, shuffled_control(base, rng), options)
    assert len(called) <= 1


def test_what_is_put_aside() -> None:
    assert put_aside(399, 5000, WordOptions()) is None
    assert put_aside(5000, 5000, WordOptions(holdout_fraction=0.0)) is None
    masks = put_aside(400, 900, WordOptions(seed=7))
    assert masks is not None
    assert [mask.sum() for mask in masks] == [40, 90]
    again = put_aside(400, 900, WordOptions(seed=7))
    assert again is not None
    np.testing.assert_array_equal(masks[0], again[0])


def test_the_other_strand_gives_the_same_motif() -> None:
    primary, control = planted(450, GAPPED, 0.5, 6), planted(450, GAPPED, 0.0, 7)
    options = WordOptions(n_motifs=1)
    first, again, turned = (
        find_by_words(*sets, options)[0]
        for sets in ((primary, control), (primary, control),
                     (reverse_complement(primary), reverse_complement(control)))
    )  # fmt: skip
    np.testing.assert_array_equal(first.counts, again.counts)
    assert likeness(as_motif(first), as_motif(turned)) > 0.98
    assert turned.log_p == pytest.approx(first.log_p, rel=0.2)


def test_one_strand_only_finds_no_site_on_the_other() -> None:
    primary, control = planted(450, GATA, 0.9, 8), planted(450, GATA, 0.0, 9)
    found = find_by_words(primary, control, WordOptions(n_motifs=1, both_strands=False))
    assert set(found[0].strands.tolist()) == {0}


@pytest.mark.parametrize("codes", [np.full((450, 30), 4, dtype=np.uint8), np.zeros((450, 30), dtype=np.uint8),
                                   np.zeros((3, 4), dtype=np.uint8), np.zeros((0, 20), dtype=np.uint8)])  # fmt: skip
def test_sequences_without_anything_to_find(codes: np.ndarray) -> None:
    assert find_by_words(codes, codes, WordOptions()) == []


def test_cancel_stops_the_search() -> None:
    def check() -> None:
        raise Cancelled

    primary = planted(60, GATA, 0.5, 13)
    with pytest.raises(Cancelled):
        find_by_words(primary, primary, WordOptions(), check)


def _oracle_sequences(oracles: Path) -> list[np.ndarray]:
    """Windows about the sites of Reb1 and of Abf1."""
    return [
        encode_batch(["".join(block.split("\n")[1:]) for block in (oracles / name).read_text().split(">")[1:]])
        for name in ("reb1_pm30.fa", "abf1_pm30.fa")
    ]


def test_reb1_is_found_as_streme_finds_it(shared_dir: Path) -> None:
    oracles = shared_dir / "oracles"
    reb1, abf1 = _oracle_sequences(oracles)
    streme = read_motifs(oracles / "streme_reb1_vs_abf1.txt")
    fungi = read_motifs(shared_dir / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz")
    found = find_by_words(reb1, abf1, WordOptions(n_motifs=5))
    aligned = align_all([as_motif(found[0])], [*streme, *fungi])
    assert benjamini_hochberg(aligned.pvalue[0])[0] < 1e-3
    assert fungi[int(aligned.pvalue[0][5:].argmin())].name == "REB1"
    # STREME: 600 sites, E 1.3e-12 of five motifs, and nothing else significant.
    assert len(found[0].rows) == pytest.approx(streme[0].nsites, rel=0.05)
    assert -15 < found[0].log_p / np.log(10) < -11
    assert len(found) == 1
    abf = find_by_words(abf1, reb1, WordOptions(n_motifs=1))[0]
    assert fungi[int(align_all([as_motif(abf)], fungi).pvalue[0].argmin())].name == "ABF1"


# ---- the task


@pytest.mark.parametrize("max_width", [15, 19])
def test_sets_too_small_for_a_hold_out_are_judged_by_the_strongest_word(shared_dir: Path, max_width: int) -> None:
    """The matrix of smallest p may have grown from a rare word: it is not that word's p which is asked."""
    primary, control = (codes[:250] for codes in _oracle_sequences(shared_dir / "oracles"))
    first, *_ = find_by_words(primary, control, WordOptions(max_width=max_width))
    assert first.test == "words"
    assert first.log_e < np.log(1e-20)
    assert first.hits > 5 * first.control_hits


def test_sets_and_clusters_by_the_task(tmp_path: Path) -> None:
    bench = others.Bench(tmp_path)
    artifact = bench.discover(dataset=bench.dataset(n=420), engine="words", n_motifs=1, contrasts=["wt", "ko"])
    rows = artifact.table("motifs.parquet").to_pylist()
    motifs = {m.id: m for m in read_motifs(artifact.path("motifs.meme"))}
    assert {row["scope"]: row["engine"] for row in rows} == {"WT": "words", "KO": "words"}
    assert {row["test"] for row in rows} == {"holdout"}
    assert likeness(GATA, motifs["WT_1"]) > 0.95
    assert likeness(GAPPED, motifs["KO_1"]) > 0.95
    assert artifact.manifest.summary["engine"] == "words"
    assert artifact.table("sites.parquet").num_rows == sum(row["nsites"] for row in rows)
    small = bench.discover(
        dataset=bench.dataset(n=420), engine="words", n_motifs=1, contrasts=["wt"], holdout_fraction=0.0
    )
    assert small.table("motifs.parquet").to_pylist()[0]["test"] == "words"
    words = [decode(row) for row in planted(60, GATA, 1.0, 12, length=20)]
    tables = {
        "clusters.parquet": others.pa.Table.from_pylist([{"cluster": 1, "discovery": "yes"}]),
        "members.parquet": others.pa.table({"kmer_index": np.arange(60), "kmer": words, "cluster": [1] * 60}),
    }
    clusters = bench.discover(clusters=bench.commit("clusters", tables), engine="words", n_motifs=1)
    (motif,) = read_motifs(clusters.path("motifs.meme"))
    assert likeness(GATA, motif) > 0.9
    assert clusters.manifest.summary["searches"][0]["test"] == "words"


@pytest.mark.parametrize("fields", [{"model": "oops"}, {"holdout_fraction": 0.6}, {"holdout_fraction": -0.1},
                                    {"patience": 0}])  # fmt: skip
def test_bad_specs(fields: dict) -> None:
    with pytest.raises(ValidationError):
        DiscoverMotifsSpec(dataset="x", engine="words", **fields)
