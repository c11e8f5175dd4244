"""A small Kubernetes API server for tests: Jobs, their pods and logs, with the semantics of the real one, where each
container's command really runs as a process of this machine.

What it keeps to: ``create`` answers 409 AlreadyExists and 422 Invalid; ``get`` and ``delete`` answer 404; ``list`` has
label selectors and a resourceVersion; a Job's pod is made by a controller a little later, and its status (active,
ready, conditions FailureTarget then Failed, SuccessCriteriaMet then Complete) follows the pod's; deletion knows the
three propagation policies, and with Foreground the Job stays, marked, until its pod is gone; a pod that is deleted gets
SIGTERM and, after its grace period, SIGKILL; podFailurePolicy names the rule that a failed pod matched, and a Job with
``backoffLimit: 0`` makes no second pod; an ended Job goes
after its time to live. Nodes have a number of places; a pod that finds none is Pending with PodScheduled=False. Every
call needs the bearer token.
"""

from __future__ import annotations

import copy
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TICK_S = 0.05
JOBS = "/apis/batch/v1/namespaces/{}/jobs"
PODS = "/api/v1/namespaces/{}/pods"


class ApiError(Exception):
    """Answered as a ``Status``."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


class Cluster:
    """Objects, controller and kubelet of one namespace; ``nodes``: places for pods on each."""

    def __init__(self, folder: Path, namespace: str = "lab", nodes: tuple[int, ...] = (4,)) -> None:
        self.namespace = namespace
        self.nodes = {f"node-{i}": places for i, places in enumerate(nodes)}
        self.token = secrets.token_hex(8)
        self.away = False
        self._folder = folder
        self._lock = threading.RLock()
        self._version = 0
        self._jobs: dict[str, dict[str, Any]] = {}
        self._pods: dict[str, dict[str, Any]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._kill_at: dict[str, float] = {}
        self._stopped = threading.Event()
        folder.mkdir(exist_ok=True)
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *words: Any) -> None: ...

            def do_GET(self) -> None:
                cluster._serve(self)

            def do_POST(self) -> None:
                cluster._serve(self)

            def do_DELETE(self) -> None:
                cluster._serve(self)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is none of ours."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}),
            threading.Thread(target=self._control),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Kill everything and stop serving."""
        self._stopped.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        for process in self._processes.values():
            _signal(process, signal.SIGKILL)
            process.wait()

    # ---- what tests do to a cluster -----------------------------------------------------------------------------

    def pod_of(self, job: str) -> dict[str, Any]:
        """The pod of a Job."""
        with self._lock:
            return next(pod for pod in self._pods.values() if pod["metadata"]["labels"][_JOB] == job)

    def evict(self, job: str) -> None:
        """Drain the node under a Job's pod: DisruptionTarget, SIGTERM, later SIGKILL."""
        with self._lock:
            pod = self.pod_of(job)
            message = "Eviction API: evicting"
            pod["status"]["conditions"].append(_condition("DisruptionTarget", "EvictionByEvictionAPI", message))
            self._terminate(pod)

    def oom_kill(self, job: str) -> None:
        """The kernel kills the container for its memory."""
        with self._lock:
            pod = self.pod_of(job)
            pod["metadata"]["annotations"] = {"test/oom": "true"}
            _signal(self._processes[pod["metadata"]["name"]], signal.SIGKILL)

    # ---- HTTP ---------------------------------------------------------------------------------------------------

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length)) if length else {}
        try:
            if self.away:
                raise ApiError(503, "ServiceUnavailable", "apiserver is shutting down")
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                raise ApiError(401, "Unauthorized", "Unauthorized")
            if parts.path.endswith("/log"):
                self._send_log(request, parts.path.split("/")[-2], query.get("follow", "").lower() == "true")
                return
            code, answer = self._answer(request.command, parts.path, query, body)
        except ApiError as error:
            code, answer = error.code, _failure(error)
        data = json.dumps(answer).encode()
        request.send_response(code)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        jobs, pods = JOBS.format(self.namespace), PODS.format(self.namespace)
        name = path.rpartition("/")[2]
        with self._lock:
            if (method, path) == ("POST", jobs):
                return 201, self._create(body)
            if (method, path) == ("GET", jobs):
                return 200, self._listing("JobList", "batch/v1", self._jobs, query)
            if (method, path) == ("GET", pods):
                return 200, self._listing("PodList", "v1", self._pods, query)
            if path in (f"{jobs}/{name}", f"{pods}/{name}"):
                things = self._jobs if path.startswith(jobs) else self._pods
                if name not in things:
                    kind = "jobs.batch" if things is self._jobs else "pods"
                    raise ApiError(404, "NotFound", f'{kind} "{name}" not found')
                if method == "DELETE" and things is self._jobs:
                    return 200, self._delete(self._jobs[name], {**query, **body})
                if method == "GET":
                    return 200, copy.deepcopy(things[name])
        raise ApiError(404, "NotFound", f"the server could not find the requested resource: {method} {path}")

    def _listing(self, kind: str, version: str, things: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        selector = [word.split("=", 1) for word in query.get("labelSelector", "").split(",") if word]
        items = [
            copy.deepcopy(one) for one in things.values()
            if all(one["metadata"].get("labels", {}).get(key.rstrip("=")) == value for key, value in selector)
        ]  # fmt: skip
        items = items[: int(query["limit"])] if "limit" in query else items
        metadata = {"resourceVersion": str(self._version)}
        return {"kind": kind, "apiVersion": version, "metadata": metadata, "items": items}

    def _send_log(self, request: BaseHTTPRequestHandler, pod: str, follow: bool) -> None:
        with self._lock:
            if pod not in self._pods:
                raise ApiError(404, "NotFound", f'pods "{pod}" not found')
            if pod not in self._processes:
                raise ApiError(400, "BadRequest", f'container "worker" in pod "{pod}" is waiting to start')
            process = self._processes[pod]
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        with open(self._folder / f"{pod}.log", "rb") as file:
            while True:
                ended = process.poll() is not None or self._stopped.is_set()
                if data := file.read():
                    request.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                if ended or not follow:
                    break
                time.sleep(TICK_S)
        request.wfile.write(b"0\r\n\r\n")

    # ---- objects ------------------------------------------------------------------------------------------------

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body["metadata"]["name"]
        if name in self._jobs:
            raise ApiError(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
        if len(name) > 63 or not all(c.isdigit() or (c.isascii() and c.islower()) or c == "-" for c in name):
            raise ApiError(422, "Invalid", f'Job.batch "{name}" is invalid: metadata.name: Invalid value')
        spec = body["spec"]
        if spec["template"]["spec"].get("restartPolicy") not in ("Never", "OnFailure"):
            raise ApiError(422, "Invalid", f'Job.batch "{name}" is invalid: spec.template.spec.restartPolicy: Required')
        job = copy.deepcopy(body)
        job["metadata"] |= self._born()
        labels = {_JOB: name, "batch.kubernetes.io/controller-uid": job["metadata"]["uid"]}
        spec = job["spec"]
        spec["template"].setdefault("metadata", {}).setdefault("labels", {}).update(labels)
        job["status"] = {}
        self._jobs[name] = job
        return copy.deepcopy(job)

    def _delete(self, job: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        name = job["metadata"]["name"]
        policy = options.get("propagationPolicy", "Background")
        pods = [pod for pod in self._pods.values() if pod["metadata"]["labels"][_JOB] == name]
        if policy == "Foreground" and pods:
            job["metadata"].setdefault("deletionTimestamp", _now())
            job["metadata"]["finalizers"] = ["foregroundDeletion"]
            self._change(job)
        else:
            del self._jobs[name]
        if policy != "Orphan":
            for pod in pods:
                self._terminate(pod)
        return copy.deepcopy(job)

    def _terminate(self, pod: dict[str, Any]) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            return
        grace_s = pod["spec"].get("terminationGracePeriodSeconds", 30)
        pod["metadata"] |= {"deletionTimestamp": _now(), "deletionGracePeriodSeconds": grace_s}
        self._change(pod)
        name = pod["metadata"]["name"]
        if name in self._processes:
            _signal(self._processes[name], signal.SIGTERM)
            self._kill_at[name] = time.monotonic() + grace_s

    def _born(self) -> dict[str, str]:
        self._version += 1
        return {
            "uid": str(uuid.uuid4()), "creationTimestamp": _now(), "namespace": self.namespace,
            "resourceVersion": str(self._version),
        }  # fmt: skip

    def _change(self, thing: dict[str, Any]) -> None:
        self._version += 1
        thing["metadata"]["resourceVersion"] = str(self._version)

    # ---- controller, scheduler, kubelet -------------------------------------------------------------------------

    def _control(self) -> None:
        while not self._stopped.wait(TICK_S):
            with self._lock:
                for pod in list(self._pods.values()):
                    self._schedule(pod)
                    self._run(pod)
                for job in list(self._jobs.values()):
                    self._follow(job)

    def _schedule(self, pod: dict[str, Any]) -> None:
        if pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            return
        used = [
            p["spec"].get("nodeName") for p in self._pods.values() if p["status"]["phase"] in ("Pending", "Running")
        ]
        free = [node for node, places in self.nodes.items() if used.count(node) < places]
        if free:
            pod["spec"]["nodeName"] = free[0]
            pod["status"]["conditions"] = [_condition("PodScheduled")]
        else:
            text = f"0/{len(self.nodes)} nodes are available: insufficient places."
            pod["status"]["conditions"] = [_condition("PodScheduled", "Unschedulable", text, "False")]
        self._change(pod)

    def _run(self, pod: dict[str, Any]) -> None:
        """Start the container, and see how it is."""
        name, status = pod["metadata"]["name"], pod["status"]
        deleted = "deletionTimestamp" in pod["metadata"]
        if name not in self._processes:
            if deleted:
                self._pods.pop(name)
            elif pod["spec"].get("nodeName"):
                self._start(pod)
            return
        process = self._processes[name]
        code = process.poll()
        if code is None:
            if time.monotonic() > self._kill_at.get(name, float("inf")):
                _signal(process, signal.SIGKILL)
            return
        _signal(process, signal.SIGKILL)  # the container's other processes end with its first
        if status["phase"] == "Running":
            code = 128 - code if code < 0 else code
            oom = pod["metadata"].get("annotations", {}).get("test/oom")
            reason = "OOMKilled" if oom else "Completed" if code == 0 else "Error"
            status["phase"] = "Succeeded" if code == 0 else "Failed"
            status["containerStatuses"][0] |= {
                "ready": False, "state": {"terminated": {"exitCode": code, "reason": reason}},
            }  # fmt: skip
            self._change(pod)
        elif deleted:
            self._count(pod)
            self._pods.pop(name)

    def _start(self, pod: dict[str, Any]) -> None:
        container = pod["spec"]["containers"][0]
        command = [*container.get("command", []), *container.get("args", [])]
        command[0] = sys.executable if command[0] == "python" else command[0]
        name = pod["metadata"]["name"]
        # A container's environment is its own: nothing is inherited.
        env = {"PATH": os.environ["PATH"], **{one["name"]: one.get("value", "") for one in container.get("env", [])}}
        with open(self._folder / f"{name}.log", "wb") as output:
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, start_new_session=True
            )
        running = {"name": container["name"], "ready": True, "state": {"running": {"startedAt": _now()}}}
        pod["status"] |= {"phase": "Running", "startTime": _now(), "containerStatuses": [running]}
        pod["status"]["conditions"].append(_condition("Ready"))
        self._change(pod)

    def _count(self, pod: dict[str, Any]) -> None:
        """Remember a deleted pod's end in its Job, as the controller's finalizer on pods does."""
        job = self._jobs.get(pod["metadata"]["labels"][_JOB])
        if job is not None and pod["status"]["phase"] != "Succeeded":
            job["status"]["failed"] = 1

    def _follow(self, job: dict[str, Any]) -> None:
        name, status = job["metadata"]["name"], job["status"]
        pods = [pod for pod in self._pods.values() if pod["metadata"]["labels"][_JOB] == name]
        if "deletionTimestamp" in job["metadata"]:
            if not pods:
                del self._jobs[name]
            return
        true = {one["type"] for one in status.get("conditions", [])}
        if true & {"Complete", "Failed"}:
            ttl_s = job["spec"].get("ttlSecondsAfterFinished")
            if ttl_s is not None and time.monotonic() - job["ended_at"] > ttl_s:
                self._delete(job, {})
            return
        before = copy.deepcopy(status)
        if not pods and not status.get("failed") and not true and not job["spec"].get("suspend"):
            self._make_pod(job)
            status |= {"startTime": _now()}
            return
        phases = [pod["status"]["phase"] for pod in pods]
        status["active"] = sum(phase in ("Pending", "Running") for phase in phases)
        status["ready"] = phases.count("Running")
        status["succeeded"] = phases.count("Succeeded")
        status["failed"] = max(status.get("failed", 0), phases.count("Failed"))
        conditions = status.setdefault("conditions", [])
        if status["succeeded"]:
            if "SuccessCriteriaMet" not in true:
                conditions.append(_condition("SuccessCriteriaMet", "CompletionsReached"))
            else:
                conditions.append(_condition("Complete", "CompletionsReached"))
        elif "FailureTarget" in true:
            if not status["active"]:
                conditions.append({**conditions[-1], "type": "Failed"})
        elif words := self._policy(job, pods):
            conditions.append(_condition("FailureTarget", "PodFailurePolicy", words))
        elif status["failed"] > job["spec"].get("backoffLimit", 6):
            text = "Job has reached the specified backoff limit"
            conditions.append(_condition("FailureTarget", "BackoffLimitExceeded", text))
        if conditions and conditions[-1]["type"] in ("Complete", "Failed"):
            job["ended_at"] = time.monotonic()
        if status != before:
            self._change(job)

    def _policy(self, job: dict[str, Any], pods: list[dict[str, Any]]) -> str:
        """What the Job's podFailurePolicy says of its failed pod, in the controller's words."""
        for pod in pods:
            if pod["status"]["phase"] != "Failed":
                continue
            where = f"{self.namespace}/{pod['metadata']['name']}"
            true = {one["type"] for one in pod["status"]["conditions"] if one["status"] == "True"}
            (container,) = pod["status"]["containerStatuses"]
            code = container["state"]["terminated"]["exitCode"]
            for index, rule in enumerate(job["spec"].get("podFailurePolicy", {}).get("rules", [])):
                end = f"matching {rule['action']} rule at index {index}"
                for wanted in rule.get("onPodConditions", []):
                    if wanted["type"] in true:
                        return f"Pod {where} has condition {wanted['type']} {end}"
                codes = rule.get("onExitCodes")
                if codes and (code in codes["values"]) == (codes["operator"] == "In"):
                    return f"Container {container['name']} for pod {where} failed with exit code {code} {end}"
        return ""

    def _make_pod(self, job: dict[str, Any]) -> None:
        template = copy.deepcopy(job["spec"]["template"])
        name = f"{job['metadata']['name']}-{secrets.token_hex(3)[:5]}"
        metadata = {**template["metadata"], **self._born(), "name": name}
        self._pods[name] = {
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
            "status": {"phase": "Pending", "conditions": []},
        }  # fmt: skip


_JOB = "batch.kubernetes.io/job-name"


def _condition(kind: str, reason: str = "", message: str = "", status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": _now()}


def _failure(error: ApiError) -> dict[str, Any]:
    return {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": error.reason, "code": error.code,
        "message": str(error),
    }  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
