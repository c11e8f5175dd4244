"""DiscoverMotifs: planted and real motifs are found, chance is not called, and the artifact says what was done."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cislex.motif.v1 import motif_pb2
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact, Manifest
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif, aligned_correlation
from cislex_core.sequences import decode, dinucleotide_shuffle, encode_batch, reverse_complement
from cislex_core.stores.local import LocalStore
from cislex_motif.discovery import shuffled_control
from cislex_motif.finder import FinderOptions, Found, find_motifs
from cislex_motif.specs import DiscoverMotifsSpec
from cislex_runtime.working.task_io import WorkerOut
from google.protobuf import json_format
from pydantic import ValidationError
from task_desk import progress_in, run_task

GATA = Motif.from_counts("g", [[8, 1, 1, 10], [0, 0, 20, 0], [20, 0, 0, 0], [0, 0, 0, 20], [18, 0, 0, 2], [15, 1, 4, 0],
                               [3, 2, 14, 1]])  # fmt: skip
GAPPED = Motif.from_counts("r", [[0, 0, 0, 20], [0, 20, 0, 0], [14, 0, 6, 0], *[[5, 5, 5, 5]] * 6, [20, 0, 0, 0],
                                 [0, 20, 0, 0], [0, 0, 20, 0]])  # fmt: skip


def planted(n: int, motif: Motif, share: float, seed: int, length: int = 80) -> np.ndarray:
    """(n, length) codes with sampled sites of the motif on either strand in about ``share`` of the sequences."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(4, (n, length), p=[0.3, 0.2, 0.2, 0.3]).astype(np.uint8)
    for i in np.flatnonzero(rng.random(n) < share):
        site = np.array([rng.choice(4, p=p) for p in motif.probabilities], dtype=np.uint8)
        start = rng.integers(0, length - motif.width + 1)
        codes[i, start : start + motif.width] = reverse_complement(site) if rng.random() < 0.5 else site
    return codes


def as_motif(found: Found) -> Motif:
    return Motif.from_counts("found", found.counts)


def likeness(truth: Motif, found: Motif) -> float:
    """Cosine of the two matrices less 0.25, best of all shifts and both strands; flat columns weigh nothing."""
    best = 0.0
    a = np.pad(truth.probabilities - 0.25, ((15, 15), (0, 0)))
    for turned in (found, found.reverse_complement()):
        b = turned.probabilities - 0.25
        for start in range(len(a) - len(b) + 1):
            product = (a[start : start + len(b)] * b).sum()
            best = max(best, float(product / np.linalg.norm(a) / np.linalg.norm(b)))
    return best


@pytest.mark.parametrize("motif", [GATA, GAPPED], ids=["GATA", "gapped"])
@pytest.mark.parametrize("model", ["zoops", "oops"])
def test_a_planted_motif_is_found_with_its_sites(motif: Motif, model: str) -> None:
    share = 0.6 if model == "zoops" else 1.0
    primary = planted(240, motif, share, 1)
    control = planted(240, motif, 0.0, 2)
    found = find_motifs(primary, control, FinderOptions(n_motifs=1, model=model))
    assert likeness(motif, as_motif(found[0])) > 0.93
    assert found[0].test == "holdout"
    assert found[0].log_e < np.log(1e-4)
    np.testing.assert_allclose(found[0].counts.sum(axis=1), len(found[0].rows))
    if model == "zoops":
        assert 0.4 < len(found[0].rows) / 240 < 0.8
    if model == "oops":
        assert len(found[0].rows) == 240


def test_two_motifs_are_found_one_after_the_other() -> None:
    primary = planted(300, GATA, 0.6, 3)
    rows = planted(300, GAPPED, 0.6, 4)
    primary = np.concatenate([primary, rows], axis=1)
    found = find_motifs(primary, shuffled_control(primary, np.random.default_rng(0)), FinderOptions(n_motifs=2))
    scores = [[likeness(m, as_motif(f)) for m in (GATA, GAPPED)] for f in found]
    assert sorted(int(np.argmax(s)) for s in scores) == [0, 1]
    assert min(max(s) for s in scores) > 0.9


