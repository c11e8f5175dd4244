"""The encoder against others, both sides in one run: one-hot, windows out of a genome, memory of a large dataset.

Each function answers rows {name, ours, theirs, unit, ratio, bar}: ``ratio`` is theirs / ours (how many times faster),
``bar`` what was promised. Timings are the best of the repetitions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
_MILLION = 1_000_000


def onehot_vs_tangermeme() -> list[Row]:
    """String → one-hot of 100 Mb against ``tangermeme.utils.one_hot_encode``, in the three shapes that occur.

    The first row is the job at hand: many windows, float32, shape (n, 4, length), contiguous as a network reads them.
    The others are a single 100 Mb string, as int8 and as float32.
    """
    import torch
    from cislex_core.sequences import encode, encode_batch, one_hot
    from tangermeme.utils import one_hot_encode

    rng = np.random.default_rng(0)
    text = rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), size=100 * _MILLION).tobytes().decode()
    one_hot_encode(text[:300_000])  # its compiler runs here, not in the timing
    width = 200
    parts = [text[i : i + width] for i in range(0, len(text), width)]
    one_hot_encode(parts[0])

    def ours_batches() -> None:
        for start in range(0, len(parts), 4096):
            one_hot(encode_batch(parts[start : start + 4096]))

    def theirs_batches() -> None:
        for start in range(0, len(parts), 4096):
            torch.stack([one_hot_encode(part) for part in parts[start : start + 4096]]).float().contiguous()

    return [
        _row(f"one-hot of 100 Mb: {len(parts):,} strings of {width} bp → (n, 4, {width}) float32", ours_batches,
             theirs_batches, bar=5.0, repeat=1),
        _row("one-hot of 100 Mb: one string → (4, L) int8", lambda: one_hot(encode(text), np.int8),
             lambda: one_hot_encode(text), bar=None),
        _row("one-hot of 100 Mb: one string → (4, L) float32, contiguous", lambda: one_hot(encode(text)),
             lambda: one_hot_encode(text, dtype=torch.float32).contiguous(), bar=None, repeat=2),
    ]  # fmt: skip


def windows_vs_pyfaidx() -> list[Row]:
    """1 M windows of 600 bp out of a FASTA file as codes on disk, against a loop over pyfaidx that does the same.

    The loop is timed on 20,000 windows and scaled up; both write uint8 codes.
    """
    import pyfaidx
    from cislex_core.genome import Genome
    from cislex_core.sequences import encode
    from cislex_encoder.drops import Candidates
    from cislex_encoder.windows import cut, write

    n, width, sample = _MILLION, 600, 20_000
    with tempfile.TemporaryDirectory() as folder:
        path = _genome(Path(folder), 4, 25 * _MILLION)
        rng = np.random.default_rng(1)
        chrom = np.sort(rng.integers(0, 4, n)).astype(np.int32)
        left = rng.integers(0, 25 * _MILLION - width, n)
        left = left[np.lexsort((left, chrom))]
        genome = Genome.open(path, cache_dir=Path(folder))
        rows = _candidates(Candidates, genome, chrom, left, width)

        def ours() -> None:
            write(Path(folder) / "codes.npy", cut(genome, rows, np.arange(n)), n, width, lambda done: None)

        fasta = pyfaidx.Fasta(str(path), sequence_always_upper=True, as_raw=True)
        picked = np.sort(rng.choice(n, sample, replace=False))

        def theirs() -> None:
            out = np.lib.format.open_memmap(
                Path(folder) / "theirs.npy", mode="w+", dtype=np.uint8, shape=(sample, width)
            )
            for i, row in enumerate(picked.tolist()):
                start = int(left[row])
                out[i] = encode(fasta[f"chr{chrom[row] + 1}"][start : start + width])
            out.flush()

        os.sync()  # what earlier benchmarks left to be written is not ours to wait for
        seconds_ours = _best(ours, 4)
        seconds_theirs = _best(theirs, 1) * n / sample
        first = np.load(Path(folder) / "codes.npy", mmap_mode="r")[picked]
        assert np.array_equal(first, np.load(Path(folder) / "theirs.npy", mmap_mode="r"))
    return [
        {
            "name": "1 M windows of 600 bp → codes on disk, with GC and N share (ours), vs pyfaidx loop",
            "ours": seconds_ours,
            "theirs": seconds_theirs,
            "unit": "s",
            "ratio": seconds_theirs / seconds_ours,
            "bar": ">= 10x",
            "met": seconds_theirs >= 10 * seconds_ours,
        }
    ]


def dataset_memory() -> list[Row]:
    """Peak resident memory and time of BuildDataset with 1 M windows of 600 bp; the bar is 1.5 GB."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _genome(root, 4, 50 * _MILLION)
        rng = np.random.default_rng(2)
        for name in ("wt", "ko"):
            with open(root / f"{name}.bed", "w") as handle:
                for number, start in enumerate(rng.integers(1000, 50 * _MILLION - 1000, _MILLION // 2).tolist()):
                    handle.write(f"chr{number % 4 + 1}\t{start}\t{start + 300}\t{name}_{number}\t0\t.\n")
        environment = {**os.environ, "CISLEX_HOME": str(root / "home"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(Path(__file__).resolve()), "--build", folder]
        answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        result = json.loads(answer.stdout.splitlines()[-1])
    return [
        {"name": f"BuildDataset, {result['n_rows']:,} of 1 M windows of 600 bp kept: peak memory",
         "ours": result["peak_bytes"] / 1e9, "theirs": None, "unit": "GB", "ratio": None, "bar": "< 1.5 GB",
         "met": result["peak_bytes"] < 1.5e9},
        {"name": "BuildDataset, 1 M windows of 600 bp: wall time",
         "ours": result["seconds"], "theirs": None, "unit": "s", "ratio": None, "bar": None, "met": None},
    ]  # fmt: skip


def near_duplicates() -> list[Row]:
    """Near-duplicates of 100,000 sequences of 200 bp (splits 80/10/10, 1,000 planted), against a loop over sets.

    Ours: sketches, candidates, verification. The loop compares the sets of canonical 12-mers of 300 test sequences with
    all training sequences through an inverted index, and is scaled up to the 10,000 of the test set.
    """
    from cislex_core.sequences import reverse_complement
    from cislex_encoder import leakage
    from cislex_encoder.kmer_sketches import Sketches, canonical_words

    n, width, sample, planted = 100_000, 200, 300, 1000
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 4, (n, width)).astype(np.uint8)
    codes[-planted:] = reverse_complement(codes[:planted])
    codes[-planted:, 100] = (codes[-planted:, 100] + 1) % 4
    split = np.repeat([0, 1, 2], [80_000, 10_000, 10_000]).astype(np.int8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codes.npy"
        np.save(path, codes)

        def ours() -> Any:
            sketches = Sketches(n, width)
            for _ in sketches.tap(iter(np.array_split(codes, 6))):
                pass
            return leakage.find(path, sketches, split, lambda: None)[1]

        assert planted >= ours()["n_similar"] >= 0.99 * planted
        seconds_ours = _best(ours, 3)
    words, _ = canonical_words(np.ascontiguousarray(codes.T), 12)
    sets = [set(column.tolist()) for column in words.T[:80_000]]
    queries = [set(column.tolist()) for column in words.T[-sample:]]

    def lookups(index: dict[int, list[int]]) -> int:
        found = 0
        for members in queries:
            shared: dict[int, int] = {}
            for word in members:
                for row in index.get(word, ()):
                    shared[row] = shared.get(row, 0) + 1
            found += any(v >= 0.9 * max(len(members), len(sets[row])) for row, v in shared.items())
        return found

    index: dict[int, list[int]] = {}
    start = time.perf_counter()
    for row, members in enumerate(sets):
        for word in members:
            index.setdefault(word, []).append(row)
    seconds_theirs = time.perf_counter() - start
    start = time.perf_counter()
    assert lookups(index) == sample
    seconds_theirs += (time.perf_counter() - start) * 10_000 / sample
    return [
        {"name": "near-duplicates of 100,000 × 200 bp across splits, vs a loop over sets with an inverted index",
         "ours": seconds_ours, "theirs": seconds_theirs, "unit": "s", "ratio": seconds_theirs / seconds_ours,
         "bar": None, "met": None},
    ]  # fmt: skip


def gc_matching_vs_loop() -> list[Row]:
    """50,000 GC-matched negatives out of a pool of 1 M, in three splits, against taking them one by one from bins."""
    from cislex_encoder import gc_matching
    from cislex_encoder.gc_content import bins

    rng = np.random.default_rng(5)
    positives, pool = rng.beta(12, 12, 50_000), rng.beta(10, 14, _MILLION)
    split, of_split = rng.integers(0, 3, 50_000), rng.integers(0, 3, _MILLION).astype(np.int8)

    def ours() -> int:
        need = gc_matching.wanted(positives, split, 1.0)
        return int(gc_matching.choose(pool, of_split, need, np.random.default_rng(0))[0].size)

    def theirs() -> int:
        free: dict[tuple[int, int], list[int]] = {}
        for row, (place, number) in enumerate(zip(of_split.tolist(), bins(pool).tolist(), strict=True)):
            free.setdefault((place, number), []).append(row)
        generator, found = np.random.default_rng(0), 0
        for place, number in zip(split.tolist(), bins(positives).tolist(), strict=True):
            members = free.get((place, number))
            if members:
                members.pop(int(generator.integers(len(members))))
                found += 1
        return found

    assert ours() == theirs()
    return [_row("50,000 GC-matched negatives of a pool of 1 M, vs one by one", ours, theirs, bar=None, repeat=2)]


def _row(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], bar: float | None, repeat: int = 3
) -> Row:
    a, b = _best(ours, repeat), _best(theirs, repeat)
    text, met = (None, None) if bar is None else (f">= {bar:g}x", b / a >= bar)
    return {"name": name, "ours": a, "theirs": b, "unit": "s", "ratio": b / a, "bar": text, "met": met}


def _best(function: Callable[[], object], repeat: int) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


def _genome(folder: Path, n_chroms: int, length: int) -> Path:
    rng = np.random.default_rng(3)
    path = folder / "genome.fa"
    with open(path, "wb") as handle:
        for number in range(n_chroms):
            handle.write(f">chr{number + 1}\n".encode())
            letters = np.frombuffer(b"ACGT", dtype=np.uint8)[rng.integers(0, 4, length, dtype=np.uint8)]
            lines = np.full((length // 50, 51), ord("\n"), dtype=np.uint8)
            lines[:, :50] = letters.reshape(-1, 50)
            handle.write(lines.tobytes())
    return path


def _candidates(make: Any, genome: Any, chrom: np.ndarray, left: np.ndarray, width: int) -> Any:
    import pyarrow as pa

    n = left.size
    empty = np.zeros(n, dtype=np.int64)
    return make(
        contigs=list(genome.contigs),
        lengths=np.array(list(genome.contigs.values())),
        width=width,
        label=empty.astype(np.uint8),
        chrom=chrom,
        start=left,
        end=left + width,
        summit=left + width // 2,
        left=left,
        strand=np.full(n, ord("."), dtype=np.uint8),
        source=empty.astype(np.uint8),
        sources=["bench"],
        line=empty,
        name=pa.nulls(n, pa.string()),
        chrom_as_written=chrom,
        written=list(genome.contigs),
    )


def _build(folder: Path) -> None:
    """The measured process: BuildDataset as a worker runs it, without a server around it."""
    tests = Path(__file__).resolve().parents[1] / "tests"
    sys.path[:0] = [str(tests / "encoder"), str(tests)]
    from conftest import Bench  # the suite's own bench: a store and a way to run one task

    start = time.perf_counter()
    artifact = Bench(folder).run(
        "encoder.BuildDataset",
        genome=folder / "genome.fa",
        wt=folder / "wt.bed",
        ko=folder / "ko.bed",
        window_bp=600,
        conflict_distance_bp=0,
        balance=False,
    )
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count what the parent held when it forked
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    seconds = time.perf_counter() - start
    print(json.dumps({"peak_bytes": peak, "seconds": seconds, "n_rows": artifact.manifest.summary["n_rows"]}))


BENCHMARKS = [onehot_vs_tangermeme, windows_vs_pyfaidx, dataset_memory, near_duplicates, gc_matching_vs_loop]

if __name__ == "__main__":
    _build(Path(sys.argv[2]))
