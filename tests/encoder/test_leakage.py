"""Near-duplicates across splits: planted ones are found, what is reported is true, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.sequences import reverse_complement
from cislex_encoder import leakage
from cislex_encoder.kmer_sketches import Sketches, canonical_words
from encoder_inputs import fasta, random_text
from hypothesis import given, settings
from hypothesis import strategies as st

NOTHING = lambda: None  # noqa: E731


def _sketches(codes: np.ndarray, blocks: int = 3) -> Sketches:
    sketches = Sketches(*codes.shape)
    for _ in sketches.tap(iter(np.array_split(codes, blocks))):
        pass
    return sketches


def _find(tmp_path: Path, codes: np.ndarray, split: np.ndarray) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    np.save(tmp_path / "codes.npy", codes)
    table, summary = leakage.find(tmp_path / "codes.npy", _sketches(codes), split.astype(np.int8), NOTHING)
    return table.to_pylist(), summary


def _naive_words(row: np.ndarray, k: int) -> set[bytes]:
    found = set()
    for start in range(row.size - k + 1):
        word = row[start : start + k]
        if (word < 4).all():
            found.add(min(word.tobytes(), reverse_complement(word).tobytes()))
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 13), st.integers(13, 40))
def test_words_and_overlaps_are_those_of_sets(seed: int, k: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.choice(5, size=(6, width), p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    codes[3] = reverse_complement(codes[0])
    words, with_n = canonical_words(np.ascontiguousarray(codes.T), k)
    assert words.shape == (width - k + 1, 6)
    for row in range(6):
        known = words[:, row] if with_n is None else words[~with_n[:, row], row]
        assert len(set(known.tolist())) == len(_naive_words(codes[row], k))
    expected = []
    for a, b in zip(codes[:3], codes[3:], strict=True):
        first, second = _naive_words(a, k), _naive_words(b, k)
        expected.append(len(first & second) / max(len(first), len(second), 1))
    np.testing.assert_allclose(leakage.overlaps(codes[:3], codes[3:], k), expected)


def test_sketches_do_not_hang_on_blocks_or_strand() -> None:
    codes = np.random.default_rng(0).choice(5, size=(200, 61), p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    whole, parts, other = _sketches(codes, 1), _sketches(codes, 7), _sketches(reverse_complement(codes))
    for name in ("lanes", "prints", "has_kmers"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
        np.testing.assert_array_equal(getattr(whole, name), getattr(other, name))


def test_lanes_agree_as_often_as_the_sets_overlap() -> None:
    """The share of equal lanes estimates the Jaccard index without bias."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (4000, 200)).astype(np.uint8)
    other = codes.copy()
    other[:, :40] = rng.integers(0, 4, (4000, 40))
    agreeing = (_sketches(codes).lanes == _sketches(other).lanes).mean()
    shared = 149 / (2 * 189 - 149)
    assert agreeing == pytest.approx(shared, abs=0.01)


