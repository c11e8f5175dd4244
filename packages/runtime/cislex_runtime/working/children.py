"""Fresh Python processes that each run one function and are heard over a pipe: seeds, ranks and shards of one attempt.

They are spawned, never forked (torch and grpc do not survive a fork), stay in the process group of the worker, so that
the engine's kill reaches them, and end by themselves when their parent is gone.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from cislex_core.errors import CislexError, Reason, RetryableError

#: How long ``Children.news`` waits before the caller may look for a cancel request.
POLL_S = 0.2
_STOP_S = 5.0


def load(path: str) -> Callable[..., Any]:
    """The function or class of ``module:name``."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


class Line:
    """A child's end of the pipe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def report(self, value: Any) -> None:
        """Tell the parent something."""
        with self._lock:
            self._connection.send(("report", value))

    def receive(self) -> Any:
        """The next thing that the parent sends."""
        return self._connection.recv()


def blas_environment(threads: int) -> dict[str, str]:
    """The variables by which numeric libraries learn their number of threads when they are loaded."""
    return dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))


@dataclass(frozen=True)
class News:
    """What was heard of the child ``key``: a report, or (``done``) what its function answered."""

    key: Any
    value: Any
    done: bool


class Children:
    """Start with ``start``, hear with ``news``; leaving the ``with`` block stops those that still run."""

    def __init__(self) -> None:
        self._running: dict[Connection, tuple[Any, str, BaseProcess]] = {}

    def __enter__(self) -> Children:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        for _, _, process in self._running.values():
            process.terminate()
        for connection, (_, _, process) in self._running.items():
            process.join(_STOP_S)
            if process.is_alive():
                process.kill()
                process.join()
            connection.close()
        self._running.clear()

    def __len__(self) -> int:
        return len(self._running)

    def start(
        self, key: Any, name: str, function: str, *arguments: Any, environment: Mapping[str, str] | None = None
    ) -> None:
        """Run ``function`` (``module:name``) as ``function(line, *arguments)`` in a process of its own.

        ``environment`` is set before the module is imported. ``name`` is for people: "seed 3", "rank 1 of 4".
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(
            target=_main, args=(theirs, function, arguments, dict(environment or {})), name=name, daemon=True
        )
        process.start()
        theirs.close()
        self._running[ours] = (key, name, process)

    def send(self, key: Any, value: Any) -> None:
        """Hand something to a child. One that is gone is noticed by ``news``."""
        for connection, (known, _, _) in self._running.items():
            if known == key:
                try:
                    connection.send(value)
                except OSError:
                    return

    def news(self, timeout_s: float = POLL_S) -> Iterator[News]:
        """What was heard within the time. Raises what a child raised, and WORKER_LOST when one died."""
        for ready in wait(list(self._running), timeout=timeout_s):
            assert isinstance(ready, Connection)
            key, name, process = self._running[ready]
            try:
                kind, value = ready.recv()
            except (EOFError, ConnectionResetError):
                process.join()
                raise lost(name, process.exitcode) from None
            if kind == "error":
                raise value
            if kind == "done":
                process.join()
                ready.close()
                del self._running[ready]
            yield News(key, value, kind == "done")


def lost(name: str, status: int | None) -> RetryableError:
    """The error of a process that ended before its work did."""
    memory = "; the system may have run out of memory" if status == -9 else ""
    return RetryableError(
        Reason.WORKER_LOST,
        f"the process of {name} ended with status {status} before its work was done{memory}",
        process=name,
        status=status,
    )


def _main(connection: Connection, function: str, arguments: tuple[Any, ...], environment: dict[str, str]) -> None:
    """The life of a child."""
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    os.environ.update(environment)
    try:
        connection.send(("done", load(function)(Line(connection), *arguments)))
    except Exception as error:  # the parent raises it: a user's error stays one, a full disk stays an OSError
        try:
            connection.send(("error", error))
        except (TypeError, AttributeError, pickle.PicklingError):
            text = f"{type(error).__name__}: {error}"
            connection.send(("error", CislexError(Reason.INTERNAL, f"a process of the task failed: {text}")))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
