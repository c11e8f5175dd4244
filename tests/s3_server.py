"""An S3 server for tests (moto's, on this machine), and a proxy before it that counts, breaks and delays requests."""

from __future__ import annotations

import http.client
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cislex_core.stores.s3 import S3Store

KEYS = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "its-secret", "AWS_REGION": "us-east-1"}


@dataclass
class S3Server:
    """``endpoint`` with one empty bucket for whoever asks."""

    endpoint: str

    def bucket(self) -> str:
        """A new bucket."""
        name = f"b-{uuid.uuid4().hex}"
        assert self.ask("PUT", f"/{name}").status == 200
        return name

    def store(self, cache_dir: Path, bucket: str = "", endpoint: str = "", **options: Any) -> S3Store:
        """A store in a new bucket, or in one that is named."""
        options = {"prefix": "lab", "patience_s": 5.0, **options}
        return S3Store(bucket or self.bucket(), endpoint=endpoint or self.endpoint, cache_dir=cache_dir, **options)

    def url(self, bucket: str) -> str:
        """As ``CISLEX_STORE_URL``."""
        return f"s3://{bucket}/lab"

    def make_older(self, bucket: str, key: str, by_s: float) -> None:
        """Move an object's time of writing back; the server runs in this process."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key)
        found.last_modified -= timedelta(seconds=by_s)

    def ask(self, method: str, path: str, body: bytes = b"") -> http.client.HTTPResponse:
        """A plain request: moto asks nobody for keys."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=10)
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One server for all tests of a process."""
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        running.start()
        host, port = running.get_host_and_port()
        try:
            yield S3Server(f"http://{host}:{port}")
        finally:
            running.stop()


def send(url: str, data: bytes) -> None:
    """PUT to a presigned URL, as any client does."""
    request = urllib.request.Request(url, data, {"Content-Type": "application/octet-stream"}, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@dataclass
class Seen:
    """One request as the proxy saw it."""

    method: str
    path: str
    headers: dict[str, str]
    status: int


@dataclass
class Proxy:
    """``answer(method, path)``: a status to give instead of asking the server, or None; it may also wait.
    ``cut(method, path)``: the connection breaks after so many bytes of the answer, or None."""

    endpoint: str
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[[str, str], int | None] = lambda method, path: None
    cut: Callable[[str, str], int | None] = lambda method, path: None

    def count(self, method: str, part: str) -> int:
        """Requests of a method whose path holds ``part``."""
        return sum(one.method == method and part in one.path for one in self.seen)


@contextmanager
def a_proxy(server: S3Server) -> Iterator[Proxy]:
    """Requests through it reach ``server``, with the Host header they were signed for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = proxy.answer(self.command, self.path)
            if status is None:
                upstream = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=30)
                upstream.request(self.command, self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                status, headers, data = answer.status, answer.getheaders(), answer.read()
                upstream.close()
            else:
                headers, data = (
                    [],
                    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
                )
            cut = proxy.cut(self.command, self.path)
            proxy.seen.append(Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, status))
            self.send_response_only(status)
            length = str(len(data))
            for name, value in headers:
                if name.lower() == "content-length":
                    length = value if self.command == "HEAD" else length
                elif name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[:cut])
            if cut is not None:
                self.close_connection = True

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
