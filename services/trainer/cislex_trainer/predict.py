"""trainer.Predict: an exported ONNX model over a dataset or ready sequences, by onnxruntime alone (no torch)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pyarrow as pa
from cislex_core.activations import activate
from cislex_core.datasets import TWO_CONDITIONS, Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.exports import Export
from cislex_core.fasta import read_sequences
from cislex_core.manifests import Artifact
from cislex_core.onnx_safety import check_onnx
from cislex_core.sequences import fit, one_hot
from cislex_core.targets import TARGET_TYPES, TargetType
from cislex_core.tasks import Inputs, Out, Progress
from cislex_core.text_files import Problems

from cislex_trainer.prediction_table import Columns, answer_columns, target_columns
from cislex_trainer.specs import PredictSpec

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def predict(spec: PredictSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write predictions.parquet. Raises DEVICE_UNAVAILABLE, EMPTY_SET, EMPTY_SPLIT, INVALID_FASTA."""
    export = Export.of(inputs.artifact(spec.export))
    outputs, window_bp, target_type = export.labels, export.window_bp, export.target_type
    session, provider = open_session(export.onnx_path, spec.device)
    progress.message(f"predicting with onnxruntime {ort.__version__} on {provider}")
    if spec.dataset is not None:
        codes, columns = _from_dataset(inputs.artifact(spec.dataset), spec.split, window_bp, outputs)
    else:
        assert spec.sequences is not None
        codes, columns = _from_fasta(inputs.file(spec.sequences), window_bp, spec.pad)
    logits = np.empty((len(codes), len(outputs)), dtype=np.float32)
    for start in range(0, len(codes), spec.batch_size):
        progress.check_cancel()
        batch = one_hot(np.asarray(codes[start : start + spec.batch_size]))
        logits[start : start + spec.batch_size] = session.run(["logits"], {"onehot": batch})[0]
        progress.update(min(start + spec.batch_size, len(codes)), len(codes), unit="sequences")
    read = activate(export.activation, logits)
    results, counts = _results(target_type, outputs, logits, read)
    out.write_table("predictions.parquet", pa.table({**columns, **results}))
    out.kind = "predictions"
    out.tools = {"onnxruntime": ort.__version__}
    out.semantics = {"provider": provider}
    out.summary = {
        "export": spec.export,
        "n_sequences": len(codes),
        "provider": provider,
        "classes": [{"name": name, "n_sequences": n} for name, n in counts.items()],
        "target_type": target_type,
    }


def _results(
    target_type: TargetType, outputs: list[str], logits: np.ndarray, read: np.ndarray
) -> tuple[Columns, dict[str, int]]:
    """The columns of the answers, and how many sequences were given each class or label."""
    if target_type == "regression":
        return answer_columns(target_type, outputs, logits, read), {}
    if target_type == "multilabel":
        positive = (read > 0.5).sum(0)
        return answer_columns(target_type, outputs, logits, read), dict(zip(outputs, positive.tolist(), strict=True))
    top = logits.argmax(1)
    predicted = {"predicted": pa.array([outputs[i] for i in top], pa.string())}
    counts = dict(zip(outputs, np.bincount(top, minlength=len(outputs)).tolist(), strict=True))
    if tuple(outputs) == TWO_CONDITIONS:
        p = np.exp(-np.logaddexp(0.0, logits[:, 0].astype(np.float64) - logits[:, 1]))
        return {"logit_KO": logits[:, 0], "logit_WT": logits[:, 1], "p_WT": p, **predicted}, counts
    return {**answer_columns(target_type, outputs, logits, read), **predicted}, counts


def open_session(path: Path, device: str) -> tuple[ort.InferenceSession, str]:
    """A session and the provider it really uses. ``cuda`` that onnxruntime did not take is DEVICE_UNAVAILABLE:
    onnxruntime itself would go on with the CPU without a word.
    """
    wanted = [PROVIDERS["cuda"], PROVIDERS["cpu"]] if device != "cpu" else [PROVIDERS["cpu"]]
    available = [name for name in wanted if name in ort.get_available_providers()]
    data = path.read_bytes()
    check_onnx(data)
    session = ort.InferenceSession(data, providers=available)  # from bytes: a path would let it name files beside it
    used = session.get_providers()[0]
    if device == "cuda" and used != PROVIDERS["cuda"]:
        raise UserError(
            Reason.DEVICE_UNAVAILABLE,
            f"device cuda was asked for, but onnxruntime {ort.__version__} uses {used} (it has "
            f"{', '.join(ort.get_available_providers())}); use device auto or cpu, or install onnxruntime-gpu",
            field="device",
        )
    return session, used


def _from_dataset(artifact: Artifact, split: str, window_bp: int, outputs: list[str]) -> tuple[np.ndarray, Columns]:
    dataset = Dataset.from_artifact(artifact, TARGET_TYPES)
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
    columns: Columns = {
        "row": pa.array(index),
        "name": dataset.rows["name"].take(pa.array(index)).combine_chunks(),
        "split": pa.array(dataset.split_names[index].tolist(), pa.string()),
        # a dataset of other targets is predicted too; only their own names can stand beside the answers
        **(target_columns(dataset.target_type, outputs, dataset.targets[index]) if dataset.outputs == outputs else {}),
    }
    codes = dataset.codes if len(index) == len(dataset) else dataset.codes[index]
    return codes, columns


def _from_fasta(path: Path, window_bp: int, pad: str) -> tuple[np.ndarray, Columns]:
    problems = Problems()
    found = read_sequences(path, problems, "sequences")
    problems.raise_if_any()
    if not len(found):
        raise UserError(Reason.EMPTY_SET, f"{path.name} holds no sequence", field="sequences")
    ends = found.offsets[1:]
    rows = [fit(found.codes[a:b], window_bp, pad) for a, b in zip(found.offsets[:-1], ends, strict=True)]
    columns: Columns = {"row": pa.array(range(len(rows)), pa.int64()), "name": pa.array(found.names, pa.string())}
    return np.stack(rows), columns
