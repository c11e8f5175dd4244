"""ImportDataset on inputs that cannot be used: typed errors with file, row, column, value and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason
from cislex_core.targets import TARGET_TYPES
from cislex_encoder.import_specs import ImportDatasetSpec, SampleNegativesSpec
from encoder_inputs import fails, genome, places, random_text
from pydantic import ValidationError

NAMES = [f"{c}:{s}-{e}" for c, s, e in places(40)]


def _table(bench: Any, rows: list[str], header: str = "region\tA\tB") -> Path:
    return bench.write("m.tsv", "\n".join([header, *rows]) + "\n")


def _good(tasks: int = 2) -> list[str]:
    return ["\t".join([name, *(str((i >> t) % 2) for t in range(tasks))]) for i, name in enumerate(NAMES)]


def _fails(
    bench: Any, reason: Reason, *words: str, rows: list[str], header: str = "region\tA\tB", **options: Any
) -> Any:
    return fails(
        bench, reason, *words, matrix=_table(bench, rows, header), genome=genome(bench), window_bp=40, **options
    )


@pytest.mark.parametrize(
    ("row", "reason", "words"),
    [
        ("chr1:700-740\t1", Reason.INVALID_TABLE, ["line 42", "2 cells where the header names 3"]),
        ("chr1:700-740\tyes\t1", Reason.INVALID_TABLE, ["line 42", "column A", "'yes'"]),
        ("somewhere\t1\t0", Reason.INVALID_TABLE, ["line 42", "'somewhere'", "no place"]),
        ("chr1:740-700\t1\t0", Reason.INVALID_INTERVALS, ["line 42", "740-700"]),
        ("chr1:9990-10030\t1\t0", Reason.INVALID_INTERVALS, ["line 42", "past the end of chr1"]),
        ("chr77:100-140\t1\t0", Reason.CONTIG_UNKNOWN, ["chr77", "line 42"]),
    ],
)
def test_bad_rows(bench: Any, row: str, reason: Reason, words: list[str]) -> None:
    options = {"max_unknown_fraction": 0.0} if reason is Reason.CONTIG_UNKNOWN else {}
    _fails(bench, reason, "m.tsv", *words, rows=[*_good(), row], **options)


def test_a_table_without_rows_or_tasks_or_with_a_column_twice(bench: Any) -> None:
    _fails(bench, Reason.EMPTY_SET, "no row", rows=[])
    _fails(bench, Reason.INVALID_TABLE, "named twice: A", rows=_good(), header="region\tA\tA")
    _fails(bench, Reason.INVALID_TABLE, "no column of numbers", rows=NAMES, header="region")
    _fails(bench, Reason.INVALID_TABLE, "has no column of numbers C", rows=_good(), tasks=["C"])
    fails(bench, Reason.INVALID_TABLE, "give the genome", matrix=_table(bench, _good()))


def test_a_task_with_unresolved_entries_only(bench: Any) -> None:
    rows = [f"{name}\t{i % 2}\t" for i, name in enumerate(NAMES)]
    error = _fails(bench, Reason.EMPTY_TASK, "1 of 2 tasks", "only unresolved", "B", "drop_unresolved_tasks", rows=rows)
    assert error.metadata["tasks"] == "B"
    artifact = bench.run(
        "encoder.ImportDataset",
        matrix=_table(bench, rows),
        genome=genome(bench),
        window_bp=40,
        drop_unresolved_tasks=True,
    )
    assert Dataset.from_artifact(artifact, types=TARGET_TYPES).outputs == ["A"]
    assert any("unresolved entries were left out: B" in note for note in artifact.manifest.summary["notes"])


def test_a_task_with_one_class(bench: Any) -> None:
    rows = [f"{name}\t{i % 2}\t{'' if i % 3 else 1}" for i, name in enumerate(NAMES)]
    _fails(bench, Reason.ONE_CLASS, "one class only (1 everywhere)", "B", "drop_one_class_tasks", rows=rows)
    flat = [f"{name}\t{i / 3}\t0.5" for i, name in enumerate(NAMES)]
    _fails(bench, Reason.ONE_CLASS, "one value only (0.5 everywhere)", rows=flat)
    artifact = bench.run(
        "encoder.ImportDataset",
        matrix=_table(bench, flat),
        genome=genome(bench),
        window_bp=40,
        drop_one_class_tasks=True,
    )
    assert Dataset.from_artifact(artifact, types=TARGET_TYPES).outputs == ["A"]


def test_missing_and_infinite_targets_of_a_regression(bench: Any) -> None:
    rows = [f"{name}\t{i / 3}\t{i}" for i, name in enumerate(NAMES)]
    rows[7] = f"{NAMES[7]}\t0.5\tNaN"
    words = ["line 9", NAMES[7], "column B is nan", "1 targets of 1 rows", "resolved_only"]
    error = _fails(bench, Reason.INVALID_TABLE, *words, rows=rows, target_type="regression")
    assert (error.metadata["column"], error.metadata["row"]) == ("B", "7")
    rows[8] = f"{NAMES[8]}\t0.5\tinf"
    _fails(bench, Reason.INVALID_TABLE, "line 10", "column B is inf", rows=rows, resolved_only=True)
    artifact = bench.run(
        "encoder.ImportDataset", matrix=_table(bench, [*rows[:8], *rows[9:]]), genome=genome(bench), window_bp=40,
        resolved_only=True,
    )  # fmt: skip
    assert artifact.manifest.summary["dropped"] == [{"reason": "unresolved", "n_rows": 1}]


def test_numbers_that_are_no_labels(bench: Any) -> None:
    rows = _good()
    rows[3] = f"{NAMES[3]}\t2\t0"
    words = ["line 5", "column A is 2", "target_type regression"]
    _fails(bench, Reason.INVALID_TABLE, *words, rows=rows, target_type="multilabel")


def test_metadata_that_does_not_fit(bench: Any) -> None:
    twice = bench.write("meta.tsv", f"name\tx\n{NAMES[0]}\t1\n{NAMES[0]}\t2\n")
    _fails(bench, Reason.INVALID_TABLE, "meta.tsv line 2", "more than once", rows=_good(), metadata=twice)
    other = bench.write("meta.tsv", "name\tx\nfoo\t1\n")
    _fails(bench, Reason.INVALID_TABLE, "names none of the rows", "'foo'", rows=_good(), metadata=other)
    groups = bench.write("g.tsv", "task\tgroup\nA\tx\n")
    _fails(bench, Reason.INVALID_TABLE, "no group to 1 tasks: B", rows=_good(), task_groups=groups)


def test_split_columns(bench: Any) -> None:
    rows = [f"{row}\t{'val' if i % 5 == 0 else 'train'}" for i, row in enumerate(_good())]
    header = "region\tA\tB\tfold"
    artifact = bench.run(
        "encoder.ImportDataset",
        matrix=_table(bench, rows, header),
        genome=genome(bench),
        window_bp=40,
        split_column="fold",
    )
    assert [split["n_rows"] for split in artifact.manifest.summary["splits"]] == [32, 8, 0]
    assert "fold" not in artifact.table("rows.parquet").column_names
    rows[2] = rows[2].replace("train", "trian")
    _fails(bench, Reason.INVALID_TABLE, "line 4", "'trian'", rows=rows, header=header, split_column="fold")
    _fails(bench, Reason.INVALID_TABLE, "have a column 'nope'", rows=rows, header=header, split_column="nope")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"data": np.zeros((3, 2))}, "holds no names"),
        (
            {"data": np.zeros((3, 2)), "rows": np.array(["a"]), "columns": np.array(["x", "y"])},
            "shape (3, 2) with 1 row",
        ),
        ({"numbers": np.zeros((3, 2))}, "one must be called data"),
        ({"data": np.array([["a"]])}, "numbers (rows, tasks) are needed"),
    ],
)
def test_bad_arrays(bench: Any, arrays: dict[str, np.ndarray], words: str) -> None:
    path = bench.root / "m.npz"
    np.savez(path, **arrays)
    fails(bench, Reason.INVALID_TABLE, "m.npz", words, matrix=path, genome=genome(bench))


def test_bad_one_hot_and_pickles(bench: Any) -> None:
    one_hot, targets = bench.root / "x.npy", bench.root / "y.npy"
    np.save(one_hot, np.ones((5, 4, 9), dtype=np.int8))
    np.save(targets, np.zeros((5, 2)))
    fails(bench, Reason.INVALID_TABLE, "row 0, position 0", one_hot=one_hot, targets=targets)
    np.save(one_hot, np.zeros((5, 9, 4), dtype=np.int8))
    fails(bench, Reason.INVALID_TABLE, "(n, length, 4)", one_hot=one_hot, targets=targets)
    np.save(one_hot, np.zeros((4, 4, 9), dtype=np.int8))
    fails(bench, Reason.INVALID_TABLE, "4 rows are needed", one_hot=one_hot, targets=targets)
    np.save(targets, np.zeros((4, 2)))
    names = bench.root / "n.npy"
    np.save(names, np.array([{"a": 1}, print], dtype=object), allow_pickle=True)
    fails(bench, Reason.INVALID_TABLE, "n.npy", "pickled", one_hot=one_hot, targets=targets, task_names=names)
    np.save(targets, np.array([None] * 4), allow_pickle=True)
    fails(bench, Reason.INVALID_TABLE, "y.npy", "without objects", one_hot=one_hot, targets=targets)


def test_bad_probes(bench: Any) -> None:
    texts = random_text(4, 35)
    lines = [f"{t}\t{i}.5" for i, t in enumerate(texts)]
    bad = bench.write("p.txt", "\n".join([*lines, "ACGTACGTACGTZZ\t3", "ACGTACGTACGT\tx"]))
    error = fails(bench, Reason.INVALID_TABLE, "line 5", "'Z'", pbm=[{"name": "a", "file": bad}])
    assert "line 6: the intensity is 'x'" in error.message
    negative = bench.write("p.txt", "\n".join([*lines, f"{texts[0]}\t-3"]))
    fails(bench, Reason.INVALID_TABLE, "0 or negative", pbm=[{"name": "a", "file": negative}], normalization="log2")
    words = bench.write("p.txt", "a\tb\nc\td\n")
    fails(bench, Reason.INVALID_TABLE, "line 1: no column of sequences", pbm=[{"name": "a", "file": words}])


def test_anndata_that_is_none(bench: Any) -> None:
    import h5py

    text = bench.write("x.h5ad", "hello")
    fails(bench, Reason.INVALID_TABLE, "x.h5ad cannot be read as AnnData", anndata=text, genome=genome(bench))
    with h5py.File(bench.root / "y.h5ad", "w") as file:
        file["X"] = np.zeros((2, 2))
    fails(bench, Reason.INVALID_TABLE, "is no AnnData", anndata=bench.root / "y.h5ad", genome=genome(bench))


FILE = {"sha256": "0" * 64}
ONE = [{"name": "a", "file": FILE}]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "exactly one source"),
        ({"fasta": ONE, "matrix": FILE}, "given: fasta, matrix"),
        ({"fasta": ONE * 2}, "two files of fasta have one name"),
        ({"regions": ONE}, "genome is needed with regions"),
        ({"anndata": FILE}, "genome is needed with anndata"),
        ({"one_hot": FILE}, "targets is needed"),
        ({"one_hot": FILE, "targets": FILE, "channel_order": "ACGG"}, "once each"),
        ({"matrix": FILE, "test_fraction": 0.6, "validation_fraction": 0.4}, "leave nothing to train on"),
        ({"matrix": FILE, "test_chroms": ["1"], "split_by": "random"}, "go with split_by chromosome"),
        ({"matrix": FILE, "split_by": "given"}, "needs split_column"),
        ({"fasta": [{"name": "a", "file": FILE, "split": "held"}]}, "train"),
    ],
)
def test_requests_that_cannot_be_meant(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ImportDatasetSpec.model_validate(fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"method": "gc_pool", "genome": FILE}, "pool is needed"),
        ({"method": "gc_genome"}, "genome is needed"),
        ({"method": "dinucleotide", "ratio": 0}, "greater than 0"),
    ],
)
def test_negatives_that_cannot_be_meant(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SampleNegativesSpec.model_validate({"dataset": "d" * 64, **fields})
