"""``cislex doctor --smoke``: a tiny dataset → model → export → explanation on the CPU, to see that a site works.

The input is random and new each time, so that nothing comes from the cache; what was made is deleted at the end. The
files that a remote server was sent (10 kB) are left to its garbage collection.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cislex_client.checks import BAD, NOTE, OK, Row
from cislex_client.exit_codes import WAIT_TIMED_OUT, CommandError
from cislex_client.operations import OperationView
from cislex_client.request_ids import fresh_request_id
from cislex_client.session import Session

N_PER_CLASS = 60
WINDOW_BP = 64
MOTIF = "TGACTCAT"
LABELS = {"made-by": "cislex-doctor"}
CANCEL_WAIT_S = 20.0


@dataclass(frozen=True)
class Step:
    """``request`` is given the names of the results so far, by step."""

    name: str
    title: str
    task: str
    request: Callable[[dict[str, str]], dict[str, Any]]
    delete: str


STEPS = (
    Step("dataset", "build a dataset", "encoder.BuildDataset",
         lambda made: {"split_by": "random", "test_fraction": 0.2, "validation_fraction": 0.2},
         "encoder.DeleteDataset"),
    Step("model", "train a model", "trainer.TrainModel",
         lambda made: {"dataset": made["dataset"], "seeds": [0], "epochs": 2, "device": "cpu",
                       "options": {"filters": "8", "filters_2": "8", "hidden": "8"}},
         "trainer.DeleteModel"),
    Step("export", "export it to ONNX and check parity", "trainer.ExportModel",
         lambda made: {"model": made["model"], "dataset": made["dataset"]}, "trainer.DeleteExport"),
    Step("attributions", "explain it", "explainer.ComputeAttributions",
         lambda made: {"model": made["model"], "dataset": made["dataset"], "device": "cpu"},
         "explainer.DeleteAttributions"),
)  # fmt: skip


@dataclass
class _Made:
    """What the steps left behind."""

    results: dict[str, str] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)


async def run_smoke(session: Session, timeout_s: float, say: Callable[[str], None]) -> list[Row]:
    """One row a step with its seconds; the first that fails is the last before cleaning up. Raises nothing of ours."""
    made, rows = _Made(), []
    end = time.monotonic() + timeout_s
    with tempfile.TemporaryDirectory(prefix="cislex-smoke-") as folder:
        try:
            files = [await session.bring(path) for path in write_input(Path(folder))]
            for step in STEPS:
                request = step.request(made.results)
                if step.name == "dataset":
                    request |= dict(zip(("wt_fasta", "ko_fasta"), files, strict=True))
                say(f"▸ {step.title} …")
                rows.append(await _run(session, step, request, made, end))
                if rows[-1].state == BAD:
                    break
        except CommandError as error:
            rows.append(Row("smoke", "bring the input", BAD, error.message, error.remedy))
        finally:
            # Also after ctrl-C, and before the input goes that an operation may still read.
            rows.append(await _clean(session, made))
    return rows


async def _run(session: Session, step: Step, request: dict[str, Any], made: _Made, end: float) -> Row:
    began = time.monotonic()

    def row(state: str, found: str, remedy: str = "") -> Row:
        return Row("smoke", step.title, state, found, remedy, round(time.monotonic() - began, 1))

    try:
        view = await session.submit(step.task, request, request_id=fresh_request_id(), labels=LABELS)
        made.operations.append(view.name)
        if not view.done:
            view = await session.wait(view.name, max(0.1, end - time.monotonic()))
        if view.error is not None:
            return row(BAD, view.error.message, view.error.remedy or _look(view))
    except CommandError as error:
        if error.code == WAIT_TIMED_OUT and made.operations:
            return row(BAD, await _where_it_stands(session, made.operations[-1]), "give it longer: --timeout")
        return row(BAD, error.message, error.remedy)
    made.results[step.name] = view.resource["name"]
    used = view.metadata.get("resource_usage", {})
    peak = used.get("peak_memory_bytes", 0) / 1e6
    return row(OK, f"{view.resource['name']} on {used.get('device', '?')}, {peak:.0f} MB at most")


def _look(view: OperationView) -> str:
    return f"see cislex op get {view.name}"


async def _where_it_stands(session: Session, name: str) -> str:
    try:
        view = await session.get(name)
    except CommandError as error:
        return f"not done in time, and the server does not answer: {error.message}"
    return f"not done in time: {view.state.replace('_', ' ')}{', ' + view.text if view.text else ''}"


async def _clean(session: Session, made: _Made) -> Row:
    """Delete results, newest first, and operations; what runs is cancelled before."""
    began = time.monotonic()
    left: list[str] = []
    deletes = {step.name: step.delete for step in STEPS}
    for name in reversed(made.operations):
        try:
            view = await session.get(name)
            if not view.done:
                await session.cancel(name)
                view = await session.wait(name, CANCEL_WAIT_S)
            if view.succeeded and (result := view.resource.get("name")):
                step = next((key for key, value in made.results.items() if value == result), None)
                if step is not None:
                    await session.call(deletes[step], {"name": result})
            await session.delete_operation(name)
        except CommandError as error:
            left.append(f"{name} ({error.message})")
    took = round(time.monotonic() - began, 1)
    if left:
        text = f"left behind: {'; '.join(left)}"
        return Row("smoke", "clean up", NOTE, text, "delete it when the server answers", took)
    return Row("smoke", "clean up", OK, f"{len(made.operations)} operations and their results deleted", "", took)


def write_input(folder: Path) -> list[Path]:
    """Two FASTA files, WT with a motif in every sequence and KO without; other sequences at every call."""
    draw = random.Random(os.urandom(16))
    paths = []
    for name, motif in (("wt", MOTIF), ("ko", "")):
        path = folder / f"{name}.fa"
        with open(path, "w", encoding="ascii") as out:
            for number in range(N_PER_CLASS):
                letters = "".join(draw.choices("ACGT", k=WINDOW_BP))
                at = draw.randrange(WINDOW_BP - len(motif))
                out.write(f">{name}{number}\n{letters[:at]}{motif}{letters[at + len(motif) :]}\n")
        paths.append(path)
    return paths
