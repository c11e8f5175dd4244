"""How an attempt's Job stands, from what the API server says of it and of its pod."""

from __future__ import annotations

import re
from typing import Any

from cislex_runtime.engines.engine import EXIT_STATUS, Exit
from cislex_runtime.engines.jobs import JobPhase, JobStatus
from cislex_runtime.engines.leftovers import describe_status

#: Any failure of the pod fails the Job, which then says why: the pod itself may be gone, as after a node was drained.
FAILURE_RULES = [
    {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [0]}},
]


def _conditions(thing: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Conditions that are true, by type."""
    return {one["type"]: one for one in thing.get("status", {}).get("conditions") or [] if one["status"] == "True"}


def needs_pod(job: dict[str, Any]) -> bool:
    """Whether only its pod can say why it waits or failed."""
    running = (job.get("status", {}).get("ready") or 0) > 0
    return not running and "Complete" not in _conditions(job)


def status_of(job: dict[str, Any], pod: dict[str, Any] | None) -> JobStatus:
    """``job`` and ``pod`` as JSON objects; ``pod`` is None where it is gone or was not asked for."""
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
    """Why the Job failed, in the words of ``FAILURE_RULES``; evictions and drained nodes are not the task's fault."""
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
