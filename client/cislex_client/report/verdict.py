"""The report's judgement of the model in words, by rules that are stated in the glossary and nowhere softened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cislex_client.report.results import Results, number
from cislex_client.report.text import count, fixed, interval, listing, percent

BASELINES = {"gc": "GC content alone", "kmer6_logistic": "6-mer counts"}
WORDS = ((0.6, "barely"), (0.7, "weakly"), (0.8, "moderately well"), (0.9, "well"), (1.01, "very well"))


@dataclass(frozen=True)
class Scores:
    """One predictor on the reported split: values NaN where not given, interval None where not given."""

    key: str
    label: str
    auroc: float
    auprc: float
    accuracy: float
    intervals: dict[str, Any] = field(default_factory=dict)

    def pair(self, metric: str) -> tuple[float, float] | None:
        """The 95 % interval of a metric."""
        value = self.intervals.get(metric)
        if isinstance(value, (list, tuple)) and len(value) == 2 and None not in value:
            return float(value[0]), float(value[1])
        return None


@dataclass(frozen=True)
class Verdict:
    """``level`` is none | chance | baseline | unclear | better; ``caveats`` are whole sentences in plain text."""

    level: str
    sentence: str
    caveats: list[str]


def scores_of(key: str, label: str, value: dict[str, Any]) -> Scores:
    """Scores out of a part of metrics.json."""
    return Scores(
        key=key,
        label=label,
        auroc=number(value.get("auroc")),
        auprc=number(value.get("auprc")),
        accuracy=number(value.get("accuracy")),
        intervals=value.get("intervals") or {},
    )


def model_scores(metrics: dict[str, Any]) -> Scores:
    """The reported model: the ensemble where there is one."""
    return scores_of("model", "the model", metrics)


def baseline_scores(metrics: dict[str, Any]) -> list[Scores]:
    """The baselines, GC first."""
    given = metrics.get("baselines") or {}
    order = [*BASELINES, *(key for key in given if key not in BASELINES)]
    return [scores_of(key, BASELINES.get(key, key), given[key]) for key in order if isinstance(given.get(key), dict)]


def how_well(auroc: float) -> str:
    """The word for an AUROC: < 0.6 barely, < 0.7 weakly, < 0.8 moderately well, < 0.9 well, else very well."""
    return next(word for bound, word in WORDS if auroc < bound)


def judge(results: Results) -> Verdict:
    """Compare the model with chance and with the baselines by its own interval."""
    metrics = results.json("metrics.json")
    model = model_scores(metrics)
    if not metrics or model.auroc != model.auroc:
        return Verdict("none", "How well held-out sequences can be told apart was not measured.", [])
    pair = model.pair("auroc")
    low = pair[0] if pair else model.auroc
    known = [scores for scores in baseline_scores(metrics) if scores.auroc == scores.auroc]
    best = max(known, key=lambda scores: scores.auroc, default=None)
    against = listing([f"{scores.label} ({fixed(scores.auroc, 2)})" for scores in known])
    said = f"AUROC {fixed(model.auroc, 2)}" + (f", 95{chr(0x202F)}% interval {interval(pair)}" if pair else "")
    baselines = f"; {against} for comparison" if against else "; no baseline was measured"
    if low <= 0.5:
        level = "chance"
        reason = "whose interval includes 0.5" if pair else "no better than 0.5"
        sentence = (
            f"It is not shown that the model tells held-out sequences "
            f"apart better than chance ({said}, {reason}){baselines}."
        )
    elif best is not None and model.auroc <= best.auroc:
        level = "baseline"
        sentence = (
            f"The model separates held-out sequences {how_well(model.auroc)} ({said}), but no better than "
            f"{best.label} ({fixed(best.auroc, 2)}): its motifs explain little that simpler counts do not."
        )
    elif best is not None and low <= best.auroc:
        level = "unclear"
        sentence = (
            f"The model separates held-out sequences {how_well(model.auroc)} ({said}); whether it is better than "
            f"{best.label} ({fixed(best.auroc, 2)}) cannot be said, "
            f"for that lies within the interval{_rest(known, best)}."
        )
    else:
        level = "better"
        sentence = f"The model separates held-out sequences {how_well(model.auroc)} ({said}), better than {against}."
        if not known:
            sentence = f"The model separates held-out sequences {how_well(model.auroc)} ({said}){baselines}."
    return Verdict(level, sentence, _caveats(results, metrics, model, known))


def _rest(known: list[Scores], best: Scores) -> str:
    others = [f"{scores.label} {fixed(scores.auroc, 2)}" for scores in known if scores is not best]
    return f" ({listing(others)})" if others else ""


def _caveats(results: Results, metrics: dict[str, Any], model: Scores, known: list[Scores]) -> list[str]:
    out = []
    if metrics.get("optimistic") is True or selection(results) == "test":
        out.append(
            "The training epoch was chosen on these same test sequences, as the paper does; the figures are therefore "
            "optimistic. Run without --protocol paper for honest ones."
        )
    sizes = [int(number(part.get("n"))) for part in per_class(metrics).values() if number(part.get("n")) >= 0]
    if sizes and min(sizes) < 50:
        out.append(f"The smaller class has only {count(min(sizes))} test sequences, so every figure here is uncertain.")
    gc = next((scores for scores in known if scores.key == "gc"), None)
    if gc is not None and gc.auroc >= 0.65:
        out.append(
            f"GC content alone reaches AUROC {fixed(gc.auroc, 2)}: "
            f"the two sets differ in composition, and part of what "
            "the model uses may be that."
        )
    silent = [name for name, part in per_class(metrics).items() if number(part.get("recall")) < 0.1]
    if silent:
        out.append(
            f"At p = 0.5 the model calls almost nothing {listing(silent)}: it may rank sequences well, but its classes "
            "are not usable as they are. Longer training may help."
        )
    pair = model.pair("auroc")
    if pair and pair[1] - pair[0] > 0.15:
        out.append(f"The interval is wide ({interval(pair)}): more test chromosomes or peaks would narrow it.")
    spread = [number(seed.get("auroc")) for seed in per_seed(metrics)]
    spread = [value for value in spread if value == value]
    if len(spread) > 1 and max(spread) - min(spread) > 0.1:
        out.append(
            f"The seeds disagree: AUROC from {fixed(min(spread), 2)} to {fixed(max(spread), 2)}. "
            "Motifs that do not recur over seeds deserve little trust."
        )
    if metrics.get("split") not in (None, "test"):
        out.append(f"The figures are of the {metrics['split']} split, not of the test split.")
    majority = max(sizes) / sum(sizes) if sizes and sum(sizes) else 0.5
    if majority > 0.6:
        out.append(f"The classes are unequal: always saying the larger one would be right in {percent(majority)}.")
    return out


def per_class(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The per-class part of metrics.json; {} where absent."""
    value = metrics.get("per_class")
    return {k: v for k, v in value.items() if isinstance(v, dict)} if isinstance(value, dict) else {}


def per_seed(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """The per-seed part of metrics.json as a list of objects with ``seed``; a mapping by seed is taken too."""
    value = metrics.get("per_seed")
    if isinstance(value, dict):
        return [{"seed": seed, **entry} for seed, entry in value.items() if isinstance(entry, dict)]
    if isinstance(value, list):
        return [{"seed": i, **entry} for i, entry in enumerate(value) if isinstance(entry, dict)]
    return []


def selection(results: Results) -> str:
    """On what the epoch was chosen: ``validation``, ``test`` or "" where unknown."""
    return str(results.json("training.json").get("selection") or "")
