"""Jobs on a Ray cluster, through the Jobs API of its dashboard. Ray (``cislex-runtime[ray]``) is loaded only here.

An attempt is a Ray job whose submission id is the attempt's name, so submitting twice is one job. It asks for
resources, which lets Ray start it on any node (a job without any runs on the head). Ray and Python must be of the same
minor version here and on the cluster. The token is read for each call, from ``RAY_AUTH_TOKEN`` or the file that
``RAY_AUTH_TOKEN_PATH`` names, and is passed to no job.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cislex_core.errors import CislexError, Reason, UserError, first_line

from cislex_runtime.engines.engine import EXIT_STATUS, Exit
from cislex_runtime.engines.jobs import Job, JobPhase, JobStatus, SystemAwayError
from cislex_runtime.engines.leftovers import describe_status

TIMEOUT_S = 15.0
#: From SIGTERM to SIGKILL when a job is stopped: its grace has passed by then.
KILL_AFTER_S = 1
#: Ray's words for a job that found no place in time (RAY_JOB_START_TIMEOUT_SECONDS of the head; 15 min): not its fault.
_NEVER_RAN = {"JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE"}


class RayJobs:
    """See :class:`cislex_runtime.engines.jobs.JobBackend`."""

    name = "ray"

    def __init__(
        self, address: str, heavy_cpus: float = 1, heavy_gpus: float = 1, heavy_memory_bytes: int = 0,
        python: str = "python",
    ) -> None:  # fmt: skip
        """``address``: URL of the dashboard. A light attempt asks for one CPU, a heavy one for what is given here; GPUs
        only when its task can use one. ``python``: the interpreter on the nodes that has cislex."""
        if not address.startswith(("http://", "https://")):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"CISLEX_RAY_ADDRESS is {address!r}; give the URL of Ray's dashboard, as http://ray-head:8265",
                field="ray_address",
            )
        self._address = address
        self._cpus, self._memory = heavy_cpus, heavy_memory_bytes
        self._gpus = heavy_gpus
        self.gpus = 1 if heavy_gpus > 0 else 0
        self._python = python
        self._known: Any = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Ask for the version; says what to do about a missing or wrong token."""
        self._ask(lambda client: client.get_version())

    def submit(self, job: Job) -> None:
        """Submit; a job of this id that is there already is left alone."""
        resources: dict[str, Any] = {"entrypoint_num_cpus": self._cpus if job.heavy else 1}
        if job.heavy and self._memory:
            resources["entrypoint_memory"] = self._memory
        if job.gpu and job.heavy:
            resources["entrypoint_num_gpus"] = self._gpus

        def call(client: Any) -> None:
            if self._details(client, job.name) is not None:
                return
            try:
                client.submit_job(
                    # exec: the job is the process that Ray started, so its exit status and signals are the job's own.
                    entrypoint=f"exec {shlex.join([self._python, *job.arguments])}",
                    submission_id=job.name,
                    runtime_env={"env_vars": {**job.env, "RAY_JOB_STOP_WAIT_TIME_S": str(KILL_AFTER_S)}},
                    metadata=dict(job.labels),
                    **resources,
                )
            except RuntimeError:
                if self._details(client, job.name) is None:  # else somebody else submitted it just now
                    raise

        self._ask(call)

    def status(self, names: Iterable[str]) -> Mapping[str, JobStatus]:
        """Of one job: asked by name. Of several: from the list of all jobs, one call."""
        wanted = set(names)

        def call(client: Any) -> dict[str, JobStatus]:
            if len(wanted) == 1:
                found = [self._details(client, name) for name in wanted]
            else:
                found = client.list_jobs()
            return {one.submission_id: _status(one) for one in found if one and one.submission_id in wanted}

        return self._ask(call)

    def stop(self, name: str) -> None:
        """SIGTERM to the job's processes, SIGKILL a second later."""

        def call(client: Any) -> None:
            if self._details(client, name) is not None:
                client.stop_job(name)

        self._ask(call)

    def remove(self, name: str) -> bool:
        """Delete an ended job from Ray's list."""

        def call(client: Any) -> bool:
            known = self._details(client, name)
            if known is None:
                return True
            if _status(known).phase is not JobPhase.ENDED:
                return False
            return bool(client.delete_job(name))

        return self._ask(call)

    def follow(self, name: str, write: Callable[[str], None]) -> None:
        """Ray's log stream of the job, until it ends."""

        heard = False

        async def pump() -> None:
            nonlocal heard
            async for text in self._client().tail_job_logs(name):
                heard = True
                write(text)

        try:
            if self._details(self._client(), name) is None:
                return
            asyncio.run(pump())
            if not heard:  # the stream of a job that ended meanwhile may be empty
                write(self._client().get_job_logs(name))
        except Exception as error:
            raise SystemAwayError(f"the log of {name} broke off: {error}") from error

    # ---- inside -----------------------------------------------------------------------------------------------

    def _details(self, client: Any, name: str) -> Any:
        """Ray's details of a job, None when there is none."""
        response = client._do_request("GET", f"/api/jobs/{name}")
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            client._raise_error(response)
        from ray.dashboard.modules.job.pydantic_models import JobDetails

        return JobDetails(**response.json())

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """Call with a client. What Ray refuses for good is a CislexError, all else SystemAwayError."""
        try:
            return call(self._client())
        except Exception as error:
            text, line = str(error), first_line(error)
            if type(error).__name__ == "AuthenticationError":
                text = f"{self._address} refused the token ({line}); set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
                raise SystemAwayError(text) from None
            if "status code 400" in text or isinstance(error, (TypeError, ValueError)):
                raise CislexError(Reason.UNAVAILABLE, f"Ray refused the job: {line}") from error
            raise SystemAwayError(f"Ray's dashboard at {self._address} does not answer: {line}") from None

    def _client(self) -> Any:
        """A client with the token of now."""
        with self._lock:
            if self._known is None:
                self._known = _make_client(self._address)
            return self._known


