"""Rendering charts/cislex as Helm does (helm-python-sdk holds Helm's own Go code): no cluster, no network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml
from cislex_core.input_limits import InputLimits
from helm_python import _native

CHART = Path(__file__).resolve().parents[1] / "charts" / "cislex"
SERVICES = ("encoder", "trainer", "explainer", "motif")
#: What the operators of a cluster bring along.
APIS = (
    "ray.io/v1",
    "kueue.x-k8s.io/v1beta2",
    "keda.sh/v1alpha1",
    "monitoring.coreos.com/v1",
    "cert-manager.io/v1",
    "gateway.networking.k8s.io/v1",
)
VALUES_FILES = [
    CHART / "values.yaml",
    *sorted(CHART.glob("values-*.yaml")),
    *sorted((CHART / "ci").glob("*.yaml")),
]
ATTEMPTS = "cislex.dev/attempts"
#: Variables of limits on input files; they are no settings.
LIMITS = {f"CISLEX_MAX_{field.name.upper()}" for field in fields(InputLimits)}
LONG_RUNNING = ("Deployment", "StatefulSet", "RayCluster")

Document = dict[str, Any]


def read_values(path: Path) -> dict[str, Any]:
    """A values file."""
    return yaml.safe_load(path.read_text()) or {}


def render_files(
    values: Mapping[str, Any], apis: tuple[str, ...] = APIS, kube_version: str = "v1.34.0", release: str = "lab"
) -> dict[str, str]:
    """Rendered text by template path. Raises helm_python.errors.HelmError when Helm refuses."""
    # Chart.render has no argument for the cluster's APIs; the library underneath has.
    options = {"name": release, "namespace": "genomics", "api_versions": list(apis), "kube_version": kube_version}
    with helm.Chart.load(CHART) as chart:
        text = _native.call_string("helm_render", chart._raw(), json.dumps(values), json.dumps(options))
    return {name.partition("/")[2]: body for name, body in json.loads(text).items()}


def render(values: Mapping[str, Any], **options: Any) -> list[Document]:
    """All objects of a release."""
    return [
        document
        for name, text in sorted(render_files(values, **options).items())
        if name.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    ]


@cache
def rendered(path: Path) -> tuple[Document, ...]:
    """All objects of a values file; do not change them."""
    return tuple(render(read_values(path)))


def find(documents: tuple[Document, ...] | list[Document], kind: str, name: str = "") -> Document:
    """The one object of that kind (and name)."""
    found = [d for d in documents if d["kind"] == kind and (not name or d["metadata"]["name"] == name)]
    assert len(found) == 1, f"{len(found)} objects {kind} {name}"
    return found[0]


def where(document: Document) -> str:
    """An object in words."""
    return f"{document['kind']}/{document['metadata'].get('name', '')}"


def job_templates(documents: tuple[Document, ...] | list[Document]) -> list[Document]:
    """The Jobs that the kubernetes engine chooses from, out of their ConfigMap."""
    for document in documents:
        if document["kind"] == "ConfigMap" and "job.yaml" in document["data"]:
            return list(yaml.safe_load_all(document["data"]["job.yaml"]))
    return []


def pods(documents: tuple[Document, ...] | list[Document]) -> Iterator[tuple[str, Document]]:
    """(where, pod template or pod) of everything that becomes pods: also Ray's groups and the engine's Jobs."""
    for document in documents:
        kind, spec = document["kind"], document.get("spec", {})
        if kind == "Pod":
            yield where(document), document
        elif kind in ("Deployment", "StatefulSet", "Job"):
            yield where(document), spec["template"]
        elif kind == "RayCluster":
            yield f"{where(document)}/head", spec["headGroupSpec"]["template"]
            for group in spec["workerGroupSpecs"]:
                yield f"{where(document)}/{group['groupName']}", group["template"]
    for template in job_templates(documents):
        yield f"job template {template['metadata']['labels'].get(ATTEMPTS, 'others')}", template["spec"]["template"]


def containers(documents: tuple[Document, ...] | list[Document]) -> Iterator[tuple[str, Document, Document]]:
    """(where, pod, container) of all containers."""
    for place, pod in pods(documents):
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            yield f"{place}/{container['name']}", pod, container


def settings_of(documents: tuple[Document, ...], container: Document) -> dict[str, str]:
    """What a container is told by ConfigMaps."""
    names = [source["configMapRef"]["name"] for source in container.get("envFrom", [])]
    return {key: value for name in names for key, value in find(documents, "ConfigMap", name)["data"].items()}


def services_of(path: Path) -> list[str]:
    """Names of the services that a values file has."""
    own = read_values(path).get("services", {})
    return [name for name in SERVICES if own.get(name, {}).get("enabled", True)]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector (matchLabels only) takes these labels."""
    assert set(selector) <= {"matchLabels"}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
