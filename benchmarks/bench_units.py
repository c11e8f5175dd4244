"""Units: matrices and importances of 100,000 sequences against loops over sequences and units, and peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
_WINDOW, _UNITS, _OUTPUTS = 200, 100, 50
_ROWS = 100_000
_LOOP_ROWS = 400
_SELECTIVE = 3.2
_MEMORY_ROWS, _MEMORY_UNITS = 200_000, 300


def units_vs_loops() -> list[Row]:
    """Filters → matrices and unit importances of an ExplaiNN (100 units, 50 outputs) on 100,000 × 200 bp: the task's
    own steps, against the loops that tutorials and the paper's program write: one sequence after another, unit by unit,
    k-mers as strings, importances in lists.

    The loops run on the first 400 sequences, ours on all and, to compare the answers, on the same 400; both are given
    as sequences per second. Every sequence counts as correct for both, so that both do all the work.
    """
    import torch
    from cislex_models.registry import build

    codes = np.random.default_rng(0).integers(0, 4, (_ROWS, _WINDOW)).astype(np.uint8)
    model = build("explainn", _WINDOW, {"units": _UNITS}, _OUTPUTS, seed=0).eval()
    with torch.no_grad():  # as selective as training makes them: a unit has a site in about every seventh sequence
        model.first_layer.weight.mul_(_SELECTIVE)  # type: ignore[union-attr]
    few = codes[:_LOOP_ROWS]
    mine, theirs = _ours(model, few), _loops(model, few)
    if not np.array_equal(mine[0], theirs[0]) or not np.allclose(mine[1], theirs[1], atol=1e-4, equal_nan=True):
        raise RuntimeError("the streamed matrices or medians differ from those of the loops")
    loop_s = min(_seconds(lambda: _loops(model, few)) for _ in range(2))
    ours_s = _seconds(lambda: _ours(model, codes))
    ours, other = _ROWS / ours_s, _LOOP_ROWS / loop_s
    ratio = ours / other
    return [
        {
            "name": f"filters → matrices and unit importance, {_ROWS:,} × {_WINDOW} bp, {_UNITS} units × {_OUTPUTS} "
            f"outputs, CPU ({ours_s:.0f} s; loops on {_LOOP_ROWS})",
            "ours": ours, "theirs": other, "unit": "sequences/s", "ratio": ratio, "bar": ">= 20x", "met": ratio >= 20,
        }
    ]  # fmt: skip


def units_memory() -> list[Row]:
    """Peak resident memory of the ExplainUnits task on 200,000 × 200 bp with 300 units, in its own process. What grows
    with the sequences is on disk; the dataset's memory-mapped pages (200 bytes a sequence) are counted."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.bench_units", scratch, str(_MEMORY_ROWS), str(_MEMORY_UNITS)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    figures = json.loads(done.stdout.splitlines()[-1])
    peak = figures["peak_bytes"] / 1e9
    return [
        {
            "name": f"ExplainUnits, {_MEMORY_ROWS:,} × {_WINDOW} bp × {_MEMORY_UNITS} units, peak memory "
            f"({figures['seconds']:.0f} s)",
            "ours": peak, "theirs": None, "unit": "GB", "ratio": None, "bar": "< 4 GB", "met": peak < 4.0,
        }
    ]  # fmt: skip


