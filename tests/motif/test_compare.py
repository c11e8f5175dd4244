"""CompareMotifs: the numpy engine's invariances, statistics, and the task as a whole."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cislex_core.canonical import digest_file
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact, Manifest
from cislex_core.motif_files import format_meme, read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_core.stores.local import LocalStore
from cislex_core.tasks import InputRef
from cislex_motif import compare, tomtom
from cislex_motif.column_scores import COLUMN_SCORES
from cislex_motif.columns import Columns
from cislex_motif.compare_specs import CompareMotifsSpec, EnrichMotifsSpec
from cislex_motif.numba_cache import load_kernels
from cislex_motif.statistics import benjamini_hochberg
from pydantic import ValidationError
from task_desk import progress_in, run_task


def random_motifs(n: int, seed: int = 0, widths: tuple[int, int] = (5, 16)) -> list[Motif]:
    rng = np.random.default_rng(seed)
    return [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.3), size=rng.integers(*widths)), nsites=50.0) for i in range(n)]


class Bench:
    """Runs the task as a worker does and commits what it wrote."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = LocalStore(root / "store")
        self.reports: list[dict] = []

    def ref(self, path: Path) -> InputRef:
        return InputRef(sha256=self.store.put_file(path), path=str(path))

    def run(self, spec: CompareMotifsSpec) -> Artifact:
        return run_task(self.store, "motif.CompareMotifs", spec, progress_in(self.root / "scratch", self.reports))

    @property
    def warnings(self) -> set[str]:
        return {warning["reason"] for report in self.reports for warning in report["warnings"]}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    path = tmp_path / "known.meme"
    write_motifs(path, random_motifs(60))
    return path


# the chance model


