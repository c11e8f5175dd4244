"""Metrics for Prometheus: counted in this process, answered over HTTP (``CISLEX_METRICS_LISTEN``); docs/operations.md.

Without that setting nothing is imported and every ``count_…`` below is one comparison. Every replica tells its own
counters; what is read from the ledger and the engine is told only by the process that owns the operations, so that sums
over replicas are right. Tenants appear as labels nowhere but here.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Protocol

from cislex_core.errors import Reason, UserError

from cislex_runtime import states

_MISSING = "prometheus_client is not installed: pip install 'cislex-runtime[metrics]'"
log = logging.getLogger("cislex.metrics")
#: What is read from the ledger is read at most this often, however many scrape.
CACHE_S = 5.0
RPC_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LEDGER_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
WAIT_BUCKETS_S = (0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600)
RUN_BUCKETS_S = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
MEMORY_BUCKETS_BYTES = tuple(float(2**power) for power in range(26, 39))  # 64 MiB … 256 GiB


class Source(Protocol):
    """What a scrape asks of the process; ``platform.Platform`` has it."""

    ledger: Any
    engine: Any
    settings: Any

    @property
    def owned_tasks(self) -> list[str]:
        """Tasks whose operations this process drives."""


_active: Metrics | None = None


def count_rpc(method: str, code: str, seconds: float) -> None:
    """One rpc ended; ``method`` is ``cislex.encoder.v1.EncoderService/BuildDataset``."""
    if _active is not None:
        _active.rpc_seconds.labels(method, code).observe(seconds)


def count_watch(change: int) -> None:
    """A watch stream was opened (1) or closed (-1)."""
    if _active is not None:
        _active.watches.inc(change)


def count_accepted(task: str, cache_hit: bool) -> None:
    """A new operation was written to the ledger."""
    if _active is not None:
        _active.accepted.labels(task).inc()
        if cache_hit:
            _active.cache_hits.labels(task).inc()


def count_cache_hit(task: str) -> None:
    """A waiting operation took over a result that another one gave."""
    if _active is not None:
        _active.cache_hits.labels(task).inc()


def count_start(task: str, heavy: bool, waited_s: float) -> None:
    """An attempt was handed to the engine after its operation had waited so long."""
    if _active is not None:
        _active.queue_wait_seconds.labels(task, "heavy" if heavy else "light").observe(max(0.0, waited_s))


def count_end(task: str, tenant: str, how: str, usage: Mapping[str, Any], gpu_s: float) -> None:
    """An attempt ended. ``how``: an ``engine.Exit``'s value; ``usage``: ops.proto's ResourceUsage, empty of a lost one;
    ``gpu_s``: seconds for which it held a GPU."""
    if _active is not None:
        _active.ended(task, tenant, how, usage, gpu_s)


def count_lost(task: str, reason: str) -> None:
    """An attempt was lost: its worker died or fell silent (WORKER_LOST), or its task stood still (STALLED)."""
    if _active is not None:
        _active.attempts_lost.labels(task, reason).inc()


@contextlib.contextmanager
def timed_ledger(kind: str) -> Iterator[None]:
    """Measure one transaction of the ledger, ``read`` or ``write``, with the wait for its lock and its commit."""
    if _active is None:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        _active.ledger_seconds.labels(kind).observe(time.perf_counter() - began)


class Metrics:
    """One registry and its HTTP server; made by ``start``."""

    def __init__(self, source: Source) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            PlatformCollector,
            ProcessCollector,
            disable_created_metrics,
        )

        disable_created_metrics()
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        registry.register(FromLedger(source))
        self.rpc_seconds = Histogram("cislex_rpc_seconds", "Time from a call to the end of its answer.",
                                     ["method", "code"], buckets=RPC_BUCKETS_S, registry=registry)  # fmt: skip
        self.watches = Gauge("cislex_watches", "Open WatchOperation streams.", registry=registry)
        self.accepted = Counter("cislex_operations_accepted", "New operations.", ["task"], registry=registry)
        self.cache_hits = Counter("cislex_cache_hits", "Operations whose result was known already.", ["task"],
                                  registry=registry)  # fmt: skip
        self.queue_wait_seconds = Histogram(
            "cislex_queue_wait_seconds", "Time that an operation waited before an attempt.", ["task", "weight"],
            buckets=WAIT_BUCKETS_S, registry=registry,
        )  # fmt: skip
        self.attempts = Counter("cislex_attempts", "Attempts that ended.", ["task", "exit"], registry=registry)
        self.attempts_lost = Counter("cislex_attempts_lost", "Attempts whose worker died, fell silent or stood still.",
                                     ["task", "reason"], registry=registry)  # fmt: skip
        self.attempt_seconds = Histogram("cislex_attempt_seconds", "Wall time of attempts.", ["task"],
                                         buckets=RUN_BUCKETS_S, registry=registry)  # fmt: skip
        self.attempt_memory = Histogram(
            "cislex_attempt_memory_bytes", "Highest memory of attempts: host (resident) or gpu (held by torch).",
            ["tenant", "where"], buckets=MEMORY_BUCKETS_BYTES, registry=registry,
        )  # fmt: skip
        self.gpu_seconds = Counter("cislex_gpu_seconds", "Seconds for which attempts held a GPU.", ["tenant"],
                                   registry=registry)  # fmt: skip
        self.cpu_seconds = Counter("cislex_cpu_seconds", "User and system seconds of attempts.", ["tenant"],
                                   registry=registry)  # fmt: skip
        self.ledger_seconds = Histogram("cislex_ledger_seconds", "Transactions of the ledger.", ["kind"],
                                        buckets=LEDGER_BUCKETS_S, registry=registry)  # fmt: skip
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def ended(self, task: str, tenant: str, how: str, usage: Mapping[str, Any], gpu_s: float) -> None:
        """See ``count_end``."""
        self.attempts.labels(task, how).inc()
        if gpu_s > 0:
            self.gpu_seconds.labels(tenant).inc(gpu_s)
        if not usage:
            return
        self.attempt_seconds.labels(task).observe(usage.get("wall_s", 0.0))
        self.cpu_seconds.labels(tenant).inc(max(0.0, usage.get("cpu_s", 0.0)))
        self.attempt_memory.labels(tenant, "host").observe(usage.get("peak_memory_bytes", 0))
        if gpu_s > 0:
            self.attempt_memory.labels(tenant, "gpu").observe(usage.get("peak_device_memory_bytes", 0))

    def serve(self, listen: str) -> str:
        """Answer scrapes on ``host:port`` (port 0: any) in a thread; answers the address. Raises OSError."""
        from prometheus_client import start_http_server

        host, _, port = listen.rpartition(":")
        if not port.isdigit():
            raise OSError(f"{listen!r} is not host:port")
        self._server, self._thread = start_http_server(int(port), host.strip("[]") or "0.0.0.0", self.registry)
        return f"{host}:{self._server.server_port}"

    def stop(self) -> None:
        """Answer no further scrape."""
        global _active
        if _active is self:
            _active = None
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(timeout=5)
            self._server = None


def start(source: Source) -> Metrics:
    """Count from now on and answer scrapes at ``settings.metrics_listen``.

    Raises UserError when prometheus_client is missing or the port cannot be had.
    """
    global _active
    listen = source.settings.metrics_listen
    try:
        made = Metrics(source)
        address = made.serve(listen)
    except ImportError:
        raise UserError(Reason.TOOL_MISSING, f"CISLEX_METRICS_LISTEN: {_MISSING}") from None
    except OSError as error:
        message = f"CISLEX_METRICS_LISTEN: metrics cannot be answered on {listen}: {error}; name another host:port"
        raise UserError(Reason.INVALID_REQUEST, message) from None
    _active = made
    log.info("metrics on http://%s/metrics", address)
    return made


class FromLedger:
    """What is not counted but looked up when somebody scrapes, at most every ``CACHE_S``."""

    def __init__(self, source: Source, now: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._families: list[Any] = []
        self._read_at = float("-inf")

    def describe(self) -> list[Any]:
        """Nothing: registering must not read the ledger."""
        return []

    def collect(self) -> Iterable[Any]:
        """The families, fresh or up to ``CACHE_S`` old."""
        with self._lock:
            if self._now() - self._read_at >= CACHE_S:
                self._families = [self._build_info()]
                try:
                    self._families += self._owned()
                except Exception as error:
                    # The other metrics are most wanted when the ledger is away.
                    log.warning("metrics of the ledger could not be read: %s", error)
                self._read_at = self._now()
            return list(self._families)

    def _build_info(self) -> Any:
        from prometheus_client.core import GaugeMetricFamily

        info = GaugeMetricFamily("cislex_build_info", "Always 1.", labels=["version", "python", "engine"])
        info.add_metric([version("cislex-runtime"), platform.python_version(), self._source.engine.name], 1)
        return info

    def _owned(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        tasks = self._source.owned_tasks
        owner = Gauge("cislex_owner", "1 where this process runs the operations of the service.", labels=["service"])
        for service in sorted({task.partition(".")[0] for task in tasks}):
            owner.add_metric([service], 1)
        if not tasks:
            return [owner]
        operations = Gauge("cislex_operations", "Operations in the ledger.", labels=["task", "state"])
        oldest = Gauge("cislex_oldest_waiting_seconds", "Age of the oldest operation that waits.", labels=["task"])
        now = time.time()
        for count in self._source.ledger.count_by_state(tasks):
            operations.add_metric([count.task, count.state], count.n)
        for task, since in self._source.ledger.oldest_in(states.PENDING, tasks).items():
            oldest.add_metric([task], max(0.0, now - since))
        return [owner, operations, oldest, *self._engine()]

    def _engine(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        capacity = self._source.engine.capacity()
        free = Gauge("cislex_engine_free_slots", "Attempts that could start now.", labels=["weight"])
        free.add_metric(["heavy"], capacity.heavy)
        free.add_metric(["light"], capacity.light)
        memory = Gauge("cislex_worker_memory_bytes", "Resident memory of the workers that run attempts now.",
                       labels=["tenant"])  # fmt: skip
        measure = getattr(self._source.engine, "memory_by_tenant", None)
        for tenant, size in (measure() if measure is not None else {}).items():
            memory.add_metric([tenant], size)
        return [free, memory]
