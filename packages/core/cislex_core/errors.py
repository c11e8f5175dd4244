"""The one error catalogue: every reason cislex can give, with its gRPC code and a title.

A message says what, which value, and what to do. ``Reason`` names are the ``reason`` of ``google.rpc.ErrorInfo``
(domain ``cislex.dev``); they are part of the contract and are never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DOMAIN = "cislex.dev"


class Code(Enum):
    """The gRPC status codes the catalogue uses (numbers as in google.rpc.Code); no grpc import here."""

    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class Reason(Enum):
    """reason = (code, title)."""

    # requests
    INVALID_REQUEST = (Code.INVALID_ARGUMENT, "a field of the request is not valid")
    REQUEST_ID_REUSED = (Code.INVALID_ARGUMENT, "the same request_id came with another body")
    NOT_FOUND = (Code.NOT_FOUND, "no such resource")
    ARTIFACT_MISSING = (Code.FAILED_PRECONDITION, "the store does not hold this digest")
    ARTIFACT_KIND = (Code.INVALID_ARGUMENT, "the artifact is of another kind than the field takes")
    ARTIFACT_CORRUPT = (Code.DATA_LOSS, "the bytes do not match their digest")
    PATH_NOT_ALLOWED = (Code.PERMISSION_DENIED, "the path lies outside the allowed roots")
    # who may do what, and how much
    UNAUTHENTICATED = (Code.UNAUTHENTICATED, "no token, or one that is not valid")
    FORBIDDEN = (Code.PERMISSION_DENIED, "the token's tenant or role does not allow this")
    QUOTA_EXCEEDED = (Code.RESOURCE_EXHAUSTED, "a limit of the tenant is reached")
    RATE_LIMITED = (Code.UNAVAILABLE, "too many calls at once; ask again after the delay named")
    DEADLINE_REQUIRED = (Code.INVALID_ARGUMENT, "the call has no deadline")
    LIMIT_EXCEEDED = (Code.INVALID_ARGUMENT, "the input is larger than this server takes")
    UNSAFE_FILE = (Code.INVALID_ARGUMENT, "the file could do harm and was not opened")
    # the store
    STORE_REFUSED = (Code.FAILED_PRECONDITION, "the store refuses this server: its bucket, keys or rights are wrong")
    NO_PRESIGNED_URLS = (Code.FAILED_PRECONDITION, "the store of this server gives no presigned URLs")
    # input files
    FILE_NOT_FOUND = (Code.INVALID_ARGUMENT, "the file does not exist")
    FILE_TRUNCATED = (Code.INVALID_ARGUMENT, "the compressed file ends too early")
    INVALID_INTERVALS = (Code.INVALID_ARGUMENT, "the interval file has rows that cannot be read")
    INVALID_FASTA = (Code.INVALID_ARGUMENT, "the file is not FASTA")
    INVALID_TABLE = (Code.INVALID_ARGUMENT, "the table lacks columns or holds values that cannot be read")
    INVALID_MOTIF_FILE = (Code.INVALID_ARGUMENT, "the motif file cannot be read")
    CONTIG_UNKNOWN = (Code.FAILED_PRECONDITION, "intervals name contigs that the genome lacks")
    GENOME_MISMATCH = (Code.FAILED_PRECONDITION, "the genomes differ")
    EMPTY_SET = (Code.FAILED_PRECONDITION, "no sequence is left")
    ONE_CLASS = (Code.FAILED_PRECONDITION, "only one class is present")
    NO_RESOLVED_TARGET = (Code.FAILED_PRECONDITION, "no entry of a task is resolved")
    EMPTY_TASK = (Code.FAILED_PRECONDITION, "a task has unresolved entries only")
    EMPTY_SPLIT = (Code.FAILED_PRECONDITION, "a split holds no sequence of a class")
    KMER_TOO_LONG = (Code.INVALID_ARGUMENT, "k is longer than the window")
    WINDOW_TOO_SHORT = (Code.INVALID_ARGUMENT, "the window is shorter than the receptive field")
    # computing
    DEVICE_UNAVAILABLE = (Code.FAILED_PRECONDITION, "the requested device is not there")
    TRAINING_DIVERGED = (Code.FAILED_PRECONDITION, "the loss is not finite")
    NOT_CONVERGED = (Code.FAILED_PRECONDITION, "attributions do not add up to what they explain")
    NOT_ENOUGH_SEQLETS = (Code.FAILED_PRECONDITION, "too few stretches of high attribution to find motifs in")
    PARITY_FAILED = (Code.FAILED_PRECONDITION, "the exported model differs from the trained one")
    TOOL_MISSING = (Code.FAILED_PRECONDITION, "an external program is not on PATH")
    TOOL_FAILED = (Code.FAILED_PRECONDITION, "an external program failed")
    OUT_OF_MEMORY = (Code.RESOURCE_EXHAUSTED, "memory ran out")
    DISK_FULL = (Code.RESOURCE_EXHAUSTED, "the disk is full")
    WORKER_LOST = (Code.UNAVAILABLE, "the worker died and no attempt is left")
    STALLED = (Code.UNAVAILABLE, "no progress within the stall time and no attempt is left")
    UNAVAILABLE = (Code.UNAVAILABLE, "the service cannot answer now")
    CANCELLED = (Code.CANCELLED, "cancelled on request")
    INTERNAL = (Code.INTERNAL, "a defect of cislex; the log id leads to the traceback")

    @property
    def code(self) -> Code:
        """The gRPC status code that goes with this reason."""
        return self.value[0]

    @property
    def title(self) -> str:
        """One line a person reads."""
        return self.value[1]


@dataclass(frozen=True)
class Violation:
    """One field that is wrong: ``field`` is its proto path (``training.batch_size``)."""

    field: str
    description: str


class CislexError(Exception):
    """Base of all errors with a catalogue reason.

    ``metadata`` repeats every dynamic part of the message (AIP-193) as strings.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        field: str | None = None,
        violations: list[Violation] | None = None,
        **metadata: object,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.violations = list(violations or [])
        if field is not None:
            self.violations.insert(0, Violation(field, message))
        self.metadata = {key: str(value) for key, value in metadata.items()}

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by value, so that an error crosses a process boundary whole."""
        return (_rebuild, (type(self), self.reason, self.message, self.violations, self.metadata))


def first_line(error: BaseException) -> str:
    """What an error of others says, in one line; the name of its class when it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class UserError(CislexError):
    """The request or its input is wrong: never retried."""


class RetryableError(CislexError):
    """The environment failed (memory, disk, a lost node): another attempt may succeed."""


class Cancelled(Exception):  # noqa: N818 - not an error, a request that was met
    """Raised at a task's checkpoint when cancellation was asked for."""


def _rebuild(
    cls: type[CislexError], reason: Reason, message: str, violations: list[Violation], metadata: dict[str, str]
) -> CislexError:
    return cls(reason, message, violations=violations, **metadata)
