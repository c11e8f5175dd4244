"""Bad input: one message with all that is wrong, each with file, line, value and remedy, under a typed reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from cislex_core.errors import Reason, UserError
from cislex_encoder.specs import BuildDatasetSpec, LabelPeaksSpec, SimulateSpec
from pydantic import ValidationError

GENOME = ">chr1\n" + "ACGT" * 500 + "\n>chr2\n" + "GGCA" * 500 + "\n>chr3\n" + "TTCA" * 500 + "\n"
GOOD = "".join(f"chr{c}\t{s}\t{s + 20}\n" for c in (1, 2, 3) for s in range(100, 1900, 200))
OTHER = "".join(f"chr{c}\t{s}\t{s + 20}\n" for c in (1, 2, 3) for s in range(200, 1900, 200))


def _fail(bench: Any, wt: str = GOOD, ko: str = OTHER, genome: str | Path = GENOME, **options: Any) -> UserError:
    place = genome if isinstance(genome, Path) else bench.write("g.fa", genome)
    with pytest.raises(UserError) as caught:
        bench.run(
            "encoder.BuildDataset",
            genome=place,
            wt=bench.write("a.bed", wt),
            ko=bench.write("b.bed", ko),
            **{"window_bp": 40, **options},
        )
    return caught.value


@pytest.mark.parametrize(
    ("wt", "reason", "words"),
    [
        ("chr1\t50\t20\n", Reason.INVALID_INTERVALS, ["a.bed line 1", "end 20 is not greater than start 50"]),
        ("chr1\tten\t20\n", Reason.INVALID_INTERVALS, ["a.bed line 1", "'ten'", "no whole number"]),
        ("chr1\t-3\t20\n", Reason.INVALID_INTERVALS, ["a.bed line 1", "start is -3"]),
        (GOOD + "chr2\t1990\t2001\n", Reason.INVALID_INTERVALS, ["line 28", "chr2:1990-2001", "past the end", "2,000"]),
        ("", Reason.EMPTY_SET, ["a.bed holds no interval", "WT set is empty"]),
        ("# only a comment\n", Reason.EMPTY_SET, ["a.bed holds no interval"]),
        ("scaffold_9\t5\t10\n", Reason.CONTIG_UNKNOWN, ["scaffold_9", "line 1", "chr1, chr2, chr3", "--alias FILE"]),
    ],
)
def test_bad_peaks(bench: Any, wt: str, reason: Reason, words: list[str]) -> None:
    error = _fail(bench, wt=wt)
    assert error.reason is reason
    assert all(word in error.message for word in words), error.message
    assert error.violations[0].field == "wt"


def test_all_problems_of_all_inputs_come_in_one_message(bench: Any) -> None:
    error = _fail(bench, wt="chr1\t50\t20\nchr1\tx\t9\n", ko="", genome="nonsense\n")
    assert [violation.field for violation in error.violations] == ["genome", "wt", "wt", "ko"]
    assert error.message.startswith("4 problems with the inputs:")


@pytest.mark.parametrize(
    ("names", "proposal"),
    [
        (("1", "2", "3"), "1→chr1, 2→chr2, 3→chr3"),
        (("NC_000001.11", "NC_000002.12", "NC_000003.12"), "NC_000001.11→chr1"),
    ],
)
def test_other_contig_names_are_proposed_not_applied(bench: Any, names: tuple[str, ...], proposal: str) -> None:
    wt, ko = GOOD, OTHER
    for number, name in enumerate(names, start=1):
        wt, ko = (text.replace(f"chr{number}\t", f"{name}\t") for text in (wt, ko))
    error = _fail(bench, wt=wt, ko=ko)
    assert error.reason is Reason.CONTIG_UNKNOWN
    assert proposal in error.message
    assert "--alias auto" in error.message
    assert json.loads(error.metadata["proposed_aliases"])[names[2]] == "chr3"


def test_no_proposal_where_an_interval_would_not_fit(bench: Any) -> None:
    error = _fail(bench, wt="1\t5000\t5020\n")
    assert error.reason is Reason.CONTIG_UNKNOWN
    assert "same assembly" in error.message
    assert "→" not in error.message


def test_the_yeast_files_with_arabic_names(bench: Any, shared_dir: Path) -> None:
    yeast = shared_dir / "data" / "yeast"
    with pytest.raises(UserError) as caught:
        bench.run(
            "encoder.BuildDataset",
            genome=yeast / "sacCer3.fa.gz",
            wt=yeast / "Reb1_arabic_names.bed",
            ko=yeast / "Abf1_arabic_names.bed",
        )
    assert caught.value.reason is Reason.CONTIG_UNKNOWN
    assert "chr1→chrI" in caught.value.message
    proposed = json.loads(caught.value.metadata["proposed_aliases"])
    assert (len(proposed), proposed["chr10"], proposed["chr9"]) == (16, "chrX", "chrIX")


def test_a_truncated_gzip_and_a_missing_file(bench: Any) -> None:
    path = bench.root / "cut.fa.gz"
    path.write_bytes(gzip.compress(GENOME.encode() * 50)[:-20])
    error = _fail(bench, genome=path)
    assert error.reason is Reason.FILE_TRUNCATED
    assert "cut.fa.gz" in error.message


def test_one_class_given_twice_leaves_nothing(bench: Any) -> None:
    error = _fail(bench, ko=GOOD)
    assert error.reason is Reason.EMPTY_SET
    assert "no WT sequence is left of 27 (dropped: label_conflict 27)" in error.message


def test_one_class_lost_to_the_rules(bench: Any) -> None:
    error = _fail(bench, wt="chr1\t0\t4\nchr2\t1996\t2000\n")
    assert error.reason is Reason.ONE_CLASS
    assert "no WT sequence is left of 2 (dropped: out_of_bounds 2)" in error.message


def test_a_test_chromosome_without_peaks_or_without_a_class(bench: Any) -> None:
    no_chr3 = "".join(line for line in GOOD.splitlines(keepends=True) if "chr3" not in line)
    ko_too = "".join(line for line in OTHER.splitlines(keepends=True) if "chr3" not in line)
    error = _fail(bench, wt=no_chr3, ko=ko_too, test_chroms=["3"])
    assert error.reason is Reason.EMPTY_SPLIT
    assert "chr3, on which no sequence is left; those that have some: chr1 (18), chr2 (18)" in error.message
    error = _fail(bench, wt=no_chr3, test_chroms=["chr3"])
    assert error.reason is Reason.EMPTY_SPLIT
    assert "the test set (chr3) holds 0 WT and 9 KO" in error.message
    error = _fail(bench, test_chroms=["chr7"])
    assert error.reason is Reason.CONTIG_UNKNOWN
    assert "test_chroms names 'chr7'" in error.message


def test_test_chromosomes_that_leave_nothing_to_learn_from(bench: Any) -> None:
    error = _fail(bench, test_chroms=["chr1", "chr2", "chr3"])
    assert error.reason is Reason.EMPTY_SPLIT
    assert "takes every chromosome with sequences (chr1, chr2, chr3)" in error.message


def test_sequences_in_the_place_of_peaks_are_recognised(bench: Any) -> None:
    assert "--wt-fasta" in _fail(bench, wt=GENOME).message


def test_one_chromosome_cannot_be_split(bench: Any) -> None:
    only = "".join(line for line in GOOD.splitlines(keepends=True) if "chr1" in line)
    error = _fail(bench, wt=only, ko=only.replace("00\t", "90\t").replace("20\n", "99\n"))
    assert error.reason is Reason.EMPTY_SPLIT
    assert "split_by random" in error.message


def test_lower_case_and_iupac_letters_are_no_error(bench: Any) -> None:
    genome = bench.write("g.fa", GENOME.lower().replace(">chr", ">chr").replace("acgt", "acrt"))
    artifact = bench.run(
        "encoder.BuildDataset",
        genome=genome,
        wt=bench.write("a.bed", GOOD),
        ko=bench.write("b.bed", OTHER),
        window_bp=40,
        max_n_fraction=0.5,
    )
    assert artifact.array("codes.npy").max() == 4


def test_a_full_disk_is_said_before_the_work(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    error = _fail(bench)
    assert error.reason is Reason.DISK_FULL


def test_ready_sequences_that_are_peaks(bench: Any) -> None:
    with pytest.raises(UserError) as caught:
        bench.run("encoder.BuildDataset", wt_fasta=bench.write("a.fa", GOOD), ko_fasta=bench.write("b.fa", ""))
    assert caught.value.reason is Reason.INVALID_FASTA
    assert [violation.field for violation in caught.value.violations] == ["wt_fasta", "ko_fasta"]


FILE = {"sha256": "0" * 64}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "exactly one source"),
        ({"wt": FILE, "genome": FILE}, "exactly one source"),
        ({"wt": FILE, "ko": FILE}, "genome is needed"),
        ({"wt": FILE, "ko": FILE, "genome": FILE, "peaks": "x"}, "exactly one source"),
        ({"wt_fasta": FILE, "ko_fasta": FILE, "window_bp": 101}, "must be even"),
        (
            {"wt_fasta": FILE, "ko_fasta": FILE, "test_chroms": ["a"], "validation_chroms": ["a"]},
            "belongs to one split",
        ),
        ({"wt_fasta": FILE, "ko_fasta": FILE, "max_n_fraction": 2}, "less than or equal to 1"),
        ({"wt_fasta": FILE, "ko_fasta": FILE, "typo": 1}, "Extra inputs"),
    ],
)
def test_requests_that_cannot_be_meant(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BuildDatasetSpec.model_validate(fields)


def test_other_requests_that_cannot_be_meant() -> None:
    with pytest.raises(ValidationError, match="exactly one source"):
        LabelPeaksSpec.model_validate({"wt": FILE})
    with pytest.raises(ValidationError, match="multiple of 2"):
        SimulateSpec(window_bp=201)
