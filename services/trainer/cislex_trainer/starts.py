"""What training starts from, in a folder that the processes of the seeds share: motifs for filters, or frozen parts.

The task resolves a request once (``resolve``), and computes the features of frozen parts once (``compute_features``);
each seed then builds its network and takes the start from the folder (``prepare``).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.base import Architecture
from cislex_models.filter_init import freeze_filters, set_filters
from cislex_models.registry import build, check_options
from cislex_models.unit_transfer import UnitTransfer
from safetensors.torch import load_file, save_file
from torch import nn

from cislex_trainer.data import TrainingData
from cislex_trainer.devices import Place
from cislex_trainer.init_motifs import assign, check_widths, init_table, open_motifs
from cislex_trainer.specs import TrainModelSpec
from cislex_trainer.start_specs import TRANSFER, filters_option
from cislex_trainer.transfer import FeatureRows, Head, open_parts, part_options, unit_rows, write_features

MOTIFS, ASSIGNED = "init_motifs.meme", "filters_init.parquet"
PARTS, WEIGHTS, UNITS = "parts.json", "parts.safetensors", "units.parquet"


@dataclass(frozen=True)
class Start:
    """``folder`` holds what the seeds start from; None = random weights."""

    folder: Path | None = None

    def options(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options that build the network: the request's, with the parts of a transferred model."""
        parts = self._file(PARTS)
        return options if parts is None else {**options, "parts": json.loads(parts.read_text())}

    def prepare(self, model: Architecture, freeze: bool = False) -> nn.Module:
        """Give a new network its start. Answers what is to be trained: the network, or its head where the rest is
        frozen and its features are computed already.
        """
        if self._file(ASSIGNED) is not None:
            self._set_filters(model, freeze)
        if (weights := self._file(WEIGHTS)) is not None:
            assert isinstance(model, UnitTransfer)
            model.parts.load_state_dict(load_file(weights))
            return Head(model)
        return model

    def data(self, data: TrainingData) -> TrainingData:
        """The same rows; their batches are features where those were computed."""
        if self.folder is None or not (self.folder / "train.npy").exists():
            return data
        rows = [
            FeatureRows(r.codes, r.targets, r.index, np.load(self.folder / f"{name}.npy", mmap_mode="r"))
            for name, r in (("train", data.train), ("selection", data.selection))
        ]
        return TrainingData(rows[0], rows[1], data.objective)

    def compute_features(self, spec: TrainModelSpec, data: TrainingData, place: Place, progress: Progress) -> None:
        """Run frozen parts over the train and selection rows, once for all seeds and epochs."""
        if self._file(PARTS) is None:
            return
        assert self.folder is not None
        window_bp = int(data.train.codes.shape[1])
        model = build(TRANSFER, window_bp, self.options(spec.options), data.objective.n_outputs)
        assert isinstance(model, UnitTransfer)
        self.prepare(model)
        random, both = spec.strands == "random", spec.strands == "both"
        asked = (("train", data.train, random or both), ("selection", data.selection, both))
        total = sum(len(rows) * (2 if strands else 1) for _, rows, strands in asked)
        progress.message(f"computing {model.output_weight.shape[1]} features of {total} sequences, once")
        before = 0
        for name, rows, strands in asked:

            def tick(done: int, before: int = before) -> None:
                progress.check_cancel()
                progress.update(before + done, total, unit="sequences")

            write_features(model, rows, strands, self.folder / f"{name}.npy", place.device, tick)
            before += len(rows) * (2 if strands else 1)
        progress.update(total, total, unit="sequences")

    def record(self, out: Out) -> None:
        """Copy what a user may want to know of the start into the model artifact."""
        for name in (MOTIFS, ASSIGNED, UNITS):
            if (path := self._file(name)) is not None:
                shutil.copyfile(path, out.path(name))

    def _set_filters(self, model: Architecture, freeze: bool) -> None:
        assert self.folder is not None
        motifs = {motif.id: motif for motif in read_motifs(self.folder / MOTIFS)}
        rows = pq.read_table(self.folder / ASSIGNED).to_pylist()
        ready = [
            motifs[r["motif_id"]] if r["orientation"] == "+" else motifs[r["motif_id"]].reverse_complement()
            for r in rows
        ]
        set_filters(model, ready)
        if freeze:
            freeze_filters(model)

    def _file(self, name: str) -> Path | None:
        path = None if self.folder is None else self.folder / name
        return path if path is not None and path.exists() else None


def resolve(spec: TrainModelSpec, inputs: Inputs, folder: Path, progress: Progress) -> tuple[TrainModelSpec, Start]:
    """Open what the request starts from and write it into ``folder``. Answers the spec with the number of filters
    filled in. Raises EMPTY_SET for a source without motifs, INVALID_REQUEST for parts that cannot be units, and what
    opening raises.
    """
    if not spec.has_init and not spec.unit_models:
        return spec, Start()
    folder.mkdir(parents=True, exist_ok=True)
    if spec.unit_models:
        return spec, _transfer(spec, inputs, folder)
    found = open_motifs(spec, inputs)
    option = filters_option(spec.architecture)
    assert option is not None, "the spec has checked it"
    asked = spec.options.get(option)
    assigned = assign(found.motifs, spec.init_orientations == "both", asked)
    n_filters = asked or len(assigned)
    check_widths([motif for motif, _ in assigned], int(spec.options["kernel_size"]), progress)
    _tell(found.source, len(found.motifs), assigned, n_filters, option, progress)
    used = {motif.id: motif for motif, _ in assigned}
    write_motifs(folder / MOTIFS, list(used.values()))
    pq.write_table(init_table(assigned), folder / ASSIGNED)
    options = check_options(spec.architecture, {**spec.options, option: n_filters}).model_dump(mode="json")
    return spec.model_copy(update={"options": options}), Start(folder)


def _transfer(spec: TrainModelSpec, inputs: Inputs, folder: Path) -> Start:
    parts = open_parts([inputs.artifact(digest) for digest in spec.unit_models])
    entries = part_options(parts, spec.unit_activation)
    check_options(TRANSFER, {**spec.options, "parts": entries})
    (folder / PARTS).write_text(json.dumps(entries))
    save_file(
        {f"{i}.{name}": tensor for i, p in enumerate(parts) for name, tensor in p.model.state_dict().items()},
        folder / WEIGHTS,
    )
    pq.write_table(pa.Table.from_pylist(unit_rows(parts)), folder / UNITS)
    return Start(folder)


def _tell(source: str, n_motifs: int, assigned: list[Any], n_filters: int, option: str, progress: Progress) -> None:
    used = len({motif.id for motif, _ in assigned})
    progress.message(f"{len(assigned)} of {n_filters} filters start from {used} of {n_motifs} motifs ({source})")
    if used < n_motifs:
        progress.warn(
            "MOTIFS_LEFT_OUT",
            f"{n_filters} filters hold {used} of the {n_motifs} motifs of {source}: those of the highest information; "
            f"leave options.{option} out to use all",
        )
    if len(assigned) < n_filters:
        progress.warn(
            "RANDOM_FILTERS",
            f"{n_filters - len(assigned)} of {n_filters} filters start at random: {source} gives {len(assigned)}",
        )