def _make_client(address: str) -> Any:
    try:
        from ray.job_submission import JobSubmissionClient
    except ImportError as error:
        raise SystemAwayError(f"Ray is not installed ({error}): pip install 'cislex-runtime[ray]'") from error

    class Client(JobSubmissionClient):
        """With a time limit, and the token as it is now: it may be renewed while this process lives."""

        def _do_request(self, method: str, endpoint: str, **arguments: Any) -> Any:
            self._headers.update(auth_headers())
            return super()._do_request(method, endpoint, timeout=TIMEOUT_S, **arguments)

    client = Client(address, headers=auth_headers())
    if client._ssl_context is None:  # verify as usual; aiohttp deprecates None
        client._ssl_context = True
    return client


def auth_headers() -> dict[str, str]:
    """The header with the token of ``RAY_AUTH_TOKEN`` or of the file at ``RAY_AUTH_TOKEN_PATH``; empty without one."""
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    path = os.environ.get("RAY_AUTH_TOKEN_PATH", "")
    if not token and path:
        try:
            token = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise SystemAwayError(f"RAY_AUTH_TOKEN_PATH {path} cannot be read: {error.strerror}") from error
    return {"Authorization": f"Bearer {token.strip()}"} if token.strip() else {}


def _status(details: Any) -> JobStatus:
    word = getattr(details.status, "value", str(details.status))
    message = (details.message or "").strip()
    if word == "PENDING":
        return JobStatus(JobPhase.PENDING, message)
    if word == "RUNNING":
        return JobStatus(JobPhase.RUNNING)
    code = getattr(details, "driver_exit_code", None)
    if code is None:
        # The node or Ray's own process of the job died, or the job was stopped, or it never came to run.
        never_ran = getattr(details.error_type, "value", str(details.error_type or "")) in _NEVER_RAN
        return JobStatus(
            JobPhase.ENDED, _first_line(message) or f"Ray says {word}", Exit.PREEMPTED if never_ran else None
        )
    preempted = code in (EXIT_STATUS[Exit.PREEMPTED], -15)
    return JobStatus(JobPhase.ENDED, describe_status(code), Exit.PREEMPTED if preempted else None)


def _first_line(text: str) -> str:
    return text.splitlines()[0][:300] if text else ""
