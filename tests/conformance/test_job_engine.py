"""What an engine over jobs does beyond the suite: it adopts, waits for systems that are away, and keeps checkpoints."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import toy
from cislex_core.canonical import digest_file
from cislex_core.settings import Settings
from cislex_core.stores.local import LocalStore
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.calling.client import Client
from cislex_runtime.engines import choice, leavings
from cislex_runtime.engines.choice import job_environment
from cislex_runtime.engines.engine import AttemptSpec, Exit, Phase
from cislex_runtime.engines.followed import OUTCOME_GRACE_S
from cislex_runtime.engines.job_engine import JobEngine
from cislex_runtime.engines.jobs import Job, SystemAwayError, job_name
from cislex_runtime.engines.mailbox import Mailbox, default_url, split_attempt_url
from cislex_runtime.working.checkpoint_sync import CheckpointSync
from engine_benches import TOY, Driver, job_engine, job_processes
from process_jobs import ProcessJobs
from running import gone
from s3_server import S3Server
from security_scene import serving


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[ProcessJobs]:
    made = ProcessJobs(tmp_path / "printed")
    yield made
    made.close()


@pytest.fixture
def driver(jobs: ProcessJobs, tmp_path: Path) -> Iterator[Driver]:
    made = Driver(job_engine(jobs, tmp_path), tmp_path)
    yield made
    made.engine.close(1)


def attempt(op_id: str, number: int = 1, **spec: Any) -> AttemptSpec:
    return AttemptSpec(op_id, number, "toy.Count", {"n": 3, **spec}, "count", tenant="lab")


def wait_for(good: Callable[[], bool], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not good():
        assert time.monotonic() < end
        time.sleep(0.05)


def exit_of(driver: Driver, ref: str) -> Exit:
    outcome = driver.end(ref).outcome
    assert outcome is not None
    return outcome.exit


def test_a_new_owner_adopts_what_runs(driver: Driver, jobs: ProcessJobs, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    one = attempt("long", n=60, pause_s=0.05, misbehave=f"mark:{runs}")
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.progress.get("done", 0) >= 1)
    driver.engine.close(1)
    assert len(job_processes(tmp_path)) == 1  # nothing was killed
    second = Driver(job_engine(jobs, tmp_path), tmp_path)
    seen = second.engine.observe([one.ref])[one.ref]
    assert seen.phase is Phase.RUNNING
    assert second.engine.capacity().light == 0
    assert exit_of(second, one.ref) is Exit.OK
    assert runs.read_text() == "ran\n"
    second.engine.close(1)


def test_an_attempt_that_was_written_but_not_started_is_started_by_the_next_owner(
    driver: Driver, jobs: ProcessJobs, tmp_path: Path
) -> None:
    one = attempt("written")
    driver.engine._mailbox.create(f"{one.ref}/attempt.json", one.to_json())  # then the owner died
    assert driver.engine.observe([one.ref])[one.ref].phase is Phase.INITIALIZING
    assert exit_of(driver, one.ref) is Exit.OK


def test_a_system_that_is_away_loses_nothing(driver: Driver, jobs: ProcessJobs) -> None:
    one = attempt("away", n=30, pause_s=0.05)
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.progress.get("done", 0) >= 1)
    jobs.away = "the dashboard is away"
    with pytest.raises(SystemAwayError):
        driver.engine.check()
    wait_for(lambda: bool(driver.engine.away))
    later = attempt("later")
    driver.engine.submit(later)
    driver.until(later.ref, lambda s: s.phase is Phase.PENDING and "the dashboard is away" in s.message)
    assert exit_of(driver, one.ref) is Exit.OK  # the mailbox tells
    jobs.away = ""
    assert exit_of(driver, later.ref) is Exit.OK
    assert driver.engine.away == ""


def test_nobody_is_adopted_or_lost_while_the_system_is_away(driver: Driver, jobs: ProcessJobs) -> None:
    jobs.away = "the dashboard is away"
    assert driver.engine.observe(["who/1"])["who/1"].phase is Phase.INITIALIZING
    jobs.away = ""
    seen = driver.engine.observe(["who/1"])["who/1"]
    assert (seen.phase, seen.counted) == (Phase.LOST, False)


def test_a_mailbox_that_is_away_loses_nothing(
    driver: Driver, jobs: ProcessJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = attempt("mute")
    driver.engine.submit(one)
    real = driver.engine._mailbox.list
    broken = threading.Event()

    def listing(prefix: str) -> Any:
        if broken.is_set():
            raise OSError("the bucket is away")
        return real(prefix)

    monkeypatch.setattr(driver.engine._mailbox, "list", listing)
    broken.set()
    wait_for(lambda: job_name("mute", 1) in jobs.processes and jobs.processes[job_name("mute", 1)].poll() == 0)
    time.sleep(OUTCOME_GRACE_S + 0.5)
    assert driver.engine.observe([one.ref])[one.ref].phase not in (Phase.LOST, Phase.EXITED)
    broken.clear()
    assert exit_of(driver, one.ref) is Exit.OK


def test_a_job_that_vanished_is_lost_and_counted(driver: Driver, jobs: ProcessJobs) -> None:
    one = attempt("vanished", n=500, pause_s=0.05)
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.progress.get("done", 0) >= 1)
    process = jobs.processes.pop(job_name("vanished", 1))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    seen = driver.end(one.ref)
    assert (seen.phase, seen.counted) == (Phase.LOST, True)
    assert "does not know the job" in seen.detail


def test_a_stopped_process_falls_silent(driver: Driver) -> None:
    one = attempt("frozen", misbehave="stop_once")
    driver.engine.submit(one)
    seen = driver.until(one.ref, lambda s: s.silent_s > 2)
    assert seen.phase in (Phase.RUNNING, Phase.INITIALIZING)
    driver.engine.stop(one.ref, 0.1)
    assert driver.end(one.ref).phase is Phase.LOST


def test_sigterm_pre_empts_and_the_next_attempt_goes_on(driver: Driver, jobs: ProcessJobs, tmp_path: Path) -> None:
    spec: dict[str, Any] = {"n": 200, "pause_s": 0.02}
    first = attempt("moved", 1, **spec)
    driver.engine.submit(first)
    driver.until(first.ref, lambda s: s.progress.get("done", 0) >= 20)
    process = jobs.processes[job_name("moved", 1)]
    os.killpg(process.pid, signal.SIGTERM)
    assert exit_of(driver, first.ref) is Exit.PREEMPTED
    assert process.wait(10) == 143
    second = attempt("moved", 2, **spec)
    driver.engine.submit(second)
    seen = driver.end(second.ref)
    assert seen.outcome is not None
    assert seen.outcome.summary["total"] == sum(range(200))
    printed = (jobs.folder / f"{job_name('moved', 2)}.txt").read_text()
    assert "going on from the checkpoints of attempt 1" in printed
    driver.engine.clear("moved")
    wait_for(lambda: not driver.engine._mailbox.list("checkpoints/moved"))


def test_a_job_whose_attempt_was_given_up_ends_by_itself(driver: Driver, tmp_path: Path) -> None:
    one = attempt("zombie", n=5000, pause_s=0.02)
    driver.engine.submit(one)
    driver.until(one.ref, lambda s: s.progress.get("done", 0) >= 1)
    driver.engine.clear("zombie")
    assert gone(job_processes(tmp_path), timeout_s=20)


def test_what_was_stopped_before_it_was_handed_over_is_cancelled(driver: Driver, jobs: ProcessJobs) -> None:
    jobs.away = "the dashboard is away"
    one = attempt("early")
    driver.engine.submit(one)
    driver.engine.stop(one.ref, 5)
    assert exit_of(driver, one.ref) is Exit.CANCELLED
    jobs.away = ""
    time.sleep(0.5)
    assert jobs.submissions == []


def test_input_paths_travel_through_the_store(driver: Driver, tmp_path: Path) -> None:
    source = tmp_path / "peaks.bed"
    source.write_text("chr1\t1\t2\n")
    stat, digest = source.stat(), digest_file(source)
    known = {"path": str(source), "size_bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns, "inode": stat.st_ino}
    spec = {"n": 1, "source": {"sha256": digest, "path": str(source)}}
    driver.engine.submit(AttemptSpec("files", 1, "toy.Count", spec, "count", files={digest: known}))
    outcome = driver.end("files/1").outcome
    assert outcome is not None
    store = LocalStore(tmp_path / "store")
    assert store.open_artifact(outcome.artifact).path("copy.bin").read_text() == "chr1\t1\t2\n"
    source.write_text("changed")
    known["path"] = str(tmp_path / "gone")
    spec = {"n": 1, "source": {"sha256": "1" * 64, "path": known["path"]}}
    driver.engine.submit(AttemptSpec("lost", 1, "toy.Count", spec, "count", files={"1" * 64: known}))
    outcome = driver.end("lost/1").outcome
    assert outcome is not None
    assert outcome.error is not None
    assert (outcome.exit, outcome.error["reason"]) == (Exit.USER, "FILE_NOT_FOUND")


def test_what_a_job_printed_is_kept_and_told(driver: Driver, tmp_path: Path) -> None:
    one = AttemptSpec("broken", 1, "toy.Count", {"n": 3, "misbehave": "die_always"}, "count")
    driver.engine.submit(one)
    seen = driver.end(one.ref)
    assert "SIGKILL" in seen.detail
    assert "its last lines:" in seen.detail
    assert "toy.Count broken attempt 1" in seen.detail
    log = tmp_path / "logs" / "jobs" / f"{job_name('broken', 1)}.log"
    assert "toy.Count broken attempt 1" in log.read_text()


def test_the_first_outcome_wins(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path.as_uri())
    assert mailbox.create("a/1/outcome.json", {"exit": "ok"})
    assert not mailbox.create("a/1/outcome.json", {"exit": "user"})
    assert mailbox.get("a/1/outcome.json") == {"exit": "ok"}
    mailbox.delete("a")
    assert mailbox.get("a/1/outcome.json") is None
    mailbox.remove("a/1/outcome.json")
    mailbox.delete("a")


def test_checkpoints_of_the_newest_attempt_count(tmp_path: Path) -> None:
    mailbox = Mailbox((tmp_path / "box").as_uri())
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    assert CheckpointSync(mailbox, "op", 1, folders[1]).restore() is None
    first = CheckpointSync(mailbox, "op", 1, folders[1])
    assert not first.push()
    (folders[1] / "seed").mkdir()
    (folders[1] / "seed" / "state").write_text("10")
    (folders[1] / "other").write_text("x")
    assert first.push()
    assert not first.push()
    second = CheckpointSync(mailbox, "op", 2, folders[2])
    assert second.restore() == 1
    assert (folders[2] / "seed" / "state").read_text() == "10"
    (folders[2] / "seed" / "state").write_text("20")
    (folders[2] / "other").unlink()
    assert second.push()
    # The first one was given up but still runs: what it writes counts no more.
    (folders[1] / "seed" / "state").write_text("11")
    first.push()
    third = CheckpointSync(mailbox, "op", 3, folders[3])
    assert third.restore() == 2
    assert (folders[3] / "seed" / "state").read_text() == "20"
    assert not (folders[3] / "other").exists()


def test_a_state_that_changes_while_it_is_copied_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox((tmp_path / "box").as_uri())
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "a").write_text("old")
    (folder / "b").write_text("old")
    sync = CheckpointSync(mailbox, "op", 1, folder)
    upload = mailbox.upload

    def slow(name: str, source: Path) -> None:
        upload(name, source)
        (folder / "a").write_text("newer")

    monkeypatch.setattr(mailbox, "upload", slow)
    assert not sync.push()
    assert mailbox.list("checkpoints/op") == {}
    monkeypatch.setattr(mailbox, "upload", upload)
    assert sync.push()


def test_old_leftovers_are_swept(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("old/1/attempt.json", "checkpoints/old/1/index.json"):
        driver.engine._mailbox.put(name, {})
    driver.engine._leavings.sweep()
    assert len(driver.engine._mailbox.list("")) == 2
    monkeypatch.setattr(leavings, "SWEEP_AFTER_S", -1.0)
    driver.engine._leavings.sweep()
    assert driver.engine._mailbox.list("") == {}


def test_jobs_speak_through_a_bucket(jobs: ProcessJobs, tmp_path: Path, s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    store = s3_server.store(tmp_path / "cache", bucket)
    mailbox = Mailbox(f"s3://{bucket}/lab/mailbox", s3_server.endpoint)
    assert mailbox.get("x/1/report.json") is None
    assert (mailbox.create("x/1/a", 1), mailbox.create("x/1/a", 2), mailbox.get("x/1/a")) == (True, False, 1)
    env = {
        **TOY,
        "CISLEX_HOME": str(tmp_path / "home"),
        "CISLEX_STORE_URL": s3_server.url(bucket),
        "CISLEX_STORE_ENDPOINT": s3_server.endpoint,
    }
    engine = JobEngine(jobs, mailbox, store, tmp_path / "logs", env=env, poll_s=0.2)
    driver = Driver(engine, tmp_path)
    first = attempt("bucket", 1, n=200, pause_s=0.05)
    engine.submit(first)
    driver.until(first.ref, lambda s: s.progress.get("done", 0) >= 20)
    os.killpg(jobs.processes[job_name("bucket", 1)].pid, signal.SIGTERM)
    assert exit_of(driver, first.ref) is Exit.PREEMPTED
    second = attempt("bucket", 2, n=200, pause_s=0.05)
    engine.submit(second)
    outcome = driver.end(second.ref).outcome
    assert outcome is not None
    assert store.open_artifact(outcome.artifact).json("sum.json") == {"sum": sum(range(200))}
    assert "the checkpoints of attempt 1" in (jobs.folder / f"{job_name('bucket', 2)}.txt").read_text()
    engine.clear("bucket")
    wait_for(lambda: not mailbox.list("checkpoints/bucket") and not mailbox.list("bucket"))
    engine.close(1)


def test_names_of_jobs_are_labels_and_differ() -> None:
    ids = ["01K3ZZZZZZZZZZZZZZZZZZZZZZ", "a_b", "a-b", "A-B", "x" * 80]
    names = [job_name(one, number) for one in ids for number in (1, 12)]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 and name.replace("-", "").isalnum() and name == name.lower() for name in names)


def test_where_the_mailbox_is(tmp_path: Path) -> None:
    assert default_url(Settings(home=tmp_path)) == f"file://{tmp_path}/mailbox"
    assert default_url(Settings(home=tmp_path, store_url="s3://b/p")) == "s3://b/p/mailbox"
    assert default_url(Settings(home=tmp_path, mailbox_url="s3://m")) == "s3://m"
    assert split_attempt_url("s3://b/p/mailbox/OP/3") == ("s3://b/p/mailbox", "OP", 3)
    with pytest.raises(ValueError, match="attempt number"):
        split_attempt_url("s3://b/OP/x")
    with pytest.raises(ValueError, match="neither"):
        Mailbox("ftp://x")


def test_no_secret_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.setenv("CISLEX_LEDGER_URL", "postgresql://u:secret@h/d")
    monkeypatch.setenv("AWS_REGION", "eu-1")
    passed = job_environment(Settings(home=tmp_path, store_url="s3://b/p"))
    assert passed == {"CISLEX_STORE_URL": "s3://b/p", "AWS_REGION": "eu-1"}


def test_the_settings_of_traces_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"CISLEX_{name.upper()}" for name in Settings.model_fields if name.startswith("otel_")]
    assert "CISLEX_OTEL_ENDPOINT" in names
    for name in names:
        monkeypatch.delenv(name, raising=False)
    settings = Settings(home=tmp_path, store_url="s3://b/p")
    assert not set(names) & set(job_environment(settings))
    for name in names:
        monkeypatch.setenv(name, "http://collector:4317")
    assert {name: job_environment(settings).get(name) for name in names} == dict.fromkeys(
        names, "http://collector:4317"
    )


async def test_a_job_continues_the_trace_of_its_submission(
    jobs: ProcessJobs, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the extra [otel] is not installed")
    from cislex_runtime.telemetry import tracing
    from collector import a_collector
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    sent: list[Job] = []
    take = jobs.submit
    monkeypatch.setattr(jobs, "submit", lambda job: (sent.append(job), take(job)))
    monkeypatch.setattr(choice, "_backend", lambda settings: jobs)
    for name, value in TOY.items():
        monkeypatch.setenv(name, value)
    settings = Settings(home=short_dir, engine="ray", ray_address="http://nowhere", drain_grace_s=1, stop_grace_s=1)
    with a_collector() as collector:
        monkeypatch.setenv("CISLEX_OTEL_ENDPOINT", collector.endpoint)
        async with serving(settings, [toy.register]) as server, Client(open_channel(server.address)) as client:
            tracing.start_with(SimpleSpanProcessor(InMemorySpanExporter()), "here")
            try:
                stub = toy.Stub(client.channel)
                with tracing.span("my analysis"):
                    trace_id = tracing.ids()["trace_id"]
                    operation = await client.submit(stub.Count, stub.m.CountRequest(n=200, pause_s=0.05))
            finally:
                tracing.stop()
            ref = f"{operation.name.rpartition('/')[2]}/1"
            mailbox = Mailbox(default_url(settings))
            while (written := await asyncio.to_thread(mailbox.get, f"{ref}/attempt.json")) is None:
                await asyncio.sleep(0.05)
            assert written["trace"]["traceparent"].split("-")[1] == trace_id
            await client.cancel(operation.name)
            await client.wait(operation.name)
            (run,) = await asyncio.to_thread(collector.find, "cislex-worker", "attempt toy.Count")
    assert run.trace_id == trace_id
    assert run.parent_id == written["trace"]["traceparent"].split("-")[2]
    assert [job.env.get("CISLEX_OTEL_ENDPOINT") for job in sent] == [collector.endpoint]
