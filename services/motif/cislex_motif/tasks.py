"""Tasks of the motif area, loaded by workers; heavy modules are imported inside."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_motif.compare_tasks import COMPARE_TASKS
from cislex_motif.scan_tasks import SCAN_TASKS
from cislex_motif.seqlet_tasks import SEQLET_TASKS
from cislex_motif.specs import ClusterKmersSpec, DiscoverMotifsSpec


def cluster_kmers(spec: ClusterKmersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write clusters.parquet, members.parquet and clusters.meme (docs/formats.md, kind clusters)."""
    from cislex_motif.clustering import run_clustering

    run_clustering(spec, inputs, out, progress)


def discover_motifs(spec: DiscoverMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write motifs.parquet, sites.parquet and motifs.meme (docs/formats.md, kind motifs)."""
    if spec.engine == "modisco":
        from cislex_motif.modisco import run_modisco as run
    else:
        from cislex_motif.discovery import run_discovery as run
    run(spec, inputs, out, progress)


TASKS: dict[str, Task] = {
    "motif.ClusterKmers": cluster_kmers,
    "motif.DiscoverMotifs": discover_motifs,
    **COMPARE_TASKS,
    **SEQLET_TASKS,
    **SCAN_TASKS,
}
