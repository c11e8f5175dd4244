"""cislex.ops.v1.DiagnosticsService, on every port; the contract is in diagnostics.proto."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from cislex.ops.v1 import diagnostics_pb2, diagnostics_pb2_grpc
from cislex_core.errors import first_line

from cislex_runtime import names
from cislex_runtime.diagnosis import computing, keeping, tenant
from cislex_runtime.diagnosis.finding import Finding, bad
from cislex_runtime.security import identity
from cislex_runtime.security.identity import Role
from cislex_runtime.serving.platform import Platform

log = logging.getLogger("cislex.diagnosis")
CHECK_TIMEOUT_S = 10.0
CACHE_S = 5.0
#: What these find names places of the server.
PRIVATE = {"store", "ledger", "disk", "engine", "onnx"}
Check = Callable[[], Finding | None]


class DiagnosticsServicer(diagnostics_pb2_grpc.DiagnosticsServiceServicer):
    """Looks at the process it runs in."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._lock = asyncio.Lock()
        self._found: dict[str, Finding] = {}
        self._looked_at = float("-inf")

    async def Diagnose(  # noqa: N802
        self, request: diagnostics_pb2.DiagnoseRequest, context: Any
    ) -> diagnostics_pb2.DiagnoseResponse:
        """All checks, and the quota of one tenant."""
        asked = names.tenant_of(request.parent)
        async with self._lock:
            if time.monotonic() - self._looked_at >= CACHE_S:
                self._found = await _all(self._checks())
                self._looked_at = time.monotonic()
        platform = self._platform
        own = await _all({"quota": lambda: tenant.check_quota(asked, platform.quotas, platform.ledger)})
        admin = identity.current().role >= Role.ADMIN
        answer = diagnostics_pb2.DiagnoseResponse(version=version("cislex-runtime"), services=platform.services)
        answer.checks.extend(_message(name, found, admin) for name, found in {**self._found, **own}.items())
        answer.server_time.GetCurrentTime()
        return answer

    def _checks(self) -> dict[str, Check]:
        platform, settings = self._platform, self._platform.settings
        services, elsewhere = platform.services, settings.engine != "local"
        checks: dict[str, Check] = {
            "store": lambda: keeping.check_store(platform.store, settings.store_url or str(settings.store)),
            "ledger": lambda: keeping.check_ledger(platform.ledger, settings.home),
            "owner": lambda: computing.check_owner(platform.owned_services, platform.services_without_owner, services),
            "engine": lambda: computing.check_engine(platform.engine, bool(platform.owned_services)),
            "gpu": lambda: computing.check_gpu(elsewhere),
        }
        if {"trainer", "explainer"} & set(services):
            checks["onnx"] = lambda: computing.check_onnx(elsewhere, platform.engine.gpus)
        if "motif" in services:
            checks["meme"] = lambda: computing.check_meme(elsewhere)
        checks["disk"] = lambda: keeping.check_disk(settings)
        return checks


async def _all(checks: dict[str, Check]) -> dict[str, Finding]:
    """Side by side; one that hangs or breaks is itself a finding."""

    async def one(name: str, check: Check) -> Finding | None:
        try:
            return await asyncio.wait_for(asyncio.to_thread(check), CHECK_TIMEOUT_S)
        except TimeoutError:
            return bad(
                f"no answer within {CHECK_TIMEOUT_S:.0f} s", f"something that {name} needs hangs: read the server's log"
            )
        except Exception as error:
            log.warning("check %s failed: %s", name, error)
            return bad(first_line(error), "read the server's log", "does not work")

    found = await asyncio.gather(*(one(name, check) for name, check in checks.items()))
    return {name: finding for name, finding in zip(checks, found, strict=True) if finding is not None}


def _message(name: str, found: Finding, admin: bool) -> diagnostics_pb2.Check:
    hidden = not admin and name in PRIVATE
    return diagnostics_pb2.Check(
        name=name,
        state=f"STATE_{found.state.upper()}",
        found=found.found if not hidden else found.public or "only an admin is told more",
        remedy=found.remedy if not hidden else "",
    )
