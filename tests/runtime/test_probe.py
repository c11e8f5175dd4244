"""The health probe of containers: exit status 0 only when the named service is serving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cislex_runtime.calling.probe import DEFAULT_ADDRESS, default_address, main


def test_a_running_server_is_alive_and_ready(running_server: Callable[..., Any]) -> None:
    with running_server() as server:
        assert main([server.address]) == 0
        assert main([server.address, "--service", "ready"]) == 0


def test_a_service_that_is_not_known_does_not_serve(
    running_server: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with running_server() as server:
        assert main([server.address, "--service", "nonsense"]) == 1
    assert "NOT_FOUND" in capsys.readouterr().err


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["127.0.0.1:9", "--timeout", "2"]) == 1
    assert "127.0.0.1:9 alive: UNAVAILABLE" in capsys.readouterr().err


def test_a_bad_address_or_ca_file_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://host"]) == 1
    assert "is no address" in capsys.readouterr().err
    assert main(["grpcs://127.0.0.1:9", "--ca-file", "/nowhere/ca.pem"]) == 1
    assert "/nowhere/ca.pem" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("", DEFAULT_ADDRESS),
        ("0.0.0.0:50052", "127.0.0.1:50052"),
        ("[::]:50052", "127.0.0.1:50052"),
        ("10.1.2.3:50052", "10.1.2.3:50052"),
    ],
)
def test_default_address(listen: str, address: str) -> None:
    assert default_address({"CISLEX_HEALTH_LISTEN": listen}) == address
