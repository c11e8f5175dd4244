"""What one server takes at once, whoever asks: rpcs, watches, metadata, messages, pings; and deadlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from cislex_core.errors import Reason, RetryableError, UserError
from cislex_core.settings import Settings

MAX_MESSAGE_BYTES = 4 << 20
MIN_PING_INTERVAL_MS = 20_000
RETRY_S = 1.0
#: All tenants together may watch as much as so many.
_WATCHING_TENANTS = 4
#: Rpcs that need no token: enough for probes and for clients that watch health, too few to crowd out the others.
MAX_PUBLIC_RPCS = 200
#: Calls above the friendly limits that gRPC still lets in to be answered with a reason.
_HEADROOM = 200


def channel_options(settings: Settings) -> list[tuple[str, int]]:
    """Limits that gRPC itself holds."""
    return [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        # Soft and hard limit alike: between them gRPC would refuse at random.
        ("grpc.max_metadata_size", settings.max_metadata_bytes),
        ("grpc.absolute_max_metadata_size", settings.max_metadata_bytes),
        ("grpc.max_concurrent_streams", backstop(settings)),
        ("grpc.keepalive_time_ms", 120_000),
        # Whoever pings more often is cut off after two strikes.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", MIN_PING_INTERVAL_MS),
        ("grpc.http2.max_ping_strikes", 2),
        ("grpc.so_reuseport", 0),
    ]


def backstop(settings: Settings) -> int:
    """Rpcs above which gRPC answers RESOURCE_EXHAUSTED without asking us."""
    watches = _WATCHING_TENANTS * settings.max_watches_per_tenant
    return settings.max_concurrent_rpcs + watches + MAX_PUBLIC_RPCS + _HEADROOM


class Limits:
    """Counts what runs. Used in the event loop only."""

    def __init__(self, settings: Settings) -> None:
        self._max_rpcs = settings.max_concurrent_rpcs
        self._max_watches = settings.max_watches_per_tenant
        self._require_deadline = settings.require_deadline
        self._rpcs = 0
        self._public = 0
        self._watches: Counter[str] = Counter()

    @contextmanager
    def rpc(self) -> Iterator[None]:
        """One running rpc that is no watch. Raises RATE_LIMITED."""
        if self._rpcs >= self._max_rpcs:
            raise RetryableError(
                Reason.RATE_LIMITED,
                f"the server works on {self._max_rpcs} calls, the most it takes at once; ask again in a moment",
                limit=self._max_rpcs, retry_after_s=RETRY_S,
            )  # fmt: skip
        self._rpcs += 1
        try:
            yield
        finally:
            self._rpcs -= 1

    @contextmanager
    def public(self) -> Iterator[None]:
        """One running rpc that needs no token: counted by itself, so that health is told under load. Raises
        RATE_LIMITED."""
        if self._public >= MAX_PUBLIC_RPCS:
            raise RetryableError(
                Reason.RATE_LIMITED, f"{MAX_PUBLIC_RPCS} health checks run, the most at once; ask again in a moment",
                limit=MAX_PUBLIC_RPCS, retry_after_s=RETRY_S,
            )  # fmt: skip
        self._public += 1
        try:
            yield
        finally:
            self._public -= 1

    @contextmanager
    def watch(self, tenant: str) -> Iterator[None]:
        """One running watch of a tenant. Raises RATE_LIMITED."""
        if self._watches[tenant] >= self._max_watches:
            raise RetryableError(
                Reason.RATE_LIMITED,
                f"tenant {tenant} watches {self._max_watches} operations, the most it may at once; end some watches",
                subject=f"tenant:{tenant}", limit=self._max_watches, retry_after_s=RETRY_S,
            )  # fmt: skip
        if self._watches.total() >= _WATCHING_TENANTS * self._max_watches:
            raise RetryableError(
                Reason.RATE_LIMITED, "all tenants together watch as many operations as this server takes",
                limit=_WATCHING_TENANTS * self._max_watches, retry_after_s=RETRY_S,
            )  # fmt: skip
        self._watches[tenant] += 1
        try:
            yield
        finally:
            self._watches[tenant] -= 1
            if not self._watches[tenant]:
                del self._watches[tenant]

    def check_deadline(self, remaining_s: float | None) -> None:
        """Raise DEADLINE_REQUIRED when the server wants one and the call has none."""
        if self._require_deadline and remaining_s is None:
            raise UserError(
                Reason.DEADLINE_REQUIRED, "the call has no deadline, and this server requires one; set a timeout"
            )
