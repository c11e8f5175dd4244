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

from cislex_core.artifacts import LocalStore
from cislex_core.settings import Settings
from cislex_core.tasks import TaskInfo
from google.protobuf.message import Message

from cislex_runtime.devices import cuda_is_impossible
from cislex_runtime.engine import Engine
from cislex_runtime.files import FileDigests
from cislex_runtime.ledger import Ledger
from cislex_runtime.local_engine import LocalEngine
from cislex_runtime.operations import OperationsManager
from cislex_runtime.owner import Ownership
from cislex_runtime.reconciler import Reconciler
from cislex_runtime.requests import Resolver
from cislex_runtime.resources import Resources
from cislex_runtime.specs import add_specs

log = logging.getLogger("cislex.platform")
DAY_S = 86_400.0


class Platform:
    """Made once a process; ``start`` after all services were added."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        settings = settings.model_copy(update={"home": settings.home.absolute()})
        settings.make_home()
        self.settings = settings
        self.store = LocalStore(settings.store)
        self.ledger = Ledger(settings.url)
        self.ledger.migrate()
        local = LocalEngine(settings.home, settings.store, settings.heavy_slots, settings.light_slots)
        self.engine: Engine = engine or local
        self.resources = Resources(self.ledger, self.store)
        self._tasks: dict[str, list[str]] = {}
        self._ownership = Ownership(self.ledger, settings.home)
        self.reconciler = Reconciler(
            self.ledger, self.engine, self.store, self.resources, settings, lambda: self.owned_tasks
        )
        resolver = Resolver(self.ledger, self.store, FileDigests(self.ledger), settings.allowed_roots)
        self.operations = OperationsManager(
            self.ledger,
            self.store,
            self.resources,
            resolver,
            self.reconciler.wake,
            gpus=local.gpus,
            no_cuda=engine is None and cuda_is_impossible(),
        )
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._engine_started = False

    def add_service(
        self, service: str, specs: Mapping[str, TaskInfo], kinds: Mapping[str, tuple[str, type[Message]]]
    ) -> None:
        """Make a service's tasks and result kinds known: ``kinds`` = {kind: (collection, message class)}."""
        add_specs(dict(specs))
        self._tasks[service] = list(specs)
        for kind, (collection, message) in kinds.items():
            self.resources.register(kind, collection, message)

    @property
    def owned_tasks(self) -> list[str]:
        """Tasks whose operations this process drives."""
        return [task for service in self._ownership.held for task in self._tasks.get(service, [])]

    def start(self) -> None:
        """Become the owner of the services, if nobody is, and start the reconciler; else try again now and then."""
        self.store.sweep_temporaries(DAY_S, time.time())
        self._try_own()
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise when ledger or store cannot be used."""
        self.ledger.check()
        if not (self.store.root / "tmp").is_dir():
            raise OSError(f"the store {self.store.root} is gone")

    def stop(self) -> None:
        """Start nothing further, pre-empt what runs, give the ownership back."""
        self.reconciler.drain()
        self._stopped.set()
        if self._engine_started:
            self.engine.close(self.settings.drain_grace_s)
            self.reconciler.wake()
        self.reconciler.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)
        if self._engine_started:
            self.reconciler.look()  # write what the last workers said
        self._ownership.release()
        self.ledger.close()

    def _try_own(self) -> None:
        for service in self._tasks:
            self._ownership.try_acquire(service)
        if self._ownership.held and not self._engine_started:
            self.engine.start(self.reconciler.wake)
            self._engine_started = True
            log.info("this process runs the operations of: %s", ", ".join(self._ownership.held))

    def _run(self) -> None:
        while not self._engine_started and not self._stopped.wait(2.0):
            log.debug("another process runs these operations; trying again")
            self._try_own()
        if self._engine_started:
            self.reconciler.run()
