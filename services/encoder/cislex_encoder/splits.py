"""Splits by whole chromosome: train, validation, test, all three named. Random only where no chromosome is known.

Test: as asked; else chr6 and chr7 where the genome is a mouse's (WTKO-CNN); else the chromosome or chromosomes nearest
15 % of the rows. Validation: as asked; else those nearest 10 % of the rest; none under the paper's protocol, which
selects on test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from cislex_core.errors import Reason, UserError

from cislex_encoder import aliases
from cislex_encoder.drops import CLASS_NAMES, KO, WT, Candidates

TRAIN, VALIDATION, TEST, OUTSIDE = 0, 1, 2, 3
SPLIT_NAMES = ("train", "validation", "test")
TEST_SHARE, VALIDATION_SHARE = 0.15, 0.10
_TOLERANCE = 0.05
_MAX_TOGETHER = 3

#: contig → rows of each class
Counts = Mapping[str, tuple[int, ...]]


@dataclass
class SplitPlan:
    """``assignment``: contig name → split index; ``how``: sentences that say who chose what; ``by``: see the spec."""

    assignment: dict[str, int] = field(default_factory=dict)
    how: list[str] = field(default_factory=list)
    by: str = "chromosome"

    def chroms(self, split: int) -> list[str]:
        """Contigs of one split, in the genome's order."""
        return [name for name, value in self.assignment.items() if value == split]


def looks_like_mouse(contigs: Sequence[str]) -> bool:
    """19 autosomes and X, under any of their names."""
    keys = {aliases.key(name) for name in contigs}
    return {*map(str, range(1, 20)), "x"} <= keys and "20" not in keys


def plan(
    counts: Counts,
    contigs: Sequence[str],
    test: Sequence[str],
    validation: Sequence[str],
    *,
    paper: bool,
    names: Sequence[str] = CLASS_NAMES,
) -> SplitPlan:
    """Give each contig a split. ``counts``: contig → rows of each class (KO, WT); ``contigs``: all names, in order.

    ``names``: what the counts are of; a chosen split holds some of each, and leaves some of each.

    Raises CONTIG_UNKNOWN for a name that no contig has, EMPTY_SPLIT for a named chromosome without rows or where
    nothing is left to choose from.
    """
    result = SplitPlan()
    mouse = looks_like_mouse(contigs)
    test_names = _named(test, contigs, counts, "test_chroms", result)
    if not test_names and mouse:
        test_names = _named(["6", "7"], contigs, counts, "test_chroms", result)
        result.how = [f"test = {', '.join(test_names)}: the default for a mouse genome (WTKO-CNN)"]
    validation_names = _named(validation, contigs, counts, "validation_chroms", result)
    if not test_names:
        free = {c: n for c, n in counts.items() if c not in validation_names}
        test_names, share = _nearest(free, TEST_SHARE, "test", names)
        result.how.append(f"test = {', '.join(test_names)}: chosen, {share:.1%} of the rows")
    if not validation_names and not paper:
        rest = {c: n for c, n in counts.items() if c not in test_names}
        if not rest:
            raise UserError(
                Reason.EMPTY_SPLIT,
                f"the test set takes every chromosome with sequences ({', '.join(counts)}), so none is left to learn "
                "from; name fewer of them (--test-chroms)",
                field="test_chroms",
            )
        validation_names, share = _nearest(rest, VALIDATION_SHARE, "validation", names)
        result.how.append(f"validation = {', '.join(validation_names)}: chosen, {share:.1%} of the rows outside test")
    both = sorted(set(test_names) & set(validation_names))
    if both:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{', '.join(both)} would be test and validation at once; name other validation chromosomes",
            field="validation_chroms",
        )
    autosomes = {str(i) for i in range(1, 20)}
    for name in contigs:
        split = TEST if name in test_names else VALIDATION if name in validation_names else TRAIN
        if paper and mouse and split == TRAIN and aliases.key(name) not in autosomes:
            split = OUTSIDE
        result.assignment[name] = split
    if paper and mouse:
        result.how.append("train = the rest of chromosomes 1 to 19 (the paper's protocol)")
    return result


