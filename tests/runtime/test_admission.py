"""Group commit of submissions: few transactions for many, each answered by itself, nothing lost at the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex_core.errors import Reason, RetryableError, UserError
from cislex_runtime import names, states
from cislex_runtime.ledger import Ledger, NewOperation, Operation
from cislex_runtime.serving.admission import Admission


class SlowLedger(Ledger):
    """Writes when it is let, and counts its transactions."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.may_write = threading.Event()
        self.sizes: list[int] = []
        self.broken: Exception | None = None

    def create_all(self, news: Any) -> Any:
        """As the ledger."""
        self.may_write.wait(30)
        self.sizes.append(len(news))
        if self.broken is not None:
            raise self.broken
        return super().create_all(news)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SlowLedger]:
    made = SlowLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def admission(ledger: SlowLedger) -> Iterator[Admission]:
    made = Admission(ledger)
    yield made
    ledger.may_write.set()
    made.close()


def new(request_id: str, body: str = "body") -> NewOperation:
    operation = Operation(names.new_id(), "local", "toy.Count", states.QUEUED, created_at=1.0, request={})
    return NewOperation(operation, "m", request_id, body)


def answer(operation: Operation, created: bool) -> tuple[str, bool]:
    return operation.id, created


async def test_those_that_arrive_during_a_write_go_together(ledger: SlowLedger, admission: Admission) -> None:
    news = [new(f"r{i}") for i in range(50)]
    tasks = [asyncio.create_task(admission.add(one, answer)) for one in news]
    await asyncio.sleep(0.1)
    ledger.may_write.set()
    assert await asyncio.gather(*tasks) == [(one.operation.id, True) for one in news]
    assert sum(ledger.sizes) == 50
    assert len(ledger.sizes) <= 2, "the first may have gone alone, the others waited for it"


async def test_one_error_is_of_one_caller(ledger: SlowLedger, admission: Admission) -> None:
    ledger.may_write.set()
    await admission.add(new("used"), answer)
    results = await asyncio.gather(
        admission.add(new("used", "another body"), answer), admission.add(new("good"), answer), return_exceptions=True
    )
    assert isinstance(results[0], UserError)
    assert results[0].reason is Reason.REQUEST_ID_REUSED
    assert results[1][1] is True


async def test_an_error_of_all_is_raised_in_each_and_the_next_are_written(
    ledger: SlowLedger, admission: Admission
) -> None:
    ledger.broken = RetryableError(Reason.UNAVAILABLE, "the ledger is away", part="ledger")
    ledger.may_write.set()
    results = await asyncio.gather(*[admission.add(new(f"r{i}"), answer) for i in range(5)], return_exceptions=True)
    assert [(type(result), str(result)) for result in results] == [(RetryableError, "the ledger is away")] * 5
    assert len({id(result) for result in results}) == 5
    ledger.broken = None
    assert (await admission.add(new("r0"), answer))[1] is True


async def test_what_is_made_of_an_operation_may_fail(ledger: SlowLedger, admission: Admission) -> None:
    def breaks(operation: Operation, created: bool) -> None:
        raise ZeroDivisionError

    ledger.may_write.set()
    with pytest.raises(ZeroDivisionError):
        await admission.add(new("a"), breaks)
    assert await admission.add(new("a"), lambda operation, created: created) is False, "it is written all the same"


async def test_a_caller_that_left_costs_the_others_nothing(ledger: SlowLedger, admission: Admission) -> None:
    gone = asyncio.create_task(admission.add(new("gone"), answer))
    stays = asyncio.create_task(admission.add(new("stays"), answer))
    await asyncio.sleep(0.05)
    gone.cancel()
    ledger.may_write.set()
    assert (await stays)[1] is True
    assert (await admission.add(new("gone"), answer))[1] is False, "a request that was heard counts"


async def test_closing_writes_what_waits_and_takes_no_more(ledger: SlowLedger, admission: Admission) -> None:
    tasks = [asyncio.create_task(admission.add(new(f"r{i}"), answer)) for i in range(5)]
    await asyncio.sleep(0.05)
    ledger.may_write.set()
    await asyncio.to_thread(admission.close)
    assert [created for _, created in await asyncio.gather(*tasks)] == [True] * 5
    with pytest.raises(RetryableError, match="ask again"):
        await admission.add(new("late"), answer)
