"""GroupMotifs: families over seeds, their consensus, alignment and tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import encode
from cislex_motif.families import FAMILY_SCHEMA, MEMBER_SCHEMA, replicate_of
from cislex_motif.motif_similarity import all_pairs, centred
from cislex_motif.motif_sources import SourcedMotif
from cislex_motif.trees import leaf_order, newick
from pydantic import ValidationError

WORDS = ["TGACTCATTG", "CACGTGACCC", "GGGCGGAGCC", "AAAGCGAAAC"]


def word_matrix(word: str, share: float = 0.9) -> np.ndarray:
    matrix = np.full((len(word), 4), (1.0 - share) / 3)
    matrix[np.arange(len(word)), encode(word)] = share
    return matrix


def noisy(matrix: np.ndarray, rng: np.random.Generator, sites: int = 60) -> np.ndarray:
    counts = np.array([rng.multinomial(sites, row) for row in matrix])
    return (counts + 0.1) / (counts + 0.1).sum(axis=1, keepdims=True)


def seed_runs(n_seeds: int = 5, seed: int = 0, missing: dict[int, int] | None = None) -> dict[int, list[Motif]]:
    """Per seed the words as a run finds them: resampled, shifted, on either strand, with flat flanks."""
    rng = np.random.default_rng(seed)
    runs = {}
    for s in range(n_seeds):
        found = []
        for i, word in enumerate(WORDS):
            if missing and missing.get(i) == s:
                continue
            flat = np.full((int(rng.integers(0, 4)), 4), 0.25), np.full((int(rng.integers(0, 4)), 4), 0.25)
            matrix = noisy(np.concatenate([flat[0], word_matrix(word), flat[1]]), rng)
            if rng.random() < 0.5:
                matrix = matrix[::-1, ::-1]
            found.append(Motif(f"s{s}_u{i}", matrix, nsites=60.0))
        runs[s] = found
    return runs


def grouped(desk: Any, runs: dict[int, list[Motif]], **fields: Any) -> Any:
    return desk.run("GroupMotifs", sources=[desk.motifs(motifs, "clusters") for motifs in runs.values()], **fields)


# similarity


def test_similarity_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    matrices = [rng.dirichlet(np.full(4, 0.5), size=rng.integers(4, 12)) for _ in range(7)]
    found = all_pairs(matrices, 4)
    for i, a in enumerate(matrices):
        for j, b in enumerate(matrices):
            best = -2.0
            for turned in (b, b[::-1, ::-1]):
                left, right = centred(a), centred(turned)
                for shift in range(1 - len(b), len(a)):
                    low, high = max(0, shift), min(len(a), shift + len(b))
                    if high - low >= min(4, len(a), len(b)):
                        best = max(best, float((left[low:high] * right[low - shift : high - shift]).sum()))
            assert found.value[i, j] == pytest.approx(best, abs=1e-5)
            oriented = b[::-1, ::-1] if found.reverse[i, j] else b
            shift = int(found.shift[i, j])
            low, high = max(0, shift), min(len(a), shift + len(b))
            reached = (centred(a)[low:high] * centred(oriented)[low - shift : high - shift]).sum()
            assert found.value[i, j] == pytest.approx(reached, abs=1e-5)


def test_a_motif_is_itself_shifted_and_turned() -> None:
    matrix = word_matrix(WORDS[0])
    padded = np.concatenate([np.full((3, 4), 0.25), matrix[::-1, ::-1]])
    found = all_pairs([matrix, padded], 5)
    assert found.value[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert found.reverse[0, 1]
    assert found.shift[0, 1] == 0
    np.testing.assert_allclose(found.value, found.value.T, atol=1e-6)
    flat = all_pairs([matrix, np.full((8, 4), 0.25)], 5)
    assert flat.value[0, 1] == 0.0


# the task


def test_five_seeds_make_four_families(desk: Any) -> None:
    artifact = grouped(desk, seed_runs(missing={3: 2}))
    families = artifact.table("families.parquet")
    assert families.schema == FAMILY_SCHEMA
    rows = families.to_pylist()
    assert [r["family"] for r in rows] == ["family_1", "family_2", "family_3", "family_4"]
    assert [r["n_members"] for r in rows] == [5, 5, 5, 4]
    assert [r["reproducibility"] for r in rows] == [1.0, 1.0, 1.0, 0.8]
    assert all(r["mean_similarity"] > 0.85 for r in rows)
    motifs = {m.id: m for m in read_motifs(artifact.path("families.meme"))}
    for row in rows:
        plain = motifs[row["family"]]
        both = plain.consensus(iupac=False), plain.reverse_complement().consensus(iupac=False)
        assert any(word in text for word in WORDS for text in both)
        assert row["width"] <= 12
        assert row["nsites"] == 60.0 * row["n_members"]
    assert artifact.manifest.summary["n_reproduced"] == 3
    assert artifact.manifest.summary["n_replicates"] == 5


def test_members_lie_on_the_consensus(desk: Any) -> None:
    artifact = grouped(desk, seed_runs(seed=3))
    consensus = {m.id: m.probabilities for m in read_motifs(artifact.path("families.meme"))}
    members = artifact.table("members.parquet")
    assert members.schema == MEMBER_SCHEMA
    strands = set()
    for row in members.to_pylist():
        matrix = np.array(row["matrix"]).reshape(-1, 4)
        target = consensus[row["family"]]
        low, high = max(0, row["offset"]), min(len(target), row["offset"] + len(matrix))
        assert high - low >= 8
        ours = matrix[low - row["offset"] : high - row["offset"]]
        assert (ours.argmax(axis=1) == target[low:high].argmax(axis=1)).mean() >= 0.8
        assert row["similarity"] > 0.85
        strands.add(row["strand"])
    assert strands == {"+", "-"}
    assert sorted(members["tree_order"].to_pylist()) == list(range(20))


def test_the_order_of_sources_does_not_change_families(desk: Any) -> None:
    runs = seed_runs(seed=4)

    def sets(artifact: Any) -> set[frozenset[str]]:
        rows = artifact.table("members.parquet").to_pylist()
        names = {r["family"] for r in rows}
        return {frozenset(r["motif_id"] for r in rows if r["family"] == name) for name in names}

    assert sets(grouped(desk, runs)) == sets(grouped(desk, dict(reversed(runs.items()))))


@pytest.mark.parametrize("weighting", ["information", "sites", "equal"])
def test_a_consensus_is_the_weighted_mean(desk: Any, weighting: str) -> None:
    sharp, soft = word_matrix(WORDS[0], 0.97), word_matrix(WORDS[0], 0.7)
    pair = [Motif("a", sharp, nsites=30.0), Motif("b", soft, nsites=90.0)]
    artifact = desk.run("GroupMotifs", sources=[desk.motifs(pair)], weighting=weighting)
    (consensus,) = read_motifs(artifact.path("families.meme"))
    weight = {
        "equal": (1.0, 1.0), "sites": (30.0, 90.0), "information": (pair[0].information_bits, pair[1].information_bits)
    }[weighting]  # fmt: skip
    expected = (weight[0] * sharp + weight[1] * soft) / sum(weight)
    found = consensus.probabilities
    found = found if found[0].argmax() == expected[0].argmax() else found[::-1, ::-1]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_tomtoms_p_makes_the_same_families(desk: Any) -> None:
    runs = seed_runs(seed=6)
    rng = np.random.default_rng(9)
    others = [Motif(f"x{i}", rng.dirichlet(np.full(4, 0.3), size=10), nsites=60.0) for i in range(40)]
    artifact = grouped(desk, {**runs, 9: others}, similarity="tomtom", max_pvalue=1e-5)
    rows = artifact.table("families.parquet").to_pylist()
    assert [r["n_members"] for r in rows[:4]] == [5, 5, 5, 5]
    assert rows[4]["n_members"] < 4
    assert rows[0]["reproducibility"] == pytest.approx(5 / 6)


def test_replicates() -> None:
    flat = np.full((5, 4), 0.25)
    unit, plain = (
        SourcedMotif(Motif("s42_u7", flat), "units:a", "units"),
        SourcedMotif(Motif("x", flat), "file:b", "file"),
    )
    assert [replicate_of(unit, what) for what in ("auto", "artifact", "seed")] == ["units:a:s42", "units:a", "s42"]
    assert [replicate_of(plain, what) for what in ("auto", "artifact", "seed")] == ["file:b"] * 3


def test_one_motif_is_a_family(desk: Any) -> None:
    artifact = desk.run("GroupMotifs", sources=[desk.motifs([Motif("only", word_matrix(WORDS[1]), nsites=5.0)])])
    (row,) = artifact.table("families.parquet").to_pylist()
    assert (row["n_members"], row["reproducibility"], row["mean_similarity"]) == (1, 1.0, None)
    assert artifact.path("tree.nwk").read_text() == "only;\n"
    assert artifact.table("linkage.parquet").num_rows == 0


def test_families_are_named_and_scored_as_other_motifs_are(desk: Any, tmp_path: Path) -> None:
    families = grouped(desk, seed_runs(n_seeds=2))
    known = tmp_path / "known.meme"
    rng = np.random.default_rng(2)
    others = [Motif(f"x{i}", rng.dirichlet(np.full(4, 0.3), size=10), nsites=60.0) for i in range(60)]
    write_motifs(known, [Motif(word, word_matrix(word), nsites=99.0) for word in WORDS] + others)
    matches = desk.run("CompareMotifs", queries=[families.digest], database_file=desk.file(known), top_n=1)
    rows = matches.table("matches.parquet").to_pylist()
    assert {row["target"] for row in rows if row["rank"] == 1} == set(WORDS)
    assert all(row["significant"] for row in rows if row["rank"] == 1)
    again = desk.run("GroupMotifs", sources=[families.digest])
    assert again.manifest.summary["n_families"] == 4


# the tree


def test_the_tree_is_newick_with_heights() -> None:
    merges = np.array([[0, 1, 0.1, 2], [2, 3, 0.5, 3]])
    assert newick(merges, ["a", "b c", "d"]) == "(d:0.5,(a:0.1,'b c':0.1):0.4);\n"
    assert leaf_order(merges).tolist() == [1, 2, 0]


def test_every_motif_is_a_leaf(desk: Any) -> None:
    artifact = grouped(desk, seed_runs(n_seeds=3))
    text = artifact.path("tree.nwk").read_text()
    leaves = artifact.table("members.parquet")["leaf"].to_pylist()
    assert len(set(leaves)) == len(leaves) == 12
    assert all(f"{leaf}:" in text for leaf in leaves)
    assert text.count("(") == text.count(")") == 11
    assert artifact.table("linkage.parquet").num_rows == 11


# refusals


def test_too_many_motifs_are_refused(desk: Any) -> None:
    source = desk.motifs([Motif(f"m{i}", word_matrix(WORDS[0])) for i in range(5)])
    with pytest.raises(UserError, match="5 motifs are more than max_motifs 4") as caught:
        desk.run("GroupMotifs", sources=[source], max_motifs=4)
    assert caught.value.reason is Reason.INVALID_REQUEST


def test_wrong_specs_are_refused(desk: Any, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="give motifs"):
        desk.run("GroupMotifs")
    with pytest.raises(ValidationError, match="min_similarity"):
        desk.run("GroupMotifs", sources=["a"], min_similarity=1.5)
    with pytest.raises(UserError) as caught:
        desk.run("GroupMotifs", sources=[desk.motifs([])])
    assert caught.value.reason is Reason.EMPTY_SET
