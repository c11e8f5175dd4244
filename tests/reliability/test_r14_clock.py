"""R14: the machine's clock jumps an hour forward and an hour back while operations run: none is taken for lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cislex_runtime.calling.client import metadata_of, state_name
from histories import all_events, check_history, ledger_of, op_id
from running import HERE

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]
HOUR_S = 3600.0
CLOCK = Path(__file__).parent / "clock"


@pytest.mark.parametrize("jumps", [(HOUR_S, 0.0), (-HOUR_S, 0.0), (HOUR_S, -HOUR_S)], ids=["forward", "back", "both"])
def test_no_operation_is_lost(
    make_server: Callable[..., Any], short_dir: Path, record: Callable[..., None], jumps: tuple[float, float]
) -> None:
    offset = short_dir / "offset"
    offset.write_text("0")
    env = {"PYTHONPATH": f"{CLOCK}:{HERE}", "CLOCK_OFFSET_FILE": str(offset), "CISLEX_STALL_TIMEOUT_S": "60",
           "CISLEX_HEARTBEAT_TIMEOUT_S": "30", "CISLEX_BACKOFF_S": "1"}  # fmt: skip
    with make_server(**env) as server:
        long = server.submit(n=120, pause_s=0.1, label="long").name
        server.wait_for(long, lambda metadata: metadata.progress.done >= 2)
        flaky = server.submit(n=2, misbehave="flaky", label="flaky").name  # two back-offs lie in its way
        for jump in jumps:
            offset.write_text(str(jump))
            told = metadata_of(server.connection.get(server.submit(n=1, label=f"after {jump}").name))
            queued = told.timings.queued.ToDatetime().timestamp()
            assert abs(queued - (time.time() + jump)) < 60, "the server's clock did not jump"
            time.sleep(3)
        ends = {name: server.connection.wait(name) for name in (long, flaky)}
        ledger = ledger_of(server)
        for name in ends:
            assert check_history(all_events(ledger, op_id(name))) == "SUCCEEDED"
        attempts = [metadata_of(done).attempt for done in ends.values()]
        ledger.close()
        assert server.total(ends[long]) == sum(range(120))
        assert {state_name(metadata_of(done)) for done in ends.values()} == {"SUCCEEDED"}
    assert attempts == [1, 3], "an attempt was given up for the clock"
    record(jumps=jumps, lost=0, attempts=attempts)
