"""Task of CallSeqlets: loaded by workers; heavy modules are imported when it runs."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_motif.seqlet_specs import CallSeqletsSpec


def call_seqlets(spec: CallSeqletsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write seqlets.parquet, seqlets.bed and seqlets.fa (docs/formats.md, kind seqlets)."""
    from cislex_motif.seqlets import run_seqlets

    run_seqlets(spec, inputs, out, progress)


SEQLET_TASKS: dict[str, Task] = {"motif.CallSeqlets": call_seqlets}
