"""Cut windows out of a genome, or fit ready sequences to a width, and stream them to disk in blocks.

A window of even width w about summit c is [c − w/2, c + w/2), 0-based half-open, on the plus strand. Rows come out
sorted by contig (in the genome's order) and position, so each contig is read once and the file is written in order;
memory is one contig and one block, whatever the number of windows.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from cislex_core.fasta import SequenceSet
from cislex_core.genome import Genome, disk_error
from cislex_core.sequences import N_CODE, base_counts, fit, gc_of_counts, reverse_complement

from cislex_encoder.drops import Candidates

BLOCK_BYTES = 4 << 20
_CACHE_BYTES = 1 << 18


@dataclass
class Written:
    """What is known of the written rows: GC share (NaN where all N) and share of N, float64 (n,)."""

    gc: np.ndarray
    n_fraction: np.ndarray


def cut(genome: Genome, rows: Candidates, order: np.ndarray) -> Iterator[np.ndarray]:
    """Yield blocks (m, width) of codes for the rows of ``order``, which MUST be sorted by contig."""
    per_block = max(1, BLOCK_BYTES // rows.width)
    chrom = rows.chrom[order]
    edges = np.concatenate(([0], np.flatnonzero(np.diff(chrom)) + 1, [order.size]))
    for first, last in pairwise(edges.tolist()):
        name = rows.contigs[chrom[first]]
        for start in range(first, last, per_block):
            yield genome.windows(name, rows.left[order[start : min(start + per_block, last)]], rows.width)


def fit_all(
    sets: list[SequenceSet], which: np.ndarray, index: np.ndarray, width: int, pad: str
) -> Iterator[np.ndarray]:
    """Yield blocks (m, width) of ready sequences: row i is sequence ``index[i]`` of ``sets[which[i]]``, fitted."""
    per_block = max(1, BLOCK_BYTES // width)
    of_width = all((sequences.lengths == width).all() for sequences in sets)
    grids = [sequences.codes.reshape(-1, width) for sequences in sets] if of_width else []
    for start in range(0, index.size, per_block):
        stop = min(start + per_block, index.size)
        if of_width:
            block = np.empty((stop - start, width), dtype=np.uint8)
            for number, grid in enumerate(grids):
                mine = which[start:stop] == number
                block[mine] = grid[index[start:stop][mine]]
            yield block
            continue
        block = np.full((stop - start, width), N_CODE, dtype=np.uint8)
        for at, row in enumerate(range(start, stop)):
            sequences = sets[which[row]]
            first, last = sequences.offsets[index[row]], sequences.offsets[index[row] + 1]
            block[at] = fit(sequences.codes[first:last], width, pad)
        yield block


def write(path: Path, blocks: Iterator[np.ndarray], n: int, width: int, tick: Callable[[int], None]) -> Written:
    """Write blocks of codes as one .npy (n, width) uint8, and measure each row; ``tick`` gets the rows done.

    The whole file is reserved first, so that a disk without room says so (DISK_FULL) before any work is done.
    """
    result = Written(np.empty(n), np.empty(n))
    in_cache = max(1, _CACHE_BYTES // width)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (n, width)})
    done = 0
    try:
        with open(path, "wb", buffering=0) as handle:
            _reserve(handle.fileno(), header.tell() + n * width)
            _write_all(handle, header.getbuffer())
            for block in blocks:
                _write_all(handle, np.ascontiguousarray(block).reshape(-1).data)
                stop = done + block.shape[0]
                for start in range(0, block.shape[0], in_cache):
                    part = slice(done + start, min(done + start + in_cache, stop))
                    strong, unknown = base_counts(block[start : start + in_cache])
                    result.gc[part] = gc_of_counts(strong, unknown, width)
                    result.n_fraction[part] = unknown / width
                done = stop
                tick(done)
    except OSError as error:
        raise disk_error(error, path.parent, f"{n:,} windows of {width:,} bp") from error
    return result


def _reserve(descriptor: int, size: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise


def _write_all(handle: io.FileIO, data: memoryview) -> None:
    while data.nbytes:
        data = data[handle.write(data) :]


def fingerprints(blocks: Iterator[np.ndarray], n: int, width: int) -> np.ndarray:
    """(n, 2) uint64 of each sequence, equal for a sequence and its reverse complement (128 bits of linear hash)."""
    weights = np.random.default_rng(20260526).integers(1, 2**63, size=(width, 2), dtype=np.uint64) | np.uint64(1)
    out = np.empty((n, 2), dtype=np.uint64)
    done = 0
    for block in blocks:
        for start in range(0, block.shape[0], 4096):
            part = block[start : start + 4096]
            forward = _hash(part, weights)
            backward = _hash(reverse_complement(part), weights)
            smaller = (forward[:, 0] < backward[:, 0])[:, None]
            out[done : done + part.shape[0]] = np.where(smaller, forward, backward)
            done += part.shape[0]
    return out


def _hash(codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    values = codes.astype(np.uint64) + np.uint64(1)
    return np.stack([(values * weights[:, i]).sum(axis=1, dtype=np.uint64) for i in (0, 1)], axis=1)
