"""Alembic's entry: runs inside the connection that cislex_runtime.migrate opened."""

from alembic import context
from cislex_runtime.ledger.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
