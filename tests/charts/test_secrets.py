"""Secrets are named, never told: every variable with a value of its own is known to be none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest
from chart_scenes import LIMITS, VALUES_FILES, Document, containers, read_values, render, rendered, settings_of, where
from cislex_core.settings import Settings

each_file = pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
#: Settings whose text may stand in a ConfigMap. Numbers, switches and paths of files always may; any other text
#: may be a secret, as ledger_url is, and is not named here.
PUBLIC_TEXTS = {
    "log_level", "log_format", "store_url", "store_endpoint", "store_public_endpoint", "engine", "mailbox_url",
    "ray_address", "kubernetes_namespace", "spread", "health_listen", "metrics_listen", "otel_endpoint", "auth",
    "oidc_issuer", "oidc_audience", "oidc_jwks_url", "oidc_algorithms", "oidc_tenant_claim", "oidc_role_claim",
    "serving_device", "organization_name", "organization_url", "contact_url", "environment",
}  # fmt: skip
PUBLIC = (
    {"AWS_REGION", "HOME", "CISLEX_CONFIG", "CISLEX_CONTEXT", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"}
    | {"RAY_AUTH_MODE", "OMP_NUM_THREADS"}
    | {f"CISLEX_{name.upper()}" for name in PUBLIC_TEXTS}
    | {
        f"CISLEX_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if not {str, list[str]} & {field.annotation, *get_args(field.annotation)}
    }
    | LIMITS
)


def _told_openly(documents: Iterable[Document]) -> list[str]:
    """Variables whose value stands in the release though nobody said that it is no secret."""
    found = []
    documents = tuple(documents)
    for place, _, container in containers(documents):
        literal = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
        for name, value in {**settings_of(documents, container), **literal}.items():
            sqlite = name == "CISLEX_LEDGER_URL" and value.startswith("sqlite:////")
            if (name not in PUBLIC and not sqlite) or "@" in urlsplit(value).netloc:
                found.append(f"{place} {name}")
    return found


@each_file
def test_secrets_are_only_named(path: Path) -> None:
    documents, values = rendered(path), read_values(path)
    assert _told_openly(documents) == []
    assert not [where(document) for document in documents if document["kind"] == "Secret"]
    named: dict[str, set[str]] = {}
    for place, _, container in containers(documents):
        for entry in container["env"]:
            if "value" not in entry:
                assert set(entry["valueFrom"]) == {"secretKeyRef"}, f"{place} {entry['name']}"
                assert set(entry["valueFrom"]["secretKeyRef"]) == {"name", "key"}, f"{place} {entry['name']}"
                named.setdefault(entry["name"], set()).add(place.partition("/")[0])
    expected: dict[str, set[str]] = {}
    engine = values.get("engine", {}).get("type", "local")
    workload = {"StatefulSet" if engine == "local" else "Deployment"}
    workers = {"kubernetes": {"job template gpu", "job template light", "job template others"}, "ray": {"RayCluster"}}
    if values.get("ledger", {}).get("type") == "postgresql":
        expected["CISLEX_LEDGER_URL"] = workload | {"Job"}
    store = values.get("store", {})
    if store.get("type") == "s3" and not store["s3"].get("workloadIdentity"):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            expected[name] = workload | workers[engine]
    if engine == "ray":
        expected["RAY_AUTH_TOKEN"] = workload
    assert named == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGPASSWORD", "hunter2"),
        ("CISLEX_LEDGER_URL", "postgresql+psycopg://cislex@db/cislex"),
        ("CISLEX_OTEL_ENDPOINT", "https://me:hunter2@collector"),
    ],
)
def test_a_secret_among_the_values_would_be_seen(name: str, value: str) -> None:
    values = {"services": {"motif": {"env": [{"name": name, "value": value}]}}}
    assert _told_openly(render(values)) == [f"StatefulSet/lab-cislex-motif/motif {name}"]