def _named(names: Sequence[str], contigs: Sequence[str], counts: Counts, path: str, result: SplitPlan) -> list[str]:
    found = []
    for name in names:
        contig = aliases.resolve(name, contigs)
        if contig is None:
            raise UserError(
                Reason.CONTIG_UNKNOWN,
                f"{path} names {name!r}, which the genome lacks; it has {', '.join(list(contigs)[:30])}",
                field=path,
                contig=name,
            )
        if sum(counts.get(contig, ())) == 0:
            having = ", ".join(f"{c} ({sum(n)})" for c, n in counts.items() if sum(n))
            raise UserError(
                Reason.EMPTY_SPLIT,
                f"{path} names {contig}, on which no sequence is left; those that have some: {having}",
                field=path,
                contig=contig,
            )
        if contig != name:
            result.how.append(f"{path}: {name} was read as {contig}")
        found.append(contig)
    return list(dict.fromkeys(found))


def _nearest(counts: Counts, target: float, what: str, names: Sequence[str]) -> tuple[list[str], float]:
    """One to three contigs, with rows of every class, whose share of the rows is nearest ``target``.

    Fewer contigs win when they come within a few per cent of it; ties go to the first in order. One contig at least
    with every class must remain.
    """
    table = {contig: n for contig, n in counts.items() if sum(n)}
    every = [sum(column) for column in zip(*table.values(), strict=True)]
    total = sum(every)
    best: tuple[float, tuple[str, ...]] | None = None
    for size in range(1, min(_MAX_TOGETHER, len(table) - 1) + 1):
        pool = list(table) if len(table) <= 60 else sorted(table, key=lambda c: -sum(table[c]))[:60]
        for group in combinations(pool, size):
            inside = [sum(column) for column in zip(*(table[c] for c in group), strict=True)]
            if not all(0 < n < most for n, most in zip(inside, every, strict=True)):
                continue
            miss = abs(sum(inside) / total - target)
            if best is None or miss < best[0] - 1e-12:
                best = (miss, group)
        if best is not None and best[0] <= _TOLERANCE:
            break
    if best is None:
        numbers = (
            f"{c}: " + ", ".join(f"{n} {name}" for n, name in reversed(list(zip(row, names, strict=True))))
            for c, row in table.items()
        )
        both = "both classes" if len(names) == 2 else "rows"
        raise UserError(
            Reason.EMPTY_SPLIT,
            f"no chromosome can be the {what} set with {both} in it and in the rest (rows by chromosome: "
            f"{', '.join(numbers) or 'none'}); name the chromosomes, or ask for split_by random, whose accuracy is "
            "optimistic",
            field=f"{what}_chroms",
        )
    return list(best[1]), sum(sum(table[c]) for c in best[1]) / total


def random_assignment(
    rows: Candidates, seed: int, test: float = TEST_SHARE, validation: float | None = None
) -> np.ndarray:
    """(n,) int8: each class shuffled by itself; ``validation`` None: 10 % of what the test set leaves."""
    split = np.full(len(rows), OUTSIDE, dtype=np.int8)
    for label in (KO, WT):
        members = rows.kept[rows.label[rows.kept] == label]
        order = np.random.default_rng([seed, 3, label]).permutation(members)
        n_test = round(test * order.size)
        left = order.size - n_test
        n_validation = round(VALIDATION_SHARE * left) if validation is None else round(validation * order.size)
        split[order[:n_test]] = TEST
        split[order[n_test : n_test + n_validation]] = VALIDATION
        split[order[n_test + n_validation :]] = TRAIN
    return split


def require_both_classes(rows: Candidates, split: np.ndarray, plan_: SplitPlan, *, paper: bool) -> None:
    """Raise EMPTY_SPLIT when a split lacks a class (validation may be empty under the paper's protocol)."""
    kept = rows.kept
    for value, name in enumerate(SPLIT_NAMES):
        n_ko, n_wt = (int(((split[kept] == value) & (rows.label[kept] == label)).sum()) for label in (KO, WT))
        if paper and value == VALIDATION and n_ko + n_wt == 0:
            continue
        if not n_ko or not n_wt:
            where = f" ({', '.join(plan_.chroms(value)) or 'no chromosome'})" if plan_.by == "chromosome" else ""
            raise UserError(
                Reason.EMPTY_SPLIT,
                f"the {name} set{where} holds {n_wt} WT and {n_ko} KO sequences; both classes are needed. Name other "
                "chromosomes for it",
                field="test_chroms" if value == TEST else "validation_chroms",
                split=name,
            )
