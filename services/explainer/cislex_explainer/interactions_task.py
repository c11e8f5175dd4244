"""MeasureInteractions: every pair of motifs at every distance, against the sum of each alone and a control word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import dinucleotide_shuffle
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.base import Architecture
from cislex_models.checkpoint import load_models, seeds_of
from cislex_models.devices import DeviceChoice, choose_device
from cislex_models.onehot import one_hot

from cislex_explainer.interaction_verdict import VERDICTS, Verdict, judge
from cislex_explainer.interaction_words import Word, plain_word, words_of
from cislex_explainer.interactions import Curve, allowed_distances, measure
from cislex_explainer.opening import need_kind, output_names_of
from cislex_explainer.unit_specs import MeasureInteractionsSpec

_MOST_OUTPUTS = 20
_MOST_RESULTS = 200


@dataclass(frozen=True)
class Subject:
    """What is measured: models on their device, their seeds, how logits (n, outputs) become values (n, names), and the
    ids and weights (names, units) of additive models' units (empty for others)."""

    models: list[Architecture]
    seeds: list[int]
    device: DeviceChoice
    names: list[str]
    mix: np.ndarray
    unit_ids: list[str]
    unit_weights: np.ndarray

    @property
    def window_bp(self) -> int:
        """Width of the sequences."""
        return self.models[0].window_bp

    def predictor(self, batch_size: int, tick: Callable[[], None]) -> Callable[[np.ndarray], np.ndarray]:
        """Codes (n, L) → values (n, names + units) float64: the mean over the seeds, then every unit's output."""

        @torch.no_grad()
        def predict(codes: np.ndarray) -> np.ndarray:
            parts = []
            for start in range(0, len(codes), batch_size):
                tick()
                x = one_hot(torch.from_numpy(codes[start : start + batch_size]).to(self.device.device))
                logits, units = [], []
                for model in self.models:
                    if self.unit_ids:
                        answer, extras = model.forward_with_extras(x)
                        units.append(extras["unit_outputs"].double().cpu().numpy())
                    else:
                        answer = model(x)
                    logits.append(answer.double().cpu().numpy())
                parts.append(np.concatenate([np.mean(logits, axis=0) @ self.mix.T, *units], axis=1))
            return np.concatenate(parts)

        return predict


@dataclass(frozen=True)
class Pair:
    """One pair's measurements; ``averaged`` of its curve is of the units' outputs."""

    first: Word
    second: Word
    orientation: str
    curve: Curve
    control: Curve
    verdict: Verdict


