"""What the platform itself costs: submit latency, submits per second, the overhead of an operation that does nothing.

The server is a real one (the tests' toy service: gRPC over a Unix socket, SQLite, warm worker processes). There is no
other side to compare with; the bars are absolute and the seconds depend on the machine.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

Row = dict[str, Any]
TESTS = Path(__file__).resolve().parents[1] / "tests" / "runtime"


def operations() -> list[Row]:
    """Latency of Submit (a new operation each), overhead of a no-op when warm, and submits per second of 8 callers."""
    sys.path.insert(0, str(TESTS))
    from running import a_server  # the tests' real server

    with tempfile.TemporaryDirectory(prefix="cx-") as home, a_server(Path(home)) as server:
        for i in range(5):
            server.run(n=0, label=f"warm {i}")
        submit_s, done_s = [], []
        for i in range(100):
            started = time.perf_counter()
            operation = server.submit(n=0, label=f"one {i}")
            submit_s.append(time.perf_counter() - started)
            server.connection.wait(operation.name)
            done_s.append(time.perf_counter() - started)
        per_second = _submits_per_second(server, callers=8, each=50)
    return [
        _row("Submit, p50", _percentile(submit_s, 50) * 1e3, "ms", None),
        _row("Submit, p99", _percentile(submit_s, 99) * 1e3, "ms", 50.0),
        _row("no-op operation when warm, submit to done, p50", _percentile(done_s, 50) * 1e3, "ms", 1000.0),
        _row("no-op operation when warm, submit to done, p99", _percentile(done_s, 99) * 1e3, "ms", 1000.0),
        _row("Submits per second, 8 callers, new operations", per_second, "1/s", None),
    ]


def _submits_per_second(server: Any, callers: int, each: int) -> float:
    def call(caller: int) -> None:
        for i in range(each):
            server.submit(n=0, label=f"caller {caller}, {i}")

    threads = [threading.Thread(target=call, args=(caller,)) for caller in range(callers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return callers * each / (time.perf_counter() - started)


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def _row(name: str, value: float, unit: str, most: float | None) -> Row:
    return {
        "name": name,
        "ours": value,
        "theirs": None,
        "unit": unit,
        "ratio": None,
        "bar": None if most is None else f"< {most:g} {unit}",
        "met": None if most is None else value < most,
    }


BENCHMARKS = [operations]
