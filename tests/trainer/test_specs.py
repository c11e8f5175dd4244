"""What a request may say, and that equal requests have equal cache keys."""

from __future__ import annotations

from typing import Any

import pytest
from cislex_core.tasks import cache_key
from cislex_trainer.specs import SPECS, PredictSpec, TrainModelSpec, epochs_for
from pydantic import ValidationError

DIGEST = "a" * 64


def _train(**fields: Any) -> TrainModelSpec:
    return TrainModelSpec.model_validate({"dataset": DIGEST, **fields})


def test_default_protocol() -> None:
    spec = _train()
    assert spec.seeds == [0, 1, 2, 3, 4]
    assert (spec.batch_size, spec.accumulation, spec.learning_rate, spec.patience) == (32, 1, 2e-3, 10)
    assert spec.rc_augmentation
    assert spec.epochs is None


def test_paper_protocol_sets_what_the_paper_says() -> None:
    spec = _train(protocol="paper")
    assert (spec.batch_size, spec.accumulation, spec.epochs, spec.patience) == (16, 4, 100, 0)
    assert (spec.learning_rate, spec.weight_decay, spec.rc_augmentation) == (1e-3, 0.0, False)


def test_explainn_protocol_sets_what_its_methods_say() -> None:
    spec = _train(protocol="explainn", architecture="explainn")
    assert (spec.batch_size, spec.accumulation, spec.patience, spec.learning_rate) == (100, 1, 10, 3e-3)
    assert (spec.strands, spec.rc_augmentation, spec.epochs) == ("both", True, None)


@pytest.mark.parametrize(
    "protocol, fields, strands",
    [
        ("default", {}, "random"),
        ("default", {"rc_augmentation": False}, "forward"),
        ("default", {"strands": "both"}, "both"),
        ("paper", {}, "forward"),
        ("paper", {"rc_augmentation": True}, "random"),
        ("explainn", {"rc_augmentation": True}, "both"),
        ("explainn", {"rc_augmentation": False}, "forward"),
        ("explainn", {"strands": "random"}, "random"),
    ],
)
def test_strands_follow_protocol_and_augmentation(protocol: str, fields: dict[str, Any], strands: str) -> None:
    spec = _train(protocol=protocol, **fields)
    assert spec.strands == strands
    assert spec.rc_augmentation == (strands != "forward")
    # what a worker is sent says the same
    assert TrainModelSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_strands_and_augmentation_must_agree() -> None:
    with pytest.raises(ValidationError, match="strands both contradicts rc_augmentation False"):
        _train(strands="both", rc_augmentation=False)


def test_a_field_that_is_set_wins_over_its_protocol() -> None:
    assert _train(protocol="paper", weight_decay=1e-4).weight_decay == 1e-4


def test_text_options_and_spelled_out_defaults_give_one_cache_key() -> None:
    info = SPECS["trainer.TrainModel"]
    keys = {
        cache_key("trainer.TrainModel", info, _train(options=options))
        for options in ({}, {"batch_norm": "false"}, {"dropout": 0.3}, {"dropout": "0.3", "filters": "64"})
    }
    assert len(keys) == 1
    assert cache_key("trainer.TrainModel", info, _train(options={"batch_norm": "true"})) not in keys


@pytest.mark.parametrize(
    "fields, named",
    [
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"accumulation": 0}, "accumulation"),
        ({"patience": -1}, "patience"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [-1]}, "seeds"),
        ({"protocol": "quick"}, "protocol"),
        ({"device": "tpu"}, "device"),
        ({"amp": "fp8"}, "amp"),
        ({"loss": "hinge"}, "loss"),
        ({"class_weights": "some"}, "class_weights"),
        ({"strands": "reverse"}, "strands"),
        ({"weight_decay": -0.1}, "weight_decay"),
        ({"learning_rat": 0.1}, "learning_rat"),
    ],
)
def test_bad_values_name_their_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _train(**fields)
    assert {str(error["loc"][0]) for error in caught.value.errors()} == {named}


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"seeds": [1, 1]}, "seeds must differ"),
        ({"architecture": "resnet"}, r"known: .*wtko_cnn"),
        ({"options": {"depth": "3"}}, r"options\.depth"),
    ],
)
def test_bad_combinations_say_what(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _train(**fields)


@pytest.mark.parametrize("fields", [{}, {"dataset": DIGEST, "sequences": {"sha256": DIGEST}}])
def test_predict_takes_exactly_one_source(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either dataset or sequences"):
        PredictSpec.model_validate({"export": DIGEST, **fields})


def test_epochs_follow_the_size_of_the_data() -> None:
    assert epochs_for(846, 32, 1) == 60
    assert epochs_for(11_598, 32, 1) == 14
    assert epochs_for(1_000_000, 32, 1) == 10
    assert epochs_for(1, 32, 4) == 60
