"""The Jobs of the kubernetes engine: the chart's templates, read and filled in by the engine itself."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest
from chart_scenes import CHART, Document, containers, find, read_values, render
from cislex_runtime.engines.jobs import Job
from cislex_runtime.engines.kubernetes_manifests import manifest, read_templates

ARGUMENTS = ("-m", "cislex_runtime.working.job", "--attempt", "s3://cislex/mailbox/01K/1")


def _manifests(values: Document, tmp_path: Path) -> dict[str, Document]:
    """What the engine would create for each kind of attempt."""
    file = tmp_path / "job.yaml"
    file.write_text(find(render(values), "ConfigMap", "lab-cislex-job")["data"]["job.yaml"])
    templates = read_templates(file)
    kinds = {"training": (True, True), "clustering": (True, False), "checking": (False, False)}
    return {
        name: manifest(templates, Job(f"cislex-{name}-1", ARGUMENTS, {"CISLEX_LOG_LEVEL": "INFO"}, heavy, gpu))
        for name, (heavy, gpu) in kinds.items()
    }


@pytest.fixture
def facility() -> Document:
    return read_values(CHART / "values-core-facility.yaml")


def test_gpus_go_to_attempts_that_can_use_one(facility: Document, tmp_path: Path) -> None:
    jobs = _manifests(facility, tmp_path)
    for name, job in jobs.items():
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        void = {"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"} in container["env"]
        if name == "training":
            assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
            assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
            assert pod["runtimeClassName"] == "nvidia"
            assert not void
        else:
            # Not on a GPU node, where it would take room from those who need one.
            assert not {"nodeSelector", "runtimeClassName", "tolerations"} & set(pod), name
            assert not [key for key in container["resources"]["limits"] if "/" in key]
            assert void


def test_light_attempts_ask_for_less(facility: Document, tmp_path: Path) -> None:
    jobs = _manifests(facility, tmp_path)

    def requests(name: str) -> Document:
        return jobs[name]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]

    assert requests("checking") == {"cpu": "1", "memory": "2Gi"}
    assert requests("clustering") == {"cpu": "4", "memory": "16Gi"}


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_what_the_engine_creates_is_valid(facility: Document, tmp_path: Path, version: str) -> None:
    for job in _manifests(facility, tmp_path).values():
        kubernetes_validate.validate(job, version, strict=True)
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert container["command"] == ["/opt/cislex/bin/python", *ARGUMENTS]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        names = [entry["name"] for entry in container["env"]]
        assert len(names) == len(set(names))
        assert {"CISLEX_STORE_URL", "AWS_ACCESS_KEY_ID"} <= set(names)


def test_jobs_stay_under_the_releases_policy(facility: Document, tmp_path: Path) -> None:
    """The engine adds labels of its own; the NetworkPolicy of the workers must still take its pods."""
    policy = find(render(facility), "NetworkPolicy", "lab-cislex-worker")
    deny = find(render(facility), "NetworkPolicy", "lab-cislex-default-deny")
    for job in _manifests(facility, tmp_path).values():
        labels = job["spec"]["template"]["metadata"]["labels"]
        for one in (policy, deny):
            assert labels.items() >= one["spec"]["podSelector"]["matchLabels"].items()


def test_kueue_sees_every_job(facility: Document, tmp_path: Path) -> None:
    facility["kueue"] = {"enabled": True, "queueName": "gpus"}
    for job in _manifests(facility, tmp_path).values():
        assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"


def test_a_site_gives_the_jobs_variables_of_its_own(facility: Document, tmp_path: Path) -> None:
    """They win over what the engine passes on from the servers."""
    from_secret = {"secretKeyRef": {"name": "proxy", "key": "url"}}
    more: list[Document] = [
        {"name": "CISLEX_MAX_INTERVALS", "value": "1000"},
        {"name": "CISLEX_LOG_LEVEL", "value": "DEBUG"},
        {"name": "HTTPS_PROXY", "valueFrom": from_secret},
    ]
    facility["job"]["env"] = more
    for name, job in _manifests(facility, tmp_path).items():
        kubernetes_validate.validate(job, "1.37", strict=True)
        env = job["spec"]["template"]["spec"]["containers"][0]["env"]
        assert [entry for entry in env if entry["name"] in {one["name"] for one in more}] == more, name
    for place, _, container in containers(render(facility)):
        if not place.startswith("job template"):
            assert not [entry for entry in container["env"] if entry in more], place


def test_without_gpus_there_is_no_template_for_them(facility: Document, tmp_path: Path) -> None:
    facility["job"] = {"image": {"variant": "cpu"}}
    for job in _manifests(facility, tmp_path).values():
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert not [key for key in container["resources"]["limits"] if "/" in key]
        assert container["image"].endswith("-cpu")
