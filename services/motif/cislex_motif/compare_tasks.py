"""Tasks of CompareMotifs and EnrichMotifs: loaded by workers; heavy modules are imported when a task runs."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_motif.compare_specs import CompareMotifsSpec, EnrichMotifsSpec


def compare_motifs(spec: CompareMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write matches.parquet, queries.meme and targets.meme (docs/formats.md, kind matches)."""
    from cislex_motif.compare import run_compare

    run_compare(spec, inputs, out, progress)


def enrich_motifs(spec: EnrichMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write enrichment.parquet and motifs.meme (docs/formats.md, kind enrichment)."""
    from cislex_motif.enrichment import run_enrichment

    run_enrichment(spec, inputs, out, progress)


COMPARE_TASKS: dict[str, Task] = {"motif.CompareMotifs": compare_motifs, "motif.EnrichMotifs": enrich_motifs}
