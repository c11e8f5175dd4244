"""The kubernetes engine against a faithful API server: manifests, what ends mean, rights, and a whole server on it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cislex_core.errors import CislexError, UserError
from cislex_runtime.calling.client import state_name
from cislex_runtime.engines.engine import AttemptSpec, Exit, Phase
from cislex_runtime.engines.jobs import Job, JobPhase, SystemAwayError, job_name
from cislex_runtime.engines.kubernetes_jobs import KubernetesJobs
from cislex_runtime.engines.kubernetes_manifests import label_value, manifest, read_templates
from engine_benches import TOY, Driver, job_engine, job_processes
from kubernetes_bench import TEMPLATE, KubernetesBench, kubernetes_bench
from running import a_server, gone

pytest.importorskip("kubernetes", reason="the Kubernetes client is not installed")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesBench]:
    with kubernetes_bench(tmp_path_factory.mktemp("kubernetes")) as made:
        yield made


@pytest.fixture
def driver(bench: KubernetesBench, tmp_path: Path) -> Iterator[Driver]:
    made = Driver(job_engine(bench.backend(), tmp_path), tmp_path)
    yield made
    made.engine.close(1)


def template(tmp_path: Path, *documents: str) -> list[dict[str, Any]]:
    path = tmp_path / "job.yaml"
    path.write_text("\n---\n".join(documents))
    return read_templates(path)


def a_job(name: str = "cislex-a-1", gpu: bool = False, heavy: bool = True, **env: str) -> Job:
    labels = {"operation": "A" * 26, "attempt": "1", "tenant": "lab-1"}
    return Job(name, ("-m", "cislex_runtime.working.job", "--attempt", "s3://b/m/A/1"), env, heavy, gpu, labels)


def wait_for(good: Callable[[], bool], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not good():
        assert time.monotonic() < end
        time.sleep(0.05)


# ---- manifests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.31", "1.35"])
@pytest.mark.parametrize("gpu", [False, True])
def test_manifests_are_valid(tmp_path: Path, version: str, gpu: bool) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed").validate
    body = manifest(template(tmp_path, TEMPLATE), a_job(gpu=gpu, CISLEX_STORE_URL="s3://b/p"))
    validate(body, version, strict=True)


def test_a_manifest_is_the_template_filled_in(tmp_path: Path) -> None:
    templates = template(tmp_path, TEMPLATE)
    body = manifest(templates, a_job(gpu=True, CISLEX_STORE_URL="s3://b/p", CISLEX_HOME="/other"))
    assert body["metadata"]["name"] == "cislex-a-1"
    assert body["spec"]["backoffLimit"] == 0
    assert body["spec"]["ttlSecondsAfterFinished"] == 3600
    assert body["spec"]["activeDeadlineSeconds"] == 86400
    pod = body["spec"]["template"]
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["nodeSelector"] == {"pool": "gpu"}
    assert pod["spec"]["tolerations"][0]["key"] == "nvidia.com/gpu"
    for labels in (body["metadata"]["labels"], pod["metadata"]["labels"]):
        assert labels["app.kubernetes.io/managed-by"] == "cislex"
        assert (labels["cislex.dev/tenant"], labels["cislex.dev/attempt"]) == ("lab-1", "1")
    assert body["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "lab"
    container = pod["spec"]["containers"][0]
    assert container["command"] == ["python", "-m", "cislex_runtime.working.job", "--attempt", "s3://b/m/A/1"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    env = {one["name"]: one["value"] for one in container["env"]}
    assert env == {"CISLEX_HOME": "/var/lib/cislex", "CISLEX_STORE_URL": "s3://b/p"}  # the template wins
    assert "name" not in templates[0]["metadata"], "the template itself stays as it is"


def test_gpus_go_to_attempts_that_can_use_one(tmp_path: Path) -> None:
    container = manifest(template(tmp_path, TEMPLATE), a_job())["spec"]["template"]["spec"]["containers"][0]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert {"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"} in container["env"]


def test_an_attempt_takes_the_most_special_template(tmp_path: Path) -> None:
    def of(weight: str) -> str:
        document = yaml.safe_load(TEMPLATE)
        document["metadata"]["labels"] = {"cislex.dev/attempts": weight} if weight else {}
        document["metadata"]["annotations"] = {"is": weight or "any"}
        return yaml.safe_dump(document)

    def chosen(templates: list[dict[str, Any]], **kind: bool) -> str:
        return str(manifest(templates, a_job(**kind))["metadata"]["annotations"]["is"])

    every = template(tmp_path, of("light"), of("heavy"), of("gpu"), of(""))
    assert chosen(every, gpu=True) == "gpu"
    assert chosen(every) == "heavy"
    assert chosen(every, heavy=False) == "light"
    two = template(tmp_path, of("gpu"), of(""))
    assert (chosen(two, gpu=True), chosen(two), chosen(two, heavy=False)) == ("gpu", "any", "any")
    only_light = template(tmp_path, of("light"))
    assert chosen(only_light, gpu=True) == "light"
    with pytest.raises(UserError, match="no Job for light"):
        template(tmp_path, of("gpu"))
    with pytest.raises(UserError, match="not gpu, heavy or light"):
        template(tmp_path, of("huge"))


@pytest.mark.parametrize(
    "text, said",
    [("a: [", "cannot be read"), ("kind: Pod", "not a Job"), ("[]", "no Job for light"), ("3", "not a Job")],
)
def test_bad_templates_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        template(tmp_path, text)
    with pytest.raises(UserError, match="CISLEX_JOB_TEMPLATE"):
        read_templates(None)


def test_labels_can_hold_any_name() -> None:
    assert label_value("Lab of Ünal / 3") == "Lab-of--nal---3"
    assert len(label_value("x" * 100)) == 63
    assert label_value("-a-") == "a"


# ---- the API ------------------------------------------------------------------------------------------------------


def test_rights_and_refusals_are_told(bench: KubernetesBench) -> None:
    bench.backend().check()
    stranger = KubernetesJobs(read_templates(bench.template), bench.cluster.namespace, bench.api("wrong"))
    with pytest.raises(SystemAwayError, match="ServiceAccount"):
        stranger.check()
    with pytest.raises(CislexError, match="refused the job"):
        bench.backend().submit(a_job("Not A Name"))
    bench.cluster.away = True
    with pytest.raises(SystemAwayError, match="shutting down"):
        bench.backend().status(["x"])
    bench.cluster.away = False
    bench.backend().stop("nobody")
    assert bench.backend().remove("nobody")


def test_the_same_name_is_one_job(bench: KubernetesBench, driver: Driver) -> None:
    runs = driver.home / "runs"
    one = AttemptSpec("same", 1, "toy.Count", {"n": 3, "misbehave": f"mark:{runs}"}, "count")
    driver.engine.submit(one)
    driver.end(one.ref)
    bench.backend().submit(driver.engine._job(driver.engine._runs[one.ref], one))  # 409, and that is fine
    time.sleep(1)
    assert runs.read_text() == "ran\n"


def test_a_drained_node_is_not_the_tasks_fault(bench: KubernetesBench, driver: Driver) -> None:
    one = AttemptSpec("drained", 1, "toy.Count", {"n": 500, "pause_s": 0.02, "misbehave": "deaf"}, "count")
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.message.startswith("child"))
    bench.cluster.evict(job_name("drained", 1))
    outcome = driver.end(one.ref).outcome
    assert outcome is not None
    assert outcome.exit is Exit.PREEMPTED


def test_memory_that_ran_out_is_named(bench: KubernetesBench, driver: Driver) -> None:
    one = AttemptSpec("hungry", 1, "toy.Count", {"n": 500, "pause_s": 0.05}, "count")
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.progress.get("done", 0) >= 1)
    bench.cluster.oom_kill(job_name("hungry", 1))
    outcome = driver.end(one.ref).outcome
    assert outcome is not None
    assert outcome.error is not None
    assert (outcome.exit, outcome.error["reason"]) == (Exit.OUT_OF_MEMORY, "OUT_OF_MEMORY")


def test_a_deaf_task_is_gone_soon_after_its_grace(bench: KubernetesBench, driver: Driver, tmp_path: Path) -> None:
    one = AttemptSpec("deaf", 1, "toy.Count", {"n": 3, "misbehave": "deaf"}, "count")
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.message.startswith("child"))
    driver.engine.stop(one.ref, 0.5)
    assert driver.end(one.ref).phase is Phase.LOST
    assert gone(job_processes(tmp_path))
    wait_for(lambda: not bench.backend().status([job_name("deaf", 1)]))


def test_an_attempt_that_waits_says_why(tmp_path: Path) -> None:
    with kubernetes_bench(tmp_path, nodes=(1,)) as small:
        driver = Driver(job_engine(small.backend(), tmp_path, max_light=2), tmp_path)
        first = AttemptSpec("first", 1, "toy.Count", {"n": 200, "pause_s": 0.02}, "count")
        second = AttemptSpec("second", 1, "toy.Count", {"n": 3}, "count")
        driver.engine.submit(first)
        driver.until(first.ref, lambda s: s.phase is Phase.RUNNING)
        driver.engine.submit(second)
        seen = driver.until(second.ref, lambda s: s.phase is Phase.PENDING and "insufficient" in s.message)
        assert seen.silent_s == 0
        assert driver.engine.backend.status([job_name("second", 1)]).popitem()[1].phase is JobPhase.PENDING
        driver.engine.stop(first.ref, 5)
        outcome = driver.end(second.ref).outcome
        assert outcome is not None
        assert outcome.exit is Exit.OK
        driver.engine.close(1)


def test_logs_are_followed_while_it_runs(driver: Driver, tmp_path: Path) -> None:
    one = AttemptSpec("talks", 1, "toy.Count", {"n": 200, "pause_s": 0.05}, "count")
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.progress.get("done", 0) >= 1)
    log = tmp_path / "logs" / "jobs" / f"{job_name('talks', 1)}.log"
    wait_for(lambda: log.exists() and "toy.Count talks attempt 1" in log.read_text())
    assert driver.engine.observe([one.ref])[one.ref].phase is Phase.RUNNING
    driver.engine.stop(one.ref, 5)
    driver.end(one.ref)


# ---- a whole server -----------------------------------------------------------------------------------------------


def kubeconfig(bench: KubernetesBench, path: Path) -> Path:
    """As a site's administrator has it."""
    user = {"name": "u", "user": {"token": bench.cluster.token}}
    cluster = {"name": "c", "cluster": {"server": bench.cluster.url}}
    context = {"name": "x", "context": {"cluster": "c", "user": "u", "namespace": bench.cluster.namespace}}
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "x", "users": [user], "clusters": [cluster],
        "contexts": [context],
    }  # fmt: skip
    path.write_text(json.dumps(config))
    return path


