"""Each limit of an input, set small: what is beyond it is refused in words that name it, what is within is read."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cislex_core import input_limits
from cislex_core.errors import Reason, UserError
from cislex_core.family_tables import read_family_table
from cislex_core.fasta import read_records, read_sequences
from cislex_core.fastq import read_fastq
from cislex_core.genome import Genome
from cislex_core.motif_files import read_motifs
from cislex_core.peak_files import read_peaks
from cislex_core.text_files import Problems, read_lines

MOTIF = "MOTIF m{}\nletter-probability matrix: w= 1\n1 0 0 0\n"
MEME = "MEME version 4\n\n" + "".join(MOTIF.format(i) for i in range(5))
Limit = Callable[[str, int], None]


def lines_of(path: Path) -> object:
    return sum(len(line) for _, line in read_lines(path))


def peaks_of(path: Path) -> object:
    return read_peaks(path, Problems())


def sequences_of(path: Path) -> object:
    return read_sequences(path, Problems())


def reads_of(path: Path) -> object:
    return read_fastq(path, Problems())


BED = "".join(f"chr1\t{i}\t{i + 5}\n" for i in range(10))
FASTA = ">a\nACGTACGT\n>b\nACGTACGTAC\n"
FASTQ = "@r\nACGTACGTAC\n+\nIIIIIIIIII\n" * 2
CASES = [
    # limit, its largest value that the content passes, content, reader
    ("lines", 10, BED, lines_of),
    ("line_bytes", 10, BED, lines_of),
    ("line_bytes", 11, FASTQ, reads_of),
    ("lines", 8, FASTQ, reads_of),
    ("intervals", 10, BED, peaks_of),
    ("sequence_bp", 18, FASTA, sequences_of),
    ("sequence_bp", 20, FASTQ, reads_of),
    ("motifs", 5, MEME, read_motifs),
    ("motif_bytes", len(MEME), MEME, read_motifs),
    ("lines", 2, "matrix_id\tname\ttf_family\ttf_class\nM\ta\tb\tc\n", read_family_table),
]


@pytest.mark.parametrize(("name", "most", "content", "read"), CASES)
def test_a_limit_lets_through_what_it_allows_and_nothing_more(
    name: str, most: int, content: str, read: Callable[[Path], object], tmp_path: Path, limit: Limit
) -> None:
    for packed in (False, True):
        path = tmp_path / f"input.{packed}"
        path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
        limit(name, most)
        read(path)
        limit(name, most - 1)
        with pytest.raises(UserError) as caught:
            read(path)
        assert caught.value.reason is Reason.LIMIT_EXCEEDED
        assert f"more than {most - 1:,}" in caught.value.message
        assert f"CISLEX_MAX_{name.upper()}" in caught.value.message


def test_one_sequence_is_bounded_while_it_is_read(tmp_path: Path, limit: Limit) -> None:
    path = tmp_path / "a.fa"
    path.write_text(">a\n" + "ACGT\n" * 1000)
    limit("sequence_bp", 100)
    with pytest.raises(UserError, match="line 27 has more than 100 bases in one sequence"):
        list(read_records(path))


MIB = 1 << 20
BOMBS: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    "lines": (b"#" + b"A" * MIB + b"\n", lines_of),
    "peaks": (b"#" + b"A" * MIB + b"\n", peaks_of),
    "motifs": (b"#" + b"A" * MIB + b"\n", read_motifs),
    "FASTA": (b">a\n" + b"A" * MIB + b"\n", sequences_of),
    "FASTQ": (b"@r\n" + b"A" * MIB + b"\n+\n" + b"I" * MIB + b"\n", reads_of),
}


@pytest.mark.parametrize("name", ["ratio", "decompressed_bytes"])
@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_it_has_unpacked(
    name: str, kind: str, tmp_path: Path, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of one letter, one gzip member after the other: a thousandth of its size."""
    block, read = BOMBS[kind]
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(block) * 16)
    assert path.stat().st_size < 16 * len(block) // 500
    monkeypatch.setattr(input_limits, "RATIO_FROM_BYTES", MIB)
    if name == "decompressed_bytes":
        limit("ratio", 10_000)
        limit("decompressed_bytes", 3 * MIB)
    with pytest.raises(UserError) as caught:
        read(path)
    assert caught.value.reason is Reason.LIMIT_EXCEEDED
    assert f"CISLEX_MAX_{name.upper()}" in caught.value.message


def test_a_genome_that_is_a_bomb_leaves_nothing_on_the_disk(tmp_path: Path, limit: Limit) -> None:
    path = tmp_path / "genome.fa.gz"
    path.write_bytes(gzip.compress(b">chr1\n" + b"ACGT" * 2_000_000))
    cache = tmp_path / "cache"
    cache.mkdir()
    limit("decompressed_bytes", 1_000_000)
    with pytest.raises(UserError) as caught:
        Genome.open(path, cache_dir=cache)
    assert caught.value.reason is Reason.LIMIT_EXCEEDED
    assert list(cache.iterdir()) == []


def test_an_endless_line_is_not_read_to_its_end(tmp_path: Path, limit: Limit) -> None:
    path = tmp_path / "endless.bed"
    with open(path, "wb") as handle:
        handle.truncate(1 << 34)  # 16 GiB of nothing, without a line's end
    limit("line_bytes", 1 << 16)
    with pytest.raises(UserError, match="line 1 has more than 65,536 bytes"):
        lines_of(path)


def test_real_text_of_genomes_is_far_from_the_ratio(tmp_path: Path) -> None:
    """N runs are the best that honest files pack: a chromosome's worth is let through while little is unpacked."""
    path = tmp_path / "n.fa.gz"
    path.write_bytes(gzip.compress(b">chr1\n" + b"N" * 30_000_000))
    ((_, header, sequence),) = read_records(path)
    assert (header, len(sequence)) == ("chr1", 30_000_000)


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
@pytest.mark.parametrize("read", [lines_of, peaks_of, sequences_of, read_motifs])
def test_archives_are_never_unpacked_but_refused_by_name(
    kind: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    """Nothing reads tar or zip, so no member's name can lead anywhere."""
    path, evil = tmp_path / f"peaks.{kind}", "../../evil.bed"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(evil, "chr1\t1\t2\n" * 50)
    else:
        with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as tar:
            tar.addfile(member := tarfile.TarInfo(evil), io.BytesIO(b""))
            assert member.size == 0
    with pytest.raises(UserError, match="archive"):
        read(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]
