"""Reads from FASTQ: clipped, coded, numbered by line; damaged files are said by line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.fastq import read_fastq
from cislex_core.sequences import decode
from cislex_core.text_files import Problems

TEXT = "@r1 lane 1\nACGTNacgt\n+r1\nIIIIIIIII\n@r2\nGG\n+\n@@\n\n"


def test_reads_are_clipped_at_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.fastq.gz"
    path.write_bytes(gzip.compress(TEXT.replace("\n", "\r\n").encode()))
    problems = Problems()
    reads = read_fastq(path, problems, clip_left_bp=1, clip_right_bp=2)
    assert not problems
    assert (reads.names, reads.line.tolist(), reads.lengths.tolist()) == (["r1", "r2"], [1, 5], [6, 0])
    assert decode(reads.codes) == "CGTNAC"
    assert reads.facts["n_too_short"] == 1
    whole = read_fastq(path, problems)
    assert [decode(whole.codes[a:b]) for a, b in zip(whole.offsets, whole.offsets[1:], strict=False)] == [
        "ACGTNACGT",
        "GG",
    ]
    assert whole.chrom == [None, None]
    np.testing.assert_array_equal(whole.start, [-1, -1])


def test_a_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "a.fastq.gz"
    path.write_bytes(gzip.compress((TEXT.strip() + "\n").encode() * 500)[:-12])
    with pytest.raises(UserError) as caught:
        read_fastq(path, Problems())
    assert caught.value.reason is Reason.FILE_TRUNCATED
    plain = tmp_path / "b.fastq"
    plain.write_text("@r1\nACGT\n+\n")
    problems = Problems()
    read_fastq(plain, problems, "reads")
    assert "b.fastq line 1: 0 qualities for 4 bases" in problems.violations[0].description