@pytest.mark.parametrize("min_overlap", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_null_equals_enumeration(length: int, min_overlap: int) -> None:
    rng = np.random.default_rng(length)
    scores = rng.integers(-4, 5, size=(3, 7)).astype(np.int16)
    width = len(scores)
    floors, sizes = scores.min(axis=1).astype(np.int64), np.ptp(scores, axis=1).astype(np.int64) + 1
    shares = np.zeros((width, sizes.max()))
    for row, line, floor in zip(scores, shares, floors, strict=True):
        np.add.at(line, row - floor, 1 / len(row))
    totals = np.arange(np.minimum(floors, 0).sum(), np.maximum(scores.max(axis=1), 0).sum() + 1)
    lengths = np.full(len(totals), length)
    log_miss = load_kernels().log_no_better(shares, floors, sizes, lengths, totals, min_overlap)
    needed = min(min_overlap, width, length)
    for x, found in zip(totals.tolist(), log_miss, strict=True):
        miss = 1.0
        for start in range(-(length - 1), width):
            first, last = max(0, start), min(width, start + length)
            if last - first >= needed:
                sums = [sum(draw) for draw in itertools.product(*scores[first:last].tolist())]
                miss *= np.mean([total < x for total in sums])
        assert np.exp(found) == pytest.approx(miss, abs=1e-12)


def test_best_alignment_equals_a_plain_loop() -> None:
    queries, targets = random_motifs(3, seed=1), random_motifs(20, seed=2)
    got = tomtom.align_all(queries, targets, "ed", min_overlap=4)
    matrices = [tomtom.smoothed(t) for t in targets]
    columns = np.concatenate([*matrices, *(m[::-1, ::-1] for m in matrices)])
    for i, query in enumerate(queries):
        q, t = Columns(tomtom.smoothed(query), np.ones(query.width)), Columns(columns, np.ones(len(columns)))
        scores = load_kernels().bin_scores(COLUMN_SCORES["ed"](q, t, np.full(4, 0.25)), tomtom.N_BINS)[0]
        at = 0
        totals = {}
        for t in range(2 * len(targets)):
            length = targets[t % len(targets)].width
            for offset in range(-(query.width - 1), length):
                pairs = [(j, offset + j) for j in range(query.width) if 0 <= offset + j < length]
                if len(pairs) >= min(4, query.width, length):
                    totals[t, offset] = sum(int(scores[j, at + c]) for j, c in pairs)
            at += length
        for t in range(len(targets)):
            strand = t + len(targets) if got.reverse[i, t] else t
            best = max(v for (s, _), v in totals.items() if s in (t, t + len(targets)))
            assert totals[strand, int(got.offset[i, t])] == best


@pytest.mark.parametrize("distance", sorted(COLUMN_SCORES))
def test_a_motif_finds_itself_on_either_strand(distance: str) -> None:
    targets = random_motifs(80, seed=3, widths=(8, 16))
    forward = tomtom.align_all(targets[:10], targets, distance)
    backward = tomtom.align_all([m.reverse_complement() for m in targets[:10]], targets, distance)
    assert forward.pvalue.argmin(axis=1).tolist() == list(range(10))
    np.testing.assert_allclose(forward.pvalue, backward.pvalue, rtol=1e-6)
    own = np.arange(10), np.arange(10)
    assert not forward.reverse[own].any()
    assert backward.reverse[own].all()
    assert (forward.offset[own] == 0).all()
    assert forward.overlap[own].tolist() == [m.width for m in targets[:10]]


def test_p_values_are_uniform_enough_by_chance() -> None:
    alignments = tomtom.align_all(random_motifs(40, seed=5), random_motifs(300, seed=6))
    shares = [(alignments.pvalue < level).mean() for level in (0.5, 0.1, 0.01)]
    assert shares == pytest.approx([0.5, 0.1, 0.01], rel=0.35)


def test_batches_do_not_change_the_answer() -> None:
    queries, targets = random_motifs(4, seed=7), random_motifs(30, seed=8)
    together = tomtom.align_all(queries, targets)
    np.testing.assert_array_equal(tomtom.align_all(queries, targets, threads=1).pvalue, together.pvalue)
    for i, query in enumerate(queries):
        np.testing.assert_array_equal(tomtom.align_all([query], targets).pvalue[0], together.pvalue[i])


@pytest.mark.parametrize("n", [1, 2, 3, 10, 2047, 5000])
@pytest.mark.parametrize("draw", ["normal", "few values", "sorted", "all equal", "one far away"])
def test_scores_are_binned_about_exact_medians(n: int, draw: str) -> None:
    rng = np.random.default_rng(n)
    rows = rng.normal(size=(3, n)) if draw != "few values" else rng.integers(0, 3, size=(3, n)).astype(float)
    rows = np.sort(rows, axis=1) if draw == "sorted" else rows
    rows = np.full((3, n), 1.5) if draw == "all equal" else rows
    if draw == "one far away":
        rows[:, 0] = 1e6
    kernels = load_kernels()
    room = np.empty(n, np.int16), np.empty(n)
    medians = [kernels.median(row, *kernels.bounds(row), *room) for row in rows]
    np.testing.assert_array_equal(medians, np.median(rows, axis=1))
    centred = rows - np.median(rows, axis=1)[:, None]
    span = centred.max() - np.floor(centred.min())
    scale = tomtom.N_BINS / span if span > 0 else 1.0
    expected = np.rint(centred * (np.floor(scale) if scale >= 1.0 else scale))
    whole, shares, floors, sizes = kernels.bin_scores(rows, tomtom.N_BINS)
    np.testing.assert_array_equal(whole, expected)
    np.testing.assert_array_equal(floors, expected.min(axis=1))
    np.testing.assert_array_equal(sizes, np.ptp(expected, axis=1) + 1)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[0, 0] == pytest.approx((expected[0] == expected[0].min()).mean())


@pytest.mark.parametrize("distance", ["blic1", "blic5", "llr1", "llr5"])
def test_bayesian_scores_have_their_symmetries(distance: str) -> None:
    rng = np.random.default_rng(4)
    a = Columns(rng.dirichlet(np.ones(4), size=6), rng.uniform(5, 200, size=6))
    b = Columns(rng.dirichlet(np.ones(4), size=9), rng.uniform(5, 200, size=9))
    uniform, score = np.full(4, 0.25), COLUMN_SCORES[distance]
    found = score(a, b, uniform)
    np.testing.assert_allclose(found, score(b, a, uniform).T, rtol=1e-12)
    turned = [Columns(c.probabilities[:, ::-1], c.sites) for c in (a, b)]
    np.testing.assert_allclose(found, score(*turned, uniform), rtol=1e-9)
    # More sites say more: agreement counts for more, disagreement against.
    few, many = (Columns(np.array([[0.97, 0.01, 0.01, 0.01]]), np.array([n])) for n in (5.0, 20.0))
    other = Columns(np.array([[0.01, 0.01, 0.01, 0.97]]), np.array([20.0]))
    assert score(many, many, uniform) > score(few, few, uniform)
    assert score(many, other, uniform) < score(few, other, uniform) < score(few, few, uniform)
    flat = Columns(np.full((1, 4), 0.25), np.array([20.0]))
    if distance.startswith("blic"):
        assert score(flat, flat, uniform) < 0.5 * score(many, many, uniform)
    else:
        assert score(flat, flat, uniform) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_flat_motifs_and_tiny_databases_are_answered(n_targets: int) -> None:
    flat = Motif("flat", np.full((6, 4), 0.25), nsites=10.0)
    alignments = tomtom.align_all([flat, *random_motifs(1, seed=9)], random_motifs(n_targets, seed=10))
    assert np.isfinite(alignments.pvalue).all()
    assert ((alignments.pvalue >= 0) & (alignments.pvalue <= 1)).all()


def test_importing_tasks_imports_no_compiler() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from cislex_motif.compare_tasks import COMPARE_TASKS; import cislex_motif.compare;"
        "print(sorted({'numba', 'memelite', 'torch', 'Bio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# statistics


def test_benjamini_hochberg_by_hand() -> None:
    q = benjamini_hochberg(np.array([[0.01, 0.04, 0.03, 0.02], [0.5, 0.001, 0.9, 1.0]]))
    np.testing.assert_allclose(q, [[0.04, 0.04, 0.04, 0.04], [1.0, 0.004, 1.0, 1.0]])


def test_benjamini_hochberg_leaves_out_what_was_not_tested() -> None:
    q = benjamini_hochberg(np.array([0.01, np.nan, 0.02]))
    np.testing.assert_allclose(q, [0.02, np.nan, 0.02])


# the task


def test_matches_have_every_column_and_per_query_q(bench: Bench, tmp_path: Path, database_file: Path) -> None:
    known = read_motifs(database_file)
    query_file = tmp_path / "mine.meme"
    write_motifs(query_file, [known[7].renamed("q7"), known[9].reverse_complement().renamed("q9")])
    spec = CompareMotifsSpec(query_file=bench.ref(query_file), database_file=bench.ref(database_file), top_n=60)
    artifact = bench.run(spec)
    table = artifact.table("matches.parquet")
    assert table.schema == compare.MATCH_SCHEMA
    rows = table.to_pylist()
    assert len(rows) == 120
    best = [row for row in rows if row["rank"] == 1]
    assert [(r["query"], r["target"], r["orientation"]) for r in best] == [("q7", "m7", "+"), ("q9", "m9", "-")]
    assert best[0]["query_consensus"] == best[0]["target_consensus"] == known[7].consensus()
    assert best[1]["target_consensus"] == known[9].reverse_complement().consensus()
    assert best[0]["overlap"] == known[7].width
    assert best[0]["query_source"] == "file:mine.meme"
    for name in ("q7", "q9"):
        own = [row for row in rows if row["query"] == name]
        p = np.array([row["pvalue"] for row in own])
        np.testing.assert_array_equal([row["rank"] for row in own], np.arange(1, 61))
        assert (np.diff(p) >= 0).all()
        np.testing.assert_allclose([row["evalue"] for row in own], p * 60)
        np.testing.assert_allclose([row["qvalue"] for row in own], benjamini_hochberg(p))
        assert all(row["significant"] == (row["qvalue"] <= 0.05) for row in own)
    assert artifact.manifest.summary["n_matched"] == 2
    assert artifact.manifest.summary["database"] == "file known.meme (60 matrices)"
    assert [m.id for m in read_motifs(artifact.path("queries.meme"))] == ["q7", "q9"]


def test_no_significant_match_is_a_result(bench: Bench, tmp_path: Path, database_file: Path) -> None:
    query_file = tmp_path / "mine.meme"
    write_motifs(query_file, [Motif("flat", np.full((8, 4), 0.25), nsites=10.0)])
    spec = CompareMotifsSpec(query_file=bench.ref(query_file), database_file=bench.ref(database_file), top_n=1)
    artifact = bench.run(spec)
    assert artifact.manifest.summary["n_matched"] == 0
    (row,) = artifact.table("matches.parquet").to_pylist()
    assert row["rank"] == 1
    assert row["significant"] is False


def test_queries_are_stored_as_compared(bench: Bench, tmp_path: Path, database_file: Path) -> None:
    known = read_motifs(database_file)[3]
    flat = np.full((2, 4), 0.25)
    padded = Motif("padded", np.concatenate([flat, known.probabilities, flat]), nsites=50.0)
    query_file = tmp_path / "mine.meme"
    write_motifs(query_file, [padded])
    spec = CompareMotifsSpec(
        query_file=bench.ref(query_file), database_file=bench.ref(database_file), trim_bits=0.1, top_n=1
    )
    artifact = bench.run(spec)
    (stored,) = read_motifs(artifact.path("queries.meme"))
    np.testing.assert_allclose(stored.probabilities, known.trim(0.1).probabilities, atol=1e-6)
    (row,) = artifact.table("matches.parquet").to_pylist()
    assert row["target"] == "m3"
    assert row["query_consensus"] == stored.consensus()
    assert artifact.manifest.semantics["trim_bits"] == 0.1
    assert [m.id for m in read_motifs(artifact.path("targets.meme"))] == ["m3"]


def meme_artifact(store: LocalStore, kind: str, motifs: list[Motif]) -> str:
    staged = store.stage()
    (staged / compare.MEME_FILES[kind]).write_text(format_meme(motifs))
    return store.commit_artifact(staged, Manifest(kind=kind)).digest


def test_queries_come_from_artifacts_and_keep_unique_ids(bench: Bench, database_file: Path) -> None:
    motifs = random_motifs(2, seed=20)
    one, two = meme_artifact(bench.store, "clusters", motifs), meme_artifact(bench.store, "filters", motifs)
    artifact = bench.run(CompareMotifsSpec(queries=[one, two], database_file=bench.ref(database_file), top_n=1))
    rows = artifact.table("matches.parquet").to_pylist()
    assert [row["query"] for row in rows] == ["m0", "m1", f"filters_{two[:16]}_m0", f"filters_{two[:16]}_m1"]
    assert [row["query_source"] for row in rows] == [f"clusters:{one[:16]}"] * 2 + [f"filters:{two[:16]}"] * 2


def test_an_artifact_of_another_kind_is_refused(bench: Bench, database_file: Path) -> None:
    staged = bench.store.stage()
    (staged / "x.txt").write_text("x")
    digest = bench.store.commit_artifact(staged, Manifest(kind="model")).digest
    with pytest.raises(UserError) as caught:
        bench.run(CompareMotifsSpec(queries=[digest], database_file=bench.ref(database_file)))
    assert caught.value.reason is Reason.ARTIFACT_KIND


def test_no_motif_to_name_is_a_result(bench: Bench, database_file: Path) -> None:
    digest = meme_artifact(bench.store, "motifs", [])
    artifact = bench.run(CompareMotifsSpec(queries=[digest], database_file=bench.ref(database_file)))
    assert artifact.table("matches.parquet").num_rows == 0
    assert artifact.manifest.summary["n_queries"] == 0
    assert "NO_QUERY" in bench.warnings


@pytest.mark.parametrize("name", ["jaspar2024-fishes", "jasper2024-vertebrates", "jaspar1999-plants"])
def test_a_release_that_is_not_packaged_is_refused_with_the_request(name: str) -> None:
    for spec in (CompareMotifsSpec, EnrichMotifsSpec):
        with pytest.raises(ValidationError, match=r"vertebrates"):
            spec.model_validate(
                {
                    "dataset" if spec is EnrichMotifsSpec else "queries": "0" * 64
                    if spec is EnrichMotifsSpec
                    else ["0" * 64],
                    "database": name,
                }
            )


def test_few_targets_are_warned_about(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "few.meme"
    write_motifs(path, random_motifs(5))
    bench.run(CompareMotifsSpec(query_file=bench.ref(path), database_file=bench.ref(path)))
    assert "FEW_TARGETS" in bench.warnings


def test_the_same_request_gives_the_same_artifact(bench: Bench, database_file: Path) -> None:
    spec = CompareMotifsSpec(query_file=bench.ref(database_file), database_file=bench.ref(database_file), top_n=3)
    first = bench.run(spec)
    time.sleep(0.01)
    assert bench.run(spec).digest == first.digest
    assert digest_file(first.path("matches.parquet"))


@pytest.mark.parametrize(
    "fields, message",
    [
        ({}, "give queries"),
        (
            {"queries": ["a"], "database": "jaspar2024-fungi", "database_file": {"sha256": "b"}},
            "one database, not database and database_file",
        ),
        ({"queries": ["a"], "engine": "memelite", "distance": "pearson"}, "distance ed only"),
        ({"queries": ["a"], "min_overlap": 0}, "min_overlap"),
        ({"queries": ["a"], "threshold": 0}, "threshold"),
        ({"queries": ["a"], "top_n": 0}, "top_n"),
        ({"queries": [""]}, "queries"),
    ],
)
def test_wrong_specs_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CompareMotifsSpec(**fields)


def test_schema_is_stable() -> None:
    assert compare.MATCH_SCHEMA.field("pvalue").type == pa.float64()
    assert compare.MATCH_SCHEMA.names[:4] == ["query", "query_source", "target", "target_name"]
