"""How the engine suite makes each engine and shows that it left nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import toy
from cislex_core.stores.local import LocalStore
from cislex_runtime.engines.engine import Engine, Observation, Phase
from cislex_runtime.engines.job_engine import JobEngine
from cislex_runtime.engines.jobs import JobBackend
from cislex_runtime.engines.leftovers import marked_processes
from cislex_runtime.engines.local_engine import LocalEngine
from cislex_runtime.engines.mailbox import Mailbox
from cislex_runtime.specs import add_specs
from process_jobs import ProcessJobs
from running import HERE, gone

TOY = {
    "CISLEX_EXTRA_TASKS": "toy:TASKS", "CISLEX_EXTRA_SPECS": "toy:SPECS", "PYTHONPATH": str(HERE),
    "OMP_NUM_THREADS": "1",
}  # fmt: skip


add_specs(toy.SPECS)


class Driver:
    """An engine with a bell."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.engine: Any = engine
        self.home = home
        self.bell = threading.Event()
        engine.start(self.bell.set)

    def until(self, ref: str, good: Callable[[Observation], bool], timeout_s: float = 60) -> Observation:
        """Wait until the attempt is as wanted."""
        end = time.monotonic() + timeout_s
        while True:
            self.bell.clear()
            seen = self.engine.observe([ref])[ref]
            if good(seen):
                return seen
            assert time.monotonic() < end, seen
            self.bell.wait(0.2)

    def end(self, ref: str) -> Observation:
        """Wait until the attempt is over."""
        return self.until(ref, lambda seen: seen.phase in (Phase.EXITED, Phase.LOST))


def local_engine(home: Path) -> LocalEngine:
    """The engine of this machine, with the toy."""
    return LocalEngine(home, home / "store", heavy_slots=1, light_slots=1, env=TOY)


def job_engine(backend: JobBackend, home: Path, **options: Any) -> JobEngine:
    """An engine over a backend, with the toy."""
    env = {**TOY, "CISLEX_STORE_DIR": str(home / "store")}
    mailbox = Mailbox((home / "mailbox").as_uri())
    options = {"max_heavy": 1, "max_light": 1, "poll_s": 0.2, **options}
    return JobEngine(backend, mailbox, LocalStore(home / "store"), home / "logs" / "jobs", env=env, **options)


def job_processes(home: Path) -> list[int]:
    """Living processes of jobs whose mailbox is below ``home``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"cislex_runtime.working.job" in words and str(home).encode() in words:
            found.append(int(entry.name))
    return found


@contextmanager
def _local(home: Path) -> Iterator[Engine]:
    yield local_engine(home)
    assert gone(marked_processes(home))


@contextmanager
def _processes(home: Path) -> Iterator[Engine]:
    backend = ProcessJobs(home / "printed")
    try:
        yield job_engine(backend, home)
        assert gone(job_processes(home))
    finally:
        backend.close()


@contextmanager
def _ray(home: Path) -> Iterator[Engine]:
    from ray_bench import ray_bench

    with ray_bench() as bench:
        bench.add_node()
        yield job_engine(bench.backend(), home)
        assert gone(job_processes(home))


@contextmanager
def _kubernetes(home: Path) -> Iterator[Engine]:
    from kubernetes_bench import kubernetes_bench

    with kubernetes_bench(home) as bench:
        yield job_engine(bench.backend(), home)
        assert gone(job_processes(home))


BENCHES: dict[str, Callable[[Path], AbstractContextManager[Engine]]] = {
    "local": _local,
    "processes": _processes,
    "ray": _ray,
    "kubernetes": _kubernetes,
}
#: Clusters take a minute; a short look at each is in a file of its own.
SLOW = {"ray"}
