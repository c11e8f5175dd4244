"""What ``cislex doctor`` looks at: this machine and context, then what every server of the context finds at itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislex_client import __version__, state
from cislex_client.exit_codes import CommandError
from cislex_client.output import bytes_text

if TYPE_CHECKING:
    from cislex_client.channels import Channels

OK, NOTE, BAD = "ok", "note", "bad"
LEAST_DISK_BYTES = 2_000_000_000
LEAST_MEMORY_BYTES = 3_000_000_000
CLOCK_NOTE_S = 5.0
#: Tokens and certificates are refused by clocks that differ by minutes.
CLOCK_BAD_S = 60.0
DIAGNOSE_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Row:
    """One check. ``where``: ``client``, or the services of the server that was asked."""

    where: str
    name: str
    state: str
    found: str
    remedy: str = ""
    seconds: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For ``-o json``."""
        return dict(self.__dict__)


def client_rows() -> list[Row]:
    """This machine and the configuration; no server is asked."""
    checks: list[tuple[str, Callable[[], tuple[str, str, str]]]] = [
        ("client", _python),
        ("services", _services),
        ("context", _context),
        ("memory", _memory),
        ("disk", _disk),
    ]
    return [_row(name, check) for name, check in checks]


def _row(name: str, check: Callable[[], tuple[str, str, str]]) -> Row:
    try:
        return Row("client", name, *check())
    except CommandError as error:
        return broken("client", name, error)


def broken(where: str, name: str, error: CommandError) -> Row:
    """The row of a check that ended with an error."""
    return Row(where, name, BAD, error.message, error.remedy)


def _python() -> tuple[str, str, str]:
    import platform

    return OK, f"cislex {__version__}, Python {platform.python_version()}, {platform.machine()}", ""


def _services() -> tuple[str, str, str]:
    from cislex_client import local_server

    if local_server.is_installed():
        return OK, "installed beside the client", ""
    return NOTE, "not installed: only remote contexts work", "pip install cislex-embedded for the local context"


def _context() -> tuple[str, str, str]:
    from cislex_client import contexts

    context = contexts.chosen(state.context_name)
    token = ", with a token" if context.token() else ""
    return OK, f"{context.name} ({context.address or 'managed server'}{token}), {contexts.config_path()}", ""


def _memory() -> tuple[str, str, str]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total < LEAST_MEMORY_BYTES:
        return NOTE, bytes_text(total), "less than 3 GB: use small windows and --max-per-class"
    return OK, f"{bytes_text(total)}, {os.cpu_count()} cores", ""


def _disk() -> tuple[str, str, str]:
    from cislex_client.estimate import existing
    from cislex_client.local_server import home_folder

    home: Path = home_folder()
    free = shutil.disk_usage(existing(home)).free
    if free < LEAST_DISK_BYTES:
        return BAD, f"{bytes_text(free)} free under {home}", "free space, or set CISLEX_HOME to another disk"
    return OK, f"{bytes_text(free)} free under {home}", ""


async def server_rows(channels: Channels, parent: str) -> list[Row]:
    """What each server of the context tells of itself; servers are asked side by side."""
    places = channels.places()
    asked = [_ask(channels, address, services, parent, alone=len(places) == 1) for address, services in places.items()]
    return [row for rows in await asyncio.gather(*asked) for row in rows]


async def _ask(channels: Channels, address: str, services: list[str], parent: str, alone: bool) -> list[Row]:
    from cislex.ops.v1 import diagnostics_pb2, diagnostics_pb2_grpc
    from cislex_runtime.calling.problem import RpcProblem

    from cislex_client.service_errors import from_problem

    where = "server" if alone else ",".join(services)
    client = channels.of(services[0])
    stub = diagnostics_pb2_grpc.DiagnosticsServiceStub(client.channel)
    request = diagnostics_pb2.DiagnoseRequest(parent=parent)
    began, began_mono = time.time(), time.monotonic()
    try:
        answer = await client.call(stub.Diagnose, request, DIAGNOSE_TIMEOUT_S)
    except RpcProblem as problem:
        if problem.reason == "UNIMPLEMENTED":
            text = "answers; it is older than this client and tells no more"
            return [Row(where, "server", NOTE, text, "update the server")]
        return [broken(where, "server", from_problem(problem, address))]
    took = time.monotonic() - began_mono
    rows = [Row(where, "server", *_server(answer, services, address, took))]
    rows.append(Row(where, "clock", *clock(answer.server_time.ToNanoseconds() / 1e9, began, took)))
    for check in answer.checks:
        word = diagnostics_pb2.Check.State.Name(check.state).removeprefix("STATE_").lower()
        # A newer server may know a state that this client does not.
        rows.append(Row(where, check.name, word if word in (OK, NOTE, BAD) else NOTE, check.found, check.remedy))
    return rows


def _server(answer: Any, services: list[str], address: str, took_s: float) -> tuple[str, str, str]:
    text = f"cislex {answer.version} at {address}: {', '.join(answer.services)}; answered in {took_s * 1000:.0f} ms"
    if absent := [service for service in services if service not in answer.services]:
        remedy = "give the right address of each service: cislex context add … --service NAME=ADDRESS"
        return BAD, f"{text}; not there: {', '.join(absent)}", remedy
    if answer.version != __version__:
        return NOTE, f"{text}; the client is {__version__}", "use the same version on both sides"
    return OK, text, ""


def clock(server_s: float, began_s: float, took_s: float) -> tuple[str, str, str]:
    """Compare the server's clock with this machine's; what the call took is in doubt."""
    ahead = server_s - (began_s + took_s / 2)
    off = max(0.0, abs(ahead) - took_s / 2)
    text = f"the server is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}"
    if off > CLOCK_BAD_S:
        return BAD, text, "set the clocks of both machines by NTP: tokens and certificates are refused otherwise"
    if off > CLOCK_NOTE_S:
        return NOTE, text, "set the clocks of both machines by NTP"
    return OK, f"as here, within {max(off, took_s / 2):.2f} s", ""
