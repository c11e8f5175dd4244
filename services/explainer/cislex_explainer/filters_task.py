"""ExplainFilters: every seed's filters as motifs, what they do, and which recur between seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot

from cislex_explainer.correctness import CorrectRule, Verdicts
from cislex_explainer.filter_tables import (
    effects_table,
    filters_table,
    groups_table,
    kmer_rows,
    kmers_table,
    recurrent_table,
)
from cislex_explainer.filters import Correct, FilterActivity, argmax_consensus, filter_activity
from cislex_explainer.nullify import (
    Effects,
    EffectSums,
    OutputEffects,
    changes_in_batches,
    evenly_chosen,
    evenly_chosen_rows,
    mean_effects,
)
from cislex_explainer.opening import Opened, open_inputs
from cislex_explainer.recurrence import Group, describe_groups, group_filters, pairwise_similarity
from cislex_explainer.recurrence import recurrent_kmers as aggregate_kmers
from cislex_explainer.specs import ExplainFiltersSpec

_MAX_WIDTH = 31


@dataclass(frozen=True)
class SeedFilters:
    """One seed's filters. ``effects`` of WT against KO, None for other outputs; ``output_effects`` on each of
    ``outputs``."""

    seed: int
    consensus: list[str]
    activity: FilterActivity
    effects: Effects | None
    outputs: list[str]
    output_effects: OutputEffects


def run(spec: ExplainFiltersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write filters.parquet, effects.parquet, groups.parquet, filters.meme, pfm.npy, filter_kmers.parquet and
    recurrent_kmers.parquet (docs/formats.md, kind filters)."""
    opened = open_inputs(inputs, spec.model, spec.dataset, spec.split, spec.device, two_conditions=False)
    width = _check_architecture(opened)
    progress.message(f"filters of {len(opened.models)} seeds on {opened.device.device}: {opened.device.reason}")
    two = is_two_conditions(opened)
    rule = CorrectRule(
        opened.dataset.target_type, len(opened.dataset.outputs), spec.correct_correlation, spec.correct_percentile
    )
    chosen = _chosen(spec, opened)
    found = [_explain_seed(spec, opened, index, chosen, rule, progress) for index in range(len(opened.models))]
    motifs = _motifs(found)
    groups, members = _group(spec, found, motifs)
    kmers = kmer_rows(found, spec.top_kmers, width)
    recurrent = aggregate_kmers([(k["canonical"], k["seed"], k["filter_id"], k["n_wt"], k["n_ko"]) for k in kmers])
    least = min(spec.min_seeds, len(found))
    table = filters_table(found, motifs, members)
    out.write_table("filters.parquet", table)
    out.write_table("effects.parquet", effects_table(found))
    out.write_table("groups.parquet", groups_table(groups, table, motifs))
    out.write_table("filter_kmers.parquet", kmers_table(kmers, two))
    out.write_table("recurrent_kmers.parquet", recurrent_table(recurrent, spec.min_seeds, two))
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
        "threshold": f"activation {'>=' if spec.inclusive else '>'} {spec.threshold} x the filter's maximum over "
        "correctly predicted sequences",
        "correct": rule.describe(),
        "effect": "logit(WT) - logit(KO), nullified minus intact; mean of the class means"
        if two
        else "logit of best_output, nullified minus intact; mean over its positive sequences, or over all",
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
        "outputs": opened.dataset.outputs,
        "target_type": opened.dataset.target_type,
    }


def is_two_conditions(opened: Opened) -> bool:
    """True for the classes WT and KO."""
    return opened.dataset.target_type == "class_index" and set(opened.dataset.outputs) == {"WT", "KO"}


def _chosen(spec: ExplainFiltersSpec, opened: Opened) -> np.ndarray:
    """Indices into the split's rows of the sequences on which filters are nullified."""
    labels = opened.dataset.targets[opened.rows]
    if is_two_conditions(opened):
        return evenly_chosen(labels, opened.wt_index, spec.max_effect_sequences)
    classes = labels if opened.dataset.target_type == "class_index" else None
    return evenly_chosen_rows(classes, len(labels), spec.max_effect_sequences)


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
    spec: ExplainFiltersSpec, opened: Opened, index: int, chosen: np.ndarray, rule: CorrectRule, progress: Progress
) -> SeedFilters:
    progress.check_cancel()
    batch_size = opened.batch_size(spec.batch_size)
    model, device = opened.models[index].to(opened.device.device), opened.device.device

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in opened.batches(batch_size):
            progress.check_cancel()
            yield batch

    correct = _correct(model, batches(), rule, len(opened.rows), device)
    wt_index = opened.wt_index if is_two_conditions(opened) else None
    activity = filter_activity(model, batches, wt_index, spec.threshold, device, correct, spec.inclusive)
    measured, by_output, outputs = _effects(opened, model, opened.rows[chosen], batch_size, progress)
    consensus = argmax_consensus(model.require_first_layer().weight.detach().cpu().numpy())
    model.to("cpu")
    progress.update(index + 1, len(opened.models), "seeds")
    return SeedFilters(opened.seeds[index], consensus, activity, measured, outputs, by_output)


@torch.no_grad()
def _correct(
    model: Architecture, batches: Iterator[tuple[np.ndarray, np.ndarray]], rule: CorrectRule, n: int, device: str
) -> Correct:
    """Says which sequences of a batch are right. Where that hangs on all the others, one pass asks them first."""
    limit = rule.limit() if not rule.by_rank else None
    if limit is None:
        verdicts = Verdicts(rule, n)
        for codes, targets in batches:
            x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
            verdicts.add(model(x).cpu().numpy(), targets)
        limit = verdicts.limit()

    def right(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return np.asarray(rule.score(logits, targets) >= limit)

    return right


def _effects(
    opened: Opened, model: Architecture, rows: np.ndarray, batch_size: int, progress: Progress
) -> tuple[Effects | None, OutputEffects, list[str]]:
    """Nullification on some rows of the dataset: WT against KO where those are the classes, and each output."""
    codes, targets = np.asarray(opened.dataset.codes[rows]), opened.dataset.targets[rows]
    outputs = opened.dataset.outputs
    positive = None
    if opened.dataset.target_type == "class_index":
        positive = targets[:, None] == np.arange(len(outputs))
    elif opened.dataset.target_type == "multilabel":
        positive = targets == 1
    two = is_two_conditions(opened)
    sums, differences = EffectSums(), []
    for part, changes in changes_in_batches(model, codes, batch_size, opened.device.device):
        progress.check_cancel()
        sums.add(changes, None if positive is None else positive[part])
        if two:
            differences.append(changes[:, :, outputs.index("WT")] - changes[:, :, outputs.index("KO")])
    effects = mean_effects(np.concatenate(differences), targets == opened.wt_index) if two else None
    return effects, sums.effects(), outputs


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
