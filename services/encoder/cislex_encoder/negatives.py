"""SampleNegatives: from a dataset with positives to a new one with negatives in the same splits.

The new dataset holds the positives first (of several tasks: all rows), in their old order, then the negatives, sorted
by place. The drop ledger goes on from the old dataset's rows with the rows that were added or looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.genome import Genome
from cislex_core.intervals import merge, overlaps_any
from cislex_core.sequences import dinucleotide_shuffle
from cislex_core.tasks import Inputs, Out, Progress
from cislex_core.text_files import Problems

from cislex_encoder import drops, gc_matching, genome_draws, negative_rows, preflight, windows, writing
from cislex_encoder.drops import Candidates
from cislex_encoder.import_specs import SampleNegativesSpec
from cislex_encoder.inputs import source
from cislex_encoder.positives import Positives, open_positives
from cislex_encoder.preflight import Preflight
from cislex_encoder.splits import OUTSIDE, SPLIT_NAMES, SplitPlan

_ROWS = 1 << 12


@dataclass
class Found:
    """Rows looked at: ``rows`` (kept ones are the negatives), their splits, and a way to make their codes."""

    rows: Candidates
    split: np.ndarray
    blocks: Callable[[np.ndarray], Iterator[np.ndarray]]
    parent: np.ndarray | None = None


def sample(spec: SampleNegativesSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Find negatives by the method asked for and write the new dataset; warns TOO_FEW_NEGATIVES."""
    positives = open_positives(spec, inputs.artifact(spec.dataset))
    checked = _genome_and_pool(spec, inputs, positives)
    rng = np.random.default_rng([spec.seed, 5])
    wanted = _wanted(spec, positives)
    rows = negative_rows.of_dataset(positives, checked.genome)
    found: Found | None = None
    if spec.method == "subsample":
        _subsample(spec, positives, rows, rng)
    elif spec.method == "dinucleotide":
        found = _shuffled(positives, wanted, rng)
    elif spec.method == "gc_pool":
        found = _from_pool(spec, positives, checked, rows, rng, progress)
    else:
        found = _from_genome(spec, positives, checked, rows, rng, progress)
    _write(spec, positives, checked, rows, found, wanted, out, progress)


def _wanted(spec: SampleNegativesSpec, positives: Positives) -> np.ndarray:
    """(splits,) negatives wanted."""
    counts = np.bincount(positives.split[positives.rows], minlength=len(SPLIT_NAMES))
    return np.asarray(np.floor(counts * spec.ratio + 0.5).astype(np.int64))


def _genome_and_pool(spec: SampleNegativesSpec, inputs: Inputs, positives: Positives) -> Preflight:
    from cislex_core.peak_files import read_peaks

    problems, result = Problems(), Preflight()
    if spec.genome is None or spec.method not in ("gc_pool", "gc_genome"):
        return result
    genome = source(inputs, spec.genome, "genome")
    preflight.open_genome(result, genome, problems)
    members = []
    for ref, role, base in ((spec.pool, "pool", spec.coordinate_base), (spec.blacklist, "blacklist", 0)):
        if ref is not None and (role == "blacklist" or spec.method == "gc_pool"):
            file = source(inputs, ref, role)
            try:
                peaks = read_peaks(file.path, problems, role, shown=file.shown, coordinate_base=base)
            except UserError as error:
                problems.add_error(role, error)
                continue
            if role == "pool" and not len(peaks) and not problems:
                problems.add(Reason.EMPTY_SET, role, f"{file.shown} holds no interval", always=True)
            members.append((file, role, peaks))
    if result.genome is not None:
        table = source(inputs, spec.alias_table, "alias_table") if spec.alias_table else None
        preflight.match_contigs(result, members, problems, genome.shown, spec.alias, table, spec.max_unknown_fraction)
    problems.raise_if_any()
    assert result.genome is not None
    _require_same_genome(positives, result.genome)
    return result


def _require_same_genome(positives: Positives, genome: Genome) -> None:
    theirs = positives.dataset.genome_digest
    if theirs is not None and theirs != genome.digest:
        raise UserError(
            Reason.GENOME_MISMATCH,
            f"the dataset was cut from the genome {theirs}, the one given is {genome.digest}; give the dataset's own",
            field="genome",
        )
    unknown = sorted({name for name in positives.dataset.chroms.tolist() if name} - set(genome.contigs))
    if unknown:
        raise UserError(
            Reason.CONTIG_UNKNOWN,
            f"the dataset's sequences lie on {', '.join(unknown[:6])}, which the genome lacks; give their own genome",
            field="genome",
            contig=unknown[0],
        )


def _taken(rows: Candidates) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Merged windows of the dataset's rows, by contig."""
    placed = rows.kept[(rows.chrom[rows.kept] >= 0) & (rows.left[rows.kept] >= 0)]
    return {
        rows.contigs[contig]: merge(rows.left[part], rows.left[part] + rows.width)
        for contig, part in rows.by_contig(placed)
    }


