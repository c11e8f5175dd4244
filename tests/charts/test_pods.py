"""What every pod of every values file must have: no privilege, limits, probes, pinned images, ports of the code."""

from __future__ import annotations

import argparse
import importlib
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from chart_scenes import (
    CHART,
    LIMITS,
    LONG_RUNNING,
    SERVICES,
    VALUES_FILES,
    Document,
    containers,
    find,
    pods,
    read_values,
    render,
    rendered,
    selects,
    services_of,
    settings_of,
    where,
)
from cislex_core.settings import Settings
from cislex_runtime.security.quotas import QuotasFile
from cislex_runtime.serving import server

ZONE, NODE = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
each_file = pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)


@each_file
def test_every_container_is_restricted(path: Path) -> None:
    seen = 0
    for place, pod, container in containers(rendered(path)):
        of_pod, own = pod["spec"]["securityContext"], container["securityContext"]
        assert of_pod["runAsNonRoot"] is True, place
        assert (of_pod["runAsUser"], of_pod["runAsGroup"], of_pod["fsGroup"]) == (10001, 10001, 10001), place
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}, place
        assert own["runAsNonRoot"] is True, place
        assert own["readOnlyRootFilesystem"] is True, place
        assert own["allowPrivilegeEscalation"] is False, place
        assert own["capabilities"] == {"drop": ["ALL"]}, place
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod["spec"]), place
        assert not [volume for volume in pod["spec"].get("volumes", []) if "hostPath" in volume], place
        seen += 1
    assert seen


@each_file
def test_every_container_can_write_where_it_must(path: Path) -> None:
    for place, pod, container in containers(rendered(path)):
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        claims = _claims(rendered(path), place)
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert "/tmp" in mounts, place
        for mount in container["volumeMounts"]:
            assert mount["name"] in volumes | claims, f"{place} mounts {mount['name']}"
        env = {entry["name"]: entry.get("value", "") for entry in container.get("env", [])}
        home = env.get("CISLEX_HOME") or settings_of(rendered(path), container).get("CISLEX_HOME", "")
        assert home, place
        # Below the mount, not the mount itself: a server refuses a home that another user (root) owns.
        assert any(home.startswith(f"{mount}/") for mount in mounts), f"{place}: {home} is not writable"


def _claims(documents: tuple[Document, ...], place: str) -> set[str]:
    for document in documents:
        if document["kind"] == "StatefulSet" and place.startswith(where(document)):
            return {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])}
    return set()


@each_file
def test_requests_and_limits_are_set(path: Path) -> None:
    for place, _, container in containers(rendered(path)):
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][kind]), f"{place} {kind}"
        extended = {k: v for k, v in container["resources"]["limits"].items() if "/" in k}
        asked = {k: v for k, v in container["resources"]["requests"].items() if "/" in k}
        assert extended == asked, f"{place}: extended resources cannot be overcommitted"


@each_file
def test_empty_dirs_are_bounded(path: Path) -> None:
    for place, pod in pods(rendered(path)):
        for volume in pod["spec"].get("volumes", []):
            if "emptyDir" in volume:
                assert volume["emptyDir"].get("sizeLimit"), f"{place} {volume['name']}"


@each_file
def test_images_are_pinned_and_are_those_that_are_built(path: Path, repo_dir: Path) -> None:
    built = _built_images(repo_dir)
    for place, _, container in containers(rendered(path)):
        image = container["image"]
        assert "latest" not in image, place
        if "@sha256:" in image:
            assert image.rpartition("@")[0].rpartition("/")[2] in {name for name, _ in built}, place
        else:
            name, _, tag = image.rpartition("/")[2].partition(":")
            version, _, variant = tag.rpartition("-")
            assert version, place
            assert (name, variant) in built, f"{place}: {image} is not built"


def _built_images(repo_dir: Path) -> set[tuple[str, str]]:
    sys.path.insert(0, str(repo_dir / "docker"))
    try:
        targets: dict[str, tuple[str, ...]] = importlib.import_module("build").TARGETS
    finally:
        sys.path.pop(0)
    return {(f"cislex-{name}", variant) for variant, names in targets.items() for name in names}