def test_a_set_too_small_to_hold_out_is_tested_by_its_words() -> None:
    primary = planted(24, GATA, 1.0, 5, length=30)
    control = shuffled_control(primary, np.random.default_rng(0))
    assert len(control) == 1008
    (found,) = find_motifs(primary, control, FinderOptions(n_motifs=1, max_width=10))
    assert found.test == "words"
    assert found.log_e == pytest.approx(found.log_p + np.log(_words(10)))


def _words(max_width: int) -> int:
    return (4**6 + 4**3) // 2 + (4**8 + 4**4) // 2 + (max_width - 6) * (4**6 + 4**3) // 2


@pytest.mark.parametrize("n", [80, 24])
def test_chance_is_not_called(n: int) -> None:
    """20 random sets of each size against shuffles of the same: no motif at E ≤ 0.05, with and without hold-out."""
    called = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        # AT-rich with runs, as real promoters have.
        base = rng.choice(4, (n, 50), p=[0.33, 0.17, 0.17, 0.33]).astype(np.uint8)
        base[: n // 4, 10:20] = 0
        primary = dinucleotide_shuffle(base, rng)
        control = shuffled_control(base, rng)
        called += find_motifs(primary, control, FinderOptions(n_motifs=1, seed=seed))
    assert called == []


def test_equal_seeds_give_equal_motifs() -> None:
    primary, control = planted(100, GAPPED, 0.7, 6), planted(100, GAPPED, 0.0, 7)
    first, again = (find_motifs(primary, control, FinderOptions(n_motifs=1)) for _ in range(2))
    np.testing.assert_array_equal(first[0].counts, again[0].counts)
    assert first[0].log_e == again[0].log_e


def test_one_strand_only_finds_no_site_on_the_other() -> None:
    primary, control = planted(200, GATA, 0.9, 8), planted(200, GATA, 0.0, 9)
    found = find_motifs(primary, control, FinderOptions(n_motifs=1, both_strands=False))
    assert set(found[0].strands.tolist()) == {0}


@pytest.mark.parametrize("codes", [np.full((50, 30), 4, dtype=np.uint8), np.zeros((50, 30), dtype=np.uint8),
                                   np.zeros((3, 4), dtype=np.uint8)])  # fmt: skip
def test_sequences_without_anything_to_find(codes: np.ndarray) -> None:
    assert find_motifs(codes, codes, FinderOptions()) == []


def _fasta(path: Path) -> np.ndarray:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return encode_batch(["".join(block.split("\n")[1:]) for block in text.split(">")[1:]])


def test_reb1_and_abf1_are_found_in_yeast(shared_dir: Path) -> None:
    reb1, abf1 = (_fasta(shared_dir / "oracles" / f"{name}_pm30.fa") for name in ("reb1", "abf1"))
    known = {m.name: m for m in read_motifs(shared_dir / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz")}
    meme = read_motifs(shared_dir / "oracles" / "meme_reb1_zoops.txt")[0]
    for primary, control, name in ((reb1, abf1, "REB1"), (abf1, reb1, "ABF1")):
        motif = as_motif(find_motifs(primary, control, FinderOptions(n_motifs=1))[0])
        best = max(known.values(), key=lambda m, motif=motif: aligned_correlation(motif, m, 6)[0])
        assert best.name == name
        assert aligned_correlation(known[name], motif, 6)[0] > 0.95
    shuffled = shuffled_control(reb1, np.random.default_rng(42))
    found = find_motifs(reb1, shuffled, FinderOptions(n_motifs=1))[0]
    assert aligned_correlation(meme, as_motif(found), 8)[0] > 0.95
    assert abs(len(found.rows) - 635) < 30


# ---- the task


class Bench:
    """A store, and tasks run in it as a worker runs them."""

    def __init__(self, root: Path) -> None:
        self.root, self.store = root, LocalStore(root / "store")

    def commit(self, kind: str, tables: dict[str, pa.Table], arrays: dict[str, np.ndarray] | None = None,
               semantics: dict | None = None) -> str:  # fmt: skip
        out = WorkerOut(self.store.stage(), kind)
        for name, table in tables.items():
            out.write_table(name, table)
        for name, array in (arrays or {}).items():
            np.save(out.path(name), array)
        return self.store.commit_artifact(out.dir, Manifest(kind=kind, semantics=semantics or {})).digest

    def discover(self, **fields: object) -> Artifact:
        artifact = run_task(
            self.store, "motif.DiscoverMotifs", DiscoverMotifsSpec(**fields), progress_in(self.root / "scratch")
        )
        json_format.ParseDict(artifact.manifest.summary, motif_pb2.MotifSet())
        return artifact

    def dataset(self, n: int = 80, ko: bool = True) -> str:
        wt, other = planted(n, GATA, 0.9, 10), planted(n, GAPPED, 0.9, 11)
        codes = np.concatenate([wt, other]) if ko else wt
        targets = np.repeat([1, 0], n)[: len(codes)]
        rows = pa.table(
            {"row": np.arange(len(codes)), "split": ["train", "test"] * (len(codes) // 2),
             "chrom": ["chr1"] * len(codes)}
        )  # fmt: skip
        semantics = {"target": {"type": "class_index", "classes": ["KO", "WT"]}}
        return self.commit("dataset", {"rows.parquet": rows}, {"codes.npy": codes, "targets.npy": targets}, semantics)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_sets_of_a_dataset(bench: Bench) -> None:
    dataset = bench.dataset()
    artifact = bench.discover(dataset=dataset, n_motifs=1)
    rows = artifact.table("motifs.parquet").to_pylist()
    by_scope = {row["scope"]: row for row in rows}
    motifs = {m.id: m for m in read_motifs(artifact.path("motifs.meme"))}
    assert list(by_scope) == ["WT", "KO", "WT_vs_shuffled", "KO_vs_shuffled"]
    for scope, truth in (("WT", GATA), ("KO", GAPPED), ("WT_vs_shuffled", GATA)):
        assert likeness(truth, motifs[f"{scope}_1"]) > 0.9
    assert motifs["WT_1"].nsites == by_scope["WT"]["nsites"]
    assert motifs["WT_1"].log10_evalue == pytest.approx(by_scope["WT"]["log10_evalue"], abs=0.05)
    assert by_scope["WT"]["n_primary"] == by_scope["WT"]["n_control"] == 80
    summary = artifact.manifest.summary
    assert [s["scope"] for s in summary["searches"]] == list(by_scope)
    assert summary["n_motifs"] == len(rows) == 4
    sites = [s for s in artifact.table("sites.parquet").to_pylist() if s["motif_id"] == "WT_1"]
    codes = bench.store.open_artifact(dataset).array("codes.npy")
    assert len(sites) == by_scope["WT"]["nsites"]
    counts = np.zeros((by_scope["WT"]["width"], 4))
    for site in sites:
        window = np.asarray(codes[site["row"], site["start"] : site["end"]])
        window = reverse_complement(window) if site["strand"] == "-" else window
        assert decode(window) == site["site"]
        counts[np.arange(len(window)), window] += 1
    np.testing.assert_allclose(counts / len(sites), motifs["WT_1"].probabilities, atol=1e-5)


def test_a_central_part_keeps_the_sites_coordinates(bench: Bench) -> None:
    dataset = bench.dataset(n=200)
    artifact = bench.discover(dataset=dataset, n_motifs=1, contrasts=["ko"], central_bp=40, split="train")
    sites = artifact.table("sites.parquet").to_pylist()
    assert sites
    assert all(20 <= s["start"] < s["end"] <= 60 and s["row"] % 2 == 0 for s in sites)


def test_clusters_and_those_skipped(bench: Bench) -> None:
    words = [decode(row) for row in planted(60, GATA, 1.0, 12, length=20)]
    clusters = pa.Table.from_pylist(
        [{"cluster": 1, "discovery": "yes"}, {"cluster": 2, "discovery": "skipped: fewer than 10"}]
    )
    members = pa.table({"kmer_index": np.arange(60) * 3, "kmer": words, "cluster": [1] * 55 + [2] * 5})
    digest = bench.commit("clusters", {"clusters.parquet": clusters, "members.parquet": members})
    artifact = bench.discover(clusters=digest, n_motifs=1)
    searches = artifact.manifest.summary["searches"]
    assert [s["scope"] for s in searches] == ["cluster_1", "cluster_2"]
    assert (searches[1]["n_primary"], searches[1]["n_motifs"]) == (5, 0)
    assert searches[1]["note"] == "skipped: fewer than 10"
    (motif,) = read_motifs(artifact.path("motifs.meme"))
    assert motif.id == "cluster_1_1"
    assert likeness(GATA, motif) > 0.9
    assert {s["row"] % 3 for s in artifact.table("sites.parquet").to_pylist()} == {0}


def test_nothing_found_is_a_result(bench: Bench) -> None:
    dataset = bench.dataset()
    artifact = bench.discover(dataset=dataset, contrasts=["wt"], evalue_threshold=1e-300)
    assert artifact.manifest.summary["n_motifs"] == 0
    assert "no motif with E at most 1e-300" in artifact.manifest.summary["searches"][0]["note"]
    assert artifact.table("motifs.parquet").num_rows == 0
    assert "MOTIF" not in artifact.path("motifs.meme").read_text()


def test_a_sample_is_said(bench: Bench) -> None:
    artifact = bench.discover(dataset=bench.dataset(), contrasts=["wt"], max_sequences=50, n_motifs=1)
    assert "a sample of 50 of 80" in artifact.manifest.summary["searches"][0]["note"]


def test_one_class_and_empty_split(bench: Bench) -> None:
    only_wt = bench.dataset(ko=False)
    with pytest.raises(UserError, match="needs KO sequences") as caught:
        bench.discover(dataset=only_wt)
    assert caught.value.reason is Reason.ONE_CLASS
    with pytest.raises(UserError) as empty:
        bench.discover(dataset=only_wt, split="validation")
    assert empty.value.reason is Reason.EMPTY_SPLIT
    assert bench.discover(dataset=only_wt, contrasts=["wt_vs_shuffled"], n_motifs=1).manifest.summary["n_motifs"] == 1


def test_another_kind_of_artifact(bench: Bench) -> None:
    with pytest.raises(UserError) as caught:
        bench.discover(clusters=bench.dataset())
    assert caught.value.reason is Reason.ARTIFACT_KIND


def test_cancel_stops_the_search() -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Cancelled

    primary = planted(60, GATA, 0.5, 13)
    with pytest.raises(Cancelled):
        find_motifs(primary, primary, FinderOptions(), check)


@pytest.mark.parametrize(
    "fields",
    [{}, {"scope": "sets", "clusters": "x"}, {"scope": "clusters", "dataset": "x"},
     {"dataset": "x", "min_width": 10, "max_width": 9}, {"dataset": "x", "contrasts": ["wt", "wt"]},
     {"dataset": "x", "contrasts": []}, {"dataset": "x", "engine": "streme", "model": "oops"},
     {"dataset": "x", "engine": "streme", "both_strands": False}, {"dataset": "x", "evalue_threshold": 0}],
)  # fmt: skip
def test_bad_specs(fields: dict) -> None:
    with pytest.raises(ValidationError):
        DiscoverMotifsSpec(**fields)


def test_the_scope_follows_the_input() -> None:
    assert DiscoverMotifsSpec(clusters="x").scope == "clusters"
    assert DiscoverMotifsSpec(dataset="x").scope == "sets"
