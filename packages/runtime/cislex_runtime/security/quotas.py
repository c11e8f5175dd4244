"""How much each tenant may use, from a TOML file that is read again when it changes.

[default]                     # every tenant; what is left out is without limit
max_running = 4               # operations at once; further ones wait
max_queued = 200              # operations that wait; further submissions are refused
gpu_seconds_per_day = 86400   # by UTC day; then operations that would use a GPU wait, and new ones are refused
max_bytes = 500_000_000_000   # files and results together
calls_per_s = 50              # of one server process

[tenants.lab-a]               # replaces single values of [default]; inf = no limit
max_running = 16
roots = ["/data/lab-a"]       # folders that this tenant's requests may name, beside <allowed root>/<tenant>
"""

from __future__ import annotations

import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from cislex_core.errors import Reason, RetryableError, UserError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.engine import Connection

from cislex_runtime import states
from cislex_runtime.engines.engine import Exit, Outcome
from cislex_runtime.ledger import AddUsage, Ledger, Operation
from cislex_runtime.security.reloading import Reloaded


class Quota(BaseModel):
    """Limits of one tenant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_running: float = Field(default=inf, ge=0)
    max_queued: float = Field(default=inf, ge=0)
    gpu_seconds_per_day: float = Field(default=inf, ge=0)
    max_bytes: float = Field(default=inf, ge=0)
    calls_per_s: float = Field(default=inf, ge=0)
    roots: list[Path] = []


class QuotasFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Quota = Quota()
    tenants: dict[str, Quota] = {}

    def of(self, tenant: str) -> Quota:
        """The tenant's values over the default ones."""
        own = self.tenants.get(tenant)
        if own is None:
            return self.default
        return self.default.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


@dataclass
class _Bucket:
    tokens: float
    at: float


class Quotas:
    """Asked before things happen. Its methods may be called from any thread."""

    def __init__(self, path: Path | None, ledger: Ledger) -> None:
        self._ledger = ledger
        self._file = None if path is None else Reloaded(f"quotas of {path}", [path], lambda: _read(path))
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def of(self, tenant: str) -> Quota:
        """Limits of a tenant now."""
        return _NONE if self._file is None else self._file.get().of(tenant)

    def take_call(self, tenant: str) -> None:
        """Count one call: a bucket of two seconds' calls that fills steadily. Raises RATE_LIMITED."""
        rate = self.of(tenant).calls_per_s
        if rate == inf:
            return
        now, size = time.monotonic(), max(1.0, 2 * rate)
        with self._lock:
            bucket = self._buckets.setdefault(tenant, _Bucket(size, now))
            bucket.tokens = min(size, bucket.tokens + (now - bucket.at) * rate)
            bucket.at = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return
            wait_s = (1 - bucket.tokens) / rate if rate else 60.0
        raise RetryableError(
            Reason.RATE_LIMITED,
            f"tenant {tenant} makes more than {rate:g} calls a second; ask again in {wait_s:.2f} s",
            subject=f"tenant:{tenant}", limit=f"{rate:g}", retry_after_s=f"{wait_s:.3f}",
        )  # fmt: skip

    def check_submission(self, tenant: str, gpu: bool) -> Callable[[Connection], None] | None:
        """Raise QUOTA_EXCEEDED when the day's GPU seconds are used up (for work that would use a GPU), or the bytes.
        Answers what is still to be checked when the operation is written; see ``check_queue``."""
        if gpu and (text := self.gpu_used_up(tenant)):
            raise _exceeded(tenant, f"{text}; ask with device cpu, or tomorrow (UTC)", "gpu_seconds_per_day")
        self.bytes_left(tenant)
        return self.check_queue(tenant)

    def gpu_used_up(self, tenant: str) -> str:
        """What to say when no GPU seconds of today are left; empty when some are."""
        limit = self.of(tenant).gpu_seconds_per_day
        if limit == inf:
            return ""
        used = self._ledger.usage_of(tenant, today())["gpu_s"]
        return "" if used < limit else f"tenant {tenant} has used {used:.0f} of {limit:.0f} GPU seconds of today (UTC)"

    def bytes_left(self, tenant: str) -> float:
        """Bytes that the tenant may still store. Raises QUOTA_EXCEEDED when there are none."""
        limit = self.of(tenant).max_bytes
        if limit == inf:
            return inf
        used = self._ledger.stored_bytes(tenant)
        if used >= limit:
            text = f"tenant {tenant} stores {used} of {limit:.0f} bytes; delete results that are not needed"
            raise _exceeded(tenant, text, "max_bytes")
        return limit - used

    def check_queue(self, tenant: str) -> Callable[[Connection], None] | None:
        """A check to run in the transaction that adds an operation; it raises QUOTA_EXCEEDED. None: no limit."""
        limit = self.of(tenant).max_queued
        if limit == inf:
            return None

        def check(connection: Connection) -> None:
            waiting = self._ledger.count_alone(connection, tenant, states.PENDING)
            if waiting >= limit:
                text = f"{waiting} operations of tenant {tenant} wait, and {limit:.0f} may; wait for some to start"
                raise _exceeded(tenant, text, "max_queued")

        return check

    def turns(self) -> Turns:
        """For one look of the reconciler."""
        return Turns(self, self._ledger)


