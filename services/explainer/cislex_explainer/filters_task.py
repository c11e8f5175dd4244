"""ExplainFilters: every seed's filters as motifs, what they do, and which recur between seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode_batch, encode_batch
from cislex_core.tasks import Inputs, Out, Progress

from cislex_explainer.filters import FilterActivity, argmax_consensus, filter_activity
from cislex_explainer.kmers import canonical
from cislex_explainer.nullify import Effects, effects, evenly_chosen
from cislex_explainer.opening import Opened, open_inputs
from cislex_explainer.ranking import word_strings
from cislex_explainer.recurrence import Group, RecurrentKmer, describe_groups, group_filters, pairwise_similarity
from cislex_explainer.recurrence import recurrent_kmers as aggregate_kmers
from cislex_explainer.specs import ExplainFiltersSpec

_MAX_WIDTH = 31


@dataclass(frozen=True)
class SeedFilters:
    """One seed's filters."""

    seed: int
    consensus: list[str]
    activity: FilterActivity
    effects: Effects


def run(spec: ExplainFiltersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write filters.parquet, groups.parquet, filters.meme, pfm.npy, filter_kmers.parquet and recurrent_kmers.parquet
    (docs/formats.md, kind filters)."""
    opened = open_inputs(inputs, spec.model, spec.dataset, spec.split, spec.device)
    width = _check_architecture(opened)
    progress.message(f"filters of {len(opened.models)} seeds on {opened.device.device}: {opened.device.reason}")
    labels = opened.dataset.targets[opened.rows]
    chosen = evenly_chosen(labels, opened.wt_index, spec.max_effect_sequences)
    found = [_explain_seed(spec, opened, index, chosen, progress) for index in range(len(opened.models))]
    motifs = _motifs(found)
    groups, members = _group(spec, found, motifs)
    kmers = _kmer_rows(spec, found, width)
    recurrent = aggregate_kmers([(k["canonical"], k["seed"], k["filter_id"], k["n_wt"], k["n_ko"]) for k in kmers])
    least = min(spec.min_seeds, len(found))
    out.write_table("filters.parquet", _filters_table(found, motifs, members))
    out.write_table("groups.parquet", _groups_table(groups, found, motifs))
    out.write_table("filter_kmers.parquet", pa.Table.from_pylist(kmers, schema=_KMER_SCHEMA))
    out.write_table("recurrent_kmers.parquet", _recurrent_table(recurrent, spec.min_seeds))
    np.save(out.path("pfm.npy"), np.concatenate([seed.activity.counts for seed in found]))
    write_motifs(out.path("filters.meme"), [motif for motif in motifs if motif is not None])
    active = sum(motif is not None for motif in motifs)
    if not active:
        progress.warn("NO_ACTIVE_FILTER", "no filter is active in a correctly predicted sequence: no matrix was made")
    out.kind = "filters"
    out.genome_digest = opened.dataset.genome_digest
    out.seeds = opened.seeds
    out.tools = {"torch": torch.__version__, "numpy": np.__version__}
    out.semantics = {
        "threshold": f"activation > {spec.threshold} x the filter's maximum over correctly predicted sequences",
        "effect": "logit(WT) - logit(KO), nullified minus intact; mean of the class means",
        "split": spec.split,
        "channels": "ACGT",
        "similarity": "cosine of p - 0.25 over the best shift and orientation; average linkage",
        "motif_file": "filters.meme",
    }
    out.summary = {
        "n_filters": len(motifs),
        "n_active_filters": active,
        "width_bp": width,
        "n_groups": len(groups),
        "n_recurrent_groups": sum(group.n_seeds >= least for group in groups),
        "n_recurrent_kmers": sum(len(row.seeds) >= spec.min_seeds for row in recurrent),
        "seeds": opened.seeds,
        "n_sequences": len(opened.rows),
        "n_effect_sequences": len(chosen),
        "threshold": spec.threshold,
        "split": spec.split,
        "device": opened.device.device,
        "device_reason": opened.device.reason,
    }


def _check_architecture(opened: Opened) -> int:
    model = opened.models[0]
    width = int(model.require_first_layer().kernel_size[0])
    if width > _MAX_WIDTH:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the filters are {width} bp wide; at most {_MAX_WIDTH} bp can be counted as words",
            field="model",
            width_bp=width,
        )
    return width


def _explain_seed(
    spec: ExplainFiltersSpec, opened: Opened, index: int, chosen: np.ndarray, progress: Progress
) -> SeedFilters:
    progress.check_cancel()
    batch_size = opened.batch_size(spec.batch_size)
    model, device = opened.models[index].to(opened.device.device), opened.device.device

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in opened.batches(batch_size):
            progress.check_cancel()
            yield batch

    activity = filter_activity(model, batches, opened.wt_index, spec.threshold, device)
    rows = opened.rows[chosen]
    is_wt = opened.dataset.targets[rows] == opened.wt_index
    codes = np.asarray(opened.dataset.codes[rows])
    measured = effects(model, codes, is_wt, opened.dataset.classes, batch_size, device, progress.check_cancel)
    consensus = argmax_consensus(model.require_first_layer().weight.detach().cpu().numpy())
    model.to("cpu")
    progress.update(index + 1, len(opened.models), "seeds")
    return SeedFilters(opened.seeds[index], consensus, activity, measured)


def _motifs(found: list[SeedFilters]) -> list[Motif | None]:
    """One motif per filter in order of seed and index; None for a filter without sites."""
    return [
        Motif.from_counts(f"s{seed.seed}_f{index}", counts.T, nsites=float(nsites)) if nsites else None
        for seed in found
        for index, (counts, nsites) in enumerate(zip(seed.activity.counts, seed.activity.nsites, strict=True))
    ]


def _group(
    spec: ExplainFiltersSpec, found: list[SeedFilters], motifs: list[Motif | None]
) -> tuple[list[Group], np.ndarray]:
    """Groups whose members are indices into ``motifs``, and each motif's group (−1 = not grouped)."""
    chosen = np.array(
        [
            i for i, motif in enumerate(motifs)
            if motif is not None
            and motif.nsites >= spec.min_nsites
            and motif.information_bits >= spec.min_information_bits
        ],
        dtype=np.int64,
    )  # fmt: skip
    numbers = np.full(len(motifs), -1, dtype=np.int64)
    if not len(chosen):
        return [], numbers
    seeds = np.repeat([seed.seed for seed in found], [len(seed.consensus) for seed in found])
    similarity = pairwise_similarity(np.stack([motifs[i].probabilities for i in chosen]))
    numbers[chosen] = group_filters(similarity, spec.group_similarity)
    local = describe_groups(numbers[chosen], similarity, seeds[chosen])
    groups = [Group(chosen[g.members].tolist(), int(chosen[g.representative]), g.n_seeds) for g in local]
    return groups, numbers


def _filters_table(found: list[SeedFilters], motifs: list[Motif | None], members: np.ndarray) -> pa.Table:
    def joined(values: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(values)

    counts = [len(seed.consensus) for seed in found]
    indices = joined([np.arange(count) for count in counts])
    seeds = np.repeat([seed.seed for seed in found], counts)
    return pa.table(
        {
            "filter_id": [f"s{seed}_f{index}" for seed, index in zip(seeds, indices, strict=True)],
            "seed": pa.array(seeds, pa.int64()),
            "index": pa.array(indices, pa.int64()),
            "consensus_argmax": [text for seed in found for text in seed.consensus],
            "nsites": pa.array(joined([seed.activity.nsites for seed in found]), pa.int64()),
            "information_bits": [motif.information_bits if motif else 0.0 for motif in motifs],
            "activation_frequency_wt": joined([seed.activity.frequency_wt for seed in found]),
            "activation_frequency_ko": joined([seed.activity.frequency_ko for seed in found]),
            "effect_on_logit": joined([seed.effects.both for seed in found]),
            "group": pa.array([int(g) if g >= 0 else None for g in members], pa.int64()),
            "effect_on_logit_wt": joined([seed.effects.wt for seed in found]),
            "effect_on_logit_ko": joined([seed.effects.ko for seed in found]),
            "effect_abs": joined([seed.effects.absolute for seed in found]),
            "activation_max": [float(v) if np.isfinite(v) else 0.0 for s in found for v in s.activity.maximum],
            "consensus": [motif.consensus() if motif else "" for motif in motifs],
        }
    )


def _groups_table(groups: list[Group], found: list[SeedFilters], motifs: list[Motif | None]) -> pa.Table:
    effect = np.concatenate([seed.effects.both for seed in found])
    absolute = np.concatenate([seed.effects.absolute for seed in found])
    representatives = [motifs[group.representative] for group in groups]
    return pa.table(
        {
            "group": pa.array(range(len(groups)), pa.int64()),
            "representative": pa.array([motif.id if motif else "" for motif in representatives], pa.string()),
            "n_filters": pa.array([len(group.members) for group in groups], pa.int64()),
            "n_seeds": pa.array([group.n_seeds for group in groups], pa.int64()),
            "consensus": pa.array([motif.consensus() if motif else "" for motif in representatives], pa.string()),
            "mean_effect_on_logit": pa.array([float(effect[g.members].mean()) for g in groups], pa.float64()),
            "mean_effect_abs": pa.array([float(absolute[g.members].mean()) for g in groups], pa.float64()),
        }
    )


_KMER_SCHEMA = pa.schema(
    [
        ("filter_id", pa.string()),
        ("seed", pa.int64()),
        ("rank", pa.int64()),
        ("kmer", pa.string()),
        ("canonical", pa.string()),
        ("activation", pa.float64()),
        ("n_wt", pa.int64()),
        ("n_ko", pa.int64()),
    ]
)


def _kmer_rows(spec: ExplainFiltersSpec, found: list[SeedFilters], width: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for seed in found:
        for index, table in enumerate(seed.activity.kmers):
            best = table.best(spec.top_kmers)
            if not best:
                continue
            words = word_strings(np.array([word for word, *_ in best], dtype=np.int64), width)
            names = decode_batch(canonical(encode_batch(words))[0])
            rows += [
                {"filter_id": f"s{seed.seed}_f{index}", "seed": seed.seed, "rank": rank, "kmer": word,
                 "canonical": name, "activation": activation, "n_wt": n_wt, "n_ko": n_ko}
                for rank, (word, name, (_, n_wt, n_ko, activation)) in enumerate(
                    zip(words, names, best, strict=True), start=1)
            ]  # fmt: skip
    return rows


def _recurrent_table(rows: list[RecurrentKmer], min_seeds: int) -> pa.Table:
    return pa.table(
        {
            "kmer": pa.array([row.kmer for row in rows], pa.string()),
            "n_seeds": pa.array([len(row.seeds) for row in rows], pa.int64()),
            "seeds": pa.array([row.seeds for row in rows], pa.list_(pa.int64())),
            "n_filters": pa.array([row.n_filters for row in rows], pa.int64()),
            "n_wt": pa.array([row.n_wt for row in rows], pa.int64()),
            "n_ko": pa.array([row.n_ko for row in rows], pa.int64()),
            "kept": pa.array([len(row.seeds) >= min_seeds for row in rows], pa.bool_()),
        }
    )
