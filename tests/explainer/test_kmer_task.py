"""ExtractKmers as a task: the flat table, protocols, and errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex.explainer.v1 import explainer_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.sequences import decode_batch, encode, reverse_complement_str
from google.protobuf.json_format import ParseDict
from pydantic import ValidationError


@pytest.fixture
def attributions(desk: Any, make_dataset: Callable, make_model: Callable) -> Artifact:
    return desk.run("ComputeAttributions", model=make_model().digest, dataset=make_dataset().digest)


def _extract(desk: Any, source: Artifact, **fields: Any) -> Artifact:
    given = {"attributions": source.digest, "dataset": source.manifest.spec["dataset"]}
    return desk.run("ExtractKmers", **(given | fields))


def test_each_row_is_what_stands_in_the_window(desk: Any, attributions: Artifact) -> None:
    artifact = _extract(desk, attributions)
    data = desk.store.open_artifact(attributions.manifest.spec["dataset"])
    codes, rows = data.array("codes.npy"), attributions.array("rows.npy")
    importance = attributions.array("importance.npy")
    table = artifact.table("kmers.parquet").to_pylist()
    predicted = attributions.table("outputs.parquet")["predicted"].to_pylist()
    assert len(table) == 64 * 3
    for entry in table:
        at = rows.tolist().index(entry["row"])
        text = decode_batch(codes[entry["row"]][None])[0]
        assert entry["kmer_window"] == text[entry["start"] : entry["start"] + 20]
        turned = reverse_complement_str(entry["kmer_window"])
        assert entry["kmer"] == (entry["kmer_window"] if entry["strand"] == "+" else turned)
        assert entry["score"] == importance[at, entry["position"]] > 0
        assert entry["genomic_start"] == 1000 * entry["row"] + entry["start"]
        assert entry["chrom"] == f"chr{entry['row'] % 3 + 1}"
        assert entry["set"] == ("WT" if entry["label"] else "KO")
        assert entry["predicted"] == predicted[at]
        assert text[entry["position"]] != "N"
    positions = np.array([entry["position"] for entry in table]).reshape(-1, 3)
    gaps = np.abs(positions[:, [0, 0, 1]] - positions[:, [1, 2, 2]])
    assert gaps.min() >= 10
    scores = np.array([entry["score"] for entry in table]).reshape(-1, 3)
    assert (np.diff(scores, axis=1) <= 0).all()
    summary = ParseDict(artifact.manifest.summary, explainer_pb2.KmerSet())
    assert (summary.n_kmers, summary.n_wt_sequences, summary.n_ko_sequences) == (192, 32, 32)
    assert list(summary.top_ranked) == artifact.table("ranking.parquet")["kmer"].to_pylist()[:10]


def test_not_rc_aware_keeps_the_windows_reading(desk: Any, attributions: Artifact) -> None:
    table = _extract(desk, attributions, rc_aware=False).table("kmers.parquet").to_pydict()
    assert set(table["strand"]) == {"+"}
    assert table["kmer"] == table["kmer_window"]


@pytest.mark.parametrize("protocol, k", [("eq3", 13), ("code", 12)])
def test_paper_protocols_take_the_plain_top_three(desk: Any, attributions: Artifact, protocol: str, k: int) -> None:
    table = _extract(desk, attributions, kmer_protocol=protocol, rc_aware=False).table("kmers.parquet").to_pydict()
    assert {len(word) for word in table["kmer"]} == {k}
    best = np.argsort(-np.asarray(attributions.array("importance.npy")), axis=1, kind="stable")[:, :3]
    np.testing.assert_array_equal(np.array(table["position"]).reshape(-1, 3), best)
    assert table["start"] == [max(p - 6, 0) for p in table["position"]]


def _hand_made(
    desk: Any, make_dataset: Callable, importance: list[list[float]], words: list[str], **options: Any
) -> Artifact:
    """Attributions with given importances on given sequences (row 0 KO, row 1 WT)."""
    codes = np.stack([encode(word) for word in words])
    dataset = make_dataset(codes, np.array([0, 1]), **options)
    values = np.array(importance, dtype=np.float32)

    def write(folder: Path) -> None:
        np.save(folder / "rows.npy", np.array([0, 1]))
        np.save(folder / "importance.npy", values)
        np.save(folder / "projected.npy", np.stack([values, -2 * values, 0 * values, 0 * values], axis=1))
        pq.write_table(pa.table({"predicted": ["WT", "KO"]}), folder / "outputs.parquet")

    return desk.commit("attributions", write, spec={"dataset": dataset.digest})


def test_golden_table_at_the_edges(desk: Any, make_dataset: Callable) -> None:
    words = ["ACGTTGCAACGGTTAA", "NNNNTGCAACGGTNNN"]
    importance = [[9.0] + [0.0] * 14 + [5.0], [8.0] * 4 + [1.0] + [0.0] * 8 + [7.0] * 3]
    made = _hand_made(desk, make_dataset, importance, words, coordinates=False)
    table = _extract(desk, made, k=6, rc_aware=False).table("kmers.parquet").to_pydict()
    # row 0: both ends, moved inside; row 1: N is no candidate, position 4 is the only one with a score
    assert list(zip(table["row"], table["position"], table["start"], table["kmer"], strict=True)) == [
        (0, 0, 0, "ACGTTG"),
        (0, 15, 10, "GGTTAA"),
        (1, 4, 1, "NNNTGC"),
    ]
    assert table["genomic_start"] == [None] * 3
    assert table["signed_score"] == [-9.0, -5.0, -1.0]
    assert table["rank"] == [1, 2, 1]
    code = _extract(desk, made, kmer_protocol="code", rc_aware=False, top_n=2).table("kmers.parquet").to_pydict()
    assert code["kmer"] == ["ACGTTGNNNNNN", "CGGTTAANNNNN", "NNNNTGNNNNNN", "NNNNTGCNNNNN"]
    assert code["position"] == [0, 15, 0, 1]


@pytest.mark.parametrize("read, strand, expected", [("+", "-", [2, 1002]), ("as given", "-", [8, 1008])])
def test_ready_sequences_of_the_minus_strand_run_backwards(
    desk: Any, make_dataset: Callable, read: str, strand: str, expected: list[int]
) -> None:
    """Window [0, 16) and [1000, 1016); the k-mer is [2, 8) of it."""
    importance = [[0.0] * 5 + [9.0] + [0.0] * 10] * 2
    made = _hand_made(desk, make_dataset, importance, ["ACGTTGCAACGGTTAA"] * 2, read=read, strand=strand)
    table = _extract(desk, made, k=6, top_n=1).table("kmers.parquet").to_pydict()
    assert table["start"] == [2, 2]
    assert table["genomic_start"] == expected


def test_k_longer_than_the_window(desk: Any, attributions: Artifact) -> None:
    with pytest.raises(UserError, match="k = 61 is longer than the window of 60 bp; choose k <= 60") as caught:
        _extract(desk, attributions, k=61)
    assert caught.value.reason is Reason.KMER_TOO_LONG
    assert caught.value.violations[0].field == "k"
    assert _extract(desk, attributions, k=60).manifest.summary["n_kmers"] > 0


def test_inputs_must_belong_together(
    desk: Any, attributions: Artifact, make_dataset: Callable, sequences: Callable
) -> None:
    other = make_dataset(*sequences(90, seed=5))
    with pytest.raises(UserError, match="give the attributions' own dataset"):
        _extract(desk, attributions, dataset=other.digest)
    with pytest.raises(UserError, match="give the attributions' own model"):
        _extract(desk, attributions, model="0" * 64)
    with pytest.raises(UserError) as caught:
        _extract(desk, attributions, attributions=other.digest)
    assert caught.value.reason is Reason.ARTIFACT_KIND


def test_a_fixed_protocol_refuses_another_k(desk: Any, attributions: Artifact) -> None:
    with pytest.raises(ValidationError, match="eq3 cuts 13 bases"):
        _extract(desk, attributions, kmer_protocol="eq3", k=20)
