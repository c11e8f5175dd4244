"""Jobs of a Kubernetes cluster: one ``batch/v1`` Job per attempt, made from the site's template. The official client
(``cislex-runtime[kubernetes]``) is loaded only here.

The template (``CISLEX_JOB_TEMPLATE``) is YAML of one Job, or of several with the label ``cislex.dev/attempts``:
``gpu``, ``heavy`` or ``light``; an attempt takes the most special one that fits. Image, resources, nodeSelector,
tolerations, volumes and secrets are the template's; this module adds the name, labels, the command, ``CISLEX_*``
variables that the template does not set, ``backoffLimit: 0`` (the ledger decides about another attempt) and a time to
live. GPUs of the template go only to attempts that can use one.

Rights needed in the namespace: create, get, list and delete jobs; list pods; get pods/log.
"""

from __future__ import annotations

import copy
import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from cislex_core.errors import CislexError, Reason, UserError

from cislex_runtime.engines.engine import EXIT_STATUS, Exit
from cislex_runtime.engines.jobs import Job, JobPhase, JobStatus, SystemAwayError
from cislex_runtime.engines.leftovers import describe_status

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = f"{MANAGED_BY}=cislex"
ATTEMPTS = "cislex.dev/attempts"
JOB_NAME = "batch.kubernetes.io/job-name"
TTL_S = 3600
TIMEOUT_S = (5, 15)
"""To connect, to read."""
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_REFUSED = {400, 422}
#: Any failure of the pod fails the Job, which then says why: the pod itself may be gone, as after a node was drained.
_FAILURE_RULES = [
    {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [0]}},
]


class KubernetesJobs:
    """See :class:`cislex_runtime.engines.jobs.JobBackend`."""

    name = "kubernetes"

    def __init__(self, templates: list[dict[str, Any]], namespace: str = "", api: Any = None) -> None:
        """``templates``: of ``read_templates``. ``api``: an ``ApiClient``; None = this pod's or the kubeconfig's."""
        self._templates = templates
        self._api = api
        self._namespace = namespace
        self._lock = threading.Lock()
        self.gpus = 1 if any(_gpu_resources(_container(one)) for one in templates) else 0

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
        if any(_needs_pod(job) for job in jobs):
            found = self._list(lambda: self._core().list_namespaced_pod(self._where(), label_selector=OURS, **_RAW))
            pods = {pod["metadata"].get("labels", {}).get(JOB_NAME, ""): pod for pod in found}
        return {job["metadata"]["name"]: _status(job, pods.get(job["metadata"]["name"])) for job in jobs}

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


