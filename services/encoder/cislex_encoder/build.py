"""BuildDataset from read inputs to a finished dataset: rules, split, balance, windows, tables.

The order of the rules: contig_unknown, out_of_bounds, duplicate, blacklisted, too_many_n, label_conflict, over_limit;
then (protocol default) split and balance within each split, or (protocol paper) balance and then split.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import SequenceSet
from cislex_core.tasks import Out, Progress

from cislex_encoder import balance, candidates, drops, splits, windows, writing
from cislex_encoder.drops import CLASS_NAMES, KO, WT, Candidates
from cislex_encoder.preflight import Preflight
from cislex_encoder.specs import BuildDatasetSpec

DEFAULT_WINDOW_BP = 600


def build(spec: BuildDatasetSpec, inputs: Preflight, out: Out, progress: Progress) -> None:
    """Write the files of a dataset (``writing.write``), and fill ``out``'s facts."""
    for warning in inputs.warnings:
        progress.warn("PREFLIGHT", warning)
    if inputs.mapped:
        pairs = ", ".join(f"{theirs}→{ours}" for theirs, ours in inputs.mapped.items())
        progress.message(f"contig names mapped: {pairs}")
    ready = bool(inputs.sequences)
    width = spec.window_bp or (_common_length(inputs) if ready else DEFAULT_WINDOW_BP)
    rows = (
        candidates.from_sequences(inputs, width, spec.pad or "center")
        if ready
        else candidates.from_peaks(inputs, width)
    )
    if ready:
        _clean_sequences(spec, inputs, rows)
    else:
        _clean_windows(spec, inputs, rows, progress)
    if spec.max_per_class is not None:
        balance.limit(rows, spec.max_per_class, spec.seed)
    _require_both(rows)
    split, plan = _split_and_balance(spec, rows, progress)
    order = _order(rows, ready)
    blocks = (
        windows.cut(inputs.genome, rows, order)
        if inputs.genome is not None
        else _ready_blocks(spec, inputs, rows, order)
    )
    targets = writing.Targets("class_index", list(CLASS_NAMES), rows.label.astype(np.int64))
    writing.write(rows, order, split, targets, blocks, plan, _facts(spec, inputs), out, progress)


def _facts(spec: BuildDatasetSpec, inputs: Preflight) -> writing.Facts:
    return writing.Facts(
        source="peaks" if inputs.genome else "fasta",
        window="[summit - w/2, summit + w/2)" if inputs.genome else f"ready sequences, padded or cut: {spec.pad}",
        strand="+" if inputs.genome else "as given",
        seed=spec.seed,
        genome_digest=inputs.genome.digest if inputs.genome else None,
        preflight=inputs.report(),
        mapped=inputs.mapped,
        warnings=inputs.warnings,
        protocol=spec.protocol,
    )


def _common_length(inputs: Preflight) -> int:
    lengths = np.concatenate([sequences.lengths for sequences in inputs.sequences.values()])
    values, counts = np.unique(lengths, return_counts=True)
    most = int(values[np.argmax(counts)])
    return max(8, most + most % 2)


def _clean_windows(spec: BuildDatasetSpec, inputs: Preflight, rows: Candidates, progress: Progress) -> None:
    assert inputs.genome is not None
    drops.drop_unknown_contigs(rows)
    drops.drop_out_of_bounds(rows)
    drops.drop_duplicates(rows, spec.min_distance_bp)
    if inputs.blacklist:
        drops.drop_blacklisted(rows, inputs.blacklist)
    for contig, part in rows.by_contig(rows.kept):
        progress.check_cancel()
        drops.drop_n_on_contig(rows, part, inputs.genome.n_runs(rows.contigs[contig]), spec.max_n_fraction)
    drops.drop_conflicts(rows, _conflict_distance(spec, rows.width))


def _clean_sequences(spec: BuildDatasetSpec, inputs: Preflight, rows: Candidates) -> None:
    sets = [inputs.sequences["WT"], inputs.sequences["KO"]]
    unknown = np.concatenate([_n_share(sequences) for sequences in sets])
    blocks = _ready_blocks(spec, inputs, rows, np.arange(len(rows)))
    prints = windows.fingerprints(blocks, len(rows), rows.width)
    drops.drop_equal_sequences(rows, prints)
    bad = rows.kept[unknown[rows.kept] > spec.max_n_fraction]
    rows.drop(
        bad, "too_many_n", np.array([f"{share:.1%} of the letters are N" for share in unknown[bad]], dtype=object)
    )
    drops.drop_sequence_conflicts(rows, prints)
    drops.drop_conflicts(rows, _conflict_distance(spec, rows.width))


