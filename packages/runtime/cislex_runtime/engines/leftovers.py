"""Finding and killing workers that a killed server left behind.

The guard of each worker normally sees to this within milliseconds; this is the second line: pids recorded with their
start times, and a mark in the environment that only our workers and their children carry.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

MARK = "CISLEX_WORKER_OF"
WORKERS_FILE = "workers.json"


@dataclass(frozen=True)
class WorkerRecord:
    """A worker by pid and start time (clock ticks since boot), since pids are used again."""

    pid: int
    start: int


def process_start(pid: int) -> int:
    """Start time of a process in clock ticks since boot; 0 when it is gone or the system has no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[19])


def describe_status(status: int) -> str:
    """An exit status for people: a negative one, as of subprocess, or 128 + number, as of a shell, names its signal."""
    number = -status if status < 0 else status - 128
    if number in set(signal.Signals):
        hint = " (killed; if nobody did, memory may have run out)" if number == signal.SIGKILL else ""
        return f"signal {signal.Signals(number).name}{hint}"
    return f"exit status {status}"


def kill_group_but_me() -> None:
    """Kill every process of this one's group except itself and its parent: children that a task left behind."""
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        with contextlib.suppress(OSError):
            if pid not in (os.getpid(), os.getppid()) and os.getpgid(pid) == os.getpgrp():
                os.kill(pid, signal.SIGKILL)


def marked_processes(home: Path) -> list[int]:
    """Pids of living processes that carry the mark of this home (workers and their children)."""
    wanted = f"{MARK}={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                wanted in (entry / "environ").read_bytes().split(b"\0")
                and "\nState:\tZ" not in (entry / "status").read_text()
            ):
                found.append(int(entry.name))
    return found


def kill_leftovers(home: Path, wait_s: float = 5.0) -> list[int]:
    """Kill every process that a former owner of this home left; answers their pids once they are gone."""
    doomed = set(marked_processes(home))
    with contextlib.suppress(OSError, ValueError):
        for record in json.loads((home / WORKERS_FILE).read_text()):
            if record["start"] and process_start(record["pid"]) == record["start"]:
                doomed.add(record["pid"])
    doomed.discard(os.getpid())
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline and set(marked_processes(home)) & doomed:
        time.sleep(0.01)
    return sorted(doomed)
