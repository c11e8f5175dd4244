"""Every values file renders, lints strictly and is valid for the oldest and the newest Kubernetes of the chart."""

from __future__ import annotations

import json
from pathlib import Path

import helm_python as helm
import kubernetes_validate
import pytest
import yaml
from chart_scenes import APIS, CHART, VALUES_FILES, job_templates, read_values, render, render_files, rendered, where

#: The chart's oldest (Chart.yaml, kubeVersion) and the newest whose schemas are at hand.
KUBERNETES = ("1.30", "1.37")
#: Kinds of operators: their schemas are not Kubernetes' own. Everything else is validated.
CUSTOM = {
    "BackendTLSPolicy", "Certificate", "ClusterQueue", "GRPCRoute", "LocalQueue", "PodMonitor", "PrometheusRule",
    "RayCluster", "ResourceFlavor", "ScaledObject", "ServiceMonitor", "TriggerAuthentication",
}  # fmt: skip


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_strict_lint(path: Path) -> None:
    values = {**read_values(path), "assumeApiVersions": list(APIS)}
    report = helm.lint(CHART, values, strict=True, namespace="genomics", kube_version="v1.34.0")
    assert report["messages"] == []
    assert report["errors"] == []


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_every_built_in_object_is_valid(path: Path, version: str) -> None:
    documents = render(read_values(path), kube_version=f"v{version}.0")
    validated = 0
    for document in documents:
        if document["kind"] in CUSTOM:
            continue
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{where(document)}: {error.message} at {list(error.path)}")
        validated += 1
    for template in job_templates(documents):
        kubernetes_validate.validate(template, version, strict=True)
    assert validated >= 4


def test_the_versions_are_those_of_the_chart() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={KUBERNETES[0]}.0-0"
    assert kubernetes_validate.utils.latest_version().startswith(KUBERNETES[1])


def test_every_custom_kind_is_rendered_by_some_values_file() -> None:
    seen = {document["kind"] for path in VALUES_FILES for document in rendered(path)}
    assert seen >= CUSTOM


def test_every_template_is_rendered_by_some_values_file() -> None:
    rendering = {
        name for path in VALUES_FILES for name, text in render_files(read_values(path)).items() if text.strip()
    }
    assert {name for name in _templates() if name not in rendering} == {"templates/validations.yaml"}


def _templates() -> set[str]:
    folder = CHART / "templates"
    return {f"templates/{path.relative_to(folder)}" for path in folder.rglob("*") if path.suffix in (".yaml", ".txt")}


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_names_are_unique_and_in_the_namespace(path: Path) -> None:
    names = []
    for document in rendered(path):
        cluster_wide = document["kind"] in ("ClusterQueue", "ResourceFlavor")
        if not cluster_wide and document["metadata"]["name"] != "lab-extra":
            assert document["metadata"]["namespace"] == "genomics", where(document)
        names.append((document["kind"], document["metadata"]["name"]))
    assert len(names) == len(set(names))


def test_long_release_names_fit() -> None:
    release = "a-very-long-release-name-that-helm-still-takes-as-it-is"
    values = read_values(CHART / "ci" / "ray-cluster.yaml")
    for document in render(values, release=release[:53]):
        assert len(document["metadata"]["name"]) <= 63, where(document)


def test_common_labels_are_everywhere() -> None:
    for document in render({"commonLabels": {"team": "genomics"}}):
        assert document["metadata"]["labels"]["team"] == "genomics", where(document)


def test_no_secret_is_made() -> None:
    for path in VALUES_FILES:
        for document in rendered(path):
            assert document["kind"] != "Secret", path
            assert "password" not in json.dumps(document).lower(), where(document)
