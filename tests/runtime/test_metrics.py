"""Prometheus metrics over HTTP: what an operator sees of operations, attempts, rpcs and tenants."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("prometheus_client", reason="the extra [metrics] is not installed")

from cislex_core.errors import UserError
from cislex_core.settings import Settings
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.engines.engine import Capacity
from cislex_runtime.ledger.counts import Count
from cislex_runtime.telemetry import metrics
from prometheus_client.parser import text_string_to_metric_families
from running import ServerProcess, a_server


class FakeLedger:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    def count_by_state(self, tasks: list[str]) -> list[Count]:
        self.asked += 1
        if self.away:
            raise OSError("the ledger is away")
        return [Count(task, "RUNNING", 2) for task in tasks]

    def oldest_in(self, wanted: object, tasks: list[str]) -> dict[str, float]:
        return {}


def a_source(tasks: list[str], listen: str = "127.0.0.1:0") -> SimpleNamespace:
    engine = SimpleNamespace(name="fake", capacity=lambda: Capacity(1, 2), memory_by_tenant=lambda: {"lab": 5})
    return SimpleNamespace(
        ledger=FakeLedger(), engine=engine, owned_tasks=tasks, settings=Settings(metrics_listen=listen)
    )


@pytest.fixture
def source() -> SimpleNamespace:
    return a_source(["toy.Count"])


@pytest.fixture
def exposed(source: SimpleNamespace) -> Iterator[metrics.Metrics]:
    made = metrics.start(source)
    yield made
    made.stop()


def value(made: metrics.Metrics, name: str, **labels: str) -> float:
    return made.registry.get_sample_value(name, labels) or 0.0


def scrape(address: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Samples of /metrics, by name and labels; the text must be what Prometheus' own parser reads."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    """Sum of the samples of a name that have these labels."""
    return sum(v for (n, own), v in found.items() if n == name and set(labels.items()) <= own)


def test_everything_that_happens_is_counted(exposed: metrics.Metrics) -> None:
    metrics.count_rpc("a.B/C", "OK", 0.002)
    metrics.count_watch(1)
    metrics.count_watch(1)
    metrics.count_watch(-1)
    metrics.count_accepted("toy.Count", cache_hit=False)
    metrics.count_accepted("toy.Count", cache_hit=True)
    metrics.count_cache_hit("toy.Count")
    metrics.count_start("toy.Count", True, 3.0)
    metrics.count_lost("toy.Count", "WORKER_LOST")
    usage = {"device": "cuda:0 H200", "wall_s": 7.5, "cpu_s": 1.5, "peak_memory_bytes": 1 << 28,
             "peak_device_memory_bytes": 1 << 33}  # fmt: skip
    metrics.count_end("toy.Count", "lab", "ok", usage, 7.5)
    metrics.count_end("toy.Count", "lab", "ok", {**usage, "device": "cpu"}, 0.0)
    metrics.count_end("toy.Count", "lab", "retry", {}, 0.0)
    assert value(exposed, "cislex_rpc_seconds_count", method="a.B/C", code="OK") == 1
    assert value(exposed, "cislex_watches") == 1
    assert value(exposed, "cislex_operations_accepted_total", task="toy.Count") == 2
    assert value(exposed, "cislex_cache_hits_total", task="toy.Count") == 2
    assert value(exposed, "cislex_queue_wait_seconds_sum", task="toy.Count", weight="heavy") == 3
    assert value(exposed, "cislex_attempts_lost_total", task="toy.Count", reason="WORKER_LOST") == 1
    assert value(exposed, "cislex_attempts_total", task="toy.Count", exit="ok") == 2
    assert value(exposed, "cislex_attempts_total", task="toy.Count", exit="retry") == 1
    assert value(exposed, "cislex_gpu_seconds_total", tenant="lab") == 7.5, "only the attempt on a GPU"
    assert value(exposed, "cislex_cpu_seconds_total", tenant="lab") == 3
    assert value(exposed, "cislex_attempt_memory_bytes_count", tenant="lab", where="host") == 2
    assert value(exposed, "cislex_attempt_memory_bytes_sum", tenant="lab", where="gpu") == 1 << 33
    with metrics.timed_ledger("write"):
        pass
    assert value(exposed, "cislex_ledger_seconds_count", kind="write") == 1


def test_tenants_are_labels_only_where_they_must_be(exposed: metrics.Metrics) -> None:
    metrics.count_end("toy.Count", "lab", "ok", {"device": "cuda:0", "wall_s": 1.0, "cpu_s": 1.0}, 1.0)
    named = {family.name for family in exposed.registry.collect() for s in family.samples if "tenant" in s.labels}
    per_tenant = ("gpu_seconds", "cpu_seconds", "attempt_memory_bytes", "worker_memory_bytes")
    assert named == {f"cislex_{name}" for name in per_tenant}


def test_an_attempt_that_was_lost_on_a_gpu_counts_its_seconds(exposed: metrics.Metrics) -> None:
    metrics.count_end("toy.Count", "lab", "retry", {}, 30.0)
    assert value(exposed, "cislex_gpu_seconds_total", tenant="lab") == 30
    assert value(exposed, "cislex_attempts_total", task="toy.Count", exit="retry") == 1
    for name in ("cislex_attempt_memory_bytes_count", "cislex_attempt_seconds_count", "cislex_cpu_seconds_total"):
        found = [s for family in exposed.registry.collect() for s in family.samples if s.name == name]
        assert found == [], "a lost worker left no such figure"


def test_nothing_is_counted_without_the_setting(source: SimpleNamespace) -> None:
    made = metrics.start(source)
    metrics.count_accepted("toy.Count", cache_hit=False)
    made.stop()
    metrics.count_rpc("a.B/C", "OK", 1.0)
    metrics.count_watch(1)
    metrics.count_accepted("toy.Count", cache_hit=False)
    metrics.count_cache_hit("toy.Count")
    metrics.count_start("toy.Count", True, 3.0)
    metrics.count_lost("toy.Count", "WORKER_LOST")
    with metrics.timed_ledger("read"):
        pass
    metrics.count_end("toy.Count", "lab", "ok", {"wall_s": 1.0}, 1.0)
    source.ledger.away = True  # its own figures are not meant here
    counted = {
        sample.name: sample.value
        for family in made.registry.collect()
        for sample in family.samples
        if sample.name.startswith("cislex_") and sample.name != "cislex_build_info"
    }
    assert counted == {"cislex_operations_accepted_total": 1, "cislex_watches": 0}


def test_the_ledger_is_asked_now_and_then_only() -> None:
    source, now = a_source(["toy.Count"]), [100.0]
    collector = metrics.FromLedger(source, lambda: now[0])
    for _ in range(20):
        assert "cislex_operations" in {family.name for family in collector.collect()}
    assert source.ledger.asked == 1
    now[0] += metrics.CACHE_S
    list(collector.collect())
    assert source.ledger.asked == 2


def test_who_owns_nothing_tells_nothing_of_the_ledger() -> None:
    source = a_source([])
    names = {family.name for family in metrics.FromLedger(source).collect()}
    assert names == {"cislex_build_info", "cislex_owner"}
    assert source.ledger.asked == 0


def test_metrics_answer_while_the_ledger_is_away(source: SimpleNamespace, exposed: metrics.Metrics) -> None:
    source.ledger.away = True
    metrics.count_watch(1)
    found = scrape(f"127.0.0.1:{exposed._server.server_port}")
    names = {name for name, _ in found}
    assert source.ledger.asked == 1
    assert "cislex_operations" not in names, "what is not known is not said to be 0"
    assert of(found, "cislex_watches") == 1
    assert of(found, "cislex_build_info", engine="fake") == 1


def test_a_taken_port_is_said(exposed: metrics.Metrics) -> None:
    taken = f"127.0.0.1:{exposed._server.server_port}"
    with pytest.raises(UserError, match=r"CISLEX_METRICS_LISTEN.*name another"):
        metrics.start(a_source([], taken))
    with pytest.raises(UserError, match="is not host:port"):
        metrics.start(a_source([], "nonsense"))


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{_free_port()}"


@pytest.fixture
def seen(short_dir: Path, address: str) -> Iterator[ServerProcess]:
    with a_server(short_dir, CISLEX_METRICS_LISTEN=address) as server:
        yield server


def test_a_server_tells_its_metrics(seen: ServerProcess, address: str) -> None:
    seen.run(n=3, label="one", parent="tenants/lab")
    assert seen.run(n=3, label="one", parent="tenants/lab")[1].cache_hit
    assert seen.run(n=3, label="two", misbehave="die_once")[2] == "SUCCEEDED"
    with pytest.raises(RpcProblem):
        seen.submit(n=-1)
    slow = seen.submit(heavy=True, n=200, pause_s=0.05, label="three", parent="tenants/lab")
    seen.submit(heavy=True, n=1, label="four")
    seen.wait_for(slow.name, lambda m: m.progress.done > 1)
    seen.wait_for(seen.submit(heavy=True, n=2, label="five").name, lambda m: m.queue_position == 2 and m.waiting_reason)
    found = scrape(address)
    assert of(found, "cislex_operations", task="toy.Count", state="SUCCEEDED") == 3
    assert of(found, "cislex_operations", task="toy.HeavyCount", state="RUNNING") == 1
    assert of(found, "cislex_operations", task="toy.HeavyCount", state="WAITING_FOR_RESOURCES") == 2
    assert of(found, "cislex_oldest_waiting_seconds", task="toy.HeavyCount") > 0
    assert of(found, "cislex_operations_accepted_total", task="toy.Count") == 3
    assert of(found, "cislex_cache_hits_total", task="toy.Count") == 1
    assert of(found, "cislex_attempts_lost_total", task="toy.Count", reason="WORKER_LOST") == 1
    assert of(found, "cislex_attempts_total", task="toy.Count", exit="ok") == 2
    assert of(found, "cislex_attempts_total", task="toy.Count", exit="retry") == 1
    assert of(found, "cislex_queue_wait_seconds_count", task="toy.Count") == 3, "each attempt waited"
    assert of(found, "cislex_rpc_seconds_count", method="cislex.toy.v1.ToyService/Count", code="OK") == 3
    assert of(found, "cislex_rpc_seconds_count", method="cislex.toy.v1.ToyService/Count", code="INVALID_ARGUMENT") == 1
    assert of(found, "cislex_worker_memory_bytes", tenant="lab") > 10 << 20
    assert of(found, "cislex_attempt_memory_bytes_sum", tenant="lab", where="host") > 10 << 20
    assert of(found, "cislex_ledger_seconds_count", kind="write") > 5
    assert of(found, "cislex_engine_free_slots", weight="heavy") == 0
    assert of(found, "cislex_owner", service="toy") == 1
    assert of(found, "cislex_build_info", engine="local") == 1
    assert of(found, "process_open_fds") > 0


def test_watches_are_gauged(seen: ServerProcess, address: str) -> None:
    operation = seen.submit(n=200, pause_s=0.05, label="watched")
    stream = seen.connection.watch(operation.name)
    next(stream)
    assert of(scrape(address), "cislex_watches") == 1
    stream.close()
    seen.connection.cancel(operation.name)
    seen.wait_for(operation.name, lambda m: m.state == 8)
    assert of(scrape(address), "cislex_watches") == 0


def test_the_document_lists_every_metric_with_its_labels(repo_dir: Path, exposed: metrics.Metrics) -> None:
    text = (repo_dir / "docs" / "operations.md").read_text()
    table = text.partition("<!-- metrics: begin -->")[2].partition("<!-- metrics: end -->")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("| `")]
    documented = {name.strip("`"): [label for label in labels.split(", ") if label] for name, labels in rows}
    counted = {
        f"{made._name}{'_total' if made._type == 'counter' else ''}": list(made._labelnames)
        for made in vars(exposed).values()
        if hasattr(made, "_labelnames")
    }
    looked_up = {
        family.name: list(family._labelnames) for family in metrics.FromLedger(a_source(["toy.Count"])).collect()
    }
    assert documented == counted | looked_up
