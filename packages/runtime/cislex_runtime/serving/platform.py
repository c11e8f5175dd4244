"""Everything a server process holds: ledger, store, engine, reconciler, and the registry that services fill.

A service package has ``servicer.py`` with this shape; nothing else is needed to serve it:

    class EncoderServicer(encoder_pb2_grpc.EncoderServiceServicer):
        def __init__(self, platform: Platform) -> None:
            self.operations, self.resources = platform.operations, platform.resources

        async def BuildDataset(self, request, context):
            return await self.operations.submit("encoder.BuildDataset", request, context)

        async def GetDataset(self, request, context):
            return await self.resources.get("dataset", request, context)

        async def ListDatasets(self, request, context):
            return await self.resources.list("dataset", request, encoder_pb2.ListDatasetsResponse(), context)

        async def DeleteDataset(self, request, context):
            return await self.resources.delete("dataset", request, context)

    def register(server: grpc.aio.Server, platform: Platform) -> list[str]:
        platform.add_service("encoder", SPECS, {"dataset": ("datasets", encoder_pb2.Dataset)})
        encoder_pb2_grpc.add_EncoderServiceServicer_to_server(EncoderServicer(platform), server)
        return ["cislex.encoder.v1.EncoderService"]          # full names, for reflection
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

from cislex_core.settings import Settings
from cislex_core.stores import open_store
from cislex_core.tasks import TaskInfo
from google.protobuf.message import Message

from cislex_runtime.engines.choice import make_engine
from cislex_runtime.engines.engine import Engine
from cislex_runtime.files import FileDigests
from cislex_runtime.ledger import Ledger
from cislex_runtime.owning.collector import Collector
from cislex_runtime.owning.owner import Ownership
from cislex_runtime.owning.reconciler import Reconciler
from cislex_runtime.resources import Resources
from cislex_runtime.security.quotas import Quotas
from cislex_runtime.serving.operations import OperationsManager
from cislex_runtime.serving.requests import Resolver
from cislex_runtime.serving.waiting import WaitingRoom
from cislex_runtime.specs import add_specs

log = logging.getLogger("cislex.platform")
#: How often a process asks for operations that nobody drives.
OWN_EVERY_S = 2.0


class Platform:
    """Made once a process; ``start`` after all services were added."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        settings = settings.model_copy(update={"home": settings.home.absolute()})
        settings.make_home()
        self.settings = settings
        self.store = open_store(
            settings.store_url or settings.store,
            endpoint=settings.store_endpoint,
            public_endpoint=settings.store_public_endpoint,
            cache_dir=settings.home / "cache" / "store",
            cache_bytes=settings.store_cache_bytes,
            holds=False,
        )
        self.ledger = Ledger(settings.url, settings.ledger_pool)
        self.ledger.migrate()
        self.engine: Engine = engine or make_engine(settings, self.store)
        self.resources = Resources(self.ledger)
        self.collector = Collector(self.ledger, self.store, settings)
        self._tasks: dict[str, list[str]] = {}
        self._ownership = Ownership(self.ledger, settings.home)
        self.quotas = Quotas(settings.quotas_file, self.ledger)
        self.reconciler = Reconciler(
            self.ledger, self.engine, self.store, self.resources, settings, lambda: self.owned_tasks, self.quotas
        )
        resolver = Resolver(self.ledger, self.store, FileDigests(self.ledger), settings.allowed_roots, self.quotas)
        self.operations = OperationsManager(
            self.ledger,
            self.store,
            self.resources,
            resolver,
            self.reconciler.wake,
            gpus=self.engine.gpus,
            no_cuda=self.engine.no_cuda,
            quotas=self.quotas,
        )
        self.operations.waiting = WaitingRoom(
            self.ledger, self._ownership, lambda: [task for tasks in self._tasks.values() for task in tasks]
        )
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._engine_started = False
        self._tried_at = 0.0

    def add_service(
        self, service: str, specs: Mapping[str, TaskInfo], kinds: Mapping[str, tuple[str, type[Message]]]
    ) -> None:
        """Make a service's tasks and result kinds known: ``kinds`` = {kind: (collection, message class)}."""
        add_specs(dict(specs))
        self._tasks[service] = list(specs)
        for kind, (collection, message) in kinds.items():
            self.resources.register(kind, collection, message)

    @property
    def services(self) -> list[str]:
        """Services of this process: ``encoder``, …"""
        return list(self._tasks)

    @property
    def owned_services(self) -> list[str]:
        """Services whose operations this process drives."""
        return self._ownership.held

    @property
    def services_without_owner(self) -> list[str]:
        """Services whose operations no living process drives."""
        return [service for service in self._tasks if not self._ownership.is_owned(service)]

    @property
    def owned_tasks(self) -> list[str]:
        """Tasks whose operations this process drives."""
        return [task for service in self._ownership.held for task in self._tasks.get(service, [])]

    def start(self) -> None:
        """Become the owner of the services, if nobody is, and start the reconciler; else try again now and then."""
        self._try_own()
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)
        self._thread.start()
        owns = (lambda: bool(self._ownership.held),)
        threading.Thread(target=self.collector.run, args=owns, name="collector", daemon=True).start()

    def check(self) -> None:
        """Raise when ledger, store or engine cannot be used."""
        self.ledger.check()
        self.engine.check()
        self.store.check()

    def stop(self) -> None:
        """Start nothing further, pre-empt what runs, give the ownership back."""
        self.reconciler.drain()
        self._stopped.set()
        self.collector.stop()
        if self._engine_started:
            self.engine.close(self.settings.drain_grace_s)
            self.reconciler.wake()
        self.reconciler.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)
        if self._engine_started:
            self.reconciler.look()  # write what the last workers said
        self._ownership.release()
        self.operations.close()
        self.ledger.close()

    def _try_own(self) -> bool:
        """Own what nobody owns; True when this process drives any operations."""
        before = self._ownership.held
        for service in self._tasks:
            self._ownership.try_acquire(service)
        held = self._ownership.held
        if held and not self._engine_started:
            self.engine.start(self.reconciler.wake)
            self._engine_started = True
        if held != before:
            log.info("this process runs the operations of: %s", ", ".join(held))
        return bool(held)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                owns = self._try_own()
            except Exception:  # whatever an engine raises when it starts: this thread must not end of it
                log.exception("the engine %s did not start; trying again", self.engine.name)
                owns = False
            if owns:
                self.reconciler.run(self._keep_owning)
                if self._stopped.is_set():
                    return
                # Another replica goes on with these operations: what a local engine still runs is refused in the end.
                log.warning("this process no longer owns operations; it stops its workers and tries to own again")
                self.engine.close(0)
                self._engine_started = False
            self._stopped.wait(OWN_EVERY_S)

    def _keep_owning(self) -> bool:
        """Called before each look: still an owner? Now and then, what another owner left is taken over."""
        if not self._ownership.still_held():
            return False
        if len(self._ownership.held) < len(self._tasks) and time.monotonic() - self._tried_at > OWN_EVERY_S:
            self._tried_at = time.monotonic()
            self._try_own()
        return True
