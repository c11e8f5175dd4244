"""A failed rpc or operation as one exception: google.rpc.Status decoded."""

from __future__ import annotations

import grpc
from cislex_core.errors import CislexError, Violation
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from cislex_runtime.calling.exit_codes import WAIT_TIMED_OUT, exit_code
from cislex_runtime.serving.status import read_status

# For a status that no server of ours made: the connection, a proxy or an older server speaks.
_EXPLAINED = {
    grpc.StatusCode.UNAVAILABLE: "the server cannot be reached: ",
    grpc.StatusCode.DEADLINE_EXCEEDED: "the server did not answer in time: ",
    grpc.StatusCode.UNAUTHENTICATED: "not signed in: ",
    grpc.StatusCode.PERMISSION_DENIED: "not allowed: ",
    grpc.StatusCode.UNIMPLEMENTED: "the server does not know this call: ",
}


class RpcProblem(Exception):  # noqa: N818 - what a user sees; its reason names the error
    """A failed rpc or operation.

    ``code`` is the gRPC number, ``reason`` that of the catalogue (the code's name where the status has no ErrorInfo),
    ``metadata`` repeats the values of the message, ``violations`` name the fields that are wrong.
    """

    def __init__(
        self, code: int, message: str, reason: str = "", violations: list[Violation] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason or _code_name(code)
        self.violations = violations or []
        self.metadata = metadata or {}

    @property
    def exit_code(self) -> int:
        """What a command answers to its shell: see ``exit_codes``."""
        return exit_code(self.code, self.reason)

    @classmethod
    def from_status(cls, status: status_pb2.Status) -> RpcProblem:
        """From google.rpc.Status, e.g. ``Operation.error``."""
        reason, violations, metadata = read_status(status)
        message = status.message or f"the server answered {_code_name(status.code)}"
        return cls(status.code, message, reason, violations, metadata)

    @classmethod
    def from_rpc(cls, error: grpc.RpcError) -> RpcProblem:
        """From what a stub raised, sync or aio."""
        try:
            status = rpc_status.from_call(error)
        except (ValueError, AttributeError):
            # An intermediary rewrote the status: its details contradict the trailers. The code still holds.
            status = None
        if status is not None and status.details:
            return cls.from_status(status)
        code = error.code()
        return cls(code.value[0], _EXPLAINED.get(code, "") + (error.details() or code.name))

    @classmethod
    def from_error(cls, error: CislexError) -> RpcProblem:
        """From an error of the catalogue that arose on this side, e.g. while a file was read."""
        return cls(error.reason.code.value, error.message, error.reason.name, error.violations, error.metadata)


class WaitTimeoutError(Exception):
    """The operation is not done yet; it runs on."""

    exit_code = WAIT_TIMED_OUT


def _code_name(code: int) -> str:
    return code_pb2.Code.Name(code) if code in code_pb2.Code.values() else "UNKNOWN"
