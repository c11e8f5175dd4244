"""CallSeqlets: both methods against planted words and hand-made scores; files that agree with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import decode
from cislex_motif.seqlet_specs import CallSeqletsSpec
from cislex_motif.seqlets import recursive_seqlets, threshold_seqlets
from pydantic import ValidationError

from tests.motif.attribution_scenes import commit, planted

WORDS = {"TGACTCATG": 1.0, "GGGCGGAGC": -1.0}


def test_runs_above_the_threshold_with_gaps_of_one() -> None:
    scores = np.zeros((2, 20), dtype=np.float32)
    scores[0, [2, 3, 5, 6]] = [2, 3, -2, 2]  # four bases, one gap
    scores[0, [10, 11, 14, 15]] = 2  # a gap of two
    scores[1, 16:20] = -3
    found = threshold_seqlets(scores, 1.0, min_bases=4, max_gap_bp=1)
    assert list(zip(found.sequence, found.start, found.end, strict=True)) == [(0, 2, 7), (1, 16, 20)]
    assert found.attribution.tolist() == [5.0, -12.0]
    wider = threshold_seqlets(scores, 1.0, min_bases=4, max_gap_bp=2)
    assert [(a, b) for a, b in zip(wider.start, wider.end, strict=True)] == [(2, 7), (10, 16), (16, 20)]
    assert len(threshold_seqlets(scores, 5.0, 1, 1).start) == 0


def test_a_run_does_not_cross_into_the_next_sequence() -> None:
    scores = np.zeros((2, 6), dtype=np.float32)
    scores[0, 4:], scores[1, :2] = 1, 1
    assert len(threshold_seqlets(scores, 0.5, min_bases=3, max_gap_bp=1).start) == 0


def test_recursive_seqlets_of_both_signs() -> None:
    codes, hypothetical, places = planted(60, 80, WORDS)
    scores = np.take_along_axis(hypothetical, codes[:, None, :].astype(int), axis=1)[:, 0]
    found = recursive_seqlets(scores, 0.01, 4, 25)
    assert (found.pvalue < 0.01).all()
    assert ((found.attribution > 0) == (found.sequence % 2 == 0))[np.abs(found.attribution) > 2].all()
    for row, at in enumerate(places):
        mine = found.sequence == row
        assert np.minimum(found.end[mine], at + 9).max() - np.maximum(found.start[mine], at).min() >= 5
    assert (np.diff(found.sequence) >= 0).all()
    flat = recursive_seqlets(np.zeros((3, 30), dtype=np.float32), 0.01, 4, 25)
    assert len(flat.start) == 0


@pytest.mark.parametrize("method", ["recursive", "threshold"])
def test_files_agree(desk: Any, method: str) -> None:
    codes, hypothetical, places = planted(40, 80, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    artifact = desk.run("CallSeqlets", attributions=attributions, dataset=dataset, method=method, flank_bp=2)
    table, summary = artifact.table("seqlets.parquet").to_pydict(), artifact.manifest.summary
    n = len(table["row"])
    assert summary["n_seqlets"] == n >= 40
    assert summary["n_positive"] + summary["n_negative"] == n
    assert summary["n_sequences_with"] == 40
    assert table["row"][0] == 39  # the attributions' own order
    for i in range(n):
        row, start, end = (table[key][i] for key in ("row", "start", "end"))
        assert table["sequence"][i] == decode(codes[row, start:end])
        assert (table["genomic_start"][i], table["genomic_end"][i]) == (1000 * row + start, 1000 * row + end)
        assert table["chrom"][i] == f"chr{row % 3}"
        if abs(table["attribution"][i]) > 3:
            assert start <= places[row] + 4 <= end
            assert table["sign"][i] == ("positive" if row % 2 == 0 else "negative")
    assert (table["pvalue"][0] is None) == (method == "threshold")
    assert (summary["attribution_threshold"] > 0) == (method == "threshold")
    bed = [line.split("\t") for line in artifact.path("seqlets.bed").read_text().splitlines()]
    assert [int(line[1]) for line in bed] == table["genomic_start"]
    fasta = artifact.path("seqlets.fa").read_text().splitlines()
    assert fasta[1::2] == table["sequence"]
    assert fasta[0].startswith(">seqlet_1 row=39 ")


def test_ready_sequences_have_no_place_and_nothing_is_a_result(desk: Any) -> None:
    codes, hypothetical, _ = planted(20, 80, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical, coordinates=False)
    artifact = desk.run("CallSeqlets", attributions=attributions, dataset=dataset, method="threshold")
    assert artifact.path("seqlets.bed").read_text() == ""
    assert artifact.table("seqlets.parquet")["genomic_start"].null_count == artifact.manifest.summary["n_seqlets"]
    dataset, attributions = commit(desk, codes, np.zeros_like(hypothetical))
    for method in ("recursive", "threshold"):
        nothing = desk.run("CallSeqlets", attributions=attributions, dataset=dataset, method=method)
        assert nothing.manifest.summary["n_seqlets"] == 0
        assert nothing.table("seqlets.parquet").num_rows == 0


def test_bad_requests(desk: Any) -> None:
    codes, hypothetical, _ = planted(20, 80, WORDS)
    dataset, attributions = commit(desk, codes, hypothetical)
    other, _ = commit(desk, codes[:10], hypothetical[:10])
    with pytest.raises(UserError, match="give the attributions' own dataset") as caught:
        desk.run("CallSeqlets", attributions=attributions, dataset=other)
    assert caught.value.reason is Reason.INVALID_REQUEST
    with pytest.raises(UserError) as caught:
        desk.run("CallSeqlets", attributions=dataset, dataset=dataset)
    assert caught.value.reason is Reason.ARTIFACT_KIND
    for bad in ({"threshold": 0}, {"threshold": 1.5}, {"min_length_bp": 30}, {"max_gap_bp": -1}, {"z_threshold": 0}):
        with pytest.raises(ValidationError):
            CallSeqletsSpec(attributions="a", dataset="b", **bad)  # type: ignore[arg-type]
