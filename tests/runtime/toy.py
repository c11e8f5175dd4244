"""A toy service for tests of the runtime: its own proto messages (built here), specs and tasks.

Workers load it through CISLEX_EXTRA_TASKS=toy:TASKS and CISLEX_EXTRA_SPECS=toy:SPECS with this folder on PYTHONPATH.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from typing import Annotated, Any

from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field


class CountSpec(TaskSpec):
    """Counts slowly and writes the sum; can be told to misbehave."""

    n: int = Field(ge=0)
    pause_s: float = Field(default=0.0, ge=0)
    label: str = "sum"
    source: InputRef | None = None
    parent_count: Annotated[ArtifactDigest, NamesArtifact(("count",))] | None = None
    misbehave: str = ""
    batch_size: int = Field(default=64, ge=1)
    accumulation: int = 1


def count(spec: CountSpec, inputs: Any, out: Any, progress: Any) -> None:
    """Sum of 0..n-1 with a checkpoint after each number."""
    state = progress.checkpoint_dir / "state"
    start, total = map(int, state.read_text().split()) if state.exists() else (0, 0)
    attempts = progress.checkpoint_dir / "attempts"
    tries = int(attempts.read_text()) + 1 if attempts.exists() else 1
    attempts.write_text(str(tries))
    limit = os.environ.get("TOY_FSIZE_BYTES")
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    misbehave(spec, tries, progress)
    for i in range(start, spec.n):
        total += i
        temporary = state.with_suffix(".tmp")
        temporary.write_text(f"{i + 1} {total}")
        temporary.replace(state)
        progress.update(i + 1, spec.n, "numbers", partial_sum=total)
        progress.check_cancel()
        time.sleep(spec.pause_s)
    if spec.source is not None:
        out.path("copy.bin").write_bytes(inputs.file(spec.source).read_bytes())
    if spec.parent_count is not None:
        total += inputs.artifact(spec.parent_count).json("sum.json")["sum"]
    out.write_json("sum.json", {"sum": total})
    out.semantics = {"what": "sum"}
    out.summary = {"total": total, "label": spec.label}
    if spec.misbehave == "bad_summary":
        out.summary = {"no_such_field": 1}


def misbehave(spec: CountSpec, tries: int, progress: Any) -> None:
    """The ways in which tasks go wrong."""
    how = spec.misbehave
    if how.startswith("mark:"):
        with open(how.removeprefix("mark:"), "a") as file:
            file.write("ran\n")
    if how == "user_error":
        raise UserError(Reason.EMPTY_SET, "no row of x.bed is left; check its contigs", file="x.bed")
    if how == "defect":
        raise KeyError("a defect")
    if how == "flaky" and tries < 3:
        raise CislexError(Reason.UNAVAILABLE, "the weather is bad")
    if how == "always_flaky":
        raise CislexError(Reason.UNAVAILABLE, "the weather is bad")
    if how == "die_once" and tries == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "die_always":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "stop_once" and tries == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    if how == "sleep_once" and tries == 1:
        time.sleep(60)
    if how == "deaf":
        child = subprocess.Popen(["sleep", "300"])
        progress.message(f"child {child.pid}")
        while True:
            time.sleep(0.05)
    if how == "memory" and spec.batch_size > 20:
        raise MemoryError(f"{spec.batch_size} do not fit")
    if how == "memory_always":
        raise MemoryError("nothing fits")
    if how == "disk":
        raise OSError(errno.ENOSPC, "No space left on device", str(progress.scratch_dir / "x"))
    if how == "warn":
        progress.warn("LOOK_ALIKES", "the genomes look alike but differ")
    if how == "heavy_import":
        import sklearn  # noqa: F401


SPECS = {
    "toy.Count": TaskInfo(spec=CountSpec, kind="count"),
    "toy.HeavyCount": TaskInfo(spec=CountSpec, kind="count", heavy=True),
}
TASKS = {"toy.Count": count, "toy.HeavyCount": count}


def messages() -> Any:
    """The toy's proto messages and stubs, as a namespace."""
    from types import SimpleNamespace

    import cislex.artifacts.v1.artifacts_pb2  # noqa: F401 - the pool must know ArtifactRef
    import google.longrunning.operations_pb2  # noqa: F401 - and Operation
    from google.protobuf import descriptor_pb2, descriptor_pool, empty_pb2, message_factory

    pool = descriptor_pool.Default()
    name = "cislex/toy/v1/toy.proto"
    try:
        pool.FindFileByName(name)
    except KeyError:
        pool.Add(_file(descriptor_pb2.FileDescriptorProto(name=name, package="cislex.toy.v1", syntax="proto3")))
    found = {
        item: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"cislex.toy.v1.{item}"))
        for item in (
            "CountRequest",
            "WalkRequest",
            "Count",
            "GetCountRequest",
            "ListCountsRequest",
            "ListCountsResponse",
        )
    }
    return SimpleNamespace(**found, Empty=empty_pb2.Empty)


