"""TLS: who must not get in does not, and a new certificate is served without a restart."""

from __future__ import annotations

import asyncio
import datetime
import logging
import os
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import running
import trustme
from cislex_core.errors import UserError
from cislex_core.settings import Settings
from cislex_runtime.calling.channel import TlsFiles, open_channel
from cislex_runtime.ledger import Ledger
from cislex_runtime.security.tls import check_plain_port, is_loopback, server_credentials
from google.longrunning import operations_pb2, operations_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from security_scene import reason_of, serving


class Site:
    """Two authorities, and the files of a server and of a client."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.other_ca = trustme.CA(), trustme.CA()
        self.ca.cert_pem.write_to_path(folder / "ca.pem")
        self.other_ca.cert_pem.write_to_path(folder / "other_ca.pem")
        self.ca.cert_pem.write_to_path(folder / "clients.pem")
        self.issue("localhost")
        self.client = self.make_client(self.ca, "client")
        self.stranger = self.make_client(self.other_ca, "stranger")
        self.trusting = TlsFiles(ca=folder / "ca.pem")

    def issue(self, name: str, ca: trustme.CA | None = None, **options: Any) -> trustme.LeafCert:
        """Write the server's certificate and key."""
        leaf = (ca or self.ca).issue_cert(name, **options)
        leaf.private_key_pem.write_to_path(self.folder / "server.key")
        (self.folder / "server.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        return leaf

    def make_client(self, ca: trustme.CA, name: str, **options: Any) -> TlsFiles:
        """A client's certificate and key."""
        leaf = ca.issue_cert(f"{name}@example.org", common_name=name, **options)
        leaf.private_key_pem.write_to_path(self.folder / f"{name}.key")
        leaf.cert_chain_pems[0].write_to_path(self.folder / f"{name}.pem")
        return TlsFiles(self.folder / "ca.pem", self.folder / f"{name}.pem", self.folder / f"{name}.key")

    def settings(self, home: Path, mtls: bool = False) -> Settings:
        """Of a server with the certificate."""
        return Settings(
            home=home, tls_cert=self.folder / "server.pem", tls_key=self.folder / "server.key",
            tls_client_ca=self.folder / "clients.pem" if mtls else None, drain_grace_s=1,
        )  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@asynccontextmanager
async def a_port(settings: Settings) -> AsyncIterator[str]:
    """``localhost:port`` of a server without services of its own."""
    async with serving(settings, [], "127.0.0.1:0") as server:
        yield f"localhost:{server.address.rpartition(':')[2]}"


async def alive(address: str, tls: TlsFiles | None = None) -> bool:
    """True when a new connection is made and health is answered."""
    async with open_channel(address, tls) as channel:
        call = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        code = await call.code()
        if code is grpc.StatusCode.OK:
            return bool((await call).status == health_pb2.HealthCheckResponse.SERVING)
    assert code is grpc.StatusCode.UNAVAILABLE, await call.details()
    return False


async def test_only_who_trusts_and_is_named_gets_through(site: Site, short_dir: Path) -> None:
    async with a_port(site.settings(short_dir)) as address:
        assert await alive(f"grpcs://{address}", site.trusting)
        assert not await alive(f"grpc://{address}")  # plain text
        assert not await alive(f"grpcs://{address}", TlsFiles(ca=site.folder / "other_ca.pem"))
        assert not await alive(f"grpcs://{address}")  # the system's authorities


@pytest.mark.parametrize("what", ["wrong name", "expired"])
async def test_a_certificate_that_does_not_fit_is_refused_by_clients(site: Site, short_dir: Path, what: str) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    if what == "expired":
        site.issue("localhost", not_before=yesterday - datetime.timedelta(days=9), not_after=yesterday)
    else:
        site.issue("elsewhere.example.org")
    async with a_port(site.settings(short_dir)) as address:
        assert not await alive(f"grpcs://{address}", site.trusting)
        site.issue("localhost")
        assert await alive(f"grpcs://{address}", site.trusting)


async def test_mtls_wants_a_certificate_of_the_clients_authority(site: Site, short_dir: Path) -> None:
    async with a_port(site.settings(short_dir, mtls=True)) as address:
        assert await alive(f"grpcs://{address}", site.client)
        assert not await alive(f"grpcs://{address}", site.trusting)  # none
        assert not await alive(f"grpcs://{address}", site.stranger)  # of another authority
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        assert not await alive(f"grpcs://{address}", site.make_client(site.ca, "late", not_after=yesterday))
        # The clients' authority is replaced as the certificates are.
        site.other_ca.cert_pem.write_to_path(site.folder / "clients.pem")
        assert await alive(f"grpcs://{address}", site.stranger)
        assert not await alive(f"grpcs://{address}", site.client)


async def test_the_name_in_the_certificate_is_noted(site: Site, short_dir: Path) -> None:
    settings = site.settings(short_dir, mtls=True)
    async with a_port(settings) as address, open_channel(f"grpcs://{address}", site.client) as channel:
        name = "tenants/local/operations/01ARZ3NDEKTSV4RRFFQ69G5FAV"
        cancel = operations_pb2_grpc.OperationsStub(channel).CancelOperation
        assert await reason_of(cancel, operations_pb2.CancelOperationRequest(name=name)) == "NOT_FOUND"
    ledger = Ledger(settings.url)
    (entry,) = ledger.audit_of("local")
    assert (entry.subject, entry.target, entry.decision) == ("client", name, "NOT_FOUND")
    ledger.close()


async def test_old_tls_is_refused(site: Site, short_dir: Path) -> None:
    def handshake(version: ssl.TLSVersion, port: int) -> str | None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(site.folder / "ca.pem")
        context.set_alpn_protocols(["h2"])
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is what is tested
            context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
            try:
                with context.wrap_socket(raw, server_hostname="localhost") as secure:
                    return secure.version()
            except (ssl.SSLError, ConnectionError):
                return None

    async with a_port(site.settings(short_dir)) as address:
        port = int(address.rpartition(":")[2])
        found = {
            v.name: await asyncio.to_thread(handshake, v, port) for v in ssl.TLSVersion if v.name.startswith("TLSv")
        }
    assert found["TLSv1"] is None
    assert found["TLSv1_1"] is None
    assert found["TLSv1_2"] == "TLSv1.2"
    assert found["TLSv1_3"] == "TLSv1.3"


async def test_a_replaced_certificate_is_served_to_new_connections(
    site: Site, short_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cislex.security")
    trusting_other = TlsFiles(ca=site.folder / "other_ca.pem")
    async with a_port(site.settings(short_dir)) as address:
        async with open_channel(f"grpcs://{address}", site.trusting) as kept:
            stub = health_pb2_grpc.HealthStub(kept)
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
            site.issue("localhost", site.other_ca)
            assert await alive(f"grpcs://{address}", trusting_other)
            assert not await alive(f"grpcs://{address}", site.trusting)
            # The connection of before goes on.
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
        # A key that does not fit: the former pair stays, and the log says so once.
        trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(site.folder / "server.key")
        assert await alive(f"grpcs://{address}", trusting_other)
        assert await alive(f"grpcs://{address}", trusting_other)
    assert len([record for record in caplog.records if "former ones stay" in record.message]) == 1


async def test_health_has_a_plain_port_of_its_own(site: Site, short_dir: Path) -> None:
    settings = site.settings(short_dir, mtls=True).model_copy(update={"health_listen": "127.0.0.1:0"})
    async with serving(settings, [], "127.0.0.1:0") as server:
        assert await alive(server.health_address)
        async with open_channel(server.health_address) as channel:
            reflection = channel.unary_unary("/google.longrunning.Operations/GetOperation")
            with pytest.raises(grpc.RpcError) as caught:
                await reflection(b"", timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_settings_that_do_not_fit_together_are_said(site: Site, tmp_path: Path) -> None:
    full = site.settings(tmp_path)
    for change in ({"tls_key": None}, {"tls_cert": None, "tls_key": None, "tls_client_ca": tmp_path / "ca.pem"},
                   {"tls_cert": tmp_path / "none.pem"}, {"tls_key": site.client.key}):  # fmt: skip
        with pytest.raises(UserError, match=r"CISLEX_TLS|certificates cannot be used"):
            server_credentials(full.model_copy(update=change))
    assert server_credentials(Settings(home=tmp_path)) is None


@pytest.mark.parametrize("listen", ["0.0.0.0:50051", "[::]:50051", "10.0.0.7:1", "cislex.example.org:50051"])
def test_tokens_do_not_cross_a_network_in_plain_text(tmp_path: Path, listen: str) -> None:
    settings = Settings(home=tmp_path, auth="static", auth_tokens_file=tmp_path / "tokens.toml")
    with pytest.raises(UserError, match="CISLEX_ALLOW_PLAINTEXT_TOKENS"):
        check_plain_port(settings, listen)
    check_plain_port(settings.model_copy(update={"allow_plaintext_tokens": True}), listen)
    check_plain_port(settings, "127.0.0.1:50051")
    assert is_loopback("unix:/run/x.sock")
    assert is_loopback("[::1]:50051")
    assert is_loopback("localhost:50051")


def test_the_server_refuses_to_start_so(short_dir: Path) -> None:
    environment = {
        **os.environ, "CISLEX_HOME": str(short_dir), "CISLEX_AUTH": "static", "CISLEX_AUTH_TOKENS_FILE": "/none",
        "PYTHONPATH": str(running.HERE),
    }  # fmt: skip
    for listen, said in (("0.0.0.0:0", "plain text"), ("127.0.0.1:0", "tokens file /none cannot be read")):
        made = subprocess.run(
            [sys.executable, "-m", "toy", "--listen", listen], env=environment, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert made.returncode == 1
        assert said in made.stderr
        assert "Traceback" not in made.stderr
