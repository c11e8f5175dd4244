"""The model card: what the exported model is, how it came to be, what it can and cannot be used for."""

from __future__ import annotations

from typing import Any

from cislex_core.canonical import digest_json
from cislex_core.datasets import Dataset
from cislex_core.manifests import Artifact

from cislex_trainer.link import ACTIVATION_OF

FIGURES = ("accuracy", "auroc", "auprc", "macro_f1", "pearson", "spearman", "mse", "pearson_across_tasks")

# what it can and cannot say, by kind of target
SCOPE = {
    "class_index": "It tells the sets of sequences it was trained on apart; it does not predict accessibility as such.",
    "multilabel": "It answers for the tasks it was trained on, in sequences like those it saw; each task by itself.",
    "regression": "It predicts the values it was trained on, in sequences like those it saw, in their scale.",
}
LIMITS = [
    "It sees one window of sequence: neither chromatin, nor expression, nor anything outside the window.",
    "Bases other than A, C, G, T are zeros; sequences of another length must be padded or cut as in training.",
    "Association with a set is not proof that a factor binds or that a variant has an effect.",
]


# what the graph's outputs are; those of an architecture's own are one per seed unless said
OUTPUTS = {
    "attention": "float32 (batch, positions): the mean over seeds, each row sums to one",
    "unit_outputs": "float32 (batch, units): each unit's output, the seeds one after the other",
    "filter_activations": "float32 (batch, filters, positions): of the first layer, the seeds one after the other",
}
READ = {
    "softmax": "before softmax",
    "sigmoid": "before the sigmoid of each",
    "identity": "the predicted values",
    "exp": "logarithms of the predicted rates",
}


def model_card(
    model: Artifact,
    dataset: Dataset,
    parity: dict[str, Any],
    evaluation: dict[str, Any] | None,
    how: dict[str, Any],
) -> dict[str, Any]:
    """The content of model_card.json. ``evaluation`` is an evaluation's metrics.json, or None; ``how`` says what was
    exported: ``outputs``, ``strand_symmetric``, ``temperatures`` and ``licence``.
    """
    training = model.json("training.json")
    task = "trainer.ImportModel" if training.get("imported") else "trainer.TrainModel"
    spec = training["spec"]
    loss = training.get("loss", "cross_entropy")
    card: dict[str, Any] = {
        "model": model.digest,
        "architecture": spec["architecture"],
        "options": spec["options"],
        "seeds": spec["seeds"],
        "n_parameters_each": model.manifest.summary["n_parameters"],
        "classes": dataset.outputs,
        "target_type": dataset.target_type,
        "loss": loss,
        "window_bp": dataset.window_bp,
        "alphabet": "ACGT",
        "input": f"onehot: float32 (batch, 4, {dataset.window_bp}), rows A C G T, N as zeros",
        "outputs": {
            "logits": f"float32 (batch, {len(dataset.outputs)}): {_named(dataset.outputs)}, {READ[ACTIVATION_OF[loss]]}"
            "; the mean over seeds" + _treated(how),
            **{name: OUTPUTS.get(name, "float32") for name in how["outputs"][1:]},
        },
        "strand_symmetric": how["strand_symmetric"],
        "temperatures": how["temperatures"],
        "training_operation": {"task": task, "spec_digest": digest_json({"task": task, "spec": model.manifest.spec})},
        "training_data": {
            "dataset": training["dataset"],
            "genome_digest": model.manifest.genome_digest,
            "n_train": training["n_train"],
            "n_selection": training["n_selection"],
            **({"imported_from": training["checkpoint_name"]} if training.get("imported") else {}),
        },
        "training": {
            key: spec[key]
            for key in (
                "protocol", "epochs", "patience", "batch_size", "accumulation", "learning_rate", "weight_decay",
                "rc_augmentation", "strands", "class_weights",
            )
            if key in spec
        }
        | {"selection": training["selection"], "device": training["device"], "dtype": training["dtype"]},
        "per_seed": model.manifest.summary["seeds"],
        "parity": {key: parity[key] for key in ("max_abs_difference", "tolerance", "batches")},
        "optimistic": spec["protocol"] == "paper",
        "licence": how["licence"] or "none was stated at export: ask who trained it",
        "limits": [SCOPE[dataset.target_type], *LIMITS],
    }  # fmt: skip
    if evaluation is not None:
        card["evaluation"] = {
            key: evaluation[key]
            for key in ("split", "n", *FIGURES, "intervals", "interval_method", "optimistic")
            if evaluation.get(key) is not None
        }
        shown = "pearson" if dataset.target_type == "regression" else "auroc"
        card["evaluation"][f"baselines_{shown}"] = {name: b[shown] for name, b in evaluation["baselines"].items()}
    return card