def _subsample(spec: SampleNegativesSpec, positives: Positives, rows: Candidates, rng: np.random.Generator) -> None:
    others = positives.others
    if spec.match_gc:
        need = gc_matching.wanted(positives.gc[positives.rows], positives.split[positives.rows], spec.ratio)
        chosen, _ = gc_matching.choose(positives.gc[others], positives.split[others], need, rng)
    else:
        parts = []
        for split, size in enumerate(_wanted(spec, positives).tolist()):
            members = np.flatnonzero(positives.split[others] == split)
            parts.append(rng.permutation(members)[:size])
        chosen = np.concatenate(parts)
    gone = np.ones(others.size, dtype=bool)
    gone[chosen] = False
    rows.status[others] = 0
    rows.detail[others] = None
    rows.drop(others[gone], "not_chosen")


def _shuffled(positives: Positives, wanted: np.ndarray, rng: np.random.Generator) -> Found:
    """Each positive as often as the ratio says; what is left over goes to positives drawn at random."""
    parents = []
    for split, size in enumerate(wanted.tolist()):
        members = positives.rows[positives.split[positives.rows] == split]
        if members.size:
            whole, rest = divmod(size, members.size)
            parents += [np.repeat(members, whole), np.sort(rng.permutation(members)[:rest])]
    parent = np.concatenate(parents) if parents else np.empty(0, dtype=np.int64)
    codes = positives.dataset.codes

    def blocks(index: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, index.size, _ROWS):
            yield dinucleotide_shuffle(np.asarray(codes[parent[index[start : start + _ROWS]]]), rng)

    return Found(negative_rows.shuffled(positives, parent), positives.split[parent], blocks, parent)


def _from_pool(
    spec: SampleNegativesSpec,
    positives: Positives,
    checked: Preflight,
    rows: Candidates,
    rng: np.random.Generator,
    progress: Progress,
) -> Found:
    genome = checked.genome
    assert genome is not None
    pool = negative_rows.of_pool(positives, checked)
    drops.drop_unknown_contigs(pool)
    drops.drop_out_of_bounds(pool)
    drops.drop_duplicates(pool, 0)
    drops.drop_blacklisted(pool, checked.blacklist)
    taken, gc = _taken(rows), np.full(len(pool), np.nan)
    for contig, part in pool.by_contig(pool.kept):
        progress.check_cancel()
        name = pool.contigs[contig]
        if name in taken:
            hit = overlaps_any(pool.left[part], pool.left[part] + pool.width, taken[name])
            pool.drop(part[hit], "overlaps_positive")
            part = part[~hit]
        drops.drop_n_on_contig(pool, part, genome.n_runs(name), spec.max_n_fraction)
        part = part[pool.status[part] == 0]
        gc[part] = genome_draws.window_gc(genome, name, pool.left[part], pool.width)
    by_chrom = positives.split_by_chrom
    of_split = np.full(len(pool), OUTSIDE, dtype=np.int8)
    if by_chrom is not None:
        lookup = np.array([by_chrom.get(name, OUTSIDE) for name in pool.contigs], dtype=np.int8)
        of_split = np.where(pool.chrom >= 0, lookup[pool.chrom], OUTSIDE).astype(np.int8)
        outside = pool.kept[of_split[pool.kept] == OUTSIDE]
        pool.drop(outside, "not_in_split", "no positive lies on this chromosome, so it belongs to no split")
    kept = pool.kept
    need = gc_matching.wanted(positives.gc[positives.rows], positives.split[positives.rows], spec.ratio)
    chosen, splits = gc_matching.choose(gc[kept], None if by_chrom is None else of_split[kept], need, rng)
    gone = np.ones(kept.size, dtype=bool)
    gone[chosen] = False
    pool.drop(kept[gone], "not_chosen")
    of_split[kept[chosen]] = splits
    return Found(pool, of_split, lambda index: windows.cut(genome, pool, index))


def _from_genome(
    spec: SampleNegativesSpec,
    positives: Positives,
    checked: Preflight,
    rows: Candidates,
    rng: np.random.Generator,
    progress: Progress,
) -> Found:
    genome = checked.genome
    assert genome is not None
    by_chrom = positives.split_by_chrom
    split_of: dict[str, int | None] = dict.fromkeys(genome.contigs) if by_chrom is None else dict(by_chrom)
    avoid = _taken(rows)
    for name, regions in checked.blacklist.items():
        starts, ends = avoid.get(name, (np.empty(0, dtype=np.int64),) * 2)
        avoid[name] = merge(np.concatenate((starts, regions[0])), np.concatenate((ends, regions[1])))
    need = gc_matching.wanted(positives.gc[positives.rows], positives.split[positives.rows], spec.ratio)
    total = int(need.sum())

    def tick(missing: int) -> None:
        progress.update(total - missing, total, "negatives")
        progress.check_cancel()

    chroms, left, splits = genome_draws.draw(
        genome, split_of, positives.dataset.window_bp, need, avoid, spec.max_n_fraction, rng, tick
    )
    drawn = negative_rows.of_windows(positives, genome, chroms, left)
    return Found(drawn, splits, lambda index: windows.cut(genome, drawn, index))


