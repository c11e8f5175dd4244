"""CallSeqlets: short stretches of high attribution.

``recursive`` is tangermeme's caller: a stretch is a seqlet when every stretch within it, from the shortest length on,
has a sum of attributions whose p (by the histogram of all positions, taken as independent draws) is below the
threshold. It finds positive seqlets; negative ones are those of the negated scores that overlap no positive one.
``threshold`` is bpAI-TAC's: at least 4 bases whose |attribution| exceeds 1.96 standard deviations of all, gaps of one
allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.placing import genomic_starts
from cislex_core.sequences import N_CODE, decode_batch
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.attribution_inputs import Attributions, open_attributions
from cislex_motif.seqlet_specs import CallSeqletsSpec

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seqlets:
    """Ordered by sequence and start. sequence, start, end (m,) int64, half-open positions in the window; attribution
    (m,) the sum over it; pvalue (m,) NaN where the method gives none."""

    sequence: IntArray
    start: IntArray
    end: IntArray
    attribution: FloatArray
    pvalue: FloatArray


def run_seqlets(spec: CallSeqletsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task motif.CallSeqlets."""
    given = open_attributions(inputs, spec.attributions, spec.dataset)
    scores, codes = given.observed(), given.codes()
    progress.update(0, len(scores), "sequences")
    limit = 0.0
    if spec.method == "recursive":
        found = recursive_seqlets(scores, spec.threshold, spec.min_length_bp, spec.max_length_bp, progress.check_cancel)
    else:
        limit = spec.z_threshold * float(scores[codes != N_CODE].std()) if (codes != N_CODE).any() else 0.0
        found = threshold_seqlets(scores, limit, spec.min_bases, spec.max_gap_bp)
    progress.check_cancel()
    table = _table(given, codes, flanked(found, spec.flank_bp, scores.shape[1]))
    _write(spec, given, table, limit, out)
    progress.update(len(scores), len(scores), "sequences", seqlets=table.num_rows)


def recursive_seqlets(
    scores: npt.NDArray[np.float32],
    threshold: float,
    shortest: int,
    longest: int,
    check: Callable[[], None] = lambda: None,
) -> Seqlets:
    """tangermeme's recursive seqlets of scores (n, length), both signs."""
    import torch
    from tangermeme.seqlet import recursive_seqlets as call

    longest = min(longest, scores.shape[1])
    if shortest > longest or not np.ptp(scores):
        return _ordered(*(np.zeros(0) for _ in range(5)))
    signs = []
    for sign in (1.0, -1.0):
        check()
        frame = call(torch.from_numpy(scores * np.float32(sign)), threshold, shortest, longest)
        signs.append([frame[name].to_numpy() for name in ("example_idx", "start", "end", "attribution", "p-value")])
    covered = np.zeros(scores.shape, dtype=bool)
    for sequence, start, end in zip(*signs[0][:3], strict=True):
        covered[sequence, start:end] = True
    negative = signs[1]
    free = [not covered[s, a:b].any() for s, a, b in zip(*negative[:3], strict=True)]
    keep = np.flatnonzero(free)
    joined = [np.concatenate([first, second[keep]]) for first, second in zip(signs[0], negative, strict=True)]
    joined[3] = np.concatenate([signs[0][3], -negative[3][keep]])
    return _ordered(*joined)


