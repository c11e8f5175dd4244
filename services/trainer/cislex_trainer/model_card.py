"""The model card: what the exported model is, how it came to be, what it can and cannot be used for."""

from __future__ import annotations

from typing import Any

from cislex_core.artifacts import Artifact
from cislex_core.datasets import Dataset

LIMITS = [
    "It tells the two sets of sequences it was trained on apart; it does not predict accessibility as such.",
    "It sees one window of sequence: neither chromatin, nor expression, nor anything outside the window.",
    "Bases other than A, C, G, T are zeros; sequences of another length must be padded or cut as in training.",
    "Association with a set is not proof that a factor binds or that a variant has an effect.",
]


def model_card(
    model: Artifact, dataset: Dataset, parity: dict[str, Any], evaluation: dict[str, Any] | None
) -> dict[str, Any]:
    """The content of model_card.json. ``evaluation`` is an evaluation's metrics.json, or None."""
    training = model.json("training.json")
    spec = training["spec"]
    card: dict[str, Any] = {
        "model": model.digest,
        "architecture": spec["architecture"],
        "options": spec["options"],
        "seeds": spec["seeds"],
        "n_parameters_each": model.manifest.summary["n_parameters"],
        "classes": dataset.classes,
        "window_bp": dataset.window_bp,
        "input": f"onehot: float32 (batch, 4, {dataset.window_bp}), rows A C G T, N as zeros",
        "outputs": {
            "logits": "float32 (batch, 2): KO, WT, before softmax; the mean over seeds",
            "attention": "float32 (batch, positions): the mean over seeds, each row sums to one",
        },
        "training_data": {
            "dataset": training["dataset"],
            "genome_digest": model.manifest.genome_digest,
            "n_train": training["n_train"],
            "n_selection": training["n_selection"],
        },
        "training": {
            key: spec[key]
            for key in (
                "protocol", "epochs", "patience", "batch_size", "accumulation", "learning_rate", "weight_decay",
                "rc_augmentation",
            )
        }
        | {"selection": training["selection"], "device": training["device"], "dtype": training["dtype"]},
        "per_seed": model.manifest.summary["seeds"],
        "parity": {key: parity[key] for key in ("max_abs_difference", "tolerance", "batches")},
        "optimistic": spec["protocol"] == "paper",
        "limits": LIMITS,
    }  # fmt: skip
    if evaluation is not None:
        card["evaluation"] = {
            key: evaluation[key]
            for key in ("split", "n", "accuracy", "auroc", "auprc", "intervals", "interval_method", "optimistic")
        } | {"baselines_auroc": {name: b["auroc"] for name, b in evaluation["baselines"].items()}}
    return card


def as_markdown(card: dict[str, Any]) -> str:
    """The same card for people."""
    data, training = card["training_data"], card["training"]
    strands = "reverse complements " + ("on" if training["rc_augmentation"] else "off")
    lines = [
        f"# {card['architecture']}: {card['classes'][1]} against {card['classes'][0]}",
        "",
        f"An ensemble of {len(card['seeds'])} networks (seeds {', '.join(map(str, card['seeds']))}; "
        f"{card['n_parameters_each']:,} parameters each) that reads {card['window_bp']} bp of DNA and gives a logit "
        f"for each of {' and '.join(card['classes'])}.",
        "",
        "## Data and training",
        "",
        f"- Dataset `{data['dataset'][:16]}`, genome {data['genome_digest'] or 'not known (ready sequences)'}: "
        f"{data['n_train']:,} sequences to train, {data['n_selection']:,} to choose the epoch.",
        f"- Protocol {training['protocol']}: at most {training['epochs']} epochs, batches of "
        f"{training['batch_size']} × {training['accumulation']}, Adam at {training['learning_rate']:g}, weight decay "
        f"{training['weight_decay']:g}, {strands}, on {training['device']} in "
        f"{training['dtype']}.",
        f"- The epoch was chosen on the {training['selection']} split."
        + (" Its test accuracy is therefore optimistic." if card["optimistic"] else ""),
        "",
        "## Use",
        "",
        f"- Input `onehot`: {card['input'].removeprefix('onehot: ')}.",
        *[f"- Output `{name}`: {text}." for name, text in card["outputs"].items()],
        f"- The ONNX file differs from the trained networks by at most {card['parity']['max_abs_difference']:.2g} "
        f"(batches {', '.join(map(str, card['parity']['batches']))}).",
        "",
        "## Measured",
        "",
        *_measured(card),
        "",
        "## Limits",
        "",
        *[f"- {text}" for text in card["limits"]],
        "",
    ]
    return "\n".join(lines)


def _measured(card: dict[str, Any]) -> list[str]:
    evaluation = card.get("evaluation")
    if evaluation is None:
        return ["No evaluation was given at export."]
    lines = [f"On the {evaluation['split']} split ({evaluation['n']:,} sequences):", ""]
    for name in ("accuracy", "auroc", "auprc"):
        low_high = evaluation["intervals"].get(name)
        within = f" (95 % {low_high[0]:.3f}–{low_high[1]:.3f})" if low_high else ""
        lines.append(f"- {name}: {evaluation[name]:.3f}{within}")
    beside = ", ".join(f"{name} {value:.3f}" for name, value in evaluation["baselines_auroc"].items())
    return [*lines, f"- AUROC of the baselines: {beside}" if beside else "- no baseline could be fitted"]
