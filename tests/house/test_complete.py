"""Nothing is skipped for want of a package where everything was to be installed."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

#: Packages whose absence lets tests skip themselves.
WANTED = (
    "ray", "kubernetes", "kubernetes_validate", "moto", "obstore", "psycopg", "prometheus_client", "onnxruntime",
    "opentelemetry.exporter.otlp.proto.grpc", "helm_python", "tritonclient", "jwt",
)  # fmt: skip


def test_every_optional_package_of_the_tests_is_here() -> None:
    if os.environ.get("CI") != "true" and not Path(sys.prefix, ".installed-test").exists():
        pytest.skip("not an environment that make test made")
    assert [name for name in WANTED if find_spec(name) is None] == []
