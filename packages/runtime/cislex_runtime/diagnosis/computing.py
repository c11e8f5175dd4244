"""What computes: the engine and its owner, GPU, ONNX Runtime, MEME programs. All found without loading torch."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cislex_runtime.devices import cuda_is_impossible, gpu_ids
from cislex_runtime.diagnosis.finding import Finding, bad, note, ok
from cislex_runtime.engines.engine import Engine

PROGRAM_TIMEOUT_S = 8.0
MEME_PROGRAMS = ("meme", "streme", "tomtom", "fimo", "sea")
ELSEWHERE = "attempts run on other machines, which are not looked at from here"
ONNX_PACKAGES = ("onnxruntime", "onnxruntime-gpu")


def check_owner(held: Iterable[str], free: Iterable[str], services: Iterable[str]) -> Finding:
    """``held``: services whose operations this process runs; ``free``: those that nobody runs."""
    held, free = sorted(held), sorted(free)
    if free:
        return bad(
            f"no process runs the operations of {', '.join(free)}",
            "wait some seconds and look again; if it stays so, read the servers' logs",
        )
    others = sorted(set(services) - set(held))
    parts = [f"this process runs {', '.join(held)}"] if held else []
    parts += [f"another process runs {', '.join(others)}"] if others else []
    return ok("; ".join(parts))


def check_engine(engine: Engine, drives: bool) -> Finding:
    """Reachable, its free places, and (local engine) living workers. ``drives``: this process hands attempts to it."""
    try:
        engine.check()
    except Exception as error:
        return bad(f"{engine.name} does not answer: {error}", _REACH.get(engine.name, "read the server's log"),
                   f"{engine.name} does not answer")  # fmt: skip
    if not drives:
        return ok(f"{engine.name}; its attempts are started by another process")
    free = engine.capacity()
    text = f"{engine.name}: {free.heavy} heavy and {free.light} light slots free"
    pids = getattr(engine, "pids", None)
    if pids is not None:
        alive = len(pids())
        text += f", {alive} worker{'s' if alive != 1 else ''} alive"
        if not alive:
            return bad(text, "workers cannot start: read logs/worker-*.log under CISLEX_HOME")
    return ok(text)


_REACH = {
    "ray": "check CISLEX_RAY_ADDRESS, its token, and that the Ray head runs",
    "kubernetes": "check the service account's rights on Jobs and the connection to the API server",
}


def check_gpu(elsewhere: bool) -> Finding:
    """NVIDIA GPUs of this machine, driver and memory. ``elsewhere``: attempts run on other machines."""
    if elsewhere:
        return ok(ELSEWHERE)
    if not gpu_ids():
        if not cuda_is_impossible():
            return note(
                "a GPU's device file is there, but nvidia-smi is not or does not answer",
                "in a container set NVIDIA_DRIVER_CAPABILITIES=compute,utility; else install the driver's tools",
            )
        return ok("none: everything runs on the CPU")
    listed = query_gpus()
    if listed is None:
        return note(f"{len(gpu_ids())} by CUDA_VISIBLE_DEVICES; nvidia-smi is not there to tell more")
    text = "; ".join(
        f"{gpu['name']}, driver {gpu['driver_version']}, {gpu['memory.used']} of {gpu['memory.total']} used"
        for gpu in listed
    )
    torch = _version("torch") or ""
    if "+cpu" in torch:
        return bad(f"{text}; torch {torch} cannot use it", "install torch for CUDA, or use the image for GPUs")
    return ok(text)


def query_gpus() -> list[dict[str, str]] | None:
    """What nvidia-smi tells of each GPU; None when it cannot be asked."""
    fields = ["name", "driver_version", "memory.total", "memory.used"]
    text = _output("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
    if text is None:
        return None
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()]
    return [dict(zip(fields, row, strict=True)) for row in rows if len(row) == len(fields)]


def check_onnx(elsewhere: bool, gpus: int) -> Finding:
    """Which ONNX Runtime is installed and what it can compute with: one package, never both."""
    if elsewhere:
        return ok(ELSEWHERE)
    installed = {name: found for name in ONNX_PACKAGES if (found := _version(name))}
    if not installed:
        return bad("not installed: models can be neither checked after export nor used", "pip install onnxruntime")
    both = ", ".join(f"{name} {number}" for name, number in installed.items())
    if len(installed) > 1:
        return bad(
            f"{both}: they overwrite each other's files",
            "pip uninstall onnxruntime onnxruntime-gpu, then install the one that fits this machine",
        )
    asked = onnx_providers()
    if asked is None:
        return bad(
            f"{both} cannot be imported", f'see why: {sys.executable} -c "import onnxruntime"', f"{both} is broken"
        )
    text = f"{both}: {', '.join(name.removesuffix('ExecutionProvider') for name in asked)}"
    if gpus and "CUDAExecutionProvider" not in asked:
        return note(
            f"{text}; the GPU is not used for exported models", "install onnxruntime-gpu in place of onnxruntime"
        )
    return ok(text)


@lru_cache(maxsize=1)
def onnx_providers() -> tuple[str, ...] | None:
    """Execution providers of the installed ONNX Runtime, asked in a process of its own; None when it is broken."""
    code = "import json, onnxruntime; print(json.dumps(onnxruntime.get_available_providers()))"
    text = _output(sys.executable, "-c", code)
    with contextlib.suppress(ValueError, IndexError, AttributeError):
        answer: Any = json.loads(text.strip().splitlines()[-1])  # type: ignore[union-attr]
        return tuple(answer)
    return None


def check_meme(elsewhere: bool) -> Finding:
    """Programs of the MEME Suite on PATH and their version; they are optional."""
    if elsewhere:
        return ok(ELSEWHERE)
    found = {name: path for name in MEME_PROGRAMS if (path := shutil.which(name))}
    if not found:
        return ok("not on PATH (optional: the engines em, words and native need none)")
    versions = {name: meme_version(name, path) for name, path in found.items()}
    text = ", ".join(f"{name} {number}" if number else f"{name} (broken)" for name, number in versions.items())
    broken = [name for name, number in versions.items() if not number]
    if broken:
        return note(text, f"install the MEME Suite again: {', '.join(broken)} cannot tell its version")
    if missing := [name for name in MEME_PROGRAMS if name not in found]:
        return note(f"{text}; not on PATH: {', '.join(missing)}", "")
    return ok(text)


@lru_cache(maxsize=16)
def meme_version(name: str, path: str) -> str:
    """What a program says its version is; empty when it says none."""
    text = _output(path, "-version" if name in ("meme", "tomtom") else "--version")
    return text.strip().splitlines()[0].strip()[:40] if text and text.strip() else ""


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _output(program: str, *arguments: str) -> str | None:
    """Standard output of a program that ended well within ``PROGRAM_TIMEOUT_S``; else None."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CISLEX_", "AWS_"))}
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=PROGRAM_TIMEOUT_S,
                              check=True, stdin=subprocess.DEVNULL, env=environment)  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
