"""The client's own logic, without a server: addresses, patience, broken streams, copies that must not be trusted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from cislex.artifacts.v1 import artifacts_pb2 as pb
from cislex_core.canonical import digest_bytes
from cislex_runtime.calling import patience
from cislex_runtime.calling.channel import parse_address
from cislex_runtime.calling.client import Client, connect
from cislex_runtime.calling.patience import Patience
from cislex_runtime.calling.problem import RpcProblem


@pytest.mark.parametrize(
    "address, target, secure",
    [
        ("unix:/a/s.sock", "unix:/a/s.sock", False),
        ("unix:///a/s.sock", "unix:/a/s.sock", False),
        ("h:50051", "h:50051", False),
        ("grpc://h", "h:80", False),
        ("grpcs://h.example", "h.example:443", True),
        ("grpcs://[::1]:5", "[::1]:5", True),
    ],
)
def test_addresses(address: str, target: str, secure: bool) -> None:
    assert parse_address(address) == (target, secure)


@pytest.mark.parametrize("address", ["http://h:1", "grpc://", "grpc://h:port"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError):
        parse_address(address)


def broken(code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> grpc.aio.AioRpcError:
    empty = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, empty, empty, details="the line broke")


async def test_patience_asks_again_only_while_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_S", 0.0)
    told: list[int] = []

    async def on_away(failures: int) -> None:
        told.append(failures)

    patient = Patience(60, on_away)
    for _ in range(3):
        await patient.endure(broken())
    patient.heard()
    await patient.endure(broken())
    assert told == [1, 2, 3, 1]
    with pytest.raises(RpcProblem) as caught:
        await patient.endure(broken(grpc.StatusCode.UNAUTHENTICATED))
    assert (caught.value.reason, caught.value.exit_code) == ("UNAUTHENTICATED", 4)
    assert caught.value.message == "not signed in: the line broke"
    with pytest.raises(RpcProblem, match="cannot be reached"):
        await Patience(0).endure(broken())


class Store:
    """An ArtifactService stub over bytes in memory. Every stream breaks once, in its middle."""

    def __init__(self, files: dict[str, bytes], says: dict[str, str] | None = None) -> None:
        listed = [
            {"path": name, "sha256": (says or {}).get(name, digest_bytes(data)), "size_bytes": len(data)}
            for name, data in files.items()
        ]
        manifest = json.dumps({"files": listed}).encode()
        self.digest = digest_bytes(manifest)
        self.files = {**files, "manifest.json": manifest}
        self.offsets: list[tuple[str, int]] = []
        self.written = b""

    async def Stat(self, request: Any, **_: Any) -> pb.StatResponse:  # noqa: N802
        return pb.StatResponse(kind="toy", artifact=pb.ArtifactRef(sha256=request.sha256))

    async def Read(self, request: Any, **_: Any) -> AsyncIterator[pb.ReadResponse]:  # noqa: N802
        self.offsets.append((request.path, request.offset_bytes))
        data = self.files[request.path][request.offset_bytes :]
        if request.offset_bytes == 0:
            yield pb.ReadResponse(data=data[:3])
            raise broken()
        yield pb.ReadResponse(data=data)

    async def QueryWrite(self, _: Any, **__: Any) -> pb.QueryWriteResponse:  # noqa: N802
        return pb.QueryWriteResponse(committed_bytes=len(self.written))

    async def Write(self, parts: Any, **_: Any) -> pb.WriteResponse:  # noqa: N802
        async for part in parts:
            assert part.offset_bytes == len(self.written)
            if not self.written:
                self.written += part.data[:4]
                raise broken()
            self.written += part.data
        return pb.WriteResponse(complete=True)


async def client_of(store: Store) -> Client:
    client = connect("unix:/nowhere/s.sock")
    client.artifacts = store  # type: ignore[assignment]
    return client


async def test_broken_streams_go_on_where_they_broke(tmp_path: Path) -> None:
    store = Store({"a/b.txt": b"0123456789"})
    async with await client_of(store) as client:
        await client.fetch(store.digest, tmp_path / "out")
        assert (tmp_path / "out" / "a" / "b.txt").read_bytes() == b"0123456789"
        assert store.offsets == [("manifest.json", 0), ("manifest.json", 3), ("a/b.txt", 0), ("a/b.txt", 3)]
        assert await client.fetch_cached(store.digest, tmp_path) == tmp_path / store.digest
        told = len(store.offsets)
        await asyncio.gather(*(client.fetch_cached(store.digest, tmp_path) for _ in range(2)))
        assert len(store.offsets) == told, "what is in the cache is not asked for again"
        (tmp_path / "up").write_bytes(b"abcdefgh")
        assert await client.upload(tmp_path / "up") == digest_bytes(b"abcdefgh")
        assert store.written == b"abcdefgh"


@pytest.mark.parametrize(
    "files, says, message",
    [
        ({"a.txt": b"0123"}, {"a.txt": "0" * 64}, "expected 0000"),
        ({"../a.txt": b"0123"}, {}, "outside its folder"),
        ({"/tmp/a.txt": b"0123"}, {}, "outside its folder"),
    ],
)
async def test_a_copy_is_verified_or_absent(
    tmp_path: Path, files: dict[str, bytes], says: dict[str, str], message: str
) -> None:
    store = Store(files, says)
    async with await client_of(store) as client:
        with pytest.raises(RpcProblem, match=message) as caught:
            await client.fetch(store.digest, tmp_path / "out")
        assert caught.value.reason == "ARTIFACT_CORRUPT"
        store.digest = "1" * 64
        with pytest.raises(RpcProblem, match=r"manifest\.json arrived"):
            await client.fetch(store.digest, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
