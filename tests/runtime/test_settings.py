"""Settings from the environment, and the socket's path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cislex_core.errors import UserError
from cislex_core.settings import MAX_SOCKET_PATH_BYTES, Settings


def test_defaults_and_environment(tmp_path: Path) -> None:
    plain = Settings.from_env({})
    assert plain.home == Path.home() / ".cislex"
    assert plain.allowed_roots is None
    read = Settings.from_env(
        {"CISLEX_HOME": str(tmp_path), "CISLEX_ALLOWED_ROOTS": "/a:/b", "CISLEX_BACKOFF_S": "2", "CISLEX_OTHER": "x"}
    )
    assert (read.home, read.allowed_roots, read.backoff_s) == (tmp_path, [Path("/a"), Path("/b")], 2.0)
    assert read.url == f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    assert read.store == tmp_path / "store"
    with pytest.raises(UserError, match="CISLEX"):
        Settings.from_env({"CISLEX_LIGHT_SLOTS": "none"})


def test_socket_path_is_short_and_private(tmp_path: Path) -> None:
    near = Settings(home=Path("/tmp/h"))
    assert near.socket_path == Path("/tmp/h/server.sock")
    far = Settings(home=tmp_path / ("x" * 120))
    other = Settings(home=tmp_path / ("y" * 120))
    assert len(os.fsencode(far.socket_path)) <= MAX_SOCKET_PATH_BYTES
    assert far.socket_path != other.socket_path
    far.make_home()
    assert far.socket_path.parent.stat().st_mode & 0o777 == 0o700
    assert far.home.stat().st_mode & 0o777 == 0o700
    far.socket_path.parent.rmdir()
