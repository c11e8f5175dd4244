"""A fake of the four services for tests of the command line: real wire, scripted operations, artifacts made up here.

Every mutating rpc of every contract is answered; a script per task says what its operation does. Operations, watching,
cancelling, artifacts and uploads work as the contracts say.
"""

from __future__ import annotations

import importlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from cislex_client import messages
from cislex_core.manifests import Manifest
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.stores.local import LocalStore
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf import empty_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

SERVICES = ("encoder", "trainer", "explainer", "motif")
RESPONSES = {
    "encoder.RegisterGenome": ("genome", "Genome"),
    "encoder.LabelPeaks": ("peaks", "Peaks"),
    "encoder.BuildDataset": ("dataset", "Dataset"),
    "encoder.Simulate": ("simulation", "Simulation"),
    "trainer.TrainModel": ("model", "Model"),
    "trainer.EvaluateModel": ("evaluation", "Evaluation"),
    "trainer.ExportModel": ("export", "Export"),
    "trainer.Predict": ("predictions", "PredictionSet"),
    "explainer.ComputeAttributions": ("attributions", "Attributions"),
    "explainer.ExtractKmers": ("kmers", "KmerSet"),
    "explainer.ExplainFilters": ("filters", "FilterSet"),
    "motif.ClusterKmers": ("clusters", "ClusterSet"),
    "motif.DiscoverMotifs": ("motifs", "MotifSet"),
    "motif.CompareMotifs": ("matches", "MatchSet"),
    "motif.EnrichMotifs": ("enrichment", "Enrichment"),
    "encoder.ImportDataset": ("dataset", "Dataset"),
    "encoder.SampleNegatives": ("dataset", "Dataset"),
    "encoder.SimulateDataset": ("dataset", "Dataset"),
    "trainer.CompareModels": ("comparison", "Comparison"),
    "trainer.ImportModel": ("model", "Model"),
    "explainer.ExplainUnits": ("units", "UnitSet"),
    "explainer.ProjectUnits": ("projections", "Projection"),
    "explainer.MeasureInteractions": ("interactions", "InteractionSet"),
    "motif.CallSeqlets": ("seqlets", "SeqletSet"),
    "motif.ScoreMotifs": ("scores", "ScoreSet"),
    "motif.ScanMotifs": ("hits", "HitSet"),
    "motif.GroupMotifs": ("families", "FamilySet"),
}


def status(code: str, message: str, reason: str, fields: dict[str, str] | None = None, **metadata: str) -> Any:
    """A google.rpc.Status with ErrorInfo and, where fields are named, BadRequest."""
    answer = status_pb2.Status(code=code_pb2.Code.Value(code), message=message)
    info = error_details_pb2.ErrorInfo(reason=reason, domain="cislex.dev", metadata=metadata)
    answer.details.add().Pack(info)
    if fields:
        bad = error_details_pb2.BadRequest()
        for name, text in fields.items():
            bad.field_violations.add(field=name, description=text)
        answer.details.add().Pack(bad)
    return answer


@dataclass
class Script:
    """What the operations of a task do: steps of progress, how long each takes, and an error at the end if any."""

    steps: int = 1
    step_s: float = 0.0
    error: Any = None
    refuse: Any = None
    warnings: list[Any] = field(default_factory=list)


@dataclass
class FakeOperation:
    """An operation and its events."""

    name: str
    task: str
    request: dict[str, Any]
    events: list[operations_pb2.Operation] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    watched: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def latest(self) -> operations_pb2.Operation:
        return self.events[-1]


