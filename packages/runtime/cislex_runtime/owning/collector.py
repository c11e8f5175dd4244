"""Garbage collection by mark and sweep: what nothing refers to any more leaves the store.

Kept is: what a resource of any tenant names; what the request of an operation in flight refers to; what the manifest
of anything that is kept gives as its input, however far back; and uploaded files, for ``store_keep_days`` after they
were sent last (0: for ever). Whatever was written within the last day, or since the oldest operation that runs was
accepted, is kept as well: an attempt may have committed a result that its operation does not name yet.

What is named after the mark began is safe: the store decides about each deletion while nobody can commit or confirm the
same content (``Store.delete``), and asks here once more whether anything refers to it.

    python -m cislex_runtime.owning.collector --dry-run     # on the server's machine, with its CISLEX_* variables
"""

from __future__ import annotations

import argparse
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cislex_core.errors import CislexError, Reason, RetryableError, UserError
from cislex_core.settings import Settings
from cislex_core.stores import Store, open_store

from cislex_runtime.ledger import Ledger
from cislex_runtime.owning.owner import Ownership

log = logging.getLogger("cislex.collector")
DAY_S = 86_400.0
GRACE_S = DAY_S
CLOCK_MARGIN_S = 3_600.0
"""How far clocks of the site's machines may be apart, or be set back."""
FIRST_LOOK_S = 60.0
LOOK_EVERY_S = 3_600.0
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass
class Collected:
    """What a collection removed, or would remove."""

    n_artifacts: int = 0
    n_files: int = 0
    freed_bytes: int = 0
    n_temporaries: int = 0
    n_operations: int = 0


class Collector:
    """Of one ledger and the store it owns. One collection at a time on all machines that share the ledger."""

    def __init__(self, ledger: Ledger, store: Store, settings: Settings) -> None:
        self._ledger = ledger
        self._store = store
        self._settings = settings
        self._stopped = threading.Event()

    def collect(self, dry_run: bool = False, now_s: float | None = None) -> Collected:
        """Collect now; with ``dry_run`` only say what would go (temporaries are not counted then).

        Raises UNAVAILABLE while another collection runs, STORE_REFUSED when another ledger collects this store.
        """
        lock = Ownership(self._ledger, self._settings.home)
        if not lock.try_acquire("collector"):
            raise RetryableError(Reason.UNAVAILABLE, "a collection is running already; ask again when it has ended")
        try:
            if not self._store.claim(self._ledger.identity()):
                raise UserError(
                    Reason.STORE_REFUSED,
                    f"the store {self._store.url} is collected by another ledger, whose results are not known here; "
                    "give each ledger a store of its own, or another prefix in the bucket",
                )
            return self._collect(dry_run, time.time() if now_s is None else now_s)
        finally:
            lock.release()

    def _collect(self, dry_run: bool, now_s: float) -> Collected:
        done = Collected()
        # First what is there, then what refers to it: what is committed later is not looked at.
        held = list(self._store.contents())
        mark = _Mark(self._ledger, self._store, self._file_limit(now_s))
        limit = min(now_s - GRACE_S, mark.oldest_attempt_at - CLOCK_MARGIN_S)
        for item in held:
            if item.written_at >= limit or (not item.is_artifact and item.written_at >= mark.file_limit):
                continue
            if item.digest in mark.kept or not (dry_run or self._remove(item.digest, mark, limit)):
                continue
            done.n_artifacts += item.is_artifact
            done.n_files += not item.is_artifact
            done.freed_bytes += item.size_bytes
        ended = now_s - self._settings.operations_keep_days * DAY_S if self._settings.operations_keep_days else 0.0
        done.n_operations = self._forget_operations(ended, dry_run)
        if not dry_run:
            done.n_temporaries = self._store.sweep_temporaries(now_s - limit, now_s)
            self._ledger.mark_collected(now_s)
        log.info("%s %s", "a collection would remove" if dry_run else "collected", asdict(done))
        return done

    def _file_limit(self, now_s: float) -> float:
        days = self._settings.store_keep_days
        return now_s - days * DAY_S if days else 0.0

    def _remove(self, digest: str, mark: _Mark, limit: float) -> bool:
        # No request finds it through the result cache from here on; one that found it before confirms what it named.
        self._ledger.forget_results(digest)
        unused = self._store.delete(digest, unless_written_since=limit, only_if=lambda: digest not in mark.again())
        if unused:
            self._ledger.forget_file(digest, mark.began_at)
        return unused

    def _forget_operations(self, ended_before: float, dry_run: bool) -> int:
        if dry_run:
            return len(self._ledger.ended_before(ended_before, limit=1_000_000))
        count = 0
        while ended := self._ledger.ended_before(ended_before):
            for op_id in ended:
                self._ledger.delete_operation(op_id)
            count += len(ended)
        return count

    # ---- daily ------------------------------------------------------------------------------------------------------

    def run(self, is_owner: Callable[[], bool]) -> None:
        """Collect daily while this process drives operations; ends after ``stop``."""
        wait_s = FIRST_LOOK_S
        while not self._stopped.wait(wait_s):
            wait_s = LOOK_EVERY_S
            try:
                if is_owner() and time.time() - self._ledger.collected_at() > DAY_S:
                    self.collect()
            except CislexError as error:
                log.warning("nothing was collected: %s", error)
            except Exception:
                log.exception("nothing was collected")

    def stop(self) -> None:
        """End ``run``."""
        self._stopped.set()


