"""The judgement in words: no overclaiming, every caveat said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cislex_client.report.results import Results
from cislex_client.report.verdict import how_well, judge


def judged(path: Path, **metrics: Any) -> Any:
    base: dict[str, Any] = {
        "split": "test",
        "auroc": 0.92,
        "intervals": {"auroc": [0.89, 0.95]},
        "baselines": {"gc": {"auroc": 0.55}, "kmer6_logistic": {"auroc": 0.83}},
        "per_class": {"WT": {"n": 200}, "KO": {"n": 210}},
        "per_seed": [{"seed": 0, "auroc": 0.91}, {"seed": 1, "auroc": 0.92}],
        "optimistic": False,
    }
    (path / "metrics.json").write_text(json.dumps({**base, **metrics}))
    return judge(Results(path))


def test_clearly_better_than_the_baselines(tmp_path: Path) -> None:
    verdict = judged(tmp_path)
    assert verdict.level == "better"
    assert verdict.caveats == []
    for said in ("very well", "0.92", "0.89–0.95", "GC content alone (0.55)", "6-mer counts (0.83)"):
        assert said in verdict.sentence


def test_an_interval_that_holds_one_half_is_chance(tmp_path: Path) -> None:
    verdict = judged(tmp_path, auroc=0.7, intervals={"auroc": [0.44, 0.85]})
    assert verdict.level == "chance"
    assert "not shown" in verdict.sentence
    assert "includes 0.5" in verdict.sentence


def test_a_baseline_above_the_model_is_said(tmp_path: Path) -> None:
    verdict = judged(tmp_path, auroc=0.8, intervals={"auroc": [0.76, 0.84]})
    assert verdict.level == "baseline"
    assert "no better than 6-mer counts (0.83)" in verdict.sentence


def test_a_baseline_within_the_interval_leaves_it_open(tmp_path: Path) -> None:
    verdict = judged(tmp_path, auroc=0.85, intervals={"auroc": [0.81, 0.89]})
    assert verdict.level == "unclear"
    assert "cannot be said" in verdict.sentence


def test_without_metrics_nothing_is_claimed(tmp_path: Path) -> None:
    verdict = judge(Results(tmp_path))
    assert verdict.level == "none"
    assert "not measured" in verdict.sentence


def test_an_undefined_auroc_claims_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, auroc=None).level == "none"


@pytest.mark.parametrize(
    "change, said",
    [
        ({"optimistic": True}, "optimistic"),
        ({"per_class": {"WT": {"n": 12}, "KO": {"n": 80}}}, "only 12 test sequences"),
        (
            {"baselines": {"gc": {"auroc": 0.7}, "kmer6_logistic": {"auroc": 0.8}}},
            "GC content alone reaches AUROC 0.70",
        ),
        ({"intervals": {"auroc": [0.7, 0.95]}}, "interval is wide"),
        ({"per_seed": [{"seed": 0, "auroc": 0.75}, {"seed": 1, "auroc": 0.93}]}, "from 0.75 to 0.93"),
        ({"split": "validation"}, "validation split"),
        ({"per_class": {"WT": {"n": 90, "recall": 0.01}, "KO": {"n": 90, "recall": 1.0}}}, "almost nothing WT"),
        ({"per_class": {"WT": {"n": 900}, "KO": {"n": 100}}}, "right in 90"),
    ],
)
def test_caveats(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    assert any(said in caveat for caveat in judged(tmp_path, **change).caveats)


def test_the_epoch_chosen_on_test_is_optimistic_whatever_metrics_say(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text('{"selection": "test"}')
    assert any("optimistic" in caveat for caveat in judged(tmp_path).caveats)


def test_words_for_an_auroc() -> None:
    assert [how_well(v) for v in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)] == [
        "barely",
        "weakly",
        "moderately well",
        "well",
        "very well",
        "very well",
    ]
