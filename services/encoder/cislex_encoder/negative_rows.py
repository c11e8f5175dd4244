"""Rows of a dataset, a pool, drawn windows or shuffled sequences as candidates of one new dataset."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cislex_core.genome import Genome
from cislex_core.targets import UNRESOLVED

from cislex_encoder import candidates
from cislex_encoder.drops import Candidates
from cislex_encoder.positives import Positives
from cislex_encoder.preflight import Preflight
from cislex_encoder.writing import Targets


def class_names(positives: Positives) -> tuple[str, ...]:
    """Classes of the new dataset: a dataset of two keeps its order, else negative comes first; none for tasks."""
    dataset = positives.dataset
    if dataset.target_type != "class_index":
        return ()
    if len(dataset.outputs) == 2 and positives.negative_name in dataset.outputs:
        return tuple(dataset.outputs)
    return positives.negative_name, positives.positive_name


def _label(positives: Positives, name: str) -> int:
    names = class_names(positives)
    return names.index(name) if names else 0


def of_dataset(positives: Positives, genome: Genome | None) -> Candidates:
    """All rows of the dataset; those of other classes are dropped (``other_class``), rows of tasks all stay."""
    table = positives.dataset.rows
    n, width = len(positives.dataset), positives.dataset.window_bp
    chroms = positives.dataset.chroms
    contigs = list(genome.contigs) if genome else sorted({name for name in chroms.tolist() if name})
    position = {name: i for i, name in enumerate(contigs)}
    chrom = np.array([position.get(name, -1) for name in chroms.tolist()], dtype=np.int32)
    sources = pc.dictionary_encode(pc.fill_null(table["source"].combine_chunks(), ""))
    label = np.full(n, _label(positives, positives.positive_name), dtype=np.uint16)
    if class_names(positives):
        label[positives.others] = _label(positives, positives.negative_name)
    start = _numbers(table, "start")
    rows = Candidates(
        contigs=contigs,
        lengths=np.array([genome.contigs[name] if genome else np.iinfo(np.int64).max for name in contigs]),
        width=width,
        label=label,
        chrom=chrom,
        start=start,
        end=_numbers(table, "end"),
        summit=_numbers(table, "summit"),
        left=start,
        strand=np.array([ord(s or ".") for s in table["strand"].to_pylist()], dtype=np.uint8),
        source=sources.indices.to_numpy().astype(np.uint16),
        sources=sources.dictionary.to_pylist(),
        line=_numbers(table, "line"),
        name=table["name"].combine_chunks(),
        chrom_as_written=chrom,
        written=contigs,
        classes=class_names(positives),
    )
    if positives.dataset.target_type == "class_index":
        rows.drop(positives.others, "other_class")
    return rows


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(pc.fill_null(table[name].combine_chunks(), -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def of_pool(positives: Positives, checked: Preflight) -> Candidates:
    """The pool's regions, resized to the dataset's window."""
    peaks = checked.peaks["pool"]
    label = _label(positives, positives.negative_name)
    return candidates.of_peaks(
        checked, [(label, peaks)], [checked.as_written["pool"]], positives.dataset.window_bp, class_names(positives)
    )


def of_windows(positives: Positives, genome: Genome, chroms: list[str], left: np.ndarray) -> Candidates:
    """Windows drawn from the genome; ``line`` counts them."""
    n, width = left.size, positives.dataset.window_bp
    position = {name: i for i, name in enumerate(genome.contigs)}
    chrom = np.array([position[name] for name in chroms], dtype=np.int32)
    names = [f"{name}:{start}-{start + width}" for name, start in zip(chroms, left.tolist(), strict=True)]
    return _plain(positives, list(genome.contigs), chrom, left, names, "genome", np.arange(1, n + 1))


def shuffled(positives: Positives, parent: np.ndarray) -> Candidates:
    """Shuffled sequences: they have no place; ``line`` is their parent's."""
    table = positives.dataset.rows
    names = [f"{name or 'row'}_shuffled" for name in table["name"].combine_chunks().take(pa.array(parent)).to_pylist()]
    none = np.full(parent.size, -1, dtype=np.int64)
    return _plain(
        positives, [], none.astype(np.int32), none, names, "dinucleotide shuffle", _numbers(table, "line")[parent]
    )


def _plain(
    positives: Positives,
    contigs: list[str],
    chrom: np.ndarray,
    left: np.ndarray,
    names: list[str],
    source: str,
    line: np.ndarray,
) -> Candidates:
    n, width = left.size, positives.dataset.window_bp
    placed = left >= 0
    return Candidates(
        contigs=contigs,
        lengths=np.full(len(contigs), np.iinfo(np.int64).max),
        width=width,
        label=np.full(n, _label(positives, positives.negative_name), dtype=np.uint16),
        chrom=chrom,
        start=left,
        end=np.where(placed, left + width, -1),
        summit=np.where(placed, left + width // 2, -1),
        left=left,
        strand=np.full(n, ord("."), dtype=np.uint8),
        source=np.zeros(n, dtype=np.uint16),
        sources=[source],
        line=line,
        name=pa.array(names, pa.string()),
        chrom_as_written=chrom,
        written=contigs,
        classes=class_names(positives),
    )


def joined(first: Candidates, second: Candidates) -> Candidates:
    """Rows of both, one after the other, with what was dropped of them."""
    contigs = list(dict.fromkeys([*first.contigs, *second.contigs]))
    position = {name: i for i, name in enumerate(contigs)}
    lengths = dict(zip(second.contigs, second.lengths, strict=True)) | dict(
        zip(first.contigs, first.lengths, strict=True)
    )

    def moved(rows: Candidates) -> np.ndarray:
        lookup = np.array([*(position[name] for name in rows.contigs), -1], dtype=np.int32)
        return lookup[rows.chrom]

    columns: dict[str, Any] = {
        name: np.concatenate((getattr(first, name), getattr(second, name)))
        for name in ("label", "start", "end", "summit", "left", "strand", "line")
    }
    as_written = second.chrom_as_written
    as_written = np.where(as_written >= 0, as_written + len(first.written), -1)
    result = dataclasses.replace(
        first,
        contigs=contigs,
        lengths=np.array([lengths[name] for name in contigs]),
        chrom=np.concatenate((moved(first), moved(second))),
        source=np.concatenate((first.source, second.source + len(first.sources))),
        sources=[*first.sources, *second.sources],
        name=pa.concat_arrays([first.name, second.name]),
        chrom_as_written=np.concatenate((first.chrom_as_written, as_written)),
        written=[*first.written, *second.written],
        **columns,
    )
    result.status = np.concatenate((first.status, second.status))
    result.detail = np.concatenate((first.detail, second.detail))
    return result


def targets(positives: Positives, rows: Candidates) -> Targets:
    """Classes by label; for tasks the old targets, then zeros."""
    dataset = positives.dataset
    if dataset.target_type == "class_index":
        return Targets("class_index", list(class_names(positives)), rows.label.astype(np.int64))
    values = np.zeros((len(rows), len(dataset.outputs)), dtype=np.int8)
    values[: len(dataset)] = dataset.targets
    assert values.min(initial=0) >= UNRESOLVED
    return Targets(dataset.target_type, dataset.outputs, values, dataset.groups)
