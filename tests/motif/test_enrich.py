"""EnrichMotifs: exact score distributions, scanning, exact tails, thresholds, and the task on planted motifs."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact, Manifest
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import encode, encode_batch, reverse_complement
from cislex_core.stores.local import LocalStore
from cislex_core.tasks import InputRef
from cislex_motif import enrichment, homer_results, scanning, statistics, thresholds
from cislex_motif.compare_specs import EnrichMotifsSpec
from cislex_motif.scanning import NO_HIT, ScoreMatrix
from pydantic import ValidationError
from task_desk import progress_in, run_task

UNIFORM = np.full(4, 0.25)


def word_motif(word: str, name: str, share: float = 0.94) -> Motif:
    rest = (1.0 - share) / 3.0
    rows = [[share if letter == base else rest for base in "ACGT"] for letter in word]
    return Motif(name, np.array(rows), name=name.upper(), nsites=100.0)


def random_codes(n: int, length: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, size=(n, length)).astype(np.uint8)


# scores


def test_distribution_equals_enumeration() -> None:
    background = np.array([0.3, 0.2, 0.2, 0.3])
    matrix = ScoreMatrix.from_motif(word_motif("TAGC", "m"), 0.1, background)
    chance, low = matrix.distribution(background)
    exact: dict[int, float] = defaultdict(float)
    for letters in itertools.product(range(4), repeat=4):
        score = sum(int(matrix.weights[i, x]) for i, x in enumerate(letters))
        exact[score] += float(np.prod(background[list(letters)]))
    for score, p in exact.items():
        assert chance[score - low] == pytest.approx(p, rel=1e-12)
    assert chance.sum() == pytest.approx(1.0)


def test_threshold_is_the_smallest_score_rare_enough() -> None:
    matrix = ScoreMatrix.from_motif(word_motif("TGACTCA", "m"), 0.1, UNIFORM)
    threshold = matrix.threshold(1e-3, UNIFORM)
    p = matrix.pvalues(np.array([threshold - 1, threshold]), UNIFORM)
    assert p[1] <= 1e-3 < p[0]


def test_no_word_is_rare_enough_for_a_short_motif() -> None:
    matrix = ScoreMatrix.from_motif(word_motif("TGA", "m"), 0.1, UNIFORM)
    threshold = matrix.threshold(1e-4, UNIFORM)
    assert threshold > int(matrix.weights.max(axis=1).sum())
    assert (scanning.best_hits(random_codes(20, 50, 0), [matrix]) < threshold).all()


def plain_best(codes: np.ndarray, matrix: ScoreMatrix) -> int:
    best = NO_HIT
    for strand in (codes, reverse_complement(codes)):
        for start in range(len(strand) - matrix.width + 1):
            window = strand[start : start + matrix.width]
            if (window < 4).all():
                best = max(best, int(matrix.weights[np.arange(matrix.width), window].sum()))
    return best


def test_best_hits_equal_a_plain_loop_with_n_and_short_sequences() -> None:
    rng = np.random.default_rng(3)
    codes = random_codes(30, 25, 3)
    codes[rng.random(codes.shape) < 0.06] = 4
    codes[0] = 4
    motifs = [Motif(f"m{i}", rng.dirichlet(np.ones(4), size=w), nsites=30.0) for i, w in enumerate([4, 7, 7, 25, 26])]
    matrices = [ScoreMatrix.from_motif(m, 0.1, UNIFORM) for m in motifs]
    got = scanning.best_hits(codes, matrices)
    expected = [[plain_best(row, matrix) for row in codes] for matrix in matrices]
    np.testing.assert_array_equal(got, expected)
    assert (got[:, 0] == NO_HIT).all()
    assert (got[4] == NO_HIT).all()


def test_hits_do_not_depend_on_strand_blocks_or_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = random_codes(70, 40, 4)
    matrices = [ScoreMatrix.from_motif(word_motif(w, w), 0.1, UNIFORM) for w in ("ACGTTA", "TTTGGC", "GGGAAATTC")]
    whole = scanning.best_hits(codes, matrices, threads=1)
    np.testing.assert_array_equal(scanning.best_hits(reverse_complement(codes), matrices), whole)
    monkeypatch.setattr(scanning, "_BLOCK_POSITIONS", 100)
    monkeypatch.setattr(scanning, "_MOTIFS_AT_ONCE", 2)
    np.testing.assert_array_equal(scanning.best_hits(codes, matrices, threads=3), whole)


def test_letter_frequencies_are_strand_symmetric_and_skip_n() -> None:
    frequencies = scanning.letter_frequencies([encode("AAAN").reshape(1, -1), encode("C").reshape(1, -1)])
    np.testing.assert_allclose(frequencies, [0.375, 0.125, 0.125, 0.375])
    np.testing.assert_allclose(scanning.letter_frequencies([]), UNIFORM)


# exact tails


@pytest.mark.parametrize("test", ["fisher", "hypergeometric", "binomial"])
def test_tails_equal_scipy(test: str) -> None:
    from scipy.stats import binom, hypergeom

    rng = np.random.default_rng(5)
    n, m = rng.integers(1, 300, size=200), rng.integers(1, 300, size=200)
    k, c = (rng.random(200) * (n + 1)).astype(int), (rng.random(200) * (m + 1)).astype(int)
    got = statistics.log_enrichment_p(k, n, c, m, test)
    if test == "binomial":
        expected = binom.logsf(k - 1, n, np.clip(c / m, 0.5 / m, 1 - 0.5 / m))
    else:
        expected = [hypergeom.logsf(a - 1, b + e, a + d, b) for a, b, d, e in zip(k, n, c, m, strict=True)]
    # scipy's binomial underflows to -inf below 1e-308; ours goes on.
    known = np.isfinite(expected)
    assert known.sum() > 150
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got[known], np.minimum(expected, 0.0)[known], rtol=1e-9, atol=1e-12)


def test_fisher_by_hand_and_far_beyond_double_precision() -> None:
    # 3 of 3 against 0 of 3: one table of C(6, 3) = 20.
    assert statistics.log_enrichment_p(3, 3, 0, 3, "fisher") == pytest.approx(np.log(1 / 20))
    log_p = statistics.log_enrichment_p(5000, 5000, 0, 5000, "fisher")
    assert np.isfinite(log_p)
    assert log_p < -6000


# thresholds


def test_best_threshold_finds_the_split_and_pays_for_the_search() -> None:
    rng = np.random.default_rng(6)
    target = rng.integers(1, 50, size=(2, 200)).astype(np.int32)
    control = rng.integers(1, 50, size=(2, 200)).astype(np.int32)
    target[0, :100] = rng.integers(80, 100, size=100)
    outcome = thresholds.best_threshold(target, control, "fisher")
    assert 50 <= outcome.threshold[0] <= 80
    raw = thresholds.fixed_threshold(target, control, outcome.threshold, "fisher").log_p
    assert outcome.log_p[0] == pytest.approx(raw[0] + np.log(outcome.n_thresholds[0]))
    assert outcome.log_p[0] < -50
    assert outcome.log_p[1] > np.log(0.01)


def test_best_threshold_is_the_best_of_all() -> None:
    rng = np.random.default_rng(7)
    target = rng.normal(30, 12, size=(6, 90)).astype(np.int32)
    control = rng.normal(25, 12, size=(6, 110)).astype(np.int32)
    outcome = thresholds.best_threshold(target, control, "fisher")
    for i in range(6):
        scores = np.unique(np.concatenate([target[i], control[i]]))
        scores = scores[scores > 0]
        single = [
            thresholds.fixed_threshold(target[[i]], control[[i]], np.array([x]), "fisher").log_p[0] for x in scores
        ]
        corrected = np.log(-np.expm1(len(scores) * np.log1p(-np.exp(min(single)))))
        assert outcome.log_p[i] == pytest.approx(corrected, rel=1e-6)
        assert outcome.n_thresholds[i] == len(scores)


def test_chance_alone_is_not_called_enriched() -> None:
    codes = random_codes(600, 60, 8)
    rng = np.random.default_rng(8)
    motifs = [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.2), size=8), nsites=50.0) for i in range(60)]
    hits = scanning.best_hits(codes, [ScoreMatrix.from_motif(m, 0.1, UNIFORM) for m in motifs])
    outcome = thresholds.best_threshold(hits[:, :300], hits[:, 300:], "fisher")
    assert (np.exp(outcome.log_p) < 0.05).mean() <= 0.05
    assert (statistics.benjamini_hochberg(np.exp(outcome.log_p)) > 0.05).all()


def test_a_motif_that_fits_nowhere_has_p_one() -> None:
    nothing = np.full((1, 5), NO_HIT, np.int32)
    outcome = thresholds.best_threshold(nothing, nothing, "fisher")
    assert outcome.log_p.tolist() == [0.0]
    assert not (nothing >= outcome.threshold[:, None]).any()


# the task


class Bench:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = LocalStore(root / "store")

    def ref(self, path: Path) -> InputRef:
        return InputRef(sha256=self.store.put_file(path), path=str(path))

    def dataset(self, wt: np.ndarray, ko: np.ndarray, split: str = "test") -> str:
        staged = self.store.stage()
        n = len(wt) + len(ko)
        np.save(staged / "codes.npy", np.concatenate([wt, ko]))
        np.save(staged / "targets.npy", np.array([1] * len(wt) + [0] * len(ko), dtype=np.int64))
        rows = {"row": np.arange(n), "set": ["WT"] * len(wt) + ["KO"] * len(ko), "split": [split] * n}
        pq.write_table(pa.table({**rows, "chrom": ["chr1"] * n}), staged / "rows.parquet")
        semantics = {"target": {"type": "class_index", "classes": ["KO", "WT"]}}
        return self.store.commit_artifact(staged, Manifest(kind="dataset", semantics=semantics)).digest

    def run(self, spec: EnrichMotifsSpec, cancelled: bool = False) -> Artifact:
        progress = progress_in(self.root / "scratch")
        if cancelled:
            progress.cancelled.set()
        return run_task(self.store, "motif.EnrichMotifs", spec, progress)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


WORDS = {"mine": "TGACTCATT", "theirs": "CACGTGACC", "both": "GGGCGGGAC", "none": "ATTTGCATA"}


@pytest.fixture
def planted(bench: Bench, tmp_path: Path) -> tuple[str, InputRef]:
    rng = np.random.default_rng(9)

    def plant(codes: np.ndarray, word: str, share: float) -> None:
        for row in np.flatnonzero(rng.random(len(codes)) < share):
            site = encode(word) if rng.random() < 0.5 else reverse_complement(encode(word))
            at = rng.integers(0, codes.shape[1] - len(word))
            codes[row, at : at + len(word)] = site

    wt, ko = random_codes(150, 80, 10), random_codes(200, 80, 11)
    plant(wt, WORDS["mine"], 0.6)
    plant(ko, WORDS["theirs"], 0.5)
    for codes in (wt, ko):
        plant(codes, WORDS["both"], 0.5)
    path = tmp_path / "motifs.meme"
    write_motifs(path, [word_motif(word, name) for name, word in WORDS.items()])
    return bench.dataset(wt, ko), bench.ref(path)


def find(artifact: Artifact, motif: str, mode: str, background: str, tested: str) -> dict:
    rows = artifact.table("enrichment.parquet").to_pylist()
    keys = (motif, mode, background, tested)
    (row,) = [r for r in rows if (r["motif"], r["mode"], r["background"], r["tested"]) == keys]
    return row


@pytest.mark.parametrize("test", ["fisher", "binomial", "hypergeometric"])
def test_planted_motifs_are_enriched_where_they_were_planted(
    bench: Bench, planted: tuple[str, InputRef], test: str
) -> None:
    dataset, motifs = planted
    artifact = bench.run(EnrichMotifsSpec(dataset=dataset, motifs_file=motifs, test=test))
    assert artifact.table("enrichment.parquet").schema == enrichment.ENRICHMENT_SCHEMA
    mine, theirs, both, none = (find(artifact, name, "fixed", "both", "both") for name in WORDS)
    assert 50 < mine["pct_wt"] < 75
    assert mine["pct_ko"] < 10
    assert mine["qvalue_wt"] < 1e-15
    assert mine["qvalue_ko"] > 0.9
    assert theirs["qvalue_ko"] < 1e-15
    assert both["qvalue_wt"] > 0.05
    assert none["qvalue_wt"] > 0.05
    shuffled = find(artifact, "both", "fixed", "shuffled", "both")
    assert shuffled["qvalue_wt"] < 1e-6
    assert shuffled["qvalue_ko"] < 1e-6
    assert shuffled["pct_background_wt"] < 20
    best = find(artifact, "mine", "best", "both", "WT")
    assert best["pvalue_ko"] is None
    assert best["qvalue_wt"] < 1e-15
    assert best["n_thresholds"] > 1
    assert find(artifact, "theirs", "best", "shuffled", "KO")["log10_pvalue_ko"] < -10
    summary = artifact.manifest.summary
    assert (summary["n_wt"], summary["n_ko"], summary["n_motifs"]) == (150, 200, 4)
    # The binomial takes the control's rate as known: where the control has none it is too sure.
    sure = [t for t in summary["top"] if t["qvalue"] < 1e-4 and (t["mode"] == "fixed" or test != "binomial")]
    assert {t["motif"] for t in sure if t["set"] == "WT"} == {"mine", "both"}
    assert {t["motif"] for t in sure if t["set"] == "KO"} == {"theirs", "both"}
    assert [m.id for m in read_motifs(artifact.path("motifs.meme"))] == list(WORDS)


def test_fixed_rows_count_what_the_threshold_says(bench: Bench, planted: tuple[str, InputRef]) -> None:
    dataset, motifs = planted
    spec = EnrichMotifsSpec(dataset=dataset, motifs_file=motifs, background=["ko"], mode=["fixed"])
    artifact = bench.run(spec)
    assert (artifact.manifest.summary["n_enriched_wt"], artifact.manifest.summary["n_enriched_ko"]) == (1, 0)
    row = find(artifact, "mine", "fixed", "ko", "WT")
    assert row["n_background_wt"] == row["n_ko"]
    assert row["pct_wt"] == pytest.approx(100 * row["n_wt"] / 150)
    expected = statistics.log_enrichment_p(row["n_wt"], 150, row["n_ko"], 200, "fisher")
    assert row["log10_pvalue_wt"] == pytest.approx(float(expected) / np.log(10))
    assert row["pvalue_ko"] is None


def test_seeds_repeat_and_matter(bench: Bench, planted: tuple[str, InputRef]) -> None:
    dataset, motifs = planted

    def go(seed: int) -> Artifact:
        spec = EnrichMotifsSpec(dataset=dataset, motifs_file=motifs, background=["shuffled"], mode=["best"], seed=seed)
        return bench.run(spec)

    assert go(1).digest == go(1).digest
    assert go(1).table("enrichment.parquet") != go(2).table("enrichment.parquet")


def test_a_given_background(bench: Bench, planted: tuple[str, InputRef], tmp_path: Path) -> None:
    dataset, motifs = planted
    path = tmp_path / "background.fa.gz"
    letters = np.array(list("ACGT"))
    text = "".join(f">s{i}\n{''.join(letters[row])}\n" for i, row in enumerate(random_codes(100, 80, 12)))
    path.write_bytes(gzip.compress(text.lower().encode()))
    spec = EnrichMotifsSpec(
        dataset=dataset, motifs_file=motifs, background=["given"], background_fasta=bench.ref(path), mode=["fixed"]
    )
    row = find(bench.run(spec), "both", "fixed", "given", "both")
    assert row["qvalue_wt"] < 1e-6
    assert row["qvalue_ko"] < 1e-6
    assert row["pct_background_wt"] == row["pct_background_ko"]


@pytest.mark.parametrize("text, message", [("ACGT\n", "begins with"), ("", "no sequence"), (">a\nAC*T\n", "no nucl")])
def test_a_background_that_is_no_fasta(
    bench: Bench, planted: tuple[str, InputRef], tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "background.fa"
    path.write_text(text)
    spec = EnrichMotifsSpec(
        dataset=planted[0], motifs_file=planted[1], background=["given"], background_fasta=bench.ref(path)
    )
    with pytest.raises(UserError, match=message) as caught:
        bench.run(spec)
    assert caught.value.reason is Reason.INVALID_FASTA


def test_a_split_without_a_class_is_named(bench: Bench, planted: tuple[str, InputRef]) -> None:
    dataset = bench.dataset(random_codes(4, 30, 0), random_codes(4, 30, 1), split="train")
    with pytest.raises(UserError, match="'test' holds no WT") as caught:
        bench.run(EnrichMotifsSpec(dataset=dataset, motifs_file=planted[1]))
    assert caught.value.reason is Reason.EMPTY_SPLIT


def test_cancelling_stops_the_scan(bench: Bench, planted: tuple[str, InputRef]) -> None:
    with pytest.raises(Cancelled):
        bench.run(EnrichMotifsSpec(dataset=planted[0], motifs_file=planted[1], background=["both"]), cancelled=True)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"background": []}, "background names"),
        ({"background": ["both", "both"]}, "background names"),
        ({"background": ["given"]}, "background_fasta go together"),
        ({"background_fasta": {"sha256": "a"}}, "background_fasta go together"),
        ({"mode": []}, "mode names"),
        ({"motifs": "a", "database": "jaspar2024-fungi"}, "one source of motifs"),
        ({"threshold_pvalue": 0.5}, "threshold_pvalue"),
        ({"n_shuffles": 0}, "n_shuffles"),
    ],
)
def test_wrong_specs_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EnrichMotifsSpec(dataset="a" * 64, **fields)


# HOMER

KNOWN = (
    "Motif Name\tConsensus\tP-value\tLog P-value\tq-value (Benjamini)\t# of Target Sequences with Motif(of 385)\t"
    "% of Target Sequences with Motif\t# of Background Sequences with Motif(of 45786)\t"
    "% of Background Sequences with Motif\n"
    "Fra1(bZIP)/BT549-Fra1-ChIP-Seq(GSE46166)/Homer\tNNATGASTCATH\t1e-87\t-2.010e+02\t0.0000\t142.0\t36.95%\t1526.9\t"
    "3.33%\n"
)


def test_homer_known_results_are_read(tmp_path: Path) -> None:
    path = tmp_path / "knownResults.txt"
    path.write_text(KNOWN.replace("\n", "\r\n"), newline="")
    (row,) = homer_results.read_known_results(path)
    assert row.name.startswith("Fra1(bZIP)")
    assert (row.consensus, row.pvalue, row.log_pvalue) == ("NNATGASTCATH", 1e-87, -201.0)
    assert (row.pct_target, row.pct_background) == (36.95, 3.33)
    assert (row.n_target_total, row.n_background_total) == (385, 45786)


@pytest.mark.parametrize(
    "text, message",
    [
        ("a\tb\n", "line 1 lacks the column 'Motif Name'"),
        (KNOWN.replace("36.95%", "many"), "line 2 'many' is no number"),
        (KNOWN + "short\tline\n", "line 3 has 2 columns"),
        ("", "line 1 lacks"),
    ],
)
def test_homer_tables_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "knownResults.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        homer_results.read_known_results(path)
    assert caught.value.reason is Reason.INVALID_TABLE


def test_homers_numbers_stand_beside_ours(bench: Bench, planted: tuple[str, InputRef], tmp_path: Path) -> None:
    digest, motifs = planted
    wt, ko = tmp_path / "wt.txt", tmp_path / "ko.txt"
    wt.write_text(
        KNOWN + KNOWN.splitlines()[1].replace("Fra1(bZIP)", "MINE(bZIP)").replace("-2.010e+02", "-9.0") + "\n"
    )
    ko.write_text(KNOWN.replace("Fra1(bZIP)", "MINE(bZIP)").replace("36.95%", "1.5%"))
    spec = EnrichMotifsSpec(dataset=digest, motifs_file=motifs, homer_wt=bench.ref(wt), homer_ko=bench.ref(ko))
    artifact = bench.run(spec)
    first, second = artifact.table("homer.parquet").to_pylist()
    assert first["homer_motif"].startswith("Fra1")
    assert (first["homer_pct_wt"], first["homer_pct_ko"], first["motif"]) == (36.95, None, None)
    assert (second["homer_pct_wt"], second["homer_pct_ko"]) == (36.95, 1.5)
    assert second["homer_log10_pvalue_wt"] == pytest.approx(-9 / np.log(10))
    ours = find(artifact, "mine", "fixed", "both", "both")
    assert (second["motif"], second["pct_wt"], second["pvalue_wt"]) == ("mine", ours["pct_wt"], ours["pvalue_wt"])


def test_homer_thresholds_are_used(bench: Bench, planted: tuple[str, InputRef], tmp_path: Path) -> None:
    path = tmp_path / "ap1.motif"
    rows = "\n".join("\t".join(f"{v:.3f}" for v in row) for row in word_motif(WORDS["mine"], "x").probabilities)
    path.write_text(f">TGACTCATT\tAP-1\t9.5\t-200\t0\n{rows}\n>TGACTCATT\tstrict\t99\t-200\t0\n{rows}\n")
    assert homer_results.motif_thresholds(path) == [9.5, 99.0]
    spec = EnrichMotifsSpec(dataset=planted[0], motifs_file=bench.ref(path), background=["ko"], mode=["fixed"])
    loose, strict = bench.run(spec).table("enrichment.parquet").to_pylist()
    assert loose["threshold_unit"] == "nats"
    assert loose["threshold"] == pytest.approx(9.5, abs=0.05)
    assert loose["pct_wt"] > 50
    assert strict["n_wt"] == 0
    assert strict["pvalue_wt"] == 1.0


# against the MEME Suite


@pytest.fixture(scope="module")
def yeast(shared_dir: Path) -> tuple[np.ndarray, np.ndarray, list[Motif]]:
    sets = []
    for name in ("reb1_pm30.fa", "abf1_pm30.fa"):
        records = (shared_dir / "oracles" / name).read_text().split(">")[1:]
        sets.append(encode_batch(["".join(record.split("\n")[1:]) for record in records]))
    motifs = read_motifs(shared_dir / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz")
    return sets[0], sets[1], motifs


def test_hits_are_fimo_s(shared_dir: Path, yeast: tuple[np.ndarray, np.ndarray, list[Motif]]) -> None:
    _, abf1, motifs = yeast
    headers = (shared_dir / "oracles" / "abf1_pm30.fa").read_text().split(">")[1:]
    names = [header.split()[0] for header in headers]
    theirs = set()
    with gzip.open(shared_dir / "oracles" / "fimo_fungi_abf1.tsv.gz", "rt") as handle:
        for line in csv.DictReader((x for x in handle if x.strip() and not x.startswith("#")), delimiter="\t"):
            theirs.add((line["motif_id"], line["sequence_name"]))
    background = np.array([0.275, 0.225, 0.225, 0.275])
    matrices = [ScoreMatrix.from_motif(m, 0.1, background) for m in motifs]
    hits = scanning.best_hits(abf1, matrices)
    floors = [m.threshold(1e-4, background) for m in matrices]
    ours = {(m.id, names[j]) for m, row, x in zip(motifs, hits, floors, strict=True) for j in np.flatnonzero(row >= x)}
    assert len(theirs) > 1000
    assert len(ours & theirs) / len(ours | theirs) > 0.95


def test_enrichment_ranks_as_sea(shared_dir: Path, yeast: tuple[np.ndarray, np.ndarray, list[Motif]]) -> None:
    reb1, abf1, motifs = yeast
    with open(shared_dir / "oracles" / "sea_reb1_vs_abf1.tsv") as handle:
        sea = list(csv.DictReader((x for x in handle if x.strip() and x[0] != "#"), delimiter="\t"))
    frequencies = scanning.letter_frequencies([abf1])
    matrices = [ScoreMatrix.from_motif(m, 0.1, frequencies) for m in motifs]
    outcome = thresholds.best_threshold(
        scanning.best_hits(reb1, matrices), scanning.best_hits(abf1, matrices), "fisher"
    )
    order = [motifs[i].id for i in np.argsort(outcome.log_p)]
    assert order[:2] == [line["ID"] for line in sea[:2]] == ["MA0363.3", "MA0421.1"]
    assert len(set(order[:10]) & {line["ID"] for line in sea[:10]}) >= 7
    at = [m.id for m in motifs].index("MA0363.3")
    share = (scanning.best_hits(reb1, [matrices[at]]) >= outcome.threshold[at]).mean()
    assert 100 * share == pytest.approx(float(sea[0]["TP%"]), abs=2.0)


def test_the_tasks_order_is_sea_s(
    bench: Bench, shared_dir: Path, yeast: tuple[np.ndarray, np.ndarray, list[Motif]]
) -> None:
    reb1, abf1, _ = yeast
    with open(shared_dir / "oracles" / "sea_reb1_vs_abf1.tsv") as handle:
        sea = list(csv.DictReader((x for x in handle if x.strip() and x[0] != "#"), delimiter="\t"))
    database = bench.ref(shared_dir / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz")
    artifact = bench.run(
        EnrichMotifsSpec(dataset=bench.dataset(reb1, abf1), motifs_file=database, background=["ko"], mode=["best"])
    )
    rows = sorted(artifact.table("enrichment.parquet").to_pylist(), key=lambda row: row["log10_pvalue_wt"])
    order = [row["motif"] for row in rows]
    assert rows[0]["name"] == "REB1"
    assert len(set(order[:5]) & {line["ID"] for line in sea[:5]}) >= 4
