"""Services on one ledger show each other's results: what the stubs say is what each service registers."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from cislex.artifacts.v1 import artifacts_pb2
from cislex.trainer.v1 import trainer_pb2
from cislex_runtime.ledger import Ledger, Resource
from cislex_runtime.resources import Resources
from cislex_runtime.stub_messages import shown_in


@pytest.mark.parametrize("service", ["encoder", "trainer", "explainer", "motif"])
def test_the_stubs_name_every_collection_of_a_service(service: str) -> None:
    kinds = importlib.import_module(f"cislex_{service}.servicer").KINDS
    assert kinds
    assert {collection: shown_in().get(collection) for collection, _ in kinds.values()} == dict(kinds.values())


def test_a_result_of_another_service_has_its_own_message(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    resources = Resources(ledger)  # a process that serves nothing
    digest = "ab" * 32
    name, summary = "tenants/lab/models/0123456789abcdef", {"architecture": "x"}
    shown = resources.to_message(Resource(name, "lab", "models", "model", digest, 12, summary, "an-operation", 0.0))
    assert isinstance(shown, trainer_pb2.Model)
    assert (shown.name, shown.architecture, shown.artifact.sha256) == (name, "x", digest)
    strange = resources.to_message(
        Resource("tenants/lab/artifacts/0", "lab", "artifacts", "new", digest, 1, {}, "o", 0.0)
    )
    assert isinstance(strange, artifacts_pb2.ArtifactRef)
    ledger.close()
