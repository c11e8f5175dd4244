"""Classes by file: FASTA, FASTQ, or regions of a genome. The classes are the files' names, in the order given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import SequenceSet, read_sequences
from cislex_core.fastq import read_fastq
from cislex_core.intervals import PeakSet
from cislex_core.peak_files import read_peaks
from cislex_core.tasks import Inputs
from cislex_core.text_files import Problems

from cislex_encoder.import_specs import ImportDatasetSpec, NamedFile
from cislex_encoder.imported import OUTSIDE, Imported, split_of
from cislex_encoder.inputs import source
from cislex_encoder.preflight import Source


def read(spec: ImportDatasetSpec, inputs: Inputs, problems: Problems) -> Imported:
    """Read every file of ``fasta``, ``fastq`` or ``regions``; what is wrong with any goes into ``problems``."""
    result = Imported(classes=list(dict.fromkeys(item.name for item in spec.files)))
    for number, item in enumerate(spec.files):
        file = source(inputs, item.file, f"{spec.source}[{number}].file")
        members = _one(spec, file, problems)
        if members is None:
            continue
        result.labels.append(result.classes.index(item.name))
        if isinstance(members, SequenceSet):
            result.sequences.append(members)
            result.files.append({"source": file.shown, "set": item.name, **members.facts})
            _note_lengths(result, spec, members)
        else:
            twice = sum(other.name == item.name for other in spec.files) > 1
            result.peaks.append((file, f"{item.name} ({number + 1})" if twice else item.name, members))
    result.given = given_splits(spec.files, result.sizes) if not problems else None
    return result


def given_splits(files: list[NamedFile], sizes: list[int]) -> np.ndarray | None:
    """(rows,) the split that each row's file was given; None where no file was."""
    if not any(item.split for item in files):
        return None
    values = [OUTSIDE if item.split is None else split_of(item.split) for item in files]
    return np.repeat(np.array(values, dtype=np.int8), sizes)


def _one(spec: ImportDatasetSpec, file: Source, problems: Problems) -> SequenceSet | PeakSet | None:
    readers: dict[str, Callable[[], SequenceSet | PeakSet]] = {
        "fasta": lambda: read_sequences(file.path, problems, file.field_path, shown=file.shown),
        "fastq": lambda: read_fastq(
            file.path,
            problems,
            file.field_path,
            shown=file.shown,
            clip_left_bp=spec.clip_left_bp,
            clip_right_bp=spec.clip_right_bp,
        ),
        "regions": lambda: read_peaks(
            file.path, problems, file.field_path, shown=file.shown, coordinate_base=spec.coordinate_base
        ),
    }
    before = len(problems.violations)
    try:
        members = readers[spec.source]()
    except UserError as error:
        problems.add_error(file.field_path, error)
        return None
    if not len(members) and len(problems.violations) == before:
        what = "interval" if spec.source == "regions" else "sequence"
        problems.add(
            Reason.EMPTY_SET,
            file.field_path,
            f"{file.shown} holds no {what}; was the right file given?",
            always=True,
            file=file.shown,
        )
    return members


def _note_lengths(result: Imported, spec: ImportDatasetSpec, members: SequenceSet) -> None:
    empty = np.flatnonzero(members.lengths == 0)
    if empty.size:
        before = sum(result.sizes) - len(members)
        clipped = spec.clip_left_bp + spec.clip_right_bp
        result.left_out.append((before + empty, "too_short", f"no base is left after clipping {clipped} bp"))
        result.warnings.append(f"{members.source}: {empty.size:,} reads are not longer than the {clipped} bp clipped")
    if differing := members.facts.get("n_length_differs"):
        result.warnings.append(
            f"{members.source}: {differing:,} headers name a stretch whose length is not the sequence's"
        )
