"""Tables beside the rows: metadata joined by the rows' names, and groups of tasks."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from cislex_core.tasks import Inputs

from cislex_encoder import delimited
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.inputs import source
from cislex_encoder.name_files import invalid

USUAL = (
    "row", "set", "name", "chrom", "start", "end", "summit", "strand", "label", "split", "gc", "n_fraction", "source",
    "line",
)  # fmt: skip


def join(spec: ImportDatasetSpec, inputs: Inputs, names: pa.Array) -> tuple[dict[str, pa.Array], list[str]]:
    """Columns (one entry per name, null where the table has no such row), and sentences for people.

    Raises INVALID_TABLE when a name stands twice in the table, or when none of the rows is found in it.
    """
    if spec.metadata is None:
        return {}, []
    file = source(inputs, spec.metadata, "metadata")
    table, first = delimited.read(file, as_is=True)
    key = "name" if "name" in table.column_names else table.column_names[0]
    keys = pc.cast(table[key], pa.string()).combine_chunks()
    counts = pc.value_counts(keys)
    if len(counts) < len(keys):
        twice = next(item["values"] for item in counts.to_pylist() if item["counts"] > 1)
        line = first + pc.index(keys, twice).as_py()
        raise invalid(file, f"line {line}: {key} {twice!r} stands more than once; each row needs one line", line=line)
    index = pc.index_in(names, keys)
    missing = index.null_count
    if missing == len(names):
        raise invalid(
            file,
            f"names none of the rows: its column {key} begins with {keys[0].as_py()!r}, the rows with "
            f"{names[0].as_py()!r}",
        )
    columns = {
        (f"{name}_" if name in USUAL else name): table[name].combine_chunks().take(index)
        for name in table.column_names
        if name != key
    }
    notes = [f"{file.shown}: {missing:,} of {len(names):,} rows are not in it"] if missing else []
    return columns, notes


def task_groups(spec: ImportDatasetSpec, inputs: Inputs, tasks: list[str]) -> list[str] | None:
    """The group of each task from ``task_groups``; None where no file is given. Every task must be in it."""
    if spec.task_groups is None:
        return None
    file = source(inputs, spec.task_groups, "task_groups")
    table, _ = delimited.read(file, as_is=True)
    if table.num_columns < 2:
        raise invalid(file, "needs two columns: task and group")
    titles = table.column_names
    key, value = ("task", "group") if {"task", "group"} <= set(titles) else (titles[0], titles[1])
    known = dict(
        zip(pc.cast(table[key], pa.string()).to_pylist(), pc.cast(table[value], pa.string()).to_pylist(), strict=True)
    )
    missing = [task for task in tasks if not known.get(task)]
    if missing:
        raise invalid(file, f"gives no group to {len(missing)} tasks: {', '.join(missing[:8])}")
    return [known[task] or "" for task in tasks]
