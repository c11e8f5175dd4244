"""The managed server of this machine: started when none answers, reused by every later command.

``python -m cislex_embedded`` runs detached in its own session, so neither ctrl-C nor a closed terminal ends it. It
listens on the Unix socket that ``cislex_core.settings`` names under ``CISLEX_HOME``; its output goes to
``logs/cislex_embedded.log`` there. The client never imports a service: it only starts the program and probes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from cislex_core.settings import Settings

from cislex_client import __version__
from cislex_client.exit_codes import UNAVAILABLE, CommandError

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
_PACKAGES = (
    "cislex_core", "cislex_models", "cislex_runtime", "cislex_encoder", "cislex_trainer", "cislex_explainer",
    "cislex_motif", "cislex_embedded",
)  # fmt: skip


@dataclass(frozen=True)
class ServerFacts:
    """What ``server.json`` keeps about the server that a client started."""

    pid: int
    version: str
    code: str
    started: float


def settings() -> Settings:
    """The server's settings, as it will read them itself."""
    return Settings.from_env()


def home_folder() -> Path:
    """``CISLEX_HOME``: ledger, store, logs."""
    return settings().home


def cache_folder() -> Path:
    """Where artifacts of remote contexts are kept."""
    folder = home_folder() / "cache" / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def log_path() -> Path:
    """The server's log."""
    return home_folder() / "logs" / "cislex_embedded.log"


def pid() -> int | None:
    """Process id of whoever listens on the socket; None when nobody does."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            probe.connect(str(settings().socket_path))
            if hasattr(socket, "SO_PEERCRED"):
                raw = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                return int(struct.unpack("3i", raw)[0])
    except OSError:
        return None
    facts = read_facts()
    return facts.pid if facts else None


def read_facts() -> ServerFacts | None:
    """``server.json``, or None when it is absent or damaged."""
    try:
        return ServerFacts(**json.loads((home_folder() / "server.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_outdated() -> bool:
    """True when the running server was started from other code than is installed now."""
    facts = read_facts()
    return facts is not None and facts.pid == pid() and (facts.version, facts.code) != (__version__, code_stamp())


def ensure() -> bool:
    """Make sure that a server listens; True when this call started it. Raises CommandError with the log's path."""
    if pid() is not None:
        return False
    place = settings()
    try:
        place.make_home()
    except OSError as error:
        raise CommandError(
            f"the folder {place.home} cannot be used: {error.strerror or error}", code=UNAVAILABLE,
            reason="UNAVAILABLE", remedy="set CISLEX_HOME to a folder of your own with free space",
        ) from None  # fmt: skip
    with _starting(place.home):
        if pid() is not None:
            return False
        process = _spawn()
        _await_socket(process)
        facts = ServerFacts(process.pid, __version__, code_stamp(), time.time())
        (place.home / "server.json").write_text(json.dumps(asdict(facts)))
    return True


def stop(timeout_s: float = STOP_TIMEOUT_S) -> bool:
    """Ask the server to drain and end, kill it when it does not; False when none ran.

    Operations that run are interrupted; they go on, from their checkpoints, when the server starts again.
    """
    target = pid()
    if target is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(target, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not _alive(target):
                break
            time.sleep(0.05)
        else:
            os.kill(target, signal.SIGKILL)
    with contextlib.suppress(FileNotFoundError):
        (home_folder() / "server.json").unlink()
    return True


def code_stamp() -> str:
    """Changes when a file of an installed package changes: newest modification time and number of files."""
    newest, count = 0, 0
    for name in _PACKAGES:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for root, folders, names in os.walk(folder):
                folders[:] = [f for f in folders if f != "__pycache__"]
                for file in names:
                    if file.endswith(".py"):
                        count += 1
                        newest = max(newest, os.stat(os.path.join(root, file)).st_mtime_ns)
    return f"{newest}-{count}"


def is_installed() -> bool:
    """True when the services are installed beside the client."""
    return find_spec("cislex_embedded") is not None


def last_words(lines: int = 6) -> str:
    """The last lines that the server printed."""
    try:
        return "\n".join(log_path().with_suffix(".out").read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


@contextlib.contextmanager
def _starting(home: Path) -> Iterator[None]:
    """Only one client starts a server; the others wait here and then find it."""
    with open(home / "start.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _spawn() -> subprocess.Popen[bytes]:
    if not is_installed():
        raise CommandError(
            "this installation has no services: the context 'local' needs them", code=UNAVAILABLE, reason="UNAVAILABLE",
            remedy="install cislex-embedded, or choose a remote context: cislex context add",
        )  # fmt: skip
    # The server writes its log itself; what is printed before that, or by a crash, is kept apart and begins anew.
    with open(log_path().with_suffix(".out"), "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cislex_embedded"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=home_folder(),
        )


def _await_socket(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if pid() is not None:
            return
        if process.poll() is not None:
            raise _failed(f"the local server ended at once (exit {process.returncode})")
        time.sleep(0.03)
    process.kill()
    raise _failed(f"the local server did not answer within {START_TIMEOUT_S:g} s")


def _failed(what: str) -> CommandError:
    tail = last_words()
    return CommandError(
        f"{what}{': ' + tail.splitlines()[-1] if tail else ''}", code=UNAVAILABLE, reason="UNAVAILABLE",
        where=str(log_path().with_suffix(".out")),
        remedy=f"read the log: {log_path()}",
    )  # fmt: skip


def _alive(target: int) -> bool:
    """False once the process ended, reaped or not (a zombie is ours to reap when this process started it)."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(target, os.WNOHANG)[0] == target:
            return False
    try:
        os.kill(target, 0)
    except ProcessLookupError:
        return False
    return True


def is_idle(timeout_s: float = 5.0) -> bool:
    """True when the running server has no unfinished operation (or does not answer the question)."""
    import grpc
    from cislex_runtime.calling.channel import open_sync_channel
    from google.longrunning import operations_pb2, operations_pb2_grpc

    with open_sync_channel(f"unix:{settings().socket_path}") as channel:
        stub = operations_pb2_grpc.OperationsStub(channel)
        try:
            request = operations_pb2.ListOperationsRequest(name="tenants/local", page_size=100)
            answer = stub.ListOperations(request, timeout=timeout_s)
        except grpc.RpcError:
            return True
        return all(operation.done for operation in answer.operations)
