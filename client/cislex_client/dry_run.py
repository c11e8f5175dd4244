"""``--dry-run``: every request is validated, the input is read in full, the run is estimated; nothing is trained."""

from __future__ import annotations

from typing import Any

from cislex_client import output
from cislex_client.analysis import Analysis
from cislex_client.estimate import estimate
from cislex_client.inputs import bring_all
from cislex_client.local_server import home_folder
from cislex_client.pipelines.runner import Runner
from cislex_client.pipelines.wtko import WtkoOptions
from cislex_client.progress import Display
from cislex_client.rehearsal import rehearse
from cislex_client.session import Session

READS_INPUT = ("label", "dataset")
"""The steps that read the user's files: only doing them shows whether they can be used. The run finds them done."""


async def dry_run(job: Analysis, options: WtkoOptions, session: Session) -> dict[str, Any]:
    """Validate, read the input and estimate; answers ``{valid, steps, spec, dataset, estimate}``.

    Raises CommandError for what is wrong with a request or with a file.
    """
    steps = list(job.planner(await bring_all(session, job.files)))
    specs = await rehearse(steps, session, job.labels)
    display = Display()
    runner = Runner(session, [step for step in steps if step.id in READS_INPUT], display, job.labels)
    with display:
        results = await runner.run()
    for result in results.values():
        if result.error is not None:
            raise result.error
    dataset = results["dataset"].resource
    guess = estimate(
        job.files,
        window_bp=dataset.get("window_bp") or options.window_bp,
        seeds=options.seeds,
        epochs=options.epochs,
        max_per_class=options.max_per_class,
        home=home_folder(),
        rows=dataset.get("n_rows"),
    )
    output.say("valid: the windows were cut and are kept for the run; nothing was trained")
    for line in guess.lines():
        output.say(f"  {line}")
    return {
        "name": str(job.out),
        "valid": True,
        "steps": [
            {"id": step.id, "task": step.task, "needs": "+".join(step.needs), "title": step.title} for step in steps
        ],
        "spec": specs,
        "dataset": dataset,
        "estimate": guess.as_json(),
    }
