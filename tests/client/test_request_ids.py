"""Request ids follow from the work and are proper UUID4."""

from __future__ import annotations

import uuid

from cislex_client.request_ids import fresh_request_id, request_id

BODY = {"dataset": "tenants/local/datasets/1", "seeds": [0, 1]}


def test_equal_work_gives_equal_ids_whatever_the_order():
    a = request_id("local", "trainer.TrainModel", BODY)
    assert a == request_id("local", "trainer.TrainModel", dict(reversed(BODY.items())))


def test_anything_else_gives_another_id():
    ids = {
        request_id("local", "trainer.TrainModel", BODY),
        request_id("lab", "trainer.TrainModel", BODY),
        request_id("local", "trainer.EvaluateModel", BODY),
        request_id("local", "trainer.TrainModel", {**BODY, "seeds": [1, 0]}),
        request_id("local", "trainer.TrainModel", BODY, attempt=1),
    }
    assert len(ids) == 5
    for text in ids:
        assert uuid.UUID(text).version == 4
        assert uuid.UUID(text).variant == uuid.RFC_4122


def test_fresh_ids_differ():
    assert fresh_request_id() != fresh_request_id()
