"""Ready sequences: headers that name a place, mixed case, and records that cannot be read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import Place, parse_header, read_sequences, write_fasta
from cislex_core.sequences import decode
from cislex_core.text_files import Problems


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("chr1:10-20", Place("chr1", 10, 20, ".", None)),
        ("chr1:10-20(-)", Place("chr1", 10, 20, "-", None)),
        ("peak_7::chrX:10-20(+)", Place("chrX", 10, 20, "+", "peak_7")),
        ("peak_7 chr2:10-20 score=3", Place("chr2", 10, 20, ".", None)),
        ("peak_7", None),
        ("a:b", None),
        ("", None),
    ],
)
def test_headers(header: str, place: Place | None) -> None:
    assert parse_header(header) == place


def test_sequences_are_joined_upper_cased_and_placed(tmp_path: Path) -> None:
    path = tmp_path / "s.fa.gz"
    path.write_bytes(gzip.compress(b"; note\n>chr1:10-16\r\nACG\r\nacr\r\n\r\n>p::chr2:1-4(-)\nTTTT\n>free\nGG\n"))
    problems = Problems()
    got = read_sequences(path, problems, "wt_fasta")
    assert not problems
    texts = [decode(got.codes[a:b]) for a, b in zip(got.offsets[:-1], got.offsets[1:], strict=True)]
    assert texts == ["ACGACN", "TTTT", "GG"]
    assert got.names == ["chr1:10-16", "p", "free"]
    assert got.chrom == ["chr1", "chr2", None]
    assert got.start.tolist() == [10, 0, -1]  # chr2:1-4 is four letters: 1-based, closed
    assert got.end.tolist() == [16, 4, -1]
    assert got.line.tolist() == [2, 6, 8]
    assert got.facts["n_one_based"] == 1


def test_bad_records_are_named(tmp_path: Path) -> None:
    path = tmp_path / "s.fa"
    path.write_text(">a\nACGT\n>b\nACQT\n>c\n>d\nAC\n")
    problems = Problems()
    assert read_sequences(path, problems, "wt_fasta").names == ["a", "d"]
    texts = [violation.description for violation in problems.violations]
    assert "s.fa line 3: the sequence 'b' has 'Q' at position 3" in texts[0]
    assert "s.fa line 5: the sequence 'c' has no letters" in texts[1]


def test_text_before_a_header_is_no_fasta(tmp_path: Path) -> None:
    path = tmp_path / "s.fa"
    path.write_text("chr1\t1\t2\n")
    with pytest.raises(UserError) as caught:
        read_sequences(path, Problems(), "wt_fasta")
    assert caught.value.reason is Reason.INVALID_FASTA


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "s.fa"
    write_fasta(path, iter([("a", "ACGT" * 40), ("b", "")]), width=60)
    assert max(map(len, path.read_text().splitlines())) == 60
    problems = Problems()
    assert decode(read_sequences(path, problems, "x").codes) == "ACGT" * 40
    assert len(problems.violations) == 1
