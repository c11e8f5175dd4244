"""A backend of this machine's own processes: what JobEngine does, seen without any cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cislex_runtime.engines.engine import Exit
from cislex_runtime.engines.jobs import Job, JobPhase, JobStatus, SystemAwayError
from cislex_runtime.engines.leftovers import describe_status


class ProcessJobs:
    """Keeps its processes in a table that outlives the engine, as a cluster does; ``away`` makes it unreachable."""

    name = "processes"
    gpus = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.submissions: list[str] = []
        self.away = ""
        folder.mkdir(exist_ok=True)

    def check(self) -> None:
        if self.away:
            raise SystemAwayError(self.away)

    def submit(self, job: Job) -> None:
        self.check()
        with self._lock:
            self.submissions.append(job.name)
            if job.name in self.processes:
                return
            with open(self.folder / f"{job.name}.txt", "wb") as output:
                self.processes[job.name] = subprocess.Popen(
                    [sys.executable, *job.arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                    env={**os.environ, **job.env}, start_new_session=True,
                )  # fmt: skip

    def status(self, names: Iterable[str]) -> Mapping[str, JobStatus]:
        self.check()
        return {name: self._status(self.processes[name]) for name in names if name in self.processes}

    def _status(self, process: subprocess.Popen[bytes]) -> JobStatus:
        code = process.poll()
        if code is None:
            return JobStatus(JobPhase.RUNNING)
        preempted = code in (143, -signal.SIGTERM)
        return JobStatus(JobPhase.ENDED, describe_status(code), Exit.PREEMPTED if preempted else None)

    def stop(self, name: str) -> None:
        self.check()
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def remove(self, name: str) -> bool:
        self.check()
        process = self.processes.get(name)
        if process is not None and process.poll() is None:
            return False
        self.processes.pop(name, None)
        return True

    def follow(self, name: str, write: Callable[[str], None]) -> None:
        with open(self.folder / f"{name}.txt", encoding="utf-8") as file:
            while True:
                ended = name not in self.processes or self.processes[name].poll() is not None
                if text := file.read():
                    write(text)
                if ended:
                    return
                time.sleep(0.1)

    def close(self) -> None:
        """Kill everything."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
