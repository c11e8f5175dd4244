"""From a model's name to a session of onnxruntime: whose it is, whether it is safe to open, what computes it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cislex_core.activations import READ_AS
from cislex_core.errors import CislexError, Reason, UserError, first_line
from cislex_core.exports import Export
from cislex_core.onnx_safety import check_onnx
from cislex_core.settings import Settings
from cislex_runtime import names
from cislex_runtime.security.identity import current

from cislex_explainer.serving.inputs import ONEHOT, Window

if TYPE_CHECKING:
    from cislex_runtime.serving.platform import Platform

VERSION = "1"
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Output:
    """An output: ``shape`` without the batch, -1 where the size is free; ``computed``: by cislex, from the logits."""

    name: str
    shape: tuple[int, ...]
    computed: bool = False


@dataclass(frozen=True)
class OpenModel:
    """A model that can be asked. ``provider`` is the one onnxruntime really uses."""

    export: Export
    labels: tuple[str, ...]
    window: Window
    outputs: tuple[Output, ...]
    session: Any
    weight_bytes: int

    @property
    def providers(self) -> list[str]:
        """What onnxruntime uses, the first where it can."""
        return list(self.session.get_providers())


def find(platform: Platform, name: str, version: str) -> str:
    """Digest of the export that ``name`` means to whoever calls. Raises INVALID_REQUEST and NOT_FOUND: what belongs to
    another tenant is as absent."""
    who, ledger = current(), platform.ledger
    if version not in ("", VERSION):
        raise _absent(name, f"{name} has no version {version}: an export never changes, its version is {VERSION}")
    if names.is_name(name):
        tenant, collection, _ = names.parse_name(name)
        resource = ledger.get_resource(name) if collection == "exports" and who.may_see(tenant) else None
        if resource is None:
            raise _absent(name, f"there is no export {name}")
        return resource.digest
    if not _DIGEST.fullmatch(name):
        text = f"{name!r} is no model: give the name of an export (tenants/…/exports/…) or its sha256"
        raise UserError(Reason.INVALID_REQUEST, text, field="name")
    if who.scoped and name not in ledger.owned(who.tenant, [name]):
        raise _absent(name, f"there is no export {name}")
    if not platform.store.has(name):
        raise _absent(name, f"there is no export {name}")
    return name


def open_model(platform: Platform, digest: str) -> OpenModel:
    """Read, check and open an export. Raises ARTIFACT_KIND, ARTIFACT_CORRUPT, UNSAFE_FILE, LIMIT_EXCEEDED,
    TOOL_MISSING, DEVICE_UNAVAILABLE."""
    settings = platform.settings
    ort = onnxruntime()
    export = Export.of(platform.store.open_artifact(digest))
    path = export.onnx_path
    size = path.stat().st_size
    if size > settings.serving_cache_bytes:
        text = f"the ONNX file has {size} bytes; CISLEX_SERVING_CACHE_BYTES allows {settings.serving_cache_bytes}"
        raise UserError(Reason.LIMIT_EXCEEDED, text, size_bytes=size)
    data = path.read_bytes()
    check_onnx(data)
    wanted = providers(settings)
    try:
        # from bytes: a path would let the graph name files beside it
        session = ort.InferenceSession(data, _options(ort, settings), providers=wanted)
    except Exception as error:  # onnxruntime's classes have no common base but Exception
        reason = first_line(error)[:300]
        text = f"onnxruntime {ort.__version__} cannot open the graph: {reason}; export the model again"
        raise UserError(Reason.UNSAFE_FILE, text) from None
    used = session.get_providers()[0]
    if settings.serving_device == "cuda" and used != CUDA:
        raise _no_cuda(ort, used)
    labels = tuple(export.labels)
    window = Window(export.window_bp, settings.serving_max_batch)
    return OpenModel(export, labels, window, _outputs(export, session, len(labels)), session, size)


def onnxruntime() -> Any:
    """The library. Raises TOOL_MISSING."""
    try:
        import onnxruntime as ort
    except ImportError:
        text = "onnxruntime is not installed beside the explainer; install cislex-explainer[cpu] or [gpu]"
        raise CislexError(Reason.TOOL_MISSING, text, tool="onnxruntime") from None
    return ort


def providers(settings: Settings) -> list[str]:
    """What onnxruntime is asked to use, in order. Raises TOOL_MISSING, and DEVICE_UNAVAILABLE when CUDA is demanded and
    this build has none: onnxruntime itself would go on with the CPU without a word."""
    ort = onnxruntime()
    has_cuda = CUDA in ort.get_available_providers()
    if settings.serving_device == "cuda" and not has_cuda:
        raise _no_cuda(ort, CPU)
    return [CUDA, CPU] if has_cuda and settings.serving_device != "cpu" else [CPU]


def _options(ort: Any, settings: Settings) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = max(1, (os.cpu_count() or 1) // settings.serving_threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # idle threads sleep: other work shares these cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _outputs(export: Export, session: Any, n_labels: int) -> tuple[Output, ...]:
    inputs = [(i.name, i.type, list(i.shape[1:])) for i in session.get_inputs()]
    if inputs != [(ONEHOT, "tensor(float)", [4, export.window_bp])]:
        text = f"the graph reads {inputs}, not onehot of (n, 4, {export.window_bp}); export the model again"
        raise UserError(Reason.UNSAFE_FILE, text)
    found = [Output(o.name, tuple(d if isinstance(d, int) else -1 for d in o.shape[1:])) for o in session.get_outputs()]
    named = READ_AS.get(export.activation)
    return (*found, Output(named, (n_labels,), computed=True)) if named else tuple(found)


def _absent(name: str, message: str) -> UserError:
    return UserError(Reason.NOT_FOUND, message, name=name, type="export")


def _no_cuda(ort: Any, used: str) -> UserError:
    return UserError(
        Reason.DEVICE_UNAVAILABLE,
        f"CISLEX_SERVING_DEVICE is cuda, but onnxruntime {ort.__version__} uses {used} (it has "
        f"{', '.join(ort.get_available_providers())}); install onnxruntime-gpu and its CUDA, or set auto or cpu",
    )
