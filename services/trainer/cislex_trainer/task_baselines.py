"""The honest baselines of several classes, labels or values: GC content alone, and canonical 6-mers.

As for WT and KO (``baselines``): fitted on the train split, the 6-mers' penalty chosen on the validation split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.targets import UNRESOLVED
from cislex_core.tasks import Progress
from scipy import sparse
from scipy.linalg import solve
from sklearn.linear_model import LogisticRegression

from cislex_trainer.baselines import MAX_TRAIN_ROWS, PENALTIES, gc_content, kmer_counts, spread_scale
from cislex_trainer.metrics import ranking_metrics
from cislex_trainer.scores import pearson

# a logistic regression per output and penalty: beyond this it would take longer than the network
MOST_FITS = 20
# rows of all outputs together
MOST_LOGISTIC_ROWS = 100_000
# of the standardised counts' mean squared error: from hardly any shrinkage to nearly all
RIDGE = (1e-3, 1e-2, 1e-1, 1.0, 10.0)


@dataclass(frozen=True)
class TaskBaseline:
    """(n, outputs) answers for the rows asked for: log probabilities of classes, log odds of labels, values."""

    answers: np.ndarray
    how: str


@dataclass(frozen=True)
class _Rows:
    """Features and targets of the three sets of rows; ``asked`` has no targets."""

    train: sparse.csr_matrix | np.ndarray
    train_y: np.ndarray
    validation: sparse.csr_matrix | np.ndarray
    validation_y: np.ndarray
    asked: sparse.csr_matrix | np.ndarray


def task_baselines(
    dataset: Dataset, asked: np.ndarray, progress: Progress, seed: int = 0
) -> tuple[dict[str, TaskBaseline], str]:
    """``gc`` and ``kmer6_logistic`` (or ``kmer6_ridge`` of values) for codes (n, window), and why there are none."""
    train, validation = dataset.split("train"), dataset.split("validation")
    values = dataset.target_type == "regression"
    if len(train) < 2:
        return {}, "the train split holds no sequences to fit them on"
    if not values and len(dataset.outputs) > MOST_FITS:
        return {}, f"{len(dataset.outputs)} outputs are more than the {MOST_FITS} that a regression each is fitted for"
    most = MAX_TRAIN_ROWS if values or dataset.target_type == "class_index" else MOST_LOGISTIC_ROWS
    most = most if values else max(1000, most // len(dataset.outputs))
    drawn = ""
    if len(train) > most:
        train = np.sort(np.random.default_rng(seed).choice(train, most, replace=False))
        drawn = f" ({most} rows of it drawn at random)"
    codes = [np.asarray(dataset.codes[train]), np.asarray(dataset.codes[validation]), asked]
    counts = [kmer_counts(part) if len(part) else None for part in codes]
    scale = spread_scale(counts[0])
    words = [c @ scale if c is not None else sparse.csr_matrix((0, scale.shape[0])) for c in counts]
    strong = [gc_content(part) for part in codes]
    centre, size = strong[0].mean(), max(float(strong[0].std()), 1e-9)
    y = (dataset.targets[train], dataset.targets[validation])
    by_gc = _Rows((strong[0] - centre) / size, y[0], (strong[1] - centre) / size, y[1], (strong[2] - centre) / size)
    by_words = _Rows(words[0], y[0], words[1], y[1], words[2])
    name = "ridge" if values else "logistic"
    fit = {"class_index": _classes, "multilabel": _labels, "regression": _values}[dataset.target_type]
    found = {}
    for key, rows, penalties, what in (
        ("gc", by_gc, (1e-9,) if values else (1e6,), "GC content"),
        (f"kmer6_{name}", by_words, RIDGE if values else PENALTIES, "canonical 6-mer counts"),
    ):
        answers, chosen = fit(rows, penalties, len(dataset.outputs), progress)
        if answers is None:
            return {}, "the train split lacks a class"
        kind = f"{'ridge' if values else 'L2 logistic'} regression on {what}, fitted on the train split{drawn}"
        found[key] = TaskBaseline(answers, kind + (f", {chosen}" if len(penalties) > 1 else ""))
    return found, ""


def _classes(
    rows: _Rows, penalties: tuple[float, ...], n_outputs: int, progress: Progress
) -> tuple[np.ndarray | None, str]:
    """One multinomial regression; C by the validation accuracy of its log probabilities (their mean)."""
    if len(np.unique(rows.train_y)) < n_outputs:
        return None, ""
    chosen, best, best_score = penalties[0], None, -np.inf
    use = penalties if len(rows.validation_y) else (0.01,)
    for c in use:
        progress.check_cancel()
        model = LogisticRegression(C=c, max_iter=1000).fit(rows.train, rows.train_y)
        found = 0.0
        if len(use) > 1:
            logp = model.predict_log_proba(rows.validation)
            found = float(logp[np.arange(len(logp)), rows.validation_y].mean())
        if found > best_score:
            chosen, best, best_score = c, model, found
    assert best is not None
    how = "chosen by validation log-likelihood" if len(rows.validation_y) else "fixed: no validation split"
    return np.maximum(best.predict_log_proba(rows.asked), -700.0), f"C = {chosen:g} {how}"


def _labels(
    rows: _Rows, penalties: tuple[float, ...], n_outputs: int, progress: Progress
) -> tuple[np.ndarray | None, str]:
    """One regression per task on its resolved rows; a task of one class in training answers its share of positives."""
    # many tasks share a coarser choice: the extremes are hardly ever chosen
    penalties = penalties[1:-1] if n_outputs > 5 and len(penalties) > 2 else penalties
    out = np.zeros((rows.asked.shape[0], n_outputs))
    chosen: list[float] = []
    for t in range(n_outputs):
        known, held = rows.train_y[:, t] != UNRESOLVED, rows.validation_y[:, t] != UNRESOLVED
        truth, held_truth = rows.train_y[known, t], rows.validation_y[held, t]
        if len(np.unique(truth)) < 2:
            continue  # log odds 0 for every row: nothing was learned
        choose = len(np.unique(held_truth)) == 2 and len(penalties) > 1
        best_auroc = -1.0
        for c in penalties if choose else (penalties[0] if len(penalties) == 1 else 0.01,):
            progress.check_cancel()
            model = LogisticRegression(C=c, max_iter=1000).fit(rows.train[known], truth)
            auroc = 0.0
            if choose:
                auroc = float(ranking_metrics(held_truth, model.decision_function(rows.validation[held]))["auroc"][0])
            if auroc > best_auroc:
                best_auroc, best_c = auroc, c
                out[:, t] = model.decision_function(rows.asked)
        chosen.append(best_c)
    spread = f"{min(chosen):g} to {max(chosen):g}" if chosen else "none"
    return out, f"a regression per task, C = {spread} chosen by validation AUROC"


def _values(
    rows: _Rows, penalties: tuple[float, ...], n_outputs: int, progress: Progress
) -> tuple[np.ndarray | None, str]:
    """All tasks at once by the normal equations of centred features; one penalty for all, by the mean Pearson."""
    n = rows.train.shape[0]
    x_mean = np.asarray(rows.train.mean(0)).ravel()
    y = rows.train_y.astype(np.float64)
    y_mean = y.mean(0)
    gram = rows.train.T @ rows.train
    gram = np.asarray(gram.todense() if sparse.issparse(gram) else gram, dtype=np.float64) / n - np.outer(
        x_mean, x_mean
    )
    cross = np.asarray(rows.train.T @ (y - y_mean)) / n
    choose = len(rows.validation_y) > 2 and len(penalties) > 1
    best, best_score, best_alpha = np.zeros_like(cross), -np.inf, penalties[0]
    for alpha in penalties if choose else (penalties[0] if len(penalties) == 1 else 0.1,):
        progress.check_cancel()
        weights = solve(gram + alpha * np.eye(len(gram)), cross, assume_a="pos")
        score = 0.0
        if choose:
            r = pearson(np.asarray(rows.validation @ weights), rows.validation_y.astype(np.float64), 0)
            score = float(np.nanmean(r)) if np.isfinite(r).any() else 0.0
        if score > best_score:
            best, best_score, best_alpha = weights, score, alpha
    how = "chosen by validation Pearson" if choose else "fixed: no validation split"
    return np.asarray(rows.asked @ best) - x_mean @ best + y_mean, f"penalty {best_alpha:g} {how}"
