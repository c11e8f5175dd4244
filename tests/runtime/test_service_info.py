"""Service-info: what a server says of itself is what it is, and reads as GA4GH's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cislex.info.v1 import info_pb2, info_pb2_grpc
from cislex_core import __version__
from cislex_core.settings import Settings
from cislex_runtime.serving.platform import Platform
from cislex_runtime.serving.service_info import ServiceInfoServicer
from google.protobuf import json_format
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc


def _ask(server: Any) -> info_pb2.GetServiceInfoResponse:
    stub = info_pb2_grpc.ServiceInfoStub(server.connection.channel)
    return server.connection.call(stub.GetServiceInfo, info_pb2.GetServiceInfoRequest())


def test_a_server_says_what_it_is(running_server: Callable[..., Any]) -> None:
    settings = {
        "CISLEX_ORGANIZATION_NAME": "Core Facility", "CISLEX_ORGANIZATION_URL": "https://core.example.org",
        "CISLEX_CONTACT_URL": "mailto:help@example.org", "CISLEX_ENVIRONMENT": "test",
        "CISLEX_MAX_WATCHES_PER_TENANT": "7",
    }  # fmt: skip
    with running_server(**settings) as server:
        info = _ask(server)
        names = reflection_pb2_grpc.ServerReflectionStub(server.connection.channel).ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=10
        )
        listed = {service.name for service in next(names).list_services_response.service}
    assert set(info.services) == listed
    assert "cislex.info.v1.ServiceInfo" in listed
    assert (info.version, info.engine, info.auth) == (__version__, "local", "none")
    assert info.limits.max_watches_per_tenant == 7
    assert info.limits.max_message_bytes == 4 << 20
    body = json_format.MessageToDict(info)
    # required by service-info 1.0.0
    assert {"id", "name", "type", "organization", "version"} <= set(body)
    assert body["type"] == {"group": "dev.cislex", "artifact": "cislex", "version": "1.0.0"}
    assert body["organization"] == {"name": "Core Facility", "url": "https://core.example.org"}
    assert (body["contactUrl"], body["environment"]) == ("mailto:help@example.org", "test")


@pytest.mark.parametrize("area", ["encoder", "trainer", "explainer", "motif"])
async def test_media_types_are_those_of_its_own_results(area: str, tmp_path: Any) -> None:
    import importlib

    platform = Platform(Settings(home=tmp_path))
    specs = importlib.import_module(f"cislex_{area}.specs").SPECS
    kinds = importlib.import_module(f"cislex_{area}.servicer").KINDS
    platform.add_service(area, specs, kinds)
    servicer = ServiceInfoServicer(platform, [f"cislex.{area}.v1"])
    info = await servicer.GetServiceInfo(info_pb2.GetServiceInfoRequest(), None)
    platform.ledger.close()
    assert info.id == f"dev.cislex.{area}"
    assert set(info.media_types) == {f"application/x-cislex-{kind}" for kind in kinds}
    assert info.organization.name == "unspecified"
