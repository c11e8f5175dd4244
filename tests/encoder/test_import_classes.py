"""ImportDataset from files by class: FASTA, FASTQ and regions; what is clipped, collapsed, dropped and recorded."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason
from cislex_core.genome import Genome
from encoder_inputs import fails, fasta, fastq, genome, places, random_text, status


def _named(**files: Any) -> list[dict[str, Any]]:
    return [{"name": name, "file": file} for name, file in files.items()]


def test_three_classes_of_fasta_in_the_order_given(bench: Any) -> None:
    texts = {name: random_text(60, 30, seed) for seed, name in enumerate(("b", "a", "c"))}
    files = _named(**{name: fasta(bench, name, text) for name, text in texts.items()})
    artifact = bench.run("encoder.ImportDataset", fasta=files)
    dataset = Dataset.from_artifact(artifact)
    assert dataset.classes == ["b", "a", "c"]
    assert dataset.strings(np.arange(180)) == texts["b"] + texts["a"] + texts["c"]
    assert np.bincount(dataset.targets).tolist() == [60, 60, 60]
    assert dataset.rows["set"].to_pylist()[::60] == ["b", "a", "c"]
    assert artifact.manifest.summary["split_by"] == "stratified"
    assert [[item["n_rows"] for item in split["classes"]] for split in artifact.manifest.summary["splits"]] == [
        [48] * 3,
        [6] * 3,
        [6] * 3,
    ]
    assert any(reason == "RANDOM_SPLIT" for reason, _ in bench.heard.warnings)


def test_one_class_alone_is_taken(bench: Any) -> None:
    artifact = bench.run("encoder.ImportDataset", fasta=_named(only=fasta(bench, "only", random_text(50, 24))))
    assert Dataset.from_artifact(artifact).classes == ["only"]
    assert artifact.manifest.summary["classes"] == [{"name": "only", "n_rows": 50}]


def test_equal_sequences_are_collapsed_and_counted_and_conflicts_dropped(bench: Any) -> None:
    texts = random_text(40, 30)
    from cislex_core.sequences import reverse_complement_str

    a = fasta(bench, "a", [*texts[:20], texts[0], reverse_complement_str(texts[0]), texts[39]])
    b = fasta(bench, "b", texts[20:])
    artifact = bench.run("encoder.ImportDataset", fasta=_named(a=a, b=b))
    assert status(artifact) == {"duplicate": 2, "label_conflict": 2}
    assert artifact.table("rows.parquet")["n_equal"][0].as_py() == 3
    kept = bench.run("encoder.ImportDataset", fasta=_named(a=a, b=b), collapse_duplicates=False, drop_conflicts=False)
    assert status(kept) == {}


def test_cycles_of_reads_are_classes_and_keep_their_duplicates(bench: Any) -> None:
    texts = random_text(30, 20)
    cycles = _named(
        c0=fastq(bench, "c0", texts), c1=fastq(bench, "c1", texts[:10] * 3), c4=fastq(bench, "c4", texts[:3] * 10)
    )
    artifact = bench.run("encoder.ImportDataset", fastq=cycles, test_fraction=0, validation_fraction=0.2)
    summary = artifact.manifest.summary
    assert [item["n_rows"] for item in summary["classes"]] == [30, 30, 30]
    assert [split["n_rows"] for split in summary["splits"]] == [72, 18, 0]
    assert summary["leakage"]["n_same"] > 0
    assert any(reason == "LEAKAGE" for reason, _ in bench.heard.warnings)
    collapsed = bench.run("encoder.ImportDataset", fastq=cycles, collapse_duplicates=True)
    rows = collapsed.table("rows.parquet")
    assert [item["n_rows"] for item in collapsed.manifest.summary["classes"]] == [30, 10, 3]
    assert sum(rows["n_equal"].to_pylist()) == 90


def test_smile_seq_reads_are_clipped_to_30_bp(bench: Any) -> None:
    cores = random_text(40, 30)
    reads = [f"{'A' * 7}{core}{'C' * 64}" for core in cores]
    path = bench.root / "smile.fastq.gz"
    path.write_bytes(
        gzip.compress(fastq(bench, "smile", [*reads, "ACGT", "A" * 20 + "N" * 10 + "C" * 71]).read_bytes())
    )
    artifact = bench.run(
        "encoder.ImportDataset", fastq=_named(bound=path), clip_left_bp=7, clip_right_bp=64, max_n_fraction=0
    )
    dataset = Dataset.from_artifact(artifact)
    assert dataset.window_bp == 30
    assert dataset.strings(np.arange(40)) == cores
    assert status(artifact) == {"too_many_n": 1, "too_short": 1}
    assert "not longer than the 71 bp clipped" in bench.heard.warnings[1][1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (">a\nACGT\n", "looks like FASTA"),
        ("@a\nACGT\n+\nIII\n", "3 qualities for 4 bases"),
        ("@a\nACGT\nIIII\n@b\n", "the third line"),
        ("@a\nAC!T\n+\nIIII\n", "which is no nucleotide"),
    ],
)
def test_reads_that_are_none(bench: Any, text: str, words: str) -> None:
    path = bench.write("bad.fastq", text)
    error = fails(bench, Reason.INVALID_FASTA, "bad.fastq line", words, fastq=_named(a=path))
    assert error.violations[0].field == "fastq[0].file"


def test_all_files_are_checked_and_named_together(bench: Any) -> None:
    files = _named(a=bench.write("a.fa", "ACGT\n"), b=bench.write("b.fa", ""), c=bench.write("c.fa", ">x\nAC!\n"))
    error = fails(bench, Reason.INVALID_FASTA, "3 problems", fasta=files)
    assert [item.field for item in error.violations] == ["fasta[0].file", "fasta[1].file", "fasta[2].file"]


def test_regions_of_one_class_become_windows_about_their_middle(bench: Any) -> None:
    bed = bench.write(
        "r.bed", "".join(f"{c}\t{s}\t{e}\tp\n" for c, s, e in places(100)) + "chr1\t0\t4\nchr1\t100\t140\n"
    )
    path = genome(bench)
    artifact = bench.run("encoder.ImportDataset", regions=_named(bound=bed), genome=path, window_bp=51)
    dataset = Dataset.from_artifact(artifact)
    assert status(artifact) == {"out_of_bounds": 1, "duplicate": 1}
    opened = Genome.open(path)
    for row in dataset.rows.to_pylist():
        assert (row["summit"] - row["start"], row["end"] - row["start"]) == (25, 51)
        np.testing.assert_array_equal(dataset.codes[row["row"]], opened.fetch(row["chrom"], row["start"], row["end"]))
    assert artifact.manifest.summary["split_by"] == "chromosome"
    assert dataset.genome_digest == opened.digest


def test_files_that_say_their_splits(bench: Any) -> None:
    texts = random_text(60, 20)
    files = [
        {
            "name": name,
            "file": fasta(bench, f"{name}{i}", texts[i * 20 + 10 * j : i * 20 + 10 * j + 10]),
            "split": split,
        }
        for i, split in enumerate(("train", "validation", "test"))
        for j, name in enumerate("ab")
    ]
    artifact = bench.run("encoder.ImportDataset", fasta=files)
    assert artifact.manifest.summary["split_by"] == "given"
    assert [split["n_rows"] for split in artifact.manifest.summary["splits"]] == [20, 20, 20]
    assert Dataset.from_artifact(artifact).classes == ["a", "b"]
    files[3]["split"] = None
    fails(bench, Reason.INVALID_REQUEST, "10 rows have no split", "b1.fa line 1", fasta=files)


def test_real_ctcf_and_pu1(bench: Any, shared_dir: Path) -> None:
    folder = shared_dir / "data" / "ctcf_pu1"
    files = _named(CTCF=folder / "ctcf.fa.gz", PU1=folder / "pu1.fa.gz")
    artifact = bench.run(
        "encoder.ImportDataset", fasta=files, test_chroms=["chr1", "8", "chr21"], validation_chroms=["2"]
    )
    summary = artifact.manifest.summary
    assert summary["n_input_rows"] == 39184 + 28677
    assert summary["window_bp"] == 100
    assert summary["splits"][2]["chroms"] == ["chr1", "chr8", "chr21"]
    gc = {item["set"]: item["mean"] for item in summary["gc_sets"]}
    assert gc["CTCF"] == pytest.approx(0.552, abs=0.002)
    assert gc["PU1"] == pytest.approx(0.503, abs=0.002)