@pytest.mark.parametrize("width", [60, 200])
def test_planted_duplicates_are_found(tmp_path: Path, width: int) -> None:
    """Every same sequence and reverse complement; at least 99 % of the pairs whose overlap is 0.9 or more."""
    rng = np.random.default_rng(width)
    n, planted = 6000, 1500
    codes = rng.integers(0, 4, (n, width)).astype(np.uint8)
    split = np.zeros(n, dtype=np.int8)
    split[-planted:] = rng.integers(1, 3, planted)
    for i in range(planted):
        copy = codes[i].copy()
        if i % 3 == 1:  # a few exchanged bases
            at = rng.integers(0, width, 1 + i % 2)
            copy[at] = (copy[at] + 1) % 4
        elif i % 3 == 2:  # a window that begins elsewhere
            shift = int(rng.integers(1, max(2, width // 8)))
            copy = np.concatenate((copy[shift:], rng.integers(0, 4, shift).astype(np.uint8)))
        codes[n - planted + i] = reverse_complement(copy) if i % 2 else copy
    truth = leakage.overlaps(codes[:planted], codes[n - planted :], 12) >= 0.9
    rows, summary = _find(tmp_path, codes, split)
    found = {(row["row_a"], row["row_b"]) for row in rows}
    wanted = {(i, n - planted + i) for i in np.flatnonzero(truth).tolist()}
    assert found <= wanted
    assert len(found & wanted) >= 0.99 * len(wanted)
    assert (summary["n_same"], summary["n_reverse_complement"]) == (250, 250)
    assert summary["n_pairs"] == len(rows) == summary["n_same"] + summary["n_reverse_complement"] + summary["n_similar"]
    assert not summary["truncated"]
    for row in rows:
        a, b = codes[row["row_a"]], codes[row["row_b"]]
        assert row["split_a"] == "train"
        assert row["overlap"] >= 0.9
        assert (row["kind"] == "same") == np.array_equal(a, b)


def test_equals_of_one_split_count_and_pairs_within_a_split_do_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, (12, 50)).astype(np.uint8)
    codes[[1, 2, 3, 10, 11]] = codes[0]
    codes[5] = codes[4]
    rows, summary = _find(tmp_path, codes, np.array([0] * 8 + [1] * 2 + [2] * 2))
    assert [(row["row_a"], row["row_b"], row["kind"]) for row in rows] == [(0, 10, "same")]
    assert summary["between"][1] == {"split_a": "train", "split_b": "test", "n_pairs": 1, "n_rows_a": 4, "n_rows_b": 2}


def test_sequences_of_n_and_short_windows(tmp_path: Path) -> None:
    codes = np.full((6, 20), 4, dtype=np.uint8)
    codes[0, :6] = codes[5, :6] = 1
    rows, _ = _find(tmp_path, codes, np.array([0, 0, 0, 1, 1, 2]))
    assert {row["kind"] for row in rows} == {"same"}
    short = np.random.default_rng(4).integers(0, 4, (8, 9)).astype(np.uint8)
    short[7] = reverse_complement(short[0])
    rows, summary = _find(tmp_path, short, np.array([0] * 6 + [1, 2]))
    assert [(row["row_a"], row["row_b"], row["kind"]) for row in rows] == [(0, 7, "reverse_complement")]
    assert summary["k"] == 9


def test_a_large_family_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "_MAX_BUCKET", 4)
    rng = np.random.default_rng(5)
    codes = np.tile(rng.integers(0, 4, 400).astype(np.uint8), (60, 1))
    codes[np.arange(60), np.arange(60)] ^= 1
    _, summary = _find(tmp_path, codes, np.arange(60) % 3)
    assert summary["truncated"]
    assert summary["n_similar"] > 100


def test_build_dataset_reports_them_and_its_gc(bench: Any) -> None:
    texts = random_text(200, 60, 8)
    wt = fasta(
        bench, "wt", [*texts[:90], *texts[:10]], [f"chr{1 + i % 6}:{i * 100}-{i * 100 + 60}" for i in range(100)]
    )
    ko = fasta(bench, "ko", texts[100:], [f"chr{1 + i % 6}:{i * 100 + 30000}-{i * 100 + 30060}" for i in range(100)])
    artifact = bench.run("encoder.BuildDataset", wt_fasta=wt, ko_fasta=ko, balance=False)
    assert artifact.table("leakage.parquet").num_rows == artifact.manifest.summary["leakage"]["n_pairs"] == 0
    gc = artifact.json("gc.json")
    assert (gc["bin_width"], gc["n_bins"]) == (0.02, 50)
    rows = artifact.table("rows.parquet").to_pylist()
    for item in gc["sets"]:
        mine = [row["gc"] for row in rows if row["set"] == item["set"] and item["split"] in ("all", row["split"])]
        assert (sum(item["counts"]), item["n_rows"]) == (len(mine), len(mine))
        counts = np.histogram(np.array(mine) + 1e-9, bins=np.arange(51) * 0.02)[0]
        np.testing.assert_array_equal(item["counts"], counts)
    from scipy.stats import ks_2samp

    shares = [[row["gc"] for row in rows if row["set"] == name] for name in ("KO", "WT")]
    assert gc["distances"][0]["ks"] == pytest.approx(ks_2samp(*shares).statistic)
