"""Group commit of submissions: those that arrive while one transaction is written go into the next one together.

Each transaction waits for the disk once. One thread writes, so that a burst of callers does not queue for the ledger's
lock with a thread each; a caller who comes alone waits for nobody.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cislex_core.errors import CislexError, Reason, RetryableError

from cislex_runtime.ledger import Ledger, NewOperation, Operation

log = logging.getLogger("cislex.operations")
#: Operations of one transaction at most: others (the reconciler's) wait for their turn no longer than that takes.
BATCH = 256


@dataclass(frozen=True)
class _Asked:
    new: NewOperation
    then: Callable[[Operation, bool], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Admission:
    """Writes new operations; ``close`` ends it when what waits is written."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="admission", daemon=True)
        self._thread.start()

    async def add(self, new: NewOperation, then: Callable[[Operation, bool], Any]) -> Any:
        """Write one; answers what ``then(operation, created)`` makes of it in the writing thread, after the commit.

        Raises what ``Ledger.create`` raises, and UNAVAILABLE when the server ends.
        """
        if self._closed:
            raise RetryableError(Reason.UNAVAILABLE, "the server ends; ask again", part="server")
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._waiting.put(_Asked(new, then, loop, answer))
        return await answer

    def close(self) -> None:
        """Write what waits, and end."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join(timeout=30)

    def _run(self) -> None:
        ended = False
        while not ended:
            asked = [self._waiting.get()]
            while len(asked) < BATCH and not self._waiting.empty():
                asked.append(self._waiting.get())
            ended = None in asked
            self._write([one for one in asked if one is not None])

    def _write(self, asked: list[_Asked]) -> None:
        answers: list[Any]
        try:
            answers = list(self._ledger.create_all([one.new for one in asked])) if asked else []
        except Exception as error:  # each caller hears it, typed or not
            answers = [error] * len(asked)
        found = [_then(one, answer) for one, answer in zip(asked, answers, strict=True)]
        for loop in {one.loop for one in asked}:
            of_loop = [(one.answer, answer) for one, answer in zip(asked, found, strict=True) if one.loop is loop]
            try:
                loop.call_soon_threadsafe(_deliver, of_loop)
            except RuntimeError:  # the loop was closed: nobody waits for these any more
                log.debug("%d submissions were written for callers that are gone", len(of_loop))


def _then(asked: _Asked, answer: Any) -> Any:
    if isinstance(answer, Exception):
        return answer
    try:
        return asked.then(*answer)
    except Exception as error:
        return error


def _deliver(answers: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in answers:
        if future.done():  # its caller went away
            continue
        if isinstance(answer, CislexError):
            # One error may be of many callers, and raising it in each would make one traceback of all.
            future.set_exception(copy.copy(answer))
        elif isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
