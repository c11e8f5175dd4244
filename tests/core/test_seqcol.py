"""Genome identity: GA4GH's published vectors, and the comparison function."""

from __future__ import annotations

from cislex_core.seqcol import SeqCol, compare, sequence_digest, sha512t24u

SPEC = SeqCol(
    ("chr1", "chr2", "chr3"),
    (248956422, 242193529, 198295559),
    (
        "SQ.2YnepKM7OkBoOrKmvHbGqguVfF9amCST",
        "SQ.lwDyBi432Py-7xnAISyQlnlhWDEaBPv2",
        "SQ.Eqk6_SvMMDCc6C-uEfickOUWTatLMDQZ",
    ),
)


def test_published_sequence_digests() -> None:
    assert sequence_digest("ACGT") == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
    assert sequence_digest("acgt") == sequence_digest(b"ACGT")
    assert sequence_digest("TTGGGGAA") == "SQ.iYtREV555dUFKg2_agSJW6suquUyPpMw"
    assert sha512t24u(b"") == "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc"


def test_the_specifications_worked_example() -> None:
    assert SPEC.level1 == {
        "lengths": "5K4odB173rjao1Cnbk5BnvLt9V7aPAa2",
        "names": "g04lKdxiYtG3dOGeUC5AdKEifw65G0Wp",
        "sequences": "rD29ZKmEqwwHRXjiQ36p6UMZQ5hemmsb",
    }
    assert SPEC.digest == "sjNNwm4zov3Dl0FRWbRTcZwzqrTQKIqL"
    assert SeqCol.from_level2(SPEC.level2) == SPEC


def test_comparison_counts_shared_elements_and_their_order() -> None:
    other = SeqCol(("chr2", "chr1", "chrM"), (242193529, 248956422, 16569), (*SPEC.sequences[:2][::-1], "SQ.x"))
    names, lengths, sequences = compare(SPEC, other)
    assert (names.n_a, names.n_b, names.n_both, names.same_order) == (3, 3, 2, False)
    assert (lengths.n_both, lengths.same_order) == (2, False)
    assert (sequences.n_both, sequences.same_order) == (2, False)
    assert [item.same_order for item in compare(SPEC, SPEC)] == [True, True, True]


def test_order_is_undefined_for_one_shared_element_and_for_unbalanced_duplicates() -> None:
    one = SeqCol(("chr1",), (4,), ("SQ.a",))
    assert compare(SPEC, one)[0].same_order is None
    twice = SeqCol(("a", "b", "c"), (5, 5, 6), ("SQ.a", "SQ.b", "SQ.c"))
    once = SeqCol(("a", "b"), (5, 6), ("SQ.a", "SQ.c"))
    lengths = compare(twice, once)[1]
    assert (lengths.n_both, lengths.same_order) == (2, None)
