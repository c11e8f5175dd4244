"""docs/protocol.md and the status mapping follow the catalogue."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from cislex_core.errors import DOMAIN, CislexError, Reason, Violation
from cislex_runtime.calling.exit_codes import exit_code
from cislex_runtime.serving.status import from_json, read_status, to_status
from cislex_runtime.working.outcomes import error_json
from google.rpc import error_details_pb2


def test_tables_are_current(repo_dir: Path) -> None:
    spec = importlib.util.spec_from_file_location("protocol_tables", repo_dir / "scripts" / "protocol_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (repo_dir / "docs" / "protocol.md").read_text()
    assert module.filled(text) == text, "run: python scripts/protocol_tables.py --write"
    assert all(f"| {reason.name} |" in text for reason in Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_crosses_the_wire(reason: Reason) -> None:
    error = CislexError(reason, "what, which, remedy", violations=[Violation("a.b", "wrong")], name="n", digest="d")
    status = to_status(error)
    assert status.code == reason.code.value
    assert read_status(status) == (reason.name, [Violation("a.b", "wrong")], {"name": "n", "digest": "d"})
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == DOMAIN
    back = from_json(error_json(error))
    assert (back.reason, back.message, back.violations, back.metadata) == (
        error.reason, error.message, error.violations, error.metadata,
    )  # fmt: skip


def test_a_reason_of_a_newer_catalogue_counts_as_internal() -> None:
    assert from_json({"reason": "FROM_THE_FUTURE", "message": "m"}).reason is Reason.INTERNAL


def test_exit_codes() -> None:
    assert [exit_code(r.code.value) for r in (Reason.INVALID_REQUEST, Reason.NOT_FOUND, Reason.PATH_NOT_ALLOWED)] == [
        2,
        3,
        4,
    ]
    assert [exit_code(r.code.value) for r in (Reason.UNAVAILABLE, Reason.CANCELLED, Reason.DISK_FULL)] == [5, 6, 5]
    assert exit_code(Reason.EMPTY_SET.code.value, "EMPTY_SET") == 2, "an input that the user named is wrong"
    assert exit_code(Reason.TOOL_MISSING.code.value, "TOOL_MISSING") == 1
    assert exit_code(0) == 0
