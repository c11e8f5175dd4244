"""The ledger: the only truth about operations. Sync SQLAlchemy Core, valid on SQLite (WAL) and PostgreSQL.

Every change of an operation is one transaction: a compare-and-swap on ``seq`` plus the event of that sequence. So
events have no gaps, a terminal state never changes, and a late attempt cannot commit (its number no longer matches).
"""

from __future__ import annotations

from cislex_runtime.ledger.counts import Counts
from cislex_runtime.ledger.operations import Operations
from cislex_runtime.ledger.records import Event, NewOperation, Operation, Resource
from cislex_runtime.ledger.results import Results
from cislex_runtime.ledger.retention import Retention
from cislex_runtime.ledger.tenants import AuditEntry, Tenants
from cislex_runtime.ledger.writes import AddUsage, EndAttempt, StartAttempt, StoreResult, Write

__all__ = [
    "AddUsage",
    "AuditEntry",
    "EndAttempt",
    "Event",
    "Ledger",
    "NewOperation",
    "Operation",
    "Resource",
    "StartAttempt",
    "StoreResult",
    "Write",
]


class Ledger(Operations, Results, Tenants, Counts, Retention):
    """Open with a SQLAlchemy URL; ``migrate`` brings the schema up. Safe for use from many threads."""
