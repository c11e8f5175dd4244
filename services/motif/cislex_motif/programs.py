"""Programs of others (meme, streme, tomtom) on files that strangers sent: how they are found, started, held and ended.

A program gets an argument list (never a shell), absolute paths and names that cislex made up, a folder of its own to
work in, an environment without the server's, its own process group, and limits of memory, processor time and output.
The number of processes is not limited: that limit counts all processes of the user, so it would hit other operations.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cislex_core.input_limits import input_limits

from cislex_motif import limited

#: What a program may see of the server's environment: where programs and their libraries lie.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OMP_NUM_THREADS")
_POLL_S = 0.1
_VERSION_TIMEOUT_S = 60.0
_NOT_STARTED = 127
_SAID_BYTES = 65_536


class ProgramError(Exception):
    """A program that could not be started, was stopped, failed, or said too much; ``stderr`` is the end of its own."""

    def __init__(self, what: str, stderr: str = "", exit_code: int | None = None) -> None:
        super().__init__(what)
        self.stderr = stderr
        self.exit_code = exit_code


@dataclass(frozen=True)
class Finished:
    """What a program printed before it ended with exit code 0."""

    stdout: str
    stderr: str


def find(name: str) -> str | None:
    """Absolute path of a program on PATH."""
    path = shutil.which(name)
    return None if path is None else os.path.abspath(path)


def ask(argv: list[str]) -> Finished:
    """Run a program that answers at once, such as for its version. Raises ProgramError."""
    with tempfile.TemporaryDirectory(prefix="cislex-ask-") as folder:
        return run(argv, Path(folder), _VERSION_TIMEOUT_S)


def run(
    argv: list[str],
    scratch: Path,
    timeout_s: float,
    check: Callable[[], None] = lambda: None,
    *,
    is_ours: bool = False,
) -> Finished:
    """Run a program to its end in a new folder within ``scratch``, which is removed. ``argv[0]`` is an absolute path.

    Whatever ``check`` raises stops it; so does the time. Its whole process group is gone when this returns.
    ``is_ours``: it is cislex itself, so it keeps the environment and has no limits but the time. Raises ProgramError.
    """
    with tempfile.TemporaryDirectory(prefix="program-", dir=scratch) as folder:
        output, errors = Path(folder, "stdout"), Path(folder, "stderr")
        work = Path(folder, "work")
        work.mkdir()
        with open(output, "wb") as out, open(errors, "wb") as err:
            try:
                process = subprocess.Popen(
                    argv if is_ours else _launcher(timeout_s) + argv,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=work,
                    env=None if is_ours else environment(work),
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
                raise ProgramError(f"it cannot be started: {error}") from error
            _wait(process, timeout_s, check, errors)
        said = _end_of(errors)
        if process.returncode == _NOT_STARTED and said.startswith("cannot be started"):
            raise ProgramError(f"it {said.strip()}")
        if process.returncode == -signal.SIGXFSZ:
            raise ProgramError(
                f"it wrote more than {input_limits().program_output_bytes:,} bytes", said, -signal.SIGXFSZ
            )
        if process.returncode != 0:
            raise ProgramError(f"it ended with exit code {process.returncode}", said, process.returncode)
        return Finished(output.read_text(errors="replace"), said)


def environment(folder: Path) -> dict[str, str]:
    """The environment of a program that works in ``folder``."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {"PATH": os.defpath, "OMP_NUM_THREADS": "1"} | kept | {
        "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TMPDIR": str(folder), "HOME": str(folder),
    }  # fmt: skip


def _launcher(timeout_s: float) -> list[str]:
    limits = input_limits()
    given = {
        "AS": limits.program_bytes,
        "CPU": math.ceil(timeout_s) + 1,
        "FSIZE": limits.program_output_bytes,
        "CORE": 0,
        "NOFILE": 256,
    }
    return [sys.executable, "-I", "-S", str(limited.__file__), *(f"{k}={v}" for k, v in given.items()), "--"]


def _wait(process: subprocess.Popen[bytes], timeout_s: float, check: Callable[[], None], errors: Path) -> None:
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            try:
                process.wait(timeout=min(_POLL_S, max(0.001, deadline - time.monotonic())))
                return
            except subprocess.TimeoutExpired:
                check()
                if time.monotonic() > deadline:
                    raise ProgramError(f"it was stopped after {timeout_s:g} s", _end_of(errors)) from None
    finally:
        # Also what it left behind. PermissionError: on macOS, where only a zombie is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_of(path: Path) -> str:
    with open(path, "rb") as handle:
        handle.seek(max(0, path.stat().st_size - _SAID_BYTES))
        return handle.read().decode("utf-8", "replace")
