"""The dashboard and the alerts ask for metrics, labels and states that the servers really have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from chart_scenes import CHART, find, render, rendered
from cislex_runtime import states
from cislex_runtime.telemetry.metrics import FromLedger, Metrics

DASHBOARD = CHART / "dashboards" / "cislex.json"
#: What Prometheus itself puts on every series of a pod.
SCRAPED = {"namespace", "pod", "job", "instance", "le"}


class _Ledger:
    """Just enough to make every family of metrics.FromLedger appear."""

    def count_by_state(self, tasks: list[str]) -> list[Any]:
        return [SimpleNamespace(task=task, state="QUEUED", n=1) for task in tasks]

    def oldest_in(self, _: Any, tasks: list[str]) -> dict[str, float]:
        return dict.fromkeys(tasks, 0.0)


def _known() -> dict[str, set[str]]:
    """{metric name as scraped: its labels}, from the registry of the code."""
    engine = SimpleNamespace(
        name="local",
        capacity=lambda: SimpleNamespace(heavy=1, light=1),
        memory_by_tenant=lambda: {"lab": 1},
    )
    source: Any = SimpleNamespace(ledger=_Ledger(), engine=engine, settings=None, owned_tasks=["motif.Fake"])
    metrics = Metrics(source)
    for value in vars(metrics).values():
        labels = getattr(value, "_labelnames", ())
        if labels:
            value.labels(*["x"] * len(labels))
    known: dict[str, set[str]] = {}
    for family in [*metrics.registry.collect(), *FromLedger(source).collect()]:
        for sample in family.samples:
            known.setdefault(sample.name, set()).update(sample.labels)
    return known


def _dashboard_queries() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text())
    variables = [entry["query"]["query"] for entry in dashboard["templating"]["list"] if entry["type"] == "query"]
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]] + variables


def _alert_queries() -> list[str]:
    rule = find(rendered(CHART / "values-core-facility.yaml"), "PrometheusRule")
    return [entry["expr"] for group in rule["spec"]["groups"] for entry in group["rules"]]


def _keda_queries() -> list[str]:
    documents = rendered(CHART / "ci" / "ray-existing.yaml")
    return [d["spec"]["triggers"][0]["metadata"]["query"] for d in documents if d["kind"] == "ScaledObject"]


def _series(query: str) -> Iterator[tuple[str, set[str]]]:
    for name, _, selector in re.findall(r"\b(cislex_\w+)\s*(\{([^}]*)\})?", query):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))


@pytest.mark.parametrize("queries", [_dashboard_queries, _alert_queries, _keda_queries], ids=lambda f: f.__name__)
def test_every_metric_and_label_exists(queries: Any) -> None:
    known = _known()
    asked = 0
    for query in queries():
        of_query: set[str] = set()
        for name, labels in _series(query):
            assert name in known, f"{name} is no metric of the servers: {query}"
            assert labels <= known[name] | SCRAPED, f"{name} has no label {labels - known[name] - SCRAPED}"
            of_query |= known[name]
            asked += 1
        for grouping in re.findall(r"\bby \(([^)]*)\)", query):
            assert {label.strip() for label in grouping.split(",")} <= of_query | SCRAPED, query
    assert asked


def test_states_that_are_asked_for_exist() -> None:
    asked = set()
    for query in [*_dashboard_queries(), *_keda_queries()]:
        for text in re.findall(r'state(?:=~|!~|=)"([^"]*)"', query):
            asked |= set(text.split("|"))
    assert asked <= set(states.ALL)
    assert set(states.PENDING) <= asked


def test_the_scaler_counts_what_waits_in_the_ledger() -> None:
    documents = rendered(CHART / "ci" / "ray-cluster.yaml")
    for document in documents:
        if document["kind"] == "ScaledObject":
            query = document["spec"]["triggers"][0]["metadata"]["query"]
            assert set(re.findall(r"'([A-Z_]+)'", query)) == set(states.PENDING)
            service = document["metadata"]["name"].rpartition("-")[2]
            assert f"LIKE '{service}.%'" in query


def test_the_dashboard_shows_what_was_promised() -> None:
    queries = " ".join(_dashboard_queries())
    for metric in (
        "cislex_operations{", "cislex_queue_wait_seconds_bucket", "cislex_attempts_lost_total",
        "cislex_cache_hits_total", "cislex_rpc_seconds_bucket", "cislex_rpc_seconds_count",
        "cislex_gpu_seconds_total", 'where="gpu"', "cislex_worker_memory_bytes",
    ):  # fmt: skip
        assert metric in queries, metric
    for quantile in ("histogram_quantile(0.5", "histogram_quantile(0.99"):
        assert quantile in queries


def test_the_dashboard_is_well_formed() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        own = {(x, y) for x in range(place["x"], place["x"] + place["w"])
               for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not own & cells, f"{panel['title']} overlaps another panel"
        assert place["x"] + place["w"] <= 24
        cells |= own
        for target in panel["targets"]:
            assert target["expr"].count("{") == target["expr"].count("}")
            assert target["expr"].count("(") == target["expr"].count(")")


def test_the_config_map_holds_the_dashboard_as_it_is() -> None:
    documents = rendered(CHART / "values-core-facility.yaml")
    config = find(documents, "ConfigMap", "lab-cislex-dashboard")
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(config["data"]["cislex.json"]) == json.loads(DASHBOARD.read_text())


@pytest.mark.parametrize("kind", ["PodMonitor", "ServiceMonitor"])
def test_monitors_find_the_metrics_port(kind: str) -> None:
    documents = render({"telemetry": {"metrics": {"monitor": kind, "labels": {"release": "prometheus"}}}})
    monitor = find(documents, kind)
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    wanted = monitor["spec"]["selector"]["matchLabels"]
    (expression,) = monitor["spec"]["selector"]["matchExpressions"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints" if kind == "PodMonitor" else "endpoints"]
    found = set()
    for document in documents:
        if document["kind"] != ("StatefulSet" if kind == "PodMonitor" else "Service"):
            continue
        if kind == "PodMonitor":
            labels = document["spec"]["template"]["metadata"]["labels"]
            ports = document["spec"]["template"]["spec"]["containers"][0]["ports"]
        else:
            labels, ports = document["metadata"]["labels"], document["spec"]["ports"]
        if labels.items() >= wanted.items() and labels[expression["key"]] in expression["values"]:
            found.add(labels[expression["key"]])
            assert endpoint["port"] in {port["name"] for port in ports}
    assert found == {"encoder", "trainer", "explainer", "motif"}
