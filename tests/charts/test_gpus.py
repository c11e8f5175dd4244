"""Who asks for a GPU is placed beside one, and nobody else sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from chart_scenes import CHART, VALUES_FILES, containers, find, pods, read_values, render, rendered

each_file = pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)


@each_file
def test_pods_without_a_gpu_see_none(path: Path) -> None:
    """NVIDIA's plugin shows a pod that asked for none all GPUs of its node, unless it says void."""
    for place, _, container in containers(rendered(path)):
        env = {entry["name"]: entry.get("value") for entry in container["env"]}
        wants_gpu = any(name.startswith("nvidia.com/") for name in container["resources"]["limits"])
        assert env.get("NVIDIA_VISIBLE_DEVICES") == (None if wants_gpu else "void"), place
        if wants_gpu:
            assert container["image"].endswith("-gpu") or "@sha256:" in container["image"], place


def test_gpus_by_their_resource_name() -> None:
    documents = rendered(CHART / "ci" / "ray-cluster.yaml")
    groups = dict(pods(documents))
    spec = groups["RayCluster/lab-cislex-ray/gpu"]["spec"]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == "1"
    assert spec["runtimeClassName"] == "nvidia"
    assert spec["nodeSelector"] == {"nvidia.com/mig.strategy": "mixed"}
    assert {toleration["key"] for toleration in spec["tolerations"]} == {"nvidia.com/gpu"}
    cluster = find(documents, "RayCluster")["spec"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert cluster["authOptions"]["mode"] == "token"
    told = {group["groupName"]: group["rayStartParams"] for group in cluster["workerGroupSpecs"]}
    assert told == {"gpu": {"num-gpus": "1"}, "cpu": {}}, "Ray does not count slices by itself"
    cpu = groups["RayCluster/lab-cislex-ray/cpu"]["spec"]
    assert not {"runtimeClassName", "nodeSelector", "tolerations"} & set(cpu)


@pytest.mark.parametrize("engine", ["local", "kubernetes"])
def test_a_service_with_a_gpu_is_placed_and_no_other(engine: str) -> None:
    name, file = {"local": ("trainer", "ci/local-gpu.yaml"), "kubernetes": ("explainer", "values-core-facility.yaml")}[
        engine
    ]
    values = read_values(CHART / file)
    tolerations = [{"key": "gpus-only", "operator": "Equal", "value": "yes", "effect": "NoExecute"}]
    values["gpu"] = {
        "resourceName": "nvidia.com/gpu.shared",
        "runtimeClassName": "nvidia",
        "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L40S-SHARED"},
        "tolerations": tolerations,
    }
    own = {"gpu": {"count": 1}, "image": {"variant": "gpu"}, "nodeSelector": {"disk": "ssd"}}
    values.setdefault("services", {}).setdefault(name, {}).update(own)
    documents = render(values)
    kind = {"local": "StatefulSet", "kubernetes": "Deployment"}[engine]
    with_gpu = {f"{kind}/lab-cislex-{name}"} | ({"job template gpu"} if engine == "kubernetes" else set())
    others = 0
    for place, pod in pods(documents):
        spec = pod["spec"]
        (container,) = spec["containers"]
        env = {entry["name"]: entry.get("value") for entry in container["env"]}
        extended = [
            {k: v for k, v in container["resources"][part].items() if "/" in k} for part in ("requests", "limits")
        ]
        if place in with_gpu:
            assert extended == [{"nvidia.com/gpu.shared": "1"}] * 2, place
            assert spec["runtimeClassName"] == "nvidia", place
            assert spec["tolerations"] == tolerations, place
            added = {} if place.startswith("job") else {"disk": "ssd"}
            assert spec["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-L40S-SHARED"} | added, place
            assert container["image"].endswith("-gpu"), place
            assert "NVIDIA_VISIBLE_DEVICES" not in env, place
            assert env["NVIDIA_DRIVER_CAPABILITIES"] == "compute,utility", place
            with_gpu.remove(place)
        else:
            assert extended == [{}, {}], place
            assert not {"runtimeClassName", "nodeSelector", "tolerations"} & set(spec), place
            assert env["NVIDIA_VISIBLE_DEVICES"] == "void", place
            others += 1
    assert not with_gpu
    # The other services, the migration and the test pod; the Jobs without a GPU.
    assert others == {"local": 5, "kubernetes": 7}[engine]