def threshold_seqlets(scores: npt.NDArray[np.float32], limit: float, min_bases: int, max_gap_bp: int) -> Seqlets:
    """Runs of at least ``min_bases`` positions with |score| above ``limit``; at most ``max_gap_bp`` others between."""
    sequence, position = np.nonzero(np.abs(scores) > limit)
    if not len(sequence):
        return _ordered(*(np.zeros(0) for _ in range(5)))
    new = np.ones(len(sequence), dtype=bool)
    new[1:] = (np.diff(sequence) != 0) | (np.diff(position) > max_gap_bp + 1)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(sequence)) - 1
    kept = last - first + 1 >= min_bases
    first, last = first[kept], last[kept]
    start, end = position[first], position[last] + 1
    before = np.pad(np.cumsum(scores, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    total = before[sequence[first], end] - before[sequence[first], start]
    return _ordered(sequence[first], start, end, total, np.full(len(first), np.nan))


def flanked(found: Seqlets, flank_bp: int, length: int) -> Seqlets:
    """The same with ``flank_bp`` more on either side, cut off at the window's edges; sums stay those of the cores."""
    start, end = np.maximum(found.start - flank_bp, 0), np.minimum(found.end + flank_bp, length)
    return Seqlets(found.sequence, start, end, found.attribution, found.pvalue)


def _ordered(
    sequence: npt.ArrayLike, start: npt.ArrayLike, end: npt.ArrayLike, total: npt.ArrayLike, p: npt.ArrayLike
) -> Seqlets:
    sequence, start, end = (np.asarray(values, dtype=np.int64) for values in (sequence, start, end))
    order = np.lexsort((start, sequence))
    total, p = (np.asarray(values, dtype=np.float64)[order] for values in (total, p))
    return Seqlets(sequence[order], start[order], end[order], total, p)


def _table(given: Attributions, codes: npt.NDArray[np.uint8], found: Seqlets) -> pa.Table:
    rows = given.rows[found.sequence]
    facts = given.dataset.rows.take(pa.array(rows, pa.int64()))
    places = genomic_starts(given.dataset, rows, found.start, found.end)
    length = found.end - found.start
    ends = pa.array([None if s is None else s + int(n) for s, n in zip(places.to_pylist(), length, strict=True)])
    return pa.table(
        {
            "seqlet_id": [f"seqlet_{i + 1}" for i in range(len(rows))],
            "row": pa.array(rows, pa.int64()),
            "start": found.start,
            "end": found.end,
            "sequence": _words(codes, found),
            "attribution": found.attribution,
            "sign": ["positive" if value > 0 else "negative" for value in found.attribution],
            "pvalue": pa.array(found.pvalue, pa.float64(), mask=np.isnan(found.pvalue)),
            "chrom": facts["chrom"],
            "genomic_start": places,
            "genomic_end": ends.cast(pa.int64()),
        }
    )


def _words(codes: npt.NDArray[np.uint8], found: Seqlets) -> list[str]:
    widest = int((found.end - found.start).max(initial=0))
    padded = np.pad(codes, ((0, 0), (0, widest)), constant_values=N_CODE)
    cut = padded[found.sequence[:, None], found.start[:, None] + np.arange(widest)[None, :]]
    return [word[: int(n)] for word, n in zip(decode_batch(cut), found.end - found.start, strict=True)]


def _write(spec: CallSeqletsSpec, given: Attributions, table: pa.Table, limit: float, out: Out) -> None:
    out.write_table("seqlets.parquet", table)
    columns = table.to_pydict()
    with open(out.path("seqlets.bed"), "w") as bed, open(out.path("seqlets.fa"), "w") as fasta:
        for i, name in enumerate(columns["seqlet_id"]):
            chrom, start, end = (columns[key][i] for key in ("chrom", "genomic_start", "genomic_end"))
            total = columns["attribution"][i]
            if chrom is not None and start is not None:
                bed.write(f"{chrom}\t{start}\t{end}\t{name}\t{total:.6g}\t.\n")
            place = f"row={columns['row'][i]} {columns['start'][i]}-{columns['end'][i]} attribution={total:.6g}"
            fasta.write(f">{name} {place}\n{columns['sequence'][i]}\n")
    positive = sum(sign == "positive" for sign in columns["sign"])
    lengths = np.subtract(columns["end"], columns["start"])
    out.kind = "seqlets"
    out.genome_digest = given.dataset.genome_digest
    out.seeds = list(given.artifact.manifest.seeds)
    out.semantics = {
        "coordinates": "0-based half-open; start and end count from the window's first base",
        "attribution": "sum over the seqlet's core (without flank_bp) of the attributions of the bases there",
        "bed_score": "attribution",
        "sequence": "as the window reads",
        "method": spec.method,
        "attributions": dict(given.artifact.manifest.semantics),
    }
    if spec.method == "recursive":
        from importlib.metadata import version

        out.tools = {"tangermeme": version("tangermeme")}
    out.summary = {
        "n_seqlets": table.num_rows,
        "n_positive": positive,
        "n_negative": table.num_rows - positive,
        "n_sequences": len(given.rows),
        "n_sequences_with": len(set(columns["row"])),
        "method": spec.method,
        "median_length_bp": float(np.median(lengths)) if len(lengths) else 0.0,
        "attribution_threshold": limit,
        "window_bp": given.dataset.window_bp,
    }
