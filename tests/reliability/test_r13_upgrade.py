"""R13: a ledger that the previous release left with work in flight is taken over by this one, and the work ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cislex_runtime import migrate
from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.ledger import Ledger
from histories import all_events, check_history, ledger_of

pytestmark = pytest.mark.reliability
LEFT = Path(__file__).with_name("ledger_0001.json")


def write_previous(url: str, left: dict[str, Any]) -> None:
    """The ledger as it was: the schema of then, and the rows of a server that was killed."""
    ledger = Ledger(url)
    migrate.upgrade(ledger.engine, "0001")
    tables = sa.MetaData()
    tables.reflect(ledger.engine)
    assert "tenant_files" not in tables.tables
    with ledger.engine.begin() as connection:
        for name, rows in left["tables"].items():
            if rows:
                connection.execute(sa.insert(tables.tables[name]), rows)
    ledger.close()


def test_work_in_flight_goes_on(
    make_server: Callable[..., Any], ledger_env: dict[str, str], short_dir: Path, record: Callable[..., None]
) -> None:
    left = json.loads(LEFT.read_text())
    url = ledger_env.get("CISLEX_LEDGER_URL") or f"sqlite:///{short_dir / 'ledger.sqlite'}"
    write_previous(url, left)
    with make_server() as server:
        ended = {}
        for op_id, label in left["labels"].items():
            name = f"tenants/local/operations/{op_id}"
            ended[label] = server.connection.wait(name)
        states = {label: state_name(metadata_of(operation)) for label, operation in ended.items()}
        totals = {label: server.total(op) for label, op in ended.items() if label.startswith(("running", "waiting"))}
        ledger = ledger_of(server)
        for op_id in left["labels"]:
            check_history(all_events(ledger, op_id))
        assert migrate.current(ledger.engine) == migrate.head()
        ledger.close()
        # What was done then is still there, and what comes now works.
        assert server.connection.result(ended["done"], server.stub.m.Count).total == 6
        assert server.run(n=5, label="new")[2] == "SUCCEEDED"
    assert states == {label: {"cancelled": "CANCELLED", "failed": "FAILED"}.get(label, "SUCCEEDED") for label in states}
    assert totals == {"running a": 780, "running b": 780, "waiting 0": 3, "waiting 1": 6, "waiting 2": 10}
    record(operations=len(ended), in_flight=len(totals), lost=0)
