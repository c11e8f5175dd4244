"""The audit log holds who changed what and who was refused, waits for nobody and loses nothing in silence."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from pathlib import Path

import pytest
import toy
from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.ledger import AuditEntry, Ledger
from cislex_runtime.security.audit import AuditLog
from cislex_runtime.security.identity import Principal, Role
from google.longrunning import operations_pb2 as ops
from google.longrunning import operations_pb2_grpc
from security_scene import Issuer, ask, bearer, refusal, serving

WHO = Principal("u@a", "a", Role.USER)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    made.migrate()
    return made


async def test_changes_and_refusals_are_noted(
    issuer: Issuer, short_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cislex.audit")
    settings = issuer.settings(short_dir)
    user, reader = issuer.token("a", "user"), issuer.token("a", "reader")
    count = "/cislex.toy.v1.ToyService/Count"
    async with serving(settings, [toy.register]) as server, open_channel(server.address) as channel:
        stub, operations = toy.Stub(channel), operations_pb2_grpc.OperationsStub(channel)
        made = await ask(stub.Count, stub.m.CountRequest(n=1), user)
        await ask(operations.GetOperation, ops.GetOperationRequest(name=made.name), user)  # changes nothing
        await ask(operations.ListOperations, ops.ListOperationsRequest(), reader)
        await refusal(stub.Count, stub.m.CountRequest(n=-1), user)
        await refusal(stub.Count, stub.m.CountRequest(n=1), reader)
        await refusal(stub.Count, stub.m.CountRequest(n=1), "garbage")
        stolen = "tenants/b/operations/01ARZ3NDEKTSV4RRFFQ69G5FAV"
        await refusal(operations.GetOperation, ops.GetOperationRequest(name=stolen), user)
        await ask(operations.CancelOperation, ops.CancelOperationRequest(name=made.name), user)
        sent = artifacts_pb2.WriteRequest(sha256=hashlib.sha256(b"x").hexdigest(), data=b"x", finish=True)
        write = artifacts_pb2_grpc.ArtifactServiceStub(channel).Write
        await write(iter([sent]), metadata=bearer(user), timeout=10)
    ledger = Ledger(settings.url)
    noted = [
        (entry.tenant, entry.subject, entry.role, entry.method, entry.target, entry.decision)
        for entry in reversed([*ledger.audit_of("a"), *ledger.audit_of("")])
    ]
    peers = {entry.peer.partition(":")[0] for entry in ledger.audit_of("a")}
    ledger.close()
    assert sorted(noted) == sorted([
        ("a", "user@a", "user", count, made.name, "OK"),
        ("a", "user@a", "user", count, "", "INVALID_REQUEST"),
        ("a", "reader@a", "reader", count, "", "FORBIDDEN"),
        ("", "", "reader", count, "", "UNAUTHENTICATED"),
        ("a", "user@a", "user", "/google.longrunning.Operations/GetOperation", stolen, "FORBIDDEN"),
        ("a", "user@a", "user", "/google.longrunning.Operations/CancelOperation", made.name, "OK"),
        ("a", "user@a", "user", "/cislex.artifacts.v1.ArtifactService/Write", sent.sha256, "OK"),
    ])  # fmt: skip
    assert peers == {"unix"}
    lines = [record.getMessage() for record in caplog.records if record.name == "cislex.audit"]
    assert len(lines) == len(noted)
    assert any("decision=FORBIDDEN" in line and "subject='user@a'" in line for line in lines)


async def test_without_tokens_nobody_is_known_and_nothing_noted(short_dir: Path, issuer: Issuer) -> None:
    settings = issuer.settings(short_dir).model_copy(update={"auth": "none"})
    async with serving(settings, [toy.register]) as server, open_channel(server.address) as channel:
        stub = toy.Stub(channel)
        await ask(stub.Count, stub.m.CountRequest(n=1))
    ledger = Ledger(settings.url)
    assert ledger.audit_of("local") == []
    ledger.close()


def test_nobody_waits_for_the_ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    write = ledger.record_audit

    def slow(entries: list[AuditEntry]) -> None:
        held.wait(30)
        write(entries)

    monkeypatch.setattr(ledger, "record_audit", slow)
    audit = AuditLog(ledger)
    began = time.monotonic()
    for number in range(2000):
        audit.record(WHO, "/m", str(number), "OK", "p")
    took_s = time.monotonic() - began
    held.set()
    audit.close()
    assert took_s < 20  # the ledger was not answering at all
    assert [entry.target for entry in ledger.audit_of("a", 5000)] == [str(number) for number in reversed(range(2000))]
    ledger.close()


def test_what_does_not_fit_is_counted_and_said(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    away = True
    write = ledger.record_audit

    def record(entries: list[AuditEntry]) -> None:
        if away:
            raise OSError("the disk is full")
        write(entries)

    monkeypatch.setattr(ledger, "record_audit", record)
    audit = AuditLog(ledger, max_waiting=10)
    for number in range(25):
        audit.record(WHO, "/m", str(number), "OK", "p")
    time.sleep(1)
    away = False  # what waited is written once the ledger is back
    audit.close()
    written = len(ledger.audit_of("a"))
    assert written == 10
    assert audit.n_left_out == 15
    assert "15 audit entries stand in this log only" in caplog.text
    # All 25 are in the log.
    assert (
        len([record for record in caplog.records if record.name == "cislex.audit" and "method=/m" in record.message])
        == 25
    )
    ledger.close()


def test_callers_cannot_forge_lines(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cislex.audit")
    audit = AuditLog(ledger)
    audit.record(Principal("x\ntenant=b decision=OK", "a", Role.USER), "/m", "y" * 5000 + "\x1b[2J", "OK", "p")
    audit.close()
    (entry,) = ledger.audit_of("a")
    assert entry.subject == "x?tenant=b decision=OK"
    assert len(entry.target) == 200
    assert "\n" not in caplog.records[0].getMessage()
    ledger.close()