def _file(file: Any) -> Any:
    from google.protobuf import descriptor_pb2

    field = descriptor_pb2.FieldDescriptorProto
    file.dependency.append("cislex/artifacts/v1/artifacts.proto")
    string, boolean, integer, double, nested, enum = (
        field.TYPE_STRING, field.TYPE_BOOL, field.TYPE_INT64, field.TYPE_DOUBLE, field.TYPE_MESSAGE, field.TYPE_ENUM,
    )  # fmt: skip

    mood = file.enum_type.add(name="BadMood")
    for number, word in enumerate(("BAD_MOOD_UNSPECIFIED", "BAD_MOOD_FLAKY", "BAD_MOOD_USER_ERROR")):
        mood.value.add(name=word, number=number)

    def message(title: str, fields: list[tuple[Any, ...]]) -> Any:
        made = file.message_type.add(name=title)
        for number, (key, kind, *more) in enumerate(fields, start=1):
            item = made.field.add(name=key, number=number, type=kind, label=field.LABEL_OPTIONAL)
            for extra in more:
                if extra == "optional":
                    item.proto3_optional = True
                    item.oneof_index = len(made.oneof_decl)
                    made.oneof_decl.add(name=f"_{key}")
                elif extra == "repeated":
                    item.label = field.LABEL_REPEATED
                else:
                    item.type_name = extra
        return made

    request = message("CountRequest", [
        ("parent", string), ("request_id", string), ("validate_only", boolean),
        ("labels", nested, "repeated", ".cislex.toy.v1.CountRequest.LabelsEntry"),
        ("n", integer, "optional"), ("pause_s", double, "optional"), ("label", string, "optional"),
        ("source", nested, ".cislex.artifacts.v1.InputFile"), ("parent_count", string, "optional"),
        ("misbehave", string, "optional"), ("batch_size", integer, "optional"), ("accumulation", integer, "optional"),
    ])  # fmt: skip
    message("WalkRequest", [
        ("mood", enum, ".cislex.toy.v1.BadMood"), ("moods", enum, "repeated", ".cislex.toy.v1.BadMood"),
        ("numbers", integer, "repeated"), ("flag", boolean), ("share", double, "optional"), ("word", string),
        ("files", nested, "repeated", ".cislex.artifacts.v1.InputFile"),
        ("inner", nested, ".cislex.toy.v1.CountRequest"),
    ])  # fmt: skip
    entry = request.nested_type.add(name="LabelsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=string, label=field.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=string, label=field.LABEL_OPTIONAL)
    message("Count", [("name", string), ("artifact", nested, ".cislex.artifacts.v1.ArtifactRef"), ("total", integer),
                      ("label", string)])  # fmt: skip
    message("GetCountRequest", [("name", string)])
    message("ListCountsRequest", [("parent", string), ("page_size", field.TYPE_INT32), ("page_token", string)])
    message("ListCountsResponse", [("counts", nested, "repeated", ".cislex.toy.v1.Count"), ("next_page_token", string)])
    file.dependency.extend(["google/longrunning/operations.proto", "google/protobuf/empty.proto"])
    service = file.service.add(name="ToyService")
    for rpc, asked, answered in (
        ("Count", "CountRequest", "google.longrunning.Operation"),
        ("HeavyCount", "CountRequest", "google.longrunning.Operation"),
        ("GetCount", "GetCountRequest", "cislex.toy.v1.Count"),
        ("ListCounts", "ListCountsRequest", "cislex.toy.v1.ListCountsResponse"),
        ("DeleteCount", "GetCountRequest", "google.protobuf.Empty"),
        ("Crash", "GetCountRequest", "google.protobuf.Empty"),
        ("Modules", "GetCountRequest", "cislex.toy.v1.GetCountRequest"),
    ):
        service.method.add(name=rpc, input_type=f".cislex.toy.v1.{asked}", output_type=f".{answered}")
    return file


def register(server: Any, platform: Any) -> list[str]:
    """The toy's servicer, in the shape that every service has."""
    import grpc
    from google.longrunning import operations_pb2

    m = messages()
    platform.add_service("toy", SPECS, {"count": ("counts", m.Count)})

    async def submit(request: Any, context: Any) -> Any:
        return await platform.operations.submit("toy.Count", request, context)

    async def submit_heavy(request: Any, context: Any) -> Any:
        return await platform.operations.submit("toy.HeavyCount", request, context)

    async def get(request: Any, context: Any) -> Any:
        return await platform.resources.get("count", request, context)

    async def list_counts(request: Any, context: Any) -> Any:
        return await platform.resources.list("count", request, m.ListCountsResponse(), context)

    async def delete(request: Any, context: Any) -> Any:
        return await platform.resources.delete("count", request, context)

    async def crash(request: Any, context: Any) -> Any:
        raise RuntimeError("secret detail")

    async def modules(request: Any, context: Any) -> Any:
        heavy = {"torch", "sklearn", "numba", "scipy", "memelite"} & set(sys.modules)
        return m.GetCountRequest(name=",".join(sorted(heavy)))

    def unary(behaviour: Any, request: Any, response: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(behaviour, request.FromString, response.SerializeToString)

    handlers = {
        "Count": unary(submit, m.CountRequest, operations_pb2.Operation),
        "HeavyCount": unary(submit_heavy, m.CountRequest, operations_pb2.Operation),
        "GetCount": unary(get, m.GetCountRequest, m.Count),
        "ListCounts": unary(list_counts, m.ListCountsRequest, m.ListCountsResponse),
        "DeleteCount": unary(delete, m.GetCountRequest, m.Empty),
        "Crash": unary(crash, m.GetCountRequest, m.Empty),
        "Modules": unary(modules, m.GetCountRequest, m.GetCountRequest),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("cislex.toy.v1.ToyService", handlers),))
    return ["cislex.toy.v1.ToyService"]


class Stub:
    """Client side of the toy."""

    def __init__(self, channel: Any) -> None:
        from google.longrunning import operations_pb2

        m = messages()
        self.m = m

        def method(name: str, response: Any) -> Any:
            return channel.unary_unary(
                f"/cislex.toy.v1.ToyService/{name}",
                request_serializer=lambda request: request.SerializeToString(),
                response_deserializer=response.FromString,
            )

        self.Count = method("Count", operations_pb2.Operation)
        self.HeavyCount = method("HeavyCount", operations_pb2.Operation)
        self.GetCount = method("GetCount", m.Count)
        self.ListCounts = method("ListCounts", m.ListCountsResponse)
        self.DeleteCount = method("DeleteCount", m.Empty)
        self.Crash = method("Crash", m.Empty)
        self.Modules = method("Modules", m.GetCountRequest)


if __name__ == "__main__":
    from cislex_runtime.serving.server import main

    main("toy", [register])
