"""``Client``: ``AsyncClient`` for programs without an event loop. Each method waits for its counterpart there.

    with Client() as client:
        dataset = client.run(calls.simulate_dataset(n_sequences=400))
        model = client.run(calls.train_model(dataset=dataset, seeds=[0]))
        client.fetch(model, "model")

May be used from several threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from cislex.info.v1 import info_pb2
from cislex_runtime.calling.connection import iterate_blocking, run_blocking
from google.protobuf.message import Message

from cislex_client.api.asynchronous import AsyncClient, AsyncJob
from cislex_client.api.call import Call, Question, Ref
from cislex_client.api.states import JobState

M = TypeVar("M", bound=Message)


class Client:
    """See ``AsyncClient``."""

    def __init__(
        self,
        address: str = "",
        *,
        context: str = "",
        token: str = "",
        tenant: str = "",
        services: Mapping[str, str] | None = None,
        ca_file: Path | str | None = None,
        cert_file: Path | str | None = None,
        key_file: Path | str | None = None,
    ) -> None:
        self._client = AsyncClient(
            address, context=context, token=token, tenant=tenant, services=services, ca_file=ca_file,
            cert_file=cert_file, key_file=key_file,
        )  # fmt: skip

    def __enter__(self) -> Client:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect; start the server of this machine when that is meant and none runs. The first call does it, too."""
        run_blocking(self._client.open())

    def close(self) -> None:
        """Close the channels; jobs run on."""
        run_blocking(self._client.close())

    @property
    def parent(self) -> str:
        """``tenants/{tenant}``."""
        return self._client.parent

    def submit(self, call: Call[M], *, labels: Mapping[str, str] | None = None, request_id: str = "") -> Job[M]:
        """Start it. ``request_id``, a UUID4: the same one again answers the same job."""
        return Job(run_blocking(self._client.submit(call, labels=labels, request_id=request_id)))

    def run(self, call: Call[M], *, labels: Mapping[str, str] | None = None, timeout_s: float | None = None) -> M:
        """Start it, wait, and answer its result. Raises ServiceError, and WaitTimeoutError (it runs on)."""
        return run_blocking(self._client.run(call, labels=labels, timeout_s=timeout_s))

    def validate(self, call: Call[Any]) -> dict[str, Any]:
        """What would run, with all defaults; nothing does."""
        return run_blocking(self._client.validate(call))

    def ask(self, question: Question[M]) -> M:
        """Something that is answered at once."""
        return run_blocking(self._client.ask(question))

    def job(self, name: str, response: type[M]) -> Job[M]:
        """One that was started before; ``response`` is the message of its result."""
        return Job(run_blocking(self._client.job(name, response)))

    def jobs(self, most: int = 50, filter_text: str = "") -> list[JobState]:
        """The tenant's, newest first; ``filter_text``: ``state=RUNNING AND task=trainer.TrainModel``."""
        return run_blocking(self._client.jobs(most, filter_text))

    def get(self, kind: type[M], name: str) -> M:
        """A result by its name: ``client.get(encoder_pb2.Dataset, "tenants/…/datasets/…")``."""
        return run_blocking(self._client.get(kind, name))

    def results(self, kind: type[M], most: int = 50) -> list[M]:
        """The tenant's results of a kind, newest first, at most ``most`` (0 = all)."""
        return run_blocking(self._client.results(kind, most))

    def fetch(self, result: Ref, dest: Path | str) -> Path:
        """Copy a result's files, verified, to the folder ``dest``: complete or absent. FileExistsError when there."""
        return run_blocking(self._client.fetch(result, dest))

    def folder(self, result: Ref) -> Path:
        """A result's files to read: the store's own where it can be seen, else a verified copy in a cache."""
        return run_blocking(self._client.folder(result))

    def read(self, result: Ref, path: str) -> bytes:
        """One small file of a result."""
        return run_blocking(self._client.read(result, path))

    def upload(self, path: Path | str) -> str:
        """Put a file into the store; answers its sha256. Files of calls are brought by themselves."""
        return run_blocking(self._client.upload(path))

    def service_info(self, service: str = "encoder") -> info_pb2.GetServiceInfoResponse:
        """What the server of a service is and offers (GA4GH service-info)."""
        return run_blocking(self._client.service_info(service))


class Job(Generic[M]):
    """See ``AsyncJob``."""

    def __init__(self, job: AsyncJob[M]) -> None:
        self._job = job

    @property
    def name(self) -> str:
        """``tenants/…/operations/…``."""
        return self._job.name

    @property
    def state(self) -> JobState:
        """As last heard of."""
        return self._job.state

    def refresh(self) -> JobState:
        """As it is now."""
        return run_blocking(self._job.refresh())

    def watch(self, timeout_s: float | None = None) -> Iterator[JobState]:
        """Each state until it is done; none is told twice or left out, across broken connections. WaitTimeoutError."""
        return iterate_blocking(self._job.watch(timeout_s))

    def wait(self, timeout_s: float | None = None) -> JobState:
        """The terminal state. A job that failed is told, not raised. WaitTimeoutError."""
        return run_blocking(self._job.wait(timeout_s))

    def result(self, timeout_s: float | None = None) -> M:
        """Wait, and answer what it gave. Raises the ServiceError that it failed with, and WaitTimeoutError."""
        return run_blocking(self._job.result(timeout_s))

    def cancel(self) -> None:
        """Ask that it stops; ``wait`` tells when it did."""
        run_blocking(self._job.cancel())