@each_file
def test_what_runs_long_has_its_probes(path: Path) -> None:
    probed = 0
    for document in rendered(path):
        if document["kind"] not in LONG_RUNNING:
            continue
        for place, _, container in containers([document]):
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert probe in container, f"{place} {probe}"
            probed += 1
            if document["kind"] != "RayCluster":
                ports = {port["name"]: port["containerPort"] for port in container["ports"]}
                assert container["readinessProbe"]["grpc"] == {"port": ports["health"], "service": "ready"}
                for probe in ("startupProbe", "livenessProbe"):
                    assert container[probe]["grpc"] == {"port": ports["health"]}, "alive: the service without a name"
    assert probed


@each_file
def test_draining_fits_into_the_grace(path: Path) -> None:
    drain_s = float(read_values(path).get("settings", {}).get("drain_grace_s", Settings().drain_grace_s))
    for document in rendered(path):
        if document["kind"] in ("Deployment", "StatefulSet"):
            spec = document["spec"]["template"]["spec"]
            before = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            assert spec["terminationGracePeriodSeconds"] >= before + 2 * drain_s + 10


@each_file
def test_selectors_match_their_pods(path: Path) -> None:
    documents = rendered(path)
    templates = [(place, pod["metadata"]["labels"]) for place, pod in pods(documents)]
    services = services_of(path)
    checked: dict[str, int] = {}
    for document in documents:
        kind, spec = document["kind"], document.get("spec", {})
        if kind in ("Deployment", "StatefulSet"):
            labels = spec["template"]["metadata"]["labels"]
            assert selects(spec["selector"], labels), where(document)
            spreads = spec["template"]["spec"]["topologySpreadConstraints"]
            assert [spread["topologyKey"] for spread in spreads] == [ZONE, NODE], where(document)
            for spread in spreads:
                assert selects(spread["labelSelector"], labels), where(document)
        elif kind == "PodDisruptionBudget":
            taken = [place for place, labels in templates if selects(spec["selector"], labels)]
            assert taken == [f"{_workload(documents)}/{document['metadata']['name']}"]
        elif kind == "Service":
            taken = [place for place, labels in templates if selects({"matchLabels": spec["selector"]}, labels)]
            assert taken == [f"{_workload(documents)}/{document['metadata']['name']}"], where(document)
        checked[kind] = checked.get(kind, 0) + 1
    assert checked[_workload(documents)] == checked["Service"] == len(services)
    # One pod needs no budget, and with the local engine there is one.
    assert checked.get("PodDisruptionBudget", 0) == (len(services) if _workload(documents) == "Deployment" else 0)


def _workload(documents: tuple[Document, ...]) -> str:
    return "StatefulSet" if any(d["kind"] == "StatefulSet" for d in documents) else "Deployment"


@each_file
def test_selectors_of_two_services_never_meet(path: Path) -> None:
    documents = [d for d in rendered(path) if d["kind"] in ("Deployment", "StatefulSet")]
    for one in documents:
        for other in documents:
            if one is not other:
                assert not selects(one["spec"]["selector"], other["spec"]["template"]["metadata"]["labels"])


