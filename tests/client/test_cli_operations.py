"""Single operations, waiting, cancelling, listing and ctrl-C, against the fake services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cislex_client.app import run_command

DATASET = "0123456789abcdef"
CLUSTER = ["motif", "cluster", "--kmers", DATASET]


def test_a_step_as_its_own_command(services, capsys):
    assert run_command([*CLUSTER, "--n-clusters", "6", "--set", "max_shift=3"]) == 0
    captured = capsys.readouterr()
    assert "n_clusters" in captured.out
    task, request = services.requests[0]
    assert task == "motif.ClusterKmers"
    assert request["kmers"] == f"tenants/local/kmers/{DATASET}"
    assert (request["n_clusters"], request["max_shift"]) == (6, 3)
    assert "method" not in request or request["method"] == "unspecified", "the service's default"


@pytest.mark.parametrize(
    "words, task",
    [
        (["genome", "register", "FILE"], "encoder.RegisterGenome"),
        (["dataset", "build", "--wt", "FILE", "--ko", "FILE", "--genome", "FILE"], "encoder.BuildDataset"),
        (["dataset", "label", "--counts", "FILE", "--definition", "specific"], "encoder.LabelPeaks"),
        (["dataset", "simulate", "--n-wt", "30"], "encoder.Simulate"),
        (
            ["model", "train", "--dataset", DATASET, "--seeds", "0,7", "--epochs", "2", "--data-parallel", "2"],
            "trainer.TrainModel",
        ),
        (["model", "evaluate", "--model", DATASET, "--dataset", DATASET], "trainer.EvaluateModel"),
        (["model", "import", "FILE", "--window", "200", "--outputs", "MAX,JUND"], "trainer.ImportModel"),
        (
            ["model", "train", "--dataset", DATASET, "--architecture", "explainn", "--init-motif-db", "FILE"],
            "trainer.TrainModel",
        ),
        (["motif", "compare", DATASET, "--initial-of", DATASET], "motif.CompareMotifs"),
        (["model", "export", "--model", DATASET, "--dataset", DATASET, "--tolerance", "1e-5"], "trainer.ExportModel"),
        (["model", "predict", "--export", DATASET, "--sequences", "FILE"], "trainer.Predict"),
        (["explain", "saliency", "--model", DATASET, "--dataset", DATASET], "explainer.ComputeAttributions"),
        (["explain", "kmers", "--attributions", DATASET, "--dataset", DATASET, "--k", "12"], "explainer.ExtractKmers"),
        (["explain", "filters", "--model", DATASET, "--dataset", DATASET], "explainer.ExplainFilters"),
        (["motif", "discover", "--dataset", DATASET, "--min-width", "7"], "motif.DiscoverMotifs"),
        (["motif", "discover", "--clusters", DATASET, "--engine", "meme"], "motif.DiscoverMotifs"),
        (["motif", "compare", DATASET, "--motif-db", "FILE"], "motif.CompareMotifs"),
        (["motif", "compare", "--query-file", "FILE"], "motif.CompareMotifs"),
        (["motif", "enrich", "--dataset", DATASET], "motif.EnrichMotifs"),
        (["motif", "enrich", "--dataset", DATASET, "--motifs", DATASET], "motif.EnrichMotifs"),
        (["dataset", "import", "--fasta", "a=FILE", "--fasta", "b=FILE"], "encoder.ImportDataset"),
        (
            ["dataset", "import", "--fastq", "GATA3=FILE", "--clip-left", "7", "--clip-right", "64"],
            "encoder.ImportDataset",
        ),
        (["dataset", "import", "--pbm", "v1=FILE", "--pbm", "v2=FILE"], "encoder.ImportDataset"),
        (
            ["dataset", "import", "--matrix", "FILE", "--genome", "FILE", "--split-by", "random"],
            "encoder.ImportDataset",
        ),
        (["dataset", "import", "--anndata", "FILE", "--cluster-column", "type"], "encoder.ImportDataset"),
        (
            ["dataset", "import", "--one-hot", "FILE", "--targets", "FILE", "--channel-order", "ATGC"],
            "encoder.ImportDataset",
        ),
        (
            ["dataset", "negatives", "--dataset", DATASET, "--method", "gc_pool", "--pool", "FILE"],
            "encoder.SampleNegatives",
        ),
        (["dataset", "design", "--design", "cooperative"], "encoder.SimulateDataset"),
        (
            [
                "model",
                "compare",
                "--model",
                DATASET,
                "--evaluation",
                DATASET,
                "--model",
                DATASET,
                "--evaluation",
                DATASET,
                "--names",
                "a,b",
            ],
            "trainer.CompareModels",
        ),
        (
            [
                "explain",
                "saliency",
                "--model",
                DATASET,
                "--dataset",
                DATASET,
                "--method",
                "deeplift_shap",
                "--outputs",
                "B,T",
            ],
            "explainer.ComputeAttributions",
        ),
        (["explain", "units", "--model", DATASET, "--dataset", DATASET], "explainer.ExplainUnits"),
        (
            ["explain", "umap", "--units", DATASET, "--dataset", DATASET, "--color-by", "split"],
            "explainer.ProjectUnits",
        ),
        (["explain", "interactions", "--model", DATASET, "--motifs", "GATA,CTCF"], "explainer.MeasureInteractions"),
        (["motif", "discover", "--attributions", DATASET, "--dataset", DATASET], "motif.DiscoverMotifs"),
        (["motif", "seqlets", "--attributions", DATASET, "--dataset", DATASET], "motif.CallSeqlets"),
        (["motif", "score", DATASET, "--dataset", DATASET, "--motif-db", "jaspar2024-fungi"], "motif.ScoreMotifs"),
        (["motif", "scan", "--sequences", "FILE", "--motif-db", "FILE"], "motif.ScanMotifs"),
        (["motif", "scan", "--dataset", DATASET, "--motifs", DATASET], "motif.ScanMotifs"),
        (["motif", "group", DATASET, DATASET], "motif.GroupMotifs"),
    ],
)
def test_every_command_speaks_its_contract(services, tmp_path, capsys, words, task):
    file = tmp_path / "file.bed"
    file.write_text("chr1\t1\t2\n")
    assert run_command([*(word.replace("FILE", str(file)) for word in words), "-o", "name"]) == 0
    assert services.requests[0][0] == task
    assert capsys.readouterr().out.startswith("tenants/local/")


@pytest.mark.parametrize(
    "words",
    [
        ["motif", "cluster", "--kmers", "nonsense"],
        ["motif", "cluster", "--kmers", DATASET, "--set", "nonsense=1"],
        ["motif", "cluster", "--kmers", DATASET, "--set", "n_clusters"],
        ["motif", "cluster", "--kmers", DATASET, "--method", "other"],
        ["motif", "discover"],
        ["motif", "discover", "--clusters", DATASET, "--dataset", DATASET],
        ["motif", "compare"],
        ["motif", "scan"],
        ["model", "compare", "--model", DATASET, "--evaluation", DATASET],
        ["dataset", "import", "--fasta", "nofile"],
        ["model", "predict", "--export", DATASET],
        ["model", "train", "--dataset", DATASET, "--seeds", "none"],
        ["model", "train", "--dataset", DATASET, "--seeds", "0"],
        ["nothing"],
        ["motif", "cluster", "--nothing"],
        ["op", "get"],
    ],
)
def test_wrong_words_are_exit_2(services, words, capsys):
    assert run_command(words) == 2
    assert services.operations == {}


def test_no_wait_then_wait(services, script, capsys):
    services.scripts["motif.ClusterKmers"] = script(steps=3, step_s=0.1)
    assert run_command([*CLUSTER, "--no-wait", "-o", "name"]) == 0
    name = capsys.readouterr().out.strip()
    assert name in services.operations
    assert run_command(["op", "wait", name.rpartition("/")[2], "-o", "json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["name"].startswith("tenants/local/clusters")


def test_a_wait_that_times_out_is_124_and_leaves_the_work_alone(services, script, capsys):
    services.scripts["motif.ClusterKmers"] = script(steps=1, step_s=1.5)
    assert run_command([*CLUSTER, "--timeout", "0.2"]) == 124
    said = capsys.readouterr().err
    name = next(iter(services.operations))
    assert f"cislex op wait {name}" in said
    assert run_command(["op", "wait", name]) == 0


def test_a_failed_operation_is_exit_1_with_its_message(services, script, make_status, capsys):
    services.scripts["motif.ClusterKmers"] = script(
        error=make_status("FAILED_PRECONDITION", "the loss is not finite at epoch 3", "TRAINING_DIVERGED")
    )
    assert run_command(CLUSTER) == 1
    assert "the loss is not finite at epoch 3" in capsys.readouterr().err
    assert run_command(["op", "wait", next(iter(services.operations))]) == 1


def test_cancel(services, script, capsys):
    services.scripts["motif.ClusterKmers"] = script(steps=1, step_s=30)
    assert run_command([*CLUSTER, "--no-wait", "-o", "name"]) == 0
    name = capsys.readouterr().out.strip()
    assert run_command(["op", "cancel", name, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "cancelled"
    assert run_command(["op", "wait", name]) == 6
    assert run_command(["op", "get", name, "-o", "json"]) == 0


def test_unknown_names_are_exit_3(services, capsys):
    assert run_command(["op", "get", "nothing"]) == 3
    assert run_command(["dataset", "show", DATASET]) == 3
    assert "no result" in capsys.readouterr().err


def test_no_server_is_exit_5(clean_env, capsys):
    from cislex_client import channels, contexts

    contexts.add(contexts.Context("gone", f"unix://{clean_env / 'none.sock'}"))
    original, channels.CONNECT_TIMEOUT_S = channels.CONNECT_TIMEOUT_S, 0.3
    try:
        assert run_command(["--context", "gone", "op", "ls"]) == 5
    finally:
        channels.CONNECT_TIMEOUT_S = original
    assert "no connection" in capsys.readouterr().err


def test_tokens_ride_along(services, monkeypatch):
    from cislex_client import contexts

    monkeypatch.setenv("TOK", "secret")
    contexts.add(contexts.Context("fake", services.address.replace("unix:", "unix://"), token_env="TOK"))
    assert run_command(CLUSTER) == 0
    assert services.tokens == ["Bearer secret"]


def test_lists_and_shows(services, capsys, tmp_path):
    assert run_command(CLUSTER) == 0
    capsys.readouterr()
    assert run_command(["op", "ls"]) == 0
    assert "motif.ClusterKmers" in capsys.readouterr().out
    assert run_command(["artifact", "ls", "--kind", "clusters", "-o", "json"]) == 0
    entry = json.loads(capsys.readouterr().out)[0]
    assert run_command(["artifact", "stat", entry["sha256"], "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "clusters"
    assert run_command(["artifact", "pull", entry["sha256"], "--out", str(tmp_path / "pulled")]) == 0
    assert (tmp_path / "pulled" / "clusters.parquet").is_file()
    assert run_command(["artifact", "pull", entry["sha256"], "--out", str(tmp_path / "pulled")]) == 2
    (tmp_path / "x.txt").write_text("x" * 3_000_000)
    capsys.readouterr()
    assert run_command(["artifact", "push", str(tmp_path / "x.txt"), "-o", "name"]) == 0
    assert len(services.uploads[capsys.readouterr().out.strip()]) == 3_000_000
    assert run_command(["motif", "cluster", "--kmers", DATASET, "-o", "json"]) == 0


def test_a_collection_is_asked_for(services, capsys):
    assert run_command(["artifact", "gc", "--dry-run", "-o", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["artifacts"], said["freed_bytes"], said["temporaries"]) == (
        "would be removed",
        3,
        4096,
        0,
    )
    assert run_command(["artifact", "gc", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["temporaries"] == 1


def test_show_reads_the_manifest(services, tmp_path, capsys):
    file = tmp_path / "a.bed"
    file.write_text("chr1\t1\t2\n")
    words = ["dataset", "build", "--wt", str(file), "--ko", str(file), "--genome", str(file), "-o", "name"]
    assert run_command(words) == 0
    name = capsys.readouterr().out.strip()
    assert run_command(["dataset", "show", name.replace("tenants/local/", ""), "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["summary"] == {"n": 1}
    assert "codes.npy" in {entry["path"] for entry in shown["files"]}
    assert run_command(["model", "show", shown["sha256"]]) == 3, "of another kind"


def _spawn(words: list[str], grace_s: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from cislex_client.app import main; main()", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CISLEX_DETACH_GRACE_S": str(grace_s)},
    )


def _await_operation(services, seconds: float = 20.0) -> str:
    """The operation that the command follows: it knows its name by then."""
    end = time.monotonic() + seconds
    while not services.operations and time.monotonic() < end:
        time.sleep(0.05)
    name, operation = next(iter(services.operations.items()))
    assert operation.watched.wait(seconds)
    return name


def test_the_first_ctrl_c_detaches_and_says_how_to_come_back(services, script):
    services.scripts["motif.ClusterKmers"] = script(steps=1, step_s=30)
    with _spawn(CLUSTER, 0.2) as process:
        name = _await_operation(services)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert f"cislex op wait {name}" in said
    assert not services.operations[name].cancelled.is_set(), "a client that goes away cancels nothing"


def test_the_second_ctrl_c_asks_to_cancel(services, script):
    services.scripts["motif.ClusterKmers"] = script(steps=1, step_s=30)
    with _spawn(CLUSTER, 10) as process:
        name = _await_operation(services)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 6, said
    assert services.operations[name].cancelled.is_set()


def test_ctrl_c_during_a_run_names_its_operations(services, script, tmp_path):
    services.scripts["encoder.BuildDataset"] = script(steps=1, step_s=30)
    file = tmp_path / "a.bed"
    file.write_text("chr1\t1\t2\n")
    other = tmp_path / "b.bed"
    other.write_text("chr1\t3\t4\n")
    words = ["run", "wtko", "--wt", str(file), "--ko", str(other), "--genome", str(file), "--out", str(tmp_path / "r")]
    with _spawn(words, 0.2) as process:
        name = _await_operation(services)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert name in said
    assert "go on:" in said
    assert not Path(tmp_path / "r").exists()
