"""Log lines: one JSON object each, marked with what they are about; secrets and sequences blotted out."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
from datetime import datetime
from pathlib import Path

import pytest
from cislex_runtime.security import identity
from cislex_runtime.security.identity import Principal, Role
from cislex_runtime.telemetry import logs
from running import a_server


def entry(message: str, *args: object, **extra: object) -> dict[str, object]:
    """A line as the JSON formatter writes it."""
    made = logging.getLogger("cislex.test").makeRecord(
        "cislex.test", logging.INFO, "f", 1, message, args, None, extra=extra or None
    )
    line = logs.JsonFormatter().format(made)
    assert "\n" not in line
    return json.loads(line)


def test_a_line_is_one_object() -> None:
    line = entry("two\nlines of %s", "text")
    assert line["message"] == "two\nlines of text"
    assert (line["level"], line["logger"]) == ("INFO", "cislex.test")
    assert datetime.fromisoformat(str(line["time"])).utcoffset().total_seconds() == 0
    assert set(line) == {"time", "level", "logger", "message"}


def test_marks_nest_and_end() -> None:
    with logs.about(operation="A", tenant="lab", request_id=""):
        with logs.about(attempt=2):
            assert logs.marks() == {"operation": "A", "tenant": "lab", "attempt": 2}
            assert entry("x")["attempt"] == 2
        assert logs.marks() == {"operation": "A", "tenant": "lab"}
        assert entry("x", tenant="other")["tenant"] == "other", "a line's own mark is nearer"
    assert logs.marks() == {}


async def test_marks_follow_the_work() -> None:
    async def one(name: str) -> dict[str, object]:
        with logs.about(operation=name):
            await asyncio.sleep(0.01)
            return await asyncio.to_thread(logs.marks)

    assert await asyncio.gather(one("A"), one("B")) == [{"operation": "A"}, {"operation": "B"}]


def test_marks_of_a_worker_reach_its_threads() -> None:
    found: list[dict[str, object]] = []
    logs.mark_process(operation="A", attempt=1)
    try:
        thread = threading.Thread(target=lambda: found.append(logs.marks()))
        thread.start()
        thread.join()
    finally:
        logs.mark_process()
    assert found == [{"operation": "A", "attempt": 1}]
    assert logs.marks() == {}


def test_the_tenant_is_the_token_s() -> None:
    def found() -> object:
        identity.become(Principal("ann", "lab-a", Role.USER))
        with logs.about(tenant="lab-b"):
            return logs.marks()["tenant"]

    assert contextvars.copy_context().run(found) == "lab-a", "what a request says of itself proves nothing"


@pytest.mark.parametrize(
    "text, secret",
    [
        ("metadata: authorization: Bearer abc.DEF-123_x", "abc.DEF-123_x"),
        ("got eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0. from a client", "eyJzdWIiOiJ4In0"),
        ("postgresql+psycopg://cislex:hunter2@db/cislex is away", "hunter2"),
        ("GET https://s3/b/k?X-Amz-Signature=0a1b2c&X-Amz-Credential=AKIA%2F1", "0a1b2c"),
        ("GET https://s3/b/k?X-Amz-Signature=0a1b2c&X-Amz-Credential=AKIA%2F1", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY_password=swordfish next", "swordfish"),
        (f"no window for {'ACGTN' * 12}", "ACGTNACGTN"),
        (f"no window for {'acgt' * 20}", "acgtacgt"),
    ],
)
def test_secrets_and_sequences_are_blotted_out(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in logs.clean(text)
    assert secret not in json.dumps(entry("%s", text))


@pytest.mark.parametrize("text", ["motif CCACCAGGGGGCGC of sha256 " + "ab" * 32, "chr1:100-700", "token file /etc/x"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.clean(text) == text


def test_a_traceback_is_cleaned_too() -> None:
    try:
        raise ValueError("ACGT" * 30)
    except ValueError as error:
        made = logging.LogRecord("x", logging.ERROR, "f", 1, "broke", None, (type(error), error, error.__traceback__))
    line = json.loads(logs.JsonFormatter().format(made))
    assert "ValueError: <120 bp>" in line["error"]
    assert "<120 bp>" in logs.TextFormatter(logs.TEXT).format(made)


def test_lines_of_server_and_worker_name_their_operation(short_dir: Path) -> None:
    with a_server(short_dir, CISLEX_LOG_FORMAT="json") as server:
        operation, metadata, _ = server.run(n=2, label="well", parent="tenants/lab")
        failed, _, state = server.run(n=2, label="ill", misbehave="defect", parent="tenants/lab")
        assert state == "FAILED"
        lines = [json.loads(line) for line in (short_dir / "logs" / "toy.log").read_text().splitlines()]
        workers = (short_dir / "logs").glob("worker-*.log")
        said = [json.loads(line) for path in workers for line in path.read_text().splitlines()]
    op_id, failed_id = (op.name.rpartition("/")[2] for op in (operation, failed))
    ended = next(line for line in lines if "SUCCEEDED" in line["message"])
    wanted = {"operation": op_id, "attempt": 1, "tenant": "lab", "request_id": metadata.request_id}
    assert {key: ended.get(key) for key in wanted} == wanted
    assert any("accepted" in line["message"] and line.get("operation") == op_id for line in lines)
    trouble = next(line for line in said if line["level"] == "ERROR")
    assert (trouble["operation"], trouble["attempt"], trouble["tenant"]) == (failed_id, 1, "lab")
    assert "KeyError" in json.dumps(trouble)
