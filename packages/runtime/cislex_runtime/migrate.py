"""Bring a ledger's schema to the newest version with Alembic; several processes may try at once."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
#: PostgreSQL advisory lock that serialises migrations (any constant of ours will do).
_LOCK = 7_203_115_001


def config() -> Config:
    """Alembic's configuration, without an ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


def upgrade(engine: sa.Engine) -> None:
    """Upgrade to the newest version within one transaction, under a lock."""
    settings = config()
    with engine.connect().execution_options(cislex_write=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