def _seconds(function: Any) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _ours(model: Any, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts (units, 4, width) and medians (units, outputs)."""
    from cislex_explainer.correctness import CorrectRule
    from cislex_explainer.importance import Selection, unit_importance
    from cislex_explainer.units import activation_maxima, open_seeds, read_outputs, thresholds

    everything = np.ones(len(codes), dtype=bool)
    targets = np.zeros((len(codes), _OUTPUTS), dtype=np.float32)

    def batches() -> Any:
        for start in range(0, len(codes), 64):
            yield codes[start : start + 64], targets[start : start + 64]

    with tempfile.TemporaryDirectory() as scratch:
        rule = CorrectRule("regression", _OUTPUTS, correlation=-2.0)  # every sequence is right
        seed = open_seeds([model], [0], rule, len(codes), Path(scratch))[0]
        assert seed.candidates is not None
        with seed.outputs, seed.maxima, seed.candidates:
            for _ in read_outputs([seed], batches()):
                pass
            cut = thresholds(activation_maxima(seed, everything), 0.5)
            counts = seed.candidates.counts(codes, np.arange(len(codes)), cut, 19, 0, inclusive=True)
            if not seed.candidates.complete:
                raise RuntimeError("the filters are not selective: choose a larger factor")
            weights = model.output_weight.detach().numpy().astype(np.float64)
            found = unit_importance(
                weights, seed.outputs.column, lambda u: seed.maxima.column(u) >= np.float32(cut[u]),
                Selection(everything[None], None),
            )  # fmt: skip
    return counts, found.median


def _loops(model: Any, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same by loops."""
    import torch
    from cislex_core.sequences import decode
    from cislex_models.onehot import one_hot

    width = model.first_layer.kernel_size[0]
    weights = model.output_weight.detach().numpy()
    maximum = np.zeros(_UNITS)
    kept = []
    with torch.no_grad():
        for row in codes:
            _, extras = model.forward_with_extras(one_hot(torch.from_numpy(row[None])))
            kept.append((extras["filter_activations"][0].numpy(), extras["unit_outputs"][0].numpy()))
            for unit in range(_UNITS):
                maximum[unit] = max(maximum[unit], kept[-1][0][unit].max())
    words: list[list[str]] = [[] for _ in range(_UNITS)]
    importance: list[list[list[float]]] = [[[] for _ in range(_OUTPUTS)] for _ in range(_UNITS)]
    for row, (activations, outputs) in zip(codes, kept, strict=True):
        text = decode(row)
        for unit in range(_UNITS):
            places = np.flatnonzero(activations[unit] >= np.float32(0.5 * maximum[unit]))
            words[unit] += [text[place : place + width] for place in places]
            if len(places):
                for output in range(_OUTPUTS):
                    importance[unit][output].append(float(outputs[unit] * weights[output, unit]))
    counts = np.zeros((_UNITS, 4, width), dtype=np.int64)
    for unit, found in enumerate(words):
        for word in found:
            for position, letter in enumerate(word):
                counts[unit, "ACGT".index(letter), position] += 1
    return counts, np.array([[np.median(values) for values in row] for row in importance])


def _measure_memory(scratch: Path, n: int, n_units: int) -> dict[str, float]:
    """Build a dataset and a model, run the task, answer what it took. The peak is the kernel's own (VmHWM)."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from cislex_core.manifests import Manifest
    from cislex_core.stores.local import LocalStore
    from cislex_explainer.tasks import TASKS
    from cislex_explainer.unit_specs import ExplainUnitsSpec
    from cislex_models.checkpoint import save_model
    from cislex_models.registry import build
    from cislex_runtime.working.task_io import WorkerInputs, WorkerOut, WorkerProgress

    store = LocalStore(scratch / "store")
    staged = store.stage()
    rng = np.random.default_rng(0)
    codes = np.lib.format.open_memmap(staged / "codes.npy", "w+", np.uint8, (n, _WINDOW))
    for start in range(0, n, 10_000):
        codes[start : start + 10_000] = rng.integers(0, 4, codes[start : start + 10_000].shape)
    del codes
    tasks = [f"task{i}" for i in range(_OUTPUTS)]
    np.save(staged / "targets.npy", rng.integers(0, 2, (n, _OUTPUTS)).astype(np.int8))
    pq.write_table(pa.table({"row": np.arange(n), "split": np.full(n, "test")}), staged / "rows.parquet")
    semantics = {"target": {"type": "multilabel", "tasks": tasks}}
    dataset = store.commit_artifact(staged, Manifest(kind="dataset", semantics=semantics))
    staged = store.stage()
    model = build("explainn", _WINDOW, {"units": n_units}, _OUTPUTS, seed=0)
    save_model(model, staged / "seed_0", tasks, 0)
    artifact = store.commit_artifact(staged, Manifest(kind="model"))
    out = WorkerOut(store.stage(), "units")
    spec = ExplainUnitsSpec(model=artifact.digest, dataset=dataset.digest, device="cpu")
    started = time.perf_counter()
    progress = WorkerProgress(lambda _: None, scratch, scratch)
    TASKS["explainer.ExplainUnits"](spec, WorkerInputs(store, {}), out, progress)
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text()
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return {"peak_bytes": peak_kib * 1024.0, "seconds": seconds}


BENCHMARKS = [units_vs_loops, units_memory]

if __name__ == "__main__":
    print(json.dumps(_measure_memory(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