class FakeServices(grpc.GenericRpcHandler, operations_pb2_grpc.OperationsServicer, ops_pb2_grpc.OperationEventsServicer,
                   artifacts_pb2_grpc.ArtifactServiceServicer):  # fmt: skip
    """All four services, operations and artifacts on one port."""

    def __init__(self, root: Path, tell_paths: bool = True) -> None:
        self.store = LocalStore(root / "store")
        self.tell_paths = tell_paths
        self.scripts: dict[str, Script] = {}
        self.by_request: dict[str, FakeOperation] = {}
        self.operations: dict[str, FakeOperation] = {}
        self.resources: list[dict[str, Any]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.tokens: list[str] = []
        self.uploads: dict[str, bytes] = {}
        self.fail_watch = 0
        self.makers: dict[str, Callable[[Path], None]] = dict(MAKERS)
        self.address = f"unix:{root / 'fake.sock'}"
        self.server: grpc.Server | None = None

    # serving ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
        operations_pb2_grpc.add_OperationsServicer_to_server(self, self.server)
        ops_pb2_grpc.add_OperationEventsServicer_to_server(self, self.server)
        artifacts_pb2_grpc.add_ArtifactServiceServicer_to_server(self, self.server)
        self.server.add_generic_rpc_handlers((self,))
        assert self.server.add_insecure_port(self.address)
        self.server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop(0).wait()

    def service(self, details: Any) -> Any:
        _, full, name = details.method.split("/")
        parts = full.split(".")
        if len(parts) != 4 or parts[0] != "cislex" or parts[1] not in SERVICES:
            return None
        task = f"{parts[1]}.{name}"
        try:
            method = messages.method(task)
        except KeyError:
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._submit(task, request, context),
            request_deserializer=method.request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def _submit(self, task: str, message: Any, context: grpc.ServicerContext) -> Any:
        request = messages.plain(message)
        self.tokens += [value for key, value in context.invocation_metadata() if key == "authorization"]
        self.requests.append((task, request))
        script = self.scripts.get(task, Script())
        if script.refuse is not None:
            from grpc_status import rpc_status

            context.abort_with_status(rpc_status.to_status(script.refuse))
        if request["validate_only"]:
            operation = operations_pb2.Operation(name="tenants/local/operations/none", done=True)
            metadata = ops_pb2.OperationMetadata(task=task, state=6, validate_only=True, spec_json=json.dumps({"a": 1}))
            operation.metadata.Pack(metadata)
            operation.response.Pack(empty_pb2.Empty())
            return operation
        known = self.by_request.get(request["request_id"])
        if known is not None:
            return known.latest()
        operation = FakeOperation(f"tenants/local/operations/{uuid.uuid4().hex}", task, request)
        operation.events.append(self._state(operation, "QUEUED"))
        self.by_request[request["request_id"]] = self.operations[operation.name] = operation
        threading.Thread(target=self._work, args=(operation, script), daemon=True).start()
        return operation.events[0]

    def _work(self, operation: FakeOperation, script: Script) -> None:
        for i in range(script.steps):
            if operation.cancelled.wait(script.step_s):
                gone = status("CANCELLED", "cancelled on request", "CANCELLED")
                return self._add(operation, self._state(operation, "CANCELLED", error=gone))
            self._add(operation, self._state(operation, "RUNNING", i + 1, script.steps, warnings=script.warnings))
        if script.error is not None:
            return self._add(operation, self._state(operation, "FAILED", error=script.error))
        try:
            state = self._state(operation, "SUCCEEDED", warnings=script.warnings)
            state.response.Pack(self._result(operation.task))
        except Exception as error:
            # A defect of this fake must fail the test, not let it wait.
            state = self._state(operation, "FAILED", error=status("INTERNAL", f"the fake broke: {error!r}", "INTERNAL"))
        return self._add(operation, state)

    def _result(self, task: str) -> Any:
        kind, name = RESPONSES[task]
        staged = self.store.stage()
        self.makers.get(kind, lambda folder: None)(staged)
        (staged / "unique.txt").write_text(task)
        artifact = self.store.commit_artifact(staged, Manifest(kind=kind, summary={"n": 1}))
        service = task.partition(".")[0]
        message = getattr(importlib.import_module(f"cislex.{service}.v1.{service}_pb2"), name)()
        message.name = f"tenants/local/{kind}s/{artifact.digest[:16]}"
        message.artifact.sha256 = artifact.digest
        message.artifact.size_bytes = artifact.manifest.total_bytes
        self.resources.append({"name": message.name, "sha256": artifact.digest, "kind": kind})
        return message

    def _state(
        self, operation: FakeOperation, state: str, done: int = 0, total: int = 0, error: Any = None, warnings: Any = ()
    ) -> operations_pb2.Operation:
        number = ops_pb2.OperationMetadata.State.Value(f"STATE_{state}")
        metadata = ops_pb2.OperationMetadata(state=number, task=operation.task, warnings=warnings)
        metadata.progress.done, metadata.progress.total = done, total
        queued = operation.events[0].metadata if operation.events else None
        if queued is None:
            metadata.timings.queued.FromNanoseconds(time.time_ns())
        else:
            first = ops_pb2.OperationMetadata()
            queued.Unpack(first)
            metadata.timings.queued.CopyFrom(first.timings.queued)
        answer = operations_pb2.Operation(name=operation.name, done=state in ("SUCCEEDED", "FAILED", "CANCELLED"))
        answer.metadata.Pack(metadata)
        if error is not None:
            answer.error.CopyFrom(error)
        return answer

    def _add(self, operation: FakeOperation, state: operations_pb2.Operation) -> None:
        with operation.changed:
            operation.events.append(state)
            operation.changed.notify_all()

    # google.longrunning and events --------------------------------------------------------------------------------

    def _find(self, name: str, context: grpc.ServicerContext) -> FakeOperation:
        if name not in self.operations:
            from grpc_status import rpc_status

            missing = status("NOT_FOUND", f"there is no {name}", "NOT_FOUND", name=name)
            context.abort_with_status(rpc_status.to_status(missing))
        return self.operations[name]

    def GetOperation(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._find(request.name, context).latest()

    def ListOperations(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = [operation.latest() for operation in reversed(self.operations.values())]
        return operations_pb2.ListOperationsResponse(operations=found)

    def CancelOperation(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._find(request.name, context).cancelled.set()
        return empty_pb2.Empty()

    def WatchOperation(self, request: Any, context: Any) -> Any:  # noqa: N802
        operation = self._find(request.name, context)
        operation.watched.set()
        sequence = request.after_sequence
        while context.is_active():
            with operation.changed:
                if len(operation.events) <= sequence:
                    operation.changed.wait(0.2)
                fresh = operation.events[sequence:]
            for state in fresh:
                sequence += 1
                if self.fail_watch > 0:
                    self.fail_watch -= 1
                    context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
                yield ops_pb2.WatchOperationResponse(sequence=sequence, operation=state)
                if state.done:
                    return

    # artifacts ----------------------------------------------------------------------------------------------------

    def Stat(self, request: Any, context: Any) -> Any:  # noqa: N802
        if not self.store.has(request.sha256):
            context.abort(grpc.StatusCode.NOT_FOUND, f"no {request.sha256}")
        artifact = self.store.open_artifact(request.sha256)
        answer = artifacts_pb2.StatResponse(kind=artifact.kind)
        answer.artifact.sha256 = request.sha256
        for entry in artifact.manifest.files:
            answer.files.add(path=entry.path, sha256=entry.sha256, size_bytes=entry.size_bytes)
        if self.tell_paths:
            answer.local_path = str(artifact.dir)
        return answer

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        data = (self.store.open_artifact(request.sha256).dir / request.path).read_bytes()
        for start in range(request.offset_bytes, max(len(data), 1), 1000):
            part = data[start : start + 1000]
            yield artifacts_pb2.ReadResponse(offset_bytes=start, data=part, total_bytes=len(data))

    def CollectGarbage(self, request: Any, context: Any) -> Any:  # noqa: N802
        n = int(not request.dry_run)
        return artifacts_pb2.CollectGarbageResponse(n_artifacts=3, freed_bytes=4096, n_temporaries=n)

    def QueryWrite(self, request: Any, context: Any) -> Any:  # noqa: N802
        held = self.uploads.get(request.sha256, b"")
        return artifacts_pb2.QueryWriteResponse(committed_bytes=len(held))

    def Write(self, parts: Any, context: Any) -> Any:  # noqa: N802
        digest = ""
        for part in parts:
            digest = digest or part.sha256
            assert part.offset_bytes == len(self.uploads.get(digest, b""))
            self.uploads[digest] = self.uploads.get(digest, b"") + part.data
        return artifacts_pb2.WriteResponse(committed_bytes=len(self.uploads[digest]), complete=True)

    def ListArtifacts(self, request: Any, context: Any) -> Any:  # noqa: N802
        answer = artifacts_pb2.ListArtifactsResponse()
        for entry in reversed(self.resources):
            if not request.kind or entry["kind"] == request.kind:
                row = answer.entries.add(name=entry["name"], kind=entry["kind"], create_time="2026-01-01T00:00:00Z")
                row.artifact.sha256 = entry["sha256"]
        return answer


# artifacts ----------------------------------------------------------------------------------------------------------

MATRIX = np.array([[0.97, 0.01, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01], [0.25, 0.25, 0.25, 0.25], [0.1, 0.1, 0.1, 0.7]])


def _table(folder: Path, file: str, /, **columns: Any) -> None:
    pq.write_table(pa.table(columns), folder / file)


def _motif_file(folder: Path, name: str, *ids: str) -> None:
    write_motifs(folder / name, [Motif(motif_id, MATRIX, nsites=20) for motif_id in ids])


def _dataset(folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(folder / "codes.npy", rng.integers(0, 4, (6, 30), dtype=np.uint8))
    np.save(folder / "targets.npy", np.array([0, 1, 0, 1, 0, 1], dtype=np.int64))
    _table(folder, "rows.parquet", row=[0, 1], set=["KO", "WT"], chrom=["chr1", None], gc=[0.5, 0.25], label=[0, 1])
    _table(
        folder, "drops.parquet", source=["a.bed"], line=[3], status=["duplicate"], dataset_row=pa.nulls(1, pa.int64())
    )
    (folder / "preflight.json").write_text("{}")


def _model(folder: Path) -> None:
    _table(folder, "history.parquet", seed=[0, 0], epoch=[1, 2], train_loss=[0.7, 0.6], chosen=[False, True])
    (folder / "training.json").write_text("{}")


def _evaluation(folder: Path) -> None:
    (folder / "metrics.json").write_text(json.dumps({"auroc": 0.9}))
    (folder / "curves.json").write_text("{}")
    _table(folder, "predictions.parquet", row=[0], p_WT=[0.5])


def _export(folder: Path) -> None:
    for name in ("model.onnx", "labels.txt", "model_card.md", "model_card.json", "parity.json"):
        (folder / name).write_text(name)


def _attributions(folder: Path) -> None:
    rng = np.random.default_rng(1)
    np.save(folder / "rows.npy", np.array([1, 4], dtype=np.int64))
    hypothetical = rng.normal(size=(2, 4, 30)).astype(np.float32)
    np.save(folder / "hypothetical.npy", hypothetical)
    projected = np.zeros_like(hypothetical)
    projected[:, 2] = hypothetical[:, 2]
    np.save(folder / "projected.npy", projected)
    np.save(folder / "importance.npy", np.abs(projected).max(axis=1))


def _kmers(folder: Path) -> None:
    _table(folder, "kmers.parquet", row=[1], position=[12], kmer=["ACGT"], score=[0.5])
    _table(folder, "ranking.parquet", kmer=["ACGT"], score_sum=[0.5], n=[1], n_wt=[1], n_ko=[0])


def _clusters(folder: Path) -> None:
    _table(folder, "clusters.parquet", cluster=[1], size=[12], primary=[True], discovery=["yes"])
    _table(folder, "members.parquet", kmer_index=[0], kmer=["ACGT"], cluster=[1], shift=[0], strand=["+"])
    _motif_file(folder, "clusters.meme", "cluster_1")


def _motifs(folder: Path) -> None:
    name = f"motif_{len(list(folder.parent.iterdir()))}_{uuid.uuid4().hex[:6]}"
    _table(folder, "motifs.parquet", motif_id=[name], evalue=[1e-9])
    _table(folder, "sites.parquet", motif_id=[name], row=[0])
    _motif_file(folder, "motifs.meme", name)


def _matches(folder: Path) -> None:
    _table(folder, "matches.parquet", query=["WT_1"], target=["MA0107.1"], target_name=["RELA"], tf_family=["Rel"],
           pvalue=[1e-8], evalue=[1e-6], qvalue=[1e-5], query_consensus=["ACNT"],
           rank=[1], significant=[True])  # fmt: skip
    _motif_file(folder, "queries.meme", "WT_1", "s0_f1")
    _motif_file(folder, "targets.meme", "MA0107.1")


def _filters(folder: Path) -> None:
    _table(folder, "filters.parquet", filter_id=["s0_f1"], seed=[0], index=[1], group=[0])
    _table(folder, "groups.parquet", group=[0], representative=["s0_f1"], n_seeds=[3])
    _motif_file(folder, "filters.meme", "s0_f1")


def _enrichment(folder: Path) -> None:
    _table(folder, "enrichment.parquet", motif=["MA0107.1"], pvalue_wt=[0.001], pvalue_ko=[float("nan")])


def _families(folder: Path) -> None:
    _table(folder, "families.parquet", family=["1"], n_members=[1], reproducibility=[1.0])
    _table(folder, "members.parquet", family=["1"], motif_id=["s0_f1"])
    _motif_file(folder, "families.meme", "family_1")


def _units(folder: Path) -> None:
    _table(folder, "units.parquet", unit_id=["s0_u0"], seed=[0], rank=[1], best_output=["WT - KO"])
    _table(folder, "importance.parquet", unit_id=["s0_u0"], output=["WT"], weight=[0.5])
    _motif_file(folder, "units.meme", "s0_u0")


def _projection(folder: Path) -> None:
    _table(folder, "projection.parquet", row=[0], x=[0.0], y=[1.0])


def _scores(folder: Path) -> None:
    for name in ("scores.parquet", "best.parquet"):
        _table(folder, name, source=["a"], motif_id=["s0_u0"], auprc=[0.8])


def _comparison(folder: Path) -> None:
    _table(folder, "models.parquet", name=["cnn4", "danq"], rank=[1, 2], auroc=[0.9, 0.8])
    _table(folder, "seeds.parquet", name=["cnn4"], seed=[0], auroc=[0.9])
    _table(folder, "differences.parquet", a=["danq"], b=["cnn4"], metric=["auroc"], difference=[-0.1])
    (folder / "comparison.tsv").write_text("name\tauroc\n")


MAKERS: dict[str, Callable[[Path], None]] = {
    "dataset": _dataset, "model": _model, "evaluation": _evaluation, "export": _export, "attributions": _attributions,
    "kmers": _kmers, "clusters": _clusters, "motifs": _motifs, "matches": _matches, "filters": _filters,
    "enrichment": _enrichment, "families": _families, "units": _units, "projections": _projection, "scores": _scores,
    "comparison": _comparison,
}  # fmt: skip


@pytest.fixture
def clean_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and configuration."""
    for name in ("CISLEX_CONTEXT", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CISLEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CISLEX_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def services(clean_env: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """The fake services, running, with a context `fake` that is the chosen one."""
    from cislex_client import contexts

    fake = FakeServices(clean_env)
    fake.start()
    contexts.add(contexts.Context("fake", fake.address.replace("unix:", "unix://")))
    monkeypatch.setenv("CISLEX_CONTEXT", "fake")
    yield fake
    fake.stop()


@pytest.fixture
def script() -> type[Script]:
    """Class of scripts: `services.scripts["encoder.BuildDataset"] = script(steps=3)`."""
    return Script


@pytest.fixture
def make_status() -> Callable[..., Any]:
    """Builds a google.rpc.Status."""
    return status


@pytest.fixture
def artifact_makers() -> dict[str, Callable[[Path], None]]:
    """Writers of small artifacts by kind."""
    return dict(MAKERS)