def read_templates(path: Path | None) -> list[dict[str, Any]]:
    """The Jobs of a template file. Raises UserError with what is wrong in it."""
    field = "job_template"
    if path is None:
        raise UserError(Reason.INVALID_REQUEST, "the kubernetes engine needs CISLEX_JOB_TEMPLATE", field=field)
    try:
        found = [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
    except (OSError, yaml.YAMLError) as error:
        raise UserError(
            Reason.INVALID_REQUEST, f"the job template {path} cannot be read: {error}", field=field
        ) from None
    for one in found:
        what = "it is not a Job of batch/v1"
        if isinstance(one, dict) and (one.get("apiVersion"), one.get("kind")) == ("batch/v1", "Job"):
            containers = one.get("spec", {}).get("template", {}).get("spec", {}).get("containers")
            weight = _weight(one)
            if not containers:
                what = "spec.template.spec.containers is empty"
            elif weight not in ("", "gpu", "heavy", "light"):
                what = f"the label {ATTEMPTS} is {weight!r}, not gpu, heavy or light"
            else:
                continue
        raise UserError(Reason.INVALID_REQUEST, f"the job template {path} cannot be used: {what}", field=field)
    if not {"", "light"} & {_weight(one) for one in found}:
        text = f"the job template {path} holds no Job for light attempts (label {ATTEMPTS}: light, or none)"
        raise UserError(Reason.INVALID_REQUEST, text, field=field)
    return found


def manifest(templates: list[dict[str, Any]], job: Job) -> dict[str, Any]:
    """The Job to create for an attempt: the first container of the template runs it."""
    body = copy.deepcopy(_choose(templates, job))
    labels = {MANAGED_BY: "cislex", **{f"cislex.dev/{k}": label_value(v) for k, v in job.labels.items() if v}}
    metadata = body.setdefault("metadata", {})
    metadata["name"] = job.name
    metadata.pop("generateName", None)
    spec = body["spec"]
    spec["backoffLimit"] = 0
    spec.setdefault("ttlSecondsAfterFinished", TTL_S)
    spec["podFailurePolicy"] = {"rules": copy.deepcopy(_FAILURE_RULES)}
    pod = spec["template"]
    pod["spec"]["restartPolicy"] = "Never"
    for part in (metadata, pod.setdefault("metadata", {})):
        part["labels"] = {**part.get("labels", {}), **labels}
    container = pod["spec"]["containers"][0]
    container["command"] = [*container.get("command", ["python"]), *job.arguments]
    container.pop("args", None)
    env = container.setdefault("env", [])
    known = {one["name"] for one in env}
    env += [{"name": name, "value": value} for name, value in job.env.items() if name not in known]
    if not job.gpu:
        for kind in ("limits", "requests"):
            for name in _gpu_resources(container):
                container.get("resources", {}).get(kind, {}).pop(name, None)
        env[:] = [one for one in env if one["name"] != "NVIDIA_VISIBLE_DEVICES"]
        env.append({"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"})
    return body


def label_value(text: str) -> str:
    """A value that a label may have (63 letters, digits, ``-_.``, ends alphanumeric); others become ``-``."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:63].strip("-_.")


def _choose(templates: list[dict[str, Any]], job: Job) -> dict[str, Any]:
    """The most special template that fits."""
    order = ["gpu"] if job.gpu else []
    order += ["heavy"] if job.heavy else ["light"]
    for weight in [*order, "", "light"]:
        for one in templates:
            if _weight(one) == weight:
                return one
    raise AssertionError("read_templates saw to it that one fits")


def _weight(template: dict[str, Any]) -> str:
    return str(template.get("metadata", {}).get("labels", {}).get(ATTEMPTS, ""))


def _container(template: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = template["spec"]["template"]["spec"]["containers"][0]
    return container


def _gpu_resources(container: dict[str, Any]) -> list[str]:
    """Names of extended resources that are GPUs (or slices of one: nvidia.com/mig-1g.10gb, nvidia.com/gpu.shared)."""
    resources = container.get("resources", {})
    named = {*resources.get("limits", {}), *resources.get("requests", {})}
    return sorted(name for name in named if "/" in name and ("gpu" in name or name.startswith("nvidia.com/")))


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


def _conditions(thing: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Conditions that are true, by type."""
    return {one["type"]: one for one in thing.get("status", {}).get("conditions") or [] if one["status"] == "True"}


def _needs_pod(job: dict[str, Any]) -> bool:
    running = (job.get("status", {}).get("ready") or 0) > 0
    return not running and "Complete" not in _conditions(job)


def _status(job: dict[str, Any], pod: dict[str, Any] | None) -> JobStatus:
    conditions = _conditions(job)
    if "Complete" in conditions:
        return JobStatus(JobPhase.ENDED, describe_status(0))
    if "Failed" in conditions:
        return _failure(conditions["Failed"], pod)
    # FailureTarget and SuccessCriteriaMet come first, while the pod still ends.
    if (job["status"].get("ready") or 0) > 0 or {"FailureTarget", "SuccessCriteriaMet"} & set(conditions):
        return JobStatus(JobPhase.RUNNING)
    if job["spec"].get("suspend"):
        return JobStatus(JobPhase.PENDING, "suspended; its queue has not admitted it")
    phase = (pod or {}).get("status", {}).get("phase")
    if phase in ("Running", "Succeeded", "Failed"):  # the Job's controller has not seen it yet
        return JobStatus(JobPhase.RUNNING)
    return JobStatus(JobPhase.PENDING, _why_waiting(pod))


def _why_waiting(pod: dict[str, Any] | None) -> str:
    if pod is None:
        return "no pod yet"
    for container in pod.get("status", {}).get("containerStatuses") or []:
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason"):
            return f"{waiting['reason']} {waiting.get('message', '')}".strip()
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("message") or condition.get("reason") or "not scheduled")
    return "its pod starts"


def _failure(condition: dict[str, Any], pod: dict[str, Any] | None) -> JobStatus:
    """Why the Job failed, in the words of ``_FAILURE_RULES``; evictions and drained nodes are not the task's fault."""
    text = str(condition.get("message") or condition.get("reason") or "the Job failed")
    pod = pod or {}
    if "condition DisruptionTarget" in text or pod.get("status", {}).get("reason") == "Evicted":
        why = _conditions(pod).get("DisruptionTarget", {}).get("message") or text
        return JobStatus(JobPhase.ENDED, str(why), Exit.PREEMPTED)
    for container in pod.get("status", {}).get("containerStatuses") or []:
        if (container.get("state", {}).get("terminated") or {}).get("reason") == "OOMKilled":
            return JobStatus(JobPhase.ENDED, "the container's memory limit was reached", Exit.OUT_OF_MEMORY)
    code = re.search(r"exit code (\d+)", text)
    if code is None:
        return JobStatus(JobPhase.ENDED, text)
    preempted = int(code[1]) == EXIT_STATUS[Exit.PREEMPTED]
    return JobStatus(JobPhase.ENDED, describe_status(int(code[1])), Exit.PREEMPTED if preempted else None)


def _reason(error: Exception) -> str:
    """The API server's own words, else the first line."""
    try:
        return str(json.loads(getattr(error, "body", "") or "")["message"])
    except (ValueError, KeyError, TypeError):
        return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