class Turns:
    """Whether operations may start now; the counts are read once."""

    def __init__(self, quotas: Quotas, ledger: Ledger) -> None:
        self._quotas, self._ledger = quotas, ledger
        self._running: Counter[str] = Counter()
        self._counted: set[str] = set()
        self._gpu: dict[str, str] = {}

    def why_wait(self, operation: Operation) -> str:
        """Empty when the operation may start, else the reason, for people."""
        tenant = operation.tenant
        limit = self._quotas.of(tenant).max_running
        if limit < inf:
            if tenant not in self._counted:
                self._counted.add(tenant)
                # Of all services, so that replicas and other owners count too.
                self._running[tenant] += self._ledger.count_operations(tenant, states.ACTIVE)
            if self._running[tenant] >= limit:
                return f"tenant {tenant} runs {limit:.0f} operations, as many as its quota allows"
        if operation.request.get("gpu", False):
            if tenant not in self._gpu:
                self._gpu[tenant] = self._quotas.gpu_used_up(tenant)
            if self._gpu[tenant]:
                return f"{self._gpu[tenant]}; it starts tomorrow"
        return ""

    def started(self, operation: Operation) -> None:
        """One more runs."""
        if operation.tenant in self._counted:
            self._running[operation.tenant] += 1


def usage_of(operation: Operation, outcome: Outcome, with_gpus: bool, now: float) -> AddUsage:
    """What an operation's attempt used, from its worker's figures.

    A worker that was lost left none: then the time counts since its task began, on a GPU where the engine has some
    (``with_gpus``) and the task could use one. One that was cut off from outside counts nothing: nobody saw when.
    ``now``: UTC epoch seconds.
    """
    tenant, usage = operation.tenant, outcome.usage
    if not usage and outcome.exit is not Exit.PREEMPTED:
        timings = operation.snapshot.get("timings", {})
        began = timings.get("running", 0.0)
        if began < timings.get("started", now):  # of an attempt before this one, which did not get so far
            began = now
        on_gpu = with_gpus and operation.request.get("gpu", False)
        usage = {"wall_s": max(0.0, now - began), "device": "cuda" if on_gpu else "cpu"}
    wall_s = float(usage.get("wall_s", 0.0))
    on_gpu = str(usage.get("device", "")).startswith("cuda")
    return AddUsage(tenant, today(), wall_s if on_gpu else 0.0, float(usage.get("cpu_s", 0.0)), wall_s)


def bytes_exceeded(tenant: str) -> UserError:
    """The error of an upload that is larger than what is left."""
    text = f"tenant {tenant} would store more than its max_bytes; delete results that are not needed"
    return _exceeded(tenant, text, "max_bytes")


def today() -> str:
    """The UTC day that usage is counted for."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def _exceeded(tenant: str, text: str, quota: str) -> UserError:
    return UserError(Reason.QUOTA_EXCEEDED, text, subject=f"tenant:{tenant}", quota=quota)


def _read(path: Path) -> QuotasFile:
    try:
        return QuotasFile.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        message = f"the quotas file {path} cannot be used: {error}"
        raise UserError(Reason.INVALID_REQUEST, message) from None


_NONE = Quota()
