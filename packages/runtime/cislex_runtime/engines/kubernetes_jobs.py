"""Jobs of a Kubernetes cluster: one ``batch/v1`` Job per attempt, from the site's template (``kubernetes_manifests``).

The official client (``cislex-runtime[kubernetes]``) is loaded only here. Rights needed in the namespace: create, get,
list and delete jobs; list pods; get pods/log.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cislex_core.errors import CislexError, Reason, first_line

from cislex_runtime.engines.jobs import Job, JobPhase, JobStatus, SystemAwayError
from cislex_runtime.engines.kubernetes_manifests import MANAGED_BY, has_gpus, manifest
from cislex_runtime.engines.kubernetes_status import needs_pod, status_of

OURS = f"{MANAGED_BY}=cislex"
JOB_NAME = "batch.kubernetes.io/job-name"
TIMEOUT_S = (5, 15)
"""To connect, to read."""
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_REFUSED = {400, 422}


class KubernetesJobs:
    """See :class:`cislex_runtime.engines.jobs.JobBackend`."""

    name = "kubernetes"

    def __init__(self, templates: list[dict[str, Any]], namespace: str = "", api: Any = None) -> None:
        """``templates``: of ``read_templates``. ``api``: an ``ApiClient``; None = this pod's or the kubeconfig's."""
        self._templates = templates
        self._api = api
        self._namespace = namespace
        self._lock = threading.Lock()
        self.gpus = 1 if any(has_gpus(one) for one in templates) else 0

    def check(self) -> None:
        """Ask for one Job."""
        self._call(lambda: self._batch().list_namespaced_job(self._where(), limit=1, **_RAW))

    def submit(self, job: Job) -> None:
        """Create the Job; one of this name that is there already is left alone."""
        body = manifest(self._templates, job)
        self._call(lambda: self._batch().create_namespaced_job(self._where(), body, **_RAW), fine={409})

    def status(self, names: Iterable[str]) -> Mapping[str, JobStatus]:
        """From one list of our Jobs, and one of their pods when that has to say why a Job waits or failed."""
        wanted = set(names)
        jobs = self._list(lambda: self._batch().list_namespaced_job(self._where(), label_selector=OURS, **_RAW))
        jobs = [job for job in jobs if job["metadata"]["name"] in wanted]
        pods: dict[str, dict[str, Any]] = {}
        if any(needs_pod(job) for job in jobs):
            found = self._list(lambda: self._core().list_namespaced_pod(self._where(), label_selector=OURS, **_RAW))
            pods = {pod["metadata"].get("labels", {}).get(JOB_NAME, ""): pod for pod in found}
        return {job["metadata"]["name"]: status_of(job, pods.get(job["metadata"]["name"])) for job in jobs}

    def stop(self, name: str) -> None:
        """Delete the Job; it is gone once its pod is (SIGTERM, and SIGKILL after the template's grace period)."""
        options = {"propagationPolicy": "Foreground"}
        self._call(
            lambda: self._batch().delete_namespaced_job(name, self._where(), body=options, **_RAW), fine={404, 409}
        )

    def remove(self, name: str) -> bool:
        """Nothing to do once it ended: Kubernetes removes it after its time to live, until when it can be looked at."""
        status = self.status([name]).get(name)
        return status is None or status.phase is JobPhase.ENDED

    def follow(self, name: str, write: Callable[[str], None]) -> None:
        """The log of the Job's pod, until it ends."""
        selector = f"{JOB_NAME}={name}"
        pods = self._list(lambda: self._core().list_namespaced_pod(self._where(), label_selector=selector, **_RAW))
        if not pods:
            return
        pod = pods[-1]["metadata"]["name"]
        options = {"follow": True, "_preload_content": False, "_request_timeout": (TIMEOUT_S[0], None)}
        try:
            answer = self._call(lambda: self._core().read_namespaced_pod_log(pod, self._where(), **options), fine={404})
        except CislexError as error:  # 400: its container has not started
            raise SystemAwayError(error.message) from error
        if answer is None:
            return
        try:
            for chunk in answer.stream():
                write(chunk.decode(errors="replace"))
        except Exception as error:
            raise SystemAwayError(f"the log of {name} broke off: {error}") from error
        finally:
            answer.close()

    # ---- inside -----------------------------------------------------------------------------------------------

    def _list(self, call: Callable[[], Any]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self._call(call).data)["items"]
        return items

    def _call(self, call: Callable[[], Any], fine: set[int] = frozenset()) -> Any:  # type: ignore[assignment]
        """Call; None for a status in ``fine``. What is refused for good is a CislexError, all else SystemAwayError."""
        try:
            return call()
        except SystemAwayError:
            raise
        except Exception as error:
            code = getattr(error, "status", None)
            text = _reason(error)
            if code in fine:
                return None
            if code in _REFUSED:
                raise CislexError(Reason.UNAVAILABLE, f"Kubernetes refused the job: {text}") from error
            if code in (401, 403):
                text += "; see that the server's ServiceAccount may work with Jobs, and the namespace's quota"
            raise SystemAwayError(f"Kubernetes: {text}") from error

    def _batch(self) -> Any:
        from kubernetes.client import BatchV1Api

        return BatchV1Api(self._client())

    def _core(self) -> Any:
        from kubernetes.client import CoreV1Api

        return CoreV1Api(self._client())

    def _client(self) -> Any:
        with self._lock:
            if self._api is None:
                self._api = _connect()
            return self._api

    def _where(self) -> str:
        if not self._namespace:
            self._namespace = NAMESPACE_FILE.read_text().strip() if NAMESPACE_FILE.exists() else "default"
        return self._namespace


#: Answers are read as plain JSON.
_RAW: dict[str, Any] = {"_preload_content": False, "_request_timeout": TIMEOUT_S}


def _reason(error: Exception) -> str:
    """The API server's own words, else the first line."""
    try:
        return str(json.loads(getattr(error, "body", "") or "")["message"])
    except (ValueError, KeyError, TypeError):
        return first_line(error)[:300]


def _connect() -> Any:
    try:
        from kubernetes import client, config
    except ImportError as error:
        text = f"the Kubernetes client is not installed ({error}): pip install 'cislex-runtime[kubernetes]'"
        raise SystemAwayError(text) from error
    settings = client.Configuration()
    try:
        if os.environ.get("KUBERNETES_SERVICE_HOST"):
            config.load_incluster_config(client_configuration=settings)
        else:
            config.load_kube_config(client_configuration=settings)
    except Exception as error:
        raise SystemAwayError(f"this process has no access to a Kubernetes cluster: {error}") from error
    return client.ApiClient(settings)
