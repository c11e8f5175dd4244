"""Tokens of a file: hashed, with an end, read again when the file changes."""

from __future__ import annotations

import logging
import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cislex_core.errors import CislexError, Reason
from cislex_runtime.security import static_tokens
from cislex_runtime.security.identity import Principal, Role
from cislex_runtime.security.static_tokens import StaticTokens, entry_text, new_token


def write(path: Path, *entries: str) -> None:
    """The file, with another inode, as an editor or kubelet writes it."""
    staged = path.with_suffix(".new")
    staged.write_text("\n".join(entries))
    os.replace(staged, path)


async def refused(tokens: StaticTokens, token: str) -> str:
    """The message of the refusal."""
    with pytest.raises(CislexError) as caught:
        await tokens.principal(token)
    assert caught.value.reason is Reason.UNAUTHENTICATED
    assert token not in caught.value.message or not token
    return caught.value.message


async def test_a_token_speaks_for_its_entry_until_it_ends(tmp_path: Path) -> None:
    good, late = new_token(), new_token()
    now = datetime.now(UTC)
    path = tmp_path / "tokens.toml"
    write(
        path,
        entry_text(good, 'lab "A"', "lab-a", "user", now + timedelta(hours=1)),
        entry_text(late, "old", "lab-a", "admin", now - timedelta(seconds=2)),
    )
    tokens = StaticTokens(path)
    assert await tokens.principal(good) == Principal('lab "A"', "lab-a", Role.USER)
    assert "expired" in await refused(tokens, late)
    for wrong in ("", "cislex_", good[:-1], good + "a", good.lower(), "ü" * 40):
        assert "not known" in await refused(tokens, wrong)


async def test_the_file_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = new_token(), new_token()
    path = tmp_path / "tokens.toml"
    write(path, entry_text(first, "a", "a", "reader", None))
    tokens = StaticTokens(path)
    write(path, entry_text(second, "b", "b", "admin", None))
    assert (await tokens.principal(second)).tenant == "b"
    await refused(tokens, first)
    # A broken file locks nobody out, and its content is not in the log.
    write(path, f'[[tokens]]\nname = "x"\nsha256 = "{first}"\ntenant = "a"\nrole = "user"\n')
    with caplog.at_level(logging.ERROR):
        assert (await tokens.principal(second)).tenant == "b"
        assert (await tokens.principal(second)).tenant == "b"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert first not in caplog.text
    write(path, entry_text(first, "a", "a", "reader", None))
    assert (await tokens.principal(first)).role is Role.READER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[tokens]]\nname = "a"\nsha256 = "00"\ntenant = "a"\nrole = "user"\n', "sha256"),
        (f'[[tokens]]\nname = "a"\nsha256 = "{"0" * 64}"\ntenant = "A b"\nrole = "user"\n', "tenant"),
        (f'[[tokens]]\nname = "a"\nsha256 = "{"0" * 64}"\ntenant = "a"\nrole = "root"\n', "role"),
        (
            f'[[tokens]]\nname = "a"\nsha256 = "{"0" * 64}"\ntenant = "a"\nrole = "user"\nexpires = 2026-01-01\n',
            "expires",
        ),
        ("[[tokens]\n", "not valid"),
        ('[[tokens]]\nfoo = "a"\n', "foo"),
    ],
)
def test_a_bad_file_is_refused_at_the_start(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(text)
    with pytest.raises(CislexError, match=said):
        StaticTokens(path)


def test_a_file_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text("")
    path.chmod(0o666)
    with pytest.raises(CislexError, match="chmod"):
        StaticTokens(path)


async def test_the_command_makes_tokens_that_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tokens.toml"
    for tenant, role in (("lab-a", "reader"), ("lab-b", "admin")):
        static_tokens.main(["new", "--tenant", tenant, "--role", role, "--file", str(path), "--days", "1"])
    printed = capsys.readouterr().out.split()
    assert len(printed) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert not any(token in text for token in printed)
    assert len(tomllib.loads(text)["tokens"]) == 2
    tokens = StaticTokens(path)
    assert [(await tokens.principal(token)).tenant for token in printed] == ["lab-a", "lab-b"]
    assert [(await tokens.principal(token)).role for token in printed] == [Role.READER, Role.ADMIN]
    with pytest.raises(SystemExit):
        static_tokens.main(["new", "--tenant", "Lab A"])
