"""Settings of a server, from environment variables ``CISLEX_*`` only; every one has a default for a laptop."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cislex_core.errors import Reason, UserError

#: A Unix socket's path must fit in sockaddr_un (108 bytes on Linux, 104 on macOS) with its final zero.
MAX_SOCKET_PATH_BYTES = 103
#: Settings that are lists, and what separates their entries.
_LISTS = {"allowed_roots": os.pathsep, "oidc_algorithms": ","}


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
    require_deadline: bool = False
    """Refuse unary rpcs without a deadline instead of giving them the default one."""
    log_level: str = "INFO"
    log_format: Literal["text", "json"] = "text"
    """``json``: one object a line, with operation and tenant."""

    # ---- stores and ledger of a cluster --------------------------------------------------------------------------
    store_url: str = ""
    """``s3://bucket/prefix``: an S3-compatible store, with keys and region from ``AWS_*``; empty = ``store_dir``."""
    store_endpoint: str = ""
    """URL of an S3 server that is not Amazon's, e.g. ``http://minio:9000``."""
    store_public_endpoint: str = ""
    """URL by which clients reach that S3 server, for presigned URLs; empty = ``store_endpoint``."""
    store_cache_bytes: int = Field(default=50 << 30, ge=0)
    """Local copies of what an S3 store holds; the least recently used go first."""
    store_keep_days: float = Field(default=0, ge=0)
    """Uploaded files that nothing refers to any more are collected after so many days; 0 = never."""
    operations_keep_days: float = Field(default=30, ge=0)
    """Operations are forgotten so long after their end (their results stay); 0 = never."""
    ledger_pool: int = Field(default=5, ge=1)
    """Connections of one process to PostgreSQL, at most."""

    # ---- engines -------------------------------------------------------------------------------------------------
    engine: Literal["local", "ray", "kubernetes"] = "local"
    """Where attempts run."""
    mailbox_url: str = ""
    """Where workers on other machines leave reports and outcomes: ``file:///path`` or ``s3://…``; empty = beside the
    store when that is S3, else ``mailbox`` under home."""
    max_heavy: int = Field(default=16, ge=1)
    """Heavy attempts that are given to a ray or kubernetes engine at once; the rest waits in the ledger."""
    max_light: int = Field(default=32, ge=1)
    """The same for light attempts."""
    ray_address: str = ""
    """URL of the Ray dashboard (Jobs API); its token is in ``RAY_AUTH_TOKEN`` or ``RAY_AUTH_TOKEN_PATH``."""
    ray_heavy_cpus: float = Field(default=1, gt=0)
    """CPUs that a heavy attempt asks Ray for; a light one asks for one."""
    ray_heavy_gpus: float = Field(default=1, ge=0)
    """GPUs of a heavy attempt whose task can use one; 0 = the Ray cluster has none."""
    ray_heavy_memory_bytes: int = Field(default=0, ge=0)
    """Memory that a heavy attempt asks Ray for; 0 = nothing is asked."""
    job_template: Path | None = None
    """YAML of the Job that a kubernetes engine makes: image, resources, nodeSelector, tolerations, volumes."""
    kubernetes_namespace: str = ""
    """Namespace of the Jobs; empty = that of this pod."""
    fan_out: int = Field(default=1, ge=1)
    """Shards of one long explain or scan operation that run side by side; never changes a result."""
    spread: Literal["auto", "local", "ray"] = "auto"
    """Where the processes of one attempt run: on this machine, or as Ray actors and tasks over the cluster's nodes;
    auto means the latter inside a Ray job, and there for a training's ranks only when its places are too few."""

    # ---- ports and security ----------------------------------------------------------------------------------------
    health_listen: str = ""
    """``host:port`` of a further plain port that answers health only (kubelet's probes have no certificate)."""
    metrics_listen: str = ""
    """``host:port`` of Prometheus metrics over HTTP; empty = none."""
    otel_endpoint: str = ""
    """OTLP/gRPC collector for traces, e.g. ``http://collector:4317``; empty = no traces."""
    tls_cert: Path | None = None
    """PEM chain of this server; with ``tls_key`` the port speaks TLS. Read again when it changes."""
    tls_key: Path | None = None
    """PEM key of this server."""
    tls_client_ca: Path | None = None
    """PEM certificates that a client's must be signed by (mTLS)."""
    auth: Literal["none", "static", "oidc"] = "none"
    """Who may call: everybody (a Unix socket, a closed network), bearer tokens of a file, or OIDC tokens."""
    allow_plaintext_tokens: bool = False
    """Take tokens at a plain TCP port that other machines reach: a mesh or proxy before it speaks TLS."""
    auth_tokens_file: Path | None = None
    """TOML of hashed tokens (``cislex_runtime.security.static_tokens``)."""
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = ""
    """Keys of the issuer; empty = asked from its ``/.well-known/openid-configuration``."""
    oidc_algorithms: list[str] = Field(default_factory=lambda: ["RS256", "ES256"])
    oidc_tenant_claim: str = "cislex_tenant"
    oidc_role_claim: str = "cislex_role"
    quotas_file: Path | None = None
    """TOML of limits per tenant (``cislex_runtime.security.quotas``)."""
    public_reflection: bool = True
    """Whether reflection answers without a token."""
    max_concurrent_rpcs: int = Field(default=1000, ge=1)
    max_watches_per_tenant: int = Field(default=1000, ge=1)
    max_metadata_bytes: int = Field(default=16 << 10, ge=1024)

    # ---- serving exported models, and what service-info says -----------------------------------------------------
    serving_device: Literal["auto", "cpu", "cuda"] = "auto"
    """What onnxruntime computes with for ``inference.GRPCInferenceService``; ``cuda`` that is not there is an error."""
    serving_cache_bytes: int = Field(default=1 << 30, ge=1 << 20)
    """Models that stay open, by the size of their ONNX files; one that is larger is refused."""
    serving_max_batch: int = Field(default=1024, ge=1)
    """Sequences of one ModelInfer."""
    serving_threads: int = Field(default=2, ge=1)
    """Inferences that run at once."""
    organization_name: str = ""
    organization_url: str = ""
    contact_url: str = ""
    environment: str = ""
    """Of GA4GH service-info: ``prod``, ``test``, ``dev`` or ``staging``."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``CISLEX_*``. Unknown names are left alone (tests and other parts use some); a bad value is an error."""
        environ = os.environ if environ is None else environ
        values: dict[str, object] = {}
        for name in cls.model_fields:
            text = environ.get(f"CISLEX_{name.upper()}", "")
            if text:
                values[name] = text.split(_LISTS[name]) if name in _LISTS else text
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
