"""Before anything runs: every request of a plan is put to its service to be validated, and files of motifs are read.

A wrong database name, device, engine or bound would otherwise show itself after the training. Results that do not exist
yet are stood in for by a digest that no artifact has: a service validates all fields first and looks for artifacts
last, so its saying that this one is missing means that the rest is well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cislex_client.estimate import DEFAULT_WINDOW_BP, read_length
from cislex_client.exit_codes import CommandError, UsageError
from cislex_client.pipelines.graph import Step
from cislex_client.request_ids import fresh_request_id
from cislex_client.service_errors import worst
from cislex_client.session import Session

STAND_IN = "0" * 60
"""How the digests begin that stand in the place of results that are yet to be made; no two steps share one."""


async def rehearse(steps: Sequence[Step], session: Session, labels: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Validate every step; answers the specs, with all defaults, of those that need no other step's result.

    Raises one CommandError that holds everything that was refused, each once.
    """
    found = await asyncio.gather(*(_ask(step, session, labels) for step in steps))
    errors: dict[str, CommandError] = {}
    for step, answer in zip(steps, found, strict=True):
        if isinstance(answer, CommandError):
            answer.where = step.title
            # A value that several steps share (the device) is one mistake.
            errors.setdefault(answer.message.removeprefix(f"{step.task}: "), answer)
    if len(errors) == 1:
        raise next(iter(errors.values()))
    if errors:
        raise CommandError(
            f"{len(errors)} values cannot be used; nothing was started",
            code=worst(list(errors.values())),
            reason=next(iter(errors.values())).reason,
            violations=[(error.where, message) for message, error in errors.items()],
        )
    return {step.id: answer for step, answer in zip(steps, found, strict=True) if isinstance(answer, dict)}


async def _ask(step: Step, session: Session, labels: Mapping[str, str]) -> dict[str, Any] | CommandError | None:
    """The step's spec; None when only what it needs is lacking; else the refusal."""
    request = step.resolved({need: f"{STAND_IN}{number:04x}" for number, need in enumerate(step.needs)})
    try:
        view = await session.submit(
            step.task, request, request_id=fresh_request_id(), validate_only=True, labels=labels
        )
    except CommandError as error:
        awaited = step.needs and error.reason in ("ARTIFACT_MISSING", "NOT_FOUND")
        others = [text for _, text in error.violations if STAND_IN not in text]
        return None if awaited and not others else error
    return None if step.needs else json.loads(view.metadata.get("spec_json") or "{}")


def check_motif_files(files: Mapping[str, Path]) -> None:
    """Read the motif file and the family table, when given. Raises INVALID_MOTIF_FILE, INVALID_TABLE with the line."""
    if "motif_db" in files:
        from cislex_core.motif_files import read_motifs

        read_motifs(files["motif_db"])
    if "family_table" in files:
        from cislex_core.family_tables import read_family_table

        read_family_table(files["family_table"])


def check_word_length(k: int | None, window_bp: int | None, files: Mapping[str, Path]) -> None:
    """Raise UsageError when words of ``k`` bp cannot lie in the window (of ready sequences: the first one's length)."""
    if k is None:
        return
    if window_bp is None:
        window_bp = read_length(files["wt_fasta"]) if "wt_fasta" in files else DEFAULT_WINDOW_BP
    if window_bp and k > window_bp:
        raise UsageError(
            f"--k {k}: words of {k} bp do not fit a window of {window_bp} bp",
            remedy=f"choose --k of at most {window_bp}, or a larger --window",
        )


def check_different(files: Mapping[str, Path]) -> None:
    """Raise UsageError when both sets are one and the same file, or equal byte for byte."""
    import filecmp

    for wt, ko in (("wt", "ko"), ("wt_fasta", "ko_fasta")):
        if wt in files and ko in files and filecmp.cmp(files[wt], files[ko], shallow=False):
            one = f"--{wt} and --{ko}".replace("_", "-")
            raise UsageError(
                f"{one} hold the same ({files[wt]}, {files[ko]}): nothing tells the two sets apart",
                remedy="name the peaks of the other condition",
            )
