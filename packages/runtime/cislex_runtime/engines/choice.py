"""Which engine runs the attempts: ``settings.engine``. Ray and Kubernetes are loaded only when they are asked for."""

from __future__ import annotations

import os
from dataclasses import fields

from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import InputLimits
from cislex_core.settings import Settings
from cislex_core.stores import Store

from cislex_runtime.engines.engine import Engine
from cislex_runtime.engines.jobs import JobBackend
from cislex_runtime.engines.local_engine import LocalEngine

#: Settings that a job on another machine needs as well. Keys, tokens and passwords are never passed on: the workers'
#: nodes or pods have their own.
PASSED_ON = (
    "CISLEX_STORE_ENDPOINT", "CISLEX_STORE_CACHE_BYTES", "CISLEX_FAN_OUT", "CISLEX_SPREAD", "CISLEX_LOG_LEVEL",
    "CISLEX_LOG_FORMAT", "CISLEX_OTEL_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION",
    *(f"CISLEX_MAX_{field.name.upper()}" for field in fields(InputLimits)),
)  # fmt: skip


def make_engine(settings: Settings, store: Store) -> Engine:
    """The engine that the settings name, not started. Raises UserError when it cannot work with them."""
    if settings.engine == "local":
        return LocalEngine(settings.home, store.url, settings.heavy_slots, settings.light_slots)
    from cislex_runtime.engines.job_engine import JobEngine
    from cislex_runtime.engines.mailbox import Mailbox, default_url

    try:
        mailbox = Mailbox(default_url(settings), settings.store_endpoint)
    except ValueError as error:
        raise UserError(Reason.INVALID_REQUEST, str(error), field="mailbox_url") from None
    return JobEngine(
        _backend(settings),
        mailbox,
        store,
        settings.home / "logs" / "jobs",
        settings.max_heavy,
        settings.max_light,
        job_environment(settings),
    )


def job_environment(settings: Settings) -> dict[str, str]:
    """Variables of every job: the store of this server and what ``PASSED_ON`` names."""
    where = (
        {"CISLEX_STORE_URL": settings.store_url} if settings.store_url else {"CISLEX_STORE_DIR": str(settings.store)}
    )
    return {**where, **{name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}}


def _backend(settings: Settings) -> JobBackend:
    if settings.engine == "ray":
        from cislex_runtime.engines.ray_jobs import RayJobs

        return RayJobs(
            settings.ray_address, settings.ray_heavy_cpus, settings.ray_heavy_gpus, settings.ray_heavy_memory_bytes
        )
    from cislex_runtime.engines.kubernetes_jobs import KubernetesJobs
    from cislex_runtime.engines.kubernetes_manifests import read_templates

    return KubernetesJobs(read_templates(settings.job_template), settings.kubernetes_namespace)
