"""Motif files: what is read tolerantly, what is refused and how, and that what is written comes back."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import MotifFormat, format_meme, parse_motifs, read_motifs, write_motifs
from cislex_core.motifs import Motif

MEME = """MEME version 5.4.1

ALPHABET= ACGT

strands: + -

Background letter frequencies (from file):
A 0.3 C 0.2 G 0.2 T 0.3

MOTIF M1 first one
letter-probability matrix: alength= 4 w= 2 nsites= 17 E= 1.4e-902
 0.1 0.2 0.3 0.4
 1.0 0.0 0.0 0.0
MOTIF M2
letter-probability matrix: alength= 4 w= 1 nsites= 3 E= 0
 0.0 0.0 1.0 0.0"""
JASPAR = ">MA0001.1\tAGL3\nA [ 0 3 79 40 ]\nC [ 94 75 4 3 ]\nG [ 1 0 3 4 ]\nT [ 2 19 11 50 ]"
HOMER = ">ACGT\tname(x)/y\t6.1\t-12.5\t0\tT:1(1%),B:2(2%)\n0.9\t0.1\t0\t0\n0\t1\t0\t0\n0\t0\t1\t0\n0\t0\t0.01\t0.99\n"
TRANSFAC = "AC  M00001\nXX\nID  V$MYOD\nNA  MyoD\nP0  A C G T\n01  1 2 2 0 S\n02  2 1 2 0 R\nXX\n//\n"


def refused(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        parse_motifs(text, source="x.meme")
    assert caught.value.reason is Reason.INVALID_MOTIF_FILE
    assert caught.value.metadata["file"] == "x.meme"
    return caught.value


def test_meme() -> None:
    first, second = parse_motifs(MEME)
    assert (first.id, first.name, first.nsites, first.width) == ("M1", "first", 17, 2)
    assert first.evalue == 0.0
    assert first.log10_evalue == pytest.approx(np.log10(1.4) - 902)
    np.testing.assert_allclose(first.background, [0.3, 0.2, 0.2, 0.3])
    np.testing.assert_allclose(second.probabilities, [[0, 0, 1, 0]])
    assert "E= 1.4e-902" in format_meme([first])


@pytest.mark.parametrize(
    "text",
    [MEME, MEME + "\n", MEME.replace("\n", "\r\n"), MEME.replace("MOTIF", "motif").replace("ALPHABET= ACGT", ""),
     MEME.replace(" w= 2", ""), "\ufeff" + MEME, MEME.replace("A 0.3 C 0.2", "a 0.3 c 0.2"),
     MEME.replace("MOTIF M2", "URL http://x\n\n\nMOTIF M2")],
)  # fmt: skip
def test_meme_variants_read_alike(text: str) -> None:
    motifs = parse_motifs(text)
    assert [m.id for m in motifs] == ["M1", "M2"]
    np.testing.assert_allclose(motifs[0].probabilities, [[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]])


def test_meme_with_another_letter_order_is_permuted() -> None:
    text = MEME.replace("ALPHABET= ACGT", "ALPHABET= AGCT")
    np.testing.assert_allclose(parse_motifs(text)[0].probabilities[0], [0.1, 0.3, 0.2, 0.4])


def test_meme_rows_may_be_counts() -> None:
    text = MEME.replace("0.1 0.2 0.3 0.4", "1 2 3 4").replace("1.0 0.0 0.0 0.0", "10 0 0 0")
    np.testing.assert_allclose(parse_motifs(text)[0].probabilities[0], [0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("text", [JASPAR, JASPAR.lower(), JASPAR.replace("[", "").replace("]", "|"),
                                  "\n".join(line if line[0] == ">" else line[1:].strip(" []")
                                            for line in JASPAR.splitlines())])  # fmt: skip
def test_jaspar_variants(text: str) -> None:
    (motif,) = parse_motifs(text)
    assert motif.id.upper() == "MA0001.1"
    np.testing.assert_array_equal(motif.count_matrix()[0], [0, 94, 1, 2])
    assert motif.nsites == 97


def test_jaspar_rows_in_another_order() -> None:
    lines = JASPAR.splitlines()
    (motif,) = parse_motifs("\n".join([lines[0], lines[4], lines[1], lines[3], lines[2]]))
    np.testing.assert_array_equal(motif.count_matrix()[0], [0, 94, 1, 2])


def test_homer() -> None:
    (motif,) = parse_motifs(HOMER)
    assert (motif.id, motif.name, motif.width) == ("ACGT", "name(x)/y", 4)
    np.testing.assert_allclose(motif.probabilities[0], [0.9, 0.1, 0, 0])


def test_transfac_with_and_without_its_end() -> None:
    for text in (TRANSFAC, TRANSFAC.removesuffix("XX\n//\n"), TRANSFAC.replace("P0", "PO")):
        (motif,) = parse_motifs(text)
        assert (motif.id, motif.name) == ("M00001", "MyoD")
        np.testing.assert_array_equal(motif.count_matrix(), [[1, 2, 2, 0], [2, 1, 2, 0]])


def test_adjacent_motifs_in_every_format() -> None:
    assert len(parse_motifs(JASPAR + "\n" + JASPAR.replace("0001", "0002"))) == 2
    assert len(parse_motifs(HOMER + HOMER)) == 2
    assert len(parse_motifs(TRANSFAC + TRANSFAC.replace("M00001", "M2"))) == 2


def test_repeated_ids_are_made_unique() -> None:
    assert [m.id for m in parse_motifs(HOMER * 3)] == ["ACGT", "ACGT_2", "ACGT_3"]


@pytest.mark.parametrize(
    ("text", "line", "value", "says"),
    [
        (MEME.replace("0.1 0.2 0.3 0.4", "0.1 0.2 0.7"), "12", "0.1 0.2 0.7", "four numbers"),
        (MEME.replace("0.1 0.2 0.3 0.4", "0.1 0.2 x 0.4"), "12", "x", "not a number"),
        (MEME.replace("0.1 0.2 0.3 0.4", "0.1 0.2 -0.3 1.0"), "12", "-0.3", "not negative"),
        (MEME.replace("0.1 0.2 0.3 0.4", "0.1 0.2 nan 0.4"), "12", "nan", "finite"),
        (MEME.replace("0.1 0.2 0.3 0.4", "0.1 0.2 0.3 0.1"), "12", "0.1 0.2 0.3 0.1", "sums to 0.7"),
        (MEME.replace(" 1.0 0.0 0.0 0.0\n", ""), "13", "", "1 rows where w= says 2"),
        (MEME.replace("ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY"), "3", "", "not DNA"),
        (MEME.replace("alength= 4 w= 2", "alength= 20 w= 2"), "11", "", "not over DNA"),
        (MEME + "\nMOTIF M3\n", "17", "M3", "no letter-probability matrix"),
        (JASPAR.replace("94 75 4 3", "94 75 4"), "3", "C [ 94 75 4 ]", "3 numbers"),
        (JASPAR.replace("T [ 2", "G [ 2"), "5", "", "given twice"),
        (JASPAR.rsplit("\n", 1)[0], "2", "", "four rows"),
        (">x\n>y\n", "1", ">x", "no matrix"),
        (HOMER.replace("0\t1\t0\t0", "0\t1\t0"), "3", "", "four numbers"),
        (TRANSFAC.replace("02  2 1 2 0 R", "02  2 1"), "7", "02  2 1", "four numbers"),
    ],
)  # fmt: skip
def test_a_broken_matrix_names_line_and_value(text: str, line: str, value: str, says: str) -> None:
    error = refused(text)
    assert error.metadata["line"] == line
    assert value in error.metadata["value"]
    assert says in error.message
    assert "x.meme" in error.message
    assert f"line {line}" in error.message
    assert "correct the matrix" in error.message


@pytest.mark.parametrize("text", ["", "hello world\n", "A 1 2 3\n", "@fastq\nACGT\n"])
def test_what_is_no_motif_file(text: str) -> None:
    assert "MEME, JASPAR, HOMER or TRANSFAC" in refused(text).message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError) as missing:
        read_motifs(tmp_path / "none.meme")
    assert missing.value.reason is Reason.FILE_NOT_FOUND
    packed = gzip.compress(MEME.encode() * 50)
    (tmp_path / "cut.meme.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UserError) as truncated:
        read_motifs(tmp_path / "cut.meme.gz")
    assert truncated.value.reason is Reason.FILE_TRUNCATED
    (tmp_path / "binary.meme").write_bytes(bytes(range(256)))
    with pytest.raises(UserError, match="binary") as binary:
        read_motifs(tmp_path / "binary.meme")
    assert binary.value.reason is Reason.INVALID_MOTIF_FILE


def some_motifs() -> list[Motif]:
    rng = np.random.default_rng(0)
    return [
        Motif.from_counts(f"m{i}", rng.multinomial(50 + i, rng.dirichlet(np.ones(4)), size=4 + i), name=f"n{i}")
        for i in range(5)
    ]


@pytest.mark.parametrize("file_format", ["meme", "jaspar", "homer", "transfac"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_round_trip(file_format: MotifFormat, suffix: str, tmp_path: Path) -> None:
    motifs = some_motifs()
    path = tmp_path / f"x.{file_format}{suffix}"
    write_motifs(path, motifs, file_format)
    back = read_motifs(path)
    assert len(back) == len(motifs)
    for ours, theirs in zip(motifs, back, strict=True):
        assert ours.id in (theirs.id, theirs.name)
        np.testing.assert_allclose(theirs.probabilities, ours.probabilities, atol=2e-6)
        if file_format != "homer":
            assert theirs.nsites == ours.nsites
            np.testing.assert_allclose(theirs.count_matrix(), ours.count_matrix(), atol=1e-4)
    again = tmp_path / f"y{suffix}"
    write_motifs(again, motifs, file_format)
    assert again.read_bytes() == path.read_bytes()


def test_meme_is_written_strictly() -> None:
    lines = format_meme(some_motifs()[:1]).splitlines()
    assert lines[:7] == [
        "MEME version 4",
        "",
        "ALPHABET= ACGT",
        "",
        "strands: + -",
        "",
        "Background letter frequencies",
    ]
    assert lines[7] == "A 0.250000 C 0.250000 G 0.250000 T 0.250000"
    assert lines[9] == "MOTIF m0 n0"
    assert lines[11] == "letter-probability matrix: alength= 4 w= 4 nsites= 50 E= 0"
    assert all(sum(map(float, row.split())) == pytest.approx(1, abs=1e-9) for row in lines[12:16])


def test_ids_that_would_break_a_file_are_refused() -> None:
    motif = some_motifs()[0]
    with pytest.raises(ValueError, match="twice"):
        format_meme([motif, motif])
    with pytest.raises(ValueError, match="white space"):
        format_meme([motif.renamed("a b")])


def test_real_files(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "motifs"
    assert len(read_motifs(folder / "JASPAR2024_CORE_vertebrates_nr.meme.gz")) == 879
    assert len(read_motifs(folder / "JASPAR2024_CORE_fungi_nr.meme.gz")) == 178
    meme = read_motifs(shared_dir / "oracles" / "meme_reb1_zoops.txt")
    assert [(m.id, m.name, m.nsites) for m in meme][:1] == [("NYRTTACCCGGM", "MEME-1", 635)]
    assert len(meme) == 3
    assert meme[0].log10_evalue == pytest.approx(-901.85, abs=0.01)
    assert len(read_motifs(shared_dir / "oracles" / "streme_reb1_vs_abf1.txt")) == 5
