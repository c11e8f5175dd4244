"""Mark and sweep: nothing that is referred to is lost, whatever happens meanwhile; the rest leaves after its grace."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cislex_core.errors import CislexError, Reason
from cislex_core.manifests import Manifest
from cislex_core.settings import Settings
from cislex_core.stores.local import LocalStore
from cislex_runtime import names, states
from cislex_runtime.ledger import Ledger, Operation, Resource, StoreResult
from cislex_runtime.owning.collector import DAY_S, Collector
from cislex_runtime.owning.owner import Ownership
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from postgres import fresh_database
from s3_server import S3Server


class Site:
    """A ledger and a store, with time that can be moved: everything there becomes older."""

    def __init__(self, folder: Path, store: Any, ledger_url: str = "", **values: Any) -> None:
        self.settings = Settings(home=folder, ledger_url=ledger_url, **values)
        self.settings.make_home()
        self.ledger = Ledger(self.settings.url)
        self.ledger.migrate()
        self.store = store
        self.collector = Collector(self.ledger, store, self.settings)
        self.now_s = time.time()

    def close(self) -> None:
        self.store.release()
        self.ledger.close()

    def artifact(self, content: bytes, inputs: dict[str, str] | None = None) -> str:
        staged = self.store.stage()
        (staged / "data.bin").write_bytes(content)
        return self.store.commit_artifact(staged, Manifest(kind="count", inputs=inputs or {})).digest

    def file(self, content: bytes, tenant: str = "local") -> str:
        with tempfile.NamedTemporaryFile(dir=self.settings.home) as file:
            file.write(content)
            file.flush()
            digest = self.store.put_file(Path(file.name))
        self.ledger.add_file(tenant, digest, len(content))
        return digest

    def resource(self, digest: str, tenant: str = "local") -> Resource:
        name = names.resource_name(tenant, "counts", digest)
        return Resource(name, tenant, "counts", "count", digest, 1, {}, "", time.time())

    def name(self, digest: str, tenant: str = "local") -> str:
        return self.ledger.add_resource(self.resource(digest, tenant)).name

    def submit(self, *refers: str) -> Operation:
        request = {"spec": {"inputs": list(refers)}, "files": {}, "cache_key": names.new_id()}
        operation = Operation(
            names.new_id(), "local", "toy.Count", states.QUEUED, created_at=time.time(), request=request,
            snapshot={"timings": {}},
        )  # fmt: skip
        self.ledger.create(operation, "toy.Count", names.new_id(), "x")
        return operation

    def start(self, operation: Operation) -> None:
        def step(op: Operation) -> Operation:
            return replace(op, state=states.INITIALIZING, attempt=op.attempt + 1)

        assert self.ledger.change(operation.id, step)

    def finish(self, operation: Operation, digest: str) -> None:
        def step(op: Operation) -> Operation:
            return replace(op, state=states.SUCCEEDED).with_time("finished", time.time())

        result = StoreResult(operation.request["cache_key"], self.resource(digest))
        assert self.ledger.change(operation.id, step, [result])

    def collect(self, after_days: float = 2.0, **options: Any) -> Any:
        return self.collector.collect(now_s=time.time() + after_days * DAY_S, **options)


@pytest.fixture(params=["local", "s3", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """On SQLite with each store, and on PostgreSQL."""
    with contextlib.ExitStack() as stack:
        url = ""
        if request.param == "postgres":
            url = stack.enter_context(fresh_database()).render_as_string(hide_password=False)
        made = Site(tmp_path / "home", make_store(request.param, request, tmp_path), url)
        stack.callback(made.close)
        yield made


def make_store(kind: str, request: pytest.FixtureRequest, folder: Path) -> Any:
    if kind != "s3":
        return LocalStore(folder / "store")
    return request.getfixturevalue("s3_server").store(folder / "cache")


def test_what_nothing_refers_to_goes_after_its_grace(site: Site) -> None:
    named, alone = site.artifact(b"named"), site.artifact(b"alone")
    site.name(named, "lab-a")
    assert site.collect(after_days=0.9).n_artifacts == 0, "younger than a day"
    said = site.collect(dry_run=True)
    assert (said.n_artifacts, site.store.has(alone)) == (1, True)
    assert said.freed_bytes > 5
    assert site.collect().n_artifacts == 1
    assert site.store.artifacts() == [named]


def test_inputs_of_what_is_kept_stay_however_far_back(site: Site) -> None:
    file = site.file(b"peaks")
    first = site.artifact(b"1", {"peaks": file})
    second = site.artifact(b"2", {"dataset": first})
    third = site.artifact(b"3", {"model": second})
    name = site.name(third)
    assert site.collect().n_artifacts == 0
    site.ledger.delete_resource(name)
    assert site.collect().n_artifacts == 3
    assert site.store.has(file), "files are kept for ever unless the site says otherwise"


def test_operations_in_flight_keep_what_they_refer_to(site: Site) -> None:
    root = site.artifact(b"root")
    used = site.artifact(b"used", {"root": root})
    waiting = site.submit(used)
    assert site.collect().n_artifacts == 0
    site.ledger.change(waiting.id, lambda op: replace(op, state=states.CANCELLED))
    assert site.collect().n_artifacts == 2


def test_a_result_that_is_not_named_yet_stays(site: Site) -> None:
    operation = site.submit()
    site.start(operation)
    result = site.artifact(b"result")  # committed; then the server was away for a week
    assert site.collect(after_days=7).n_artifacts == 0
    site.finish(operation, result)
    assert site.collect(after_days=7).n_artifacts == 0
    assert site.store.has(result)


def test_results_without_a_name_are_no_cache_hits(site: Site) -> None:
    operation = site.submit()
    site.start(operation)
    result = site.artifact(b"result")
    site.finish(operation, result)
    site.ledger.delete_resource(site.resource(result).name)
    assert site.ledger.cached_result(operation.request["cache_key"]) == result
    site.collect()
    assert site.ledger.cached_result(operation.request["cache_key"]) is None
    assert not site.store.has(result)


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_files_leave_when_the_site_says_so(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    site = Site(tmp_path / "home", make_store(kind, request, tmp_path), store_keep_days=10)
    old, used, deep = site.file(b"old", "a"), site.file(b"used", "a"), site.file(b"deep", "a")
    site.submit(used)
    site.name(site.artifact(b"made", {"file": deep}))
    assert site.collect(after_days=9).n_files == 0
    assert site.collect(after_days=11).n_files == 1
    assert not site.store.has(old)
    assert site.ledger.owned("a", [old, used, deep]) == {used, deep}, "nobody owns what is gone"
    assert site.store.has(used)
    assert site.store.has(deep)
    site.close()


def test_operations_are_forgotten_and_their_results_stay(site: Site) -> None:
    done, running = site.submit(), site.submit()
    site.start(done)
    result = site.artifact(b"result")
    site.finish(done, result)
    assert site.collect(after_days=29).n_operations == 0
    assert site.collect(after_days=31, dry_run=True).n_operations == 1
    assert site.collect(after_days=31).n_operations == 1
    assert site.ledger.get(done.id) is None
    assert site.ledger.get(running.id) is not None
    assert site.store.has(result)


def test_temporaries_leave_after_a_day_and_not_under_a_running_attempt(site: Site) -> None:
    staged = site.store.stage()
    operation = site.submit()
    site.start(operation)
    assert site.collect(after_days=5).n_temporaries == 0, "an attempt that runs may write there"
    site.finish(operation, site.artifact(b"x"))
    assert site.collect(after_days=5).n_temporaries == 1
    assert not staged.exists()


def test_one_collection_at_a_time_and_one_ledger_a_store(site: Site, tmp_path: Path) -> None:
    site.collect()
    other = Site(tmp_path / "other", site.store)
    with pytest.raises(CislexError, match="another ledger") as caught:
        other.collect()
    assert caught.value.reason is Reason.STORE_REFUSED
    busy = Ownership(site.ledger, site.settings.home)
    assert busy.try_acquire("collector")
    with pytest.raises(CislexError, match="is running") as caught:
        site.collect()
    assert caught.value.reason is Reason.UNAVAILABLE
    busy.release()
    other.ledger.close()


@pytest.mark.parametrize("then", ["named", "submitted", "made from it", "committed again"])
def test_what_is_referred_to_after_the_mark_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, then: str
) -> None:
    """The mark has not seen the reference; the sweep asks again, at the moment of each deletion."""
    digest = site.artifact(b"late")
    older(site.store, request.getfixturevalue("s3_server"), digest, 2 * DAY_S)
    asked = site.store.delete

    def meanwhile(doomed: str, **options: Any) -> bool:
        if then == "named":
            site.name(digest)
        elif then == "submitted":
            site.submit(digest)
        elif then == "committed again":
            site.artifact(b"late")
        else:
            site.name(site.artifact(b"child", {"parent": digest}))
        return bool(asked(doomed, **options))

    monkeypatch.setattr(site.store, "delete", meanwhile)
    assert site.collect(after_days=0).n_artifacts == 0
    assert site.store.has(digest)
    monkeypatch.setattr(site.store, "delete", asked)
    assert site.collect(after_days=2).n_artifacts == (then == "committed again"), "it was a candidate"


def older(store: Any, server: S3Server, digest: str, by_s: float) -> None:
    """Make an artifact look older than it is."""
    place = f"artifacts/{digest[:2]}/{digest}/manifest.json"
    if isinstance(store, LocalStore):
        was = (store.root / place).stat().st_mtime
        os.utime(store.root / place, (was - by_s, was - by_s))
    else:
        server.make_older(store._bucket.name, f"lab/{place}", by_s)


@dataclass
class Attempt:
    """A running one: what its operation refers to, and what it committed."""

    operation: Operation
    refers: list[str]
    digest: str = ""


class Interleavings(RuleBasedStateMachine):
    """Commits, ends, deletions of names and collections in any order, and within a collection before each deletion.

    Time stands still but before most collections: all that is there and that the ledger knows becomes two days older.
    """

    make: Callable[[Path], Any]
    older: Callable[[Any, str, float], None]

    def __init__(self) -> None:
        super().__init__()
        # Much is synced to disk here, and nothing of it matters.
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.site = Site(Path(self.folder.name) / "home", self.make(Path(self.folder.name)), store_keep_days=1)
        self.running: list[Attempt] = []
        self.ended: list[tuple[Operation, str]] = []
        self.inside: list[Callable[[], None]] = []
        delete = self.site.store.delete

        def deleting(digest: str, **options: Any) -> bool:
            if self.inside:
                self.inside.pop()()
            return bool(delete(digest, **options))

        self.site.store.delete = deleting

    def teardown(self) -> None:
        self.site.close()
        self.folder.cleanup()

    def _readable(self) -> list[str]:
        return sorted(self.site.ledger.named_digests())

    @initialize()
    def begin(self) -> None:
        """A result, one made from it, and one that nobody named."""
        self._finish(self._submit([]), b"a")
        self._finish(self._submit(self._readable()), b"b")
        self.commit_only(b"lost")

    def _submit(self, refers: list[str]) -> Attempt:
        operation = self.site.submit(*refers)
        self.site.start(operation)
        self.running.append(Attempt(operation, refers))
        return self.running[-1]

    def _commit(self, attempt: Attempt, content: bytes) -> None:
        attempt.digest = self.site.artifact(content, {str(i): one for i, one in enumerate(attempt.refers)})

    def _finish(self, attempt: Attempt, content: bytes) -> None:
        if not attempt.digest:
            self._commit(attempt, content)
        self.running.remove(attempt)
        self.site.finish(attempt.operation, attempt.digest)
        self.ended.append((attempt.operation, attempt.digest))

    @rule(data=st.data())
    def submit(self, data: st.DataObject) -> None:
        """An operation whose inputs have names now."""
        known = self._readable()
        refers = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True)) if known else []
        self._submit(refers)

    @rule(data=st.data(), content=st.sampled_from([b"a", b"b", b"lost"]))
    def commit(self, data: st.DataObject, content: bytes) -> None:
        """An attempt commits, perhaps what was committed before; its operation does not name it yet."""
        if self.running:
            self._commit(data.draw(st.sampled_from(self.running)), content)

    @rule(data=st.data(), content=st.sampled_from([b"a", b"b", b"c"]))
    def finish(self, data: st.DataObject, content: bytes) -> None:
        """An operation names what its attempt committed."""
        if self.running:
            self._finish(data.draw(st.sampled_from(self.running)), content)

    @rule(content=st.sampled_from([b"a", b"b", b"lost"]))
    def commit_only(self, content: bytes) -> None:
        """An attempt that was lost after its commit."""
        self.site.artifact(content)

    @rule(data=st.data())
    def delete_name(self, data: st.DataObject) -> None:
        known = self._readable()
        if known:
            self.site.ledger.delete_resource(self.site.resource(data.draw(st.sampled_from(known))).name)

    @rule(data=st.data())
    def use_cache(self, data: st.DataObject) -> None:
        """As a submission that finds its result: look, name, confirm; take the name back when it is gone."""
        if not self.ended:
            return
        operation, _ = data.draw(st.sampled_from(self.ended))
        digest = self.site.ledger.cached_result(operation.request["cache_key"])
        if digest is not None and self.site.store.has(digest):
            name = self.site.name(digest)
            if not self.site.store.confirm(digest):
                self.site.ledger.delete_resource(name)

    def _wait(self) -> None:
        for item in list(self.site.store.contents()):
            self.older(self.site.store, item.digest, 2 * DAY_S)
        for table, column in (("operations", "created_at"), ("tenant_files", "created_at")):
            with self.site.ledger.engine.begin() as connection:
                connection.exec_driver_sql(f"UPDATE {table} SET {column} = {column} - {2 * DAY_S}")

    @rule(data=st.data())
    def collect(self, data: st.DataObject) -> None:
        """Other things happen before the first deletions."""
        if data.draw(st.integers(0, 4)):
            self._wait()
        steps = [self.submit, self.delete_name, self.use_cache]
        self.inside = [
            (lambda step=step: step(data)) for step in data.draw(st.lists(st.sampled_from(steps), max_size=3))
        ]
        if data.draw(st.booleans()):
            self.inside.append(lambda: self.commit(data, b"lost"))
        self.site.collector.collect()
        self.inside = []

    @invariant()
    def nothing_that_is_referred_to_is_lost(self) -> None:
        todo = self._readable()
        for attempt in self.running:
            todo += [*attempt.refers, *filter(None, [attempt.digest])]
        seen: set[str] = set()
        while todo:
            digest = todo.pop()
            if digest not in seen:
                seen.add(digest)
                artifact = self.site.store.open_artifact(digest)
                assert artifact.path("data.bin").is_file()
                todo += artifact.manifest.inputs.values()


@pytest.mark.parametrize("kind, examples", [("local", 40), ("s3", 15)])
def test_no_interleaving_loses_anything(kind: str, examples: int, request: pytest.FixtureRequest) -> None:
    def aged(store: Any, digest: str, by_s: float) -> None:
        older(store, request.getfixturevalue("s3_server"), digest, by_s)

    def made(folder: Path) -> Any:
        return make_store(kind, request, folder)

    machine = type("Machine", (Interleavings,), {"make": staticmethod(made), "older": staticmethod(aged)})
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    # Twenty steps can be read as they are; making them fewer would take minutes.
    chosen = settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=slow,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(machine, settings=chosen)
