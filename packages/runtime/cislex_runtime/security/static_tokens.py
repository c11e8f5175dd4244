"""Bearer tokens of a file, for sites without an identity provider. The file holds hashes, never a token.

    python -m cislex_runtime.security.static_tokens new --tenant lab-a --role user --name "lab A, sequencer" \
        --days 365 --file tokens.toml

prints the token once and appends its entry:

    [[tokens]]
    name = "lab A, sequencer"
    sha256 = "…"
    tenant = "lab-a"
    role = "user"
    expires = 2027-11-21T00:00:00Z

Tokens are 256 random bits, so one round of SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import re
import secrets
import stat
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal

from cislex_core.errors import Reason, UserError
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from cislex_runtime.security.identity import Principal, Role
from cislex_runtime.security.reloading import Reloaded

PREFIX = "cislex_"
TENANT = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")


class Entry(BaseModel):
    """One token of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    """Who holds it; becomes the subject in the audit log."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: str = Field(pattern=TENANT.pattern)
    role: Literal["reader", "user", "admin"]
    expires: AwareDatetime | None = None


class TokensFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: list[Entry] = []


class StaticTokens:
    """Verifies tokens against the file; changes hold from the next call on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = Reloaded(f"tokens of {path}", [path], self._read)

    async def principal(self, token: str) -> Principal:
        """Who holds the token. Raises UNAUTHENTICATED."""
        digest = sha256(token.encode("utf-8", "surrogateescape")).digest()
        found: Entry | None = None
        # Every entry is compared, in constant time each: how long it takes tells nothing.
        for held, entry in self._entries.get():
            if hmac.compare_digest(held, digest):
                found = entry
        if found is None:
            raise UserError(Reason.UNAUTHENTICATED, "the token is not known here; ask the operator for one")
        if found.expires is not None and found.expires <= datetime.now(UTC):
            raise UserError(Reason.UNAUTHENTICATED, "the token has expired; ask the operator for a new one")
        return Principal(found.name, found.tenant, Role[found.role.upper()])

    def close(self) -> None:
        """Nothing to give back."""

    def _read(self) -> list[tuple[bytes, Entry]]:
        try:
            if self._path.stat().st_mode & stat.S_IWOTH:
                raise UserError(
                    Reason.INVALID_REQUEST, f"{self._path} may be written by everybody; chmod o-w {self._path}"
                )
            entries = TokensFile.model_validate(tomllib.loads(self._path.read_text())).tokens
            return [(bytes.fromhex(entry.sha256), entry) for entry in entries]
        except OSError as error:
            message = f"the tokens file {self._path} cannot be read: {error.strerror}"
            raise UserError(Reason.INVALID_REQUEST, message) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
            message = f"the tokens file {self._path} is not valid: {_without_input(error)}"
            raise UserError(Reason.INVALID_REQUEST, message) from None


def _without_input(error: Exception) -> str:
    """What is wrong and where, without the values: somebody may have put a token there instead of its hash."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found)
    return str(error)


def new_token() -> str:
    """A token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def entry_text(token: str, name: str, tenant: str, role: str, expires: datetime | None) -> str:
    """The TOML of a token's entry."""
    lines = ["[[tokens]]", f"name = {json.dumps(name, ensure_ascii=False)}"]
    lines += [f'sha256 = "{sha256(token.encode()).hexdigest()}"', f'tenant = "{tenant}"', f'role = "{role}"']
    if expires is not None:
        lines.append(f"expires = {expires.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m cislex_runtime.security.static_tokens")
    new = parser.add_subparsers(required=True, metavar="new").add_parser("new", help="make a token")
    new.add_argument("--tenant", required=True, help="a-z, 0-9 and '-'")
    new.add_argument("--role", choices=[role.word for role in Role], default="user")
    new.add_argument("--name", default="", help="who holds it; default: the tenant")
    new.add_argument("--days", type=float, default=365, help="valid so long; 0 = for ever; default %(default)s")
    new.add_argument("--file", type=Path, help="append the entry to this file instead of printing it")
    given = parser.parse_args(arguments)
    if not TENANT.fullmatch(given.tenant):
        parser.error(f"--tenant {given.tenant!r}: use a-z, 0-9 and '-', at most 63 characters")
    token = new_token()
    expires = datetime.now(UTC) + timedelta(days=given.days) if given.days else None
    entry = entry_text(token, given.name or given.tenant, given.tenant, given.role, expires)
    if given.file is None:
        print(entry)
    else:
        handle = os.open(given.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a") as out:
            out.write(("\n" if out.tell() else "") + entry)
        print(f"added to {given.file}", file=sys.stderr)
    print("the token, shown once:", file=sys.stderr)
    print(token)


if __name__ == "__main__":
    main()
