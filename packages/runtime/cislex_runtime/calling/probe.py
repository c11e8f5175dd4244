"""``python -m cislex_runtime.calling.probe``: asks a server's health over gRPC; exit status 0 = serving, 1 = not.

For health checks of containers. Imports gRPC and nothing else, so that asking is cheap. The service without a name is
alive when the process answers; ``ready`` also says that ledger, store and engine can be used.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cislex_runtime.calling.channel import TlsFiles, open_sync_channel

DEFAULT_ADDRESS = "127.0.0.1:50051"
_EVERYWHERE = ("", "0.0.0.0", "[::]", "::")


def default_address(environ: Mapping[str, str]) -> str:
    """The plain health port that ``CISLEX_HEALTH_LISTEN`` names, on this machine; else the service's own port."""
    host, colon, port = environ.get("CISLEX_HEALTH_LISTEN", "").rpartition(":")
    if not colon:
        return DEFAULT_ADDRESS
    return f"{'127.0.0.1' if host in _EVERYWHERE else host}:{port}"


def probe(address: str, service: str = "", timeout_s: float = 5.0, ca_file: Path | None = None) -> str:
    """Why ``service`` does not serve at ``address``; empty when it does.

    ``address`` is as ``cislex_runtime.calling.channel`` takes it: ``host:port``, ``grpcs://host:port`` (TLS, trusting
    ``ca_file``) or ``unix:/path``.
    """
    request = health_pb2.HealthCheckRequest(service=service)
    try:
        with open_sync_channel(address, TlsFiles(ca_file)) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout_s)
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    except (OSError, ValueError) as error:
        return str(error)
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return ""
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cislex_runtime.calling.probe", description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", default=default_address(os.environ), help="default: %(default)s")
    parser.add_argument("--service", default="", help='"" (alive) or ready')
    parser.add_argument("--timeout", type=float, default=5.0, metavar="S", help="seconds; default %(default)s")
    parser.add_argument("--ca-file", type=Path, help="PEM certificates to trust at a grpcs:// address")
    chosen = parser.parse_args(arguments)
    if problem := probe(chosen.address, chosen.service, chosen.timeout, chosen.ca_file):
        print(f"{chosen.address} {chosen.service or 'alive'}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
