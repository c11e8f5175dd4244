"""A whole run against a server process with distinctive secrets: none of them is in any file that it wrote a log to."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from cislex.encoder.v1 import encoder_pb2, encoder_pb2_grpc
from cislex_runtime.calling.connection import Connection
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.security.static_tokens import entry_text, new_token
from cislex_runtime.telemetry.logs import clean

SEQUENCE = "GATTACAGATTACACATCATGGGCCCTTTAAACGCGCGATATAGAGTCTCACACTGTGACCATTGAC"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_is_logged(short_dir: Path, log_format: str) -> None:
    token, wrong, late = new_token(), new_token(), new_token()
    jwt = ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b'{"sub":"eve"}', b"s" * 9)
    )
    tokens = short_dir / "tokens.toml"
    from datetime import UTC, datetime

    tokens.write_text(
        entry_text(token, "lab a", "a", "user", None)
        + entry_text(late, "old", "a", "user", datetime(2020, 1, 1, tzinfo=UTC))
    )
    environment = {
        **os.environ, "CISLEX_HOME": str(short_dir / "h"), "CISLEX_AUTH": "static", "CISLEX_LOG_LEVEL": "DEBUG",
        "CISLEX_AUTH_TOKENS_FILE": str(tokens), "CISLEX_LOG_FORMAT": log_format, "OMP_NUM_THREADS": "1",
        "CISLEX_DRAIN_GRACE_S": "2", "CISLEX_STOP_GRACE_S": "1",
    }  # fmt: skip
    with open(short_dir / "stderr", "w") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-m", "cislex_encoder", "--listen", "127.0.0.1:0"],
            env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        _misuse(address, token, [wrong, late, jwt, "garbage-secret-7f3a"], short_dir)
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()
    written = {
        path: path.read_text(errors="replace")
        for path in [short_dir / "stderr", *(short_dir / "h" / "logs").rglob("*")]
        if path.is_file()
    }
    assert len(written) >= 2
    everything = "\n".join(written.values())
    assert "INVALID_FASTA" in everything or "INVALID_REQUEST" in everything
    assert "decision=OK" in everything
    assert "decision=UNAUTHENTICATED" in everything
    for secret in (token, wrong, late, jwt, "garbage-secret-7f3a", SEQUENCE, SEQUENCE.lower()):
        places = [str(path) for path, text in written.items() if secret in text]
        assert not places, f"{secret[:12]}… is in {places}"


def _misuse(address: str, token: str, others: list[str], folder: Path) -> None:
    """Good and bad calls that carry the secrets."""
    fasta = folder / "secret.fa"
    fasta.write_text(f">chr1\n{SEQUENCE}\n>chr1\n{SEQUENCE.lower()}!!\n")
    with Connection(address, token=token) as connection:
        stub = encoder_pb2_grpc.EncoderServiceStub(connection.channel)
        good = {"metadata": (("authorization", f"Bearer {token}"),), "timeout": 60}
        stub.EncodeSequences(encoder_pb2.EncodeSequencesRequest(sequences=[SEQUENCE], length=100), **good)
        for request in (
            encoder_pb2.EncodeSequencesRequest(sequences=[SEQUENCE + "!", SEQUENCE], length=10),
            encoder_pb2.EncodeSequencesRequest(sequences=[SEQUENCE], length=-1),
        ):
            with pytest.raises(grpc.RpcError):
                stub.EncodeSequences(request, **good)
        digest = connection.upload(fasta)
        register = encoder_pb2.RegisterGenomeRequest(fasta={"sha256": digest}, labels={"Bad Key": SEQUENCE})
        with pytest.raises(RpcProblem):
            connection.call(_with(stub.RegisterGenome, good), register)
        operation = connection.call(
            _with(stub.RegisterGenome, good), encoder_pb2.RegisterGenomeRequest(fasta={"sha256": digest})
        )
        done = connection.wait(operation.name, timeout_s=120)
        assert done.HasField("error")
        with pytest.raises(RpcProblem):
            connection.get(f"tenants/a/operations/{SEQUENCE}!")
    for wrong in others:
        with Connection(address, token=wrong, patience_s=0) as connection, pytest.raises(RpcProblem):
            connection.get(operation.name)


def _with(method: grpc.UnaryUnaryMultiCallable, options: dict[str, object]) -> object:
    return lambda request, **_: method(request, **options)


@pytest.mark.parametrize(
    "text",
    [
        "authorization: Bearer abc.def-ghi_jkl",
        f"the token {new_token()} came",
        "GET https://s3.example.org/b/k?X-Amz-Algorithm=A&X-Amz-Credential=AKIA%2Fx&X-Amz-Signature=0123456789abcdef0123",
        "postgresql+psycopg://cislex:pass-word-1@db/cislex",
        f"line 3 is {SEQUENCE}",
    ],
    ids=["bearer", "token", "presigned", "database", "sequence"],
)
def test_each_kind_of_secret_is_blotted_out(text: str) -> None:
    told = clean(text)
    for secret in ("abc.def-ghi_jkl", "AKIA", "0123456789abcdef0123", "pass-word-1", SEQUENCE):
        assert secret not in told
    assert not any(len(word) > 42 and word.startswith("cislex_") for word in told.split())
