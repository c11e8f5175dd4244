"""What only a store in a bucket has: requests on the wire, its local copies, and a server that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex_core.canonical import digest_bytes
from cislex_core.errors import Reason, RetryableError, UserError
from cislex_core.manifests import Manifest
from cislex_core.stores import bucket as bucket_module
from cislex_core.stores import cache as cache_module
from cislex_core.stores import open_store
from cislex_core.stores.local import LocalStore
from cislex_core.stores.s3 import S3Store
from s3_server import KEYS, Proxy, S3Server, a_proxy


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[Proxy]:
    with a_proxy(s3_server) as made:
        yield made


@pytest.fixture
def store(s3_server: S3Server, proxy: Proxy, tmp_path: Path) -> Iterator[S3Store]:
    made = s3_server.store(tmp_path / "cache", endpoint=proxy.endpoint, patience_s=0.5)
    yield made
    made.release()


def commit(store: Any, files: dict[str, bytes], **fields: Any) -> Any:
    staged = store.stage()
    for name, data in files.items():
        (staged / name).write_bytes(data)
    return store.commit_artifact(staged, Manifest(kind="count", **fields))


def fresh(store: S3Store, folder: Path, **options: Any) -> S3Store:
    """The same bucket with no local copies."""
    bucket = store._bucket
    options = {"patience_s": 0.5, **options}
    return S3Store(bucket.name, bucket.prefix, endpoint=bucket.endpoint, cache_dir=folder, **options)


def test_urls_and_what_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CISLEX_HOME", str(tmp_path))
    made = open_store("s3://a-bucket/deep/er", endpoint="http://127.0.0.1:9")
    assert made.url == "s3://a-bucket/deep/er?endpoint=http%3A%2F%2F127.0.0.1%3A9"
    assert open_store(made.url).url == made.url
    assert open_store("s3://a-bucket").url == "s3://a-bucket/"
    assert isinstance(open_store(tmp_path / "x"), LocalStore)
    assert open_store(f"file://{tmp_path}/x").url == str(tmp_path / "x")
    monkeypatch.setenv("CISLEX_STORE_URL", "s3://b")
    assert open_store().url == "s3://b/"
    for bad in ("gs://x/y", "s3://", "https://s3.example/b"):
        with pytest.raises(UserError, match="s3://bucket/prefix"):
            open_store(bad)


def test_no_heavy_library_is_loaded_for_a_folder(tmp_path: Path) -> None:
    code = "import sys, cislex_core.stores as s; s.open_store(sys.argv[1]); print('obstore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "s"], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_commit_on_the_wire(store: S3Store, proxy: Proxy) -> None:
    """Files first, the manifest last and only if there is none, every body with its checksum."""
    digest = commit(store, {"a.bin": b"a" * 10, "b.bin": b"b" * 10}).digest
    puts = [one for one in proxy.seen if one.method == "PUT"]
    assert [one.path.rpartition("/")[2] for one in puts] == ["a.bin", "b.bin", "manifest.json"]
    assert [one.headers.get("if-none-match") for one in puts] == [None, None, "*"]
    assert all(one.headers.get("x-amz-checksum-sha256") for one in puts)
    assert all(f"/lab/artifacts/{digest[:2]}/{digest}/" in one.path for one in puts)
    proxy.seen.clear()
    assert commit(store, {"a.bin": b"a" * 10, "b.bin": b"b" * 10}).digest == digest
    puts = [(one.path.rpartition("/")[2], one.status) for one in proxy.seen if one.method == "PUT"]
    assert puts == [("manifest.json", 412), ("manifest.json", 200)], "what is there is not sent again"


def test_large_files_go_in_parts(store: S3Store, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "PART_BYTES", 5 << 20)
    data = os.urandom(12 << 20)
    artifact = commit(store, {"large.bin": data})
    parts = [one for one in proxy.seen if one.method == "PUT" and "partNumber=" in one.path]
    assert len(parts) == 3
    assert all(one.headers.get("x-amz-checksum-sha256") for one in parts)
    opened = fresh(store, tmp_path / "other").open_artifact(artifact.digest)
    assert opened.path("large.bin").read_bytes() == data


def test_only_what_is_asked_for_is_fetched(store: S3Store, proxy: Proxy, tmp_path: Path) -> None:
    digest = commit(store, {"a.bin": b"a", "b.bin": b"b", "c.bin": b"c"}).digest
    artifact = fresh(store, tmp_path / "other").open_artifact(digest)
    assert proxy.count("GET", ".bin") == 0
    assert artifact.path("b.bin").read_bytes() == b"b"
    assert [one.path.rpartition("/")[2] for one in proxy.seen if one.method == "GET" and ".bin" in one.path] == [
        "b.bin"
    ]
    assert artifact.path("b.bin").is_file()
    assert proxy.count("GET", ".bin") == 1, "once fetched it is here"
    assert sorted(path.name for path in artifact.dir.iterdir()) == ["a.bin", "b.bin", "c.bin", "manifest.json"]
    assert proxy.count("GET", ".bin") == 3


def test_an_altered_local_copy_is_fetched_again(store: S3Store, tmp_path: Path) -> None:
    digest = commit(store, {"a.bin": b"abc"}).digest
    path = store.open_artifact(digest).path("a.bin")
    path.write_bytes(b"abd")
    assert store.open_artifact(digest).path("a.bin").read_bytes() == b"abc"
    path.write_bytes(b"ab")
    assert store.open_artifact(digest).path("a.bin").read_bytes() == b"abc"


RACER = """
import sys
from pathlib import Path
from cislex_core.manifests import Manifest
from cislex_core.stores import open_store
store = open_store(sys.argv[1], cache_dir=Path(sys.argv[2]))
for i in range(5):
    staged = store.stage()
    (staged / "a.bin").write_bytes(b"x" * 1000)
    (staged / "b.bin").write_bytes(bytes([i]))
    sys.stdin.readline()
    print(store.commit_artifact(staged, Manifest(kind="count")).digest, flush=True)
