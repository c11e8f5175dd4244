"""What operations left: the result cache, named resources, and the digests of input files."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cislex_runtime.ledger import schema
from cislex_runtime.ledger.database import Database, newest_first
from cislex_runtime.ledger.records import Resource, resource_of
from cislex_runtime.ledger.writes import store_resource

_FIND_RESULT = sa.select(schema.result_cache.c.artifact).where(
    schema.result_cache.c.cache_key == sa.bindparam("of_key")
)


class Results(Database):
    """The part of the ledger that keeps results and file digests."""

    def cached_result(self, cache_key: str) -> str | None:
        """Digest of the artifact that this key gave before, or None."""
        with self._read() as connection:
            return connection.execute(_FIND_RESULT, {"of_key": cache_key}).scalar()

    def cached_results(self, cache_keys: Sequence[str]) -> dict[str, str]:
        """Digest of the artifact by key, for those keys that gave one before."""
        table = schema.result_cache
        found: dict[str, str] = {}
        with self._read() as connection:
            for start in range(0, len(cache_keys), 500):
                query = sa.select(table.c.cache_key, table.c.artifact)
                rows = connection.execute(query.where(table.c.cache_key.in_(cache_keys[start : start + 500])))
                found.update((row.cache_key, row.artifact) for row in rows)
        return found

    def forget_results(self, artifact: str) -> None:
        """Drop an artifact from the result cache."""
        with self._write() as connection:
            connection.execute(sa.delete(schema.result_cache).where(schema.result_cache.c.artifact == artifact))

    def add_resource(self, resource: Resource) -> Resource:
        """Insert a resource unless it is there; answers the stored one. A name stands for one digest for ever."""
        with self._write() as connection:
            store_resource(connection, self._insert, resource)
        return self.get_resource(resource.name) or resource

    def get_resource(self, name: str) -> Resource | None:
        """One resource, or None."""
        table = schema.resources
        with self._read() as connection:
            row = connection.execute(sa.select(table).where(table.c.name == name)).mappings().first()
        return resource_of(row) if row is not None else None

    def list_resources(
        self, tenant: str, limit: int, before: tuple[float, str] | None = None, collection: str = "", kind: str = ""
    ) -> list[Resource]:
        """A page, newest first; ``before`` = (created_at, name) of the last row of the page before."""
        table = schema.resources
        query = sa.select(table).where(table.c.tenant == tenant)
        if collection:
            query = query.where(table.c.collection == collection)
        if kind:
            query = query.where(table.c.kind == kind)
        query = newest_first(query, table.c.created_at, table.c.name, before, limit)
        with self._read() as connection:
            return [resource_of(row) for row in connection.execute(query).mappings()]

    def delete_resource(self, name: str) -> bool:
        """Remove a resource's name; answers whether its digest is still named by another resource."""
        table = schema.resources
        with self._write() as connection:
            digest = connection.execute(sa.select(table.c.digest).where(table.c.name == name)).scalar()
            connection.execute(sa.delete(table).where(table.c.name == name))
            left = connection.execute(sa.select(sa.func.count()).where(table.c.digest == digest)).scalar()
        return bool(left)

    def file_digest(self, path: str, size_bytes: int, mtime_ns: int, inode: int) -> str | None:
        """Known sha256 of an unchanged file, or None."""
        table = schema.file_digests
        query = sa.select(table.c.sha256).where(
            table.c.path == path,
            table.c.size_bytes == size_bytes,
            table.c.mtime_ns == mtime_ns,
            table.c.inode == inode,
        )
        with self._read() as connection:
            return connection.execute(query).scalar()

    def remember_file(self, path: str, size_bytes: int, mtime_ns: int, inode: int, sha256: str) -> None:
        """Remember a file's digest."""
        values = {"size_bytes": size_bytes, "mtime_ns": mtime_ns, "inode": inode, "sha256": sha256}
        insert = self._insert(schema.file_digests).values(path=path, **values)
        with self._write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["path"], set_=values))
