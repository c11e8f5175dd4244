"""BuildDataset: what is kept, where it goes, what is dropped and why; the same request gives the same bytes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.datasets import Dataset
from cislex_core.manifests import Artifact
from cislex_core.sequences import decode

CHROMS = {f"chr{number}": 4000 for number in range(1, 6)}


def _genome(bench: Any, chroms: dict[str, int] = CHROMS, n_at: tuple[str, int, int] | None = None) -> Path:
    rng = np.random.default_rng(7)
    lines = []
    for name, length in chroms.items():
        text = decode(rng.integers(0, 4, length).astype(np.uint8))
        if n_at and n_at[0] == name:
            text = text[: n_at[1]] + "N" * (n_at[2] - n_at[1]) + text[n_at[2] :]
        lines.append(f">{name}\n" + "\n".join(text[i : i + 70] for i in range(0, length, 70)))
    return bench.write("genome.fa", "\n".join(lines) + "\n")


def _bed(bench: Any, name: str, centres: list[tuple[str, int]]) -> Path:
    return bench.write(f"{name}.bed", "".join(f"{c}\t{m - 10}\t{m + 10}\t{name}_{m}\n" for c, m in centres))


def _spread(offset: int, step: int = 200) -> list[tuple[str, int]]:
    return [(chrom, centre) for chrom in CHROMS for centre in range(200 + offset, 3800, step)]


def _build(bench: Any, wt: list[tuple[str, int]], ko: list[tuple[str, int]], **options: Any) -> Artifact:
    genome = options.pop("genome", None) or _genome(bench)
    given = {"window_bp": 50, **options}
    return bench.run("encoder.BuildDataset", genome=genome, wt=_bed(bench, "wt", wt), ko=_bed(bench, "ko", ko), **given)


def _ledger(artifact: Artifact) -> list[dict[str, Any]]:
    return artifact.table("drops.parquet").to_pylist()


def test_windows_are_the_bases_about_the_summit(bench: Any) -> None:
    artifact = _build(bench, _spread(0), _spread(100))
    dataset = Dataset.from_artifact(artifact)
    from cislex_core.genome import Genome

    genome = Genome.open(bench.root / "genome.fa")
    assert dataset.genome_digest == genome.digest
    assert dataset.window_bp == 50
    assert dataset.classes == ["KO", "WT"]
    for row in dataset.rows.to_pylist():
        assert (row["end"] - row["start"], row["summit"] - row["start"]) == (50, 25)
        window = genome.fetch(row["chrom"], row["start"], row["end"])
        np.testing.assert_array_equal(dataset.codes[row["row"]], window)
        assert row["gc"] == pytest.approx(np.isin(window, [1, 2]).mean())
        assert row["label"] == dataset.targets[row["row"]] == {"KO": 0, "WT": 1}[row["set"]]
        assert row["name"] == f"{row['set'].lower()}_{row['summit']}"


def test_the_ledger_accounts_for_every_input_row(bench: Any) -> None:
    wt = [*_spread(0), ("chr1", 12), ("chr1", 200), ("chr2", 3990)]
    artifact = _build(bench, wt, _spread(100))
    ledger, summary = _ledger(artifact), artifact.manifest.summary
    assert len(ledger) == len(wt) + 90 == summary["n_input_rows"]
    counts = Counter(row["status"] for row in ledger)
    assert counts["out_of_bounds"] == 2
    assert counts["duplicate"] == 1
    assert counts.pop("kept") == summary["n_rows"]
    assert {item["reason"]: item["n_rows"] for item in summary["dropped"]} == counts
    rows = artifact.table("rows.parquet").to_pylist()
    for row in ledger:
        if row["status"] == "kept":
            made = rows[row["dataset_row"]]
            assert (made["source"], made["line"], made["chrom"]) == (row["source"], row["line"], row["chrom"])
        else:
            assert row["dataset_row"] is None
    duplicate = next(row for row in ledger if row["status"] == "duplicate")
    assert (duplicate["line"], duplicate["detail"]) == (92, "of wt.bed line 1")


def test_near_peaks_of_the_two_classes_conflict_and_both_go(bench: Any) -> None:
    ko = [*_spread(100), ("chr1", 424), ("chr2", 425)]
    ledger = _ledger(_build(bench, _spread(0), ko))
    conflicts = [(row["set"], row["chrom"], row["line"]) for row in ledger if row["status"] == "label_conflict"]
    assert conflicts == [("WT", "chr1", 2), ("KO", "chr1", 91)]  # 24 bp apart; 25 bp, half a window, is far enough
    wide = _build(bench, _spread(0), ko, conflict_distance_bp=26)
    assert Counter(row["status"] for row in _ledger(wide))["label_conflict"] == 4


def test_n_and_blacklist(bench: Any) -> None:
    genome = _genome(bench, n_at=("chr3", 590, 600))
    blacklist = bench.write("black.bed", "chr4\t0\t225\nchr9\t0\t5\n")
    artifact = _build(bench, _spread(0), _spread(100), genome=genome, blacklist=blacklist, balance=False)
    dropped = {(r["status"], r["chrom"], r["start"] + 10) for r in _ledger(artifact) if r["status"] != "kept"}
    assert dropped == {("too_many_n", "chr3", 600), ("blacklisted", "chr4", 200)}
    kept = _build(bench, _spread(0), _spread(100), genome=genome, max_n_fraction=0.2, balance=False)
    assert max(kept.table("rows.parquet")["n_fraction"].to_pylist()) == 0.2


def test_every_split_is_balanced_and_named(bench: Any) -> None:
    artifact = _build(bench, _spread(0), _spread(100, 400), test_chroms=["2"], validation_chroms=["chr5"])
    splits = {split["name"]: split for split in artifact.manifest.summary["splits"]}
    assert splits["test"]["chroms"] == ["chr2"]
    assert splits["validation"]["chroms"] == ["chr5"]
    assert splits["train"]["chroms"] == ["chr1", "chr3", "chr4"]
    assert all(split["n_wt"] == split["n_ko"] > 0 for split in splits.values())
    assert "test_chroms: 2 was read as chr2" in bench.heard.messages
    dataset = Dataset.from_artifact(artifact)
    assert set(dataset.chroms[dataset.split("test")]) == {"chr2"}
    assert sorted(np.concatenate([dataset.split(name) for name in splits])) == list(range(len(dataset)))


def test_the_papers_protocol_balances_first_and_has_no_validation(bench: Any) -> None:
    artifact = _build(bench, _spread(0), _spread(100, 400), test_chroms=["chr2"], protocol="paper")
    summary = artifact.manifest.summary
    splits = {split["name"]: split for split in summary["splits"]}
    assert splits["validation"]["n_rows"] == 0
    assert [item["n_rows"] for item in summary["classes"]] == [45, 45]
    assert artifact.manifest.spec["pad"] == "end"


def test_mouse_defaults(bench: Any) -> None:
    chroms = {f"chr{name}": 1000 for name in [*range(1, 20), "X", "Y"]}
    genome = _genome(bench, chroms)
    wt, ko = ([(chrom, at) for chrom in chroms for at in (first, first + 400)] for first in (200, 300))
    default = _build(bench, wt, ko, genome=genome).manifest.summary
    splits = {split["name"]: split["chroms"] for split in default["splits"]}
    assert splits["test"] == ["chr6", "chr7"]
    assert len(splits["validation"]) >= 1
    assert "chrX" in splits["train"] + splits["validation"]
    paper = _build(bench, wt, ko, genome=genome, protocol="paper").manifest.summary
    assert {"reason": "not_in_split", "n_rows": 8} in paper["dropped"]
    assert set(paper["splits"][0]["chroms"]) == set(chroms) - {"chr6", "chr7", "chrX", "chrY"}


def test_limit_and_least_distance(bench: Any) -> None:
    limited = _build(bench, _spread(0), _spread(100), max_per_class=40, balance=False)
    assert [item["n_rows"] for item in limited.manifest.summary["classes"]] == [40, 40]
    near = [*_spread(0), ("chr1", 230), ("chr1", 260)]
    spaced = _build(bench, near, _spread(100), min_distance_bp=50, balance=False)
    duplicates = [row["line"] for row in _ledger(spaced) if row["status"] == "duplicate"]
    assert duplicates == [91]  # 230 is 30 bp from 200; 260 is 60 bp from 200, which stays


def test_the_same_request_gives_the_same_artifact_and_another_seed_another(bench: Any) -> None:
    wt, ko = _spread(0), _spread(100, 400)
    first, again, other = (_build(bench, wt, ko, seed=seed) for seed in (1, 1, 2))
    assert first.digest == again.digest
    assert first.digest != other.digest


def test_arabic_names_are_mapped_when_asked_and_recorded(bench: Any) -> None:
    genome = _genome(bench, {"chrI": 4000, "chrII": 4000, "chrIII": 4000, "chrIV": 4000})
    renamed = {1: "chr1", 2: "2", 3: "chr03", 4: "chr4"}
    wt = [(renamed[number], at) for number in renamed for at in range(200, 3800, 200)]
    ko = [(chrom, at + 100) for chrom, at in wt]
    artifact = _build(bench, wt, ko, genome=genome, alias="auto")
    pairs = {item["from_name"]: item["to_name"] for item in artifact.manifest.summary["alias_used"]}
    assert pairs == {"chr1": "chrI", "2": "chrII", "chr03": "chrIII", "chr4": "chrIV"}
    assert artifact.json("preflight.json")["aliases"] == pairs
    assert "chr1→chrI" in bench.heard.messages[1]
    assert _ledger(artifact)[0]["chrom"] == "chr1"
    assert artifact.table("rows.parquet")["chrom"][0].as_py() == "chrI"
    table = bench.write(
        "alias.tsv", "# genome\tpeaks\nchrI\tchr1\nchrII\t2\nchrIII\tchr03\tthree\nchrIV\tchr4\nzz\tyy\n"
    )
    by_table = _build(bench, wt, ko, genome=genome, alias_table=table)
    assert by_table.manifest.summary["alias_used"] == artifact.manifest.summary["alias_used"]


def test_a_few_rows_on_contigs_of_no_known_name_are_left_out_and_said(bench: Any) -> None:
    artifact = _build(bench, [*_spread(0), ("chrUn_17", 300)], _spread(100))
    assert {"reason": "contig_unknown", "n_rows": 1} in artifact.manifest.summary["dropped"]
    assert any("chrUn_17" in text for _, text in bench.heard.warnings)
    assert _ledger(artifact)[90]["detail"] == "chrUn_17"


def test_ready_sequences(bench: Any) -> None:
    rng = np.random.default_rng(1)

    def fasta(name: str, extra: str) -> Path:
        records = [
            f">chr{1 + number % 6}:{number * 500 + 40 * (name == 'ko')}-{number * 500 + 40 * (name == 'ko') + 30}\n"
            f"{decode(rng.integers(0, 4, 30).astype(np.uint8)).lower()}\n"
            for number in range(60)
        ]
        return bench.write(f"{name}.fa", "".join(records) + extra)

    shared = "ACGTTGCAAGCTTGCATGCCTGCAGGTCGA"
    from cislex_core.sequences import reverse_complement_str

    wt = fasta("wt", f">a::chr1:900001-900031\n{shared}\n>chr2:7-12\nNNNNN\n")
    ko = fasta("ko", f">b::chr1:800001-800031\n{reverse_complement_str(shared)}\n")
    artifact = bench.run("encoder.BuildDataset", wt_fasta=wt, ko_fasta=ko, window_bp=40, balance=False)
    status = Counter(row["status"] for row in _ledger(artifact))
    assert status == {"kept": 120, "label_conflict": 2, "too_many_n": 1}
    dataset = Dataset.from_artifact(artifact)
    row = dataset.rows.slice(3, 1).to_pylist()[0]
    assert (row["chrom"], row["start"], row["end"], row["strand"]) == ("chr4", 1495, 1535, ".")
    assert dataset.strings(np.array([3]))[0].strip("N").__len__() == 30
    assert row["n_fraction"] == 0.25
    assert dataset.genome_digest is None
    plain = bench.run("encoder.BuildDataset", wt_fasta=wt, ko_fasta=ko, pad="end", window_bp=40)
    assert Dataset.from_artifact(plain).rows["start"][3].as_py() == 1500


def test_ready_sequences_without_places_are_split_at_random_and_loudly(bench: Any) -> None:
    rng = np.random.default_rng(2)
    files = {}
    for name in ("wt", "ko"):
        texts = [decode(rng.integers(0, 4, 30).astype(np.uint8)) for _ in range(100)]
        files[f"{name}_fasta"] = bench.write(f"{name}.fa", "".join(f">{i}\n{t}\n" for i, t in enumerate(texts)))
    artifact = bench.run("encoder.BuildDataset", **files)
    assert artifact.manifest.summary["window_bp"] == 30
    assert [split["n_wt"] for split in artifact.manifest.summary["splits"]] == [77, 8, 15]
    assert any(reason == "RANDOM_SPLIT" and "optimistic" in text for reason, text in bench.heard.warnings)
    assert artifact.table("rows.parquet")["chrom"].null_count == 200
    eighty = bench.run(
        "encoder.BuildDataset", **files, split_by="stratified", test_fraction=0.1, validation_fraction=0.1
    )
    assert [split["n_wt"] for split in eighty.manifest.summary["splits"]] == [80, 10, 10]
    assert "10 % test, 10 % validation" in eighty.manifest.summary["split_notes"][0]


def test_real_yeast_sites(bench: Any, shared_dir: Path) -> None:
    yeast = shared_dir / "data" / "yeast"
    options: dict[str, Any] = {
        "genome": yeast / "sacCer3.fa.gz",
        "window_bp": 100,
        "test_chroms": ["chrIV", "chrXV"],
        "validation_chroms": ["chrVII", "chrXII"],
    }
    artifact = bench.run("encoder.BuildDataset", wt=yeast / "Reb1.bed", ko=yeast / "Abf1.bed", **options)
    summary = artifact.manifest.summary
    assert summary["n_rows"] == 1330
    assert summary["dropped"] == [
        {"reason": "label_conflict", "n_rows": 118},
        {"reason": "balanced_away", "n_rows": 354},
    ]
    arabic = bench.run(
        "encoder.BuildDataset",
        wt=yeast / "Reb1_arabic_names.bed",
        ko=yeast / "Abf1_arabic_names.bed",
        alias="auto",
        balance=False,
        **options,
    )
    assert arabic.manifest.summary["n_rows"] == 1330 + 354
    assert len(arabic.manifest.summary["alias_used"]) == 16
