"""The tasks that make datasets from other sources than two peak sets. Each ends in ``writing.write``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cislex_core.tasks import Inputs, Out, Progress

from cislex_encoder.import_specs import ImportDatasetSpec, SampleNegativesSpec, SimulateDatasetSpec


def import_dataset(spec: ImportDatasetSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Read sequences, reads, probes or a matrix of targets; clean, split, encode; kind dataset."""
    from cislex_encoder import importing

    importing.import_dataset(spec, inputs, out, progress)


def sample_negatives(spec: SampleNegativesSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Make negatives for a dataset's positives, in the same splits; kind dataset."""
    from cislex_encoder import negatives

    negatives.sample(spec, inputs, out, progress)


def simulate_dataset(spec: SimulateDatasetSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Make a dataset with planted motifs and a known rule; kind dataset, with planted.json and motifs.meme."""
    from cislex_encoder import dataset_simulation

    dataset_simulation.simulate(spec, out, progress)


IMPORT_TASKS: dict[str, Callable[[Any, Inputs, Out, Progress], None]] = {
    "encoder.ImportDataset": import_dataset,
    "encoder.SampleNegatives": sample_negatives,
    "encoder.SimulateDataset": simulate_dataset,
}
