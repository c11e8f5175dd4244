"""Estimates: rows are counted right, figures grow with the work."""

from __future__ import annotations

import gzip

import pytest
from cislex_client.estimate import count_rows, estimate, read_length
from cislex_client.output import bytes_text, duration_text


@pytest.fixture
def files(tmp_path):
    """Two peak files and a genome."""
    (tmp_path / "wt.bed").write_text("track x\n# c\n" + "chr1\t1\t2\n" * 300 + "\n\n")
    (tmp_path / "ko.bed.gz").write_bytes(gzip.compress(b"chr1\t1\t2\n" * 200))
    (tmp_path / "g.fa").write_text(">a\nACGT\nAC\n>b\nA\n")
    return {"wt": tmp_path / "wt.bed", "ko": tmp_path / "ko.bed.gz", "genome": tmp_path / "g.fa"}


def guess(files, tmp_path, **changes):
    """An estimate with the usual options."""
    options = {"window_bp": 600, "seeds": 5, "epochs": None, "max_per_class": None, **changes}
    return estimate(files, home=tmp_path / "not" / "there", **options)


def test_rows_are_those_of_the_smaller_class_twice(files, tmp_path):
    assert guess(files, tmp_path).rows == 400
    assert guess(files, tmp_path, max_per_class=50).rows == 100
    assert guess(files, tmp_path, max_per_class=5000).rows == 400


def test_more_work_takes_longer(files, tmp_path):
    base = guess(files, tmp_path).seconds
    assert guess(files, tmp_path, seeds=1).seconds < base
    assert guess(files, tmp_path, epochs=1).seconds < base
    assert guess(files, tmp_path, window_bp=100).seconds < base


def test_sequences_bring_their_own_width(tmp_path):
    (tmp_path / "a.fa").write_text(">a\nACGT\nAC\n>b\nA\n")
    files = {"wt_fasta": tmp_path / "a.fa", "ko_fasta": tmp_path / "a.fa"}
    result = guess(files, tmp_path, window_bp=None)
    assert (result.rows, result.window_bp) == (4, 6)
    assert read_length(tmp_path / "a.fa") == 6


def test_a_truncated_file_is_counted_as_far_as_it_goes(tmp_path):
    whole = gzip.compress("".join(f"chr1\t{i}\t{i * 7}\n" for i in range(10_000)).encode())
    (tmp_path / "t.gz").write_bytes(whole[: len(whole) // 2])
    assert 0 < count_rows(tmp_path / "t.gz") < 10_000


def test_a_disk_that_is_too_small_is_said(files, tmp_path):
    short = guess(files, tmp_path)
    crowded = type(short)(**{**short.__dict__, "disk_free_bytes": 1})
    assert any("not enough" in line for line in crowded.lines())
    assert not any("not enough" in line for line in short.lines())


@pytest.mark.parametrize(
    "size, text", [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (3e15, "3000.0 TB")]
)
def test_sizes(size, text):
    assert bytes_text(size) == text


@pytest.mark.parametrize("seconds, text", [(0.4, "0 s"), (42, "42 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")])
def test_durations(seconds, text):
    assert duration_text(seconds) == text
