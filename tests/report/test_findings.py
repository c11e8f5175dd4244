"""Which class a matrix belongs to, which factors are named, and how a match is aligned."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from cislex_client.report.examples import choose
from cislex_client.report.findings import binomial_two_sided, factors, lean, queries, side_of_scope
from cislex_client.report.inline_logos import aligned_pair, target_start
from cislex_client.report.panels.saliency import window
from cislex_client.report.results import Results, read_tsv
from cislex_client.report.sites import find_sites, scan
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.sequences import encode
from synthetic_parts import Shape, consensus_motif, write_tsv
from synthetic_results import write_results


def test_binomial_p_by_enumeration() -> None:
    assert binomial_two_sided(5, 5, 0.5) == pytest.approx(2 / 32)
    assert binomial_two_sided(3, 4, 0.3) == pytest.approx(4 * 0.3**3 * 0.7 + 0.3**4)
    assert binomial_two_sided(2, 4, 0.5) == pytest.approx(1.0)
    assert binomial_two_sided(0, 0, 0.5) == 1.0


def test_a_cluster_leans_only_with_evidence() -> None:
    assert lean(9, 1, 0.5) == "both"  # p = 0.02
    assert lean(19, 1, 0.5) == "WT"
    assert lean(1, 19, 0.5) == "KO"
    assert lean(19, 1, 0.95) == "both"  # as all k-mers are
    assert lean(math.nan, 1, 0.5) == ""


def test_scopes() -> None:
    assert [side_of_scope(s) for s in ("WT", "KO", "WT_vs_shuffled", "cluster_3", "WTF")] == ["WT", "KO", "WT", "", ""]


def test_factors_are_named_for_the_right_class(results_dir: Path) -> None:
    results = Results(results_dir)
    named = {factor.name: factor for factor in factors(results)}
    assert {name: factor.side for name, factor in named.items()} == {"RELA": "WT", "FOS::JUN": "KO", "SP1": "both"}
    assert named["FOS::JUN"].family == "Fos-related / Jun-related"
    assert {query.id for query in named["RELA"].queries} == {"cluster_0_m1", "WT_m1"}
    assert named["RELA"].enrichment is not None
    assert named["RELA"].enrichment["pct_wt"] == 74.0


def test_matrices_come_with_their_cluster_and_the_largest_first(results_dir: Path) -> None:
    found = queries(Results(results_dir))
    assert found[0].primary
    assert found[0].size == 94
    assert [query.kind for query in found[-2:]] == ["set", "set"]
    assert [query.id for query in found if query.best is None] == ["cluster_3_m1", "cluster_4_m1", "cluster_5_m1"]


def test_without_a_significant_match_nothing_is_named(tmp_path: Path) -> None:
    results = Results(write_results(tmp_path / "r", Shape(n_per_class=30, matches=False)))
    assert factors(results) == []
    assert all(query.best is None for query in queries(results))


def test_the_target_begins_at_minus_offset() -> None:
    query, target = consensus_motif("q", "TTACGTACGG", ""), consensus_motif("t", "ACGTACG", "T")
    assert target_start({"offset": -2, "overlap": 7, "orientation": "+"}, query, target) == 2
    # Another tool's sign: only the opposite start gives the overlap that it states.
    assert target_start({"offset": 4, "overlap": 6}, query, target) == 4
    drawing = aligned_pair("x", query, target.reverse_complement(), {"offset": -2, "overlap": 7, "orientation": "-"})
    assert "overlap 7 columns" in drawing
    assert "(reverse complement)" in drawing


def test_alignments_as_tomtom_gives_them_lie_column_on_column(shared_dir: Path) -> None:
    """MEME Suite's Tomtom: best match of each of 40 queries; drawn so, every overlap is Tomtom's and columns agree."""
    oracles = shared_dir / "oracles"
    of_query = {m.id: m for m in read_motifs(oracles / "tomtom_queries.meme")}
    of_target = {m.id: m for m in read_motifs(shared_dir / "data/motifs/JASPAR2024_CORE_vertebrates_nr.meme.gz")}
    seen: set[str] = set()
    with gzip.open(oracles / "tomtom_ed.tsv.gz", "rt") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            if row["Query_ID"] in seen or row["Target_ID"] not in of_target:
                continue
            seen.add(row["Query_ID"])
            query, target = of_query[row["Query_ID"]], of_target[row["Target_ID"]]
            match = {
                "offset": int(row["Optimal_offset"]),
                "overlap": int(row["Overlap"]),
                "orientation": row["Orientation"],
            }
            start = target_start(match, query, target)
            shown = target.reverse_complement() if row["Orientation"] == "-" else target
            lo, hi = max(0, start), min(query.width, start + target.width)
            assert hi - lo == match["overlap"]
            assert np.abs(query.probabilities[lo:hi] - shown.probabilities[lo - start : hi - start]).mean() < 0.08
    assert len(seen) == 40


def test_sites_on_both_strands_and_scores_by_plain_loop() -> None:
    motif = consensus_motif("m", "ACGGT", "M").probabilities
    codes = encode("TTTTTACGGTTTTTTTTACCGTTTTNNNNNTT")
    sites = find_sites(codes, [("M", motif)])
    assert [(s.start, s.end, s.strand) for s in sorted(sites, key=lambda s: s.start)] == [(5, 10, "+"), (17, 22, "-")]
    log_odds = np.log2((motif + 0.01) / 1.04 / 0.25)
    plain = [sum(log_odds[k][c] for k, c in enumerate(codes[i : i + 5]) if c < 4) for i in range(len(codes) - 4)]
    assert np.allclose(scan(codes, log_odds), plain)
    assert find_sites(codes[:3], [("M", motif)]) == []
    assert find_sites(codes, [("flat", np.full((4, 4), 0.25))]) == []


def test_examples_are_the_most_confident_and_one_wrong(results_dir: Path) -> None:
    results = Results(results_dir)
    data = results.attributions
    assert data is not None
    chosen = choose(results, data)
    wt = [e for e in chosen if e.true == "WT" and e.right]
    ko = [e for e in chosen if e.true == "KO" and e.right]
    assert len(wt) == len(ko) == 3
    assert [e.right for e in chosen].count(False) == 1
    assert not chosen[-1].right
    assert wt[0].p_wt >= wt[1].p_wt >= wt[2].p_wt > 0.5 > ko[2].p_wt >= ko[1].p_wt >= ko[0].p_wt
    table = read_tsv(results_dir / "predictions.tsv")
    best = max(row["p_WT"] for row in table.rows() if row["seed"] == -1 and row["label"] == 1)
    assert wt[0].p_wt == best


def test_the_window_shown_holds_the_strongest_stretch() -> None:
    strength = np.zeros(600)
    strength[400:412] = 1
    lo, hi = window(strength, 80)
    assert hi - lo == 80
    assert lo <= 400
    assert hi >= 412
    strength = np.zeros(600)
    strength[:5] = 1
    assert window(strength, 80) == (0, 80)
    assert window(np.ones(50), 80) == (0, 50)


def test_tables_keep_contig_names_as_text_and_know_missing_cells(tmp_path: Path) -> None:
    write_tsv(
        tmp_path / "t.tsv",
        ["chrom", "start", "p", "significant", "name"],
        [("6", 5, 1e-12, True, None), ("X", None, float("nan"), False, "nan")],
    )
    table = read_tsv(tmp_path / "t.tsv")
    assert table.get("chrom") == ["6", "X"]
    assert table.get("start") == [5, None]
    assert table.get("significant") == [True, False]
    assert table.get("name") == [None, "nan"]
    assert table.floats("p")[0] == 1e-12
    assert math.isnan(table.floats("p")[1])
    assert table.get("absent") == [None, None]


def test_a_motif_file_without_motifs_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "queries.meme").write_text("MEME version 4\n\nALPHABET= ACGT\n")
    results = Results(tmp_path)
    assert results.motifs("queries.meme") == {}
    assert not results.damaged


def test_found_against_shuffles_alone_is_no_difference_between_classes(copy_dir: Path) -> None:
    for name in ("motifs.tsv", "matches.tsv", "queries.meme", "enrichment.tsv"):
        text = (copy_dir / name).read_text()
        if name == "motifs.tsv":
            text = text.replace("WT_m1\tWT\t", "WT_m1\tWT_vs_shuffled\t").replace(
                "cluster_0_m1\tcluster_0", "cluster_0_m1\tWT_vs_shuffled"
            )
        if name == "enrichment.tsv":
            head, *rows = [line.split("\t") for line in text.splitlines()]
            for row in rows:
                row[head.index("qvalue_wt")] = row[head.index("qvalue_ko")] = "0.9"
            text = "\n".join("\t".join(row) for row in [head, *rows]) + "\n"
        (copy_dir / name).write_text(text)
    sides = {factor.name: factor.side for factor in factors(Results(copy_dir))}
    assert sides == {"RELA": "both", "FOS::JUN": "KO", "SP1": "both"}


def test_a_family_of_unlike_motifs_is_not_one_factor(tmp_path: Path) -> None:
    """REB1 and RAP1 are both Myb/SANT factors in JASPAR; RELA and REL are alike."""
    known = {"REB1": "CCGGGTAAC", "RAP1": "TGTATGGGTGT", "RELA": "GGGAATTTCC", "REL": "TGGAATTTCC"}
    family = {"REB1": "Myb", "RAP1": "Myb", "RELA": "Rel", "REL": "Rel"}
    motifs = [consensus_motif(name, word, name, 0.9) for name, word in known.items()]
    write_motifs(tmp_path / "targets.meme", motifs)
    write_motifs(tmp_path / "queries.meme", [m.renamed(f"q_{m.id}") for m in motifs])
    columns = ["query", "target", "target_name", "tf_family", "qvalue", "significant", "rank"]
    rows = [(f"q_{name}", name, name, family[name], 1e-9 * (i + 1), True, 1) for i, name in enumerate(known)]
    write_tsv(tmp_path / "matches.tsv", columns, rows)
    named = {factor.name: factor.others for factor in factors(Results(tmp_path))}
    assert named == {"REB1": [], "RAP1": [], "RELA": ["REL"]}
