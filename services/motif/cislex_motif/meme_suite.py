"""The real `meme` and `streme` of the MEME Suite, where they are on PATH; every way they can fail is a typed error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import parse_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode_batch

from cislex_motif import programs
from cislex_motif.specs import DiscoverMotifsSpec

_SITE_LINE = re.compile(r"^s(\d+)\s+(?:([+-])\s+)?(\d+)\s+[\d.eE+-]+\s")


@dataclass(frozen=True)
class ToolMotif:
    """A motif as the program printed it, and its sites (row, strand 0 + / 1 −, start) where it prints them."""

    motif: Motif
    sites: list[tuple[int, int, int]]


def run_tool(
    spec: DiscoverMotifsSpec,
    primary: npt.NDArray[np.uint8],
    control: npt.NDArray[np.uint8] | None,
    scratch: Path,
    check: Callable[[], None] = lambda: None,
) -> tuple[list[ToolMotif], str]:
    """Motifs of ``primary`` by ``spec.engine``, and the program's version.

    ``control`` None lets the program make its own. Sequence names given to it are s0, s1, …; padding N at the ends is
    left out, and starts count from the sequence as given here. Motifs above ``spec.evalue_threshold`` are dropped.
    Raises TOOL_MISSING, TOOL_FAILED (exit code, time-out, unreadable output; the end of stderr in the message).
    """
    program = find_program(spec.engine)
    version = program_version(spec.engine, program)
    scratch.mkdir(parents=True, exist_ok=True)
    scratch = scratch.resolve()  # an absolute path is never taken for an option
    primary_path, control_path = scratch / "primary.fa", scratch / "control.fa"
    offsets = _write_fasta(primary_path, primary)
    if control is not None:
        _write_fasta(control_path, control)
    argv = arguments(spec, program, primary_path, control_path if control is not None else None)
    text = run_program(spec.engine, argv, scratch, spec.tool_timeout_s, check)
    if "letter-probability matrix" not in text:
        if "MEME version" not in text or "\nMOTIF " in text:
            raise _failed(spec.engine, "its output holds no matrix", text)
        return [], version
    try:
        motifs = parse_motifs(text, source=f"the output of {spec.engine}", file_format="meme")
    except UserError as error:
        raise _failed(spec.engine, f"its output cannot be read: {error.message}", "") from error
    sites = _sites(text, offsets)
    found = [ToolMotif(m, sites.get(i, [])) for i, m in enumerate(motifs, start=1)]
    limit = np.log10(spec.evalue_threshold)
    return [f for f in found if f.motif.log10_evalue is None or f.motif.log10_evalue <= limit], version


def find_program(name: str) -> str:
    """Absolute path of a program on PATH; TOOL_MISSING where there is none."""
    path = programs.find(name)
    if path is None:
        raise UserError(
            Reason.TOOL_MISSING,
            f"the program {name!r} is not on the worker's PATH; install the MEME Suite (https://meme-suite.org) "
            "there, or use engine em, which needs nothing installed",
            field="engine", program=name,
        )  # fmt: skip
    return path


def program_version(name: str, path: str) -> str:
    """What the program says its version is, first line."""
    flag = "-version" if name == "meme" else "--version"
    try:
        answer = programs.ask([path, flag])
    except programs.ProgramError as error:
        raise _failed(name, f"asking for its version failed: {error}", error.stderr, error.exit_code) from error
    lines = (answer.stdout or answer.stderr).strip().splitlines()
    if not lines:
        raise _failed(name, "asked for its version, it says nothing", "")
    return lines[0].strip()


def arguments(spec: DiscoverMotifsSpec, program: str, primary: Path, control: Path | None) -> list[str]:
    """The argument list; no shell is involved."""
    if spec.engine == "meme":
        argv = [program, str(primary), "-dna", "-text", "-nostatus", "-mod", spec.model,
                "-nmotifs", str(spec.n_motifs), "-minw", str(spec.min_width), "-maxw", str(spec.max_width),
                "-minsites", str(spec.min_sites), "-evt", str(spec.evalue_threshold),
                "-seed", str(spec.seed)]  # fmt: skip
        if spec.both_strands:
            argv.append("-revcomp")
        if control is not None:
            argv += ["-objfun", "de", "-neg", str(control)]
        return argv
    argv = [program, "--p", str(primary), "--dna", "--text", "--nmotifs", str(spec.n_motifs),
            "--minw", str(spec.min_width), "--maxw", str(spec.max_width), "--evalue",
            "--thresh", str(spec.evalue_threshold), "--seed", str(spec.seed)]  # fmt: skip
    return [*argv, "--n", str(control)] if control is not None else argv


def run_program(
    name: str, argv: list[str], scratch: Path, timeout_s: float, check: Callable[[], None], *, is_ours: bool = False
) -> str:
    """What the program prints; see ``programs.run``. Raises TOOL_FAILED with the end of its stderr."""
    try:
        return programs.run(argv, scratch, timeout_s, check, is_ours=is_ours).stdout
    except programs.ProgramError as error:
        what = f"{error} (tool_timeout_s)" if "stopped after" in str(error) else str(error)
        raise _failed(name, what, error.stderr, error.exit_code) from error


def _failed(name: str, what: str, stderr: str, exit_code: int | None = None) -> UserError:
    said = stderr.strip()[-2000:]
    more = "" if name == "modisco" else "; use engine em, or run the program by hand on the same sequences to see more"
    return UserError(
        Reason.TOOL_FAILED,
        f"{name} failed: {what}" + (f"; it said: {said}" if said else "") + more,
        program=name, stderr=said, exit_code="" if exit_code is None else exit_code,
    )  # fmt: skip


def _write_fasta(path: Path, codes: npt.NDArray[np.uint8]) -> list[int]:
    """Write s0, s1, … without N at either end; answers how many letters were left out before each."""
    offsets = []
    with open(path, "w") as handle:
        for i, text in enumerate(decode_batch(codes)):
            stripped = text.strip("N")
            offsets.append(len(text) - len(text.lstrip("N")))
            if stripped:
                handle.write(f">s{i}\n{stripped}\n")
    return offsets


def _sites(text: str, offsets: list[int]) -> dict[int, list[tuple[int, int, int]]]:
    """Sites of each motif (1, 2, …) from meme's text output; streme prints none."""
    sites: dict[int, list[tuple[int, int, int]]] = {}
    current = 0
    inside = False
    for line in text.splitlines():
        if "sites sorted by position p-value" in line:
            current, inside = current + 1, True
        elif inside and line.startswith("---") and sites.get(current):
            inside = False
        match = _SITE_LINE.match(line) if inside else None
        if match:
            row = int(match.group(1))
            start = int(match.group(3)) - 1 + (offsets[row] if row < len(offsets) else 0)
            sites.setdefault(current, []).append((row, 1 if match.group(2) == "-" else 0, start))
    return sites
