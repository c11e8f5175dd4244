"""Pipelines as data: edges come from the requests, and every request fits its contract."""

from __future__ import annotations

import pytest
from cislex_client import messages
from cislex_client.demo import DemoOptions, demo_steps
from cislex_client.pipelines.graph import Ref, Step, check
from cislex_client.pipelines.wtko import WtkoOptions, plan

FILE = {"sha256": "0" * 64, "path": "/data/x"}
BEDS = {"wt": FILE, "ko": FILE, "genome": FILE}


def test_needs_are_read_from_the_request():
    step = Step("c", "c", "motif.CompareMotifs", {"queries": [Ref("a"), Ref("b")], "x": {"y": Ref("a")}, "n": 1})
    assert step.needs == ("a", "b")
    assert step.resolved({"a": "A", "b": "B"}) == {"queries": ["A", "B"], "x": {"y": "A"}, "n": 1}


def test_order_follows_needs_and_is_stable():
    steps = [Step("c", "", "t", {"x": Ref("b")}), Step("a", "", "t"), Step("b", "", "t", {"x": Ref("a")})]
    assert [step.id for step in check(steps)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "steps",
    [
        [Step("a", "", "t", {"x": Ref("b")}), Step("b", "", "t", {"x": Ref("a")})],
        [Step("a", "", "t", {"x": Ref("missing")})],
        [Step("a", "", "t"), Step("a", "", "t")],
    ],
)
def test_circles_unknown_steps_and_twins_are_refused(steps):
    with pytest.raises(ValueError, match=r"circle|same id"):
        check(steps)


@pytest.mark.parametrize("protocol", ["default", "paper"])
@pytest.mark.parametrize(
    "files, options",
    [
        (BEDS, {}),
        ({"wt_fasta": FILE, "ko_fasta": FILE, "motif_db": FILE, "family_table": FILE}, {"max_per_class": 8000}),
        ({"counts": FILE, "genome": FILE, "alias_table": FILE, "blacklist": FILE}, {"n_clusters": 6}),
        (
            BEDS,
            {
                "epochs": 3, "patience": 2, "batch_size": 32, "learning_rate": 1e-3, "rc_augmentation": False, "k": 12,
                "top_n": 2, "kmer_protocol": "code", "n_motifs": 4, "compare_engine": "memelite", "data_seed": 7,
                "attribution_method": "integrated_gradients", "test_chroms": ["6", "7"], "cluster_method": "paper",
            },
        ),
    ],
)  # fmt: skip
def test_every_request_of_the_analysis_fits_its_contract(files, options, protocol):
    steps = plan(WtkoOptions(protocol=protocol, **options), files, "jaspar2024-vertebrates")
    names = {step.id: f"tenants/local/things/{step.id}" for step in steps}
    for step in steps:
        messages.request_message(step.task, step.resolved(names))


def test_the_analysis_has_the_steps_of_the_design():
    steps = {step.id: step for step in plan(WtkoOptions(), BEDS, "db")}
    assert next(iter(steps)) == "dataset"
    assert set(steps) == {
        "dataset", "train", "evaluate", "export", "attributions", "kmers", "clusters", "motifs_clusters", "motifs_sets",
        "compare", "filters", "compare_filters", "families", "enrich",
    }  # fmt: skip
    assert steps["compare"].needs == ("motifs_clusters", "motifs_sets")
    assert steps["motifs_sets"].needs == ("dataset",), "does not wait for training"


def test_counts_are_labelled_first():
    steps = plan(WtkoOptions(), {"counts": FILE, "genome": FILE}, "db")
    assert steps[0].id == "label"
    assert steps[1].needs == ("label",)


def test_the_paper_protocol_reaches_every_step_that_differs():
    steps = {step.id: step for step in plan(WtkoOptions(protocol="paper"), BEDS, "db")}
    assert steps["dataset"].request["protocol"] == "paper"
    assert steps["train"].request["protocol"] == "paper"
    assert steps["attributions"].request["protocol"] == "paper"
    assert steps["kmers"].request["min_distance"] == 0
    assert steps["clusters"].request["method"] == "paper"


def test_a_motif_file_takes_the_place_of_the_release():
    steps = {step.id: step for step in plan(WtkoOptions(), {**BEDS, "motif_db": FILE}, "")}
    assert steps["compare"].request["database_file"] == FILE
    assert steps["enrich"].request["motifs_file"] == FILE
    assert "database" not in steps["compare"].request


def test_the_demo_begins_with_a_simulation():
    steps = demo_steps(DemoOptions(n_per_class=100))
    assert [step.id for step in steps[:2]] == ["simulate", "dataset"]
    names = {step.id: f"tenants/local/things/{step.id}" for step in steps}
    for step in steps:
        messages.request_message(step.task, step.resolved(names))
