"""trainer.ImportModel: weights trained elsewhere become a model artifact like any other, and say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.base import Architecture
from cislex_models.checkpoint import save_model
from cislex_models.import_explainn import import_explainn

from cislex_trainer.import_specs import ImportModelSpec
from cislex_trainer.link import ACTIVATION_OF
from cislex_trainer.losses import LOSSES_OF
from cislex_trainer.scores import SCORE_OF

SEED = 0
IMPORTED = "imported"

# what training.json's spec holds for a model that cislex trained, and cannot know of this one
_UNKNOWN = (
    "epochs", "patience", "batch_size", "accumulation", "learning_rate", "weight_decay", "rc_augmentation", "strands",
)  # fmt: skip


def import_model(spec: ImportModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Read the weights safely, put them into the architecture and write the artifact. Raises INVALID_REQUEST: a file
    that would run code, or weights that do not fit the options.
    """
    path = _under_its_name(inputs.file(spec.checkpoint), spec, progress.scratch_dir)
    model = import_explainn(path, spec.window_bp, spec.options, spec.channel_order)
    if model.n_outputs != len(spec.outputs):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the weights have {model.n_outputs} outputs, and {len(spec.outputs)} are named; name each, in their order",
            field="outputs",
            n_outputs=model.n_outputs,
        )
    loss = LOSSES_OF[spec.target_type][0]
    save_model(
        model, out.path(f"seed_{SEED}/model.json").parent, spec.outputs, SEED, target_type=spec.target_type, loss=loss
    )
    progress.message(f"{model.n_parameters:,} parameters of {spec.architecture} were imported")
    out.write_json("training.json", _record(spec, model, path))
    out.kind = "model"
    out.seeds = [SEED]
    out.tools = {"torch": torch.__version__}
    out.semantics = {
        "input": {"tensor": "one_hot", "layout": "n,4,length", "alphabet": "ACGT", "N": "zeros"},
        "output": {
            "tensor": "logits",
            "classes": spec.outputs,
            "target_type": spec.target_type,
            "activation": ACTIVATION_OF[loss],
        },
    }
    out.summary = {
        "architecture": spec.architecture,
        "window_bp": spec.window_bp,
        "classes": spec.outputs,
        "n_parameters": model.n_parameters,
        "selection": IMPORTED,
        "dtype": "float32",
        "target_type": spec.target_type,
        "loss": loss,
        "score": SCORE_OF[loss],
        "seeds": [{"seed": SEED}],
    }


def _under_its_name(path: Path, spec: ImportModelSpec, folder: Path) -> Path:
    """The file under the name the user gave it: a store keeps it under its digest, and the name says its format."""
    name = Path(spec.checkpoint.path).name if spec.checkpoint.path else path.name
    if path.name == name:
        return path
    link = folder / "checkpoint" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link


def _record(spec: ImportModelSpec, model: Architecture, path: Path) -> dict[str, Any]:
    """training.json: the same keys as of a trained model, null where nobody knows."""
    loss = LOSSES_OF[spec.target_type][0]
    told = {
        "architecture": spec.architecture,
        "options": model.options,
        "seeds": [SEED],
        "protocol": IMPORTED,
        "loss": "auto",
        **dict.fromkeys(_UNKNOWN),
    }
    unknown = (
        "dataset", "device", "device_reason", "peak_memory_bytes", "seconds", "n_train", "n_selection",
    )  # fmt: skip
    return {
        "imported": True,
        "checkpoint": spec.checkpoint.sha256,
        "checkpoint_name": path.name,
        "channel_order": spec.channel_order,
        "spec": told,
        **dict.fromkeys(unknown),
        "dtype": "float32",
        "selection": IMPORTED,
        "n_parameters": model.n_parameters,
        "target_type": spec.target_type,
        "loss": loss,
        "score": SCORE_OF[loss],
        "torch": torch.__version__,
    }
