"""``cislex doctor``: what is wrong is named with its remedy, the exit code says it; the smoke test runs for real."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from cislex.ops.v1 import diagnostics_pb2, diagnostics_pb2_grpc
from cislex_client import __version__, checks, contexts, local_server
from cislex_client.app import run_command
from cislex_client.smoke import MOTIF, N_PER_CLASS, WINDOW_BP, write_input

OK, NOTE, BAD = (getattr(diagnostics_pb2.Check, f"STATE_{word}") for word in ("OK", "NOTE", "BAD"))


class FakeDiagnostics(diagnostics_pb2_grpc.DiagnosticsServiceServicer):
    """Answers what it was told."""

    def __init__(self, services: list[str]) -> None:
        self.answer = diagnostics_pb2.DiagnoseResponse(version=__version__, services=services)
        self.answer.checks.add(name="store", state=OK, found="fine")
        self.skew_s = 0.0
        self.parents: list[str] = []

    def Diagnose(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.parents.append(request.parent)
        self.answer.server_time.FromNanoseconds(int((time.time() + self.skew_s) * 1e9))
        return self.answer


Serve = Callable[..., FakeDiagnostics]


@pytest.fixture
def serve(clean_env: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """``serve()``: a server of all services in the context `fake`; ``serve("motif")``: of one service of it."""
    servers: list[grpc.Server] = []
    places: dict[str, str] = {}

    def start(*services: str, register: bool = True) -> FakeDiagnostics:
        fake = FakeDiagnostics(list(services or contexts.SERVICES))
        server = grpc.server(futures.ThreadPoolExecutor(2))
        if register:
            diagnostics_pb2_grpc.add_DiagnosticsServiceServicer_to_server(fake, server)
        address = clean_env / f"{len(servers)}.sock"
        assert server.add_insecure_port(f"unix:{address}")
        server.start()
        servers.append(server)
        places.update(dict.fromkeys(services or contexts.SERVICES, f"unix://{address}"))
        contexts.add(contexts.Context("fake", f"unix://{address}", tenant="lab", services=dict(places)))
        monkeypatch.setenv("CISLEX_CONTEXT", "fake")
        return fake

    yield start
    for server in servers:
        server.stop(0).wait()


def doctor(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]], str]:
    """Exit code, rows by (where, name), and what was said."""
    code = run_command(["doctor", *words, "-o", "json"])
    captured = capsys.readouterr()
    return code, {(row["where"], row["name"]): row for row in json.loads(captured.out)}, captured.err


def test_all_is_well(serve: Serve, capsys) -> None:
    fake = serve()
    code, rows, said = doctor(capsys)
    assert code == 0
    assert rows["server", "store"]["found"] == "fine"
    assert rows["server", "server"]["state"] == rows["server", "clock"]["state"] == "ok"
    assert fake.parents == ["tenants/lab"]
    assert "remedy" not in said
    assert run_command(["doctor"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["WHERE", "NAME", "STATE", "FOUND"]


def test_what_is_bad_is_said_with_its_remedy(serve: Serve, capsys) -> None:
    fake = serve()
    fake.answer.checks.add(name="ledger", state=BAD, found="schema 0001", remedy="run migrate")
    fake.answer.checks.add(name="gpu", state=NOTE, found="none", remedy="perhaps buy one")
    code, rows, said = doctor(capsys)
    assert code == 1
    assert rows["server", "ledger"]["state"] == "bad"
    assert "server ledger: run migrate" in said
    assert "server gpu: perhaps buy one" in said


def test_notes_are_no_failure(serve: Serve, capsys) -> None:
    serve().answer.checks.add(name="gpu", state=NOTE, found="none")
    assert doctor(capsys)[0] == 0


@pytest.mark.parametrize(
    "skew_s, state", [(0.0, "ok"), (20.0, "note"), (-20.0, "note"), (600.0, "bad"), (-600.0, "bad")]
)
def test_clocks_are_compared(serve: Serve, capsys, skew_s: float, state: str) -> None:
    serve().skew_s = skew_s
    code, rows, _ = doctor(capsys)
    found = rows["server", "clock"]
    assert (found["state"], code) == (state, 1 if state == "bad" else 0)
    if state != "ok":
        assert ("ahead" if skew_s > 0 else "behind") in found["found"]
        assert "NTP" in found["remedy"]


def test_a_slow_answer_is_no_skew() -> None:
    assert checks.clock(server_s=100.0, began_s=100.0, took_s=15.0)[0] == "ok", (
        "it may have looked at its clock at once"
    )
    assert checks.clock(server_s=100.0, began_s=110.0, took_s=1.0)[0] == "note"


def test_every_server_of_a_context_is_asked(serve: Serve, capsys) -> None:
    serve("encoder", "trainer", "explainer")
    motif = serve("motif")
    motif.answer.checks.add(name="meme", state=BAD, found="broken", remedy="mend it")
    code, rows, _ = doctor(capsys)
    assert code == 1
    assert rows["encoder,trainer,explainer", "server"]["state"] == "ok"
    assert rows["motif", "meme"]["state"] == "bad"


def test_a_wrong_address_is_seen(serve: Serve, capsys) -> None:
    serve().answer.services[:] = ["encoder"]
    code, rows, _ = doctor(capsys)
    assert code == 1
    assert "not there: trainer, explainer, motif" in rows["server", "server"]["found"]


def test_an_older_server_still_answers(serve: Serve, capsys) -> None:
    serve(register=False)
    code, rows, _ = doctor(capsys)
    assert code == 0
    assert rows["server", "server"]["state"] == "note"
    assert "older" in rows["server", "server"]["found"]


def test_another_version_is_a_note(serve: Serve, capsys) -> None:
    serve().answer.version = "9.9.9"
    code, rows, _ = doctor(capsys)
    assert (code, rows["server", "server"]["state"]) == (0, "note")


def test_no_server_is_a_bad_row_and_not_the_end(clean_env: Path, capsys, monkeypatch) -> None:
    from cislex_client import channels

    contexts.add(contexts.Context("gone", f"unix://{clean_env / 'none.sock'}"))
    monkeypatch.setattr(channels, "CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setenv("CISLEX_CONTEXT", "gone")
    code, rows, _ = doctor(capsys)
    assert code == 1
    assert rows["server", "server"]["state"] == "bad"
    assert rows["client", "client"]["state"] == "ok"


def test_smoke_is_left_out_when_something_is_bad(serve: Serve, capsys) -> None:
    serve().answer.checks.add(name="ledger", state=BAD, found="x", remedy="y")
    code, rows, said = doctor(capsys, "--smoke")
    assert code == 1
    assert not [where for where, _ in rows if where == "smoke"]
    assert "left out" in said


def test_smoke_that_cannot_start_says_why(serve: Serve, capsys) -> None:
    serve()  # this server has diagnostics and nothing else
    code, rows, _ = doctor(capsys, "--smoke")
    assert code == 1
    assert rows["smoke", "build a dataset"]["state"] == "bad"
    assert rows["smoke", "clean up"]["state"] == "ok"


def test_the_input_of_the_smoke_test_is_new_each_time(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    wt, ko = (path.read_text() for path in write_input(tmp_path / "a"))
    assert wt != write_input(tmp_path / "b")[0].read_text()
    for text, n_motifs in ((wt, N_PER_CLASS), (ko, None)):
        sequences = text.splitlines()[1::2]
        assert len(sequences) == N_PER_CLASS
        assert {len(sequence) for sequence in sequences} == {WINDOW_BP}
        assert n_motifs is None or sum(MOTIF in sequence for sequence in sequences) == n_motifs


@pytest.fixture
def home(clean_env: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home whose local server is stopped at the end."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield clean_env / "home"
    local_server.stop()


def test_smoke_for_real(home: Path, capsys) -> None:
    code, rows, _ = doctor(capsys, "--smoke")
    smoke = {name: row for (where, name), row in rows.items() if where == "smoke"}
    assert code == 0, smoke
    assert list(smoke) == [
        "build a dataset", "train a model", "export it to ONNX and check parity", "explain it", "clean up",
    ]  # fmt: skip
    assert all(row["state"] == "ok" and row["seconds"] is not None for row in smoke.values())
    assert {"store", "ledger", "owner", "engine", "gpu", "onnx", "meme", "disk"} <= {name for _, name in rows}
    assert "onnxruntime" in rows["server", "onnx"]["found"]
    for listed in (["op", "ls"], ["artifact", "ls"]):
        assert run_command([*listed, "-o", "json"]) == 0
        assert json.loads(capsys.readouterr().out) == [], "nothing is left behind"


def test_smoke_that_takes_too_long_is_cancelled(home: Path, capsys) -> None:
    code, rows, _ = doctor(capsys, "--smoke", "--timeout", "1.5")
    assert code == 1
    late = next(row for (where, _), row in rows.items() if where == "smoke" and row["state"] == "bad")
    assert "not done in time" in late["found"]
    assert late["remedy"] == "give it longer: --timeout"
    assert run_command(["op", "ls", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
