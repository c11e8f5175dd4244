"""Two honest baselines on the same split: GC content alone, and logistic regression on canonical 6-mers.

A network that does not beat them has learnt base composition or word counts. Both are fitted on the train split; the
6-mer penalty is chosen on the validation split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from cislex_trainer.metrics import ranking_metrics

K = 6
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
# beyond this many training rows the fit gains nothing that a baseline needs
MAX_TRAIN_ROWS = 50_000
_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class Baseline:
    """p(WT) of the rows asked for, and how the baseline was fitted."""

    p_wt: np.ndarray
    how: str


def canonical_kmers(k: int = K) -> tuple[np.ndarray, list[str]]:
    """(4^k,) map from a k-mer's base-4 number to its column, and the columns' names.

    A k-mer and its reverse complement share a column, named by the alphabetically first: 2,080 columns for k = 6.
    """
    numbers = np.arange(4**k)
    digits = (numbers[:, None] // 4 ** np.arange(k - 1, -1, -1)) % 4
    reverse = ((3 - digits[:, ::-1]) * 4 ** np.arange(k - 1, -1, -1)).sum(1)
    first = np.minimum(numbers, reverse)
    kept, columns = np.unique(first, return_inverse=True)
    return columns, ["".join("ACGT"[d] for d in digits[i]) for i in kept]


def kmer_counts(codes: np.ndarray, k: int = K) -> sparse.csr_matrix:
    """Counts (n, columns) of canonical k-mers in codes (n, L); k-mers with N are left out."""
    columns, names = canonical_kmers(k)
    parts = []
    for start in range(0, len(codes), _CHUNK_ROWS):
        block = np.asarray(codes[start : start + _CHUNK_ROWS]).astype(np.int64)
        windows = np.lib.stride_tricks.sliding_window_view(block, k, axis=1)
        known = (windows < 4).all(2)
        numbers = (windows * 4 ** np.arange(k - 1, -1, -1)).sum(2)
        rows = np.broadcast_to(np.arange(len(block))[:, None], known.shape)[known]
        data = (np.ones(len(rows), dtype=np.float64), (rows, columns[numbers[known]]))
        parts.append(sparse.csr_matrix(data, shape=(len(block), len(names))))
    return sparse.vstack(parts, format="csr")


def spread_scale(counts: sparse.csr_matrix) -> sparse.dia_matrix:
    """The diagonal that divides each column by its spread over the rows; a word never seen in training gets no weight.

    Dividing only (no centring) keeps the matrix sparse.
    """
    mean_square = np.asarray(counts.multiply(counts).mean(0)).ravel()
    spread = np.sqrt(np.maximum(mean_square - np.asarray(counts.mean(0)).ravel() ** 2, 0))
    return sparse.diags(np.where(spread > 0, 1 / np.maximum(spread, 1e-9), 0.0))


def gc_content(codes: np.ndarray) -> np.ndarray:
    """(n, 1) share of G and C among known bases; 0.5 for a sequence of N only."""
    codes = np.asarray(codes)
    known = (codes < 4).sum(1)
    strong = ((codes == 1) | (codes == 2)).sum(1)
    return np.where(known > 0, strong / np.maximum(known, 1), 0.5)[:, None]


def gc_baseline(train: np.ndarray, train_labels: np.ndarray, asked: np.ndarray) -> Baseline:
    """Logistic regression on GC content alone: codes (n, L) in, p(WT) of ``asked`` out."""
    features = gc_content(train)
    mean, scale = features.mean(), max(float(features.std()), 1e-9)
    model = LogisticRegression(C=1e6).fit((features - mean) / scale, train_labels)
    p = model.predict_proba((gc_content(asked) - mean) / scale)[:, 1]
    return Baseline(p, "logistic regression on GC content, fitted on the train split")


def kmer_baseline(
    train: np.ndarray,
    train_labels: np.ndarray,
    validation: np.ndarray,
    validation_labels: np.ndarray,
    asked: np.ndarray,
    seed: int = 0,
) -> Baseline:
    """L2 logistic regression on canonical 6-mer counts scaled by their training spread; C by validation AUROC.

    Without two classes in the validation split C = 0.01, and ``how`` says so.
    """
    how = "L2 logistic regression on canonical 6-mer counts, fitted on the train split"
    if len(train) > MAX_TRAIN_ROWS:
        picked = np.sort(np.random.default_rng(seed).choice(len(train), MAX_TRAIN_ROWS, replace=False))
        train, train_labels = train[picked], train_labels[picked]
        how += f" ({MAX_TRAIN_ROWS} rows of it drawn at random)"
    counts = kmer_counts(train)
    scale = spread_scale(counts)
    scaled = counts @ scale
    choose = len(np.unique(validation_labels)) == 2
    validation_scaled = kmer_counts(validation) @ scale if choose else None
    best, best_auroc, best_c = None, -1.0, 0.01
    for c in PENALTIES if choose else (0.01,):
        model = LogisticRegression(C=c, max_iter=1000).fit(scaled, train_labels)
        auroc = 0.0
        if validation_scaled is not None:
            auroc = float(ranking_metrics(validation_labels, model.decision_function(validation_scaled))["auroc"][0])
        if auroc > best_auroc:
            best, best_auroc, best_c = model, auroc, c
    assert best is not None
    how += f", C = {best_c:g} " + ("chosen on the validation split" if choose else "fixed: no validation split")
    return Baseline(best.predict_proba(kmer_counts(asked) @ scale)[:, 1], how)
