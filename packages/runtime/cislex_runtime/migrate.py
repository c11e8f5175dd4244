"""Bring a ledger's schema to the newest version with Alembic; several processes may try at once."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

FOLDER = Path(__file__).parent / "migrations"
#: PostgreSQL advisory lock that serialises migrations (any constant of ours will do).
_LOCK = 7_203_115_001


def head() -> str:
    """The newest revision: files are named ``<revision>_<title>.py`` and revisions count upwards."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


def current(engine: sa.Engine) -> str | None:
    """The ledger's revision; None for an empty database."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: sa.Engine, revision: str = "") -> None:
    """Upgrade (to the newest version) within one transaction, under a lock; nothing is loaded when it is current."""
    revision = revision or head()
    if current(engine) == revision:
        return
    from alembic import command
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    with engine.connect().execution_options(cislex_write=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)


def main() -> None:
    """``python -m cislex_runtime.migrate``: bring the ledger that ``CISLEX_LEDGER_URL`` names to the newest version."""
    from cislex_core.errors import CislexError
    from cislex_core.settings import Settings

    from cislex_runtime.ledger import Ledger

    try:
        ledger = Ledger(Settings.from_env().url)
        before = current(ledger.engine)
        ledger.migrate()
        ledger.close()
    except (CislexError, sa.exc.SQLAlchemyError) as error:
        # The text of SQLAlchemy's errors names host and user, never the password.
        raise SystemExit(f"the ledger could not be brought up to date: {error}") from None
    print(f"ledger: {'empty' if before is None else before} → {head()}")


if __name__ == "__main__":
    main()
