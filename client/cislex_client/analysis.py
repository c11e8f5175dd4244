"""One analysis from command line to result folder: check, plan, run, fetch, write, report."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from cislex_client import output
from cislex_client.commands.common import say_detached
from cislex_client.contexts import Context
from cislex_client.exit_codes import CANCELLED, DETACHED, FAILED, OK, CommandError
from cislex_client.inputs import bring_all
from cislex_client.interrupts import CancelAsked, Detached, watch_interrupts
from cislex_client.local_server import cache_folder
from cislex_client.output import duration_text
from cislex_client.pipelines.graph import Step
from cislex_client.pipelines.runner import Runner, StepResult
from cislex_client.progress import Display
from cislex_client.rehearsal import rehearse
from cislex_client.results import REPORT, RUN_JSON, check_target, replacing, write_results
from cislex_client.run_record import RunRecord
from cislex_client.service_errors import worst
from cislex_client.session import Session

Planner = Callable[[Mapping[str, Mapping[str, str]]], Sequence[Step]]
"""From file references by role to the steps."""

Extra = Callable[[Path, Mapping[str, Path]], list[dict[str, Any]]]
"""Writes more files into the result folder from it and the artifacts' folders; answers their run.json entries."""


@dataclass
class Analysis:
    """What to run and where its results go."""

    pipeline: str
    context: Context
    files: Mapping[str, Path]
    planner: Planner
    options: Mapping[str, Any]
    out: Path
    command: Sequence[str]
    force: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    extra: Extra | None = None
    known: Mapping[str, StepResult] = field(default_factory=dict)
    """Steps done before by the caller (the demo's simulation), recorded first."""


@dataclass
class Outcome:
    """What came out. ``errors`` are those of the steps, in order."""

    out: Path
    report: Path | None
    results: Mapping[str, StepResult]
    errors: list[CommandError]
    seconds: float
    written: bool

    @property
    def exit_code(self) -> int:
        """0, or the worst of the errors."""
        return worst(self.errors) if self.errors else OK

    def as_json(self) -> dict[str, Any]:
        """For ``-o json``."""
        return {
            "name": str(self.out),
            "report": str(self.report) if self.report else "",
            "seconds": round(self.seconds, 3),
            "steps": {
                key: {"status": result.status, "cache_hit": result.cache_hit, "operation": result.operation}
                for key, result in self.results.items()
            },
        }


async def run_analysis(analysis: Analysis, session: Session) -> Outcome:
    """Run it in an open session. Raises CommandError when nothing could be made; else errors are in the outcome."""
    check_target(analysis.out, analysis.force)
    record = RunRecord(analysis.pipeline, analysis.command, analysis.options, analysis.context)
    record.server_version = await session.channels.server_version()
    references = await bring_all(session, analysis.files)
    for role, path in analysis.files.items():
        record.add_input(role, path, references[role]["sha256"])
    steps = analysis.planner(references)
    await rehearse(steps, session, analysis.labels)
    display = Display()
    runner = Runner(session, steps, display, analysis.labels)
    await _run(runner, display, record)
    results = {**analysis.known, **runner.results}
    errors = [result.error for result in results.values() if result.error is not None]
    made = {key: result for key, result in results.items() if result.status == "succeeded" and result.digest}
    if "dataset" not in made:
        raise errors[0]
    artifacts = {key: await session.fetch(result.digest, cache_folder()) for key, result in made.items()}
    report = write_folder(analysis, record, list(results.values()), artifacts)
    return Outcome(analysis.out, report, results, errors, time.monotonic() - record.began, True)


async def _run(runner: Runner, display: Display, record: RunRecord) -> None:
    """Run the graph; ctrl-C once detaches, twice cancels."""
    try:
        with display:
            await watch_interrupts(
                runner.run(), lambda: say_detached(display.message, runner.running(), shlex.join(record.command))
            )
    except Detached:
        raise typer.Exit(DETACHED) from None
    except CancelAsked:
        names = await runner.cancel()
        for name in names:
            output.say(f"asked to cancel {name}")
        raise CommandError("cancelled; finished steps stay in the cache", code=CANCELLED, reason="CANCELLED") from None


def write_folder(
    analysis: Analysis, record: RunRecord, results: Sequence[StepResult], artifacts: Mapping[str, Path]
) -> Path | None:
    """Write the result folder and its report; answers the report's path, None when it could not be drawn.

    A defect in the report must not cost the user the figures: it is noted in run.json and said.
    """
    with replacing(analysis.out) as staged:
        files = write_results(staged, artifacts)
        if analysis.extra is not None:
            files += analysis.extra(staged, artifacts)
        for result in results:
            if result.status != "succeeded":
                record.notes.append(f"step {result.step.id}: {result.status}: {result.note}")
        _write_json(staged / RUN_JSON, record.as_json(results, files))
        drawn = _draw(staged, record)
        if not drawn:
            _write_json(staged / RUN_JSON, record.as_json(results, files))
    return analysis.out / REPORT if drawn else None


def _draw(folder: Path, record: RunRecord) -> bool:
    try:
        from cislex_client.report import render

        render(folder)
    except Exception as error:
        record.notes.append(f"the report could not be drawn: {type(error).__name__}: {error}")
        output.say(f"! {record.notes[-1]} (this is a defect of cislex: please report it; all other files are there)")
        return False
    return True


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def say_outcome(outcome: Outcome) -> None:
    """The closing lines on stderr."""
    cached = [key for key, result in outcome.results.items() if result.cache_hit]
    ran = [key for key, result in outcome.results.items() if result.status == "succeeded" and not result.cache_hit]
    parts = [f"{len(ran)} step{'s' * (len(ran) != 1)} ran"] if ran else []
    if cached:
        parts.append(f"{len(cached)} came from the cache")
    if outcome.errors:
        parts.append(f"{len(outcome.errors)} failed")
    output.say(f"{', '.join(parts)} in {duration_text(outcome.seconds)}; results in {outcome.out}")


def finish(outcome: Outcome, form: output.Format) -> None:
    """Print the outcome; leaves with the exit code of the worst error, after every error was shown."""
    say_outcome(outcome)
    if form is output.Format.table:
        print(outcome.report or outcome.out)
    else:
        output.emit_object(outcome.as_json(), form)
    for error in outcome.errors:
        output.emit_error(error, form)
    if outcome.errors:
        raise typer.Exit(outcome.exit_code or FAILED)
