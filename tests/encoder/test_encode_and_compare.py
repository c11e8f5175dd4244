"""EncodeSequences, RegisterGenome and CompareGenomes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.seqcol import SeqCol
from cislex_encoder.comparing import compare_genomes
from cislex_encoder.encoding import encode_sequences


def test_codes_and_one_hot() -> None:
    codes = encode_sequences(["acgt", "NN"], 0, "end", "codes", False)
    assert codes.tolist() == [[0, 1, 2, 3], [4, 4, 4, 4]]
    hot = encode_sequences(["AACG"], 0, "center", "one_hot", True)
    assert hot.shape == (1, 4, 4)
    assert hot.dtype == np.uint8
    assert hot.argmax(axis=1).tolist() == [[1, 2, 3, 3]]


@pytest.mark.parametrize(
    ("sequences", "length", "reason", "field"),
    [
        ([], 0, Reason.INVALID_REQUEST, "sequences"),
        (["A"], -1, Reason.INVALID_REQUEST, "length"),
        (["A" * (1 << 20) + "C"], 0, Reason.INVALID_REQUEST, "sequences"),
        (["A"] * 3, 1 << 19, Reason.INVALID_REQUEST, "sequences"),
        (["ACGT", "ACQ"], 0, Reason.INVALID_FASTA, "sequences[1]"),
    ],
)
def test_requests_that_cannot_be_encoded(sequences: list[str], length: int, reason: Reason, field: str) -> None:
    with pytest.raises(UserError) as caught:
        encode_sequences(sequences, length, "center", "codes", False)
    assert caught.value.reason is reason
    assert caught.value.violations[0].field == field


def test_registered_genomes(bench: Any) -> None:
    table = bench.write("alias.tsv", "a\tone\tuno\n")
    fasta = bench.write("g.fa", ">a\nACGT\n>b\nGGCC\n")
    artifact = bench.run("encoder.RegisterGenome", fasta=fasta, alias_table=table)
    assert artifact.manifest.summary["n_contigs"] == 2
    assert artifact.manifest.summary["total_bp"] == 8
    assert artifact.json("aliases.json") == {"one": "a", "uno": "a"}
    level = artifact.json("seqcol.json")
    assert SeqCol.from_level2(level["level2"]).digest == level["level0"] == artifact.manifest.genome_digest
    assert artifact.path("contigs.tsv").read_text().splitlines()[1] == "a\t4\tSQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"


A = SeqCol(("1", "2"), (4, 5), ("SQ.a", "SQ.b"))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (A, "the same genome"),
        (SeqCol(("2", "1"), (5, 4), ("SQ.b", "SQ.a")), "another order"),
        (SeqCol(("chr1", "chr2"), (4, 5), ("SQ.a", "SQ.b")), "under other names"),
        (SeqCol(("2", "1"), (4, 5), ("SQ.a", "SQ.b")), "same names on other sequences"),
        (SeqCol(("1", "2", "3"), (4, 5, 6), ("SQ.a", "SQ.b", "SQ.c")), "a is part of b"),
        (SeqCol(("1", "3"), (4, 6), ("SQ.a", "SQ.c")), "related genomes"),
        (SeqCol(("1", "2"), (4, 5), ("SQ.x", "SQ.y")), "though names are shared"),
    ],
)
def test_comparisons_in_words(other: SeqCol, words: str) -> None:
    assert words in compare_genomes(A, other)[1]
