"""A server that is the first process of a container is left no zombies by workers that die."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: A child subreaper inherits orphans as the first process of a container does (prctl(2), PR_SET_CHILD_SUBREAPER = 36).
PROGRAM = """
import ctypes, os, signal, sys, time
from pathlib import Path
from cislex_runtime.engines.local_engine import LocalEngine
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0

def children():
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid():
            found[int(stat.parent.name)] = (name.partition("(")[2], state)
    return found

def guarded(pids):
    return all(Path(f"/proc/{pid}/task/{pid}/children").read_text().strip() for pid in pids)

def wait(reached):
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end, children()
        time.sleep(0.05)

engine = LocalEngine(Path(sys.argv[1]), sys.argv[2], 1, 1)
engine.start(lambda: None)
first = engine.pids()
wait(lambda: all(slot.ready for slot in engine._slots) and guarded(first))
for pid in first:
    os.kill(pid, signal.SIGKILL)
wait(lambda: len(engine.pids()) == 2 and not set(first) & set(engine.pids()))
wait(lambda: not [entry for entry in children().values() if entry[1] == "Z"])
engine.close(1)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc and prctl of Linux")
def test_the_guard_of_a_killed_worker_is_reaped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "home"), str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
