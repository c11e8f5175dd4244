"""Read every input before anything is built, and say everything that is wrong with them in one message.

What is looked at: each file's rows, contig names against the genome's (and what other names they may be), intervals
past a contig's end, sort order, summits, classes. What was found is kept with the dataset as preflight.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import SequenceSet, read_sequences
from cislex_core.genome import Genome
from cislex_core.intervals import PeakSet, merge
from cislex_core.peak_files import read_peaks
from cislex_core.text_files import Problems

from cislex_encoder import aliases

_MAP_SHOWN = 40


@dataclass(frozen=True)
class Source:
    """An input file: where it lies, what people call it, and the request's field that named it.

    ``is_users``: it lies where the user keeps it, not in a store, so an index may be made beside it.
    """

    path: Path
    shown: str
    field_path: str
    sha256: str = ""
    is_users: bool = False


@dataclass
class Preflight:
    """The inputs, read. ``peaks`` or ``sequences`` hold {'WT': …, 'KO': …}; contigs are the genome's names
    by now (``as_written`` keeps the files' own)."""

    genome: Genome | None = None
    peaks: dict[str, PeakSet] = field(default_factory=dict)
    sequences: dict[str, SequenceSet] = field(default_factory=dict)
    blacklist: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    as_written: dict[str, PeakSet] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """The content of preflight.json."""
        genome = None
        if self.genome is not None:
            contigs = [{"name": name, "length": length} for name, length in self.genome.contigs.items()]
            genome = {"digest": self.genome.digest, "sha256": self.genome.sha256, "contigs": contigs}
        return {"genome": genome, "files": self.files, "aliases": self.mapped, "warnings": self.warnings}


def read_peak_inputs(
    genome_file: Source,
    wt: Source,
    ko: Source,
    *,
    alias: str,
    alias_table: Source | None,
    blacklist: Source | None,
    max_unknown_fraction: float,
    coordinate_base: int,
) -> Preflight:
    """Read genome, peaks, blacklist and alias table together. Raises one ``UserError`` with all problems found."""
    problems, result = Problems(), Preflight()
    open_genome(result, genome_file, problems)
    inputs = [(wt, "WT"), (ko, "KO"), *([(blacklist, "blacklist")] if blacklist else [])]
    read: list[tuple[Source, str, PeakSet]] = []
    for source, role in inputs:
        before = len(problems.violations)
        try:
            base = 0 if role == "blacklist" else coordinate_base
            peaks = read_peaks(source.path, problems, source.field_path, shown=source.shown, coordinate_base=base)
        except UserError as error:
            problems.add_error(source.field_path, error)
            continue
        if not len(peaks) and len(problems.violations) == before and role != "blacklist":
            _add_empty(problems, source, role)
        read.append((source, role, peaks))
    if result.genome is not None and read:
        match_contigs(result, read, problems, genome_file.shown, alias, alias_table, max_unknown_fraction)
    problems.raise_if_any()
    return result


def open_genome(result: Preflight, source: Source, problems: Problems) -> None:
    """Open the genome into ``result``, or note what is wrong with it."""
    try:
        result.genome = Genome.open(source.path, sha256=source.sha256, shown=source.shown, index_beside=source.is_users)
    except UserError as error:
        problems.add_error(source.field_path, error)


def read_sequence_inputs(wt: Source, ko: Source) -> Preflight:
    """Read two FASTA files of ready sequences. Raises one ``UserError`` with all problems found."""
    problems, result = Problems(), Preflight()
    for source, role in ((wt, "WT"), (ko, "KO")):
        before = len(problems.violations)
        try:
            sequences = read_sequences(source.path, problems, source.field_path, shown=source.shown)
        except UserError as error:
            problems.add_error(source.field_path, error)
            continue
        if not len(sequences) and len(problems.violations) == before:
            _add_empty(problems, source, role)
        result.sequences[role] = sequences
        result.files.append({"source": source.shown, "set": role, **sequences.facts})
        if differing := sequences.facts["n_length_differs"]:
            result.warnings.append(
                f"{source.shown}: {differing:,} headers name a stretch whose length is not the sequence's"
            )
    problems.raise_if_any()
    return result


def _add_empty(problems: Problems, source: Source, role: str) -> None:
    problems.add(
        Reason.EMPTY_SET,
        source.field_path,
        f"{source.shown} holds no {'sequence' if 'fasta' in source.field_path else 'interval'}, so the {role} set is "
        "empty; two classes are needed. Was the right file given?",
        always=True,
        file=source.shown,
    )


def match_contigs(
    result: Preflight,
    read: list[tuple[Source, str, PeakSet]],
    problems: Problems,
    genome_name: str,
    alias: str,
    alias_table: Source | None,
    max_unknown_fraction: float,
) -> None:
    """Bring the contig names of what was read to the genome's, and fill ``result``; what is wrong goes to ``problems``.

    ``read``: (file, role, peaks); the role ``blacklist`` becomes ``result.blacklist``, any other one ``result.peaks``.
    """
    assert result.genome is not None
    contigs = result.genome.contigs
    furthest: dict[str, int] = {}
    for _, _, peaks in read:
        for index, name in enumerate(peaks.contigs):
            furthest[name] = max(furthest.get(name, 0), int(peaks.end[peaks.chrom == index].max()))
    proposal = aliases.propose(furthest, contigs)
    mapping: dict[str, str] = {}
    if alias_table is not None:
        try:
            table = aliases.read_table(alias_table.path, contigs, alias_table.shown)
            mapping = {name: table[name] for name in furthest if name in table and name not in contigs}
        except UserError as error:
            problems.add_error(alias_table.field_path, error)
    elif alias == "auto":
        mapping = proposal.mapping
    result.mapped = mapping
    for source, role, peaks in read:
        unknown = {name for name in peaks.contigs if name not in contigs and name not in mapping}
        if unknown:
            may_pass = max_unknown_fraction if role != "blacklist" else 1.0
            _report_unknown(result, problems, source, peaks, unknown, proposal, genome_name, may_pass)
        renamed = peaks.rename(mapping)
        _check_ends(problems, source, renamed, contigs)
        _note_file(result, source, role, peaks, mapping, contigs)
        if role == "blacklist":
            result.blacklist = {
                name: merge(renamed.start[renamed.chrom == i], renamed.end[renamed.chrom == i])
                for i, name in enumerate(renamed.contigs)
            }
        else:
            result.peaks[role] = renamed
            result.as_written[role] = peaks


def _report_unknown(
    result: Preflight,
    problems: Problems,
    source: Source,
    peaks: PeakSet,
    unknown: set[str],
    proposal: aliases.Proposal,
    genome_name: str,
    max_unknown_fraction: float,
) -> None:
    assert result.genome is not None
    indices = [i for i, name in enumerate(peaks.contigs) if name in unknown]
    rows = np.isin(peaks.chrom, indices)
    first = int(np.argmax(rows))
    names = [name for name in peaks.contigs if name in unknown]
    proposed = {name: proposal.mapping[name] for name in names if name in proposal.mapping}
    text = (
        f"{source.shown}: {len(names)} of {len(peaks.contigs)} contig names are not in {genome_name} "
        f"({_some(names)}; {int(rows.sum()):,} of {len(peaks):,} rows, the first at line {peaks.line[first]}); "
        f"the genome has {_some(list(result.genome.contigs))}"
    )
    if not proposed and rows.mean() <= max_unknown_fraction:
        result.warnings.append(f"{text}. These rows are left out (contig_unknown)")
        return
    if proposed:
        pairs = [f"{theirs}→{ours}" for theirs, ours in proposed.items()]
        more = f", and {len(pairs) - _MAP_SHOWN} more" if len(pairs) > _MAP_SHOWN else ""
        text += (
            f". They look like the same chromosomes under other names: {', '.join(pairs[:_MAP_SHOWN])}{more}. If that "
            "is right, ask for this map with alias auto (--alias auto), or give your own table (--alias FILE)"
        )
    else:
        text += (
            ". No other names of them are known: check that peaks and genome are of the same assembly, give an alias "
            "table (--alias FILE, two columns: name in the peaks, name in the genome), or raise max_unknown_fraction "
            f"(now {max_unknown_fraction:g}) to leave these rows out"
        )
    problems.add(
        Reason.CONTIG_UNKNOWN,
        source.field_path,
        text,
        always=True,
        file=source.shown,
        line=int(peaks.line[first]),
        contig=names[0],
        proposed_aliases=json.dumps(proposed, sort_keys=True),
    )


def _some(names: list[str], shown: int = 6) -> str:
    return ", ".join(names[:shown]) + (", …" if len(names) > shown else "")


def _check_ends(problems: Problems, source: Source, peaks: PeakSet, contigs: Mapping[str, int]) -> None:
    if not len(peaks):
        return
    limits = np.array([contigs.get(name, np.iinfo(np.int64).max) for name in peaks.contigs], dtype=np.int64)
    for row in np.flatnonzero(peaks.end > limits[peaks.chrom]):
        name = peaks.contigs[peaks.chrom[row]]
        problems.add(
            Reason.INVALID_INTERVALS,
            source.field_path,
            f"{source.shown} line {peaks.line[row]}: {name}:{peaks.start[row]}-{peaks.end[row]} reaches past the end "
            f"of {name} ({contigs[name]:,} bp); check that peaks and genome are of the same assembly",
            file=source.shown,
            line=int(peaks.line[row]),
        )


def _note_file(
    result: Preflight, source: Source, role: str, peaks: PeakSet, mapping: Mapping[str, str], contigs: Mapping[str, int]
) -> None:
    counts = np.bincount(peaks.chrom, minlength=len(peaks.contigs))
    by_contig = [
        {"name": name, "mapped_to": mapping.get(name, name if name in contigs else None), "n_rows": int(counts[i])}
        for i, name in enumerate(peaks.contigs)
    ]
    facts = dict(peaks.facts)
    if warning := facts.pop("warning", None):
        result.warnings.append(str(warning))
    result.files.append({"source": source.shown, "set": role, **facts, "contigs": by_contig})
