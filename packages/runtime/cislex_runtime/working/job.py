"""The process of one attempt on another machine.

``python -m cislex_runtime.working.job --attempt <mailbox url>/<op>/<n>``

It needs the same store as the server (``CISLEX_STORE_URL`` or ``CISLEX_STORE_DIR``) and a folder to work in
(``TMPDIR``). SIGTERM pre-empts the task at its next checkpoint, a ``stop`` object in the mailbox cancels it. Exit
status: 0 done or cancelled, 10 the request or its input is wrong, 11 memory ran out, 143 pre-empted, 1 anything else.

This module prepares the process before numerical libraries are loaded; the work is in ``job_run``.
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from cislex_runtime.devices import usable_cpus, worker_environment
from cislex_runtime.engines.leftovers import kill_group_but_me

PREFIX = "cislex-job-"


def make_folder(base: Path) -> Path:
    """A folder of this process; those of jobs that were killed are removed first.

    A lock tells the living from the dead also where several containers share ``base`` and pids mean nothing.
    """
    for old in base.glob(f"{PREFIX}*"):
        try:
            fd = os.open(old / "lock", os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
        except OSError:
            pass  # it lives
        finally:
            os.close(fd)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)  # held as long as this process lives
        if (folder / "lock").exists():  # else another job took it for a dead one in between
            return folder


def start_own_guard() -> None:
    """When this process dies, whatever kills it, the rest of its process group dies too."""
    from cislex_runtime.working.attempt import start_guard

    read, write = os.pipe()  # ``write`` is not inherited: only this process keeps the pipe open
    start_guard(read)
    os.set_inheritable(write, False)


def main() -> None:
    """Entry of the process."""
    parser = argparse.ArgumentParser(prog="python -m cislex_runtime.working.job", description="run one attempt")
    parser.add_argument("--attempt", required=True, help="<mailbox url>/<operation>/<attempt number>")
    arguments = parser.parse_args()
    folder = make_folder(Path(tempfile.gettempdir()))
    os.environ |= worker_environment(os.environ, usable_cpus(), Path(tempfile.gettempdir()) / "cislex-cache")

    from cislex_core.errors import CislexError

    from cislex_runtime.telemetry import logs, tracing
    from cislex_runtime.working.job_run import Job

    logs.set_up_worker()
    tracing.start_worker()
    start_own_guard()
    status = 1
    try:
        job = Job.open(arguments.attempt, folder)
        signal.signal(signal.SIGTERM, lambda *_: job.preempt())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(signal, "SIGXFSZ"):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file-size limit becomes OSError(EFBIG)
        status = job.run()
    except CislexError as error:
        logging.getLogger("cislex.job").error("%s", error.message)
    except Exception:
        logging.getLogger("cislex.job").exception("the attempt has no outcome")
    tracing.stop()
    shutil.rmtree(folder, ignore_errors=True)
    kill_group_but_me()
    sys.stderr.flush()
    os._exit(status)  # threads of libraries cannot keep the process


if __name__ == "__main__":
    main()
