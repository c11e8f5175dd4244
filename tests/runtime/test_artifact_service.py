"""Bytes in and out: missing, stat, chunked read with offset, resumable write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from cislex.artifacts.v1 import artifacts_pb2 as pb
from cislex_core.canonical import digest_bytes
from cislex_runtime.calling.problem import RpcProblem
from running import ServerProcess

DATA = bytes(range(256)) * 8192  # 2 MiB
DIGEST = digest_bytes(DATA)


def chunks(data: bytes, start: int, end: int, finish: bool, digest: str = DIGEST) -> Iterator[pb.WriteRequest]:
    for at in range(start, end, 300_000):
        piece = data[at : min(end, at + 300_000)]
        yield pb.WriteRequest(sha256=digest, offset_bytes=at, data=piece, finish=finish and at + len(piece) == end)


def test_broken_upload_goes_on_where_it_broke(server: ServerProcess) -> None:
    service = server.connection.artifacts
    assert list(service.FindMissing(pb.FindMissingRequest(sha256s=[DIGEST]), timeout=5).missing_sha256s) == [DIGEST]
    half = service.Write(chunks(DATA, 0, 900_000, finish=False), timeout=5)
    assert (half.committed_bytes, half.complete) == (900_000, False)
    asked = service.QueryWrite(pb.QueryWriteRequest(sha256=DIGEST), timeout=5)
    assert (asked.committed_bytes, asked.complete) == (900_000, False)
    with pytest.raises(grpc.RpcError) as caught:
        service.Write(chunks(DATA, 0, 900_000, finish=False), timeout=5)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    whole = service.Write(chunks(DATA, 900_000, len(DATA), finish=True), timeout=5)
    assert whole.complete
    assert not service.FindMissing(pb.FindMissingRequest(sha256s=[DIGEST]), timeout=5).missing_sha256s
    again = service.Write(chunks(DATA, 0, len(DATA), finish=True), timeout=5)
    assert again.complete


def test_wrong_content_is_refused_and_dropped(server: ServerProcess) -> None:
    service = server.connection.artifacts
    digest = digest_bytes(b"what was promised")
    with pytest.raises(grpc.RpcError) as caught:
        service.Write(chunks(b"something else", 0, 14, finish=True, digest=digest), timeout=5)
    assert RpcProblem.from_rpc(caught.value).reason == "ARTIFACT_CORRUPT"
    assert service.QueryWrite(pb.QueryWriteRequest(sha256=digest), timeout=5).committed_bytes == 0


def test_names_that_are_no_digests(server: ServerProcess) -> None:
    service = server.connection.artifacts
    for call in (
        lambda: service.Stat(pb.StatRequest(sha256="../../etc/passwd"), timeout=5),
        lambda: service.QueryWrite(pb.QueryWriteRequest(sha256="../x"), timeout=5),
        lambda: service.Write(iter([pb.WriteRequest(sha256="../x", data=b"y", finish=True)]), timeout=5),
        lambda: list(service.Read(pb.ReadRequest(sha256="x"), timeout=5)),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_stat_read_and_list(server: ServerProcess, tmp_path: Path) -> None:
    operation, _, _ = server.run(n=3, label="stat")
    ref = server.connection.result(operation, server.stub.m.Count).artifact
    stat = server.connection.stat(ref.sha256)
    assert stat.kind == "count"
    assert [f.path for f in stat.files] == ["sum.json"]
    assert Path(stat.local_path).is_dir()
    service = server.connection.artifacts
    text = (Path(stat.local_path) / "sum.json").read_bytes()
    parts = list(service.Read(pb.ReadRequest(sha256=ref.sha256, path="sum.json", offset_bytes=4), timeout=5))
    assert b"".join(p.data for p in parts) == text[4:]
    assert parts[0].offset_bytes == 4
    assert parts[0].total_bytes == len(text)
    (limited,) = service.Read(pb.ReadRequest(sha256=ref.sha256, path="sum.json", limit_bytes=3), timeout=5)
    assert limited.data == text[:3]
    for bad, code in (
        (pb.ReadRequest(sha256=ref.sha256), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.ReadRequest(sha256=ref.sha256, path="none"), grpc.StatusCode.NOT_FOUND),
        (pb.ReadRequest(sha256=ref.sha256, path="sum.json", offset_bytes=99), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.ReadRequest(sha256="0" * 64), grpc.StatusCode.NOT_FOUND),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            list(service.Read(bad, timeout=5))
        assert caught.value.code() is code
    listed = service.ListArtifacts(pb.ListArtifactsRequest(parent="tenants/local", kind="count"), timeout=5)
    assert ref.sha256 in [e.artifact.sha256 for e in listed.entries]


def test_fetch_over_the_wire_verifies(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    operation, _, _ = server.run(n=3, label="fetch")
    ref = server.connection.result(operation, server.stub.m.Count).artifact
    real = server.connection.stat(ref.sha256)
    place = Path(real.local_path)
    real.local_path = ""  # as a server on another machine answers

    async def stat(_: str) -> pb.StatResponse:
        return real

    monkeypatch.setattr(server.connection.client, "stat", stat)
    server.connection.fetch(ref, tmp_path / "out")
    assert (tmp_path / "out" / "sum.json").read_bytes() == (place / "sum.json").read_bytes()
    assert (tmp_path / "out" / "manifest.json").is_file()
    (place / "sum.json").chmod(0o644)
    (place / "sum.json").write_text('{"sum": 4}')  # corrupt, and shorter
    with pytest.raises(RpcProblem) as caught:
        server.connection.fetch(ref, tmp_path / "again")
    assert caught.value.reason == "ARTIFACT_CORRUPT"
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "a copy is complete or absent"
    with pytest.raises(FileExistsError):
        server.connection.fetch(ref, tmp_path / "out")
