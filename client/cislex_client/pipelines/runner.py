"""Runs a graph of steps: whatever is ready is submitted at once, and every result that was made is kept.

A step that fails stops only what needs it. Request ids follow from the work (see ``request_ids``), so the same command
run again joins operations that still run and takes finished ones as they are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cislex_client.exit_codes import CANCELLED, CommandError
from cislex_client.operations import OperationView
from cislex_client.pipelines.findings import findings
from cislex_client.pipelines.graph import Step
from cislex_client.progress import Display
from cislex_client.request_ids import fresh_request_id, request_id
from cislex_client.session import Session

_MAX_TRIES = 20
"""How many failed or cancelled predecessors of the same work are stepped over before giving up."""


class Listener(Protocol):
    """Called when a step ends; may add notes."""

    def __call__(self, result: StepResult) -> None: ...


@dataclass
class StepResult:
    """What became of a step. ``request`` is what was sent; ``resource`` the response as a dict."""

    step: Step
    status: str = "waiting"
    note: str = ""
    request_id: str = ""
    operation: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)
    cache_hit: bool = False
    seconds: float = 0.0
    error: CommandError | None = None

    @property
    def digest(self) -> str:
        """sha256 of the artifact, or ""."""
        return str(self.resource.get("artifact", {}).get("sha256", ""))

    def as_json(self) -> dict[str, Any]:
        """The step's entry in run.json."""
        resource = {key: value for key, value in self.resource.items() if key not in ("name", "artifact")}
        return {
            "id": self.step.id,
            "title": self.step.title,
            "task": self.step.task,
            "needs": list(self.step.needs),
            "status": self.status,
            "cache_hit": self.cache_hit,
            "note": self.note,
            "request_id": self.request_id,
            "operation": self.operation,
            "request": self.request,
            "resource": self.resource.get("name", ""),
            "artifact": self.resource.get("artifact", {}),
            "summary": resource,
            "seconds": round(self.seconds, 3),
            "metadata": self.metadata,
            "warnings": self.warnings,
        }


class Runner:
    """One run of a graph in one session."""

    def __init__(
        self, session: Session, steps: Sequence[Step], display: Display, labels: Mapping[str, str] | None = None
    ) -> None:
        self.session = session
        self.steps = list(steps)
        self.display = display
        self.labels = dict(labels or {})
        self.results = {step.id: StepResult(step) for step in self.steps}
        self._ended = {step.id: asyncio.Event() for step in self.steps}

    async def run(self) -> dict[str, StepResult]:
        """Run everything; answers the results by step id. Failures are in the results, not raised."""
        for step in self.steps:
            self.display.add(step.id, step.title)
        async with asyncio.TaskGroup() as group:
            for step in self.steps:
                group.create_task(self._step(step), name=step.id)
        skipped = [result.step.title for result in self.results.values() if result.status == "skipped"]
        # Where the first step failed its error says enough: a list of all the others would only bury it.
        if skipped and any(result.status == "succeeded" for result in self.results.values()):
            self.display.message(f"– not started: {', '.join(skipped)}")
        return self.results

    def running(self) -> list[str]:
        """Names of operations that were started and have not ended."""
        return [r.operation for r in self.results.values() if r.operation and r.status == "running"]

    async def cancel(self) -> list[str]:
        """Ask that everything that runs be cancelled; answers the operations' names."""
        names = self.running()
        for name in names:
            await self.session.cancel(name)
        return names

    async def _step(self, step: Step) -> None:
        result = self.results[step.id]
        for need in step.needs:
            await self._ended[need].wait()
        lacking = [need for need in step.needs if self.results[need].status != "succeeded"]
        if lacking:
            result.status, result.note = "skipped", f"needs {', '.join(lacking)}"
            self.display.finish(step.id, "skipped", result.note)
        else:
            began = time.monotonic()
            try:
                await self._work(step, result)
            except CommandError as error:
                result.status = "cancelled" if error.code == CANCELLED else "failed"
                result.error, result.note = error, error.message
                self.display.finish(step.id, result.status, error.reason)
            result.seconds = time.monotonic() - began
        self._ended[step.id].set()

    async def _work(self, step: Step, result: StepResult) -> None:
        resources = {need: self.results[need].resource["name"] for need in step.needs}
        body = {key: value for key, value in step.resolved(resources).items() if value is not None}
        result.request = body
        state = await self._submit(step.task, body, result)
        result.status, result.operation = "running", state.name
        # Nothing can be computed before the answer to its submission: what is done by then was there already.
        result.cache_hit = state.done
        self.display.operation(step.id, state)
        if not state.done:
            async for latest in self.session.watch(state.name):
                self.display.operation(step.id, latest)
                state = latest
        result.metadata = state.metadata
        result.cache_hit = result.cache_hit or state.cache_hit
        result.warnings = [{"reason": reason, "message": text} for reason, text in state.warnings]
        if state.error is not None:
            state.error.where = " · ".join(part for part in (step.title, state.error.where) if part)
            raise state.error
        result.resource = state.resource
        result.status = "succeeded"
        self.display.finish(step.id, "succeeded", "from the cache" if result.cache_hit else "")
        for line in findings(step.id, result.resource):
            self.display.message(f"    {line}")

    async def _spec_digest(self, task: str, body: dict[str, Any]) -> str:
        """What the service would now compute for ``body``: digest of the spec and of the task's version."""
        view = await self.session.submit(
            task, body, request_id=fresh_request_id(), validate_only=True, labels=self.labels
        )
        return str(view.metadata.get("spec_digest", ""))

    async def _submit(self, task: str, body: dict[str, Any], result: StepResult) -> OperationView:
        """Submit under the id that follows from the work; step over operations of it that ended badly before, and over
        results of an older version of the task.

        An operation that failed or was cancelled by the time it is submitted cannot be of this run.
        """
        current = ""
        for attempt in range(_MAX_TRIES):
            result.request_id = request_id(self.session.tenant, task, {"request": body, "labels": self.labels}, attempt)
            state = await self.session.submit(task, body, request_id=result.request_id, labels=self.labels)
            if state.state == "cancelling":
                state = await self.session.wait(state.name)
            if not state.done:
                break
            if state.error is None:
                current = current or await self._spec_digest(task, body)
                if state.metadata.get("spec_digest") == current:
                    break
        return state
