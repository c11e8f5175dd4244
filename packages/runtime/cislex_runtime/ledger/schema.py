"""Tables of the ledger (SQLAlchemy Core), the same on SQLite and PostgreSQL. Times are UTC epoch seconds.

``migrations/`` holds the same schema as Alembic steps; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData()

operations = Table(
    "operations",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(63), nullable=False),
    Column("task", String(100), nullable=False),
    Column("state", String(24), nullable=False),
    # Number of the latest attempt: the fence. A commit that names another attempt is refused.
    Column("attempt", Integer, nullable=False),
    # Attempts that ended badly (pre-empted ones are not counted).
    Column("failures", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    # No attempt starts before this time (back-off).
    Column("not_before", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    # Sequence of the latest event; every change is a compare-and-swap on it.
    Column("seq", BigInteger, nullable=False),
    # What never changes: spec, digests, labels, request id (JSON).
    Column("request", Text, nullable=False),
    # What watchers see (JSON).
    Column("snapshot", Text, nullable=False),
    Index("operations_by_state", "state", "created_at"),
    Index("operations_by_tenant", "tenant", "created_at", "id"),
)

events = Table(
    "events",
    metadata,
    Column("op_id", String(26), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(24), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("snapshot", Text, nullable=False),
    PrimaryKeyConstraint("op_id", "seq"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("op_id", String(26), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("engine", String(30), nullable=False),
    Column("ref", String(200), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    # How it ended (JSON of Outcome), or null.
    Column("outcome", Text),
    PrimaryKeyConstraint("op_id", "attempt"),
)

request_ids = Table(
    "request_ids",
    metadata,
    Column("tenant", String(63), nullable=False),
    Column("method", String(100), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("body_digest", String(64), nullable=False),
    Column("op_id", String(26), nullable=False),
    PrimaryKeyConstraint("tenant", "method", "request_id"),
)

result_cache = Table(
    "result_cache",
    metadata,
    Column("cache_key", String(64), primary_key=True),
    Column("artifact", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
)

resources = Table(
    "resources",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("tenant", String(63), nullable=False),
    Column("collection", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("op_id", String(26), nullable=False),
    Column("created_at", Float, nullable=False),
    Index("resources_by_collection", "tenant", "collection", "created_at", "name"),
    Index("resources_by_digest", "digest"),
)

file_digests = Table(
    "file_digests",
    metadata,
    Column("path", String(1024), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)

# ---- since 0002: what several tenants need ---------------------------------------------------------------------------

tenant_files = Table(
    "tenant_files",
    metadata,
    # A tenant may read a file only when it uploaded it (or sent the bytes again): a digest is no capability.
    Column("tenant", String(63), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Float, nullable=False),
    PrimaryKeyConstraint("tenant", "sha256"),
    Index("tenant_files_by_digest", "sha256"),
)

usage = Table(
    "usage",
    metadata,
    # Summed over the attempts that ended on this UTC day (``2026-11-21``).
    Column("tenant", String(63), nullable=False),
    Column("day", String(10), nullable=False),
    Column("gpu_s", Float, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("wall_s", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "day"),
)

audit = Table(
    "audit",
    metadata,
    # Appended to, never changed: who asked for what, and what was decided.
    Column("id", String(26), primary_key=True),
    Column("at", Float, nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("method", String(200), nullable=False),
    # Name of the operation or resource, where there is one.
    Column("target", String(200), nullable=False),
    # ``OK``, or the reason of the refusal.
    Column("decision", String(60), nullable=False),
    Column("peer", String(200), nullable=False),
    Index("audit_by_tenant", "tenant", "at"),
)

# ---- since 0003: what the ledger knows of itself ---------------------------------------------------------------------

facts = Table(
    "facts",
    metadata,
    # ``id``: who this ledger is to a store that several could use; ``collected_at``: epoch seconds.
    Column("name", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)