def _conflict_distance(spec: BuildDatasetSpec, width: int) -> int:
    return width // 2 if spec.conflict_distance_bp is None else spec.conflict_distance_bp


def _n_share(sequences: SequenceSet) -> np.ndarray:
    """Share of N among a record's own letters; padding does not count."""
    total = np.concatenate(([0], np.cumsum(sequences.codes == 4)))
    return np.asarray((total[sequences.offsets[1:]] - total[sequences.offsets[:-1]]) / np.maximum(sequences.lengths, 1))


def _require_both(rows: Candidates) -> None:
    for label in (WT, KO):
        if not (rows.label[rows.kept] == label).any():
            mine = rows.label == label
            lost = ", ".join(f"{item['reason']} {item['n_rows']:,}" for item in rows.counts(mine)) or "nothing"
            other = int(rows.kept.size)
            raise UserError(
                Reason.ONE_CLASS if other else Reason.EMPTY_SET,
                f"no {CLASS_NAMES[label]} sequence is left of {int(mine.sum()):,} (dropped: {lost}); "
                "two classes are needed. Look at the window size, the blacklist and whether both files hold the same "
                "peaks",
                set=CLASS_NAMES[label],
            )


def _split_and_balance(
    spec: BuildDatasetSpec, rows: Candidates, progress: Progress
) -> tuple[np.ndarray, splits.SplitPlan]:
    paper = spec.protocol == "paper"
    if paper and spec.balance:
        balance.balance(rows, None, spec.seed)
    without_place = int((rows.chrom[rows.kept] < 0).sum())
    if spec.split_by == "random" or without_place:
        plan = splits.SplitPlan(by="random")
        why = "as asked" if spec.split_by == "random" else f"{without_place:,} sequences name no chromosome"
        plan.how.append(f"random split ({why}), seed {spec.seed}: {_shares(spec)}")
        text = f"{plan.how[-1]}. Related sequences may lie on both sides, so accuracy is optimistic"
        if without_place and (spec.test_chroms or spec.validation_chroms):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"test_chroms or validation_chroms were given, but {without_place:,} sequences name no chromosome; "
                "write headers as chrom:start-end, or leave these options out",
                field="test_chroms",
            )
        progress.warn("RANDOM_SPLIT", text)
        split = splits.random_assignment(rows, spec.seed, spec.test_fraction, spec.validation_fraction)
    else:
        plan = _plan(spec, rows, paper)
        lookup = np.array([plan.assignment[name] for name in rows.contigs], dtype=np.int8)
        split = np.where(rows.chrom >= 0, lookup[rows.chrom], splits.OUTSIDE).astype(np.int8)
        outside = rows.kept[split[rows.kept] == splits.OUTSIDE]
        rows.drop(outside, "not_in_split", "the paper trains on chromosomes 1 to 19")
    for line in plan.how:
        progress.message(line)
    splits.require_both_classes(rows, split, plan, paper=paper)
    if not paper and spec.balance:
        balance.balance(rows, split, spec.seed)
    return split, plan


def _shares(spec: BuildDatasetSpec) -> str:
    if spec.validation_fraction is None:
        return f"{100 * spec.test_fraction:g} % test, 10 % of the rest validation"
    return f"{100 * spec.test_fraction:g} % test, {100 * spec.validation_fraction:g} % validation"


def _plan(spec: BuildDatasetSpec, rows: Candidates, paper: bool) -> splits.SplitPlan:
    kept = rows.kept
    table = np.zeros((len(rows.contigs), 2), dtype=np.int64)
    np.add.at(table, (rows.chrom[kept], rows.label[kept]), 1)
    counts = {name: (int(table[i, KO]), int(table[i, WT])) for i, name in enumerate(rows.contigs)}
    return splits.plan(counts, rows.contigs, spec.test_chroms, spec.validation_chroms, paper=paper)


def _order(rows: Candidates, ready: bool) -> np.ndarray:
    kept = rows.kept
    if ready:
        return kept
    return kept[np.lexsort((rows.label[kept], rows.left[kept], rows.chrom[kept]))]


def _ready_blocks(
    spec: BuildDatasetSpec, inputs: Preflight, rows: Candidates, order: np.ndarray
) -> Iterator[np.ndarray]:
    sets = [inputs.sequences["WT"], inputs.sequences["KO"]]
    first = np.where(rows.source == 0, 0, len(sets[0]))
    index = np.arange(len(rows)) - first
    return windows.fit_all(sets, rows.source[order], index[order], rows.width, spec.pad or "center")
