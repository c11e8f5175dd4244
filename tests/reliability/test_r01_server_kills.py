"""R1: the server is killed at random moments under 50 small operations; each ends exactly once and nothing is torn."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cislex_runtime import states
from histories import check_store, ends_of, ledger_of, op_id
from running import ServerProcess

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(3600)]
KILLS = int(os.environ.get("CISLEX_KILLS", "200"))
IN_FLIGHT = 50
RECOVERY_S = 5.0


class Crowd:
    """Keeps so many operations in flight, each with an answer of its own, whatever happens to the server."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._over = threading.Event()
        self.accepted: dict[str, int] = {}

    def one_after_another(self) -> None:
        """Submit, wait, submit the next until it is over; a submission that failed is sent again with its own id."""
        while not self._over.is_set():
            n = random.randrange(2, 6)
            name = self._server.submit(n=n, pause_s=0.02, label=uuid.uuid4().hex).name
            self.accepted[name] = n
            self._server.connection.wait(name, patience_s=120)

    def finish(self) -> None:
        """No further operations."""
        self._over.set()


def test_killed_at_random_moments(make_server: Callable[..., Any], record: Callable[..., None]) -> None:
    recoveries = []
    with make_server() as server, ThreadPoolExecutor(IN_FLIGHT) as pool:
        crowd = Crowd(server)
        # Patience of a client that outlives each restart; its requests carry their ids, so none counts twice.
        server.patience_s = 120.0
        running = [pool.submit(crowd.one_after_another) for _ in range(IN_FLIGHT)]
        try:
            for _ in range(KILLS):
                time.sleep(random.uniform(0.0, 3.0))
                server.kill()
                began = time.monotonic()
                server.start()
                while not server.connection.is_ready():
                    assert time.monotonic() - began < 4 * RECOVERY_S, "the server did not come back"
                    time.sleep(0.02)
                recoveries.append(time.monotonic() - began)
        finally:
            crowd.finish()
        for future in running:
            future.result(timeout=300)
        with_result = {name: server.total(server.connection.get(name)) for name in crowd.accepted}
        assert with_result == {name: sum(range(n)) for name, n in crowd.accepted.items()}
        ledger = ledger_of(server)
        ends = ends_of(ledger, [op_id(name) for name in crowd.accepted])
        everything = ledger.in_states(states.ALL)
        ledger.close()
    assert ends == {"SUCCEEDED": len(crowd.accepted)}
    # A submission whose answer was cut off is found again by its request id: the ledger holds those and no others.
    assert {op.id for op in everything} == {op_id(name) for name in crowd.accepted}
    artifacts = check_store(server.home)
    assert max(recoveries) < RECOVERY_S
    recoveries.sort()
    record(kills=KILLS, operations=len(crowd.accepted), lost=0, duplicated=0, artifacts=artifacts, torn=0,
           attempts=sum(op.attempt for op in everything),
           recovery_s_median=recoveries[len(recoveries) // 2], recovery_s_max=recoveries[-1])  # fmt: skip
