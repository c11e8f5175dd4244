"""ScoreMotifs: figures against scikit-learn, every target type, selection and judgement, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.motifs import Motif
from cislex_core.sequences import encode, reverse_complement
from cislex_motif.scores import SCORE_SCHEMA
from cislex_motif.separation import measure
from pydantic import ValidationError

CLASSES = {"type": "class_index", "classes": ["KO", "WT"]}
WORD = "TGACTCATTG"


def motif(word: str, name: str) -> Motif:
    matrix = np.full((len(word), 4), 0.01)
    matrix[np.arange(len(word)), encode(word)] = 0.97
    return Motif(name, matrix, nsites=50.0)


def planted(n: int, seed: int, share: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """Codes, and 1 where a sequence is positive: most positives hold the word, on either strand."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, size=(n, 60)).astype(np.uint8)
    positive = np.arange(n) % 2
    for row in np.flatnonzero((positive == 1) & (rng.random(n) < share)):
        at = rng.integers(0, 50)
        site = encode(WORD)
        codes[row, at : at + 10] = site if rng.random() < 0.5 else reverse_complement(site)
    return codes, positive


# figures


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_scikit_learns(seed: int) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 8 if seed % 2 else 10_000, size=(3, 200)).astype(np.int32)
    labels = (rng.random(200) < 0.3).astype(float)
    found = measure(scores, labels, binary=True)
    for i in range(3):
        assert found["auroc"][i] == pytest.approx(roc_auc_score(labels, scores[i]), abs=1e-12)
        assert found["auprc"][i] == pytest.approx(average_precision_score(labels, scores[i]), abs=1e-12)


def test_correlations_are_scipys() -> None:
    from scipy.stats import pearsonr, spearmanr

    rng = np.random.default_rng(0)
    scores, values = rng.integers(0, 20, size=(2, 100)).astype(np.int32), rng.normal(size=100)
    found = measure(scores, values, binary=False)
    for i in range(2):
        assert found["pearson"][i] == pytest.approx(pearsonr(scores[i], values)[0])
        assert found["spearman"][i] == pytest.approx(spearmanr(scores[i], values)[0])
    assert np.isnan(measure(np.full((1, 100), 7, np.int32), values, binary=False)["spearman"][0])


def test_the_order_of_sequences_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    scores, labels = rng.integers(0, 9, size=(2, 80)).astype(np.int32), (rng.random(80) < 0.5).astype(float)
    order = rng.permutation(80)
    for name, values in measure(scores, labels, True).items():
        np.testing.assert_allclose(measure(scores[:, order], labels[order], True)[name], values)


# the task


