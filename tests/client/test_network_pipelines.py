"""run explainn and run compare: their steps fit the contracts, and their options say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cislex_client import inputs, messages
from cislex_client.commands import common
from cislex_client.commands import run_options as ro
from cislex_client.exit_codes import UsageError
from cislex_client.pipelines import compare, explainn
from cislex_client.pipelines.graph import Step

FILE = {"sha256": "0" * 64, "path": "/data/x"}
BEDS = {"wt": FILE, "ko": FILE, "genome": FILE, "blacklist": FILE}
CLASSES = {"class:cycle1": FILE, "class:cycle2": FILE, "class:cycle3": FILE}


def _fit(steps: list[Step]) -> dict[str, Step]:
    """Every request parses as its message."""
    names = {step.id: f"tenants/local/things/{step.id}" for step in steps}
    for step in steps:
        messages.request_message(step.task, step.resolved(names))
    return {step.id: step for step in steps}


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (BEDS, {"max_per_class": 500, "test_chroms": ["6"], "loss": "cross_entropy", "class_weights": "balanced"}),
        (CLASSES, {"two_conditions": False, "epochs": 3, "patience": 2, "batch_size": 50, "learning_rate": 0.01}),
        ({"matrix": FILE, "genome": FILE}, {"two_conditions": False, "color_by": ["split"], "explain_split": "test"}),
        ({"wt_fasta": FILE, "ko_fasta": FILE, "motif_db": FILE, "family_table": FILE}, {"seeds": 1, "denovo": []}),
        (BEDS, {"init_database": "jaspar2020-vertebrates", "freeze_filters": True}),
    ],
)
def test_every_request_of_run_explainn_fits_its_contract(files, options):
    steps = _fit(explainn.plan(explainn.ExplainnOptions(**options), files, "jaspar2024-vertebrates"))
    assert {"dataset", "train", "evaluate", "export", "units", "compare_units", "projection"} <= set(steps)
    assert ("families" in steps) == (options.get("seeds") != 1)
    assert ("scores" in steps) == (options.get("two_conditions", True) and options.get("denovo") != [])


def test_a_dataset_that_exists_is_named_and_not_made_again():
    name = "tenants/local/datasets/0123456789abcdef"
    steps = _fit(explainn.plan(explainn.ExplainnOptions(dataset=name), {}, "jaspar2024-vertebrates"))
    assert "dataset" not in steps
    assert steps["train"].request["dataset"] == name
    steps = _fit(compare.plan(compare.CompareOptions(models=["cnn4", "danq"], dataset=name), {}))
    assert "dataset" not in steps
    assert steps["evaluate_danq"].request["dataset"] == name


def test_the_discoverers_read_training_sequences_and_all_are_judged_on_test():
    steps = _fit(explainn.plan(explainn.ExplainnOptions(denovo=["em", "words"]), BEDS, "jaspar2024-vertebrates"))
    assert steps["motifs_em"].request["split"] == steps["motifs_words"].request["split"] == "train"
    assert steps["scores"].request["split"] == "test"
    assert steps["scores"].needs == ("dataset", "units", "motifs_em", "motifs_words")


def test_known_motifs_as_filters_leave_the_number_of_units_to_them():
    options = explainn.ExplainnOptions(init_database="jaspar2020-vertebrates", units=77)
    steps = _fit(explainn.plan(options, BEDS, "jaspar2024-vertebrates"))
    assert "units" not in steps["train"].request["options"]
    assert steps["refinement"].needs == ("units", "train")


def test_every_request_of_run_compare_fits_its_contract():
    options = compare.CompareOptions(
        models=["wtko_cnn", "explainn"], per_model={"explainn": {"units": "300"}}, reference="wtko_cnn", seeds=2
    )
    steps = _fit(compare.plan(options, BEDS))
    assert steps["train_explainn"].request["options"] == {"units": "300"}
    assert steps["train_wtko_cnn"].request["seeds"] == steps["train_explainn"].request["seeds"] == [0, 1]
    assert steps["comparison"].needs == ("train_wtko_cnn", "train_explainn", "evaluate_wtko_cnn", "evaluate_explainn")


@pytest.mark.parametrize(
    ("roles", "dataset", "said"),
    [
        (set(), "", "no sequences are named"),
        ({"wt", "ko", "genome", "matrix"}, "", "more than one source"),
        ({"matrix"}, "0123456789abcdef", "more than one source"),
        ({"class:CTCF"}, "", "only the class CTCF is named"),
        ({"wt", "genome"}, "", "only --wt is named"),
        ({"wt", "ko"}, "", "--genome is missing"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_with_the_ways_there_are(roles, dataset, said):
    with pytest.raises(UsageError, match=said) as caught:
        inputs.check_sources(roles, dataset)
    assert caught.value.remedy


@pytest.mark.parametrize("roles", [{"wt", "ko", "genome"}, set(CLASSES), {"matrix", "genome"}, {"matrix"}])
def test_each_source_alone_is_taken(roles):
    inputs.check_sources(roles, "")


def test_options_of_single_models():
    assert ro.per_model(["explainn.units=300", "danq.lstm_layers=1"], ["explainn", "danq"]) == {
        "explainn": {"units": "300"},
        "danq": {"lstm_layers": "1"},
    }
    for wrong in ("units=300", "cnn9.units=3", "explainn.=3", "explainn.units"):
        with pytest.raises(UsageError, match=r"MODEL\.OPTION=VALUE"):
            ro.per_model([wrong], ["explainn", "danq"])
    assert common.keyed(["units=3"], "--option") == {"units": "3"}
    with pytest.raises(UsageError, match="NAME=VALUE"):
        common.keyed(["units"], "--option")


def test_named_files():
    assert common.named_files(["a=x.fa", "b=y=z.fa"], "--fasta") == [("a", Path("x.fa")), ("b", Path("y=z.fa"))]
    with pytest.raises(UsageError, match="write NAME=FILE"):
        common.named_files(["x.fa"], "--fasta")
    with pytest.raises(UsageError, match="names a twice"):
        common.named_files(["a=x.fa", "a=y.fa"], "--fasta")


def test_the_result_folder_is_named_after_what_went_in():
    assert ro.default_folder("explainn", {"wt": Path("Reb1.bed"), "ko": Path("Abf1.bed")}) == "explainn_Reb1_vs_Abf1"
    assert ro.default_folder("explainn", {"class:a": Path("x.fa"), "class:b": Path("y.fa")}) == "explainn_a_vs_b"
    assert ro.default_folder("compare", {"matrix": Path("tf.npz")}) == "compare_tf"
    assert ro.default_folder("compare", {}, "tenants/local/datasets/0123456789abcdef") == "compare_0123456789abcdef"
