"""Baseline: operations, events, attempts, request ids, result cache, resources, file digests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "operations",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("task", sa.String(100), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("not_before", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
    )
    op.create_index("operations_by_state", "operations", ["state", "created_at"])
    op.create_index("operations_by_tenant", "operations", ["tenant", "created_at", "id"])
    op.create_table(
        "events",
        sa.Column("op_id", sa.String(26), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("op_id", "seq"),
    )
    op.create_table(
        "attempts",
        sa.Column("op_id", sa.String(26), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("engine", sa.String(30), nullable=False),
        sa.Column("ref", sa.String(200), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("outcome", sa.Text),
        sa.PrimaryKeyConstraint("op_id", "attempt"),
    )
    op.create_table(
        "request_ids",
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("method", sa.String(100), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("op_id", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "method", "request_id"),
    )
    op.create_table(
        "result_cache",
        sa.Column("cache_key", sa.String(64), primary_key=True),
        sa.Column("artifact", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "resources",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("collection", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("op_id", sa.String(26), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("resources_by_collection", "resources", ["tenant", "collection", "created_at", "name"])
    op.create_index("resources_by_digest", "resources", ["digest"])
    op.create_table(
        "file_digests",
        sa.Column("path", sa.String(1024), primary_key=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("inode", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Drop all tables."""
    for name in ("file_digests", "resources", "result_cache", "request_ids", "attempts", "events", "operations"):
        op.drop_table(name)
