"""The tables of kind filters (docs/formats.md): of WT and KO where those are the classes, else of all outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from cislex_core.motifs import Motif
from cislex_core.sequences import decode_batch, encode_batch

from cislex_explainer.kmers import canonical
from cislex_explainer.ranking import word_strings
from cislex_explainer.recurrence import Group, RecurrentKmer

if TYPE_CHECKING:
    from cislex_explainer.filters_task import SeedFilters


def filters_table(found: list[SeedFilters], motifs: list[Motif | None], members: np.ndarray) -> pa.Table:
    """One row per filter, by seed and index."""
    counts = [len(seed.consensus) for seed in found]
    indices = np.concatenate([np.arange(count) for count in counts])
    seeds = np.repeat([seed.seed for seed in found], counts)
    what = _two_conditions(found) if found[0].effects is not None else _any_outputs(found)
    columns = {
        "filter_id": [f"s{seed}_f{index}" for seed, index in zip(seeds, indices, strict=True)],
        "seed": pa.array(seeds, pa.int64()),
        "index": pa.array(indices, pa.int64()),
        "consensus_argmax": [text for seed in found for text in seed.consensus],
        "nsites": pa.array(np.concatenate([seed.activity.nsites for seed in found]), pa.int64()),
        "information_bits": [motif.information_bits if motif else 0.0 for motif in motifs],
        **{name: values for name, values in what.items() if name.startswith("activation")},
        "effect_on_logit": what.pop("effect_on_logit"),
        "group": pa.array([int(g) if g >= 0 else None for g in members], pa.int64()),
        **{name: values for name, values in what.items() if not name.startswith("activation")},
        "activation_max": [float(v) if np.isfinite(v) else 0.0 for s in found for v in s.activity.maximum],
        "consensus": [motif.consensus() if motif else "" for motif in motifs],
    }
    return pa.table(columns)


def _two_conditions(found: list[SeedFilters]) -> dict[str, Any]:
    effects = [seed.effects for seed in found if seed.effects is not None]
    return {
        "activation_frequency_wt": np.concatenate([seed.activity.frequency_wt for seed in found]),
        "activation_frequency_ko": np.concatenate([seed.activity.frequency_ko for seed in found]),
        "effect_on_logit": np.concatenate([each.both for each in effects]),
        "effect_on_logit_wt": np.concatenate([each.wt for each in effects]),
        "effect_on_logit_ko": np.concatenate([each.ko for each in effects]),
        "effect_abs": np.concatenate([each.absolute for each in effects]),
    }


def _any_outputs(found: list[SeedFilters]) -> dict[str, Any]:
    """The output each filter changes most: by the mean over positive sequences where there are any, else over all."""
    parts = [seed.output_effects for seed in found]
    changes = np.concatenate([np.where(np.isnan(each.positive), each.mean, each.positive) for each in parts])
    absolute = np.concatenate([each.absolute for each in parts])
    best = np.abs(changes).argmax(axis=1)
    rows = np.arange(len(best))
    return {
        "activation_frequency": np.concatenate([seed.activity.frequency_wt for seed in found]),
        "effect_on_logit": changes[rows, best],
        "best_output": [found[0].outputs[i] for i in best],
        "effect_abs": absolute[rows, best],
    }


def effects_table(found: list[SeedFilters]) -> pa.Table:
    """One row per filter and output."""
    parts = []
    for seed in found:
        n_filters, n_outputs = seed.output_effects.mean.shape
        index = np.repeat(np.arange(n_filters), n_outputs)
        positive = seed.output_effects.positive.ravel()
        parts.append(
            pa.table(
                {
                    "filter_id": [f"s{seed.seed}_f{i}" for i in index],
                    "seed": pa.array(np.full(len(index), seed.seed), pa.int64()),
                    "index": pa.array(index, pa.int64()),
                    "output": seed.outputs * n_filters,
                    "effect": seed.output_effects.mean.ravel(),
                    "effect_positive": pa.array(positive, pa.float64(), mask=np.isnan(positive)),
                    "effect_abs": seed.output_effects.absolute.ravel(),
                }
            )
        )
    return pa.concat_tables(parts)


def groups_table(groups: list[Group], filters: pa.Table, motifs: list[Motif | None]) -> pa.Table:
    """One row per group of similar filters; ``filters`` is ``filters_table``."""
    effect, absolute = np.asarray(filters["effect_on_logit"]), np.asarray(filters["effect_abs"])
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


def kmer_rows(found: list[SeedFilters], top_kmers: int, width: int) -> list[dict[str, Any]]:
    """The words of largest activation of every filter, with their sites in WT and KO."""
    rows: list[dict[str, Any]] = []
    for seed in found:
        for index, table in enumerate(seed.activity.kmers):
            best = table.best(top_kmers)
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


def kmers_table(rows: list[dict[str, Any]], two_conditions: bool) -> pa.Table:
    """``kmer_rows`` as a table; without two conditions the sites are ``n_sites``."""
    return _sites(pa.Table.from_pylist(rows, schema=_KMER_SCHEMA), two_conditions)


def recurrent_table(rows: list[RecurrentKmer], min_seeds: int, two_conditions: bool) -> pa.Table:
    """Words over all filters, by falling number of seeds."""
    table = pa.table(
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
    return _sites(table, two_conditions)


def _sites(table: pa.Table, two_conditions: bool) -> pa.Table:
    """Without two conditions every site was counted as one of WT: the column says so no longer."""
    if two_conditions:
        return table
    return table.drop_columns(["n_ko"]).rename_columns({"n_wt": "n_sites"})