"""


def test_two_processes_race_for_one_manifest(store: S3Store, proxy: Proxy, tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, store.url, str(tmp_path / f"r{i}")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for i in range(2)
    ]  # fmt: skip
    digests = []
    for _ in range(5):
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("\n")
            racer.stdin.flush()
        digests.append({racer.stdout.readline() for racer in racers if racer.stdout is not None})
    for racer in racers:
        racer.communicate()
        assert racer.returncode == 0
    assert all(len(one) == 1 for one in digests)
    assert store.artifacts() == sorted(one.pop().strip() for one in digests)
    created = [one.status for one in proxy.seen if one.method == "PUT" and one.headers.get("if-none-match") == "*"]
    assert created.count(200) == 5, "each manifest was created once"
    assert created.count(412) == 5


FETCHER = """
import sys
from pathlib import Path
from cislex_core.stores import open_store
store = open_store(sys.argv[1], cache_dir=Path(sys.argv[3]))
print(len(store.open_artifact(sys.argv[2]).path("a.bin").read_bytes()))
"""


def test_many_processes_fetch_one_file_once(store: S3Store, proxy: Proxy, tmp_path: Path) -> None:
    digest = commit(store, {"a.bin": b"abc" * 100_000}).digest
    command = [sys.executable, "-c", FETCHER, store.url, digest, str(tmp_path / "shared")]
    fetchers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [fetcher.communicate()[0] for fetcher in fetchers] == ["300000\n"] * 4
    assert proxy.count("GET", "/a.bin") == 1
    assert not list((tmp_path / "shared" / "tmp").iterdir())


# ---- local copies --------------------------------------------------------------------------------------------------


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "YOUNG_S", 0.0)


def held(folder: Path) -> set[str]:
    return {place.name for kind in ("artifacts", "files") for place in (folder / kind).glob("*/*")}


@pytest.mark.usefixtures("no_grace")
def test_local_copies_are_bounded_and_the_oldest_go_first(store: S3Store, tmp_path: Path) -> None:
    digests = [commit(store, {"a.bin": os.urandom(10_000)}).digest for _ in range(6)]
    folder = tmp_path / "small"
    small = fresh(store, folder, cache_bytes=35_000, holds=False)
    for digest in digests[:3]:
        small.open_artifact(digest).path("a.bin")
        time.sleep(0.02)
    assert held(folder) == set(digests[:3])
    small.open_artifact(digests[0]).path("a.bin")  # the oldest is used again
    time.sleep(0.02)
    small.open_artifact(digests[3]).path("a.bin")
    assert held(folder) == {digests[0], digests[2], digests[3]}
    assert small.open_artifact(digests[1]).path("a.bin").stat().st_size == 10_000, "what was evicted comes again"


@pytest.mark.usefixtures("no_grace")
def test_what_a_task_has_open_stays(store: S3Store, tmp_path: Path) -> None:
    digests = [commit(store, {"a.bin": os.urandom(10_000)}).digest for _ in range(5)]
    folder = tmp_path / "small"
    task = fresh(store, folder, cache_bytes=15_000)
    paths = [task.open_artifact(digest).path("a.bin") for digest in digests[:3]]
    other = fresh(store, folder, cache_bytes=15_000)
    other.open_artifact(digests[3]).path("a.bin")
    assert all(path.is_file() for path in paths), "more than the limit, but all in use"
    task.release()
    other.open_artifact(digests[4]).path("a.bin")
    assert held(folder) == {digests[3], digests[4]}
    other.release()


def test_a_server_keeps_what_it_just_named(store: S3Store, tmp_path: Path) -> None:
    digests = [commit(store, {"a.bin": os.urandom(10_000)}).digest for _ in range(3)]
    server = fresh(store, tmp_path / "small", cache_bytes=5_000, holds=False)
    paths = [server.open_artifact(digest).path("a.bin") for digest in digests]
    assert all(path.is_file() for path in paths)
    server._cache.evict(time.time() + cache_module.YOUNG_S + 1)
    assert not any(path.is_file() for path in paths)


# ---- a server that fails -------------------------------------------------------------------------------------------


def everything(store: S3Store, artifact: str, file: Path) -> dict[str, Any]:
    return {
        "commit": lambda: commit(store, {"b.bin": b"b"}),
        "open": lambda: store.open_artifact(artifact),
        "put": lambda: store.put_file(file),
        "file": lambda: store.open_file(artifact),
        "has": lambda: store.has(artifact),
        "missing": lambda: store.missing([artifact]),
        "list": lambda: store.artifacts(),
        "contents": lambda: list(store.contents()),
        "delete": lambda: store.delete(artifact),
        "check": lambda: store.check(),
        "sweep": lambda: store.sweep_temporaries(0, time.time()),
    }


def test_503_is_typed_everywhere_and_a_retry_succeeds(store: S3Store, proxy: Proxy, tmp_path: Path) -> None:
    digest = commit(store, {"a.bin": b"a"}).digest
    file = tmp_path / "f"
    file.write_bytes(b"f")
    proxy.answer = lambda method, path: 503
    for name, call in everything(store, digest, file).items():
        with pytest.raises(RetryableError) as caught:
            call()
        assert caught.value.reason is Reason.UNAVAILABLE, name
        assert "cannot be used now" in caught.value.message
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in caught.value.message
    proxy.answer = lambda method, path: None
    assert store.artifacts() == [digest], "nothing torn was left"
    made = commit(store, {"b.bin": b"b"}).digest
    assert store.artifacts() == sorted([digest, made])
    assert fresh(store, tmp_path / "other").open_artifact(made).path("b.bin").read_bytes() == b"b"


@pytest.mark.parametrize("nth", range(1, 7))
def test_a_commit_that_breaks_anywhere_is_not_seen_and_ends_well_the_second_time(
    store: S3Store, proxy: Proxy, tmp_path: Path, nth: int
) -> None:
    asked = []

    def answer(method: str, path: str) -> int | None:
        asked.append(method)
        return 503 if len(asked) >= nth else None

    proxy.answer = answer
    with pytest.raises(RetryableError):
        commit(store, {"a.bin": b"a", "b.bin": b"b"})
    proxy.answer = lambda method, path: None
    for digest in store.artifacts():
        assert fresh(store, tmp_path / "one").open_artifact(digest).dir.is_dir()
    digest = commit(store, {"a.bin": b"a", "b.bin": b"b"}).digest
    assert store.artifacts() == [digest]
    assert sorted(p.name for p in fresh(store, tmp_path / "two").open_artifact(digest).dir.glob("*.bin")) == [
        "a.bin",
        "b.bin",
    ]


def test_short_troubles_are_not_noticed(store: S3Store, proxy: Proxy) -> None:
    failed: set[str] = set()

    def answer(method: str, path: str) -> int | None:
        if f"{method} {path}" in failed:
            return None
        failed.add(f"{method} {path}")
        return 503

    proxy.answer = answer
    patient = S3Store(
        store._bucket.name, "lab", endpoint=proxy.endpoint, cache_dir=store._cache.root.parent / "c2", patience_s=20
    )
    digest = commit(patient, {"a.bin": b"a"}).digest
    assert patient.open_artifact(digest).path("a.bin").read_bytes() == b"a"
    assert len(failed) > 4


def test_a_server_that_is_silent_is_given_up(
    store: S3Store, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_module, "READ_TIMEOUT_S", 0.3)
    hasty = fresh(store, tmp_path / "hasty")
    gone = threading.Event()
    proxy.answer = lambda method, path: gone.wait(20) and None
    with pytest.raises(RetryableError) as caught:
        hasty.has("0" * 64)
    gone.set()
    assert caught.value.reason is Reason.UNAVAILABLE


def test_nobody_there(tmp_path: Path, s3_server: S3Server) -> None:
    store = S3Store("b", "lab", endpoint="http://127.0.0.1:9", cache_dir=tmp_path, patience_s=0.3)
    with pytest.raises(RetryableError, match="cannot be used now"):
        store.check()


@pytest.mark.parametrize("status", [401, 403])
def test_refusals_say_what_to_do(store: S3Store, proxy: Proxy, status: int) -> None:
    proxy.answer = lambda method, path: status
    for call in (store.check, lambda: store.has("0" * 64), lambda: commit(store, {"a": b"a"})):
        with pytest.raises(UserError, match=r"check CISLEX_STORE_URL.*keys") as caught:
            call()
        assert caught.value.reason is Reason.STORE_REFUSED


def test_a_bucket_that_is_not_there(tmp_path: Path, s3_server: S3Server) -> None:
    store = s3_server.store(tmp_path, bucket="no-such-bucket")
    for call in (store.check, store.artifacts, lambda: commit(store, {"a": b"a"})):
        with pytest.raises(UserError, match="CISLEX_STORE_URL") as caught:
            call()
        assert caught.value.reason is Reason.STORE_REFUSED


def test_multipart_uploads_without_an_end_are_aborted(
    store: S3Store,
    s3_server: S3Server,
    proxy: Proxy,
) -> None:
    bucket = store._bucket.name
    for key in ("lab/files/aa/x", "lab/uploads/y", "elsewhere/z"):
        answer = s3_server.ask("POST", f"/{bucket}/{key}?uploads")
        assert answer.status == 200
    # moto says of each that it was begun in 2010.
    assert store.sweep_temporaries(30 * 365 * 86_400, time.time()) == 0, "they are young"
    assert store.sweep_temporaries(86_400, time.time()) == 2
    left = s3_server.ask("GET", f"/{bucket}?uploads").content.decode()
    assert "elsewhere/z" in left
    assert "lab/" not in left
    listing = next(one for one in proxy.seen if "uploads=" in one.path and one.method == "GET")
    assert listing.headers["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEYS['AWS_ACCESS_KEY_ID']}/")


def test_presigned_uploads_that_nobody_completed_are_swept(store: S3Store, s3_server: S3Server) -> None:
    upload = store.presign_upload(60)
    s3_server.ask("PUT", f"/{store._bucket.name}/lab/uploads/{upload.upload_id}", b"left behind")
    assert store.sweep_temporaries(3600, time.time()) == 0
    assert store.sweep_temporaries(60, time.time() + 3600) == 1
    with pytest.raises(UserError, match="nothing was sent"):
        store.finish_upload(upload.upload_id, digest_bytes(b"left behind"), 11)
