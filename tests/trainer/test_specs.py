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
