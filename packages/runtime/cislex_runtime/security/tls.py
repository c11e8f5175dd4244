"""TLS of a server's port: certificates from files, read again when they change; TLS 1.2 and 1.3 (gRPC's own bounds)."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import grpc
from cislex_core.errors import Reason, UserError
from cislex_core.settings import Settings

from cislex_runtime.security.reloading import Reloaded

log = logging.getLogger("cislex.security")


@dataclass(frozen=True)
class Pem:
    """The bytes of the PEM files."""

    chain: bytes
    key: bytes
    client_ca: bytes | None

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """As gRPC takes them."""
        return grpc.ssl_server_certificate_configuration([(self.key, self.chain)], self.client_ca)


class Certificates:
    """The server's certificate, its key, and the authorities of client certificates."""

    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        self._cert, self._key, self._client_ca = cert, key, client_ca
        paths = [path for path in (cert, key, client_ca) if path is not None]
        self._pem = Reloaded("certificates", paths, self._read)

    def credentials(self) -> grpc.ServerCredentials:
        """For ``add_secure_port``. Each new connection gets the certificate that lies in the files then; with a
        ``client_ca`` the client must show one that it signed."""
        first = self._pem.get().configuration()
        return grpc.dynamic_ssl_server_credentials(first, self._changed, self._client_ca is not None)

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        pem, anew = self._pem.look()
        return pem.configuration() if anew else None

    def _read(self) -> Pem:
        try:
            pem = Pem(
                self._cert.read_bytes(),
                self._key.read_bytes(),
                None if self._client_ca is None else self._client_ca.read_bytes(),
            )
            # gRPC takes any bytes and fails later, at each handshake: the key must fit the certificate now.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._cert, self._key, password="")
            if self._client_ca is not None:
                context.load_verify_locations(self._client_ca)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(str(path) for path in (self._cert, self._key, self._client_ca) if path is not None)
            raise UserError(
                Reason.INVALID_REQUEST,
                f"the certificates cannot be used ({error}); give PEM files of one chain, of its own key "
                f"(without a password) and, for mTLS, of the clients' authorities: {files}",
            ) from None
        return pem


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """Credentials of the port, or None for plain text. Raises INVALID_REQUEST for settings that do not fit together."""
    if settings.tls_cert is None and settings.tls_key is None:
        if settings.tls_client_ca is not None:
            raise UserError(Reason.INVALID_REQUEST, "CISLEX_TLS_CLIENT_CA needs CISLEX_TLS_CERT and CISLEX_TLS_KEY")
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        raise UserError(Reason.INVALID_REQUEST, "CISLEX_TLS_CERT and CISLEX_TLS_KEY go together; one of them is unset")
    return Certificates(settings.tls_cert, settings.tls_key, settings.tls_client_ca).credentials()


def check_plain_port(settings: Settings, listen: str) -> None:
    """Raise INVALID_REQUEST when tokens would travel in the clear between machines."""
    if is_loopback(listen):
        return
    if settings.auth == "none":
        log.warning("%s is open to everyone who reaches it; set CISLEX_AUTH, or keep the network closed", listen)
    elif not settings.allow_plaintext_tokens:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"bearer tokens would cross the network in plain text at {listen}: set CISLEX_TLS_CERT and CISLEX_TLS_KEY, "
            "listen on 127.0.0.1, or set CISLEX_ALLOW_PLAINTEXT_TOKENS=1 when a mesh or proxy before this port speaks "
            "TLS",
        )


def is_loopback(listen: str) -> bool:
    """True for a Unix socket and for an address that only this machine reaches."""
    if listen.startswith("unix:"):
        return True
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
