"""``--dry-run``: the services validate what can be validated before anything exists, and the run is estimated."""

from __future__ import annotations

import json
from typing import Any

from cislex_client import output
from cislex_client.analysis import Analysis
from cislex_client.estimate import estimate
from cislex_client.inputs import bring_all
from cislex_client.local_server import home_folder
from cislex_client.pipelines.wtko import WtkoOptions
from cislex_client.request_ids import fresh_request_id
from cislex_client.session import Session


async def dry_run(job: Analysis, options: WtkoOptions, session: Session) -> dict[str, Any]:
    """Validate and estimate; answers ``{valid, steps, spec, estimate}``. Raises CommandError for what is wrong.

    Steps that need nothing are validated by their service (``validate_only``: bounds, contradictions, whether the files
    can be reached). The others name results that do not exist yet; they are listed.
    """
    steps = list(job.planner(await bring_all(session, job.files)))
    specs: dict[str, Any] = {}
    for step in steps:
        if not step.needs:
            view = await session.submit(
                step.task, step.resolved({}), request_id=fresh_request_id(), validate_only=True, labels=job.labels
            )
            specs[step.id] = json.loads(view.metadata.get("spec_json") or "{}")
    guess = estimate(
        job.files,
        window_bp=options.window_bp,
        seeds=options.seeds,
        epochs=options.epochs,
        max_per_class=options.max_per_class,
        home=home_folder(),
    )
    output.say("valid: nothing ran")
    for line in guess.lines():
        output.say(f"  {line}")
    return {
        "name": str(job.out),
        "valid": True,
        "validated": ", ".join(specs),
        "steps": [
            {"id": step.id, "task": step.task, "needs": "+".join(step.needs), "title": step.title} for step in steps
        ],
        "spec": specs,
        "estimate": guess.as_json(),
    }
