"""cislex.info.v1.ServiceInfo, on every port: GA4GH service-info of this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cislex.info.v1 import info_pb2, info_pb2_grpc
from cislex_core import __version__

from cislex_runtime.resources import media_type
from cislex_runtime.security.limits import MAX_MESSAGE_BYTES
from cislex_runtime.serving.platform import Platform
from cislex_runtime.specs import kinds_of

GROUP = "dev.cislex"
#: Of the packages ``cislex.*.v1``; a field more is a minor version, another package ``v2`` a major one.
PROTOCOL_VERSION = "1.0.0"
_DESCRIPTION = {
    "encoder": "cuts peaks from genomes into datasets",
    "trainer": "trains, measures and exports networks",
    "explainer": "explains networks, and asks exported ones",
    "motif": "makes, compares, places and enriches motifs",
}


class ServiceInfoServicer(info_pb2_grpc.ServiceInfoServicer):
    """``services``: full names of those on the port."""

    def __init__(self, platform: Platform, services: Sequence[str]) -> None:
        self._answer = _info(platform, services)

    async def GetServiceInfo(self, request: Any, context: Any) -> info_pb2.GetServiceInfoResponse:  # noqa: N802
        """What this server is."""
        return self._answer


def _info(platform: Platform, services: Sequence[str]) -> info_pb2.GetServiceInfoResponse:
    settings, areas = platform.settings, platform.services
    return info_pb2.GetServiceInfoResponse(
        id=f"{GROUP}.{'-'.join(areas)}",
        name=f"cislex {', '.join(areas)}",
        type={"group": GROUP, "artifact": "cislex", "version": PROTOCOL_VERSION},
        description="; ".join(_DESCRIPTION.get(area, area) for area in areas),
        organization={"name": settings.organization_name or "unspecified", "url": settings.organization_url},
        contact_url=settings.contact_url,
        environment=settings.environment,
        version=__version__,
        services=services,
        engine=settings.engine,
        auth=settings.auth,
        media_types=[media_type(kind) for kind in kinds_of(areas)],
        limits={
            "max_message_bytes": MAX_MESSAGE_BYTES,
            "default_deadline_s": settings.default_deadline_s,
            "require_deadline": settings.require_deadline,
            "max_concurrent_rpcs": settings.max_concurrent_rpcs,
            "max_watches_per_tenant": settings.max_watches_per_tenant,
            "max_inference_batch": settings.serving_max_batch,
        },
    )
