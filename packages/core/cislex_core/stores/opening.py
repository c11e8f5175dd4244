"""From a path or a URL to a store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cislex_core.errors import Reason, UserError
from cislex_core.settings import Settings
from cislex_core.stores.local import LocalStore
from cislex_core.stores.port import Store

TASK_PATIENCE_S = 120.0
"""For so long a task waits for a store that is away before its attempt fails (and is tried again)."""
SERVER_PATIENCE_S = 5.0
"""For so long an rpc does; then it answers UNAVAILABLE, and the client asks again."""
_FORMS = "a path, or s3://bucket/prefix (https and other URLs: CISLEX_STORE_ENDPOINT)"


def open_store(
    where: str | Path = "",
    *,
    endpoint: str = "",
    public_endpoint: str = "",
    cache_dir: Path | None = None,
    cache_bytes: int | None = None,
    holds: bool = True,
) -> Store:
    """Open the store at ``where`` (``Store.url`` of another process, ``settings.store_url``, a folder).

    What is left out comes from ``CISLEX_*``; keys and region of an S3 store always come from ``AWS_*``. ``cache_dir``
    holds local copies of what an S3 store has, about ``cache_bytes`` of them; several processes may share it. With
    ``holds`` a local copy that this process used stays until ``release``; a server that opens files at once, and soon
    closes them, passes False. Raises INVALID_REQUEST for a URL that is none of these.
    """
    settings = Settings.from_env()
    where = str(where) or settings.store_url or str(settings.store)
    if "://" not in where:
        return LocalStore(Path(where))
    parts = urlsplit(where)
    if parts.scheme == "file":
        return LocalStore(Path(parts.path))
    if parts.scheme != "s3" or not parts.netloc:
        raise UserError(Reason.INVALID_REQUEST, f"the store {where!r} is not one of: {_FORMS}", store=where)
    from cislex_core.stores.s3 import S3Store

    query = parse_qs(parts.query)
    return S3Store(
        parts.netloc,
        parts.path.strip("/"),
        endpoint=endpoint or query.get("endpoint", [""])[0] or settings.store_endpoint,
        public_endpoint=public_endpoint or settings.store_public_endpoint,
        cache_dir=cache_dir or settings.home / "cache" / "store",
        cache_bytes=settings.store_cache_bytes if cache_bytes is None else cache_bytes,
        holds=holds,
        patience_s=TASK_PATIENCE_S if holds else SERVER_PATIENCE_S,
    )
