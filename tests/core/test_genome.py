"""Genome FASTA in every wrapping: the same bases, the same identity; and what is wrong, said plainly."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.genome import Genome, disk_error, genome_cache_dir
from cislex_core.seqcol import SeqCol, sequence_digest
from cislex_core.sequences import decode

CHR1 = "ACGTNNNNacgtRYACGTACG"
CHR2 = "TTTTGGGGCCCCAAAA"


def _fasta(width: int, newline: str = "\n") -> bytes:
    lines = []
    for name, text in (("chr1 first", CHR1), ("chr2", CHR2)):
        lines += [f">{name}", *(text[i : i + width] for i in range(0, len(text), width))]
    return (newline.join(lines) + newline).encode()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("width", "newline"), [(5, "\n"), (7, "\r\n"), (100, "\n")])
@pytest.mark.parametrize("packed", [False, True])
def test_bases_and_identity_do_not_depend_on_wrapping(
    tmp_path: Path, cache: Path, width: int, newline: str, packed: bool
) -> None:
    data = _fasta(width, newline)
    path = tmp_path / ("g.fa.gz" if packed else "g.fa")
    path.write_bytes(gzip.compress(data) if packed else data)
    genome = Genome.open(path, cache_dir=cache)
    assert genome.contigs == {"chr1": 21, "chr2": 16}
    assert decode(genome.codes("chr1")) == "ACGTNNNNACGTNNACGTACG"
    assert decode(genome.fetch("chr2", 3, 9)) == CHR2[3:9]
    assert genome.fetch("chr2", 4, 4).size == 0
    digests = tuple(sequence_digest(text) for text in (CHR1, CHR2))
    assert genome.digest == SeqCol(("chr1", "chr2"), (21, 16), digests).digest
    assert [run.tolist() for run in genome.n_runs("chr1")] == [[4, 12], [8, 14]]


def test_windows_equal_single_fetches(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_bytes(_fasta(6))
    genome = Genome.open(path, cache_dir=cache)
    windows = genome.windows("chr1", np.array([0, 13, 15]), 6)
    assert [decode(row) for row in windows] == [decode(genome.fetch("chr1", s, s + 6)) for s in (0, 13, 15)]


def test_the_index_stands_beside_a_plain_file(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_bytes(_fasta(6))
    Genome.open(path, cache_dir=cache)
    assert (tmp_path / "g.fa.fai").is_file()
    assert not list(cache.glob("*.fai"))


def test_an_index_older_than_its_file_is_made_anew(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_bytes(b">old\nACGT\n")
    Genome.open(path, cache_dir=cache)
    path.write_bytes(_fasta(6))
    os.utime(tmp_path / "g.fa.fai", (1, 1))
    assert list(Genome.open(path, cache_dir=cache).contigs) == ["chr1", "chr2"]


def test_a_read_only_folder_is_left_alone(tmp_path: Path, cache: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir()
    path = folder / "g.fa"
    path.write_bytes(_fasta(6))
    folder.chmod(0o555)
    try:
        genome = Genome.open(path, cache_dir=cache)
        assert [p.name for p in folder.iterdir()] == ["g.fa"]
    finally:
        folder.chmod(0o755)
    assert (cache / f"{genome.sha256}.fai").is_file()


def test_identity_is_computed_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "g.fa.gz"
    path.write_bytes(gzip.compress(_fasta(6)))
    first = Genome.open(path, cache_dir=cache).digest
    monkeypatch.setattr("cislex_core.genome.sequence_digest", lambda _: pytest.fail("digested again"))
    assert Genome.open(path, cache_dir=cache).digest == first


def test_the_cache_is_below_cislex_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CISLEX_HOME", str(tmp_path / "h"))
    assert genome_cache_dir() == tmp_path / "h" / "genomes"


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"chr1\t1\t2\n", Reason.INVALID_FASTA, "line 1 begins with 'chr1"),
        (b"\n\nACGT\n", Reason.INVALID_FASTA, "line 3 begins with 'ACGT'"),
        (b"", Reason.INVALID_FASTA, "is empty"),
        (b">p\nMKLVEF\n", Reason.INVALID_FASTA, "'L' at position 3"),
        (b">a\nACGTAC\nACG\nACGTAC\n", Reason.INVALID_FASTA, "Re-wrap"),
        (b">a\nACGT\n>a\nACGT\n", Reason.INVALID_FASTA, "name of its own"),
        (gzip.compress(_fasta(6), mtime=0)[:-12], Reason.FILE_TRUNCATED, "ends too early"),
    ],
)
def test_what_is_no_genome_is_said_plainly(
    tmp_path: Path, cache: Path, content: bytes, reason: Reason, words: str
) -> None:
    path = tmp_path / "bad.fa"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        Genome.open(path, cache_dir=cache)
    assert caught.value.reason is reason
    assert words in caught.value.message
    assert "bad.fa" in caught.value.message
    assert not [p for p in cache.iterdir() if "." not in p.name]


def test_a_missing_file_and_an_unknown_contig(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        Genome.open(tmp_path / "none.fa", cache_dir=cache)
    path = tmp_path / "g.fa"
    path.write_bytes(_fasta(6))
    genome = Genome.open(path, cache_dir=cache)
    with pytest.raises(UserError, match="no contig 'chrZ'"):
        genome.codes("chrZ")
    with pytest.raises(UserError, match="outside the contig"):
        genome.fetch("chr2", 10, 17)


def test_a_full_disk_has_a_reason() -> None:
    error = disk_error(OSError(28, "No space left on device"), Path("/data"), "g.fa")
    assert isinstance(error, UserError)
    assert error.reason is Reason.DISK_FULL
    other = OSError(5, "Input/output error")
    assert disk_error(other, Path("/data"), "g.fa") is other


def test_the_yeast_genome(shared_dir: Path, cache: Path) -> None:
    genome = Genome.open(shared_dir / "data" / "yeast" / "sacCer3.fa.gz", cache_dir=cache)
    sizes = (shared_dir / "data" / "yeast" / "sacCer3.chrom.sizes").read_text().split()
    assert genome.contigs == dict(zip(sizes[::2], map(int, sizes[1::2]), strict=True))
    assert genome.digest == "rtxCVcv6g_K32uSY5ohBSo7pOgXNCjXN"
    assert decode(genome.fetch("chrI", 0, 20)) == "CCACACCACACCCACACACC"


@pytest.mark.parametrize(
    "index",
    [
        b"chr1\t8\t6\t4\t5\tx\nchr2\t99999999999\t20\t4\t5\n", b"chr1\t-8\t6\t4\t5\n", b"chr1\t8\t-6\t4\t5\n",
        b"chr1\t8\t6\t5\t4\n", b"chr1\tx\t6\t4\t5\n", b"chr1\n", b"\xff\xfe", b"chr1\t" + b"9" * 5000 + b"\t6\t4\t5\n",
    ],
)  # fmt: skip
def test_an_index_that_cannot_be_of_the_file_is_not_believed(index: bytes, tmp_path: Path) -> None:
    path, cache = tmp_path / "g.fa", tmp_path / "cache"
    cache.mkdir()
    path.write_bytes(b">chr1\nACGT\nTTTT")
    (tmp_path / "g.fa.fai").write_bytes(index)
    os.utime(tmp_path / "g.fa.fai", (2e9, 2e9))
    genome = Genome.open(path, cache_dir=cache, index_beside=False)
    assert genome.contigs == {"chr1": 8}
    assert genome.fetch("chr1", 6, 8).tolist() == [3, 3]


def test_an_index_that_counts_otherwise_than_the_file_is_named(tmp_path: Path) -> None:
    path, cache = tmp_path / "g.fa", tmp_path / "cache"
    cache.mkdir()
    path.write_bytes(b">chr1\nACGT\nTTTT\n")
    (tmp_path / "g.fa.fai").write_bytes(b"chr1\t8\t6\t8\t9\n")
    os.utime(tmp_path / "g.fa.fai", (2e9, 2e9))
    with pytest.raises(UserError, match=r"the index g\.fa\.fai does not describe 'chr1'"):
        Genome.open(path, cache_dir=cache, index_beside=False)
