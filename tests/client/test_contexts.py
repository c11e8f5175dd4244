"""Contexts: one file, always `local`, nothing secret in it."""

from __future__ import annotations

import os

import pytest
from cislex_client import contexts
from cislex_client.app import run_command
from cislex_client.contexts import Context
from cislex_client.exit_codes import CommandError, UsageError


def test_without_a_file_there_is_local(clean_env):
    config = contexts.load()
    assert config.current == "local"
    assert contexts.chosen(None).is_local


def test_added_contexts_come_back_as_they_were(clean_env):
    context = Context(
        "core", "grpcs://h.example:443", tenant='t"1', token_env="TOK", ca_file="/ca é.pem",
        services={"motif": "grpc://m:1"},
    )  # fmt: skip
    contexts.add(context)
    assert contexts.load().get("core") == context
    assert context.address_of("motif") == "grpc://m:1"
    assert context.address_of("trainer") == "grpcs://h.example:443"
    assert os.stat(contexts.config_path()).st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "address", ["", "h.example:443", "http://h", "grpcs://", "grpc://h:99999", "grpc://h:port", "unix://"]
)
def test_bad_addresses_are_refused(clean_env, address):
    with pytest.raises(UsageError, match="no address"):
        contexts.add(Context("core", address))
    assert not contexts.config_path().exists()


@pytest.mark.parametrize("name", ["local", "UPPER", "a b", "", "-x"])
def test_bad_names_are_refused(clean_env, name):
    with pytest.raises(UsageError):
        contexts.add(Context(name, "grpc://h:1"))


def test_flag_before_variable_before_current(clean_env, monkeypatch):
    for name in ("a", "b", "c"):
        contexts.add(Context(name, "grpc://h:1"))
    config = contexts.load()
    config.current = "a"
    contexts.save(config)
    assert contexts.chosen(None).name == "a"
    monkeypatch.setenv("CISLEX_CONTEXT", "b")
    assert contexts.chosen(None).name == "b"
    assert contexts.chosen("c").name == "c"


def test_an_unknown_context_is_exit_3_and_names_the_known(clean_env):
    with pytest.raises(CommandError, match="nowhere") as caught:
        contexts.chosen("nowhere")
    assert caught.value.code == 3
    assert "local" in caught.value.remedy


@pytest.mark.parametrize("text", ["current = ", "[contexts.x]\naddres = 'grpc://h:1'\n"])
def test_a_damaged_file_is_named(clean_env, text):
    contexts.config_path().write_text(text)
    with pytest.raises(UsageError, match=r"config\.toml"):
        contexts.load()


def test_tokens_come_from_file_or_environment(clean_env, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("abc\n")
    assert Context("x", "grpc://h:1", token_file=str(tmp_path / "token")).token() == "abc"
    monkeypatch.setenv("TOK", "def")
    assert Context("x", "grpc://h:1", token_env="TOK").token() == "def"
    with pytest.raises(UsageError, match="cannot be read"):
        Context("x", "grpc://h:1", token_file=str(tmp_path / "none")).token()


def test_commands(clean_env, capsys):
    assert run_command(["context", "add", "core", "grpcs://h:443", "--service", "motif=grpc://m:1"]) == 0
    assert run_command(["context", "use", "core"]) == 0
    assert run_command(["context", "ls", "-o", "name"]) == 0
    assert capsys.readouterr().out.split() == ["core", "local"]
    assert contexts.load().current == "core"
    assert run_command(["context", "rm", "core"]) == 0
    assert contexts.load().current == "local"
    assert run_command(["context", "use", "core"]) == 3
    assert run_command(["context", "rm", "local"]) == 2
    assert run_command(["context", "add", "core", "nonsense"]) == 2
    assert run_command(["context", "add", "core", "grpc://h:1", "--service", "motif"]) == 2
