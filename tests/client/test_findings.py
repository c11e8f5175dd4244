"""What finished steps say on the terminal."""

from __future__ import annotations

from typing import Any

from cislex_client.pipelines.findings import findings


def _classes(n: int) -> list[dict[str, Any]]:
    return [{"name": "KO", "n_rows": n}, {"name": "WT", "n_rows": n}]


DATASET: dict[str, Any] = {
    "n_rows": 1330,
    "window_bp": 100,
    "classes": [{"name": "KO", "n_rows": 665}, {"name": "WT", "n_rows": 665}],
    "splits": [
        {"name": "train", "n_rows": 768, "classes": _classes(384), "chroms": ["chrI", "chrII"]},
        {"name": "test", "n_rows": 308, "classes": _classes(154), "chroms": []},
    ],
    "split_by": "random",
    "dropped": [{"reason": "label_conflict", "n_rows": 118}],
    "n_input_rows": 1448,
    "alias_used": [{"from_name": f"chr{i}", "to_name": f"c{i}"} for i in range(10)],
    "split_notes": ["validation: chrII, chosen as nearest to 10 % of the rest"],
}


def test_counts_splits_drops_and_names_are_said() -> None:
    assert findings("dataset", DATASET) == [
        "1,330 sequences of 100 bp: 665 WT, 665 KO",
        "train: 384 WT, 384 KO (chrI, chrII)",
        "test: 154 WT, 154 KO (split: random)",
        "validation: chrII, chosen as nearest to 10 % of the rest",
        "of 1,448 input rows left out: 118 label_conflict",
        "chromosome names mapped: " + ", ".join(f"chr{i} → c{i}" for i in range(8)) + " and 2 more",
    ]


def test_the_model_is_said_beside_its_baselines() -> None:
    summary = {
        "auroc": 0.9432,
        "intervals": [{"metric": "auroc", "low": 0.912, "high": 0.968}],
        "n_sequences": 308,
        "split": "test",
        "baselines": [{"name": "gc", "auroc": 0.534}, {"name": "kmer6_logistic", "auroc": 0.868}],
        "optimistic": True,
    }
    first, second = findings("evaluate", summary)
    assert first == (
        "AUROC 0.943 (95 % 0.912–0.968) on 308 test sequences; baselines: GC content alone 0.534, 6-mer counts 0.868"
    )
    assert second.startswith("optimistic")


def test_no_match_is_a_result() -> None:
    rows = [
        {"query": "WT_1", "target": "MA1", "target_name": "REB1", "significant": True},
        {"query": "cluster_1", "target": "MA1", "target_name": "REB1", "significant": True},
        {"query": "KO_1", "target": "MA2", "target_name": "ABF1", "significant": False},
    ]
    assert findings("compare", {"best": rows}) == ["best matches: REB1 (WT_1, cluster_1)"]
    assert findings("compare", {"best": rows[2:]}) == ["none of 1 motifs resembles a known one (q ≤ 0.05)"]
    assert findings("export", {}) == []


def test_many_units_of_one_name_are_counted() -> None:
    rows = [{"query": f"s0_u{i}", "target": "MA1", "target_name": "CTCF", "significant": True} for i in range(9)]
    rows.append({"query": "s0_u9", "target": "MA2", "target_name": "SPIB", "significant": True})
    assert findings("compare_units", {"best": rows}) == ["best matches: CTCF (s0_u0 and 8 more); SPIB (s0_u9)"]
    capped = findings("compare_units", {"best": rows, "n_queries": 300, "n_matched": 192})
    assert capped == ["192 of 300 motifs resemble a known one; of the first 10: CTCF (s0_u0 and 8 more); SPIB (s0_u9)"]


def test_tasks_are_counted_where_there_are_no_classes() -> None:
    summary = {
        "n_rows": 1000,
        "window_bp": 200,
        "tasks": [{"name": "CTCF"}, {"name": "SPI1"}],
        "splits": [{"name": "test", "n_rows": 100, "chroms": ["chr8"]}],
        "n_input_rows": 1000,
    }
    assert findings("dataset", summary)[:2] == ["1,000 sequences of 200 bp: 2 tasks", "test: 100 (chr8)"]


def test_units_that_are_not_used_and_the_order_of_models_are_said() -> None:
    units = {"n_units": 100, "n_active_units": 98, "n_correct": 900, "n_weight_only": 3}
    assert findings("units", units) == [
        "98 of 100 units have sites in 900 correctly predicted sequences",
        "3 large weights are of units that hardly answer: do not read them alone",
    ]
    models = [
        {"name": "danq", "metrics": [{"metric": "accuracy", "ensemble": 0.9}, {"metric": "auroc", "ensemble": 0.94}]},
        {"name": "explainn", "metrics": [{"metric": "auroc", "ensemble": 0.96}]},
        {"name": "cnn4", "metrics": [{"metric": "auroc"}]},
    ]
    said = findings("comparison", {"main_metric": "auroc", "models": models})
    assert said == ["1. explainn: auroc 0.960", "2. danq: auroc 0.940"]
