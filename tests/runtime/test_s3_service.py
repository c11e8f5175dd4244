"""Real servers with a store in a bucket: operations, uploads and downloads, collections, and a store that is away."""

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
from cislex.artifacts.v1 import artifacts_pb2 as pb
from cislex.ops.v1 import ops_pb2
from cislex_core.canonical import digest_bytes
from cislex_runtime.calling import presigned
from cislex_runtime.calling.client import metadata_of
from cislex_runtime.calling.problem import RpcProblem
from running import ServerProcess, a_server
from s3_server import KEYS, Proxy, S3Server, a_proxy, send


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[Proxy]:
    with a_proxy(s3_server) as made:
        yield made


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.bucket()


@pytest.fixture
def environment(s3_server: S3Server, bucket: str) -> dict[str, str]:
    return {**KEYS, "CISLEX_STORE_URL": s3_server.url(bucket), "CISLEX_STORE_ENDPOINT": s3_server.endpoint}


def through(proxy: Proxy, environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "CISLEX_STORE_ENDPOINT": proxy.endpoint}


def test_two_homes_share_what_one_computed(environment: dict[str, str], short_dir: Path, tmp_path: Path) -> None:
    ledger = {"CISLEX_LEDGER_URL": f"sqlite:///{short_dir}/ledger.sqlite"}
    source = tmp_path / "in.bed"
    source.write_bytes(b"chr1\t1\t2\n")
    for name in "ab":
        (short_dir / name).mkdir()
    with a_server(short_dir / "a", **environment, **ledger) as first:
        digest = first.connection.upload(source)
        operation, _, state = first.run(n=4, label="shared", source={"sha256": digest})
        assert state == "SUCCEEDED"
        made = first.connection.result(operation, first.stub.m.Count)
        again, metadata, _ = first.run(n=4, label="next", parent_count=made.name)
        assert first.total(again) == 12
    assert not (short_dir / "a" / "store").exists(), "nothing but local copies lies under home"
    with a_server(short_dir / "b", **environment, **ledger) as second:
        operation, metadata, _ = second.run(n=4, label="shared", source={"sha256": digest})
        assert metadata.cache_hit
        assert second.connection.stat(made.artifact.sha256).local_path == "", "a local copy may be evicted"
        second.connection.fetch(made.artifact, tmp_path / "out")
        assert (tmp_path / "out" / "copy.bin").read_bytes() == source.read_bytes()
        other, metadata, _ = second.run(n=5, label="over", parent_count=made.artifact.sha256)
        assert second.total(other) == 16, "an artifact that another home made is an input here"
    with a_server(short_dir, **environment, CISLEX_LEDGER_URL=f"sqlite:///{short_dir}/other.sqlite") as third:
        operation, metadata, _ = third.run(n=4, label="shared", source={"sha256": digest})
        assert not metadata.cache_hit, "another ledger knows of no result"
        assert third.connection.result(operation, third.stub.m.Count).artifact == made.artifact


def large(tmp_path: Path) -> tuple[Path, bytes]:
    data = os.urandom(presigned.WORTH_BYTES + 12_345)
    path = tmp_path / "large.bin"
    path.write_bytes(data)
    return path, data


def test_large_files_go_straight_to_and_from_the_store(
    environment: dict[str, str], short_dir: Path, tmp_path: Path, proxy: Proxy, bucket: str
) -> None:
    path, data = large(tmp_path)
    environment = {**environment, "CISLEX_STORE_PUBLIC_ENDPOINT": proxy.endpoint}
    with a_server(short_dir, **environment) as server:
        digest = server.connection.upload(path)
        assert digest == digest_bytes(data)
        (put,) = [one for one in proxy.seen if one.method == "PUT"]
        assert "/lab/uploads/" in put.path
        server.connection.fetch(digest, tmp_path / "back.bin")
        assert (tmp_path / "back.bin").read_bytes() == data
        assert proxy.count("GET", f"/lab/files/{digest[:2]}/{digest}") == 1
        expires = int(put.path.partition("X-Amz-Expires=")[2].partition("&")[0])
        assert expires <= 900
        assert server.connection.upload(path) == digest
        assert proxy.count("PUT", "") == 1, "what is there is not sent again"
        log = (short_dir / "logs" / "toy.log").read_text()
    assert "X-Amz-Signature" not in log
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in log


