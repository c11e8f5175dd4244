"""ExtractKmers: the flat table of k-mers at the most important positions, and the ranking of words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.placing import genomic_starts
from cislex_core.sequences import N_CODE, decode_batch
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress

from cislex_explainer.kmers import canonical, cut_kmers, kmer_bounds, top_positions
from cislex_explainer.opening import need_kind
from cislex_explainer.ranking import KmerRanking, Ranking
from cislex_explainer.specs import ExtractKmersSpec

_BLOCK = 512


def run(spec: ExtractKmersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write kmers.parquet and ranking.parquet (docs/formats.md, kind kmers). Raises KMER_TOO_LONG, INVALID_REQUEST when
    the dataset or model is not the attributions' own."""
    attributions = inputs.artifact(spec.attributions)
    need_kind(attributions, "attributions")
    data = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    k = spec.k or 0
    _check(spec, attributions, data, k)
    blocks, ranking = _collect(spec, attributions, data, k, progress)
    table = _kmer_table(spec, data, attributions, blocks)
    ranked = ranking.ranking()
    out.write_table("kmers.parquet", table)
    out.write_table("ranking.parquet", _ranking_table(ranked, _two_conditions(data)))
    sets = [table.filter(pc.equal(table["set"], name))["row"] for name in ("WT", "KO")]
    out.kind = "kmers"
    out.genome_digest = data.genome_digest
    out.seeds = list(attributions.manifest.seeds)
    common: dict[str, Any] = {
        "k": k,
        "top_n": spec.top_n,
        "min_distance": spec.min_distance,
        "kmer_protocol": spec.kmer_protocol,
        "rc_aware": spec.rc_aware,
        "k_rank": spec.k_rank,
    }
    out.semantics = common | {
        "coordinates": "0-based half-open; position and start count from the window's first base",
        "strand": "- where kmer is the reverse complement of the window's reading (kmer_window)",
        "attributions": dict(attributions.manifest.semantics),
    }
    out.summary = common | {
        "n_kmers": table.num_rows,
        "n_sequences": len(pc.unique(table["row"])),
        "n_wt_sequences": len(pc.unique(sets[0])),
        "n_ko_sequences": len(pc.unique(sets[1])),
        "n_ranked": len(ranked.kmers),
        "top_ranked": ranked.kmers[:10],
    }


def _check(spec: ExtractKmersSpec, attributions: Artifact, data: Dataset, k: int) -> None:
    if k > data.window_bp:
        raise UserError(
            Reason.KMER_TOO_LONG,
            f"k = {k} is longer than the window of {data.window_bp} bp; choose k <= {data.window_bp}",
            field="k",
            k=k,
            window_bp=data.window_bp,
        )
    used = attributions.manifest.spec
    for field, given in (("dataset", spec.dataset), ("model", spec.model)):
        if given is not None and field in used and used[field] != given:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"the attributions were computed with {field} {used[field][:16]}, the request names {given[:16]}; "
                f"give the attributions' own {field}",
                field=field,
            )
    rows = attributions.array("rows.npy")
    if len(rows) and int(rows.max()) >= len(data):
        raise UserError(Reason.INVALID_REQUEST, "the attributions name rows that the dataset lacks", field="dataset")


def _collect(
    spec: ExtractKmersSpec, attributions: Artifact, data: Dataset, k: int, progress: Progress
) -> tuple[list[dict[str, np.ndarray]], KmerRanking]:
    """Positions and words block by block; the arrays stay memory-mapped."""
    rows = np.asarray(attributions.array("rows.npy"))
    importance_map, projected_map = attributions.array("importance.npy"), attributions.array("projected.npy")
    ranking = KmerRanking(spec.k_rank, spec.rc_aware)
    is_wt = _in_wt(data)
    blocks: list[dict[str, np.ndarray]] = []
    for start in range(0, len(rows), _BLOCK):
        progress.check_cancel()
        part = slice(start, min(len(rows), start + _BLOCK))
        codes, importance = np.asarray(data.codes[rows[part]]), np.asarray(importance_map[part])
        signed = np.asarray(projected_map[part]).sum(axis=1)
        ranking.add(codes, importance, signed, is_wt[rows[part]])
        blocks.append(_kmers_of_block(spec, k, codes, importance, signed, start))
        progress.update(part.stop, len(rows), "sequences")
    return blocks, ranking


