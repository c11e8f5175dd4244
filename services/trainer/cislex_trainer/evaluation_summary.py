"""The Evaluation message of metrics.json: what fits a message, undefined values left out."""

from __future__ import annotations

from typing import Any

from cislex_trainer.metrics import number
from cislex_trainer.specs import PROTOCOLS, EvaluateModelSpec

# a message stays far below a mebibyte: the rest is in metrics.json
MOST_OUTPUTS = 2000
_TOP = (
    "accuracy", "auroc", "auprc", "macro_f1", "pearson", "spearman", "mse", "pearson_across_tasks",
    "share_well_predicted",
)  # fmt: skip
_PER_OUTPUT = ("n", "n_positive", "auroc", "auprc", "pearson", "spearman", "mse")


def summary(spec: EvaluateModelSpec, metrics: dict[str, Any]) -> dict[str, Any]:
    """The fields of the Evaluation message."""
    protocol = metrics["protocol"]
    ece = metrics.get("calibration", {}).get("ece")
    return {
        "model": spec.model,
        "dataset": spec.dataset,
        "split": spec.split,
        "n_sequences": metrics["n"],
        "protocol": f"PROTOCOL_{protocol.upper() if protocol in PROTOCOLS else 'UNSPECIFIED'}",
        "optimistic": metrics["optimistic"],
        **_defined(metrics, _TOP),
        **({} if ece is None else {"ece": number(ece)}),
        "confusion": [cell for row in metrics.get("confusion", []) for cell in row],
        "intervals": [{"metric": name, "low": low, "high": high} for name, (low, high) in metrics["intervals"].items()],
        "baselines": [
            {"name": name, **_defined(b, ("accuracy", "auroc", "auprc", "pearson", "mse"))}
            for name, b in metrics["baselines"].items()
        ],
        "interval_blocks": metrics["interval_blocks"],
        "target_type": metrics["target_type"],
        "outputs": [
            {"name": one["name"], **_defined(one, _PER_OUTPUT)} for one in metrics.get("per_output", [])[:MOST_OUTPUTS]
        ],
    }


def _defined(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}