@pytest.mark.parametrize("broken", ["nobody listens", "503", "breaks off"])
def test_where_the_store_cannot_be_reached_bytes_go_through_the_server(
    environment: dict[str, str], short_dir: Path, tmp_path: Path, proxy: Proxy, broken: str
) -> None:
    path, data = large(tmp_path)
    proxy.answer = lambda method, path: 503
    public = "http://127.0.0.1:9" if broken == "nobody listens" else proxy.endpoint
    with a_server(short_dir, **environment, CISLEX_STORE_PUBLIC_ENDPOINT=public) as server:
        digest = server.connection.upload(path)
        if broken == "breaks off":
            server.connection.client.direct = True
            proxy.answer = lambda method, path: None
            proxy.cut = lambda method, path: 1_000_000 if method == "GET" and len(proxy.seen) < 4 else None
        server.connection.fetch(digest, tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == data
    if broken == "breaks off":
        ranges = [one.headers.get("range") for one in proxy.seen if one.method == "GET"]
        assert len(ranges) > 1, "the download went on where it broke"
        assert ranges[0] is None
        assert all(ranges[1:])


def test_what_a_url_brought_is_checked_before_it_is_seen(environment: dict[str, str], short_dir: Path) -> None:
    data = b"what was promised"
    with a_server(short_dir, **environment) as server:
        service, digest = server.connection.artifacts, digest_bytes(data)
        created = service.CreateUpload(pb.CreateUploadRequest(sha256=digest, size_bytes=len(data)), timeout=5)
        send(created.url, b"something else!!!")
        assert list(service.FindMissing(pb.FindMissingRequest(sha256s=[digest]), timeout=5).missing_sha256s) == [digest]
        request = pb.CompleteUploadRequest(sha256=digest, upload_id=created.upload_id, size_bytes=len(data))
        with pytest.raises(RpcProblem) as caught:
            server.connection.call(service.CompleteUpload, request)
        assert caught.value.reason == "ARTIFACT_CORRUPT"
        created = service.CreateUpload(pb.CreateUploadRequest(sha256=digest, size_bytes=len(data)), timeout=5)
        send(created.url, data)
        request.upload_id = created.upload_id
        server.connection.call(service.CompleteUpload, request)
        assert not service.FindMissing(pb.FindMissingRequest(sha256s=[digest]), timeout=5).missing_sha256s
        assert service.CreateUpload(pb.CreateUploadRequest(sha256=digest, size_bytes=9), timeout=5).complete


def test_a_server_with_a_folder_says_that_it_has_no_urls(server: ServerProcess) -> None:
    service = server.connection.artifacts
    request = pb.CreateUploadRequest(sha256="0" * 64, size_bytes=1)
    with pytest.raises(RpcProblem, match="use Read and Write") as caught:
        server.connection.call(service.CreateUpload, request)
    assert (caught.value.reason, caught.value.code) == ("NO_PRESIGNED_URLS", 9)


def test_an_administrator_collects(environment: dict[str, str], short_dir: Path, s3_server: S3Server) -> None:
    with a_server(short_dir, **environment) as server:
        made = server.connection.result(server.run(n=2, label="a")[0], server.stub.m.Count)
        kept = server.connection.result(server.run(n=2, label="b")[0], server.stub.m.Count)
        server.stub.DeleteCount(server.stub.m.GetCountRequest(name=made.name), timeout=5)
        for one in (made, kept):
            digest = one.artifact.sha256
            key = f"lab/artifacts/{digest[:2]}/{digest}/manifest.json"
            s3_server.make_older(environment["CISLEX_STORE_URL"].split("/")[2], key, 2 * 86_400)
        service = server.connection.artifacts
        said = service.CollectGarbage(pb.CollectGarbageRequest(dry_run=True), timeout=30)
        assert (said.n_artifacts, said.freed_bytes > 0) == (1, True)
        assert server.connection.stat(made.artifact.sha256).kind == "count"
        command = [sys.executable, "-m", "cislex_runtime.owning.collector", "--dry-run", "--home", str(short_dir)]
        told = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
        assert told.stdout.startswith("1 artifacts and 0 files would be removed")
        done = service.CollectGarbage(pb.CollectGarbageRequest(), timeout=30)
        assert done.n_artifacts == 1
        with pytest.raises(RpcProblem) as caught:
            server.connection.stat(made.artifact.sha256)
        assert caught.value.reason == "NOT_FOUND"
        again, metadata, _ = server.run(n=2, label="a")
        assert not metadata.cache_hit
        assert server.total(again) == 1


def test_a_store_that_is_away_for_a_while(
    environment: dict[str, str], short_dir: Path, proxy: Proxy, tmp_path: Path
) -> None:
    """Typed errors meanwhile; what was accepted ends well; what is asked again is answered."""
    with a_server(short_dir, **through(proxy, environment), CISLEX_BACKOFF_S="0.5") as server:
        operation, _, _ = server.run(n=3, label="before")
        made = server.connection.result(operation, server.stub.m.Count)
        server.connection.client._patience_s = 0.5
        proxy.answer = lambda method, path: 503
        with pytest.raises(RpcProblem) as caught:
            server.connection.stat(made.artifact.sha256)
        assert (caught.value.reason, caught.value.code) == ("UNAVAILABLE", 14)
        assert "cannot be used now" in caught.value.message
        assert "AWS4" not in caught.value.message
        # Accepted while the store is away: nothing of the store is needed for that.
        name = server.submit(n=3, label="meanwhile").name
        # Asked for by digest, the answer is typed, and the same request works once the store is back.
        with pytest.raises(RpcProblem) as caught:
            server.submit(n=3, label="over", parent_count=made.artifact.sha256)
        assert caught.value.reason == "UNAVAILABLE"
        threading.Timer(3.0, lambda: setattr(proxy, "answer", lambda method, path: None)).start()
        server.connection.client._patience_s = 30.0
        over = server.connection.wait(server.submit(n=3, label="over", parent_count=made.artifact.sha256).name)
        assert server.total(over) == 6
        assert server.total(server.connection.wait(name)) == 3
        store = server_store(environment, tmp_path)
        for digest in store.artifacts():
            assert store.open_artifact(digest).dir.is_dir(), "nothing is torn"


def test_an_operation_waits_for_a_store_that_has_its_result(
    environment: dict[str, str], short_dir: Path, proxy: Proxy
) -> None:
    proxy.answer = lambda method, path: 503 if method == "GET" and path.endswith("/manifest.json") else None
    with a_server(short_dir, **through(proxy, environment)) as server:
        first = server.submit(n=8, pause_s=0.1, label="equal").name
        second = server.submit(n=8, pause_s=0.1, label="equal").name
        server.connection.wait(first)
        away = ops_pb2.WaitingReason.WAITING_REASON_STORE_AWAY
        metadata = server.wait_for(second, lambda metadata: metadata.waiting_reason == away)
        assert metadata.message == "the store does not answer; it will be asked again"
        proxy.answer = lambda method, path: None
        done = server.connection.wait(second)
        assert metadata_of(done).cache_hit
        assert server.total(done) == 28


def server_store(environment: dict[str, str], tmp_path: Path) -> Any:
    from cislex_core.stores import open_store

    return open_store(
        environment["CISLEX_STORE_URL"],
        endpoint=environment["CISLEX_STORE_ENDPOINT"],
        cache_dir=tmp_path / f"cache-{time.monotonic_ns()}",
    )
