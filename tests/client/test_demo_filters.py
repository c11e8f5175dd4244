"""Filters are named, and counted as names, only where they recur in at least half of the seeds."""

from __future__ import annotations

from pathlib import Path

import pytest
from cislex_client.demo import write_planted
from cislex_client.recurrence import n_seeds, recurs
from cislex_client.tables import write_rows

MATCH = ("query", "query_consensus", "target", "target_name", "tf_family", "pvalue", "qvalue")


@pytest.mark.parametrize(
    "found, seeds, expected", [(3, 5, True), (2, 5, False), ("3", 5, True), (1, 1, True), (2, 4, True), ("", 5, False)]
)
def test_half_of_the_seeds(found: object, seeds: int, expected: bool) -> None:
    assert recurs({"n_seeds": found}, seeds) is expected


def test_seeds_are_counted_from_the_filters() -> None:
    assert n_seeds([{"seed": "0"}, {"seed": "0"}, {"seed": "4"}]) == 2
    assert n_seeds([]) == 1


def test_a_recurring_filter_with_a_foreign_name_is_a_false_name(tmp_path: Path) -> None:
    def match(query: str, target: str, name: str, family: str) -> dict[str, object]:
        values = (query, "NNN", target, name, family, 1e-9, 1e-6)
        return dict(zip(MATCH, values, strict=True))

    (tmp_path / "truth.tsv").write_text("motif_id\tmotif_name\tset\nMA0107.1\tRELA\tWT\n")
    write_rows([match("WT_1", "MA0107.1", "RELA", "NF-kappaB-related factors")], MATCH, tmp_path / "matches.tsv")
    write_rows([{"seed": s} for s in range(5)], ("seed",), tmp_path / "filters.tsv")
    groups = [{"representative": "s0_f1", "n_seeds": 3}, {"representative": "s0_f2", "n_seeds": 1}]
    write_rows(groups, ("representative", "n_seeds"), tmp_path / "filter_groups.tsv")
    foreign = [match(query, "MA1929.2", "CTCF", "More than 3 adjacent zinc fingers") for query in ("s0_f1", "s0_f2")]
    write_rows(foreign, MATCH, tmp_path / "filter_matches.tsv")
    scores = write_planted(tmp_path, tmp_path)
    assert scores["n_recovered"] == 1
    assert [row["query"] for row in scores["false_names"]] == ["s0_f1"]
