"""Which split each row of an imported dataset belongs to: by chromosome, at random, stratified, or as given.

Random and stratified splits give ``test_fraction`` and ``validation_fraction`` of the rows, exactly up to rounding.
Strata are classes; combinations of labels, of which those with fewer than 10 rows are pooled; or tenths of the target
(of the mean over tasks where there are several). Within strata the shares are kept to less than one row.
"""

from __future__ import annotations

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Progress

from cislex_encoder import splits
from cislex_encoder.drops import Candidates
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.splits import OUTSIDE, SPLIT_NAMES, TEST, TRAIN, VALIDATION, SplitPlan
from cislex_encoder.writing import Targets

_RARE = 10
_TENTHS = 10


def assign(
    spec: ImportDatasetSpec, rows: Candidates, targets: Targets, given: np.ndarray | None, progress: Progress
) -> tuple[np.ndarray, SplitPlan]:
    """(candidates,) int8 split of each row, and how it came about. Raises EMPTY_SPLIT, INVALID_REQUEST."""
    placed = bool((rows.chrom[rows.kept] >= 0).all())
    by = spec.split_by or _default(rows, targets, placed)
    if by == "given":
        split, plan = _given(rows, given)
    elif by == "chromosome":
        split, plan = _by_chromosome(spec, rows, targets, placed)
    else:
        strata = strata_of(targets, rows.kept) if by == "stratified" else np.zeros(rows.kept.size, dtype=np.int64)
        split = np.full(len(rows), OUTSIDE, dtype=np.int8)
        split[rows.kept] = shares(strata, spec.test_fraction, spec.validation_fraction, spec.seed)
        how = f"{by} split, seed {spec.seed}: {spec.test_fraction:.0%} test, {spec.validation_fraction:.0%} validation"
        plan = SplitPlan(how=[how], by=by)
        progress.warn("RANDOM_SPLIT", f"{how}. Related sequences may lie on both sides, so accuracy is optimistic")
    for line in plan.how:
        progress.message(line)
    _require_rows(rows, split, targets, plan)
    return split, plan


def _default(rows: Candidates, targets: Targets, placed: bool) -> str:
    if placed and np.unique(rows.chrom[rows.kept]).size >= 3:
        return "chromosome"
    return "stratified" if targets.type == "class_index" else "random"


def strata_of(targets: Targets, kept: np.ndarray) -> np.ndarray:
    """(kept,) int64: the stratum of each row, see the module."""
    values = targets.values[kept]
    if targets.type == "class_index":
        return np.asarray(values, dtype=np.int64)
    if targets.type == "multilabel":
        _, stratum, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
        stratum = stratum.reshape(-1)
        return np.where(counts[stratum] < _RARE, -1, stratum)
    one = values.astype(np.float64).mean(axis=1)
    return np.asarray(np.argsort(np.argsort(one, kind="stable"), kind="stable") * _TENTHS // max(one.size, 1))


def shares(strata: np.ndarray, test: float, validation: float, seed: int) -> np.ndarray:
    """(n,) int8: splits with the given shares of all rows, within each stratum as near to them as whole rows allow."""
    names, stratum, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    n_test = _apportion(sizes, test, sizes)
    n_validation = _apportion(sizes, validation, sizes - n_test)
    split = np.full(strata.size, TRAIN, dtype=np.int8)
    for number in range(names.size):
        members = np.random.default_rng([seed, 4, number]).permutation(np.flatnonzero(stratum.reshape(-1) == number))
        split[members[: n_test[number]]] = TEST
        split[members[n_test[number] : n_test[number] + n_validation[number]]] = VALIDATION
    return split


def _apportion(sizes: np.ndarray, share: float, room: np.ndarray) -> np.ndarray:
    """Whole numbers that add up to round(share × total), by largest remainder, never above ``room``."""
    exact = sizes * share
    whole = np.minimum(np.floor(exact).astype(np.int64), room)
    missing = round(float(share * sizes.sum())) - int(whole.sum())
    for number in np.argsort(-(exact - whole), kind="stable"):
        if missing <= 0:
            break
        if whole[number] < room[number]:
            whole[number] += 1
            missing -= 1
    return whole


def _given(rows: Candidates, given: np.ndarray | None) -> tuple[np.ndarray, SplitPlan]:
    kept = rows.kept
    without = kept if given is None else kept[given[kept] == OUTSIDE]
    if without.size:
        at = f"{rows.sources[rows.source[without[0]]]} line {rows.line[without[0]]}"
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{without.size:,} rows have no split (the first is {at}); give every file its split, or name a "
            "split_column that has one for every row",
            field="split_by",
        )
    assert given is not None
    return given.astype(np.int8), SplitPlan(how=["splits as the input gives them"], by="given")


def _by_chromosome(
    spec: ImportDatasetSpec, rows: Candidates, targets: Targets, placed: bool
) -> tuple[np.ndarray, SplitPlan]:
    if not placed:
        without = int((rows.chrom[rows.kept] < 0).sum())
        raise UserError(
            Reason.INVALID_REQUEST,
            f"a split by chromosome was asked for, but {without:,} of {rows.kept.size:,} rows name none; ask for "
            "split_by random or stratified, or give splits",
            field="split_by",
        )
    kept = rows.kept
    two = targets.type == "class_index" and len(targets.outputs) == 2
    label = targets.values[kept] if two else np.zeros(kept.size, dtype=np.int64)
    table = np.zeros((len(rows.contigs), 2 if two else 1), dtype=np.int64)
    np.add.at(table, (rows.chrom[kept], label), 1)
    counts = {name: tuple(table[i].tolist()) for i, name in enumerate(rows.contigs)}
    names = tuple(targets.outputs) if two else ("rows",)
    plan = splits.plan(counts, rows.contigs, spec.test_chroms, spec.validation_chroms, paper=False, names=names)
    lookup = np.array([plan.assignment[name] for name in rows.contigs], dtype=np.int8)
    return np.where(rows.chrom >= 0, lookup[rows.chrom], OUTSIDE).astype(np.int8), plan


def _require_rows(rows: Candidates, split: np.ndarray, targets: Targets, plan: SplitPlan) -> None:
    """EMPTY_SPLIT when nothing is left to train on, or a class is missing from the training rows."""
    kept = rows.kept
    train = kept[split[kept] == TRAIN]
    if not train.size:
        raise UserError(Reason.EMPTY_SPLIT, f"no row is left to train on ({'; '.join(plan.how)})", field="split_by")
    if targets.type == "class_index":
        absent = sorted({*range(len(targets.outputs))} - set(np.unique(targets.values[train]).tolist()))
        if absent:
            raise UserError(
                Reason.EMPTY_SPLIT,
                f"the training rows hold no {', '.join(targets.outputs[i] for i in absent)}; "
                "choose other splits, or leave the class out",
                field="split_by",
                split=SPLIT_NAMES[TRAIN],
            )
