"""Where the services are: named contexts in ``~/.config/cislex/config.toml`` (or the file ``CISLEX_CONFIG`` names).

``local`` always exists: the managed server on this machine (see ``local_server``). Others are added with
``cislex context add core grpcs://cislex.example.org:443`` and chosen with ``cislex context use core``, with
``--context core`` or with ``CISLEX_CONTEXT=core``.
"""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cislex_client.exit_codes import NOT_FOUND, CommandError, UsageError

LOCAL = "local"
SERVICES = ("encoder", "trainer", "explainer", "motif")
SCHEMES = {"grpc": "plain text", "grpcs": "TLS", "unix": "a socket on this machine"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Context:
    """One place to work at.

    ``address`` is ``grpcs://host[:port]`` (TLS), ``grpc://host:port`` (plain) or ``unix:///path``; empty for the
    managed local server. ``services`` overrides it per service where no gateway stands before them. The token is read
    from ``token_file`` or from the environment variable ``token_env``, never kept in the configuration. ``cert_file``
    and ``key_file``: this client's own certificate, for servers that ask for one.
    """

    name: str
    address: str = ""
    tenant: str = "local"
    token_file: str = ""
    token_env: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    services: dict[str, str] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """True for the managed server."""
        return not self.address and not self.services

    def address_of(self, service: str) -> str:
        """The address that serves ``encoder``, ``trainer``, ``explainer`` or ``motif``."""
        return self.services.get(service) or self.address

    def token(self) -> str:
        """The bearer token, or "". Raises UsageError when the file named cannot be read."""
        if self.token_file:
            try:
                return Path(self.token_file).expanduser().read_text().strip()
            except OSError as error:
                raise UsageError(
                    f"context {self.name!r}: the token file {self.token_file} cannot be read: {error.strerror}",
                    remedy="write the token into that file, or add the context again with --token-file",
                ) from None
        return os.environ.get(self.token_env, "") if self.token_env else ""


def config_path() -> Path:
    """``$CISLEX_CONFIG``, else ``$XDG_CONFIG_HOME/cislex/config.toml``, else ``~/.config/cislex/config.toml``."""
    if named := os.environ.get("CISLEX_CONFIG"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "cislex" / "config.toml"


@dataclass
class Config:
    """All contexts and the name of the current one."""

    current: str
    contexts: dict[str, Context]

    def get(self, name: str) -> Context:
        """The context of that name. Raises CommandError (exit 3) naming those that exist."""
        if name in self.contexts:
            return self.contexts[name]
        known = ", ".join(sorted(self.contexts))
        raise CommandError(f"no context {name!r}", code=NOT_FOUND, remedy=f"known: {known}; add it: cislex context add")


def load() -> Config:
    """Read the configuration; without a file there is only ``local``. Raises UsageError when it is not valid."""
    path = config_path()
    contexts = {LOCAL: Context(LOCAL)}
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return Config(LOCAL, contexts)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", remedy="repair the line or delete the file") from None
    known = set(asdict(contexts[LOCAL])) - {"name"}
    for name, table in data.get("contexts", {}).items():
        if strange := set(table) - known:
            raise UsageError(
                f"{path}: context {name!r} has unknown keys {', '.join(sorted(strange))}",
                remedy=f"known keys: {', '.join(sorted(known))}",
            )
        contexts[name] = Context(name=name, **table)
    return Config(str(data.get("current", LOCAL)), contexts)


def chosen(flag: str | None) -> Context:
    """The context to use: the flag, else ``CISLEX_CONTEXT``, else the current one."""
    config = load()
    return config.get(flag or os.environ.get("CISLEX_CONTEXT") or config.current)


def add(context: Context) -> Path:
    """Check and keep a context; answers the file written. An existing one of that name is replaced."""
    if not _NAME.fullmatch(context.name):
        raise UsageError(f"{context.name!r} is no name for a context", remedy="use a-z, 0-9 and '-'")
    if context.name == LOCAL:
        raise UsageError("'local' is the managed server of this machine", remedy="choose another name")
    if bool(context.cert_file) != bool(context.key_file):
        raise UsageError("a certificate and its key go together", remedy="give both --cert and --key")
    for address in [context.address, *context.services.values()]:
        check_address(address)
    for service in context.services:
        if service not in SERVICES:
            raise UsageError(f"no service {service!r}", remedy=f"services: {', '.join(SERVICES)}")
    config = load()
    config.contexts[context.name] = context
    return save(config)


def check_address(address: str) -> None:
    """Raise UsageError unless the address is ``grpcs://host[:port]``, ``grpc://host:port`` or ``unix:///path``."""
    parts = urlsplit(address)
    good = parts.scheme in SCHEMES and (bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname))
    try:
        good = good and (parts.scheme == "unix" or parts.port is None or 0 < parts.port < 65536)
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"{address!r} is no address", remedy="write grpcs://host[:port], grpc://host:port or unix:///path/socket"
        )


def save(config: Config) -> Path:
    """Write the configuration in place (temporary file, rename), readable by the owner only."""
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, staged = tempfile.mkstemp(dir=path.parent, prefix=".config-")
    with os.fdopen(handle, "w") as out:
        out.write(_as_toml(config))
    os.replace(staged, path)
    return path


def _as_toml(config: Config) -> str:
    lines = [f"current = {_text(config.current)}"]
    for name, context in sorted(config.contexts.items()):
        if context.is_local:
            continue
        lines += ["", f"[contexts.{name}]"]
        values: dict[str, Any] = asdict(context)
        lines += [f"{key} = {_text(value)}" for key, value in values.items()
                  if key not in ("name", "services") and value]  # fmt: skip
        if context.services:
            inner = ", ".join(f"{key} = {_text(value)}" for key, value in sorted(context.services.items()))
            lines.append(f"services = {{ {inner} }}")
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's."""
    import json

    return json.dumps(value, ensure_ascii=False)
