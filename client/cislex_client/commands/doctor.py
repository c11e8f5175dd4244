"""cislex doctor: is everything there that a run needs?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import typer

from cislex_client import __version__, state
from cislex_client import output as out
from cislex_client.commands import common
from cislex_client.exit_codes import FAILED, CommandError
from cislex_client.output import Format, bytes_text

LEAST_DISK_BYTES = 2_000_000_000
LEAST_MEMORY_BYTES = 3_000_000_000


def doctor(output: common.OutputOption = Format.table) -> None:
    """Check the installation, the context and the machine. Exit 1 when something needed is missing."""
    rows = [_row(name, check) for name, check in CHECKS]
    out.emit_rows(rows, ["name", "state", "found"], output)
    for row in rows:
        if row["remedy"]:
            out.say(f"{row['name']}: {row['remedy']}")
    if any(row["state"] == "bad" for row in rows):
        raise typer.Exit(FAILED)


def _row(name: str, check: Callable[[], tuple[str, str, str]]) -> dict[str, Any]:
    try:
        verdict, found, remedy = check()
    except CommandError as error:
        verdict, found, remedy = "bad", error.message, error.remedy
    return {"name": name, "state": verdict, "found": found, "remedy": remedy}


def _python() -> tuple[str, str, str]:
    import platform

    return "ok", f"cislex {__version__}, Python {platform.python_version()}, {platform.machine()}", ""


def _services() -> tuple[str, str, str]:
    from cislex_client import local_server

    if local_server.is_installed():
        return "ok", "installed beside the client", ""
    return "note", "not installed: only remote contexts work", "pip install cislex-embedded for the local context"


def _context() -> tuple[str, str, str]:
    from cislex_client import contexts

    context = contexts.chosen(state.context_name)
    return "ok", f"{context.name} ({context.address or 'managed server'}), {contexts.config_path()}", ""


def _server() -> tuple[str, str, str]:
    from cislex_client.session import Session

    async def work(session: Session) -> int:
        return len(await session.list_operations(1))

    common.with_session(work)
    return "ok", "answers", ""


def _memory() -> tuple[str, str, str]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total < LEAST_MEMORY_BYTES:
        return "note", bytes_text(total), "less than 3 GB: use small windows and --max-per-class"
    return "ok", f"{bytes_text(total)}, {os.cpu_count()} cores", ""


def _disk() -> tuple[str, str, str]:
    from cislex_client.estimate import existing
    from cislex_client.local_server import home_folder

    home = home_folder()
    free = shutil.disk_usage(existing(home)).free
    if free < LEAST_DISK_BYTES:
        return "bad", f"{bytes_text(free)} free under {home}", "free space, or set CISLEX_HOME to another disk"
    return "ok", f"{bytes_text(free)} free under {home}", ""


def _gpu() -> tuple[str, str, str]:
    found = shutil.which("nvidia-smi")
    if not found:
        return "note", "none seen: training runs on the CPU", ""
    import subprocess

    done = subprocess.run(
        [found, "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, timeout=20,
        check=False,
    )  # fmt: skip
    names = "; ".join(line.strip() for line in done.stdout.splitlines() if line.strip())
    return ("ok", names, "") if done.returncode == 0 else ("note", "the driver does not answer", "")


def _meme() -> tuple[str, str, str]:
    found = [name for name in ("meme", "streme", "tomtom") if shutil.which(name)]
    return "note" if not found else "ok", ", ".join(found) or "not on PATH (optional: --motif-engine em needs none)", ""


CHECKS: list[tuple[str, Callable[[], tuple[str, str, str]]]] = [
    ("client", _python),
    ("services", _services),
    ("context", _context),
    ("server", _server),
    ("memory", _memory),
    ("disk", _disk),
    ("gpu", _gpu),
    ("meme suite", _meme),
]
