"""Requests of comparisons, imports and starts become the specs they mean; unset fields keep the defaults."""

from __future__ import annotations

from typing import Any

from cislex.artifacts.v1 import artifacts_pb2
from cislex.trainer.v1 import trainer_pb2
from cislex_runtime.serving.requests import parse_spec, to_spec_dict
from cislex_trainer.specs import SPECS

A, B = "a" * 64, "b" * 64


def _spec(task: str, message: Any) -> Any:
    problems: list[Any] = []
    spec = parse_spec(SPECS[f"trainer.{task}"], to_spec_dict(message), problems)
    assert not problems, problems
    return spec


def test_start_fields_of_train_model() -> None:
    plain = _spec("TrainModel", trainer_pb2.TrainModelRequest(dataset=A))
    assert (plain.init_database, plain.init_motifs_file, plain.init_motifs, plain.unit_models) == ("", None, None, [])
    started = _spec(
        "TrainModel",
        trainer_pb2.TrainModelRequest(
            dataset=A,
            architecture="explainn",
            init_motifs_file=artifacts_pb2.InputFile(path="/x/known.meme"),
            init_orientations=trainer_pb2.INIT_ORIENTATIONS_GIVEN,
            freeze_filters=True,
        ),
    )
    assert started.init_motifs_file.path == "/x/known.meme"
    assert (started.init_orientations, started.freeze_filters) == ("given", True)
    transferred = _spec(
        "TrainModel",
        trainer_pb2.TrainModelRequest(
            dataset=A,
            architecture="unit_transfer",
            options={"head": "nam"},
            unit_models=[A, B],
            unit_activation=trainer_pb2.UNIT_ACTIVATION_POST,
        ),
    )
    assert (transferred.unit_models, transferred.unit_activation) == ([A, B], "post")
    assert transferred.options["head"] == "nam"


def test_import_model() -> None:
    spec = _spec(
        "ImportModel",
        trainer_pb2.ImportModelRequest(
            checkpoint=artifacts_pb2.InputFile(path="/x/w.pth"),
            window_bp=200,
            outputs=["MAX"],
            options={"pool_size": "5"},
            channel_order="ATGC",
        ),
    )
    assert (spec.architecture, spec.target_type, spec.options) == ("explainn", "multilabel", {"pool_size": 5})


def test_a_window_that_was_not_set_is_named() -> None:
    problems: list[Any] = []
    request = trainer_pb2.ImportModelRequest(checkpoint=artifacts_pb2.InputFile(path="/x/w.pth"), outputs=["MAX"])
    parse_spec(SPECS["trainer.ImportModel"], to_spec_dict(request), problems)
    assert [p.field for p in problems] == ["window_bp"]


def test_compare_models() -> None:
    spec = _spec("CompareModels", trainer_pb2.CompareModelsRequest(models=[A, B], evaluations=[B, A], names=["x", "y"]))
    assert (spec.n_bootstrap, spec.bootstrap_seed, spec.reference) == (1000, 0, "")
    assert spec.names == ["x", "y"]
