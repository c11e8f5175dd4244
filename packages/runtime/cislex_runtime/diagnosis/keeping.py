"""Where things are kept: store, ledger, disks."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from pathlib import Path

from cislex_core.settings import Settings
from cislex_core.stores import Store

from cislex_runtime import migrate
from cislex_runtime.diagnosis.finding import Finding, bad, note, ok, size_text
from cislex_runtime.ledger import Ledger

SLOW_LEDGER_S = 0.25
SLOW_STORE_S = 5.0
CLOCK_SKEW_S = 5.0
LEAST_FREE_BYTES = 2_000_000_000
LITTLE_FREE_BYTES = 20_000_000_000
#: Locks and shared memory of SQLite's WAL do not work on these.
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "9p",
                        "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs"}  # fmt: skip


def check_store(store: Store, place: str) -> Finding:
    """Write a small file, read it and delete it. ``place``: for admins."""
    began = time.perf_counter()
    content = f"cislex doctor {uuid.uuid4()}\n".encode()
    with tempfile.NamedTemporaryFile(prefix="cislex-doctor-") as file:
        file.write(content)
        file.flush()
        digest = store.put_file(Path(file.name))
    try:
        read = store.open_file(digest).read_bytes()
    finally:
        store.delete(digest)
    if read != content:
        return bad(
            f"{place} gave other bytes than were written", "check the disk, or the S3 server and what is before it"
        )
    if store.has(digest):
        return note(f"{place}: a deleted file is still seen", "check the S3 server: versioning, or a cache before it?")
    took = time.perf_counter() - began
    text = f"written, read and deleted in {took * 1000:.0f} ms"
    if took > SLOW_STORE_S:
        return note(f"{place}: {text}", "the store is slow: check disk, network or S3 server", text)
    return ok(f"{place}: {text}", text)


def check_ledger(ledger: Ledger, home: Path) -> Finding:
    """Schema, a read, a write, and the database's clock."""
    product, clock = ledger.server()
    skew = clock - time.time()
    place = ledger.engine.url.render_as_string(hide_password=True)
    version, newest = migrate.current(ledger.engine), migrate.head()
    if version != newest:
        text = f"schema {version or 'none'}, this version needs {newest}"
        return bad(f"{place}: {text}", "run python -m cislex_runtime.migrate, or start a server of this version", text)
    began = time.perf_counter()
    ledger.check()
    read_s = time.perf_counter() - began
    began = time.perf_counter()
    ledger.try_write()
    write_s = time.perf_counter() - began
    text = f"{product}, schema {version}, read {read_s * 1000:.1f} ms, write {write_s * 1000:.1f} ms"
    if ledger.is_sqlite and (kind := file_system(home)) in NETWORK_FILE_SYSTEMS:
        return bad(
            f"{place}: {text}, on {kind}",
            "SQLite's locks do not hold on a network file system: put CISLEX_HOME on a local disk, or use PostgreSQL "
            "(CISLEX_LEDGER_URL)",
            text,
        )
    if abs(skew) > CLOCK_SKEW_S:
        return note(f"{place}: {text}; its clock is off by {skew:+.0f} s", "set both clocks by NTP", text)
    if max(read_s, write_s) > SLOW_LEDGER_S:
        return note(f"{place}: {text}", "the ledger is slow: check its disk, its load and the network to it", text)
    return ok(f"{place}: {text}", text)


def check_disk(settings: Settings) -> Finding:
    """Free bytes where the server writes."""
    places = {"home": settings.home, "temporary": Path(tempfile.gettempdir())}
    if not settings.store_url:
        places["store"] = settings.store
    free = {name: shutil.disk_usage(path).free for name, path in places.items()}
    text = ", ".join(f"{name} {size_text(size)}" for name, size in free.items())
    named = ", ".join(f"{name} {path} {size_text(free[name])}" for name, path in places.items())
    least = min(free.values())
    if least < LEAST_FREE_BYTES:
        return bad(
            f"free: {named}", "free some space, or set CISLEX_HOME, CISLEX_STORE_DIR or TMPDIR to other disks", text
        )
    if least < LITTLE_FREE_BYTES:
        return note(f"free: {named}", "a larger analysis may fill this", f"free: {text}")
    return ok(f"free: {named}", f"free: {text}")


def file_system(path: Path, mounts: str | None = None) -> str:
    """Type of the file system that a path lies on; empty where the system does not tell. ``mounts``: /proc/mounts."""
    try:
        text = Path("/proc/mounts").read_text() if mounts is None else mounts
    except OSError:
        return ""
    kind, longest = "", -1
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        if len(point) > longest and path.absolute().is_relative_to(point):
            kind, longest = parts[2], len(point)
    return kind
