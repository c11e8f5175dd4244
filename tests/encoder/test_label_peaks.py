"""LabelPeaks: both definitions, three kinds of source, and tables that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact

# log2((KO + 1) / (WT + 1)): gained 2.0, unchanged 0.0, lost -2.0, weak and unchanged 0.0, between 0.55
COUNTS = """chrom\tstart\tend\tname\tWT_1\tWT_2\tKO_1
chr1\t100\t200\tgained\t14\t16\t63
chr1\t300\t400\tunchanged\t20\t22\t21
chr1\t500\t600\tlost\t63\t63\t15
chr1\t700\t800\tweak\t10\t10\t10
chr1\t900\t950\tbetween\t40\t40\t59
"""
DESEQ = """"","baseMean","log2FoldChange","lfcSE","padj"
"chr1:100-200",50,1.8,0.2,0.001
"chr1:300-400",50,0.05,0.2,0.9
"chr1:500-600",50,-1.7,0.2,0.01
"chr1:700-800",50,3.0,0.2,NA
"chr1:900-950",4,0.01,0.2,0.99
"""


def _names(artifact: Artifact, name: str) -> list[str]:
    return [line.split("\t")[3] for line in artifact.path(f"{name}.bed").read_text().splitlines()]


def test_counts_by_both_definitions(bench: Any) -> None:
    table = bench.write("counts.tsv", COUNTS)
    unchanged = bench.run("encoder.LabelPeaks", counts=table)
    assert (_names(unchanged, "wt"), _names(unchanged, "ko")) == (["unchanged"], ["gained"])
    assert unchanged.manifest.summary["definition"] == "unchanged"
    specific = bench.run("encoder.LabelPeaks", counts=table, definition="specific")
    assert (_names(specific, "wt"), _names(specific, "ko")) == (["lost"], ["gained"])
    rows = specific.table("labels.parquet").to_pylist()
    assert [row["label"] for row in rows] == ["KO", "none", "WT", "none", "none"]
    assert rows[0]["log2fc"] == pytest.approx(2.0)
    assert "log2FC < -1" in specific.manifest.summary["rule"]


def test_thresholds_columns_and_depth(bench: Any) -> None:
    table = bench.write("counts.tsv", COUNTS)
    low = bench.run("encoder.LabelPeaks", counts=table, wt_min_count=5, ko_min_log2fc=0.5)
    assert (_names(low, "wt"), _names(low, "ko")) == (["unchanged", "weak"], ["gained", "between"])
    renamed = bench.write("named.tsv", COUNTS.replace("WT_1\tWT_2\tKO_1", "s1\ts2\ts3"))
    named = bench.run("encoder.LabelPeaks", counts=renamed, wt_columns=["s1", "s2"], ko_columns=["s3"])
    assert _names(named, "ko") == ["gained"]
    deep = bench.write("deep.tsv", "chr,start,end,WT,KO\nchr1,1,9,100,200\nchr1,20,30,50,100\nchr1,40,50,10,900\n")
    cpm = bench.run("encoder.LabelPeaks", counts=deep, normalization="cpm", definition="specific")
    assert (cpm.manifest.summary["n_wt"], cpm.manifest.summary["n_ko"]) == (2, 1)


def test_differential_tables(bench: Any) -> None:
    table = bench.write("deseq.csv", DESEQ)
    unchanged = bench.run("encoder.LabelPeaks", differential=table)
    assert unchanged.path("ko.bed").read_text().startswith("chr1\t100\t200\t")
    assert unchanged.path("wt.bed").read_text().startswith("chr1\t300\t400\t")
    assert (unchanged.manifest.summary["n_wt"], unchanged.manifest.summary["n_ko"]) == (1, 1)
    swapped = bench.run("encoder.LabelPeaks", differential=table, contrast="wt_over_ko", definition="specific")
    assert swapped.path("ko.bed").read_text().startswith("chr1\t500\t600\t")
    edger = bench.write("edger.tsv", "seqnames\tstart\tend\tlogFC\tFDR\nchr1\t1\t9\t2\t0.01\nchr1\t20\t30\t-2\t0.01\n")
    found = bench.run("encoder.LabelPeaks", differential=edger, definition="specific", coordinate_base=1)
    assert found.path("ko.bed").read_text().startswith("chr1\t0\t9\t")


def test_r_tables_whose_header_lacks_the_first_cell(bench: Any) -> None:
    text = "baseMean\tlog2FoldChange\tpadj\nchr1:100-200\t50\t1.8\t0.001\nchr1:300-400\t50\t-1.8\t0.001\n"
    found = bench.run("encoder.LabelPeaks", differential=bench.write("r.txt", text), definition="specific")
    assert _names(found, "ko") == ["chr1:100-200"]


def test_two_beds_keep_their_summits(bench: Any) -> None:
    wt = bench.write("a.narrowPeak", "chr1\t100\t200\tp\t0\t+\t1\t1\t1\t30\n")
    artifact = bench.run("encoder.LabelPeaks", wt=wt, ko=bench.write("b.bed", "chr1\t300\t400\n"))
    assert artifact.path("wt.bed").read_text() == "chr1\t100\t200\tp\t0\t+\t0\t-1\t-1\t30\n"
    assert artifact.manifest.summary["definition"] == "as_given"


@pytest.mark.parametrize(
    ("text", "options", "reason", "words"),
    [
        ("chrom\tstart\tend\ts1\ts2\nchr1\t1\t2\t3\t4\n", {}, Reason.INVALID_TABLE, "no column begins with WT"),
        (COUNTS, {"ko_columns": ["KO_9"]}, Reason.INVALID_TABLE, "looked for KO_9"),
        (COUNTS.replace("\t63\n", "\tmany\n"), {}, Reason.INVALID_TABLE, "counts.tsv line 2: column KO_1 is 'many'"),
        (COUNTS.replace("\t63\n", "\t-1\n"), {}, Reason.INVALID_TABLE, "line 2: column KO_1 is -1"),
        (COUNTS.replace("100\t200", "200\t100"), {}, Reason.INVALID_TABLE, "line 2: end 100 is not greater"),
        ("id\tWT\tKO\np1\t3\t4\n", {}, Reason.INVALID_TABLE, "no place"),
        (COUNTS, {"ko_min_log2fc": 9}, Reason.EMPTY_SET, "no peak meets the definition of KO"),
        ("", {}, Reason.EMPTY_SET, "is empty"),
        ("chrom\tstart\tend\tWT\tKO\n", {}, Reason.EMPTY_SET, "has a header but no row"),
    ],
)
def test_tables_that_cannot_be_used(bench: Any, text: str, options: dict[str, Any], reason: Reason, words: str) -> None:
    with pytest.raises(UserError) as caught:
        bench.run("encoder.LabelPeaks", counts=bench.write("counts.tsv", text), **options)
    assert caught.value.reason is reason
    assert words in caught.value.message


def test_labelled_peaks_become_a_dataset(bench: Any, shared_dir: Path) -> None:
    yeast = shared_dir / "data" / "yeast"
    peaks = bench.run("encoder.LabelPeaks", wt=yeast / "Reb1.bed", ko=yeast / "Abf1.bed")
    with pytest.raises(UserError, match="genome is needed"):
        bench.run("encoder.BuildDataset", peaks=peaks.digest)
    dataset = bench.run("encoder.BuildDataset", peaks=peaks.digest, genome=yeast / "sacCer3.fa.gz", window_bp=100)
    assert dataset.manifest.summary["n_rows"] == 1330
