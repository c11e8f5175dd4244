"""`cislex run wtko` against the fake services: results, cache, failures, dry run."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from cislex_client.app import run_command
from cislex_client.rehearsal import STAND_IN


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Arguments that name two peak files and a genome."""
    (tmp_path / "wt.bed").write_text("chr1\t10\t20\nchr1\t30\t40\n")
    (tmp_path / "ko.bed").write_text("track name=x\nchr1\t110\t120\n\n")
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGT" * 100 + "\n")
    return ["--wt", str(tmp_path / "wt.bed"), "--ko", str(tmp_path / "ko.bed"), "--genome", str(tmp_path / "g.fa")]


@pytest.fixture(autouse=True)
def plain_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report has its own tests: here it is one line."""
    import cislex_client.report

    def render(folder: Path) -> Path:
        assert json.loads((folder / "run.json").read_text())["format"] == "cislex-run/1"
        (folder / "report.html").write_text("<p>report</p>")
        return folder / "report.html"

    monkeypatch.setattr(cislex_client.report, "render", render)


def test_a_run_makes_the_result_folder(services, files, tmp_path, capsys):
    out = tmp_path / "result"
    assert run_command(["run", "wtko", *files, "--seeds", "2", "--test-chroms", "6, chr7", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out / 'report.html'}\n", "stdout is the result alone"
    assert "14 steps ran" in captured.err
    names = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    assert names == {
        "run.json", "report.html", "dataset.tsv", "drops.tsv", "preflight.json", "metrics.json", "curves.json",
        "predictions.tsv", "history.tsv", "training.json", "model.onnx", "labels.txt", "model_card.md",
        "model_card.json", "parity.json", "attributions.npz", "kmers.tsv", "kmer_ranking.tsv", "clusters.tsv",
        "cluster_members.tsv", "clusters.meme", "motifs.tsv", "motif_sites.tsv", "motifs.meme", "matches.tsv",
        "queries.meme", "targets.meme", "filters.tsv", "filter_groups.tsv", "filters.meme", "filter_matches.tsv",
        "filter_queries.meme", "filter_targets.meme", "enrichment.tsv", "logos/query.WT_1.svg",
        "logos/query.s0_f1.svg", "logos/target.MA0107.1.svg", "logos/filter.s0_f1.svg", "families.tsv",
        "family_members.tsv", "families.meme",
    }  # fmt: skip
    request = dict(services.requests)["encoder.BuildDataset"]
    assert request["test_chroms"] == ["6", "chr7"]
    assert request["wt"]["path"] == str(tmp_path / "wt.bed")
    assert dict(services.requests)["trainer.TrainModel"]["seeds"] == [0, 1]


def test_tables_are_tsv_with_empty_cells_for_nothing(services, files, tmp_path):
    out = tmp_path / "result"
    assert run_command(["run", "wtko", *files, "--out", str(out)]) == 0
    assert (out / "dataset.tsv").read_text() == "row\tset\tchrom\tgc\tlabel\n0\tKO\tchr1\t0.5\t0\n1\tWT\t\t0.25\t1\n"
    assert (out / "drops.tsv").read_text() == "source\tline\tstatus\tdataset_row\na.bed\t3\tduplicate\t\n"
    assert (out / "history.tsv").read_text().splitlines()[2] == "0\t2\t0.6\ttrue"
    assert (out / "enrichment.tsv").read_text().splitlines()[1] == "MA0107.1\t0.001\t"
    assert len((out / "motifs.tsv").read_text().splitlines()) == 3, "motifs of clusters and of sets together"
    saved = np.load(out / "attributions.npz")
    assert saved["codes"].shape == (2, 30)
    assert saved["projected"].shape == (2, 30)
    np.testing.assert_array_equal(saved["labels"], [1, 0])
    np.testing.assert_array_equal(saved["projected"], saved["hypothetical"][:, 2])
    assert json.loads(str(saved["meta"]))["n_total"] == 2


def test_run_json_repeats_the_run(services, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "result"
    relative = [os.path.relpath(word, tmp_path) if word.startswith("/") else word for word in files]
    assert run_command(["run", "wtko", *relative, "--seeds", "1", "--out", str(out)]) == 0
    run = json.loads((out / "run.json").read_text())
    assert run["inputs"]["wt"]["path"] == str(tmp_path / "wt.bed")
    assert len(run["inputs"]["genome"]["sha256"]) == 64
    assert [step["id"] for step in run["steps"]][:2] == ["dataset", "train"]
    assert all(step["status"] == "succeeded" and step["artifact"]["sha256"] for step in run["steps"])
    assert {entry["path"] for entry in run["files"]} >= {"dataset.tsv", "model.onnx", "logos/query.WT_1.svg"}
    submitted = len(services.operations)
    monkeypatch.chdir("/")
    assert run_command(run["command"][1:]) == 0
    assert len(services.operations) == submitted, "the recorded command finds every operation again"


def test_a_second_run_takes_everything_from_the_cache_and_says_so(services, files, tmp_path, capsys):
    command = ["run", "wtko", *files, "--out", str(tmp_path / "result")]
    assert run_command(command) == 0
    capsys.readouterr()
    assert run_command(command) == 0
    said = capsys.readouterr().err
    assert "14 came from the cache" in said
    assert said.count("(from the cache)") == 14


def test_a_step_that_failed_is_tried_again_and_the_rest_is_kept(services, script, make_status, files, tmp_path, capsys):
    out = tmp_path / "result"
    command = ["run", "wtko", *files, "--out", str(out)]
    bad = make_status("RESOURCE_EXHAUSTED", "8 GB were needed, 4 are free", "OUT_OF_MEMORY")
    services.scripts["motif.ClusterKmers"] = script(error=bad)
    assert run_command(command) == 5
    said = capsys.readouterr().err
    assert "8 GB were needed" in said
    assert "--max-per-class" in said, "the remedy"
    run = json.loads((out / "run.json").read_text())
    status = {step["id"]: step["status"] for step in run["steps"]}
    assert status["clusters"] == "failed"
    assert status["motifs_clusters"] == status["compare"] == "skipped"
    assert status["filters"] == status["enrich"] == status["motifs_sets"] == "succeeded"
    assert (out / "report.html").is_file()
    assert not (out / "matches.tsv").exists()
    del services.scripts["motif.ClusterKmers"]
    assert run_command(command) == 0
    assert "3 steps ran, 11 came from the cache" in capsys.readouterr().err
    assert (out / "matches.tsv").exists()


def test_without_a_dataset_there_is_no_folder(services, script, make_status, files, tmp_path, capsys):
    bad = make_status(
        "FAILED_PRECONDITION", "wt.bed:3: contig chr1 is not in g.fa; chr1 → chrI? run with --alias auto",
        "CONTIG_UNKNOWN", file="wt.bed", line="3",
    )  # fmt: skip
    services.scripts["encoder.BuildDataset"] = script(error=bad)
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "result")]) == 2
    said = capsys.readouterr().err
    assert said.count("--alias auto") == 1
    assert "wt.bed:3" in said
    assert "not started" not in said, "a list of all other steps would bury the error"
    assert not (tmp_path / "result").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_refused_request_shows_every_field(services, script, make_status, files, tmp_path, capsys):
    refusal = make_status(
        "INVALID_ARGUMENT", "2 fields are not valid", "INVALID_REQUEST",
        {"window_bp": "must be even (got 7)", "test_chroms": "named for test and validation"},
    )  # fmt: skip
    services.scripts["encoder.BuildDataset"] = script(refuse=refusal)
    assert run_command(["run", "wtko", *files, "--window", "7", "--out", str(tmp_path / "r")]) == 2
    said = capsys.readouterr().err
    assert "window_bp" in said
    assert "must be even (got 7)" in said
    assert "named for test and validation" in said


def test_errors_are_json_on_request(services, script, make_status, files, tmp_path, capsys):
    refusal = make_status("INVALID_ARGUMENT", "bad", "INVALID_REQUEST", {"window_bp": "must be even"})
    services.scripts["encoder.BuildDataset"] = script(refuse=refusal)
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r"), "-o", "json"]) == 2
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert last["reason"] == "INVALID_REQUEST"
    assert last["violations"] == [{"field": "window_bp", "description": "must be even"}]


def test_warnings_are_said_and_kept(services, script, make_status, files, tmp_path, capsys):
    warning = make_status("OK", "chr1 was mapped to chrI in 2 files", "ALIAS_MAPPED")
    services.scripts["encoder.BuildDataset"] = script(warnings=[warning])
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 0
    assert capsys.readouterr().err.count("chr1 was mapped to chrI") == 1
    step = json.loads((tmp_path / "r" / "run.json").read_text())["steps"][0]
    assert step["warnings"] == [{"reason": "ALIAS_MAPPED", "message": "chr1 was mapped to chrI in 2 files"}]


def test_a_folder_of_other_files_is_not_replaced(services, files, tmp_path, capsys):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.tex").write_text("x")
    assert run_command(["run", "wtko", *files, "--out", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
    assert (out / "thesis.tex").exists()
    assert services.requests == [], "asked before any work"
    assert run_command(["run", "wtko", *files, "--out", str(out), "--force"]) == 0
    assert not (out / "thesis.tex").exists()


def test_a_report_that_cannot_be_drawn_costs_nothing_else(services, files, tmp_path, monkeypatch, capsys):
    import cislex_client.report

    def broken(folder: Path) -> Path:
        raise ZeroDivisionError("no figures")

    monkeypatch.setattr(cislex_client.report, "render", broken)
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'r'}\n"
    assert "no figures" in json.loads((tmp_path / "r" / "run.json").read_text())["notes"][0]


def test_dry_run_reads_the_input_estimates_and_trains_nothing(services, files, tmp_path, capsys):
    assert run_command(["run", "wtko", *files, "--dry-run", "--out", str(tmp_path / "r"), "-o", "json"]) == 0
    captured = capsys.readouterr()
    plan = json.loads(captured.out)
    assert plan["estimate"]["rows"] == 2
    assert plan["spec"] == {
        "dataset": {"a": 1},
    }
    assert len(plan["steps"]) == 14
    assert "memory" in captured.err
    assert [operation.task for operation in services.operations.values()] == ["encoder.BuildDataset"]
    assert not (tmp_path / "r").exists()


def test_every_step_is_asked_about_before_the_first_one_runs(services, script, make_status, files, tmp_path, capsys):
    refusal = make_status(
        "INVALID_ARGUMENT", "database: no taxon 'fishes'", "INVALID_REQUEST", {"database": "no taxon"}
    )
    services.scripts["motif.CompareMotifs"] = script(refuse=refusal)
    services.scripts["trainer.TrainModel"] = script(
        refuse=make_status("FAILED_PRECONDITION", "no GPU", "DEVICE_UNAVAILABLE")
    )
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 1
    said = capsys.readouterr().err
    assert said.count("no taxon 'fishes'") == 1, "two steps name the database"
    assert "no GPU" in said
    assert services.operations == {}
    assert not (tmp_path / "r").exists()


def test_results_that_do_not_exist_yet_are_no_refusal(services, script, make_status, files, tmp_path):
    """What a real service says of the stand-in, put to every step but the first."""
    missing = make_status("FAILED_PRECONDITION", f"the store does not hold {STAND_IN}", "ARTIFACT_MISSING")
    services.scripts["trainer.TrainModel"] = script(refuse=missing)
    assert run_command(["run", "wtko", *files, "--dry-run", "--out", str(tmp_path / "r")]) == 0


@pytest.mark.parametrize(
    "words, message",
    [
        (["--device", "tpu"], "device 'tpu' is none of auto, cpu, cuda"),
        (["--motif-engine", "memee"], "engine 'memee' is none of em, meme, streme"),
        (["--attribution", "magic"], "saliency, input_x_gradient, integrated_gradients"),
        (["--k", "700"], "do not fit a window of 600 bp"),
        (["--k", "30", "--window", "20"], "do not fit a window of 20 bp"),
        (["--motif-db", "broken.meme"], "line 6 ('x')"),
        (["--motif-db", "none.meme"], "does not exist"),
        (["--family-table", "broken.meme"], "lacks the column(s)"),
    ],
)
def test_wrong_values_of_late_steps_are_exit_2_before_any_work(
    services, files, tmp_path, monkeypatch, capsys, words, message
):
    (tmp_path / "broken.meme").write_text(
        "MEME version 4\n\nMOTIF m1\nletter-probability matrix: w= 2\n0.5 0.5 0.0 0.0\n0.9 0.9 x 0.0\n"
    )
    monkeypatch.chdir(tmp_path)
    assert run_command(["run", "wtko", *files, *words, "--out", str(tmp_path / "r")]) == 2
    assert message in capsys.readouterr().err
    assert services.operations == {}
    assert not (tmp_path / "r").exists()


def test_one_file_for_both_sets_is_exit_2(services, files, tmp_path, capsys):
    (tmp_path / "ko.bed").write_bytes((tmp_path / "wt.bed").read_bytes())
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 2
    assert "hold the same" in capsys.readouterr().err
    assert services.requests == []


@pytest.mark.parametrize(
    "words, message",
    [
        ([], "no peaks are named"),
        (["--wt", "wt.bed", "--genome", "g.fa"], "only --wt is named"),
        (["--wt", "wt.bed", "--ko", "ko.bed"], "--genome is missing"),
        (["--wt", "none.bed", "--ko", "ko.bed", "--genome", "g.fa"], "does not exist"),
        (["--wt", "none.bed", "--ko", "neither.bed", "--genome", "g.fa"], "2 input files"),
        (["--wt", "empty.bed", "--ko", "ko.bed", "--genome", "g.fa"], "is empty"),
        (["--wt", ".", "--ko", "ko.bed", "--genome", "g.fa"], "is a folder"),
        (["--wt", "wt.bed", "--ko", "ko.bed", "--wt-fasta", "g.fa", "--genome", "g.fa"], "cannot be mixed"),
        (["--wt", "wt.bed", "--ko", "ko.bed", "--genome", "g.fa", "--protocol", "x"], "default or paper"),
        (["--wt", "wt.bed", "--ko", "ko.bed", "--genome", "g.fa", "--alias", "none.tsv"], "does not exist"),
        (["--wt", "wt.bed", "--ko", "ko.bed", "--genome", "g.fa", "--out", "wt.bed"], "is a file"),
    ],
)
def test_wrong_command_lines_are_exit_2_before_any_work(services, files, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.bed").write_text("")
    assert run_command(["run", "wtko", *words]) == 2
    assert message in capsys.readouterr().err
    assert services.requests == []


def test_a_broken_connection_is_taken_up_again(services, files, tmp_path):
    services.fail_watch = 3
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 0


def test_remote_services_get_uploads_and_give_verified_copies(services, files, tmp_path, monkeypatch, capsys):
    from cislex_client.channels import Channels

    monkeypatch.setattr(Channels, "shares_files", property(lambda self: False))
    services.tell_paths = False
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 0
    assert len(services.uploads) == 3
    request = dict(services.requests)["encoder.BuildDataset"]
    assert request["wt"]["path"] == ""
    assert services.uploads[request["wt"]["sha256"]] == (tmp_path / "wt.bed").read_bytes()
    assert (tmp_path / "r" / "dataset.tsv").is_file()


def test_a_run_after_a_cancel_starts_anew(services, script, files, tmp_path, capsys):
    command = ["run", "wtko", *files, "--out", str(tmp_path / "r")]
    services.scripts["encoder.BuildDataset"] = script(steps=1, step_s=30)

    def cancel() -> None:
        while not services.operations:
            time.sleep(0.05)
        next(iter(services.operations.values())).cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    assert run_command(command) == 6
    thread.join()
    services.scripts.clear()
    assert run_command(command) == 0
    assert "14 steps ran" in capsys.readouterr().err


def test_an_error_of_the_catalogue_on_this_side_is_no_traceback(services, files, tmp_path, monkeypatch, capsys):
    from cislex_client import analysis
    from cislex_core.errors import Reason, UserError

    def broken(*_: object) -> None:
        raise UserError(Reason.INVALID_MOTIF_FILE, "queries.meme:7: a row does not sum to 1")

    monkeypatch.setattr(analysis, "write_results", broken)
    assert run_command(["run", "wtko", *files, "--out", str(tmp_path / "r")]) == 2
    assert "queries.meme:7" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_run_explainn_writes_units_names_and_scores(services, files, tmp_path, capsys):
    out = tmp_path / "units"
    assert run_command(["run", "explainn", *files, "--seeds", "2", "--units", "30", "--out", str(out)]) == 0
    assert "11 steps ran" in capsys.readouterr().err
    wanted = {"units.tsv", "importance.tsv", "unit_matches.tsv", "projection.tsv", "families.tsv", "best_motifs.tsv"}
    assert wanted | {"motifs_em.meme", "motifs_words.meme", "report.html"} <= {path.name for path in out.iterdir()}
    request = dict(services.requests)["trainer.TrainModel"]
    assert request["architecture"] == "explainn"
    assert request["options"] == {"units": "30"}


def test_run_explainn_takes_classes_of_sequences(services, tmp_path, capsys):
    fasta = tmp_path / "a.fa"
    fasta.write_text(">a\nACGT\n")
    words = ["run", "explainn", "--fasta", f"x={fasta}", "--fasta", f"y={fasta}", "--out", str(tmp_path / "out")]
    assert run_command([*words, "--seeds", "1"]) == 0
    request = dict(services.requests)["encoder.ImportDataset"]
    assert [entry["name"] for entry in request["fasta"]] == ["x", "y"]
    assert "motif.ScoreMotifs" not in dict(services.requests), "there are no WT and KO sets to search"
    assert run_command([*words[:4], "--out", str(tmp_path / "one")]) == 2
    assert "only the class x is named" in capsys.readouterr().err


def test_run_compare_trains_judges_and_tables_each_model(services, files, tmp_path, capsys):
    out = tmp_path / "models"
    words = ["run", "compare", "--models", "cnn4,danq", *files, "--seeds", "2", "--option", "danq.lstm_layers=1"]
    assert run_command([*words, "--out", str(out)]) == 0
    assert {"models.tsv", "differences.tsv", "comparison.tsv", "report.html"} <= {path.name for path in out.iterdir()}
    trained = [request for task, request in services.requests if task == "trainer.TrainModel"]
    assert {request["architecture"] for request in trained} == {"cnn4", "danq"}
    assert {tuple(request["seeds"]) for request in trained} == {(0, 1)}
    assert run_command([*words, "--dry-run"]) == 0
    assert "nothing was run" in capsys.readouterr().err
    assert run_command(["run", "compare", "--models", "cnn4", *files]) == 2
    assert run_command([*words, "--reference", "cnn9"]) == 2
