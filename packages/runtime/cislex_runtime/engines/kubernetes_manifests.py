"""The Job of an attempt, from the site's template.

The template (``CISLEX_JOB_TEMPLATE``) is YAML of one Job, or of several with the label ``cislex.dev/attempts``:
``gpu``, ``heavy`` or ``light``; an attempt takes the most special one that fits. Image, resources, nodeSelector,
tolerations, volumes and secrets are the template's; this module adds the name, labels, the command, ``CISLEX_*``
variables that the template does not set, ``backoffLimit: 0`` (the ledger decides about another attempt) and a time to
live. GPUs of the template go only to attempts that can use one.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import yaml
from cislex_core.errors import Reason, UserError

from cislex_runtime.engines.jobs import Job
from cislex_runtime.engines.kubernetes_status import FAILURE_RULES

MANAGED_BY = "app.kubernetes.io/managed-by"
ATTEMPTS = "cislex.dev/attempts"
TTL_S = 3600


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
    spec["podFailurePolicy"] = {"rules": copy.deepcopy(FAILURE_RULES)}
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


def has_gpus(template: dict[str, Any]) -> bool:
    """Whether the attempts of a template get any."""
    return bool(_gpu_resources(template["spec"]["template"]["spec"]["containers"][0]))


def _gpu_resources(container: dict[str, Any]) -> list[str]:
    """Names of extended resources that are GPUs (or slices of one: nvidia.com/mig-1g.10gb, nvidia.com/gpu.shared)."""
    resources = container.get("resources", {})
    named = {*resources.get("limits", {}), *resources.get("requests", {})}
    return sorted(name for name in named if "/" in name and ("gpu" in name or name.startswith("nvidia.com/")))
