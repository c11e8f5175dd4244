"""Peaks as people have them: formats, summits, oddities, and rows that cannot be read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.intervals import PeakSet
from cislex_core.peak_files import read_peaks
from cislex_core.text_files import Problems


def _read(folder: Path, text: str, name: str = "peaks.bed", base: int = 0) -> tuple[PeakSet, Problems]:
    path = folder / name
    path.write_bytes(text.encode())
    problems = Problems()
    return read_peaks(path, problems, "wt", coordinate_base=base), problems


def _rows(peaks: PeakSet) -> list[tuple[str, int, int, int]]:
    columns = (peaks.chrom_names, peaks.start, peaks.end, peaks.summit)
    return [(str(c), int(s), int(e), int(m)) for c, s, e, m in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "chr1\t100\t200\nchr2\t5\t8\n",
        "chr1\t100\t200\tp1\t0\t+\textra\nchr2\t5\t8\tp2\t0\t-\textra\n",
        "chr1 100 200\nchr2 5 8\n",
        "\ufefftrack name=x\nbrowser position chr1\n# note\nchr1\t100\t200\r\n\r\nchr2\t5\t8\r\n",
        "chrom,start,end\nchr1,100,200\nchr2,5,8\n",
        '"seqid"\t"end"\t"start"\n"chr1"\t"200"\t"100"\n"chr2"\t8\t5\n',
        "#chr\tstart\tend\nchr1\t1e+02\t200\nchr2\t5\t8\n",
    ],
)
def test_many_spellings_of_the_same_peaks(tmp_path: Path, text: str) -> None:
    peaks, problems = _read(tmp_path, text)
    assert not problems
    assert _rows(peaks) == [("chr1", 100, 200, 150), ("chr2", 5, 8, 6)]


def test_gzip_is_seen_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "peaks.bed"
    path.write_bytes(gzip.compress(b"chr1\t1\t3\n"))
    assert _rows(read_peaks(path, Problems(), "wt")) == [("chr1", 1, 3, 2)]


def test_narrowpeak_summits_are_offsets_and_minus_one_means_none(tmp_path: Path) -> None:
    tail = "\tp\t0\t.\t1.5\t-1\t-1\t"
    text = f"track x\nchr1\t100\t200{tail}10\nchr1\t300\t400{tail}-1\nchr1\t500\t600\tp\t0\t.\n"
    peaks, problems = _read(tmp_path, text, "a.narrowPeak")
    assert not problems
    assert peaks.summit.tolist() == [110, 350, 550]
    assert peaks.line.tolist() == [2, 3, 4]
    assert (peaks.facts["n_summits"], peaks.facts["n_midpoints"]) == (1, 2)
    unnamed, _ = _read(tmp_path, f"chr1\t100\t200{tail}10\n", "upload")
    assert (unnamed.facts["format"], unnamed.summit.tolist()) == ("narrowPeak", [110])


def test_table_columns_name_summits_and_bases(tmp_path: Path) -> None:
    text = "peak_id,chr,start,end,summit,strand\np1,chr1,101,200,151,+\np2,chr1,301,400,NA,-\n"
    peaks, problems = _read(tmp_path, text, "t.csv", base=1)
    assert not problems
    assert _rows(peaks) == [("chr1", 100, 200, 150), ("chr1", 300, 400, 350)]
    assert peaks.name.to_pylist() == ["p1", "p2"]
    assert bytes(peaks.strand) == b"+-"
    offset, _ = _read(tmp_path, "chrom\tstart\tend\tsummit_offset\nchr1\t10\t30\t4\n", "t.tsv")
    assert offset.summit.tolist() == [14]


def test_tables_of_r_are_suspected_of_counting_from_one(tmp_path: Path) -> None:
    peaks, _ = _read(tmp_path, "seqnames\tstart\tend\nchr1\t1\t9\n", "r.tsv")
    assert "coordinate_base 1" in str(peaks.facts["warning"])


def test_order_is_noted(tmp_path: Path) -> None:
    assert _read(tmp_path, "chr1\t1\t2\nchr1\t5\t6\nchr2\t1\t2\n")[0].facts["is_sorted"] is True
    assert _read(tmp_path, "chr1\t5\t6\nchr1\t1\t2\n")[0].facts["is_sorted"] is False
    assert _read(tmp_path, "chr1\t1\t2\nchr2\t1\t2\nchr1\t5\t6\n")[0].facts["is_sorted"] is False


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("chr1\t200\t100", "end 100 is not greater than start 200"),
        ("chr1\t200\t200", "end 200 is not greater than start 200"),
        ("chr1\t-5\t100", "start is -5"),
        ("chr1\tabc\t100", "start is 'abc'"),
        ("chr1\t10\t99.5", "end is '99.5'"),
        ("chr1\t10", "2 column(s)"),
    ],
)
def test_bad_rows_are_named_with_line_and_value(tmp_path: Path, row: str, words: str) -> None:
    peaks, problems = _read(tmp_path, f"chr1\t1\t9\n{row}\nchr1\t20\t30\n")
    assert len(peaks) == 2
    with pytest.raises(UserError) as caught:
        problems.raise_if_any()
    assert caught.value.reason is Reason.INVALID_INTERVALS
    assert caught.value.message.startswith("peaks.bed line 2: ")
    assert words in caught.value.message
    assert caught.value.violations[0].field == "wt"
    assert caught.value.metadata == {"file": "peaks.bed", "line": "2"}


def test_a_summit_outside_its_peak_is_a_bad_row(tmp_path: Path) -> None:
    _, problems = _read(tmp_path, "chr1\t100\t200\tp\t0\t.\t0\t0\t0\t100\n", "a.narrowPeak")
    assert "summit offset 100" in problems.violations[0].description


def test_many_bad_rows_are_all_counted_and_the_first_shown(tmp_path: Path) -> None:
    _, problems = _read(tmp_path, "".join(f"chr1\t{n}\t{n}\n" for n in range(40)))
    with pytest.raises(UserError) as caught:
        problems.raise_if_any()
    assert "40 problems" in caught.value.message
    assert "and 35 more problems" in caught.value.violations[-1].description
    assert len(caught.value.violations) == 6


def test_a_table_without_a_needed_column(tmp_path: Path) -> None:
    _, problems = _read(tmp_path, "chrom\tstart\tfold\nchr1\t5\t1.2\n", "t.tsv")
    assert problems.reasons == [Reason.INVALID_TABLE]
    assert "no column for end" in problems.violations[0].description


def test_binary_truncated_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="binary file"):
        _read(tmp_path, "PK\x03\x00\x00")
    path = tmp_path / "cut.bed.gz"
    path.write_bytes(gzip.compress(b"".join(b"chr1\t%d\t%d\n" % (n, n + 7) for n in range(9999)))[:-400])
    with pytest.raises(UserError, match=r"cut\.bed\.gz ends too early") as caught:
        read_peaks(path, Problems(), "wt")
    assert caught.value.reason is Reason.FILE_TRUNCATED
    with pytest.raises(UserError, match="does not exist") as missing:
        read_peaks(tmp_path / "none.bed", Problems(), "wt")
    assert missing.value.reason is Reason.FILE_NOT_FOUND


def test_real_files(shared_dir: Path) -> None:
    yeast = shared_dir / "data" / "yeast"
    problems = Problems()
    narrow = read_peaks(yeast / "hmmratac_yeast500k_accessible_regions.narrowPeak", problems)
    assert (len(narrow), narrow.facts["n_skipped_lines"], narrow.facts["n_summits"]) == (1605, 1, 1605)
    assert _rows(narrow)[0] == ("chrI", 20, 560, 238)
    assert len(read_peaks(yeast / "Reb1.bed", problems)) == 1078
    assert not problems