def _kmers_of_block(
    spec: ExtractKmersSpec, k: int, codes: np.ndarray, importance: np.ndarray, signed: np.ndarray, start: int
) -> dict[str, np.ndarray]:
    eligible = (codes != N_CODE) & (importance > 0) if spec.kmer_protocol == "default" else None
    chosen = top_positions(importance, spec.top_n, spec.min_distance or 0, eligible)
    sequence, rank = np.nonzero(chosen >= 0)
    position = chosen[sequence, rank]
    starts, ends = kmer_bounds(position, k, codes.shape[1], spec.kmer_protocol)
    window_kmers = cut_kmers(codes[sequence], starts, ends, k)
    kmers, turned = canonical(window_kmers) if spec.rc_aware else (window_kmers, np.zeros(len(position), dtype=bool))
    return {
        "sequence": sequence + start,
        "rank": rank + 1,
        "position": position,
        "start": starts,
        "end": ends,
        "kmer": np.array(decode_batch(kmers), dtype=object),
        "kmer_window": np.array(decode_batch(window_kmers), dtype=object),
        "turned": turned,
        "score": importance[sequence, position],
        "signed_score": signed[sequence, position],
    }


def _kmer_table(
    spec: ExtractKmersSpec, data: Dataset, attributions: Artifact, blocks: list[dict[str, np.ndarray]]
) -> pa.Table:
    """The flat table; one row per k-mer, by sequence and rank."""
    joined = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    rows = np.asarray(attributions.array("rows.npy"))[joined["sequence"]]
    outputs = attributions.table("outputs.parquet")
    facts = data.rows.take(pa.array(rows))
    classes = data.target_type == "class_index"
    nothing = pa.nulls(len(rows), pa.string())
    genomic = genomic_starts(data, rows, joined["start"], joined["end"])
    return pa.table(
        {
            "row": pa.array(rows, pa.int64()),
            "position": pa.array(joined["position"], pa.int64()),
            "start": pa.array(joined["start"], pa.int64()),
            "kmer": pa.array(joined["kmer"], pa.string()),
            "score": pa.array(joined["score"], pa.float32()),
            "label": pa.array(data.targets[rows], pa.int64()) if classes else pa.nulls(len(rows), pa.int64()),
            "set": facts["set"],
            "predicted": outputs["predicted"].take(pa.array(joined["sequence"])) if classes else nothing,
            "chrom": facts["chrom"],
            "genomic_start": genomic,
            "strand": pa.array(np.where(joined["turned"], "-", "+"), pa.string()),
            "kmer_window": pa.array(joined["kmer_window"], pa.string()),
            "rank": pa.array(joined["rank"], pa.int64()),
            "signed_score": pa.array(joined["signed_score"], pa.float32()),
        }
    )


def _two_conditions(data: Dataset) -> bool:
    return data.target_type == "class_index" and {"WT", "KO"} <= set(data.classes)


def _in_wt(data: Dataset) -> np.ndarray:
    """(n,) which rows are WT; none where the classes are others, or tasks."""
    if not _two_conditions(data):
        return np.zeros(len(data), dtype=bool)
    return np.asarray(data.targets == data.classes.index("WT"))


def _ranking_table(ranked: Ranking, two_conditions: bool) -> pa.Table:
    """Counts in WT and KO are null where the dataset does not hold these two."""

    def of_condition(counts: np.ndarray) -> pa.Array:
        return pa.array(counts, pa.int64()) if two_conditions else pa.nulls(len(counts), pa.int64())

    return pa.table(
        {
            "kmer": pa.array(ranked.kmers, pa.string()),
            "score_sum": ranked.score_sum,
            "n": ranked.n,
            "n_wt": of_condition(ranked.n_wt),
            "n_ko": of_condition(ranked.n_ko),
            "score_mean": ranked.score_sum / np.maximum(ranked.n, 1),
            "signed_sum": ranked.signed_sum,
            "n_wt_sequences": of_condition(ranked.n_wt_sequences),
            "n_ko_sequences": of_condition(ranked.n_ko_sequences),
        }
    )
