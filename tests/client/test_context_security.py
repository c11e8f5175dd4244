"""The command against a server with mTLS and tokens: what it needs, and how it ends when it may not."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cislex_runtime.ledger import Ledger
from cislex_runtime.security.static_tokens import entry_text, new_token


@dataclass
class Site:
    """A running server and the files of its users."""

    folder: Path
    address: str
    token: str

    def cislex(self, *words: str) -> tuple[int, str]:
        """Run the command; answers exit code and what it said."""
        environment = {
            **os.environ, "CISLEX_CONFIG": str(self.folder / "config.toml"), "CISLEX_HOME": str(self.folder / "home"),
        }  # fmt: skip
        environment.pop("CISLEX_CONTEXT", None)
        done = subprocess.run(
            [str(Path(sys.executable).with_name("cislex")), *words], env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def add(self, name: str, *words: str) -> None:
        """Add a context and use it."""
        ca = ["--ca-file", str(self.folder / "ca.pem")]
        assert self.cislex("context", "add", name, self.address, *ca, *words)[0] == 0
        assert self.cislex("context", "use", name)[0] == 0


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as text:
        folder = Path(text)
        ca = trustme.CA()
        ca.cert_pem.write_to_path(folder / "ca.pem")
        for name, leaf in (("server", ca.issue_cert("localhost")), ("me", ca.issue_cert("me@lab", common_name="me"))):
            leaf.private_key_pem.write_to_path(folder / f"{name}.key")
            leaf.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        token = new_token()
        (folder / "tokens.toml").write_text(entry_text(token, "me", "lab-a", "user", None))
        (folder / "token").write_text(token + "\n")
        environment = {
            **os.environ, "CISLEX_HOME": str(folder / "server"), "CISLEX_TLS_CERT": str(folder / "server.pem"),
            "CISLEX_TLS_KEY": str(folder / "server.key"), "CISLEX_TLS_CLIENT_CA": str(folder / "ca.pem"),
            "CISLEX_AUTH": "static", "CISLEX_AUTH_TOKENS_FILE": str(folder / "tokens.toml"), "OMP_NUM_THREADS": "1",
            "CISLEX_DRAIN_GRACE_S": "1",
        }  # fmt: skip
        server = subprocess.Popen(
            [sys.executable, "-m", "cislex_encoder", "--listen", "127.0.0.1:0"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        port = server.stdout.readline().split()[1].rpartition(":")[2]
        yield Site(folder, f"grpcs://localhost:{port}", token)
        server.terminate()
        server.wait(30)
        server.stdout.close()


def certificate(site: Site) -> list[str]:
    """Options of the client's own certificate."""
    return ["--cert", str(site.folder / "me.pem"), "--key", str(site.folder / "me.key")]


def test_with_certificate_token_and_tenant_it_works(site: Site) -> None:
    site.add("good", *certificate(site), "--tenant", "lab-a", "--token-file", str(site.folder / "token"))
    code, said = site.cislex("context", "check")
    assert (code, "tenant lab-a may work there" in said) == (0, True), said
    assert site.cislex("op", "ls")[0] == 0
    assert site.token not in (site.folder / "config.toml").read_text()


@pytest.mark.parametrize(
    ("tenant", "token", "said"),
    [("lab-a", "", "no token"), ("lab-a", "wrong", "not known here"), ("lab-b", "token", "of tenant 'lab-a'")],
)
def test_who_may_not_ends_with_4(site: Site, tenant: str, token: str, said: str) -> None:
    (site.folder / "wrong").write_text("garbage")
    file = ["--token-file", str(site.folder / token)] if token else []
    site.add("other", *certificate(site), "--tenant", tenant, *file)
    for words in (["context", "check"], ["op", "ls"]):
        code, printed = site.cislex(*words)
        assert code == 4
        assert said in printed


def test_refusals_are_in_the_audit_log(site: Site) -> None:
    site.add("nobody", *certificate(site), "--tenant", "lab-a")
    assert site.cislex("op", "ls")[0] == 4
    site.add("stranger", *certificate(site), "--tenant", "lab-b", "--token-file", str(site.folder / "token"))
    assert site.cislex("op", "ls")[0] == 4
    wanted = {("", "UNAUTHENTICATED"), ("me", "FORBIDDEN")}
    ledger = Ledger(f"sqlite:///{site.folder / 'server' / 'ledger.sqlite'}")
    noted: set[tuple[str, str]] = set()
    until = time.monotonic() + 30  # the log is written in batches
    while not wanted <= noted and time.monotonic() < until:
        noted = {(entry.subject, entry.decision) for entry in ledger.audit_of("lab-a", 1000)}
        time.sleep(0.1)
    ledger.close()
    assert noted == wanted


def test_a_certificate_alone_is_a_usage_error(site: Site) -> None:
    code, said = site.cislex("context", "add", "half", site.address, "--cert", str(site.folder / "me.pem"))
    assert (code, "--key" in said) == (2, True)
    assert site.cislex("context", "add", "x", site.address, "--cert", "/none.pem", "--key", "/none.key")[0] == 0
    code, said = site.cislex("--context", "x", "context", "check")
    assert (code, "/none.key" in said or "/none.pem" in said) == (2, True)