def as_markdown(card: dict[str, Any]) -> str:
    """The same card for people."""
    lines = [
        f"# {card['architecture']}: {_title(card)}",
        "",
        f"An ensemble of {len(card['seeds'])} networks (seeds {', '.join(map(str, card['seeds']))}; "
        f"{card['n_parameters_each']:,} parameters each) that reads {card['window_bp']} bp of DNA and gives a logit "
        f"for each of {' and '.join(card['classes']) if len(card['classes']) == 2 else _named(card['classes'])}.",
        "",
        "## Data and training",
        "",
        *_trained(card),
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
        "## Licence",
        "",
        f"{card['licence']}",
        "",
        "## Limits",
        "",
        *[f"- {text}" for text in card["limits"]],
        "",
    ]
    return "\n".join(lines)


def _trained(card: dict[str, Any]) -> list[str]:
    data, training = card["training_data"], card["training"]
    if "imported_from" in data:
        return [
            f"- The weights were imported from {data['imported_from']}: what they were trained on, and how, is not "
            "known here, so an evaluation cannot say whether its sequences were among them."
        ]
    strands = "reverse complements " + ("on" if training["rc_augmentation"] else "off")
    return [
        f"- Dataset `{data['dataset'][:16]}`, genome {data['genome_digest'] or 'not known (ready sequences)'}: "
        f"{data['n_train']:,} sequences to train, {data['n_selection']:,} to choose the epoch.",
        f"- Protocol {training['protocol']}: at most {training['epochs']} epochs, batches of "
        f"{training['batch_size']} × {training['accumulation']}, Adam at {training['learning_rate']:g}, weight decay "
        f"{training['weight_decay']:g}, {strands}, on {training['device']} in "
        f"{training['dtype']}.",
        f"- The epoch was chosen on the {training['selection']} split."
        + (" Its test accuracy is therefore optimistic." if card["optimistic"] else ""),
    ]


def _measured(card: dict[str, Any]) -> list[str]:
    evaluation = card.get("evaluation")
    if evaluation is None:
        return ["No evaluation was given at export."]
    lines = [f"On the {evaluation['split']} split ({evaluation['n']:,} sequences):", ""]
    for name in (figure for figure in FIGURES if figure in evaluation):
        low_high = evaluation["intervals"].get(name)
        within = f" (95 % {low_high[0]:.3f}–{low_high[1]:.3f})" if low_high else ""
        lines.append(f"- {name}: {evaluation[name]:.3f}{within}")
    shown, title = ("pearson", "Pearson") if "baselines_pearson" in evaluation else ("auroc", "AUROC")
    found = evaluation[f"baselines_{shown}"].items()
    beside = ", ".join(f"{name} {'undefined' if value is None else f'{value:.3f}'}" for name, value in found)
    return [*lines, f"- {title} of the baselines: {beside}" if beside else "- no baseline could be fitted"]


def _title(card: dict[str, Any]) -> str:
    names = card["classes"]
    if card["target_type"] == "class_index" and len(names) == 2:
        return f"{names[1]} against {names[0]}"
    kind = {"class_index": "classes", "multilabel": "labels", "regression": "values"}[card["target_type"]]
    return f"{kind} {_named(names)}"


def _treated(how: dict[str, Any]) -> str:
    both = " and both strands" if how["strand_symmetric"] else ""
    return both + (", divided by temperatures fitted on the validation split" if how["temperatures"] else "")


def _named(names: list[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "")
