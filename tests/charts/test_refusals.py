"""Values that cannot work are refused before anything is installed, and the reason is told."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any, get_args

import helm_python as helm
import pytest
from chart_scenes import APIS, CHART, SERVICES, read_values, render
from cislex_core.settings import Settings

Values = dict[str, Any]
PG: Values = {"ledger": {"type": "postgresql", "postgresql": {"existingSecret": "db"}}}
S3: Values = {"store": {"type": "s3", "s3": {"bucket": "cislex", "existingSecret": "bucket"}}}
JOBS: Values = {"engine": {"type": "kubernetes"}}
TLS: Values = {"tls": {"enabled": True, "existingSecret": "tls"}}
OIDC: Values = {"auth": {"mode": "oidc", "oidc": {"issuer": "https://login.example.org", "audience": "cislex"}}}
RAY: Values = {"engine": {"type": "ray"}, "rayCluster": {"enabled": True}}


def _join(*parts: Values) -> Values:
    answer: Values = {}
    for part in parts:
        for key, value in deepcopy(part).items():
            both = isinstance(value, dict) and isinstance(answer.get(key), dict)
            answer[key] = _join(answer[key], value) if both else value
    return answer


CLUSTER = _join(PG, S3, JOBS)

REFUSED: dict[str, tuple[Values, str]] = {
    "local engine, two pods": ({"services": {"motif": {"replicas": 2}}}, "a second pod would stand idle"),
    "local engine, two pods by default": ({"serviceDefaults": {"replicas": 3}}, r"services\.encoder\.replicas is 3"),
    "local engine, autoscaled": ({"serviceDefaults": {"autoscaling": {"enabled": True}}}, "with local one pod runs"),
    "no service": ({"services": {name: {"enabled": False} for name in SERVICES}}, "no service is enabled"),
    "shared service is off": ({"services": {"encoder": {"enabled": False}}}, "routing.shared names encoder"),
    "grace too short": ({"settings": {"drain_grace_s": 60}}, "draining takes up to 135 seconds"),
    "autoscaling upside down": (
        _join(CLUSTER, {"serviceDefaults": {"autoscaling": {"minReplicas": 7}}}), "minReplicas is above maxReplicas",
    ),
    "ray without a cluster": (_join(PG, S3, {"engine": {"type": "ray"}}), "needs engine.ray.address"),
    "two ray clusters": (
        _join(PG, S3, RAY, {"engine": {"ray": {"address": "http://r:8265", "tokenSecret": {"name": "t"}}}}),
        "exclude each other: which cluster",
    ),
    "ray without a token": (
        _join(PG, S3, {"engine": {"type": "ray", "ray": {"address": "http://r:8265"}}}), "runs code in it",
    ),
    "ray cluster that nobody uses": ({"rayCluster": {"enabled": True}}, "nothing would use the cluster"),
    "sqlite, kubernetes engine": (_join(S3, JOBS), "cannot share a SQLite file"),
    "sqlite, ray engine": (_join(S3, RAY), "cannot share a SQLite file"),
    "sqlite, no shared volume": (S3, "share no volume that the ledger could lie on"),
    "sqlite on a network file system": (
        {"store": {"volume": {"accessMode": "ReadWriteMany"}}}, "do not protect SQLite",
    ),
    "postgresql without its url": ({"ledger": {"type": "postgresql"}}, r"needs ledger\.postgresql\.existingSecret"),
    "s3 without a bucket": (
        _join(PG, {"store": {"type": "s3", "s3": {"existingSecret": "b"}}}), r"needs store\.s3\.bucket",
    ),
    "s3 without credentials": (_join(PG, {"store": {"type": "s3", "s3": {"bucket": "cislex"}}}), "needs credentials"),
    "s3, two credentials": (
        _join(PG, S3, {"store": {"s3": {"workloadIdentity": True}}}), "workloadIdentity exclude each other",
    ),
    "cache above the disk": (_join(PG, S3, {"home": {"size": "10Gi"}}), "does not fit into home.size 10Gi"),
    "cache above the scratch disk": (
        _join(CLUSTER, {"job": {"scratchSize": "10Gi"}}), r"does not fit into job\.scratchSize 10Gi",
    ),
    "a label of the chart's own": ({"commonLabels": {"app.kubernetes.io/name": "x"}}, "find their pods by it"),
    "mailbox in a file, no volume": (
        _join(CLUSTER, {"engine": {"mailboxUrl": "file:///srv/x"}}), "share no volume with store.type s3",
    ),
    "mailbox in a bucket, no keys": ({"engine": {"mailboxUrl": "s3://b/x"}}, "gives the pods no credentials"),
    "volume of one node, workers on others": (_join(PG, JOBS), "needs store.volume.accessMode ReadWriteMany"),
    "tls without a certificate": ({"tls": {"enabled": True}}, "needs a certificate"),
    "tls, two certificates": (
        _join(TLS, {"tls": {"certManager": {"enabled": True, "issuerRef": {"name": "x"}}}}),
        "certManager.enabled exclude each other",
    ),
    "cert-manager without an issuer": (
        {"tls": {"enabled": True, "certManager": {"enabled": True}}}, r"needs tls\.certManager\.issuerRef",
    ),
    "cert-manager without tls": ({"tls": {"certManager": {"enabled": True}}}, "nothing would use the certificate"),
    "client certificates without tls": (
        {"tls": {"clientCa": {"existingSecret": "x"}}}, "clients show certificates only over TLS",
    ),
    "client certificates behind a gateway": (
        _join(TLS, {"tls": {"clientCa": {"existingSecret": "x"}}},
              {"routing": {"host": "h", "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "t"}}}),
        "its certificate never reaches the pods",
    ),
    "static tokens without a file": (_join(TLS, {"auth": {"mode": "static"}}), r"needs auth\.static\.existingSecret"),
    "oidc without an audience": (
        _join(TLS, {"auth": {"mode": "oidc", "oidc": {"issuer": "https://x"}}}), r"auth\.oidc\.audience",
    ),
    "oidc without an issuer": (
        _join(TLS, {"auth": {"mode": "oidc", "oidc": {"audience": "x"}}}), r"auth\.oidc\.issuer",
    ),
    "oidc issuer in plain text": (_join(TLS, OIDC, {"auth": {"oidc": {"issuer": "http://x"}}}), "must be an https URL"),
    "tokens in plain text": (OIDC, "tokens would cross the network in plain text"),
    "tenants without tokens": ({"quotas": {"content": "[default]"}}, "every caller names the tenant it likes"),
    "two quota files": (
        _join(TLS, OIDC, {"quotas": {"content": "[default]", "existingConfigMap": "q"}}),
        "quotas.existingConfigMap exclude each other",
    ),
    "gpu with the cpu image": ({"services": {"trainer": {"gpu": {"count": 1}}}}, "which has no CUDA"),
    "gpu in an API pod": (
        _join(CLUSTER, {"services": {"trainer": {"gpu": {"count": 1}, "image": {"variant": "gpu"}}}}),
        r"give it to job\.gpu\.count",
    ),
    "gpu image that is not built": (
        {"services": {"motif": {"image": {"variant": "gpu"}}}}, "computes nothing on a GPU",
    ),
    "jobs with a gpu, cpu image": (_join(CLUSTER, {"job": {"gpu": {"count": 1}}}), r"job\.image\.variant is cpu"),
    "jobs with a gpu, no jobs": ({"job": {"gpu": {"count": 1}}}, "only the kubernetes engine makes Jobs"),
    "ray workers with a gpu, cpu image": (
        _join(PG, S3, RAY, {"rayCluster": {"workerGroups": [
            {"name": "g", "replicas": 1, "minReplicas": 0, "maxReplicas": 1, "gpu": {"count": 1},
             "resources": {k: {"cpu": 1, "memory": "1Gi"} for k in ("requests", "limits")}}]}}),
        "workerGroups g has GPUs, but its image",
    ),
    "more gpus than a ray worker has": (
        _join(PG, S3, RAY, {"engine": {"ray": {"heavyGpus": 1}}}), "trainings would wait for ever",
    ),
    "ray gpus that nobody asks for": (
        _join(PG, S3, RAY, {"job": {"image": {"variant": "gpu"}}, "rayCluster": {"workerGroups": [
            {"name": "g", "replicas": 1, "minReplicas": 0, "maxReplicas": 1, "gpu": {"count": 1},
             "resources": {k: {"cpu": 1, "memory": "1Gi"} for k in ("requests", "limits")}}]}}),
        "nothing would use them",
    ),
    "ray workers below their least": (
        _join(PG, S3, RAY, {"rayCluster": {"workerGroups": [
            {"name": "g", "replicas": 0, "minReplicas": 1, "maxReplicas": 1,
             "resources": {k: {"cpu": 1, "memory": "1Gi"} for k in ("requests", "limits")}}]}}),
        "workerGroups g: minReplicas",
    ),
    "route without a gateway": ({"routing": {"grpcRoute": {"enabled": True}}}, "the Gateway that it hangs on"),
    "gateway in plain text to TLS pods": (
        _join(TLS, {"routing": {"grpcRoute": {"enabled": True, "parentRefs": [{"name": "g"}]}}}),
        "would speak plain text to pods that expect TLS",
    ),
    "ingress without a certificate": (
        {"routing": {"host": "h", "ingress": {"enabled": True}}}, "gRPC only over TLS",
    ),
    "ingress of a controller that is not told": (
        {"routing": {"host": "h", "ingress": {"enabled": True, "className": "traefik", "tlsSecret": "t"}}},
        "speaks gRPC to backends",
    ),
    "strict, database anywhere": (
        _join(PG, S3, {"networkPolicy": {"strict": True}}), r"needs networkPolicy\.postgresql\.to",
    ),
    "strict, no policy": ({"networkPolicy": {"strict": True, "enabled": False}}, "promises what nothing enforces"),
    "monitors without metrics": (
        {"telemetry": {"metrics": {"enabled": False, "monitor": "PodMonitor"}}}, r"need telemetry\.metrics\.enabled",
    ),
    "kueue without jobs": ({"kueue": {"enabled": True}}, "there is nothing to queue"),
    "local queue of no cluster queue": (
        _join(CLUSTER, {"kueue": {"enabled": True, "localQueue": {"create": True}}}), "or kueue.clusterQueue.create",
    ),
    "queue without quota": (
        _join(CLUSTER, {"kueue": {"enabled": True, "clusterQueue": {"create": True}}}), "admits nothing",
    ),
    "keda, local engine": ({"keda": {"enabled": True}}, "keda.enabled needs engine.type"),
    "keda without a database": (_join(CLUSTER, {"keda": {"enabled": True}}), r"needs keda\.postgresql\.existingSecret"),
    "keda without prometheus": (
        _join(CLUSTER, {"keda": {"enabled": True, "trigger": "prometheus"}}), r"needs keda\.prometheus\.serverAddress",
    ),
    "keda upside down": (
        _join(CLUSTER, {"keda": {"enabled": True, "minReplicas": 9, "postgresql": {"existingSecret": "k"}}}),
        r"keda\.minReplicas is above",
    ),
    "two autoscalers": (
        _join(CLUSTER, {"keda": {"enabled": True, "postgresql": {"existingSecret": "k"}},
                        "serviceDefaults": {"autoscaling": {"enabled": True}}}),
        "two autoscalers would fight",
    ),
}  # fmt: skip

NEEDS_API = {
    "ray.io/v1": (_join(PG, S3, RAY), "the KubeRay operator"),
    "kueue.x-k8s.io/v1beta2": (_join(CLUSTER, {"kueue": {"enabled": True}}), "Kueue"),
    "keda.sh/v1alpha1": (_join(CLUSTER, {"keda": {"enabled": True, "postgresql": {"existingSecret": "k"}}}), "KEDA"),
    "monitoring.coreos.com/v1": ({"telemetry": {"metrics": {"monitor": "PodMonitor"}}}, "the Prometheus operator"),
    "cert-manager.io/v1": (
        {"tls": {"enabled": True, "certManager": {"enabled": True, "issuerRef": {"name": "ca"}}}}, "cert-manager",
    ),
    "gateway.networking.k8s.io/v1": (
        {"routing": {"grpcRoute": {"enabled": True, "parentRefs": [{"name": "g"}]}}}, "the Gateway API",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_impossible_combinations_are_refused_with_the_reason(name: str) -> None:
    values, reason = REFUSED[name]
    with pytest.raises(helm.HelmError, match=reason):
        render(values)


def test_every_reason_of_the_template_has_a_case() -> None:
    """A refusal that no case reaches could be wrong without anybody noticing."""
    text = (CHART / "templates" / "_validate.tpl").read_text()
    reasons = re.findall(r'append \$bad \(?(?:printf )?"((?:[^"\\]|\\.)*)"', text)
    assert len(reasons) == text.count("append $bad")
    told = []
    for values, _ in [*REFUSED.values(), *NEEDS_API.values()]:
        with pytest.raises(helm.HelmError) as caught:
            render(values, apis=())
        told.append(str(caught.value))
    for reason in reasons:
        pattern = re.sub(r"%[sdv]", ".*", re.escape(reason).replace(r"\%", "%"))
        assert any(re.search(pattern, text) for text in told), reason


def test_all_reasons_are_told_at_once() -> None:
    with pytest.raises(helm.HelmError) as caught:
        render({"ledger": {"type": "postgresql"}, "tls": {"enabled": True}})
    assert "existingSecret" in str(caught.value)
    assert "needs a certificate" in str(caught.value)


@pytest.mark.parametrize("api", sorted(NEEDS_API))
def test_optional_parts_need_their_operators(api: str) -> None:
    values, operator = NEEDS_API[api]
    without = tuple(one for one in APIS if one != api)
    with pytest.raises(helm.HelmError, match=f"needs {operator}, but this cluster does not know"):
        render(values, apis=without)
    assert render(values)
    assert render({**values, "assumeApiVersions": [api]}, apis=without), "named: rendered without a cluster"


def test_an_older_kueue_is_spoken_to_in_its_version() -> None:
    values = _join(CLUSTER, {"kueue": {"enabled": True, "localQueue": {"create": True, "clusterQueue": "all"}}})
    for version in ("kueue.x-k8s.io/v1beta1", "kueue.x-k8s.io/v1beta2"):
        (queue,) = [d for d in render(values, apis=(version,)) if d["kind"] == "LocalQueue"]
        assert queue["apiVersion"] == version


UNKNOWN = [
    ("colour",),
    ("engine", "typ"),
    ("services", "trainer", "replica"),
    ("services", "trainer", "image", "name"),
    ("services", "predictor"),
    ("serviceDefaults", "enabled"),
    ("store", "s3", "secretAccessKey"),
    ("ledger", "postgresql", "password"),
    ("auth", "static", "tokens"),
    ("settings", "home"),
    ("settings", "max_atempts"),
    ("networkPolicy", "clients", 0, "podSelecter"),
    ("rayCluster", "workerGroups", 0, "gpus"),
    ("job", "resources", "limit"),
    ("job", "env", 0, "from"),
    ("rayCluster", "env", 0, "from"),
]


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: ".".join(map(str, path)))
def test_unknown_keys_are_refused(path: tuple[str | int, ...]) -> None:
    values: Any = "x"
    for key in reversed(path):
        values = [values] if isinstance(key, int) else {key: values}
    with pytest.raises(helm.HelmValuesError, match=f"additional properties '{path[-1]}' not allowed"):
        render(values)


WRONG: list[tuple[Values, str]] = [
    ({"engine": {"type": "slurm"}}, "/engine/type"),
    ({"image": {"tag": "latest"}}, "/image/tag"),
    ({"services": {"motif": {"image": {"digest": "sha256:123"}}}}, "/services/motif/image/digest"),
    ({"services": {"motif": {"replicas": 0}}}, "/services/motif/replicas"),
    ({"home": {"size": "20 GB"}}, "/home/size"),
    ({"auth": {"oidc": {"algorithms": ["none"]}}}, "/auth/oidc/algorithms/0"),
    ({"auth": {"oidc": {"algorithms": ["HS256"]}}}, "/auth/oidc/algorithms/0"),
    ({"store": {"s3": {"endpoint": "s3.example.org"}}}, "/store/s3/endpoint"),
    ({"gpu": {"resourceName": "gpu"}}, "/gpu/resourceName"),
    ({"settings": {"max_attempts": "many"}}, "/settings/max_attempts"),
    ({"rayCluster": {"workerGroups": []}}, "/rayCluster/workerGroups"),
    ({"job": {"env": [{"name": "OMP_NUM_THREADS", "value": 4}]}}, "/job/env/0/value"),
    ({"rayCluster": {"env": [{"value": "4"}]}}, "/rayCluster/env/0"),
]


@pytest.mark.parametrize(("values", "place"), WRONG, ids=lambda case: case if isinstance(case, str) else "")
def test_wrong_values_are_refused_where_they_stand(values: Values, place: str) -> None:
    with pytest.raises(helm.HelmValuesError, match=place):
        render(values)


def test_the_schema_is_closed_everywhere() -> None:
    """An object either lists its keys and takes no other, or is a map of strings, or is passed on to Kubernetes."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    free = []

    def walk(node: Any, place: str) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object" or "properties" in node:
                extra = node.get("additionalProperties", True)
                if "properties" in node:
                    assert extra is False, place
                elif extra is True:
                    free.append(place)
            for key, value in node.items():
                walk(value, f"{place}/{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                walk(value, f"{place}/{index}")

    walk(schema, "")
    assert free == ["/properties/global", "/$defs/kubernetesObject"]


def test_the_schema_knows_all_values_and_no_others() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    def resolve(node: Any) -> Any:
        return schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node

    def keys(node: Any, prefix: str) -> set[str]:
        properties = resolve(node).get("properties", {})
        return {f"{prefix}{key}" for key in properties} | {
            name for key, child in properties.items() for name in keys(child, f"{prefix}{key}.")
        }

    def given(value: Any, prefix: str) -> set[str]:
        if not isinstance(value, dict):
            return set()
        return {f"{prefix}{key}" for key in value} | {
            name for key, child in value.items() for name in given(child, f"{prefix}{key}.")
        }

    known, values = keys(schema, ""), given(read_values(CHART / "values.yaml"), "")
    # Kubernetes' own parts and maps have no keys of ours.
    partly = {name for name in values if _inside_of_a_map(name)}
    assert values - partly <= known
    optional = {"global", "settings", "services", "job", "tls.certManager.issuerRef"}
    missing = {name for name in known - values if not any(name == o or name.startswith(f"{o}.") for o in optional)}
    assert {name for name in missing if not name.endswith("ephemeral-storage")} == set()


def _inside_of_a_map(name: str) -> bool:
    return any(f".{word}." in name for word in ("labels", "annotations", "nodeSelector", "affinity"))


def test_the_schema_offers_every_setting_that_the_chart_does_not_make() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    offered = set(schema["properties"]["settings"]["properties"])
    source = (CHART / "templates" / "_settings.tpl").read_text()
    made = {name.lower() for name in re.findall(r'"([A-Z][A-Z0-9_]+)"', source)}
    made |= {"ledger_url"}
    assert offered & made <= {"log_format"}
    missing = set(Settings.model_fields) - made - offered
    assert not missing, "add them to properties.settings of values.schema.json"
    assert not offered - set(Settings.model_fields), "these settings are gone"


def test_types_of_settings_are_those_of_the_code() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    names = {"string": str, "integer": int, "number": float, "boolean": bool}
    for name, entry in schema["properties"]["settings"]["properties"].items():
        annotation = Settings.model_fields[name].annotation
        if "enum" in entry and get_args(annotation):
            assert set(entry["enum"]) == set(get_args(annotation)), name
        elif name != "allowed_roots":
            assert names[entry["type"]] is annotation, name