def run(spec: MeasureInteractionsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write distances.parquet and interactions.parquet (docs/formats.md, kind interactions)."""
    subject = _subject(spec, inputs)
    words, control = words_of(spec, inputs), plain_word(spec.control)
    rng = np.random.default_rng(spec.seed)
    backgrounds = _backgrounds(spec, inputs, subject.window_bp, rng)
    plan = [
        (first, second.turned() if turned else second, "-" if turned else "+")
        for first, second in combinations(words, 2)
        for turned in ((False, True) if spec.both_orientations else (False,))
    ]
    distances = [_distances(spec, subject.window_bp, first, second, control) for first, second, _ in plan]
    steps = _Steps(progress, sum(2 * (2 + 2 * len(d)) for d in distances) * len(backgrounds))
    size = spec.batch_size or (512 if subject.device.device == "cuda" else 100)
    predict = subject.predictor(size, progress.check_cancel)
    progress.message(f"{len(plan)} pairs on {subject.device.device}: {subject.device.reason}")
    pseudocount = spec.pseudocount if spec.scale == "log2_fold_change" else None
    pairs = []
    for (first, second, orientation), chosen in zip(plan, distances, strict=True):
        moved, compared = (
            measure(predict, backgrounds, first.codes, word.codes, chosen, pseudocount, len(subject.names), steps.add)
            for word in (second, control)
        )
        verdict = judge(moved, compared, spec.n_permutations, spec.alpha, spec.tolerance, rng)
        pairs.append(Pair(first, second, orientation, moved, compared, verdict))
    _write(spec, subject, words, pairs, backgrounds, out)


@dataclass
class _Steps:
    progress: Progress
    total: int
    done: int = 0

    def add(self, n: int) -> None:
        self.done += n
        self.progress.update(self.done, self.total, "sequences")


def _subject(spec: MeasureInteractionsSpec, inputs: Inputs) -> Subject:
    device = choose_device(spec.device)
    artifact = inputs.artifact(spec.model)
    need_kind(artifact, "model")
    models, seeds = load_models(artifact), seeds_of(artifact)
    if spec.seed_index is not None:
        if spec.seed_index >= len(models):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"seed_index {spec.seed_index}, but the model has {len(models)} seeds, counted from 0",
                field="seed_index",
            )
        models, seeds = [models[spec.seed_index]], [seeds[spec.seed_index]]
    target_type = target_type_of(artifact)
    if spec.scale == "log2_fold_change" and target_type != "regression":
        raise UserError(
            Reason.INVALID_REQUEST,
            f"a fold change needs values on a linear scale; this model's target is {target_type or 'a class'}: use "
            "scale logit",
            field="scale",
        )
    names, mix = _outputs(spec, output_names_of(artifact), target_type)
    with_units = models[0].has_units and spec.scale == "logit"
    ids: list[str] = []
    weights = np.zeros((len(names), 0))
    for seed, model in zip(seeds, models, strict=True):
        model.to(device.device)
        if with_units:
            weight = model.output_weight.detach().cpu().double().numpy()  # type: ignore[operator]
            ids += [f"s{seed}_u{index}" for index in range(weight.shape[1])]
            weights = np.concatenate([weights, mix @ weight / len(models)], axis=1)
    return Subject(models, seeds, device, names, mix, ids, weights)


def target_type_of(model: Any) -> str:
    """The target type a model was trained on; two or more classes where its description is older than target types."""
    from cislex_models.checkpoint import describe, seed_folders

    return getattr(describe(seed_folders(model.dir)[0]), "target_type", None) or "class_index"


def _outputs(spec: MeasureInteractionsSpec, known: list[str], target_type: str) -> tuple[list[str], np.ndarray]:
    """Names of the measured values and the matrix (names, outputs) that makes them from the logits."""
    identity = np.eye(len(known))
    if spec.outputs:
        missing = [name for name in spec.outputs if name not in known]
        if missing or len(spec.outputs) > _MOST_OUTPUTS:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"outputs {', '.join(missing)} are none of the model's: {', '.join(known[:20])}"
                if missing
                else f"{len(spec.outputs)} outputs; at most {_MOST_OUTPUTS} are measured at once",
                field="outputs",
            )
        return list(spec.outputs), identity[[known.index(name) for name in spec.outputs]]
    if target_type == "class_index" and len(known) == 2:
        return [f"{known[1]} - {known[0]}"], identity[1:] - identity[:1]
    if len(known) > _MOST_OUTPUTS:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model has {len(known)} outputs: name at most {_MOST_OUTPUTS} of them in outputs",
            field="outputs",
        )
    return known, identity


def _backgrounds(spec: MeasureInteractionsSpec, inputs: Inputs, window_bp: int, rng: np.random.Generator) -> np.ndarray:
    """(n_backgrounds, window) uint8."""
    if spec.background == "random" or spec.dataset is None:
        return rng.integers(0, 4, (spec.n_backgrounds, window_bp)).astype(np.uint8)
    data = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    if data.window_bp != window_bp:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model was trained on windows of {window_bp} bp, the dataset has {data.window_bp} bp",
            field="dataset",
        )
    rows = data.split(spec.split)
    if not len(rows):
        raise UserError(Reason.EMPTY_SPLIT, f"split {spec.split} of the dataset holds no sequence", field="split")
    if len(rows) >= spec.n_backgrounds:
        chosen = np.sort(rng.choice(rows, spec.n_backgrounds, replace=False))
    else:  # some sequences are shuffled more than once
        chosen = np.resize(rows, spec.n_backgrounds)
    return dinucleotide_shuffle(np.asarray(data.codes[chosen]), rng)


def _distances(spec: MeasureInteractionsSpec, window_bp: int, first: Word, second: Word, control: Word) -> np.ndarray:
    widths = [len(second.codes), len(control.codes)]
    found = allowed_distances(window_bp, len(first.codes), widths, spec.min_gap_bp, spec.max_distance_bp, spec.step_bp)
    if not len(found):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{first.text} at the centre and {second.text} (or the control {control.text}) beside it fit windows of "
            f"{window_bp} bp at no distance up to {spec.max_distance_bp} bp with {spec.min_gap_bp} bp between; raise "
            "max_distance_bp, lower min_gap_bp or step_bp, or take shorter words",
            field="max_distance_bp",
        )
    return found


def _write(
    spec: MeasureInteractionsSpec, subject: Subject, words: list[Word], pairs: list[Pair], backgrounds: np.ndarray,
    out: Out,
) -> None:  # fmt: skip
    from cislex_explainer.interaction_tables import criterion, distances_table, result_rows

    results = [row for pair in pairs for row in result_rows(pair, subject)]
    out.write_table("distances.parquet", pa.concat_tables([distances_table(pair, subject) for pair in pairs]))
    out.write_table("interactions.parquet", pa.Table.from_pylist(results))
    out.kind = "interactions"
    out.seeds = [spec.seed]
    out.tools = {"torch": torch.__version__, "numpy": np.__version__}
    out.semantics = {
        "residual": "f(AB) - f(A) - f(B) + f(background)" if spec.scale == "logit" else
        f"log2((f(AB) + {spec.pseudocount:g}) / (f(A) + f(B) - f(background) + {spec.pseudocount:g})), values >= 0",
        "distance": "base pairs from the first word's middle base to the second's; negative = the second lies before",
        "criterion": criterion(spec),
        "background": spec.background,
        "control": spec.control.upper(),
    }  # fmt: skip
    out.summary = {
        "results": results[:_MOST_RESULTS],
        "words": [f"{word.id}={word.text}" for word in words],
        "control": spec.control.upper(),
        "background": spec.background,
        "n_backgrounds": len(backgrounds),
        "n_distances": max(len(pair.curve.distances) for pair in pairs),
        "window_bp": subject.window_bp,
        "outputs": subject.names,
        "scale": spec.scale,
        "seeds": subject.seeds,
        "additive": all(row["additive"] for row in results),
        "verdicts": sorted({row["verdict"] for row in results}, key=VERDICTS.index),
        "criterion": criterion(spec),
        "device": subject.device.device,
        "device_reason": subject.device.reason,
    }
