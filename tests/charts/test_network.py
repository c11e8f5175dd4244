"""NetworkPolicies: closed at first, then exactly the edges that the settings make necessary."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from chart_scenes import SERVICES, VALUES_FILES, Document, find, pods, read_values, render, rendered, selects, where

FOLDER = VALUES_FILES[0].parent
OPEN = FOLDER / "ci" / "least.yaml"
CLOSED = [path for path in VALUES_FILES if path != OPEN]
closed_file = pytest.mark.parametrize("path", CLOSED, ids=lambda path: path.stem)
GRPC, HEALTH, METRICS, DNS, RAY = 50051, 50052, 9464, 53, 8265


def _policies(documents: tuple[Document, ...] | list[Document], labels: dict[str, str]) -> list[Document]:
    return [d for d in documents if d["kind"] == "NetworkPolicy" and selects(d["spec"]["podSelector"], labels)]


def _edges(policies: list[Document], way: str) -> list[tuple[int | None, list[dict[str, Any]]]]:
    """(port, peers) of all rules; port None = every port, no peers = everybody."""
    answer: list[tuple[int | None, list[dict[str, Any]]]] = []
    for policy in policies:
        for rule in policy["spec"].get(way, []):
            peers = rule.get("from" if way == "ingress" else "to", [])
            answer += [(port["port"], peers) for port in rule.get("ports", [])] or [(None, peers)]
    return answer


@closed_file
def test_every_pod_is_closed_at_first(path: Path) -> None:
    documents = rendered(path)
    deny = find(documents, "NetworkPolicy", "lab-cislex-default-deny")["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert set(deny) == {"podSelector", "policyTypes"}
    for place, pod in pods(documents):
        labels = pod["metadata"]["labels"]
        assert selects(deny["podSelector"], labels), place


@closed_file
def test_no_rule_is_open_to_everybody(path: Path) -> None:
    """A rule without ports opens all ports; one without peers lets everybody in."""
    for document in rendered(path):
        if document["kind"] == "NetworkPolicy":
            assert document["spec"]["policyTypes"] == ["Ingress", "Egress"], where(document)
            for port, peers in _edges([document], "ingress"):
                assert peers, f"{where(document)}: everybody reaches {port}"
                assert all(peers), "an empty peer"
            for port, peers in _edges([document], "egress"):
                assert port is not None or _only_ray(peers), f"{where(document)}: every port"


def _only_ray(peers: list[dict[str, Any]]) -> bool:
    return bool(peers) and all("ray.io/cluster" in peer["podSelector"]["matchLabels"] for peer in peers)


@closed_file
def test_services_reach_exactly_what_they_are_told_to(path: Path) -> None:
    documents, values = rendered(path), read_values(path)
    data = find(documents, "ConfigMap", "lab-cislex-settings")["data"]
    wanted = {DNS}
    if values.get("ledger", {}).get("type") == "postgresql":
        wanted.add(5432)
    if values.get("store", {}).get("type") == "s3":
        wanted.add(_port(data.get("CISLEX_STORE_ENDPOINT", "https://amazon")))
    if "CISLEX_RAY_ADDRESS" in data:
        wanted.add(_port(data["CISLEX_RAY_ADDRESS"]))
    if data["CISLEX_ENGINE"] == "kubernetes":
        wanted |= {443, 6443}
    if "CISLEX_OTEL_ENDPOINT" in data:
        wanted.add(_port(data["CISLEX_OTEL_ENDPOINT"]))
    if "CISLEX_OIDC_ISSUER" in data:
        wanted.add(_port(data["CISLEX_OIDC_ISSUER"]))
    for place, pod in pods(documents):
        if pod["metadata"]["labels"].get("app.kubernetes.io/component") in SERVICES:
            got = {port for port, _ in _edges(_policies(documents, pod["metadata"]["labels"]), "egress")}
            assert got == wanted, place


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (80 if parts.scheme == "http" else 443)


@closed_file
def test_ports_of_services_are_reached_by_those_who_need_them(path: Path) -> None:
    documents = rendered(path)
    for place, pod in pods(documents):
        labels = pod["metadata"]["labels"]
        if labels.get("app.kubernetes.io/component") not in SERVICES:
            continue
        serves = {port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
        opened = {port for port, _ in _edges(_policies(documents, labels), "ingress")}
        # The kubelet probes from the pod's own node, which policies never shut out.
        assert opened == serves - {HEALTH}, place


@closed_file
def test_the_test_pod_reaches_every_service(path: Path) -> None:
    documents = rendered(path)
    test = find(documents, "Pod", "lab-cislex-test")
    out = _edges(_policies(documents, test["metadata"]["labels"]), "egress")
    assert {port for port, _ in out} == {DNS, GRPC}
    reached = set()
    for _place, pod in pods(documents):
        labels = pod["metadata"]["labels"]
        if labels.get("app.kubernetes.io/component") in SERVICES:
            assert any(port == GRPC and _takes(peers, labels) for port, peers in out)
            into = _edges(_policies(documents, labels), "ingress")
            assert any(port == GRPC and _takes(peers, test["metadata"]["labels"]) for port, peers in into)
            reached.add(labels["app.kubernetes.io/component"])
    assert reached == set(SERVICES)


def _takes(peers: list[dict[str, Any]], labels: dict[str, str]) -> bool:
    return any(set(peer) == {"podSelector"} and selects(peer["podSelector"], labels) for peer in peers)


@pytest.mark.parametrize("name", ["values-core-facility", "values-air-gapped", "ci/ray-cluster"])
def test_workers_reach_the_store_and_not_the_ledger(name: str) -> None:
    documents = rendered(FOLDER / f"{name}.yaml")
    found = 0
    for place, pod in pods(documents):
        if place.startswith(("job template", "RayCluster")):
            labels = {**pod["metadata"]["labels"], "ray.io/cluster": "lab-cislex-ray"}
            labels |= {"ray.io/node-type": place.rpartition("/")[2]}
            ports = {port for port, _ in _edges(_policies(documents, labels), "egress")}
            assert 5432 not in ports, place
            assert ports & {443, 9000}, place
            found += 1
    assert found


def test_ray_is_reached_by_the_services_and_by_its_operator_only() -> None:
    documents = rendered(FOLDER / "ci" / "ray-cluster.yaml")
    policy = find(documents, "NetworkPolicy", "lab-cislex-ray")
    among_themselves, dashboard = policy["spec"]["ingress"]
    assert "ports" not in among_themselves
    assert _only_ray(among_themselves["from"])
    assert [port["port"] for port in dashboard["ports"]] == [RAY]
    for _place, pod in pods(documents):
        labels = pod["metadata"]["labels"]
        component = labels.get("app.kubernetes.io/component")
        if component:
            assert _takes(dashboard["from"], labels) is (component in SERVICES), component
    (operator,) = [peer for peer in dashboard["from"] if "namespaceSelector" in peer]
    assert operator["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "kuberay-operator"}


def test_the_migration_brings_its_own_edge() -> None:
    """It runs before the release's policies are there, and on an upgrade the old ones shut it out."""
    documents = rendered(FOLDER / "values-core-facility.yaml")
    job = find(documents, "Job", "lab-cislex-migrate")
    labels = job["spec"]["template"]["metadata"]["labels"]
    (own,) = [p for p in _policies(documents, labels) if p["metadata"]["name"] != "lab-cislex-default-deny"]
    hook, of_job = own["metadata"]["annotations"], job["metadata"]["annotations"]
    assert hook["helm.sh/hook"] == of_job["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert int(hook["helm.sh/hook-weight"]) < int(of_job["helm.sh/hook-weight"])
    assert {port for port, _ in _edges([own], "egress")} == {DNS, 5432}
    account = find(documents, "ServiceAccount", job["spec"]["template"]["spec"]["serviceAccountName"])
    assert int(account["metadata"]["annotations"]["helm.sh/hook-weight"]) < int(of_job["helm.sh/hook-weight"])
    mounts = [v for v in job["spec"]["template"]["spec"]["volumes"] if "configMap" in v]
    assert not mounts, "ConfigMaps of the release do not exist yet"


def test_probes_can_be_let_in_where_a_plugin_shuts_the_node_out() -> None:
    peers = [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    documents = render({"networkPolicy": {"probes": peers}})
    assert (HEALTH, peers) in _edges([find(documents, "NetworkPolicy", "lab-cislex-trainer")], "ingress")


def test_air_gapped_egress_names_every_peer() -> None:
    for document in rendered(FOLDER / "values-air-gapped.yaml"):
        if document["kind"] == "NetworkPolicy":
            for port, peers in _edges([document], "egress"):
                assert peers, f"{where(document)}: any address at {port}"
                for peer in peers:
                    if "ipBlock" in peer:
                        assert peer["ipBlock"]["cidr"].endswith("/32")


def test_off_means_none() -> None:
    assert not [d for d in rendered(OPEN) if d["kind"] == "NetworkPolicy"]
