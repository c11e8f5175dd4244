"""What can go wrong, one class per kind; ``reason`` is that of the error catalogue (docs/protocol.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cislex_core.errors import CislexError, Code, Reason
from cislex_runtime.calling.problem import RpcProblem, WaitTimeoutError

from cislex_client.exit_codes import AUTH, NOT_FOUND, UNAVAILABLE, CommandError

__all__ = [
    "CanceledError", "DataLossError", "DefectError", "ExhaustedError", "InvalidRequestError", "NotFoundError",
    "PermissionDeniedError", "PreconditionError", "ServiceError", "UnauthenticatedError", "UnavailableError",
    "UnimplementedError", "WaitTimeoutError",
]  # fmt: skip


class ServiceError(RpcProblem):
    """Anything that a service refused or that failed there, and everything that kept it from being asked.

    ``message`` says what, which value and what to do; ``reason`` names it (``catalogued`` as a ``Reason``);
    ``violations`` are the fields that are wrong; ``metadata`` repeats the values of the message; ``operation`` is the
    name of the one that failed, if one did.
    """

    operation: str = ""

    @property
    def catalogued(self) -> Reason | None:
        """The entry of the catalogue; None when no server of ours spoke (a proxy, the connection)."""
        return Reason.__members__.get(self.reason)


class InvalidRequestError(ServiceError):
    """A field, a file or a limit (INVALID_ARGUMENT): ask for something else."""


class NotFoundError(ServiceError):
    """No such resource, or not for you."""


class PreconditionError(ServiceError):
    """The request is sound, what it names does not allow it (FAILED_PRECONDITION)."""


class UnauthenticatedError(ServiceError):
    """No token, or one that is not valid."""


class PermissionDeniedError(ServiceError):
    """The token does not allow it."""


class ExhaustedError(ServiceError):
    """A quota, memory or disk (RESOURCE_EXHAUSTED)."""


class UnavailableError(ServiceError):
    """The server cannot be reached or cannot answer now; the same again may succeed."""


class CanceledError(ServiceError):
    """Cancelled on request."""


class DataLossError(ServiceError):
    """Stored bytes do not match their digest."""


class UnimplementedError(ServiceError):
    """The server is older than this client."""


class DefectError(ServiceError):
    """A defect of the server (INTERNAL); ``metadata["log_id"]`` leads to its traceback."""


_BY_CODE: dict[int, type[ServiceError]] = {
    Code.CANCELLED.value: CanceledError,
    Code.INVALID_ARGUMENT.value: InvalidRequestError,
    Code.DEADLINE_EXCEEDED.value: UnavailableError,
    Code.NOT_FOUND.value: NotFoundError,
    Code.PERMISSION_DENIED.value: PermissionDeniedError,
    Code.RESOURCE_EXHAUSTED.value: ExhaustedError,
    Code.FAILED_PRECONDITION.value: PreconditionError,
    Code.UNIMPLEMENTED.value: UnimplementedError,
    Code.INTERNAL.value: DefectError,
    Code.UNAVAILABLE.value: UnavailableError,
    Code.DATA_LOSS.value: DataLossError,
    Code.UNAUTHENTICATED.value: UnauthenticatedError,
}


def typed(problem: RpcProblem, operation: str = "") -> ServiceError:
    """The same as its class."""
    kind = _BY_CODE.get(problem.code, ServiceError)
    error = kind(problem.code, problem.message, problem.reason, problem.violations, problem.metadata)
    error.operation = operation
    return error


@contextlib.contextmanager
def telling(operation: str = "") -> Iterator[None]:
    """Everything that the block raises about the services becomes a ServiceError."""
    try:
        yield
    except ServiceError:
        raise
    except RpcProblem as problem:
        raise typed(problem, operation) from None
    except CislexError as error:
        raise typed(RpcProblem.from_error(error), operation) from None
    except CommandError as error:
        raise typed(_of_command(error), operation) from None


def _of_command(error: CommandError) -> RpcProblem:
    """What arose on this side: a context, a file, a server that does not start."""
    by_exit = {NOT_FOUND: Reason.NOT_FOUND, UNAVAILABLE: Reason.UNAVAILABLE, AUTH: Reason.UNAUTHENTICATED}
    reason = Reason.__members__.get(error.reason) or by_exit.get(error.code, Reason.INVALID_REQUEST)
    remedy = f" ({error.remedy})" if error.remedy else ""
    return RpcProblem(reason.code.value, f"{error.message}{remedy}", reason.name, metadata=error.metadata)
