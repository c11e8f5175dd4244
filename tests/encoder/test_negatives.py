"""SampleNegatives: GC is matched within splits, nothing overlaps, counts of dinucleotides stay, shortage is said."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason
from cislex_core.sequences import dinucleotide_counts
from cislex_core.targets import TARGET_TYPES
from cislex_encoder import gc_matching
from cislex_encoder.gc_content import N_BINS, bins
from encoder_inputs import fails, fasta, genome, places, random_text, status
from hypothesis import given, settings
from hypothesis import strategies as st

BIG = {f"chr{number}": 200_000 for number in range(1, 6)}


def _positives(bench: Any, n: int = 100, **options: Any) -> Any:
    bed = bench.write("p.bed", "".join(f"{c}\t{s}\t{e}\tp\n" for c, s, e in places(n, 40, 150)))
    files = [{"name": "bound", "file": bed}]
    return bench.run("encoder.ImportDataset", regions=files, genome=genome(bench, BIG), window_bp=60, **options)


def _negatives(bench: Any, dataset: Any, method: str, **options: Any) -> Dataset:
    artifact = bench.run("encoder.SampleNegatives", dataset=dataset.digest, method=method, **options)
    return Dataset.from_artifact(artifact, types=TARGET_TYPES)


def _histograms(dataset: Dataset, label: int) -> dict[str, Counter[int]]:
    rows = dataset.rows
    index = bins(np.array(rows["gc"].to_pylist(), dtype=float))
    return {
        split: Counter(index[(dataset.split_names == split) & (dataset.targets == label)].tolist())
        for split in ("train", "validation", "test")
    }


def _overlapping(dataset: Dataset) -> int:
    rows = sorted((r["chrom"], r["start"], r["end"], r["label"]) for r in dataset.rows.to_pylist())
    return sum(a[0] == b[0] and b[1] < a[2] and {a[3], b[3]} == {0, 1} for a, b in pairwise(rows))


@pytest.mark.parametrize("options", [{}, {"split_by": "random"}])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_windows_of_the_genome(bench: Any, options: dict[str, Any], ratio: float) -> None:
    positives = _positives(bench, **options)
    blacklist = bench.write("black.bed", "chr2\t50000\t150000\n")
    path = bench.root / "genome.fa"
    dataset = _negatives(bench, positives, "gc_genome", genome=path, ratio=ratio, blacklist=blacklist)
    assert dataset.outputs == ["negative", "bound"]
    wanted, found = _histograms(dataset, 1), _histograms(dataset, 0)
    for split, counts in wanted.items():
        assert all(found[split][key] <= ratio * n for key, n in counts.items())
        assert set(found[split]) <= set(counts)
    # A GC content that one positive alone has may be nowhere else in so small a genome; that is said.
    n_found = sum(dataset.targets == 0)
    assert 100 * ratio >= n_found >= 97 * ratio
    assert any(reason == "TOO_FEW_NEGATIVES" for reason, _ in bench.heard.warnings) == (n_found < 100 * ratio)
    assert _overlapping(dataset) == 0
    drawn = [row for row in dataset.rows.to_pylist() if row["set"] == "negative"]
    assert len({(row["chrom"], row["start"]) for row in drawn}) == len(drawn)
    assert not any(row["chrom"] == "chr2" and 50000 < row["end"] < 150060 for row in drawn)
    if not options:
        of = {row["chrom"]: row["split"] for row in dataset.rows.to_pylist() if row["set"] == "bound"}
        assert all(of[row["chrom"]] == row["split"] for row in drawn)
    again = _negatives(bench, positives, "gc_genome", genome=path, ratio=ratio, blacklist=blacklist)
    assert again.digest == dataset.digest
    other = _negatives(bench, positives, "gc_genome", genome=path, ratio=ratio, blacklist=blacklist, seed=1)
    assert other.digest != dataset.digest


def test_regions_of_a_pool(bench: Any) -> None:
    positives = _positives(bench)
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 29_900, 3000)
    pool = [f"chr{1 + i % 5}\t{s}\t{s + int(rng.integers(20, 90))}\n" for i, s in enumerate(starts.tolist())]
    file = bench.write("pool.bed", "".join([*pool, "chr1\t0\t4\n", pool[0]]))
    dataset = _negatives(bench, positives, "gc_pool", genome=bench.root / "genome.fa", pool=file)
    found, wanted = _histograms(dataset, 0), _histograms(dataset, 1)
    assert all(found[split] <= wanted[split] for split in wanted)
    assert sum(dataset.targets == 0) >= 97
    assert _overlapping(dataset) == 0
    summary = dataset.artifact.manifest.summary
    assert summary["n_input_rows"] == 100 + 3002 == summary["n_rows"] + sum(status(dataset.artifact).values())
    assert {"out_of_bounds", "duplicate", "overlaps_positive", "not_chosen"} <= set(status(dataset.artifact))
    assert summary["negatives"]["gc_matched"]
    assert summary["gc_distances"][0]["ks"] < 0.1


def test_too_small_a_pool_is_said_with_numbers(bench: Any) -> None:
    positives = _positives(bench)
    pool = bench.write("pool.bed", "".join(f"chr{1 + i % 5}\t{15000 + 70 * i}\t{15060 + 70 * i}\n" for i in range(60)))
    dataset = _negatives(bench, positives, "gc_pool", genome=bench.root / "genome.fa", pool=pool, ratio=3)
    _, text = next(item for item in bench.heard.warnings if item[0] == "TOO_FEW_NEGATIVES")
    train = dataset.artifact.manifest.summary["negatives"]["splits"][0]
    assert f"train: {train['n_found']} of {train['n_wanted']}" in text
    assert train["n_found"] < train["n_wanted"] == 3 * train["n_positive"]
    assert text in dataset.artifact.manifest.summary["notes"]


@pytest.mark.parametrize("ratio", [1.0, 0.5, 2.5])
def test_shuffled_positives_keep_every_dinucleotide(bench: Any, ratio: float) -> None:
    texts = [*random_text(60, 40), "ACGTNNNNACCGTTAACCGGTTACGGATCCGATTACAGGA"]
    file = fasta(bench, "p", texts)
    positives = bench.run("encoder.ImportDataset", fasta=[{"name": "bound", "file": file}])
    dataset = _negatives(bench, positives, "dinucleotide", ratio=ratio)
    rows = dataset.rows.to_pylist()
    shuffled = [row for row in rows if row["set"] == "negative"]
    for split in ("train", "validation", "test"):
        n = sum(row["split"] == split and row["set"] == "bound" for row in rows)
        assert sum(row["split"] == split for row in shuffled) == int(n * ratio + 0.5)
    different = 0
    for row in shuffled:
        parent = rows[row["parent_row"]]
        a, b = dataset.codes[row["row"]], dataset.codes[parent["row"]]
        np.testing.assert_array_equal(dinucleotide_counts(a), dinucleotide_counts(b))
        np.testing.assert_array_equal(a == 4, b == 4)
        assert (a[0], a[-1], row["split"]) == (b[0], b[-1], parent["split"])
        different += not np.array_equal(a, b)
    assert different > 0.95 * len(shuffled)


def test_own_negatives_are_subsampled(bench: Any) -> None:
    rng = np.random.default_rng(1)
    rich = ["".join(rng.choice(list("ACGT"), 40, p=[0.2, 0.3, 0.3, 0.2])) for _ in range(80)]
    files = [
        {"name": "open", "file": fasta(bench, "o", rich)},
        {"name": "closed", "file": fasta(bench, "c", random_text(900, 40))},
    ]
    both = bench.run("encoder.ImportDataset", fasta=files)
    matched = _negatives(bench, both, "subsample", positive_class="open")
    assert matched.outputs == ["open", "closed"]
    wanted, found = _histograms(matched, 0), _histograms(matched, 1)
    assert all(found[split][key] <= wanted[split][key] for split in found for key in found[split])
    plain = _negatives(bench, both, "subsample", positive_class="open", match_gc=False, ratio=2)
    assert np.bincount(plain.targets).tolist() == [80, 160]
    assert status(plain.artifact) == {"not_chosen": 740}
    closer, further = (d.artifact.manifest.summary["gc_distances"][0]["ks"] for d in (matched, plain))
    assert closer < further


def test_rows_of_zeros_for_several_tasks(bench: Any) -> None:
    rows = [f"{c}:{s}-{e}\t{i % 2}\t{(i // 2) % 2}" for i, (c, s, e) in enumerate(places(80, 40, 150))]
    table = bench.write("m.tsv", "region\tA\tB\n" + "\n".join(rows) + "\n")
    positives = bench.run("encoder.ImportDataset", matrix=table, genome=genome(bench, BIG), window_bp=60)
    dataset = _negatives(bench, positives, "gc_genome", genome=bench.root / "genome.fa")
    assert (dataset.target_type, dataset.targets.dtype, len(dataset) >= 138) == ("multilabel", np.int8, True)
    assert not dataset.targets[80:].any()
    assert dataset.rows["set"].null_count == len(dataset)
    sampled = _negatives(bench, positives, "subsample", ratio=0.2, match_gc=False)
    parts = sampled.artifact.manifest.summary["negatives"]["splits"]
    assert (sampled.targets.sum(axis=1) == 0).sum() == sum(item["n_found"] for item in parts)
    assert [item["n_wanted"] for item in parts] == [round(0.2 * item["n_positive"]) for item in parts]


def test_what_cannot_be_meant(bench: Any) -> None:
    task = {"task": "encoder.SampleNegatives"}
    files = [{"name": name, "file": fasta(bench, name, random_text(30, 20, ord(name)))} for name in "abc"]
    three = bench.run("encoder.ImportDataset", fasta=files)
    fails(bench, Reason.INVALID_REQUEST, "a, b, c", dataset=three.digest, method="dinucleotide", **task)
    fails(
        bench,
        Reason.INVALID_REQUEST,
        "no class 'x'",
        dataset=three.digest,
        method="dinucleotide",
        positive_class="x",
        **task,
    )
    fails(
        bench, Reason.INVALID_REQUEST, "choose another negative_name", dataset=three.digest, method="dinucleotide",
        positive_class="a", negative_name="a", **task,
    )  # fmt: skip
    two = _negatives(bench, three, "dinucleotide", positive_class="b")
    assert (two.outputs, status(two.artifact)) == (["negative", "b"], {"other_class": 60})
    text = "sequence\ty\n" + "".join(f"{t}\t{i / 7}\n" for i, t in enumerate(random_text(30, 20)))
    numbers = bench.run("encoder.ImportDataset", matrix=bench.write("m.tsv", text))
    fails(bench, Reason.INVALID_REQUEST, "regression", dataset=numbers.digest, method="dinucleotide", **task)
    placed = _positives(bench)
    other = genome(bench, BIG, seed=99)
    fails(bench, Reason.GENOME_MISMATCH, "genome", dataset=placed.digest, method="gc_genome", genome=other, **task)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 5), st.booleans())
def test_choosing_never_takes_too_many_or_twice(seed: int, ratio: float, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    gc, split = rng.beta(8, 8, 60), rng.integers(0, 3, 60)
    need = gc_matching.wanted(gc, split, ratio)
    totals = np.bincount(split, minlength=3) * ratio
    assert (np.abs(need.sum(axis=1) - totals) <= 0.5 + 1e-6).all()
    pool, of_split = rng.beta(8, 8, 200), rng.integers(0, 3, 200).astype(np.int8)
    before = need.copy()
    rows, splits = gc_matching.choose(pool, of_split if tied else None, need, rng)
    assert np.unique(rows).size == rows.size
    taken = np.zeros_like(before)
    np.add.at(taken, (splits, bins(pool)[rows]), 1)
    np.testing.assert_array_equal(before - taken, need)
    assert (need >= 0).all()
    left_over = np.bincount(np.delete(bins(pool), rows), minlength=N_BINS)
    if not tied:
        assert not (left_over[need.sum(axis=0) > 0]).any()  # a bin that is short was used up
    else:
        assert (splits == of_split[rows]).all()


def test_real_yeast_sites(bench: Any, shared_dir: Path) -> None:
    yeast = shared_dir / "data" / "yeast"
    files = [{"name": "Reb1", "file": yeast / "Reb1.bed"}]
    path = yeast / "sacCer3.fa.gz"
    positives = bench.run("encoder.ImportDataset", regions=files, genome=path, window_bp=100)
    dataset = _negatives(bench, positives, "gc_genome", genome=path)
    assert np.bincount(dataset.targets).tolist() == [1078, 1078]
    assert dataset.artifact.manifest.summary["gc_distances"][0]["ks"] < 0.03
