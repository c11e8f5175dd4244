"""From a matrix of numbers to targets: multilabel or regression, with every entry accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.targets import UNRESOLVED

from cislex_encoder.drops import Candidates
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.imported import Imported
from cislex_encoder.writing import Targets

_ROWS = 1 << 16


@dataclass(frozen=True)
class _Place:
    """A task that cannot be used, and its number."""

    number: int
    text: str


def decide(spec: ImportDatasetSpec, values: np.ndarray) -> str:
    """``multilabel`` or ``regression``: as asked, else multilabel where every entry is 0, 1, −1 or missing."""
    if spec.target_type is not None:
        return spec.target_type
    if spec.source == "pbm":
        return "regression"
    for start in range(0, values.shape[0], _ROWS):
        part = values[start : start + _ROWS]
        if not (np.isnan(part) | (part == 0) | (part == 1) | (part == UNRESOLVED)).all():
            return "regression"
    return "multilabel"


def checked(spec: ImportDatasetSpec, read: Imported, rows: Candidates) -> Targets:
    """The targets of all candidates, rows without any dropped (``unresolved``), before rows are cut and split.

    Raises INVALID_TABLE with file, row, column and value for an entry that is no target.
    """
    assert read.values is not None
    if decide(spec, read.values) == "multilabel":
        values = _labels(read, rows)
        known = values != UNRESOLVED
        _drop(rows, ~known.any(axis=1), "every task is unresolved")
        if spec.resolved_only:
            _drop(rows, ~known.all(axis=1), "a task is unresolved")
        return Targets("multilabel", read.tasks, values, read.groups)
    values = np.asarray(read.values, dtype=np.float32)
    finite = np.isfinite(values)
    if spec.resolved_only:
        _drop(rows, np.isnan(values).any(axis=1), "a value is missing")
    kept = np.zeros(len(rows), dtype=bool)
    kept[rows.kept] = True
    bad = ~finite & kept[:, None]
    if bad.any():
        raise _bad_number(read, rows, values, bad)
    return Targets("regression", read.tasks, values, read.groups)


def _labels(read: Imported, rows: Candidates) -> np.ndarray:
    assert read.values is not None
    labels = np.full(read.values.shape, UNRESOLVED, dtype=np.int8)
    for start in range(0, len(labels), _ROWS):
        part = read.values[start : start + _ROWS]
        missing = np.isnan(part) | (part == UNRESOLVED)
        bad = ~(missing | (part == 0) | (part == 1))
        if bad.any():
            row, task = np.argwhere(bad)[0]
            raise UserError(
                Reason.INVALID_TABLE,
                f"{_where(rows, start + row)}: column {read.tasks[task]} is {part[row, task]:g}; a label is 1, 0 or "
                "empty (unresolved). For other numbers ask for target_type regression",
                field="target_type",
                column=read.tasks[task],
                value=part[row, task],
            )
        labels[start : start + _ROWS] = np.where(missing, UNRESOLVED, part).astype(np.int8)
    return labels


def _drop(rows: Candidates, which: np.ndarray, detail: str) -> None:
    kept = rows.kept
    rows.drop(kept[which[kept]], "unresolved", detail)


def _where(rows: Candidates, row: int) -> str:
    name = rows.name[int(row)].as_py()
    called = f" ({name})" if name else ""
    return f"{rows.sources[rows.source[row]]} line {rows.line[row]}{called}"


def _bad_number(read: Imported, rows: Candidates, values: np.ndarray, bad: np.ndarray) -> UserError:
    row, task = np.argwhere(bad)[0]
    return UserError(
        Reason.INVALID_TABLE,
        f"{_where(rows, row)}: column {read.tasks[task]} is {values[row, task]:g}, and {int(bad.sum()):,} targets of "
        f"{int(bad.any(axis=1).sum()):,} rows are like that; a regression needs a number everywhere. Fill them in, "
        "leave these rows out with resolved_only, or leave out the column with tasks",
        field="target_type",
        column=read.tasks[task],
        row=int(row),
        value=values[row, task],
    )


def usable_tasks(spec: ImportDatasetSpec, targets: Targets, rows: Candidates, notes: list[str]) -> Targets:
    """Leave out tasks that nothing can be learnt of, where that was asked for; else raise EMPTY_TASK or ONE_CLASS.

    EMPTY_TASK: only unresolved entries among the rows kept. ONE_CLASS: all known entries are equal (labels), or all
    values are (regression).
    """
    kept = targets.values[rows.kept]
    if targets.type == "multilabel":
        known = kept != UNRESOLVED
        empty = [i for i in range(kept.shape[1]) if not known[:, i].any()]
        single = [i for i in range(kept.shape[1]) if i not in empty and np.unique(kept[known[:, i], i]).size < 2]
    else:
        empty = []
        single = [i for i in range(kept.shape[1]) if (kept[:, i] == kept[0, i]).all()]
    gone = [*_refuse(targets, kept, empty, spec.drop_unresolved_tasks, notes, Reason.EMPTY_TASK)]
    gone += _refuse(targets, kept, single, spec.drop_one_class_tasks, notes, Reason.ONE_CLASS)
    if not gone:
        return targets
    keep = [i for i in range(len(targets.outputs)) if i not in gone]
    if not keep:
        raise UserError(Reason.EMPTY_TASK, "no task is left: none has both classes among the rows kept", field="tasks")
    return Targets(
        targets.type,
        [targets.outputs[i] for i in keep],
        np.ascontiguousarray(targets.values[:, keep]),
        [targets.groups[i] for i in keep] if targets.groups else None,
    )


def _refuse(
    targets: Targets, kept: np.ndarray, tasks: list[int], may_drop: bool, notes: list[str], reason: Reason
) -> list[int]:
    if not tasks:
        return []
    names = ", ".join(targets.outputs[i] for i in tasks[:10]) + (", …" if len(tasks) > 10 else "")
    option = "drop_unresolved_tasks" if reason is Reason.EMPTY_TASK else "drop_one_class_tasks"
    value = kept[kept[:, tasks[0]] != UNRESOLVED, tasks[0]] if targets.type == "multilabel" else kept[:, tasks[0]]
    what = (
        "only unresolved entries"
        if reason is Reason.EMPTY_TASK
        else f"one class only ({int(value[0])} everywhere)"
        if targets.type == "multilabel"
        else f"one value only ({value[0]:g} everywhere)"
    )
    if not may_drop:
        raise UserError(
            reason,
            f"{len(tasks)} of {len(targets.outputs)} tasks have {what} among the {kept.shape[0]:,} rows kept: {names}. "
            f"Nothing can be learnt of them: leave them out with {option}, or choose tasks",
            field=option,
            tasks=names,
        )
    notes.append(f"{len(tasks)} tasks with {what} were left out: {names}")
    return tasks