def _write(
    spec: SampleNegativesSpec,
    positives: Positives,
    checked: Preflight,
    rows: Candidates,
    found: Found | None,
    wanted: np.ndarray,
    out: Out,
    progress: Progress,
) -> None:
    n_old = len(rows)
    order_old = rows.kept
    order_new = _sorted(found.rows) if found else np.empty(0, dtype=np.int64)
    both = negative_rows.joined(rows, found.rows) if found else rows
    split = np.concatenate((positives.split, found.split)) if found else positives.split
    order = np.concatenate((order_old, n_old + order_new))
    blocks = chain(_old_blocks(positives, order_old), found.blocks(order_new) if found else ())
    targets = negative_rows.targets(positives, both)
    counts = _counts(positives, targets, order, split, wanted)
    if text := _shortage(counts, spec):
        progress.warn("TOO_FEW_NEGATIVES", text)
    if spec.method in ("gc_pool", "gc_genome") and (rows.left[order_old] < 0).any():
        progress.warn(
            "NO_PLACES", "some positives name no place in the genome, so negatives could not be kept away from them"
        )
    old = positives.dataset.artifact.manifest.summary
    how = [*old.get("split_notes", []), "negatives are in the splits of their chromosomes or positives"]
    facts = writing.Facts(
        source="negatives",
        window=positives.dataset.artifact.manifest.semantics.get("window", ""),
        strand=positives.dataset.artifact.manifest.semantics.get("strand", ""),
        seed=spec.seed,
        genome_digest=positives.dataset.genome_digest or (checked.genome.digest if checked.genome else None),
        preflight=checked.report(),
        mapped=checked.mapped,
        warnings=checked.warnings,
        notes=[*positives.notes, *([text] if text else [])],
        more={
            "negatives": {
                "method": spec.method,
                "ratio": spec.ratio,
                "gc_matched": spec.method in ("gc_pool", "gc_genome") or (spec.method == "subsample" and spec.match_gc),
                "splits": counts,
            }
        },
    )
    plan = SplitPlan(how=how, by=old.get("split_by", "random"))
    extra = _columns(positives, n_old, len(both), found, order)
    writing.write(both, order, split, targets, blocks, plan, facts, out, progress, extra)


def _sorted(rows: Candidates) -> np.ndarray:
    kept = rows.kept
    if (rows.chrom[kept] < 0).any():
        return kept
    return kept[np.lexsort((rows.left[kept], rows.chrom[kept]))]


def _old_blocks(positives: Positives, order: np.ndarray) -> Iterator[np.ndarray]:
    step = max(1, windows.BLOCK_BYTES // positives.dataset.window_bp)
    for start in range(0, order.size, step):
        yield np.asarray(positives.dataset.codes[order[start : start + step]])


def _columns(positives: Positives, n_old: int, n_all: int, found: Found | None, order: np.ndarray) -> pa.Table | None:
    """The old dataset's own columns, null for what was added; for shuffled rows ``parent_row``."""
    index = pa.array(np.arange(n_all), mask=np.arange(n_all) >= n_old)
    extra = positives.extra
    columns = {name: extra[name].combine_chunks().take(index) for name in extra.column_names}
    if found is not None and found.parent is not None:
        place = np.full(n_old, -1, dtype=np.int64)
        place[order[order < n_old]] = np.flatnonzero(order < n_old)
        parent = np.concatenate((np.full(n_old, -1, dtype=np.int64), place[found.parent]))
        columns["parent_row"] = pa.array(parent, mask=parent < 0)
    return pa.table(columns) if columns else None


def _counts(
    positives: Positives, targets: writing.Targets, order: np.ndarray, split: np.ndarray, wanted: np.ndarray
) -> list[dict[str, Any]]:
    if targets.type == "class_index":
        negative = targets.values[order] == targets.outputs.index(positives.negative_name)
    else:  # rows of zeros that the dataset brought along are not counted: they were not looked for
        negative = order >= len(positives.dataset)
        if not negative.any():
            negative = ~(targets.values[order] == 1).any(axis=1)
    here = split[order]
    of_positive = positives.split[positives.rows]
    return [
        {
            "name": name,
            "n_positive": int((of_positive == i).sum()),
            "n_wanted": int(wanted[i]),
            "n_found": int((negative & (here == i)).sum()),
        }
        for i, name in enumerate(SPLIT_NAMES)
    ]


def _shortage(counts: list[dict[str, Any]], spec: SampleNegativesSpec) -> str:
    short = [item for item in counts if item["n_found"] < item["n_wanted"]]
    if not short:
        return ""
    numbers = "; ".join(f"{item['name']}: {item['n_found']:,} of {item['n_wanted']:,}" for item in short)
    remedy = {
        "gc_pool": "give a larger pool, or a lower ratio",
        "gc_genome": "lower the ratio, or allow more N",
        "subsample": "lower the ratio, or match_gc false",
    }.get(spec.method, "lower the ratio")
    return (
        f"fewer negatives than ratio {spec.ratio:g} asks for ({numbers}): "
        f"no more have the GC content that is wanted. What was found is matched; to get more, {remedy}"
    )
