"""ScanMotifs: parity with FIMO, invariances, files, q-values and what it refuses."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode, encode, reverse_complement
from cislex_motif import scan_input
from cislex_motif.fimo_matrix import NONREDUNDANT, FimoMatrix, qvalues
from cislex_motif.hit_files import HIT_SCHEMA
from cislex_motif.statistics import benjamini_hochberg
from pydantic import ValidationError

UNIFORM = np.full(4, 0.25)
CLASSES = {"type": "class_index", "classes": ["KO", "WT"]}


def motif(word: str, name: str = "m", share: float = 0.97) -> Motif:
    matrix = np.full((len(word), 4), (1.0 - share) / 3)
    matrix[np.arange(len(word)), encode(word)] = share
    return Motif(name, matrix, name=word, nsites=50.0)


def random_motifs(n: int, seed: int = 0) -> list[Motif]:
    rng = np.random.default_rng(seed)
    return [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.3), size=rng.integers(5, 13)), nsites=40.0) for i in range(n)]


def fasta(path: Path, sequences: dict[str, str]) -> Path:
    path.write_text("".join(f">{name}\n{text}\n" for name, text in sequences.items()))
    return path


def plain_scan(motifs: list[Motif], sequences: dict[str, str], threshold: float) -> set[tuple[str, str, int, str]]:
    found = set()
    for m in motifs:
        matrix = FimoMatrix.of(m, 0.1, UNIFORM)
        tails = matrix.tails()
        for name, text in sequences.items():
            codes = encode(text)
            for start in range(len(codes) - m.width + 1):
                window = codes[start : start + m.width]
                if (window > 3).any():
                    continue
                for strand, read in (("+", window), ("-", reverse_complement(window))):
                    score = matrix.grid.weights[np.arange(m.width), read].sum()
                    if tails[score] < threshold:
                        found.add((m.id, name, start, strand))
    return found


def keys(artifact: Any) -> list[tuple[str, str, int, str]]:
    table = artifact.table("hits.parquet")
    return list(zip(*(table[c].to_pylist() for c in ("motif", "sequence", "start", "strand")), strict=True))


# parity


def test_hits_are_fimos(desk: Any, shared_dir: Path) -> None:
    with gzip.open(shared_dir / "oracles" / "fimo_fungi_abf1.tsv.gz", "rt") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    theirs = {(r["motif_id"], r["sequence_name"], int(r["start"]), r["strand"]): r for r in rows}
    artifact = desk.run(
        "ScanMotifs",
        motif_file=desk.file(shared_dir / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz"),
        fasta=desk.file(shared_dir / "oracles" / "abf1_pm30.fa"),
    )
    with open(artifact.path("hits.tsv"), newline="") as tsv:
        ours = {
            (r["motif_id"], r["sequence_name"], int(r["start"]), r["strand"]): r
            for r in csv.DictReader(tsv, delimiter="\t")
        }
    assert len(theirs) == 1794
    shared = set(ours) & set(theirs)
    assert len(shared) >= 0.999 * len(theirs)
    assert len(shared) >= 0.999 * len(ours)
    p, q = (np.array([float(side[k]["p-value"]) for k in sorted(shared)]) for side in (ours, theirs))
    assert np.abs(p / q - 1.0).max() < 0.01
    for key in shared:
        assert float(ours[key]["score"]) == pytest.approx(float(theirs[key]["score"]), abs=1e-3)
        assert ours[key]["matched_sequence"] == theirs[key]["matched_sequence"]
        assert ours[key]["stop"] == theirs[key]["stop"]
        assert ours[key]["motif_alt_id"] == theirs[key]["motif_alt_id"]
    assert artifact.manifest.summary["genomic"] is True


# invariances


def sequences_with_gaps() -> dict[str, str]:
    rng = np.random.default_rng(4)
    texts = {}
    for i, length in enumerate((3, 40, 300, 1, 75)):
        codes = rng.integers(0, 4, size=length).astype(np.uint8)
        if length > 50:
            codes[30:33] = 4
        texts[f"s{i}"] = decode(codes)
    return texts


def test_scanning_equals_a_plain_loop(desk: Any, tmp_path: Path) -> None:
    motifs, sequences = random_motifs(6), sequences_with_gaps()
    write_motifs(tmp_path / "m.meme", motifs)
    motifs = read_motifs(tmp_path / "m.meme")
    artifact = desk.run(
        "ScanMotifs", motif_file=desk.file(tmp_path / "m.meme"), fasta=desk.file(fasta(tmp_path / "s.fa", sequences)),
        background="uniform", threshold=0.01,
    )  # fmt: skip
    found = keys(artifact)
    assert len(found) > 20
    assert set(found) == plain_scan(motifs, sequences, 0.01)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("segment_bp", [16, 50, 128])
def test_pieces_do_not_change_the_hits(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segment_bp: int
) -> None:
    write_motifs(tmp_path / "m.meme", random_motifs(6))
    fields = {
        "motif_file": desk.file(tmp_path / "m.meme"), "threshold": 0.01, "background": "sequences",
        "fasta": desk.file(fasta(tmp_path / "s.fa", sequences_with_gaps())),
    }  # fmt: skip
    whole = desk.run("ScanMotifs", **fields)
    monkeypatch.setattr(scan_input, "SEGMENT_BP", segment_bp)
    pieces = desk.run("ScanMotifs", **fields)
    assert pieces.table("hits.parquet").equals(whole.table("hits.parquet"))
    assert whole.table("hits.parquet").num_rows > 0


def test_the_other_strand_has_the_mirrored_hits(desk: Any, tmp_path: Path) -> None:
    write_motifs(tmp_path / "m.meme", random_motifs(4))
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, size=500).astype(np.uint8)
    one = fasta(tmp_path / "a.fa", {"s": decode(codes)})
    two = fasta(tmp_path / "b.fa", {"s": decode(reverse_complement(codes))})
    run = {"motif_file": desk.file(tmp_path / "m.meme"), "threshold": 0.005}
    forward = desk.run("ScanMotifs", fasta=desk.file(one), **run).table("hits.parquet").to_pylist()
    backward = desk.run("ScanMotifs", fasta=desk.file(two), **run).table("hits.parquet").to_pylist()
    flip = {"+": "-", "-": "+"}
    assert {(r["motif"], 500 - r["end"], flip[r["strand"]], r["matched"]) for r in backward} == {
        (r["motif"], r["start"], r["strand"], r["matched"]) for r in forward
    }


def test_one_strand(desk: Any, tmp_path: Path) -> None:
    write_motifs(tmp_path / "m.meme", [motif("ACGTTGCA")])
    text = "TTTT" + "ACGTTGCA" + "TTTT" + "TGCAACGT" + "TTTT"
    run = {"motif_file": desk.file(tmp_path / "m.meme"), "fasta": desk.file(fasta(tmp_path / "s.fa", {"s": text}))}
    both, one = desk.run("ScanMotifs", **run), desk.run("ScanMotifs", both_strands=False, **run)
    assert [key[2:] for key in keys(both)] == [(4, "+"), (16, "-")]
    assert [key[2:] for key in keys(one)] == [(4, "+")]
    (row, other) = both.table("hits.parquet").to_pylist()
    assert row["matched"] == other["matched"] == "ACGTTGCA"
    assert row["score"] == other["score"] > 10


# q-values


def test_q_is_benjamini_hochberg_over_all_places() -> None:
    matrix = FimoMatrix.of(random_motifs(1, seed=3)[0], 0.1, UNIFORM)
    tails = matrix.tails()
    scores = np.random.default_rng(0).integers(0, matrix.largest + 1, size=400)
    q = qvalues(tails, np.bincount(scores, minlength=len(tails)), "bh")
    np.testing.assert_allclose(q[scores], benjamini_hochberg(tails[scores]), rtol=1e-12)
    storey = qvalues(tails, np.bincount(scores, minlength=len(tails)), "storey")
    share = min(1.0, 2.0 * (tails[scores] > 0.5).mean())
    np.testing.assert_allclose(storey, q * share)
    assert (qvalues(tails, np.zeros(len(tails), np.int64), "bh") == 1.0).all()


def test_a_threshold_on_q_keeps_what_p_would_with_that_q(desk: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    texts = {}
    for i in range(60):
        codes = rng.integers(0, 4, size=100).astype(np.uint8)
        if i < 30:
            codes[20:30] = encode("TGACTCATTG")
        texts[f"s{i}"] = decode(codes)
    write_motifs(tmp_path / "m.meme", [motif("TGACTCATTG", "planted"), motif("CCCGGGTTAA", "absent")])
    run = {"motif_file": desk.file(tmp_path / "m.meme"), "fasta": desk.file(fasta(tmp_path / "s.fa", texts))}
    by_q = desk.run("ScanMotifs", threshold_on="qvalue", threshold=0.05, **run)
    every = desk.run("ScanMotifs", threshold=0.01, **run).table("hits.parquet").to_pylist()
    wanted = {(r["motif"], r["sequence"], r["start"], r["strand"]) for r in every if r["qvalue"] < 0.05}
    assert set(keys(by_q)) == wanted
    assert 30 <= len(wanted) <= 33
    without = desk.run("ScanMotifs", qvalue_method="none", **run).table("hits.parquet")
    assert without["qvalue"].null_count == without.num_rows > 0


# datasets and places


def test_a_dataset_is_scanned_by_split_with_genomic_places(desk: Any) -> None:
    codes = np.random.default_rng(2).integers(0, 4, size=(6, 50)).astype(np.uint8)
    codes[:, 10:20] = encode("TGACTCATTG")
    codes[5, 10:20] = reverse_complement(encode("TGACTCATTG"))
    digest = desk.dataset(
        codes, np.array([1, 0, 1, 0, 1, 0]), CLASSES, split=["train"] * 3 + ["test"] * 3,
        name=["a", "b", "c", "d", None, None], chrom=["chr1"] * 6, start=[100 * i for i in range(6)],
        end=[100 * i + 50 for i in range(6)],
    )  # fmt: skip
    source = desk.motifs([motif("TGACTCATTG")])
    artifact = desk.run("ScanMotifs", dataset=digest, split="test", sources=[source])
    rows = artifact.table("hits.parquet").to_pylist()
    assert artifact.table("hits.parquet").schema == HIT_SCHEMA
    assert [(r["sequence"], r["genomic_start"], r["genomic_end"], r["strand"]) for r in rows] == [
        ("d", 310, 320, "+"), ("chr1:400-450", 410, 420, "+"), ("chr1:500-550", 510, 520, "-"),
    ]  # fmt: skip
    assert artifact.path("hits.bed").read_text().splitlines()[0].split("\t")[:4] == ["chr1", "310", "320", "m"]
    tsv = artifact.path("hits.tsv").read_text().splitlines()
    assert tsv[0].startswith("motif_id\tmotif_alt_id\tsequence_name\tstart\tstop")
    assert tsv[1].split("\t")[:6] == ["m", "TGACTCATTG", "d", "11", "20", "+"]
    assert artifact.manifest.summary["n_hits"] == 3
    assert artifact.manifest.summary["source"].startswith("dataset:")


def test_a_minus_strand_record_is_placed_on_the_genome(desk: Any, tmp_path: Path) -> None:
    text = "AAAAA" + "TGACTCATTG" + "A" * 15
    path = fasta(tmp_path / "s.fa", {"chr2:100-130(-)": text, "plain": text})
    artifact = desk.run("ScanMotifs", fasta=desk.file(path), sources=[desk.motifs([motif("TGACTCATTG")])])
    first, second = artifact.table("hits.parquet").to_pylist()
    assert (first["genomic_start"], first["genomic_end"], first["genomic_strand"]) == (115, 125, "-")
    assert second["chrom"] is None
    assert len(artifact.path("hits.bed").read_text().splitlines()) == 1


def test_nothing_found_is_a_result(desk: Any, tmp_path: Path) -> None:
    path = fasta(tmp_path / "s.fa", {"short": "ACG", "unknown": "N" * 40})
    artifact = desk.run("ScanMotifs", fasta=desk.file(path), sources=[desk.motifs([motif("TGACTCATTG")])])
    assert artifact.table("hits.parquet").num_rows == 0
    assert artifact.table("hits.parquet").schema == HIT_SCHEMA
    assert artifact.manifest.summary["top"] == []
    assert not (artifact.path("hits.tsv").parent / "hits.bed").exists()


def test_a_flat_motif_hits_nothing(desk: Any, tmp_path: Path) -> None:
    path = fasta(tmp_path / "s.fa", {"s": "ACGT" * 10})
    flat = Motif("flat", np.full((6, 4), 0.25), nsites=10.0)
    artifact = desk.run(
        "ScanMotifs", fasta=desk.file(path), sources=[desk.motifs([flat])], background="uniform", threshold=0.9
    )
    assert artifact.table("hits.parquet").num_rows == 0


# refusals


def test_more_hits_than_allowed_are_refused(desk: Any, tmp_path: Path) -> None:
    path = fasta(tmp_path / "s.fa", {"s": "ACGT" * 100})
    with pytest.raises(UserError, match="more than 5 hits") as caught:
        desk.run(
            "ScanMotifs", fasta=desk.file(path), sources=[desk.motifs([motif("ACGTA")])], threshold=0.5, max_hits=5
        )
    assert caught.value.reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize("text", [">s\nAC1GT\n", "", "ACGT\n"])
def test_a_broken_fasta_is_refused(desk: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.fa"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        desk.run("ScanMotifs", fasta=desk.file(path), sources=[desk.motifs([motif("ACGTA")])])
    assert caught.value.reason is Reason.INVALID_FASTA


def test_an_empty_split_and_an_empty_source_are_refused(desk: Any) -> None:
    digest = desk.dataset(np.zeros((2, 20), np.uint8), np.array([0, 1]), CLASSES)
    with pytest.raises(UserError) as caught:
        desk.run("ScanMotifs", dataset=digest, split="train", sources=[desk.motifs([motif("ACGTA")])])
    assert caught.value.reason is Reason.EMPTY_SPLIT
    with pytest.raises(UserError) as caught:
        desk.run("ScanMotifs", dataset=digest, sources=[desk.motifs([])])
    assert caught.value.reason is Reason.EMPTY_SET


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "d"}, "give motifs"),
        ({"sources": ["a"]}, "dataset or fasta"),
        ({"sources": ["a"], "dataset": "d", "fasta": {"sha256": "f"}}, "only one"),
        ({"sources": ["a", "a"], "dataset": "d"}, "twice"),
        ({"sources": ["a"], "dataset": "d", "background": "given"}, "go together"),
        (
            {"sources": ["a"], "dataset": "d", "background": "given", "background_frequencies": [0.5, 0.4]},
            "four shares",
        ),
        ({"sources": ["a"], "dataset": "d", "threshold": 0}, "threshold"),
        (
            {"sources": ["a"], "dataset": "d", "threshold_on": "qvalue", "qvalue_method": "none"},
            "needs a qvalue_method",
        ),
    ],
)
def test_wrong_specs_are_refused(desk: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        desk.run("ScanMotifs", **fields)


def test_the_default_background_is_both_strands() -> None:
    assert NONREDUNDANT.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(NONREDUNDANT, NONREDUNDANT[::-1])
