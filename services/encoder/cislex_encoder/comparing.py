"""CompareGenomes: two sequence collections side by side, with a sentence that says what follows."""

from __future__ import annotations

from cislex_core.seqcol import ArrayComparison, SeqCol, compare


def compare_genomes(a: SeqCol, b: SeqCol) -> tuple[list[ArrayComparison], str]:
    """The comparison of names, lengths and sequences, and one sentence for people."""
    arrays = compare(a, b)
    return arrays, _conclusion(a, b, {item.attribute: item for item in arrays})


def _conclusion(a: SeqCol, b: SeqCol, by: dict[str, ArrayComparison]) -> str:
    names, sequences = by["names"], by["sequences"]
    if a.digest == b.digest:
        return "the same genome: equal names and sequences in equal order"
    if sequences.n_both == sequences.n_a == sequences.n_b:
        if names.n_both == names.n_a:
            same_pairs = dict(zip(a.names, a.sequences, strict=True)) == dict(zip(b.names, b.sequences, strict=True))
            return (
                "the same sequences and names in another order" if same_pairs else "the same names on other sequences"
            )
        return "the same sequences under other names: coordinates agree once an alias map is applied"
    if sequences.n_both == 0:
        more = "though names are shared" if names.n_both else "nor any name"
        return f"different genomes: no sequence is shared, {more}"
    if sequences.n_both == min(sequences.n_a, sequences.n_b):
        small, large = ("a", "b") if sequences.n_a < sequences.n_b else ("b", "a")
        return f"{small} is part of {large}: all its {sequences.n_both} sequences are there"
    return f"related genomes: {sequences.n_both} sequences are shared of {sequences.n_a} and {sequences.n_b}"