@each_file
def test_ports_are_those_of_the_code(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = rendered(path)
    for document in documents:
        if document["kind"] not in ("Deployment", "StatefulSet"):
            continue
        (container,) = document["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        settings = settings_of(documents, container)
        python, dash_m, module = container["command"]
        assert (python, dash_m) == ("/opt/cislex/bin/python", "-m")
        assert module == f"cislex_{document['metadata']['labels']['app.kubernetes.io/component']}"
        listen = _parse_as_a_server(module, container["args"], monkeypatch).listen
        assert listen == f"0.0.0.0:{ports['grpc']}"
        assert settings["CISLEX_HEALTH_LISTEN"] == f"0.0.0.0:{ports['health']}"
        metrics = f"0.0.0.0:{ports['metrics']}" if "metrics" in ports else ""
        assert settings.get("CISLEX_METRICS_LISTEN", "") == metrics
        service = find(documents, "Service", document["metadata"]["name"])
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports, f"{where(service)} {port}"
            assert port["port"] == ports[port["targetPort"]]


class _Parsed(Exception):  # noqa: N818 - no error: the way out of main
    pass


def _parse_as_a_server(module: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """What ``main`` of the servers makes of these arguments; its parser ends the program when a flag is unknown."""
    parsed: list[argparse.Namespace] = []
    parse = argparse.ArgumentParser.parse_args

    def spy(self: argparse.ArgumentParser) -> argparse.Namespace:
        parsed.append(parse(self, arguments))
        raise _Parsed

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", spy)
        with pytest.raises(_Parsed):
            server.main(module, [])
    return parsed[0]


@each_file
def test_all_environment_variables_exist(path: Path) -> None:
    known = {f"CISLEX_{name.upper()}" for name in Settings.model_fields} | LIMITS
    client = {"CISLEX_CONFIG", "CISLEX_CONTEXT"}
    seen = set()
    for place, _, container in containers(rendered(path)):
        names = {entry["name"] for entry in container.get("env", [])} | set(settings_of(rendered(path), container))
        ours = {name for name in names if name.startswith("CISLEX_")}
        assert ours <= known | (client if "/doctor" in place else set()), place
        seen |= ours
    assert "CISLEX_ENGINE" in seen


@each_file
def test_the_servers_take_their_settings(path: Path) -> None:
    """Settings.from_env reads what the ConfigMap holds, and what it reads is what the values meant."""
    documents, values = rendered(path), read_values(path)
    data = find(documents, "ConfigMap", "lab-cislex-settings")["data"]
    settings = Settings.from_env(data)
    assert settings.engine == values.get("engine", {}).get("type", "local")
    assert settings.auth == values.get("auth", {}).get("mode", "none")
    assert str(settings.home) == "/var/lib/cislex/home"
    assert bool(settings.store_url) == (values.get("store", {}).get("type") == "s3")
    for name, value in values.get("settings", {}).items():
        told = getattr(settings, name)
        assert [str(place) for place in told] == value.split(":") if name == "allowed_roots" else told == value


@pytest.mark.parametrize("name", ["values-core-facility", "values-air-gapped"])
def test_where_labs_share_calls_need_a_deadline_and_a_job_has_its_gpu_alone(name: str) -> None:
    settings = Settings.from_env(find(rendered(CHART / f"{name}.yaml"), "ConfigMap", "lab-cislex-settings")["data"])
    assert settings.require_deadline is True
    assert settings.fan_out == 1


def test_numbers_do_not_become_floats() -> None:
    """Helm reads numbers as floats: 10 GiB must not be told as 1.073741824e+10, nor 2.5 s as 2."""
    settings = {"stop_grace_s": 2.5, "max_metadata_bytes": 20_000_000, "require_deadline": True}
    documents = render(read_values(VALUES_FILES[0].parent / "ci" / "local-gpu.yaml") | {"settings": settings})
    data = find(documents, "ConfigMap", "lab-cislex-settings")["data"]
    assert data["CISLEX_STORE_CACHE_BYTES"] == "10737418240"
    assert data["CISLEX_MAX_METADATA_BYTES"] == "20000000"
    assert data["CISLEX_STOP_GRACE_S"] == "2.5"
    assert Settings.from_env(data).require_deadline is True


@each_file
def test_tokens_of_the_cluster_are_mounted_only_where_needed(path: Path) -> None:
    documents, values = rendered(path), read_values(path)
    engine = values.get("engine", {}).get("type", "local")
    for place, pod in pods(documents):
        mounted = pod["spec"].get("automountServiceAccountToken", True)
        is_service = place.startswith(("Deployment/", "StatefulSet/"))
        # KubeRay gives the head of an autoscaling cluster an account of its own.
        is_autoscaling_head = place.endswith("/head")
        assert mounted is ((is_service and engine == "kubernetes") or is_autoscaling_head), place
    roles = [d for d in documents if d["kind"] in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")]
    assert [role["kind"] for role in roles] == (["Role", "RoleBinding"] if engine == "kubernetes" else [])
    for document in documents:
        if document["kind"] == "ServiceAccount":
            token = document["automountServiceAccountToken"]
            component = document["metadata"]["labels"]["app.kubernetes.io/component"]
            assert token is (engine == "kubernetes" and component in SERVICES), where(document)


def test_the_role_holds_no_more_than_jobs_and_their_logs() -> None:
    role = find(rendered(VALUES_FILES[0].parent / "values-core-facility.yaml"), "Role")
    granted = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert not [grant for grant in granted if "*" in grant]
    # As cislex_runtime.engines.kubernetes_jobs says.
    of_jobs = {("jobs", verb) for verb in ("create", "get", "list", "delete")}
    assert granted == of_jobs | {("pods", "list"), ("pods/log", "get")}


def test_a_site_gives_ray_s_workers_variables_of_its_own() -> None:
    values = read_values(CHART / "ci" / "ray-cluster.yaml")
    from_secret = {"secretKeyRef": {"name": "proxy", "key": "url"}}
    more = [{"name": "OMP_NUM_THREADS", "value": "3"}, {"name": "HTTPS_PROXY", "valueFrom": from_secret}]
    values["rayCluster"]["env"] = more
    found = {place.rpartition("/")[2]: pod for place, pod in pods(render(values)) if place.startswith("RayCluster")}
    assert set(found) == {"head", "cpu", "gpu"}
    for name, pod in found.items():
        env = pod["spec"]["containers"][0]["env"]
        names = [entry["name"] for entry in env]
        assert len(names) == len(set(names))
        assert [entry for entry in env if entry in more] == ([] if name == "head" else more), name


def test_a_digest_wins_over_the_tag() -> None:
    digest = "sha256:" + "a" * 64
    image = {"tag": "9.9.9", "digest": digest, "repository": "mine"}
    documents = render({"image": {"registry": "r.example/x/"}, "services": {"motif": {"image": image}}})
    (container,) = find(documents, "StatefulSet", "lab-cislex-motif")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"r.example/x/mine@{digest}"


def test_changed_settings_roll_the_pods() -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = find(render(values), "StatefulSet", "lab-cislex-motif")["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) == checksum({})
    assert checksum({}) != checksum({"settings": {"max_attempts": 7}})


def test_pods_on_a_shared_volume_of_one_node_stay_together() -> None:
    documents = rendered(VALUES_FILES[0])
    for place, pod in pods(documents):
        if place.startswith("StatefulSet/"):
            (term,) = pod["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            assert term["topologyKey"] == "kubernetes.io/hostname"
            assert selects(term["labelSelector"], pod["metadata"]["labels"])
    for place, pod in pods(rendered(VALUES_FILES[0].parent / "ci" / "ray-existing.yaml")):
        assert "affinity" not in pod["spec"], place


def test_changed_quotas_do_not_roll_the_pods() -> None:
    """The servers read them again by themselves."""

    def annotations(quotas: str) -> dict[str, str]:
        values = read_values(VALUES_FILES[0].parent / "ci" / "local-gpu.yaml") | {"quotas": {"content": quotas}}
        return find(render(values), "StatefulSet", "lab-cislex-motif")["spec"]["template"]["metadata"]["annotations"]

    assert annotations("[default]\nmax_running = 1") == annotations("[default]\nmax_running = 2")


@each_file
def test_the_servers_take_the_quotas(path: Path) -> None:
    documents = rendered(path)
    for document in documents:
        if document["kind"] == "ConfigMap" and document["metadata"]["name"] == "lab-cislex-quotas":
            (text,) = document["data"].values()
            QuotasFile.model_validate(tomllib.loads(text))
            return
    assert not read_values(path).get("quotas", {}).get("content")
