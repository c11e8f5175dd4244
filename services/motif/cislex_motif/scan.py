"""ScanMotifs: every place where a motif scores better than chance allows, as FIMO finds them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from cislex_core.motif_files import write_motifs
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.fimo_matrix import NONREDUNDANT, FimoMatrix, qvalues
from cislex_motif.hit_files import write_hits
from cislex_motif.motif_sources import SourcedMotif, sourced_motifs, unique_ids
from cislex_motif.scan_input import ScanInput, scan_input
from cislex_motif.scan_shards import scan_in_shards
from cislex_motif.scan_specs import ScanMotifsSpec
from cislex_motif.scanner import Hits
from cislex_motif.scanning import letter_frequencies

FloatArray = npt.NDArray[np.float64]

_NEVER = float(2**24)


def run_scan(spec: ScanMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task: read, set thresholds, scan, find q, write."""
    motifs = sourced_motifs(spec, inputs, spec.database)
    motifs = [
        SourcedMotif(m.motif.renamed(name, m.motif.name), m.source, m.source_kind, m.unit_rank)
        for m, name in zip(motifs, unique_ids(motifs), strict=True)
    ]
    source = scan_input(spec, inputs)
    background = _background(spec, source)
    matrices = [FimoMatrix.of(m.motif, spec.pseudocount, background) for m in motifs]
    tails = [matrix.tails() for matrix in matrices]

    on_q = spec.threshold_on == "qvalue"
    wants_q = spec.qvalue_method != "none"
    floors = [_NEVER if on_q else _floor(tail, spec.threshold) for tail in tails]
    source.read_through()
    hits, counts = scan_in_shards(spec, source, matrices, floors, wants_q, inputs, progress)
    q = [qvalues(t, c, spec.qvalue_method) for t, c in zip(tails, counts, strict=True)] if wants_q else None
    if on_q and q is not None:
        floors = [_floor(values, spec.threshold) for values in q]
        hits, _ = scan_in_shards(spec, source, matrices, floors, False, inputs, progress)
    n_bp = source.n_bp
    if all(m.motif.width > n_bp for m in motifs):
        progress.warn("NOTHING_SCANNED", "no motif fits into the sequences")

    genomic = write_hits(out, hits, motifs, matrices, tails, q, source)
    write_motifs(out.path("motifs.meme"), [m.motif for m in motifs])
    out.kind = "hits"
    out.genome_digest = source.genome_digest
    out.semantics = {
        "score": "log2 odds, bits, on FIMO's grid of whole numbers",
        "pvalue": "exact chance of a score at least as large at one place on one strand",
        "qvalue": {"bh": "Benjamini-Hochberg over all places of a motif", "none": "not computed",
                   "storey": "Benjamini-Hochberg times Storey's share of true nulls (lambda 0.5)"}[spec.qvalue_method],
        "significant": f"{spec.threshold_on} < {spec.threshold:g}",
        "strands": 2 if spec.both_strands else 1,
        "letter_frequencies": [round(float(f), 6) for f in background],
        "pseudocount": spec.pseudocount,
        "n_policy": "a window with an N is no place",
        "coordinates": "hits.parquet and hits.bed 0-based half-open, hits.tsv 1-based closed as FIMO writes it",
    }  # fmt: skip
    out.summary = _summary(spec, source, motifs, hits, tails, background, genomic)


def _floor(values: FloatArray, threshold: float) -> float:
    """The smallest score whose p or q is below the threshold."""
    below = np.flatnonzero(values[:-1] < threshold * (1.0 - 1e-9))
    return float(below[0]) if len(below) else _NEVER


def _background(spec: ScanMotifsSpec, source: ScanInput) -> FloatArray:
    if spec.background == "nonredundant":
        return NONREDUNDANT
    if spec.background == "uniform":
        return np.full(4, 0.25)
    if spec.background == "sequences":
        counts = np.zeros(5)
        for codes in source.sequences():
            counts += np.bincount(codes, minlength=5)
        if counts[:4].sum() == 0:
            return letter_frequencies([])
        both = counts[:4] + (counts[:4][::-1] if spec.both_strands else counts[:4])
        both = np.maximum(both, 1.0)
        return np.asarray(both / both.sum())
    given = np.array(spec.background_frequencies)
    given = (given + given[::-1]) / 2 if spec.both_strands else given
    return np.asarray(given / given.sum())


def _summary(
    spec: ScanMotifsSpec, source: ScanInput, motifs: Sequence[SourcedMotif], hits: Hits, tails: Sequence[FloatArray],
    background: FloatArray, genomic: bool,
) -> dict[str, object]:  # fmt: skip
    """Facts of the resource message HitSet."""
    n = np.bincount(hits.motif, minlength=len(motifs))
    best = np.full(len(motifs), 0)
    np.maximum.at(best, hits.motif, hits.score)
    order = np.argsort(-n, kind="stable")[:50].tolist()
    return {
        "n_motifs": len(motifs),
        "n_sequences": len(source.names),
        "n_bp": source.n_bp,
        "n_hits": len(hits),
        "n_motifs_with_hits": int((n > 0).sum()),
        "threshold": spec.threshold,
        "threshold_on": spec.threshold_on,
        "qvalue_method": spec.qvalue_method,
        "background": [float(f) for f in background],
        "source": source.label,
        "genomic": genomic,
        "top": [
            {"motif": motifs[i].motif.id, "motif_name": motifs[i].motif.name, "n_hits": int(n[i]),
             "best_pvalue": float(tails[i][best[i]])}
            for i in order if n[i]
        ],
    }  # fmt: skip
