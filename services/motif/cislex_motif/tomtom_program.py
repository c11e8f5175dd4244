"""The MEME Suite's own ``tomtom`` as an engine, where the program is installed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import format_meme
from cislex_core.motifs import Motif

from cislex_motif import programs
from cislex_motif.tomtom import MOTIF_PSEUDOCOUNT, Alignments

_UNIFORM = (0.25, 0.25, 0.25, 0.25)


def align_all(
    queries: Sequence[Motif],
    targets: Sequence[Motif],
    distance: str,
    min_overlap: int,
    scratch: Path,
    check_cancel: Callable[[], None] = lambda: None,
    timeout_s: float = 3600.0,
) -> tuple[Alignments, str]:
    """Run tomtom on all queries × targets; answers the alignments and the program's version.

    Pairs that tomtom does not report get p = 1, overlap 0. Raises TOOL_MISSING, TOOL_FAILED (exit code and the end of
    stderr, output that cannot be read, or the time limit). Cancelling kills the program.
    """
    program = find_program()
    tool_version = program_version(program)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tomtom-", dir=scratch.resolve()) as folder:
        query_file, target_file = Path(folder, "queries.meme"), Path(folder, "targets.meme")
        # Names of ours: those of strangers never reach the program.
        names = [f"q{i}" for i in range(len(queries))], [f"t{i}" for i in range(len(targets))]
        for path, motifs, ids in zip((query_file, target_file), (queries, targets), names, strict=True):
            renamed = [motif.renamed(name, "") for motif, name in zip(motifs, ids, strict=True)]
            path.write_text(format_meme(renamed, background=_UNIFORM))
        argv = command(program, query_file, target_file, distance, min_overlap)
        text = _run(argv, Path(folder), check_cancel, timeout_s)
    return parse(text, *names), tool_version


def command(program: str, query_file: Path, target_file: Path, distance: str, min_overlap: int) -> list[str]:
    """The argument vector: every pair is asked for (-thresh 1 on q), so that E and q are computed here."""
    return [
        program, "-text", "-dist", distance, "-thresh", "1", "-min-overlap", str(min_overlap),
        "-motif-pseudo", str(MOTIF_PSEUDOCOUNT), str(query_file), str(target_file),
    ]  # fmt: skip


def find_program() -> str:
    """Path of ``tomtom``. Raises TOOL_MISSING."""
    found = programs.find("tomtom")
    if found is None:
        raise UserError(
            Reason.TOOL_MISSING,
            "no program 'tomtom' on the worker's PATH; install the MEME Suite there, or use the engine 'native', which "
            "needs none and gives the same p-values",
            field="engine",
            tool="tomtom",
        )
    return found


def program_version(program: str) -> str:
    """The version that ``tomtom -version`` prints. Raises TOOL_FAILED."""
    try:
        done = programs.ask([program, "-version"])
    except programs.ProgramError as error:
        if error.exit_code is None:
            raise _failed(f"{program} -version could not be run: {error}") from None
        message = f"{program} -version exited with {error.exit_code}: {_tail(error.stderr)}"
        raise _failed(message, code=error.exit_code) from None
    if not done.stdout.strip():
        raise _failed(f"{program} -version says nothing: {_tail(done.stderr)}")
    return done.stdout.split()[-1]


def parse(text: str, query_ids: Sequence[str], target_ids: Sequence[str]) -> Alignments:
    """tomtom's TSV (-text) as arrays. Raises TOOL_FAILED naming the line that cannot be read."""
    shape = (len(query_ids), len(target_ids))
    pvalue = np.ones(shape)
    offset, overlap = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    reverse = np.zeros(shape, np.bool_)
    query_row = {name: i for i, name in enumerate(query_ids)}
    target_row = {name: i for i, name in enumerate(target_ids)}
    lines = text.splitlines()
    if not lines or not lines[0].startswith("Query_ID\tTarget_ID\t"):
        raise _failed(f"tomtom's output has no header line but {lines[0] if lines else 'nothing'!r}")
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        try:
            at = query_row[fields[0]], target_row[fields[1]]
            offset[at], pvalue[at], overlap[at] = int(fields[2]), float(fields[3]), int(fields[6])
            reverse[at] = {"+": False, "-": True}[fields[9]]
        except (IndexError, KeyError, ValueError, OverflowError):
            raise _failed(f"line {number} of tomtom's output cannot be read: {line[:200]!r}", line=number) from None
    return Alignments(pvalue, offset, overlap, reverse)


def _run(argv: list[str], folder: Path, check_cancel: Callable[[], None], timeout_s: float) -> str:
    try:
        return programs.run(argv, folder, timeout_s, check_cancel).stdout
    except programs.ProgramError as error:
        if error.exit_code is None:
            said = f"; it said: {_tail(error.stderr)}" if error.stderr.strip() else ""
            raise _failed(f"tomtom failed: {error}{said}") from None
        raise _failed(f"tomtom exited with {error.exit_code}: {_tail(error.stderr)}", code=error.exit_code) from None


def _tail(stderr: str) -> str:
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"


def _failed(message: str, **metadata: str | float) -> UserError:
    return UserError(Reason.TOOL_FAILED, message, field="engine", violations=None, tool="tomtom", **metadata)
