"""The report as text: whole, self-contained, safe, and still made when files are missing or odd."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

import pytest
from cislex_client.report import render
from cislex_client.report.results import STEP_OF
from page import check, read, words
from synthetic_networks import NETWORK_STEPS
from synthetic_parts import Shape, write_tsv
from synthetic_results import write_results

FIGURES = (
    "fig-leaders",
    "fig-splits",
    "fig-drops",
    "fig-loss",
    "fig-accuracy",
    "fig-confusion",
    "fig-roc",
    "fig-pr",
    "fig-calibration",
    "fig-honesty",
    "fig-saliency-1",
    "fig-saliency-7",
    "fig-motifs",
    "fig-motif-1",
    "fig-filters",
    "fig-filter-1",
    "fig-enrichment",
    "fig-kmers",
    "tab-planted",
    "tab-steps",
)


@pytest.fixture(scope="module")
def report(results_dir: Path) -> Path:
    return render(results_dir)


def test_every_panel_and_figure_is_there(report: Path) -> None:
    text, page = read(report)
    check(page)
    assert not set(FIGURES) - set(page.ids)
    assert 'class="missing"' not in text
    assert report.name == "report.html"
    assert report.stat().st_size < 3_000_000


def test_nothing_is_loaded_from_elsewhere(report: Path) -> None:
    text, page = read(report)
    assert page.outside == []
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in text
    assert "url(" not in text


def test_the_summary_says_what_was_found(report: Path) -> None:
    said = words(read(report)[1])
    for words_ in (
        "150 WT sequences",
        "AUROC",
        "RELA",
        "FOS::JUN",
        "without a difference between the classes being shown: SP1",
        "3 of 3 planted motifs recovered",
    ):
        assert words_ in said, words_


def test_the_same_folder_gives_the_same_bytes(report: Path, results_dir: Path) -> None:
    before = report.read_bytes()
    assert render(results_dir).read_bytes() == before
    assert [p.name for p in results_dir.iterdir() if p.name.startswith(".report")] == []


UNREAD = {"model.onnx", "model_card.json", "cluster_members.tsv", "clusters.meme"}  # the report does not open these


# made by other pipelines' steps; test_networks.py has those
OTHERS = {name for name, step in STEP_OF.items() if step in NETWORK_STEPS} | {"gc.json", "leakage.tsv"}


@pytest.mark.parametrize("name", sorted({*STEP_OF, "run.json", "planted.json", "model_card.md"} - UNREAD - OTHERS))
def test_any_file_may_be_missing(copy_dir: Path, name: str) -> None:
    (copy_dir / name).unlink()
    _, page = read(render(copy_dir))
    check(page)


def test_a_missing_file_is_named_with_the_steps_own_reason(copy_dir: Path) -> None:
    run = json.loads((copy_dir / "run.json").read_text())
    for step in run["steps"]:
        if step["id"] in ("compare", "attributions"):
            step |= {"status": "failed", "note": "the server ran out of memory"}
    (copy_dir / "run.json").write_text(json.dumps(run))
    for name in ("matches.tsv", "queries.meme", "attributions.npz"):
        (copy_dir / name).unlink()
    _, page = read(render(copy_dir))
    check(page)
    said = words(page)
    assert "matches.tsv and queries.meme are not in the result folder" in said
    assert "the server ran out of memory" in said
    assert "Not every step finished" in said
    assert "No motif was compared with known ones" in said


def test_an_empty_folder_gives_a_report_that_says_so(tmp_path: Path) -> None:
    text, page = read(render(tmp_path))
    check(page)
    assert text.count('class="missing"') >= 8
    assert "was not measured" in words(page)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is no folder"):
        render(tmp_path / "absent")


@pytest.mark.parametrize(
    "name", ["metrics.json", "curves.json", "attributions.npz", "queries.meme", "run.json", "preflight.json"]
)
def test_a_damaged_file_is_named_and_costs_only_its_panel(copy_dir: Path, name: str) -> None:
    (copy_dir / name).write_text("MOTIF {broken")
    _, page = read(render(copy_dir))
    check(page)
    assert re.search(rf"{re.escape(name)} cannot be read: \S+", words(page))


def test_tables_without_rows_mean_that_nothing_was_found(copy_dir: Path) -> None:
    for path in copy_dir.glob("*.tsv"):
        path.write_text(path.read_text().split("\n", 1)[0] + "\n")
    (copy_dir / "queries.meme").write_text("MEME version 4\n\nALPHABET= ACGT\n")
    _, page = read(render(copy_dir))
    check(page)


def test_names_from_files_cannot_become_markup(copy_dir: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&"
    run = json.loads((copy_dir / "run.json").read_text())
    run["inputs"]["wt"]["path"] = f"/data/{hostile}.bed"
    run["command"].append(hostile)
    run["notes"] = [hostile]
    run["steps"][0] |= {"title": hostile, "note": hostile, "warnings": [{"reason": "X", "message": hostile}]}
    (copy_dir / "run.json").write_text(json.dumps(run))
    (copy_dir / "preflight.json").write_text(json.dumps({"aliases": {hostile: "chr1"}, "warnings": [hostile]}))
    for name, columns in {
        "dataset.tsv": ("chrom", "name"),
        "drops.tsv": ("status",),
        "matches.tsv": ("target_name", "tf_family", "tf_class"),
        "clusters.tsv": ("consensus", "discovery"),
        "enrichment.tsv": ("name", "consensus", "test"),
        "kmer_ranking.tsv": ("kmer",),
        "filter_groups.tsv": ("consensus",),
        "filter_matches.tsv": ("target_name", "tf_family"),
    }.items():
        lines = [line.split("\t") for line in (copy_dir / name).read_text().splitlines()]
        at = [lines[0].index(column) for column in columns]
        for line in lines[1:]:
            for i in at:
                line[i] = hostile
        write_tsv(copy_dir / name, lines[0], lines[1:])
    text, page = read(render(copy_dir))
    check(page)
    assert "<img" not in text
    assert hostile in " ".join(page.text)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(n_per_class=12, seeds=1, epochs=1, window=40, strength=0.0, matches=False, demo=False, clusters=1),
        Shape(n_per_class=40, seeds=14, clusters=90, long_names=True, n_enriched=900, demo=False),
    ],
    ids=["tiny", "many"],
)
def test_tiny_and_huge_results(tmp_path: Path, shape: Shape) -> None:
    path = render(write_results(tmp_path / "run", shape))
    _, page = read(path)
    check(page)
    assert path.stat().st_size < 3_000_000
    assert "Planted truth" not in words(page)


def test_no_significant_match_is_stated_as_a_result(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "run", Shape(n_per_class=40, matches=False, strength=0.0, demo=False))
    _, page = read(render(folder))
    said = words(page)
    assert "No matrix resembles a known motif significantly" in said
    assert "For WT , no motif has a significant match" in said
    assert "No significant match" in said


def test_selection_on_test_is_called_optimistic(copy_dir: Path) -> None:
    metrics = json.loads((copy_dir / "metrics.json").read_text())
    (copy_dir / "metrics.json").write_text(json.dumps(metrics | {"optimistic": True, "protocol": "paper"}))
    training = json.loads((copy_dir / "training.json").read_text())
    (copy_dir / "training.json").write_text(json.dumps(training | {"selection": "test"}))
    said = words(read(render(copy_dir))[1])
    assert said.count("optimistic") >= 3
    assert "Read with care" in said


def test_unchanged_peaks_are_not_called_specific(copy_dir: Path) -> None:
    run = json.loads((copy_dir / "run.json").read_text())
    run["steps"].insert(
        0,
        {
            "id": "label",
            "title": "Label",
            "status": "succeeded",
            "request": {"definition": "LABEL_DEFINITION_UNCHANGED"},
        },
    )
    (copy_dir / "run.json").write_text(json.dumps(run))
    assert "peaks unchanged by the knock-out" in words(read(render(copy_dir))[1])


def test_the_command_can_be_pasted_into_a_shell(report: Path, results_dir: Path) -> None:
    text, _ = read(report)
    found = re.search(r'<pre class="command"[^>]*><code>(.*?)</code>', text, re.S)
    assert found is not None
    shell = subprocess.run(
        ["sh", "-c", "cislex() { printf '%s\\n' cislex \"$@\"; }\n" + html.unescape(found[1])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout.splitlines() == json.loads((results_dir / "run.json").read_text())["command"]
