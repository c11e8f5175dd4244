"""ImportDataset from matrices, probe tables, one-hot arrays and AnnData: values arrive where they belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex_core.datasets import Dataset
from cislex_core.genome import Genome
from cislex_core.targets import TARGET_TYPES
from encoder_inputs import CHROMS, genome, places, random_text, status

N = 120


def _open(artifact: Any) -> Dataset:
    return Dataset.from_artifact(artifact, types=TARGET_TYPES)


def _labels(n: int = N, tasks: int = 3) -> np.ndarray:
    """0, 1 and NaN; no task without both classes, no row all unresolved."""
    values = np.random.default_rng(3).integers(0, 2, (n, tasks)).astype(float)
    values[::7, 1] = np.nan
    return values


def _rows(values: np.ndarray, names: list[str], tasks: list[str], empty: str = "") -> str:
    lines = ["\t".join(["region", *tasks])]
    lines += [
        "\t".join([name, *(empty if np.isnan(v) else f"{v:g}" for v in row)])
        for name, row in zip(names, values, strict=True)
    ]
    return "\n".join(lines) + "\n"


def _by_name(dataset: Dataset) -> dict[str, np.ndarray]:
    return dict(zip(dataset.rows["name"].to_pylist(), dataset.targets, strict=True))


REGIONS = [f"{c}:{s}-{e}" for c, s, e in places(N)]
TASKS = ["CTCF", "SPI1", "GATA3"]


@pytest.fixture
def expected() -> np.ndarray:
    values = _labels()
    return np.where(np.isnan(values), -1, values).astype(np.int8)


def _check(bench: Any, artifact: Any, expected: np.ndarray) -> None:
    dataset = _open(artifact)
    assert (dataset.target_type, dataset.outputs, dataset.targets.dtype) == ("multilabel", TASKS, np.int8)
    found = _by_name(dataset)
    for name, row in zip(REGIONS, expected, strict=True):
        np.testing.assert_array_equal(found[name], row)
    opened = Genome.open(bench.root / "genome.fa")
    for row in dataset.rows.to_pylist():
        chrom, start, end = places(N)[REGIONS.index(row["name"])]
        middle = (start + end) // 2
        assert (row["chrom"], row["start"], row["end"]) == (chrom, middle - 30, middle + 30)
        np.testing.assert_array_equal(dataset.codes[row["row"]], opened.fetch(chrom, middle - 30, middle + 30))
    tasks = artifact.manifest.summary["tasks"]
    assert tasks[1]["n_unresolved"] == int((expected[:, 1] == -1).sum())
    assert [item["n_positive"] for item in tasks] == (expected == 1).sum(axis=0).tolist()


@pytest.mark.parametrize("empty", ["", "NA", "nan", "-1", "∅"])
def test_a_table_of_regions_by_tf(bench: Any, expected: np.ndarray, empty: str) -> None:
    table = bench.write("m.tsv", _rows(_labels(), REGIONS, TASKS, empty))
    _check(bench, bench.run("encoder.ImportDataset", matrix=table, genome=genome(bench), window_bp=60), expected)


def test_the_same_as_parquet_npz_and_npy(bench: Any, expected: np.ndarray) -> None:
    path, values = genome(bench), _labels()
    places_ = places(N)
    parquet = bench.root / "m.parquet"
    columns = {"chrom": [p[0] for p in places_], "start": [p[1] for p in places_], "end": [p[2] for p in places_]}
    labels = {t: pa.array(values[:, i], from_pandas=True) for i, t in enumerate(TASKS)}
    pq.write_table(pa.table({"name": REGIONS, **columns, **labels}), parquet)
    _check(bench, bench.run("encoder.ImportDataset", matrix=parquet, genome=path, window_bp=60), expected)
    npz = bench.root / "m.npz"
    np.savez(npz, data=values.T.astype(np.float16), rows=np.array(TASKS), columns=np.array(REGIONS))  # TFs by regions
    artifact = bench.run("encoder.ImportDataset", matrix=npz, genome=path, window_bp=60)
    _check(bench, artifact, expected)
    assert any("turned" in note for note in artifact.manifest.summary["notes"])
    npy = bench.root / "m.npy"
    np.save(npy, values)
    names = {
        "row_names": bench.write("rows.txt", "\n".join(REGIONS)),
        "task_names": bench.write("t.txt", "\n".join(TASKS)),
    }
    _check(bench, bench.run("encoder.ImportDataset", matrix=npy, genome=path, window_bp=60, **names), expected)


def test_sequences_in_a_column_need_no_genome(bench: Any) -> None:
    texts = random_text(60, 25)
    lines = ["name,sequence,activity,cell line"] + [f"s{i},{t.lower()},{i / 7},K562" for i, t in enumerate(texts)]
    artifact = bench.run("encoder.ImportDataset", matrix=bench.write("m.csv", "\n".join(lines)))
    dataset = _open(artifact)
    assert dataset.strings(np.arange(60)) == texts
    assert (dataset.target_type, dataset.outputs) == ("regression", ["activity"])
    np.testing.assert_allclose(dataset.targets[:, 0], np.arange(60) / 7, rtol=1e-6)
    assert dataset.rows["cell line"].to_pylist() == ["K562"] * 60
    assert artifact.manifest.summary["columns"] == ["cell line"]


def test_tasks_groups_metadata_and_resolved_rows(bench: Any, expected: np.ndarray) -> None:
    table = bench.write("m.tsv", _rows(_labels(), REGIONS, TASKS))
    groups = bench.write("g.tsv", "task\tgroup\nGATA3\tT cell\nCTCF\tall\nSPI1\tmyeloid\n")
    metadata = bench.write(
        "meta.tsv", "name\tcluster\tgc\n" + "".join(f"{n}\tc{i % 3}\t{i}\n" for i, n in enumerate(REGIONS))
    )
    artifact = bench.run(
        "encoder.ImportDataset", matrix=table, genome=genome(bench), tasks=["GATA3", "SPI1"], task_groups=groups,
        metadata=metadata, resolved_only=True,
    )  # fmt: skip
    dataset = _open(artifact)
    assert (dataset.outputs, dataset.groups) == (["GATA3", "SPI1"], ["T cell", "myeloid"])
    assert status(artifact) == {"unresolved": int((expected[:, 1] == -1).sum())}
    clusters = dict(zip(dataset.rows["name"].to_pylist(), dataset.rows["cluster"].to_pylist(), strict=True))
    assert clusters[REGIONS[4]] == "c1"
    assert dataset.rows["gc_"].to_pylist()[:2] == [REGIONS.index(name) for name in dataset.rows["name"].to_pylist()[:2]]
    assert "gc_" in dataset.rows.column_names  # the user's gc beside ours
    assert (dataset.targets >= 0).all()


def test_a_large_matrix_is_read_row_by_row_right(bench: Any) -> None:
    """More rows than one block of the reader; whole numbers first, others and gaps later."""
    n = 30_000
    rng = np.random.default_rng(0)
    texts = random_text(n, 12)
    values = np.round(rng.normal(size=n), 3)
    values[:20_000] = np.round(values[:20_000])
    text = "sequence\ty\n" + "".join(f"{t}\t{v:g}\n" for t, v in zip(texts, values, strict=True))
    artifact = bench.run("encoder.ImportDataset", matrix=bench.write("m.tsv", text), collapse_duplicates=False)
    dataset = _open(artifact)
    np.testing.assert_allclose(dataset.targets[:, 0], values, rtol=1e-6)
    assert dataset.rows["line"][29_999].as_py() == n + 1


def _probe_table(values: np.ndarray, texts: list[str]) -> str:
    lines = ["#id_probe\tpbm_sequence\tlinker_sequence\tmean_signal_intensity\tflag\tcontrol"]
    lines += [f"p{i}\t{t}\tCCTGTG\t{v:.4f}\t0\tFALSE" for i, (t, v) in enumerate(zip(texts, values, strict=True))]
    lines[3] = lines[3].replace("\t0\tFALSE", "\t1\tFALSE")
    lines[5] = lines[5].replace("\t0\tFALSE", "\t0\tTRUE")
    return "\n".join(lines) + "\n"


def test_two_arrays_of_probes_as_training_and_validation(bench: Any) -> None:
    from sklearn.preprocessing import quantile_transform

    rng = np.random.default_rng(1)
    texts, signal = random_text(200, 35), rng.lognormal(8, 1, 200)
    first = bench.write("a1.txt", _probe_table(signal[:120], texts[:120]))
    second = bench.write(
        "a2.txt", "".join(f"{v:.4f}\t{t}CCTGTG\n" for t, v in zip(texts[120:], signal[120:], strict=True))
    )
    arrays = [
        {"name": "015681", "file": first, "split": "train"},
        {"name": "016060", "file": second, "split": "validation"},
    ]
    artifact = bench.run("encoder.ImportDataset", pbm=arrays)
    dataset = _open(artifact)
    assert (dataset.window_bp, dataset.outputs, status(artifact)) == (41, ["intensity"], {"flagged": 2})
    assert [split["n_rows"] for split in artifact.manifest.summary["splits"]] == [118, 80, 0]
    known = np.delete(np.arange(120), [2, 4])
    rounded = np.round(signal, 4)
    wanted = quantile_transform(rounded[known, None], n_quantiles=118)[:, 0]
    np.testing.assert_allclose(dataset.targets[:118, 0], wanted, atol=1e-6)
    assert dataset.targets[118:, 0].min() == 0
    assert dataset.targets[118:, 0].max() == 1
    assert dataset.rows["array"].to_pylist() == ["015681"] * 118 + ["016060"] * 80
    ledger = artifact.table("drops.parquet").to_pylist()
    assert [(row["line"], row["detail"]) for row in ledger if row["status"] == "flagged"] == [
        (4, "flag 1"),
        (6, "flag TRUE"),
    ]
    trimmed = bench.run("encoder.ImportDataset", pbm=arrays, clip_right_bp=6, normalization="log2")
    assert _open(trimmed).window_bp == 35
    np.testing.assert_allclose(_open(trimmed).targets[118:, 0], np.log2(rounded[120:]), rtol=1e-5)


def test_one_hot_arrays_with_a_declared_order(bench: Any) -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, (20, 11)).astype(np.uint8)
    one_hot = np.stack([codes == {"A": 0, "T": 3, "G": 2, "C": 1}[letter] for letter in "ATGC"], axis=1).astype(np.int8)
    one_hot[0, :, 5] = 0
    targets = rng.normal(size=(20, 2)).astype(np.float32)
    files = {}
    for name, array in (("one_hot", one_hot), ("targets", targets)):
        np.save(bench.root / f"{name}.npy", array)
        files[name] = bench.root / f"{name}.npy"
    dataset = _open(bench.run("encoder.ImportDataset", channel_order="ATGC", **files))
    codes[0, 5] = 4
    np.testing.assert_array_equal(dataset.codes, codes)
    np.testing.assert_array_equal(dataset.targets, targets)


def test_the_ai_tac_sample(bench: Any, shared_dir: Path) -> None:
    folder = shared_dir / "data" / "aitac"
    artifact = bench.run(
        "encoder.ImportDataset",
        one_hot=folder / "one_hot_seqs.npy",
        targets=folder / "cell_type_array.npy",
        task_names=folder / "cell_type_names.npy",
        row_names=folder / "peak_names.npy",
        channel_order="ATGC",
    )
    dataset = _open(artifact)
    assert (len(dataset), dataset.window_bp, len(dataset.outputs)) == (100, 251, 81)
    assert (dataset.outputs[0], dataset.groups and dataset.groups[0]) == ("B.Fem.Sp", "B")
    assert dataset.rows["name"][0].as_py() == "ImmGenATAC1219.peak_3"
    np.testing.assert_array_equal(dataset.targets, np.load(folder / "cell_type_array.npy"))
    one_hot = np.load(folder / "one_hot_seqs.npy")
    np.testing.assert_array_equal(dataset.codes == 3, one_hot[:, 1] == 1)


def _anndata(bench: Any, storage: str, turned: bool) -> tuple[Path, np.ndarray, list[str]]:
    import anndata.io
    import h5py
    import pandas as pd
    from scipy import sparse

    rng = np.random.default_rng(5)
    cells = (rng.random((90, N)) < 0.3).astype(np.float32)  # cells × regions
    clusters = [None if i % 15 == 14 else f"k{i % 4}" for i in range(90)]

    def plain(words: list[str]) -> Any:
        return pd.Index(words, dtype=object)

    lineages = ["T" if i % 4 < 2 else "B" for i in range(90)]
    of_cells = pd.DataFrame(
        {
            "cluster": pd.Categorical(clusters, categories=plain(["k0", "k1", "k2", "k3"])),
            "lineage": pd.Categorical(lineages, categories=plain(["B", "T"])),
        },
        index=plain([f"cell{i}" for i in range(90)]),
    )
    regions = pd.DataFrame(index=plain(REGIONS))
    matrix = cells.T if turned else cells
    matrix = {"dense": np.asarray, "csr": sparse.csr_matrix, "csc": sparse.csc_matrix}[storage](matrix)
    path = bench.root / "cells.h5ad"
    with h5py.File(path, "w") as file:  # by element: plain strings, as other programs write them
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        tables = {"obs": regions, "var": of_cells} if turned else {"obs": of_cells, "var": regions}
        for key, value in {"X": matrix, **tables}.items():
            anndata.io.write_elem(file, key, value)
    means = np.stack([cells[[c == f"k{k}" for c in clusters]].mean(axis=0) for k in range(4)], axis=1)
    return path, means, [f"k{k}" for k in range(4)]


@pytest.mark.parametrize(("storage", "turned"), [("csr", False), ("csc", False), ("dense", False), ("csr", True)])
def test_cluster_means_of_cells(bench: Any, storage: str, turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cislex_encoder.anndata_file._CHUNK_BYTES", 20_000)
    path, means, names = _anndata(bench, storage, turned)
    options: dict[str, Any] = {"cluster_column": "cluster", "group_column": "lineage", "window_bp": 50}
    artifact = bench.run("encoder.ImportDataset", anndata=path, genome=genome(bench), **options)
    dataset = _open(artifact)
    assert (dataset.outputs, dataset.groups) == (names, ["T", "T", "B", "B"])
    found = _by_name(dataset)
    for name, row in zip(REGIONS, means, strict=True):
        np.testing.assert_allclose(found[name], row, atol=1e-6)
    assert any("6 cells without a cluster" in note for note in artifact.manifest.summary["notes"])


def test_an_anndata_of_means_is_taken_as_it_is(bench: Any) -> None:
    path, _, _ = _anndata(bench, "dense", True)
    dataset = _open(bench.run("encoder.ImportDataset", anndata=path, genome=genome(bench), tasks=["cell3", "cell1"]))
    assert (dataset.outputs, dataset.target_type) == (["cell3", "cell1"], "multilabel")
    assert len(CHROMS) == len(set(dataset.chroms))
