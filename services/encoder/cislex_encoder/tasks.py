"""The encoder's tasks, run by workers: each reads its inputs, calls the domain and leaves one artifact."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import Any

from cislex_core.tasks import Inputs, Out, Progress

from cislex_encoder.import_tasks import IMPORT_TASKS
from cislex_encoder.specs import BuildDatasetSpec, LabelPeaksSpec, RegisterGenomeSpec, SimulateSpec


def register_genome(spec: RegisterGenomeSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Read a genome once and keep its identity: seqcol.json (level 2), contigs.tsv, aliases.json."""
    from cislex_encoder import genomes
    from cislex_encoder.inputs import source

    table = source(inputs, spec.alias_table, "alias_table") if spec.alias_table else None
    genomes.register(source(inputs, spec.fasta, "fasta"), table, out, progress)
    out.tools = _tools("pyfaidx")


def label_peaks(spec: LabelPeaksSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Make wt.bed and ko.bed, with labels.parquet that says for each row of the table what it became and why."""
    from cislex_encoder import labels

    labels.label(spec, inputs, out, progress)


def build_dataset(spec: BuildDatasetSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Check all inputs, cut and encode the windows, drop, split, balance; kind dataset (docs/formats.md)."""
    from cislex_encoder import build
    from cislex_encoder.inputs import read

    progress.message("reading and checking all inputs")
    build.build(spec, read(spec, inputs), out, progress)
    out.tools = _tools("numpy", "pyarrow", "pyfaidx")


def simulate(spec: SimulateSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Make a genome and two peak sets with planted motifs, and the truth about them."""
    from cislex_encoder import simulation

    simulation.simulate(spec, out, progress)
    out.tools = _tools("numpy")


def _tools(*names: str) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in names}


TASKS: dict[str, Callable[[Any, Inputs, Out, Progress], None]] = {
    "encoder.RegisterGenome": register_genome,
    "encoder.LabelPeaks": label_peaks,
    "encoder.BuildDataset": build_dataset,
    "encoder.Simulate": simulate,
    **IMPORT_TASKS,
}
