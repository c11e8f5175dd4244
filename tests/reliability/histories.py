"""What the ledger must look like after everything that happened."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from cislex_core.stores.local import LocalStore
from cislex_runtime import states
from cislex_runtime.ledger import Event, Ledger
from running import ServerProcess


def ledger_of(server: ServerProcess) -> Ledger:
    """The server's ledger, opened beside it."""
    return Ledger(server.env.get("CISLEX_LEDGER_URL") or f"sqlite:///{server.home / 'ledger.sqlite'}")


def all_events(ledger: Ledger, op_id: str) -> list[Event]:
    """Every event of an operation."""
    found: list[Event] = []
    while page := ledger.events_after(op_id, found[-1].seq if found else 0):
        found += page
    return found


def check_history(events: list[Event]) -> str:
    """No gap, legal steps only, exactly one terminal state and that at the end; answers it."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    told = [event.operation.state for event in events]
    assert all(states.may_step(old, new) for old, new in pairwise(told)), told
    assert sum(state in states.TERMINAL for state in told) == 1, told
    assert told[-1] in states.TERMINAL
    return told[-1]


def check_store(home: Path) -> int:
    """Every artifact of the store opens, and every file of it has its digest; answers how many there are."""
    store = LocalStore(home / "store")
    for digest in store.artifacts():
        artifact = store.open_artifact(digest)
        for name in artifact.names():
            artifact.path(name)
    return len(store.artifacts())


def ends_of(ledger: Ledger, op_ids: list[str]) -> Counter[str]:
    """How many operations ended how, each history checked."""
    return Counter(check_history(all_events(ledger, op_id)) for op_id in op_ids)


def op_id(operation: Any) -> str:
    """The id of an operation or of its name."""
    return str(getattr(operation, "name", operation)).rpartition("/")[2]
