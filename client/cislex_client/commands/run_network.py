"""What `run explainn` and `run compare` share: files or a named dataset in, one analysis out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislex_client import output
from cislex_client.commands import common
from cislex_client.commands import run_options as ro

if TYPE_CHECKING:
    from cislex_client.pipelines.graph import Step
    from cislex_client.pipelines.runner import StepResult
    from cislex_client.session import Session

Planner = Callable[[dict[str, Any], bool, Any], tuple[dict[str, Any], "list[Step]"]]
"""(options of the data, whether its classes are WT and KO, file references) → (all options as JSON, steps)."""


@dataclass(frozen=True)
class Request:
    """A command, parsed. ``files`` by role, None where not given; ``data``: the options of the dataset."""

    pipeline: str
    files: Mapping[str, Path | None]
    dataset: str
    data: Mapping[str, Any]
    planner: Planner
    extra: Mapping[str, Any]
    out: Path | None
    force: bool
    dry_run: bool
    command: Sequence[str] | None
    form: output.Format


def launch(request: Request) -> None:
    """Check the files, run the analysis in the chosen context and print its outcome; raises what the commands raise."""
    from cislex_client import analysis, inputs, rehearsal
    from cislex_client.results import check_target

    files = inputs.check_inputs(request.files)
    inputs.check_sources(set(files), request.dataset)
    rehearsal.check_different(files)
    rehearsal.check_motif_files(files)
    target = request.out or Path(ro.default_folder(request.pipeline, files, request.dataset))
    check_target(target, request.force)
    if request.dry_run:
        output.emit_object(common.with_session(lambda session: _rehearse(request, files, session)), request.form)
        return
    analysis.finish(common.with_session(lambda session: _run(request, files, target, session)), request.form)


async def _run(request: Request, files: Mapping[str, Path], target: Path, session: Session) -> Any:
    from cislex_client import analysis
    from cislex_client.run_record import command_line

    known = await _known(request.dataset, session)
    options, _ = _plan(request, known, {role: {} for role in files})
    job = analysis.Analysis(
        pipeline=request.pipeline,
        context=session.context,
        files=files,
        planner=lambda references: _plan(request, known, references)[1],
        options={**options, **request.extra},
        out=target.absolute(),
        command=command_line(request.command),
        force=request.force,
        known=known,
    )
    return await analysis.run_analysis(job, session)


async def _rehearse(request: Request, files: Mapping[str, Path], session: Session) -> dict[str, Any]:
    """``--dry-run``: every request is validated; nothing runs."""
    from cislex_client.inputs import bring_all
    from cislex_client.rehearsal import rehearse

    known = await _known(request.dataset, session)
    _, steps = _plan(request, known, await bring_all(session, files))
    await rehearse(steps, session, {})
    output.say("valid: every request was accepted; nothing was run")
    listed = [{"id": step.id, "task": step.task, "needs": "+".join(step.needs), "title": step.title} for step in steps]
    return {"name": request.pipeline, "valid": True, "steps": listed}


def _plan(
    request: Request, known: Mapping[str, StepResult], files: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Step]]:
    made = known.get("dataset")
    data = {**request.data, "dataset": made.resource["name"] if made else ""}
    if made:
        two = {row["name"] for row in made.resource.get("classes", [])} == {"WT", "KO"}
    else:
        named = {role.partition(":")[2] for role in files if ":" in role}
        two = named == {"WT", "KO"} if named else "matrix" not in files
    return request.planner(data, two, files)


async def _known(dataset: str, session: Session) -> dict[str, StepResult]:
    """The named dataset as a step that was done before; {} when the dataset is yet to be made."""
    from cislex_client.pipelines.graph import Step
    from cislex_client.pipelines.runner import StepResult

    if not dataset:
        return {}
    name = common.resource(session.tenant, "dataset", dataset)
    if not name.startswith("tenants/"):
        name = f"tenants/{session.tenant}/datasets/{name[:16]}"
    found = await session.call("encoder.GetDataset", {"name": name})
    step = Step("dataset", "a dataset made before", "encoder.GetDataset", {"name": name})
    return {"dataset": StepResult(step, status="succeeded", note="made before", resource=found)}