class _Mark:
    """Everything that is kept, by digest; ``again`` adds what came since."""

    def __init__(self, ledger: Ledger, store: Store, file_limit: float) -> None:
        self.began_at = time.time()
        self.file_limit = file_limit
        self.oldest_attempt_at = float("inf")
        self.kept: set[str] = set()
        self._ledger = ledger
        self._store = store
        self.again()

    def again(self) -> set[str]:
        """Look at the ledger once more; answers all that is kept."""
        # Operations before names: one that ends between the two looks has its name by then.
        roots: set[str] = set()
        for request, accepted_at in self._ledger.unfinished_requests():
            roots.update(_DIGEST.findall(request))
            self.oldest_attempt_at = min(self.oldest_attempt_at, accepted_at)
        roots |= self._ledger.named_digests()
        if self.file_limit:
            roots |= self._ledger.files_since(self.file_limit)
        self._keep(roots - self.kept)
        return self.kept

    def _keep(self, digests: Iterable[str]) -> None:
        """Mark digests and, for artifacts, what their manifests give as inputs."""
        todo = list(digests)
        while todo:
            digest = todo.pop()
            if digest in self.kept:
                continue
            self.kept.add(digest)
            todo.extend(self._store.inputs_of(digest))


def main() -> None:
    """Entry of the program."""
    parser = argparse.ArgumentParser(description="remove from the store what nothing refers to any more")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    parser.add_argument("--home", type=Path, help="default $CISLEX_HOME or ~/.cislex")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = Settings.from_env()
        if arguments.home is not None:
            settings = settings.model_copy(update={"home": arguments.home})
        settings.make_home()
        ledger = Ledger(settings.url, settings.ledger_pool)
        ledger.migrate()
        store = open_store(settings.store_url or settings.store, cache_dir=settings.home / "cache" / "store")
        done = Collector(ledger, store, settings).collect(arguments.dry_run)
        ledger.close()
    except CislexError as error:
        raise SystemExit(f"nothing was collected: {error}") from None
    verb = "would be removed" if arguments.dry_run else "removed"
    print(f"{done.n_artifacts} artifacts and {done.n_files} files {verb}: {done.freed_bytes} bytes")
    print(f"{done.n_operations} operations {verb}, {done.n_temporaries} temporaries removed")


if __name__ == "__main__":
    main()
