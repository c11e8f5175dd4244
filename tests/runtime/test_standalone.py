"""Servers as users start them: over TCP nothing of the file system is open, the second on a socket gives up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cislex_runtime.calling.connection import Connection
from cislex_runtime.calling.problem import RpcProblem
from running import HERE, ServerProcess


class TcpServer(ServerProcess):
    """The same on any free port."""

    def start(self) -> TcpServer:
        self.address = "127.0.0.1:0"
        environment = {
            **os.environ, "CISLEX_HOME": str(self.home), "CISLEX_EXTRA_TASKS": "toy:TASKS",
            "CISLEX_EXTRA_SPECS": "toy:SPECS", "PYTHONPATH": str(HERE), **self.env,
        }  # fmt: skip
        command = [sys.executable, "-m", "toy", "--listen", self.address]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[1]
        return self


@pytest.mark.parametrize("roots", ["", "in"])
def test_tcp_reads_only_below_the_allowed_roots(short_dir: Path, roots: str) -> None:
    (short_dir / "in").mkdir()
    source = short_dir / "in" / "a.bin"
    source.write_bytes(b"abc")
    env = {"CISLEX_ALLOWED_ROOTS": str(short_dir / roots)} if roots else {}
    server = TcpServer(short_dir / "home", **env).start()
    try:
        if roots:
            operation, _, state = server.run(n=1, source={"path": str(source)})
            assert state == "SUCCEEDED"
            ref = server.connection.result(operation, server.stub.m.Count).artifact
            assert server.connection.local_path(ref) is None  # not told over TCP
            server.connection.fetch(ref, short_dir / "out")
            assert (short_dir / "out" / "copy.bin").read_bytes() == b"abc"
        with pytest.raises(RpcProblem) as caught:
            server.submit(n=1, source={"path": "/etc/hostname"})
        assert (caught.value.reason, caught.value.exit_code) == ("PATH_NOT_ALLOWED", 4)
    finally:
        assert server.stop() == 0


def test_second_server_on_a_socket_gives_up(running_server: Callable[..., Any]) -> None:
    with running_server() as server:
        second = subprocess.run(
            [sys.executable, "-m", "toy", "--listen", server.address],
            env={**os.environ, "CISLEX_HOME": str(server.home), "PYTHONPATH": str(HERE)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 1
        assert "another server listens" in second.stderr
        assert server.run(n=1)[2] == "SUCCEEDED"


def test_no_server_is_unavailable(short_dir: Path) -> None:
    with Connection(f"unix:{short_dir}/none.sock", patience_s=0.5) as connection:
        assert not connection.is_ready(timeout_s=0.5)
        with pytest.raises(RpcProblem) as caught:
            connection.get("tenants/local/operations/x")
        assert caught.value.exit_code == 5


def test_a_port_that_is_taken_is_said(short_dir: Path) -> None:
    first = TcpServer(short_dir / "home").start()
    try:
        second = subprocess.run(
            [sys.executable, "-m", "toy", "--listen", first.address],
            env={**os.environ, "CISLEX_HOME": str(short_dir / "other"), "PYTHONPATH": str(HERE)},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    finally:
        first.stop()
    assert second.returncode == 1
    assert f"cannot listen on {first.address}" in second.stderr
    assert "Traceback" not in second.stderr
