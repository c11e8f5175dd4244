"""The tables of kind interactions (docs/formats.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cislex_explainer.interaction_verdict import Part, far_distances
from cislex_explainer.unit_specs import MeasureInteractionsSpec

if TYPE_CHECKING:
    from cislex_explainer.interactions_task import Pair, Subject

_CONFIDENCE = 0.95
_MOST_UNITS = 5


def criterion(spec: MeasureInteractionsSpec) -> str:
    """How a pair gets its verdict, in words."""
    return (
        f"a part of the residual counts where p < {spec.alpha:g} (absolute value above the control "
        f"{spec.control.upper()}'s, {spec.n_permutations} permutations within backgrounds) and it is > "
        f"{spec.tolerance:g} x the mean absolute effect of the two motifs; the largest departure of the mean residual "
        "from its far level (median of the farthest third of the distances) decides where it counts, else the far "
        "level; no motif does less: cooperative (departure) or synergistic (far level); a motif does less: saturating, "
        "or reversing where its effect changes sign; neither part counts: additive"
    )


def distances_table(pair: Pair, subject: Subject) -> pa.Table:
    """One row per distance and output: mean residual, its sd over backgrounds and 95 % interval, the control's, what is
    left over the far level, and for additive models what of the mean is within single units and what between them."""
    n = len(pair.curve.residuals)
    mean, sd, half = _moments(pair.curve.residuals)
    control_mean, control_sd, _ = _moments(pair.control.residuals)
    second = pair.curve.effect_second.mean(axis=0)
    level, far = pair.verdict.constant.residual, far_distances(pair.curve.distances)
    within = within_units(pair, subject)
    parts = []
    for index, name in enumerate(subject.names):
        rows = len(pair.curve.distances)
        nothing = pa.nulls(rows, pa.float64())
        parts.append(
            pa.table(
                {
                    "first": [pair.first.id] * rows,
                    "second": [pair.second.id] * rows,
                    "orientation": [pair.orientation] * rows,
                    "order": np.where(pair.curve.distances > 0, "first_second", "second_first"),
                    "output": [name] * rows,
                    "distance_bp": pa.array(pair.curve.distances, pa.int64()),
                    "second_start": pa.array(pair.curve.starts, pa.int64()),
                    "residual": mean[:, index],
                    "sd": sd[:, index],
                    "low": mean[:, index] - half[:, index],
                    "high": mean[:, index] + half[:, index],
                    "n": pa.array(np.full(rows, n), pa.int64()),
                    "control_residual": control_mean[:, index],
                    "control_sd": control_sd[:, index],
                    "distance_residual": mean[:, index] - level[index],
                    "is_far": far,
                    "effect_second": second[:, index],
                    "within_units": nothing if within is None else pa.array(within[:, index]),
                    "between_units": nothing if within is None else pa.array(mean[:, index] - within[:, index]),
                }
            )
        )
    return pa.concat_tables(parts)


def result_rows(pair: Pair, subject: Subject) -> list[dict[str, Any]]:
    """One row per output: message Interaction."""
    verdict = pair.verdict
    within = within_units(pair, subject)
    mean = pair.curve.residuals.mean(axis=0)
    rows = []
    for index, name in enumerate(subject.names):
        row: dict[str, Any] = {
            "first": pair.first.id,
            "second": pair.second.id,
            "orientation": pair.orientation,
            "output": name,
            "max_abs_residual": float(abs(verdict.largest.residual[index])),
            "distance_bp": int(verdict.largest.at[index]),
            "residual": float(verdict.largest.residual[index]),
            "control_max_abs_residual": float(verdict.largest.control[index]),
            "effect_first": float(verdict.effect_first[index]),
            "effect_second": float(verdict.effect_second[index]),
            "relative_residual": float(verdict.largest.relative[index]),
            "residual_range": float(verdict.span[index]),
            "p_value": float(verdict.largest.p_value[index]),
            "additive": bool(verdict.additive[index]),
            "verdict": str(verdict.verdict[index]),
            **_part("constant", verdict.constant, index),
            "far_from_bp": int(verdict.constant.at[index]),
            **_part("distance", verdict.distance, index),
            "distance_residual_bp": int(verdict.distance.at[index]),
        }
        if within is not None:
            at = int(np.flatnonzero(pair.curve.distances == verdict.largest.at[index])[0])
            share = pair.curve.averaged[at] * subject.unit_weights[index]
            order = np.argsort(-np.abs(share), kind="stable")[:_MOST_UNITS]
            row["within_units_max_abs"] = float(np.abs(within[:, index]).max())
            row["between_units_max_abs"] = float(np.abs(mean[:, index] - within[:, index]).max())
            row["top_units"] = [subject.unit_ids[i] for i in order if abs(share[i]) > 0.05 * row["max_abs_residual"]]
        rows.append(row)
    return rows


def _part(name: str, part: Part, index: int) -> dict[str, Any]:
    """Columns of one part of the residual for one output."""
    return {
        f"{name}_residual": float(part.residual[index]),
        f"control_{name}_residual": float(part.control[index]),
        f"{name}_relative": float(part.relative[index]),
        f"{name}_p_value": float(part.p_value[index]),
    }


def within_units(pair: Pair, subject: Subject) -> np.ndarray | None:
    """(P, outputs): the mean residual as the sum of each unit's own; None for models without units."""
    if not subject.unit_ids:
        return None
    return np.asarray(pair.curve.averaged @ subject.unit_weights.T)


def _moments(residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard deviation (n − 1) and half of the mean's 95 % t interval over the backgrounds (axis 0)."""
    from scipy.stats import t

    n = len(residuals)
    sd = residuals.std(axis=0, ddof=1)
    return residuals.mean(axis=0), sd, sd / np.sqrt(n) * float(t.ppf((1 + _CONFIDENCE) / 2, n - 1))
