"""The input files of an analysis, gathered and checked together before anything runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from cislex_client.exit_codes import USAGE, CommandError, UsageError
from cislex_client.pipelines.sources import CLASS_FILE
from cislex_client.session import Session, readable


def check_inputs(files: Mapping[str, Path | None]) -> dict[str, Path]:
    """Absolute paths by role. Raises one CommandError that names every file that is wrong."""
    good: dict[str, Path] = {}
    bad: list[tuple[str, str]] = []
    remedies: list[str] = []
    for role, path in files.items():
        if path is None:
            continue
        try:
            good[role] = readable(path)
        except UsageError as error:
            bad.append((f"--{role.replace('_', '-')}", error.message))
            remedies += [error.remedy or "check the path and its permissions"]
    remedy = "; ".join(dict.fromkeys(remedies))
    if len(bad) == 1:
        raise UsageError(f"{bad[0][0]}: {bad[0][1]}", remedy=remedy)
    if bad:
        raise CommandError(f"{len(bad)} input files cannot be used", code=USAGE, violations=bad, remedy=remedy)
    return good


def check_roles(roles: set[str]) -> None:
    """Raise UsageError unless the inputs make two sets: BEDs with a genome, FASTAs, or a count table with a genome."""
    beds, fastas, counts = roles & {"wt", "ko"}, roles & {"wt_fasta", "ko_fasta"}, "counts" in roles
    ways = [bool(beds), bool(fastas), counts]
    how = "give --wt and --ko with --genome, or --wt-fasta and --ko-fasta, or --counts with --genome"
    if sum(ways) == 0:
        raise UsageError("no peaks are named", remedy=how)
    if sum(ways) > 1:
        raise UsageError("peaks, sequences and counts cannot be mixed", remedy=how)
    if beds and len(beds) == 1:
        raise UsageError(f"only --{beds.pop()} is named: two sets are compared", remedy=how)
    if fastas and len(fastas) == 1:
        raise UsageError(f"only --{fastas.pop().replace('_', '-')} is named: two sets are compared", remedy=how)
    if not fastas and "genome" not in roles:
        raise UsageError("--genome is missing: windows are cut from it", remedy=how)


def check_sources(roles: set[str], dataset: str) -> None:
    """Raise UsageError unless exactly one source of data is named: what ``check_roles`` takes, classes of ready
    sequences, a matrix with a genome, or a dataset that exists."""
    classes = {role for role in roles if role.startswith(CLASS_FILE)}
    pairs = bool(roles & {"wt", "ko", "wt_fasta", "ko_fasta", "counts"})
    how = "give --wt and --ko with --genome, or --fasta NAME=FILE for each class, or --matrix, or --dataset"
    named = sum([bool(dataset), bool(classes), "matrix" in roles, pairs])
    if named > 1:
        raise UsageError("more than one source of sequences is named", remedy=how)
    if not named:
        raise UsageError("no sequences are named", remedy=how)
    if len(classes) == 1:
        raise UsageError(
            f"only the class {classes.pop().removeprefix(CLASS_FILE)} is named: a network tells classes apart",
            remedy="give --fasta once for each class; cislex dataset negatives makes a second one",
        )
    if pairs:
        check_roles(roles)


async def bring_all(session: Session, files: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """Bring every file to the service (by path on this machine, by upload elsewhere); answers references by role."""
    references = await asyncio.gather(*(session.bring(path) for path in files.values()))
    return dict(zip(files, references, strict=True))
