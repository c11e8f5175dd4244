"""Reports of `run explainn` and `run compare`: every panel, missing files, and what the words claim."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cislex_client.report import newick, render
from cislex_client.report.results import STEP_OF, Results
from cislex_client.report.units import units
from page import check, read, words
from synthetic_networks import NETWORK_STEPS, TASKS, write_compare, write_explainn

OWN_FILES = {name for name, step in STEP_OF.items() if step in NETWORK_STEPS} | {"gc.json", "leakage.tsv"}


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_explainn(tmp_path_factory.mktemp("explainn") / "run", ["KO", "WT"])


@pytest.fixture(scope="module")
def many_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_explainn(tmp_path_factory.mktemp("tasks") / "run", TASKS)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_compare(tmp_path_factory.mktemp("compare") / "run")


def test_a_report_of_units_has_every_panel(two_classes: Path) -> None:
    _, page = read(render(two_classes))
    check(page)
    wanted = {
        "fig-units",
        "fig-weights",
        "fig-importance",
        "fig-projection",
        "tab-denovo",
        "fig-gc",
        "fig-roc",
        "fig-tree",
    }
    assert wanted <= set(page.ids)
    text = words(page)
    assert "units of the network 2 motifs s0_u0" in text
    assert "CTCF-like" in text
    assert "SPIB-like" in text
    assert "1 of 2 filters that began as known motifs have left them" in text
    assert "TFAP2C → CTCF (s0_u0)" in text
    assert "Weights that importance does not bear out" in text
    assert "2 pairs of near-duplicates lie in different splits" in text
    assert "1 of them with the test set" in text


def test_a_report_of_many_tasks_has_a_figure_per_task_and_lineages(many_tasks: Path) -> None:
    _, page = read(render(many_tasks))
    check(page)
    assert {"fig-tasks", "tab-tasks", "fig-weights", "fig-importance"} <= set(page.ids)
    text = words(page)
    assert "the answers of 24 tasks" in text
    assert "myeloid" in text
    assert "fig-roc" not in page.ids


def test_a_comparison_says_who_is_best_and_who_cannot_be_told_apart(compared: Path) -> None:
    _, page = read(render(compared))
    check(page)
    assert {"fig-comparison", "tab-models", "tab-differences"} <= set(page.ids)
    text = words(page)
    assert "explainn does best (AUROC 0.950), transformer worst (0.710)" in text
    assert "wtko_cnn cannot be told apart from the best" in text
    assert "not told apart" in text
    assert "differ" in text


@pytest.mark.parametrize("name", sorted(OWN_FILES | {"dataset.tsv", "metrics.json", "history.tsv"}))
def test_any_file_of_a_network_may_be_missing(two_classes: Path, compared: Path, tmp_path: Path, name: str) -> None:
    for source in (two_classes, compared):
        folder = Path(shutil.copytree(source, tmp_path / source.parent.name))
        (folder / name).unlink(missing_ok=True)
        check(read(render(folder))[1])


def test_a_unit_takes_its_name_from_a_significant_match_only(two_classes: Path, tmp_path: Path) -> None:
    assert {unit.name for unit in units(Results(two_classes))} == {"CTCF-like", "SPIB-like", ""}
    folder = Path(shutil.copytree(two_classes, tmp_path / "run"))
    table = folder / "unit_matches.tsv"
    table.write_text(table.read_text().replace("\ttrue", "\tfalse"))
    assert {unit.name for unit in units(Results(folder))} == {""}


def test_a_skipped_step_is_said(two_classes: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(two_classes, tmp_path / "run"))
    run = json.loads((folder / "run.json").read_text())
    run["steps"][5] |= {"status": "failed", "note": "NOT_ENOUGH"}
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "projection.tsv").unlink()
    assert "Not every step finished" in words(read(render(folder))[1])


def test_trees_are_read_pruned_and_drawn() -> None:
    root = newick.parse("((a:1,'b c':2):0.5,(d:1,e:1):1);")
    assert [leaf.name for leaf in root.leaves()] == ["a", "b c", "d", "e"]
    kept = newick.prune(root, {"a", "d"})
    assert kept is not None
    assert [(leaf.name, leaf.length) for leaf in kept.leaves()] == [("a", 1.5), ("d", 2.0)]
    _, heights, x = newick.draw(kept, 100.0, 10.0)
    assert heights == {"a": 5.0, "d": 15.0}
    assert x > 100
    assert newick.prune(root, set()) is None


@pytest.mark.parametrize("text", ["", "(a,b)", "(a,b;", "((a,b),c", "(a b);"])
def test_text_that_is_no_tree_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tree"):
        newick.parse(text)


def test_a_damaged_tree_is_said(two_classes: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(two_classes, tmp_path / "run"))
    (folder / "families.nwk").write_text("((s0_u0")
    assert "families.nwk cannot be read" in words(read(render(folder))[1])
