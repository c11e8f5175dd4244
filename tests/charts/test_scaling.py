"""Pods by load, spread over nodes and zones, and kept when a node is emptied."""

from __future__ import annotations

from pathlib import Path

import pytest
from chart_scenes import CHART, SERVICES, VALUES_FILES, find, read_values, render, rendered, services_of, where

each_file = pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
ZONE, NODE = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
#: Values files whose pods are scaled, and by what.
SCALED = {
    "values-core-facility": "HorizontalPodAutoscaler",
    "ray-cluster": "ScaledObject",
    "ray-existing": "ScaledObject",
}


@each_file
def test_scalers_point_at_their_workloads(path: Path) -> None:
    documents = rendered(path)
    targets = []
    for document in documents:
        if document["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            assert document["kind"] == SCALED[path.stem]
            target = document["spec"]["scaleTargetRef"]
            assert target["kind"] == "Deployment"
            assert "replicas" not in find(documents, "Deployment", target["name"])["spec"], where(document)
            targets.append(target["name"])
    assert sorted(targets) == sorted(f"lab-cislex-{name}" for name in services_of(path) if path.stem in SCALED)
    fixed = [d for d in documents if d["kind"] in ("Deployment", "StatefulSet") and "replicas" in d["spec"]]
    assert len(fixed) == (0 if path.stem in SCALED else len(services_of(path)))


def test_a_core_facility_s_pods_are_scaled_spread_and_kept() -> None:
    path = CHART / "values-core-facility.yaml"
    documents, told = rendered(path), read_values(path)["serviceDefaults"]["autoscaling"]
    assert told["enabled"] is True
    for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget", "Deployment"):
        names = sorted(d["metadata"]["name"] for d in documents if d["kind"] == kind)
        assert names == sorted(f"lab-cislex-{name}" for name in SERVICES), kind
    for name in SERVICES:
        scaler = find(documents, "HorizontalPodAutoscaler", f"lab-cislex-{name}")["spec"]
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"lab-cislex-{name}"}
        assert scaler["scaleTargetRef"] == target
        assert (scaler["minReplicas"], scaler["maxReplicas"]) == (told["minReplicas"], told["maxReplicas"]) == (2, 6)
        (metric,) = scaler["metrics"]
        assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
        assert find(documents, "PodDisruptionBudget", f"lab-cislex-{name}")["spec"]["maxUnavailable"] == 1
        pod = find(documents, "Deployment", f"lab-cislex-{name}")["spec"]["template"]["spec"]
        spreads = [(s["topologyKey"], s["maxSkew"], s["whenUnsatisfiable"]) for s in pod["topologySpreadConstraints"]]
        assert spreads == [(ZONE, 1, "ScheduleAnyway"), (NODE, 1, "ScheduleAnyway")]


@pytest.mark.parametrize("trigger", ["postgresql", "prometheus"])
def test_keda_scales_each_service_by_its_own_queue(trigger: str) -> None:
    values = read_values(CHART / "ci" / {"postgresql": "ray-cluster.yaml", "prometheus": "ray-existing.yaml"}[trigger])
    values["keda"] |= {"minReplicas": 3, "maxReplicas": 5, "queuedPerPod": 7}
    documents = render(values)
    for name in SERVICES:
        spec = find(documents, "ScaledObject", f"lab-cislex-{name}")["spec"]
        assert spec["scaleTargetRef"] == {"kind": "Deployment", "name": f"lab-cislex-{name}"}
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 5)
        (told,) = spec["triggers"]
        assert told["type"] == trigger
        assert {other for other in SERVICES if other in told["metadata"]["query"]} == {name}
        assert "7" in (told["metadata"].get("targetQueryValue"), told["metadata"].get("threshold"))
    assert not [d for d in documents if d["kind"] == "HorizontalPodAutoscaler"]


def test_what_is_switched_off_is_not_there() -> None:
    values = read_values(CHART / "values-core-facility.yaml")
    values["serviceDefaults"] |= {"autoscaling": {"enabled": False}, "pdb": {"enabled": False}}
    values["services"]["motif"] = {"pdb": {"enabled": True, "maxUnavailable": 2}}
    documents = render(values)
    assert not [d for d in documents if d["kind"] == "HorizontalPodAutoscaler"]
    budget = find(documents, "PodDisruptionBudget")
    assert (budget["metadata"]["name"], budget["spec"]["maxUnavailable"]) == ("lab-cislex-motif", 2)