def test_a_server_runs_its_operations_as_jobs_and_a_killed_one_is_followed_by_the_next(
    bench: KubernetesBench, short_dir: Path
) -> None:
    document = yaml.safe_load(bench.template.read_text())
    container = document["spec"]["template"]["spec"]["containers"][0]
    container["env"] += [{"name": name, "value": value} for name, value in TOY.items()]
    job_yaml = short_dir / "job.yaml"
    job_yaml.write_text(yaml.safe_dump(document))
    settings = {
        "CISLEX_ENGINE": "kubernetes",
        "CISLEX_JOB_TEMPLATE": str(job_yaml),
        "CISLEX_KUBERNETES_NAMESPACE": bench.cluster.namespace,
        "KUBECONFIG": str(kubeconfig(bench, short_dir / "kubeconfig")),
    }
    with a_server(short_dir, **settings) as server:
        operation, metadata, state = server.run(n=4)
        assert state == "SUCCEEDED", metadata
        assert server.total(operation) == 6
        long = server.submit(n=150, pause_s=0.05, request_id="6f0a3c52-9c1f-4d8e-8f77-0d1f4a6f2d11")
        server.wait_for(long.name, lambda m: m.progress.done >= 1, timeout_s=60)
        (job,) = job_processes(short_dir)
        server.kill()
        assert Path(f"/proc/{job}").exists()
        server.start()
        metadata = server.wait_for(long.name, lambda m: m.progress.done > 100, timeout_s=60)
        assert metadata.attempt == 1  # adopted, not started again
        assert server.connection.wait(long.name).done
        slow = server.submit(n=5000, pause_s=0.05)
        server.wait_for(slow.name, lambda m: m.progress.done >= 1, timeout_s=60)
        server.connection.cancel(slow.name)
        server.wait_for(slow.name, lambda m: state_name(m) == "CANCELLED", timeout_s=10)
    assert gone(job_processes(short_dir))
