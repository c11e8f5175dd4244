"""Attributions in shards: each attributes some of the sequences into files of its own, which are put together in order.

A shard begins at a multiple of the batch, so its batches are those of one run over all sequences; the shuffled
references hang on a sequence's row alone. The gate of DeepLIFT/SHAP sees all deltas in order, whoever computed them.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from cislex_core.canonical import digest_bytes
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Inputs, Out, Progress
from cislex_runtime.working.shards import Work, map_shards, plan
from torch import nn

from cislex_explainer.attribution_stream import Streamed, array_shapes, stream
from cislex_explainer.attributions import Method
from cislex_explainer.ensembles import Ensemble
from cislex_explainer.gate import Gate
from cislex_explainer.opening import Opened, open_inputs
from cislex_explainer.specs import ComputeAttributionsSpec
from cislex_explainer.strands import on_both_strands
from cislex_explainer.streams import NpyWriter

#: Sequences of a shard at least: half a minute of one core, about.
LEAST = {
    "saliency": 4096, "input_x_gradient": 4096, "integrated_gradients": 256, "deeplift_shap": 256, "ism": 32,
}  # fmt: skip
_FIGURES = ("logits", "sums", "deltas")


@dataclass(frozen=True)
class Payload:
    """What a shard's process needs beside its inputs; ``rows`` (n,) are all dataset rows that are attributed."""

    spec: ComputeAttributionsSpec
    rows: np.ndarray
    method: Method
    batch_size: int
    max_delta: float
    threads: int


class AttributionWork:
    """A ``ShardWork``: attributes rows [start, stop) of the payload's."""

    def __init__(self, payload: Payload, inputs: Inputs) -> None:
        torch.set_num_threads(payload.threads)
        spec = payload.spec
        self._payload = payload
        self._opened = open_inputs(inputs, spec.model, spec.dataset, spec.split, spec.device, two_conditions=False)
        self._ensemble = open_ensemble(spec, self._opened)[0]

    def __call__(self, start: int, stop: int, folder: Path, progress: Progress) -> None:
        """Write the arrays of ``stream``, and logits.npy, sums.npy and deltas.npy."""
        asked = self._payload
        # the first sequences are judged as they come, so that a network that cannot converge is refused soon
        gate = Gate(asked.max_delta, len(asked.rows)) if start == 0 else None
        streamed = stream(
            self._opened.dataset, asked.rows[start:stop], self._ensemble, asked.method, asked.batch_size, gate, folder,
            progress,
        )  # fmt: skip
        for name in _FIGURES:
            np.save(folder / f"{name}.npy", getattr(streamed, name))


def attribute_in_shards(payload: Payload, opened: Opened, inputs: Inputs, out: Out, progress: Progress) -> Streamed:
    """Write hypothetical.npy, projected.npy, importance.npy and, for ISM, ism.npy of ``payload.rows`` (n,).

    Raises ``NotConverged`` for DeepLIFT/SHAP whose relative deltas exceed the limit.
    """
    n = len(payload.rows)
    shards = plan(n, payload.batch_size, LEAST[payload.method.name])
    key = {
        "spec": payload.spec.digestable(),
        "rows": digest_bytes(payload.rows.tobytes()),
        "method": payload.method.name,
        "batch_size": payload.batch_size,
        "device": opened.device.device,
        "threads": payload.threads,
        "torch": torch.__version__,
    }
    work = Work(f"{__name__}:AttributionWork", payload, key, payload.threads, gpu=opened.device.device == "cuda")
    figures: dict[str, list[np.ndarray]] = {name: [] for name in _FIGURES}
    gate = Gate(payload.max_delta, n)
    with ExitStack() as stack:
        shapes = array_shapes(payload.method, opened.dataset.window_bp)
        writers = {
            name: stack.enter_context(NpyWriter(out.path(f"{name}.npy"), (n, *shape), np.float32))
            for name, shape in shapes.items()
        }
        for folder in map_shards(work, shards, inputs, progress):
            for name in _FIGURES:
                figures[name].append(np.load(folder / f"{name}.npy"))
            if payload.method.name == "deeplift_shap":
                _judge(gate, figures["deltas"][-1][:, 1], payload.batch_size)
            for name, writer in writers.items():
                writer.append_file(folder / f"{name}.npy")
    return Streamed(**{name: np.concatenate(parts) for name, parts in figures.items()})


def _judge(gate: Gate, relative: np.ndarray, batch_size: int) -> None:
    for start in range(0, len(relative), batch_size):
        gate.add(relative[start : start + batch_size])


def open_ensemble(spec: ComputeAttributionsSpec, opened: Opened) -> tuple[Ensemble, list[int]]:
    """The networks that are explained as one, and their seeds. Raises INVALID_REQUEST for a seed that is not there."""
    models: list[nn.Module] = list(opened.models)
    seeds = opened.seeds
    if spec.seed_index is not None:
        if spec.seed_index >= len(models):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"seed_index {spec.seed_index}, but the model has {len(models)} seeds, counted from 0: {seeds}",
                field="seed_index",
                value=spec.seed_index,
            )
        models, seeds = [models[spec.seed_index]], [seeds[spec.seed_index]]
    members = on_both_strands(models) if spec.rc_average else models
    return Ensemble(members, opened.device.device), seeds
