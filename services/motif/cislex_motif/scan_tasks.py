"""Tasks of ScoreMotifs, ScanMotifs and GroupMotifs: loaded by workers; heavy modules are imported when a task runs."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_motif.scan_specs import GroupMotifsSpec, ScanMotifsSpec, ScoreMotifsSpec


def score_motifs(spec: ScoreMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write scores.parquet, best.parquet and motifs.meme (docs/formats.md, kind scores)."""
    from cislex_motif.scores import run_scores

    run_scores(spec, inputs, out, progress)


def scan_motifs(spec: ScanMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write hits.parquet, hits.tsv, hits.bed and motifs.parquet (docs/formats.md, kind hits)."""
    from cislex_motif.scan import run_scan

    run_scan(spec, inputs, out, progress)


def group_motifs(spec: GroupMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write families.parquet, members.parquet, families.meme and the tree (docs/formats.md, kind families)."""
    from cislex_motif.families import run_families

    run_families(spec, inputs, out, progress)


SCAN_TASKS: dict[str, Task] = {
    "motif.ScoreMotifs": score_motifs,
    "motif.ScanMotifs": scan_motifs,
    "motif.GroupMotifs": group_motifs,
}