def split_dataset(desk: Any, target: dict[str, Any], make: Any, n: int = 120) -> str:
    codes, positive = planted(n, 3)
    return desk.dataset(codes, make(positive), target, split=["validation"] * (n // 2) + ["test"] * (n // 2))


def test_the_planted_word_is_the_best_of_its_source(desk: Any) -> None:
    digest = split_dataset(desk, CLASSES, lambda p: p.astype(np.int64))
    units = [motif("CCCGGGAAAT", "s1_u0"), motif(WORD, "s1_u1"), motif("ATATATATAT", "s1_u2")]
    table = pa.table({"unit_id": ["s1_u0", "s1_u1", "s1_u2"], "rank": [1, 3, 2]})
    one, two = desk.motifs(units, "units", units=table), desk.motifs([motif("GGGGCCCCTT", "em1")])
    artifact = desk.run("ScoreMotifs", dataset=digest, sources=[one, two])
    scores = artifact.table("scores.parquet")
    assert scores.schema == SCORE_SCHEMA
    rows = scores.to_pylist()
    assert [r["source"] for r in rows] == [f"units:{one[:16]}"] * 3 + [f"motifs:{two[:16]}"]
    best = rows[0]
    assert (best["motif_id"], best["rank"], best["unit_rank"]) == ("s1_u1", 1, 3)
    assert best["auroc"] > 0.8
    assert best["auprc"] > 0.85
    assert (best["n"], best["n_positive"], best["select_n"]) == (60, 30, 60)
    assert rows[3]["unit_rank"] is None
    assert [r["motif_id"] for r in artifact.table("best.parquet").to_pylist()] == ["s1_u1", "em1"]
    summary = artifact.manifest.summary
    assert [b["motif_id"] for b in summary["best"]] == ["s1_u1", "em1"]
    assert summary["best"][0]["unit_rank"] == 3
    assert summary["select_split"] == "validation"
    assert artifact.manifest.semantics["optimistic"] is False


def test_choice_and_judgement_are_of_their_own_rows(desk: Any) -> None:
    digest = split_dataset(desk, CLASSES, lambda p: p.astype(np.int64))
    source = desk.motifs([motif(WORD, "a"), motif("TGACTCANNN".replace("N", "A"), "b")])
    apart = desk.run("ScoreMotifs", dataset=digest, sources=[source]).table("scores.parquet").to_pylist()
    same = desk.run("ScoreMotifs", dataset=digest, sources=[source], select_split="none")
    of_validation = desk.run("ScoreMotifs", dataset=digest, sources=[source], split="validation", select_split="none")
    by_id = {r["motif_id"]: r for r in of_validation.table("scores.parquet").to_pylist()}
    for row in apart:
        assert row["select_auprc"] == by_id[row["motif_id"]]["auprc"]
    for row in same.table("scores.parquet").to_pylist():
        assert row["select_auprc"] == row["auprc"]
    assert same.manifest.semantics["optimistic"] is True


def test_unresolved_entries_of_a_task_are_left_out(desk: Any) -> None:
    def targets(p: np.ndarray) -> np.ndarray:
        known = p.astype(np.int8)
        known[::10] = -1
        return np.stack([known, 1 - p.astype(np.int8)], axis=1)

    digest = split_dataset(desk, {"type": "multilabel", "tasks": ["TF", "other"]}, targets)
    source = desk.motifs([motif(WORD, "a")])
    (row,) = desk.run("ScoreMotifs", dataset=digest, sources=[source], output="TF").table("scores.parquet").to_pylist()
    assert (row["n"], row["n_positive"]) == (54, 30)
    assert row["auroc"] > 0.8
    (other,) = (
        desk.run("ScoreMotifs", dataset=digest, sources=[source], output="other").table("scores.parquet").to_pylist()
    )
    assert other["auroc"] < 0.2
    with pytest.raises(UserError, match="name one as output: TF, other"):
        desk.run("ScoreMotifs", dataset=digest, sources=[source])


def test_values_are_correlated(desk: Any) -> None:
    digest = split_dataset(desk, {"type": "regression", "tasks": ["level"]}, lambda p: p[:, None].astype(np.float32))
    source = desk.motifs([motif("CCCGGGAAAT", "x"), motif(WORD, "a")])
    first, _ = desk.run("ScoreMotifs", dataset=digest, sources=[source]).table("scores.parquet").to_pylist()
    assert first["motif_id"] == "a"
    assert first["spearman"] > 0.4
    assert first["auroc"] is None
    assert first["n_positive"] is None


def test_batches_and_strands_do_not_change_a_score(desk: Any) -> None:
    codes, positive = planted(80, 5)
    source = desk.motifs([motif(WORD, "a")])
    flipped = np.ascontiguousarray(3 - codes[:, ::-1])
    tables = []
    for version in (codes, flipped):
        digest = desk.dataset(version, positive, CLASSES)
        tables.append(desk.run("ScoreMotifs", dataset=digest, sources=[source], select_split="none"))
    assert tables[0].table("scores.parquet").equals(tables[1].table("scores.parquet"))


def test_a_motif_wider_than_the_sequences_is_last_with_a_warning(desk: Any) -> None:
    digest = split_dataset(desk, CLASSES, lambda p: p.astype(np.int64))
    wide = Motif("wide", np.full((61, 4), 0.25), nsites=9.0)
    reports: list[dict[str, Any]] = []
    source = desk.motifs([wide, motif(WORD, "a")])
    artifact = desk.run("ScoreMotifs", progress=desk.progress(reports), dataset=digest, sources=[source])
    rows = artifact.table("scores.parquet").to_pylist()
    assert [r["motif_id"] for r in rows] == ["a", "wide"]
    assert rows[1]["auroc"] == 0.5
    assert "NOTHING_SCANNED" in {w["reason"] for r in reports for w in r["warnings"]}


# refusals


def test_rows_of_one_class_and_no_rows_are_refused(desk: Any) -> None:
    codes, _ = planted(20, 1)
    source = desk.motifs([motif(WORD, "a")])
    one = desk.dataset(codes, np.ones(20, np.int64), CLASSES)
    with pytest.raises(UserError) as caught:
        desk.run("ScoreMotifs", dataset=one, sources=[source])
    assert caught.value.reason is Reason.ONE_CLASS
    two = desk.dataset(codes, np.arange(20) % 2, CLASSES)
    with pytest.raises(UserError) as caught:
        desk.run("ScoreMotifs", dataset=two, sources=[source])
    assert caught.value.reason is Reason.EMPTY_SPLIT
    assert caught.value.violations[0].field == "select_split"


def test_an_unknown_output_is_refused(desk: Any) -> None:
    digest = split_dataset(desk, CLASSES, lambda p: p.astype(np.int64))
    with pytest.raises(UserError, match="'HET' is none of the dataset's: KO, WT"):
        desk.run("ScoreMotifs", dataset=digest, sources=[desk.motifs([motif(WORD, "a")])], output="HET")


def test_no_source_is_refused(desk: Any) -> None:
    with pytest.raises(ValidationError, match="give motifs"):
        desk.run("ScoreMotifs", dataset="d")
