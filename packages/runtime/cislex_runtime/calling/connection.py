"""The client for programs without an event loop: every method waits for its counterpart in ``client.Client``.

    with Connection("unix:/home/me/.cislex/server.sock") as connection:
        stub = encoder_pb2_grpc.EncoderServiceStub(connection.channel)
        operation = connection.submit(stub.BuildDataset, encoder_pb2.BuildDatasetRequest(...))
        operation = connection.wait(operation.name, on_event=lambda op, metadata: print(metadata.progress.done))
        dataset = connection.result(operation, encoder_pb2.Dataset)
        connection.fetch(dataset.artifact, Path("out/dataset"))

May be used from several threads. All connections of a process share one thread with an event loop.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.message import Message

from cislex_runtime.calling.channel import TlsFiles, open_sync_channel
from cislex_runtime.calling.client import (
    CALL_TIMEOUT_S,
    PATIENCE_S,
    SUBMIT_TIMEOUT_S,
    Client,
    connect,
    metadata_of,
    result_of,
)

T = TypeVar("T")
M = TypeVar("M", bound=Message)
OnEvent = Callable[[operations_pb2.Operation, ops_pb2.OperationMetadata], None]


class Connection:
    """One server. ``channel`` and the stubs on it are plain sync ones, without retries or token."""

    def __init__(
        self,
        address: str,
        *,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        token: str = "",
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.address = address
        self.channel = open_sync_channel(address, TlsFiles(ca_file, cert_file, key_file))
        self.operations = operations_pb2_grpc.OperationsStub(self.channel)
        self.events = ops_pb2_grpc.OperationEventsStub(self.channel)
        self.artifacts = artifacts_pb2_grpc.ArtifactServiceStub(self.channel)

        async def opened() -> Client:
            return connect(
                address, ca_file=ca_file, cert_file=cert_file, key_file=key_file, token=token, patience_s=patience_s
            )

        self.client = run_blocking(opened())

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channels; operations run on."""
        run_blocking(self.client.close())
        self.channel.close()

    def is_ready(self, timeout_s: float = 2.0) -> bool:
        """See ``Client.is_ready``."""
        return run_blocking(self.client.is_ready(timeout_s))

    def call(self, method: Callable[..., T], request: Message, timeout_s: float = CALL_TIMEOUT_S) -> T:
        """A unary rpc of a stub on ``channel``; see ``Client.call``."""
        return run_blocking(self.client.call(functools.partial(asyncio.to_thread, method), request, timeout_s))

    def submit(
        self, method: Callable[..., Any], request: Any, timeout_s: float = SUBMIT_TIMEOUT_S
    ) -> operations_pb2.Operation:
        """Start an operation by a stub on ``channel``; see ``Client.submit``."""
        return run_blocking(self.client.submit(functools.partial(asyncio.to_thread, method), request, timeout_s))

    def watch(
        self, name: str, timeout_s: float | None = None, patience_s: float | None = None
    ) -> Iterator[operations_pb2.Operation]:
        """See ``Client.watch``."""
        return iterate_blocking(self.client.watch(name, timeout_s=timeout_s, patience_s=patience_s))

    def wait(
        self,
        name: str,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
        patience_s: float | None = None,
    ) -> operations_pb2.Operation:
        """The terminal state; ``on_event`` is called here, in the caller's thread, with every state."""
        last = operations_pb2.Operation()
        for last in self.watch(name, timeout_s, patience_s):
            if on_event is not None:
                on_event(last, metadata_of(last))
        return last

    def result(self, operation: operations_pb2.Operation, message: type[M]) -> M:
        """See ``result_of``."""
        return result_of(operation, message)

    def get(self, name: str) -> operations_pb2.Operation:
        """See ``Client.get``."""
        return run_blocking(self.client.get(name))

    def cancel(self, name: str) -> None:
        """See ``Client.cancel``."""
        run_blocking(self.client.cancel(name))

    def stat(self, sha256: str) -> artifacts_pb2.StatResponse:
        """See ``Client.stat``."""
        return run_blocking(self.client.stat(sha256))

    def local_path(self, ref: artifacts_pb2.ArtifactRef | str) -> Path | None:
        """See ``Client.local_path``."""
        return run_blocking(self.client.local_path(ref))

    def fetch(self, ref: artifacts_pb2.ArtifactRef | str, dest: Path) -> Path:
        """See ``Client.fetch``."""
        return run_blocking(self.client.fetch(ref, dest))

    def upload(self, path: Path) -> str:
        """See ``Client.upload``."""
        return run_blocking(self.client.upload(path))


_starting = threading.Lock()
_shared: asyncio.AbstractEventLoop | None = None


def _loop() -> asyncio.AbstractEventLoop:
    global _shared
    with _starting:
        if _shared is None:
            _shared = asyncio.new_event_loop()
            threading.Thread(target=_shared.run_forever, name="cislex-connections", daemon=True).start()
        return _shared


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine that runs in the connections' thread. Not to be called there."""
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result()
    except BaseException:
        # ctrl-C while waiting: what runs in the other thread must not go on unseen.
        future.cancel()
        raise


def iterate_blocking(items: AsyncGenerator[T, None]) -> Iterator[T]:
    """The items of a generator that runs in the connections' thread."""

    async def following() -> T | None:
        return await anext(items, None)

    async def ended() -> None:
        await items.aclose()

    try:
        while (item := run_blocking(following())) is not None:
            yield item
    finally:
        run_blocking(ended())
