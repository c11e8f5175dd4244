"""Settings of a server, from environment variables ``CISLEX_*`` only; every one has a default for a laptop."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cislex_core.errors import Reason, UserError

#: A Unix socket's path must fit in sockaddr_un (108 bytes on Linux, 104 on macOS) with its final zero.
MAX_SOCKET_PATH_BYTES = 103


class Settings(BaseModel):
    """What a server needs to know about its place. Times are in seconds.

    The variable of a field is ``CISLEX_`` + its name in capitals: ``CISLEX_HOME``, ``CISLEX_LEDGER_URL``, …
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Field(default_factory=lambda: Path.home() / ".cislex")
    """Ledger, store, logs, checkpoints and caches live here; made with mode 0700."""
    ledger_url: str = ""
    """SQLAlchemy URL; empty = SQLite file ``ledger.sqlite`` under home."""
    store_dir: Path | None = None
    """Artifacts and files; default ``store`` under home."""
    allowed_roots: list[Path] | None = None
    """Folders that InputFile.path may point into (separated by ``:``); None = every folder (embedded server)."""
    heavy_slots: int | None = Field(default=None, ge=1)
    """Slots for heavy tasks; None = one per GPU, or one."""
    light_slots: int = Field(default=1, ge=1)
    """Further slots that only light tasks use, so that these run while a training goes."""
    max_attempts: int = Field(default=3, ge=1)
    """Attempts of one operation, not counting pre-empted ones."""
    backoff_s: float = Field(default=0.5, ge=0)
    """Wait before the second attempt; doubles for each further one."""
    stop_grace_s: float = Field(default=10, ge=0)
    """From the request to stop until the worker's process group is killed."""
    heartbeat_timeout_s: float = Field(default=120, gt=0)
    """A worker that gives no sign of life for so long is taken for lost."""
    stall_timeout_s: float = Field(default=3600, gt=0)
    """A task that reports nothing for so long is stopped and tried again."""
    drain_grace_s: float = Field(default=10, ge=0)
    """After SIGTERM, time for running rpcs and for tasks to reach a checkpoint."""
    default_deadline_s: float = Field(default=30, gt=0)
    """Deadline of a unary rpc whose client set none."""
    log_level: str = "INFO"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``CISLEX_*``. Unknown names are left alone (tests and other parts use some); a bad value is an error."""
        environ = os.environ if environ is None else environ
        values: dict[str, object] = {}
        for name in cls.model_fields:
            text = environ.get(f"CISLEX_{name.upper()}", "")
            if text:
                values[name] = text.split(os.pathsep) if name == "allowed_roots" else text
        try:
            return cls.model_validate(values)
        except ValueError as error:
            raise UserError(Reason.INVALID_REQUEST, f"a CISLEX_* environment variable is not valid: {error}") from None

    @property
    def store(self) -> Path:
        """Root of the local store."""
        return self.store_dir or self.home / "store"

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.sqlite'}"

    @property
    def socket_path(self) -> Path:
        """Where the embedded server listens: ``server.sock`` under home, or in a short folder when that is too long."""
        path = self.home.absolute() / "server.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
            return path
        tag = sha256(os.fsencode(self.home.absolute())).hexdigest()[:12]
        base = Path(tempfile.gettempdir())
        if len(os.fsencode(base)) > 60:
            base = Path("/tmp")
        return base / f"cislex-{os.getuid()}-{tag}" / "server.sock"

    def make_home(self) -> None:
        """Make the folders, private to the user. Raises PermissionError when the socket's folder is another user's."""
        for folder in (self.home, self.socket_path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.getuid():
                raise PermissionError(f"{folder} belongs to another user; set CISLEX_HOME to a folder of your own")
            folder.chmod(0o700)
        for name in ("logs", "checkpoints", "scratch", "cache"):
            (self.home / name).mkdir(exist_ok=True)
