"""trainer.Predict: an exported ONNX model over a dataset or ready sequences, by onnxruntime alone (no torch)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pyarrow as pa
from cislex_core.artifacts import Artifact
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import read_sequences
from cislex_core.sequences import fit, one_hot
from cislex_core.tasks import Inputs, Out, Progress
from cislex_core.text_files import Problems

from cislex_trainer.specs import PredictSpec

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def predict(spec: PredictSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write predictions.parquet. Raises DEVICE_UNAVAILABLE, EMPTY_SET, EMPTY_SPLIT, INVALID_FASTA."""
    export = inputs.artifact(spec.export)
    classes = export.path("labels.txt").read_text().split()
    window_bp = int(export.manifest.summary["window_bp"])
    session, provider = open_session(export.path("model.onnx"), spec.device)
    progress.message(f"predicting with onnxruntime {ort.__version__} on {provider}")
    if spec.dataset is not None:
        codes, columns = _from_dataset(inputs.artifact(spec.dataset), spec.split, window_bp)
    else:
        assert spec.sequences is not None
        codes, columns = _from_fasta(inputs.file(spec.sequences), window_bp, spec.pad)
    logits = np.empty((len(codes), len(classes)), dtype=np.float32)
    for start in range(0, len(codes), spec.batch_size):
        progress.check_cancel()
        batch = one_hot(np.asarray(codes[start : start + spec.batch_size]))
        logits[start : start + spec.batch_size] = session.run(["logits"], {"onehot": batch})[0]
        progress.update(min(start + spec.batch_size, len(codes)), len(codes), unit="sequences")
    p = np.exp(-np.logaddexp(0.0, logits[:, 0].astype(np.float64) - logits[:, 1]))
    predicted = [classes[i] for i in logits.argmax(1)]
    results = {"logit_KO": logits[:, 0], "logit_WT": logits[:, 1], "p_WT": p, "predicted": predicted}
    out.write_table("predictions.parquet", pa.table({**columns, **results}))
    out.kind = "predictions"
    out.tools = {"onnxruntime": ort.__version__}
    out.semantics = {"provider": provider}
    out.summary = {
        "export": spec.export,
        "n_sequences": len(codes),
        "provider": provider,
        "classes": [{"name": name, "n_sequences": predicted.count(name)} for name in classes],
    }


def open_session(path: Path, device: str) -> tuple[ort.InferenceSession, str]:
    """A session and the provider it really uses. ``cuda`` that onnxruntime did not take is DEVICE_UNAVAILABLE:
    onnxruntime itself would go on with the CPU without a word.
    """
    wanted = [PROVIDERS["cuda"], PROVIDERS["cpu"]] if device != "cpu" else [PROVIDERS["cpu"]]
    available = [name for name in wanted if name in ort.get_available_providers()]
    session = ort.InferenceSession(str(path), providers=available)
    used = session.get_providers()[0]
    if device == "cuda" and used != PROVIDERS["cuda"]:
        raise UserError(
            Reason.DEVICE_UNAVAILABLE,
            f"device cuda was asked for, but onnxruntime {ort.__version__} uses {used} (it has "
            f"{', '.join(ort.get_available_providers())}); use device auto or cpu, or install onnxruntime-gpu",
            field="device",
        )
    return session, used


def _from_dataset(artifact: Artifact, split: str, window_bp: int) -> tuple[np.ndarray, dict[str, pa.Array]]:
    dataset = Dataset.from_artifact(artifact)
    if dataset.window_bp != window_bp:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model reads windows of {window_bp} bp, the dataset has {dataset.window_bp} bp; build the dataset "
            f"with window_bp {window_bp}",
            field="dataset",
        )
    index = dataset.split(split)
    if not len(index):
        raise UserError(Reason.EMPTY_SPLIT, f"the {split} split holds no sequence", field="split", split=split)
    columns = {
        "row": pa.array(index),
        "name": dataset.rows["name"].take(pa.array(index)).combine_chunks(),
        "split": pa.array(dataset.split_names[index].tolist(), pa.string()),
        "label": pa.array(dataset.targets[index]),
    }
    codes = dataset.codes if len(index) == len(dataset) else dataset.codes[index]
    return codes, columns


def _from_fasta(path: Path, window_bp: int, pad: str) -> tuple[np.ndarray, dict[str, pa.Array]]:
    problems = Problems()
    found = read_sequences(path, problems, "sequences")
    problems.raise_if_any()
    if not len(found):
        raise UserError(Reason.EMPTY_SET, f"{path.name} holds no sequence", field="sequences")
    ends = found.offsets[1:]
    rows = [fit(found.codes[a:b], window_bp, pad) for a, b in zip(found.offsets[:-1], ends, strict=True)]
    columns = {"row": pa.array(range(len(rows)), pa.int64()), "name": pa.array(found.names, pa.string())}
    return np.stack(rows), columns
