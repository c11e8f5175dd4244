"""What belongs to whom, what each tenant used, and who asked for what."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from cislex_runtime import states
from cislex_runtime.ledger import schema
from cislex_runtime.ledger.database import Database
from cislex_runtime.ledger.writes import AddUsage


@dataclass(frozen=True)
class AuditEntry:
    """One decision about one call."""

    id: str
    at: float
    tenant: str
    subject: str
    role: str
    method: str
    target: str
    decision: str
    peer: str


class Tenants(Database):
    """The part of the ledger that keeps tenants apart."""

    def add_file(self, tenant: str, sha256: str, size_bytes: int) -> None:
        """The tenant sent these bytes (again), so it may read them."""
        now = time.time()
        row = self._insert(schema.tenant_files).values(
            tenant=tenant, sha256=sha256, size_bytes=size_bytes, created_at=now
        )
        with self._write() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["tenant", "sha256"], set_={"created_at": now}))

    def owned(self, tenant: str, digests: Sequence[str]) -> set[str]:
        """Those of the digests that the tenant uploaded or that an operation of it gave."""
        files, resources = schema.tenant_files, schema.resources
        found: set[str] = set()
        with self._read() as connection:
            for start in range(0, len(digests), 500):
                part = digests[start : start + 500]
                for table, column in ((files, files.c.sha256), (resources, resources.c.digest)):
                    query = sa.select(column).where(table.c.tenant == tenant, column.in_(part))
                    found.update(connection.execute(query).scalars())
        return found

    def count_operations(self, tenant: str, wanted: Sequence[str] = (*states.PENDING, *states.ACTIVE)) -> int:
        """Operations of a tenant in some states."""
        with self._read() as connection:
            return int(connection.execute(_counting(tenant, wanted)).scalar() or 0)

    def count_alone(self, connection: Connection, tenant: str, wanted: Sequence[str]) -> int:
        """The same within a write transaction, so that no other one of this tenant adds an operation before it ends."""
        if not self.is_sqlite:  # SQLite has one writer anyway
            key = int.from_bytes(sha256(f"cislex:tenant:{tenant}".encode()).digest()[:8], "big", signed=True)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        return int(connection.execute(_counting(tenant, wanted)).scalar() or 0)

    def stored_bytes(self, tenant: str) -> int:
        """Bytes of the tenant's files and results (each digest once)."""
        files, resources = schema.tenant_files, schema.resources
        both = sa.union(
            sa.select(files.c.sha256.label("digest"), files.c.size_bytes).where(files.c.tenant == tenant),
            sa.select(resources.c.digest, resources.c.size_bytes).where(resources.c.tenant == tenant),
        ).subquery()
        with self._read() as connection:
            return int(connection.execute(sa.select(sa.func.coalesce(sa.func.sum(both.c.size_bytes), 0))).scalar() or 0)

    def add_usage(self, tenant: str, day: str, gpu_s: float, cpu_s: float, wall_s: float) -> None:
        """Add an attempt that ended to the tenant's day."""
        with self._write() as connection:
            AddUsage(tenant, day, gpu_s, cpu_s, wall_s).apply(connection, self._insert)

    def usage_of(self, tenant: str, day: str) -> dict[str, float]:
        """``gpu_s``, ``cpu_s``, ``wall_s`` and ``attempts`` of a tenant on a UTC day."""
        table = schema.usage
        query = sa.select(table).where(table.c.tenant == tenant, table.c.day == day)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        return {name: float(row[name]) if row else 0.0 for name in ("gpu_s", "cpu_s", "wall_s", "attempts")}

    def record_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries."""
        if entries:
            with self._write() as connection:
                connection.execute(sa.insert(schema.audit), [asdict(entry) for entry in entries])

    def audit_of(self, tenant: str, limit: int = 100) -> list[AuditEntry]:
        """The newest entries of a tenant."""
        table = schema.audit
        query = sa.select(table).where(table.c.tenant == tenant).order_by(table.c.at.desc(), table.c.id.desc())
        with self._read() as connection:
            return [AuditEntry(**row) for row in connection.execute(query.limit(limit)).mappings()]


def _counting(tenant: str, wanted: Sequence[str]) -> sa.Select:
    table = schema.operations
    return sa.select(sa.func.count()).where(table.c.tenant == tenant, table.c.state.in_(wanted))
