"""What the ledger keeps for each tenant, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cislex_core.errors import CislexError, Reason
from cislex_runtime import states
from cislex_runtime.ledger import Ledger, Operation, Resource
from cislex_runtime.security.audit import AuditLog
from cislex_runtime.security.identity import Principal, Role
from cislex_runtime.security.quotas import Quotas
from postgres import ledger_on


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with ledger_on(request.param, tmp_path) as made:
        yield made


def test_the_queue_holds_against_many_at_once(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "quotas.toml").write_text("[default]\nmax_queued = 5\n")
    quotas = Quotas(tmp_path / "quotas.toml", ledger)
    refused: list[Reason] = []

    def submit(number: int) -> None:
        operation = Operation(id=f"{number:026d}", tenant="a", task="t", state=states.QUEUED, created_at=1.0)
        try:
            ledger.create(operation, "t", f"r{number}", "body", quotas.check_queue("a"))
        except CislexError as error:
            refused.append(error.reason)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.count_operations("a") == 5
    assert refused == [Reason.QUOTA_EXCEEDED] * 11


def test_who_owns_what(ledger: Ledger) -> None:
    file, made, both = "1" * 64, "2" * 64, "3" * 64
    for tenant, digest in (("a", file), ("a", file), ("a", both), ("b", both)):
        ledger.add_file(tenant, digest, 10)
    ledger.add_resource(Resource("tenants/a/counts/x", "a", "counts", "count", made, 100, {}, "op", 1.0))
    assert ledger.owned("a", [file, made, both, "4" * 64]) == {file, made, both}
    assert ledger.owned("b", [file, made, both]) == {both}
    assert ledger.owned("b", []) == set()
    assert ledger.owned("a", [*(f"{n:064d}" for n in range(1200)), made]) == {made}
    assert (ledger.stored_bytes("a"), ledger.stored_bytes("b"), ledger.stored_bytes("c")) == (120, 10, 0)


def test_usage_adds_up(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.add_usage("a", "2026-11-21", 1.5, 2.0, 3.0)
    ledger.add_usage("a", "2026-11-22", 9.0, 9.0, 9.0)
    assert ledger.usage_of("a", "2026-11-21") == {"gpu_s": 4.5, "cpu_s": 6.0, "wall_s": 9.0, "attempts": 3.0}
    assert ledger.usage_of("b", "2026-11-21")["attempts"] == 0


def test_the_audit_log_is_written(ledger: Ledger) -> None:
    audit = AuditLog(ledger)
    for number in range(1200):
        audit.record(Principal("u", "a", Role.USER), "/m", f"t{number}", "OK", "p")
    audit.close()
    assert len(ledger.audit_of("a", 5000)) == 1200
    assert ledger.audit_of("a", 1)[0].target == "t1199"
