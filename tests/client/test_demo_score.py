"""How the demo judges itself: recovered, named, false names."""

from __future__ import annotations

import json

from cislex_client.demo import Planted, best_matches, read_truth, score, write_planted

PLANTED = [
    Planted("MA0107.1", "RELA", "WT", 100),
    Planted("MA0099.4", "FOS::JUN", "KO", 90),
    Planted("MA0079.5", "SP1", "both", 120),
]


def match(query: str, target: str, family: str, p: float, q: float, name: str = "") -> dict[str, str]:
    """One row of matches.tsv."""
    return {
        "query": query, "target": target, "target_name": name or target, "tf_family": family, "pvalue": repr(p),
        "qvalue": repr(q), "query_consensus": "ACGT",
    }  # fmt: skip


ROWS = [
    match("WT_1", "MA0107.1", "NF-kappaB-related factors", 1e-9, 1e-7),
    match("WT_1", "MA0105.4", "NF-kappaB-related factors", 1e-8, 1e-6),
    match("KO_1", "MA1134.1", "Fos-related; Jun-related", 1e-9, 1e-7),
    match("KO_1", "MA0099.4", "Fos-related; Jun-related", 1e-8, 1e-6),
    match("KO_2", "MA0079.5", "Three-zinc finger Kruppel-related", 1e-3, 0.2),
]


def test_the_planted_matrix_or_its_family_counts():
    scores = score(PLANTED, ROWS)
    table = {row["name"]: row for row in scores["table"]}
    assert table["RELA"]["recovered"]
    assert table["RELA"]["exact_rank"] == 1
    assert table["FOS::JUN"]["recovered"]
    assert table["FOS::JUN"]["target"] == "MA1134.1"
    assert table["FOS::JUN"]["exact_rank"] == 2
    assert not table["SP1"]["recovered"], "q is above the threshold"
    assert (scores["n_planted"], scores["n_recovered"]) == (3, 2)
    assert scores["false_names"] == []


def test_a_name_that_was_not_planted_is_false():
    rows = [*ROWS, match("cluster_2_1", "MA0139.2", "More than 3 adjacent zinc fingers", 1e-9, 1e-3, "CTCF")]
    false = score(PLANTED, rows)["false_names"]
    assert [(entry["query"], entry["scope"], entry["target_name"]) for entry in false] == [
        ("cluster_2_1", "cluster_2", "CTCF")
    ]
    rows[-1]["qvalue"] = "0.02"
    assert score(PLANTED, rows)["false_names"] == []


def test_only_the_best_match_names_a_query():
    assert best_matches(ROWS)["KO_1"]["target"] == "MA1134.1"
    assert "KO_2" not in best_matches(ROWS)


def test_nothing_found_is_a_score_too():
    scores = score(PLANTED, [])
    assert scores["recovered_share"] == 0
    assert all(row["recovered"] is False for row in scores["table"])
    assert score([], [])["recovered_share"] == 0


def test_truth_and_files(tmp_path):
    simulation = tmp_path / "simulation"
    simulation.mkdir()
    (simulation / "truth.tsv").write_text(
        "peak\tset\tchrom\tstart\tend\tstrand\tmotif_id\tmotif_name\tsite\n"
        "p1\tWT\tchr1\t1\t11\t+\tMA0107.1\tRELA\tGGGAATTTCC\n"
        "p1\tWT\tchr1\t21\t31\t+\tMA0079.5\tSP1\tGGGGCGGGG\n"
        "p2\tKO\tchr1\t91\t99\t-\tMA0079.5\tSP1\tGGGGCGGGG\n"
    )
    truth = read_truth(simulation / "truth.tsv")
    assert [(p.name, p.planted_in, p.n_planted) for p in truth] == [("RELA", "WT", 1), ("SP1", "both", 2)]
    result = tmp_path / "result"
    result.mkdir()
    write_planted(result, simulation)
    assert json.loads((result / "planted.json").read_text())["n_planted"] == 2
    lines = (result / "planted.tsv").read_text().splitlines()
    assert lines[0].startswith("motif_id\tname\tplanted_in\tn_planted\trecovered\t")
    assert lines[1].startswith("MA0107.1\tRELA\tWT\t1\tfalse\t")
