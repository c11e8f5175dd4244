"""ImportDataset from read inputs to a finished dataset.

The order of the rules: flagged and too_short (as read); contig_unknown, out_of_bounds, blacklisted, duplicate,
too_many_n, label_conflict (each only where there is a genome, or classes); unresolved; over_limit. Then tasks that
nothing can be learnt of, splits, windows.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import SequenceSet
from cislex_core.intervals import PeakSet
from cislex_core.peak_files import read_peaks
from cislex_core.tasks import Inputs, Out, Progress
from cislex_core.text_files import Problems

from cislex_encoder import (
    anndata_file,
    assignment,
    balance,
    candidates,
    class_files,
    drops,
    matrices,
    one_hot_file,
    preflight,
    probes,
    row_metadata,
    target_checks,
    windows,
    writing,
)
from cislex_encoder.drops import Candidates
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.imported import Imported, read_splits
from cislex_encoder.inputs import source
from cislex_encoder.preflight import Preflight, Source
from cislex_encoder.writing import Targets


def import_dataset(spec: ImportDatasetSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Read, check, clean, split and write. Raises one ``UserError`` with everything that is wrong with the inputs."""
    progress.message("reading and checking all inputs")
    problems = Problems()
    read = _read(spec, inputs, problems, progress)
    checked = _preflight(spec, inputs, read, problems)
    rows = _candidates(spec, read, checked)
    for index, reason, detail in read.left_out:
        rows.drop(index, reason, detail)
    extra = dict(read.columns)
    if checked.genome is not None:
        _clean_windows(spec, checked, rows, extra, progress)
    else:
        _clean_sequences(spec, read, rows, extra)
    targets = _targets(spec, inputs, read, rows)
    if spec.max_rows is not None:
        balance.limit(rows, spec.max_rows, spec.seed)
    _require_rows(rows, targets)
    if targets.type != "class_index":
        targets = target_checks.usable_tasks(spec, targets, rows, read.notes)
    columns, notes = row_metadata.join(spec, inputs, rows.name)
    given = _given(spec, inputs, read, columns, rows)
    split, plan = assignment.assign(spec, rows, targets, given, progress)
    for warning in (*checked.warnings, *read.warnings):
        progress.warn("PREFLIGHT", warning)
    read.notes += notes
    for note in read.notes:
        progress.message(note)
    order = _order(rows, checked)
    blocks = windows.cut(checked.genome, rows, order) if checked.genome else _blocks(spec, read, rows, order)
    table = pa.table(extra | columns) if extra or columns else None
    writing.write(rows, order, split, targets, blocks, plan, _facts(spec, read, checked), out, progress, table)
    out.tools = {name: importlib.metadata.version(name) for name in ("numpy", "pyarrow")}


def _read(spec: ImportDatasetSpec, inputs: Inputs, problems: Problems, progress: Progress) -> Imported:
    """Errors of single files are gathered for sources of several files; a matrix has one, which is raised at once."""
    if spec.source == "pbm":
        return probes.read(spec, inputs, problems)
    if spec.source == "matrix":
        return matrices.read(spec, inputs, problems)
    if spec.source == "anndata":
        return anndata_file.read(spec, inputs, problems, progress)
    if spec.source == "one_hot":
        return one_hot_file.read(spec, inputs)
    return class_files.read(spec, inputs, problems)


def _preflight(spec: ImportDatasetSpec, inputs: Inputs, read: Imported, problems: Problems) -> Preflight:
    result = Preflight(files=list(read.files))
    if not read.peaks and not read.sequences:
        problems.raise_if_any()
    if read.peaks or (not read.sequences and spec.genome is not None):
        assert spec.genome is not None
        genome = source(inputs, spec.genome, "genome")
        preflight.open_genome(result, genome, problems)
        members = list(read.peaks)
        if spec.blacklist is not None:
            members += _blacklist(source(inputs, spec.blacklist, "blacklist"), problems)
        table = source(inputs, spec.alias_table, "alias_table") if spec.alias_table else None
        if result.genome is not None:
            preflight.match_contigs(
                result, members, problems, genome.shown, spec.alias, table, spec.max_unknown_fraction
            )
    problems.raise_if_any()
    return result


def _blacklist(file: Source, problems: Problems) -> list[tuple[Source, str, PeakSet]]:
    return [(file, "blacklist", read_peaks(file.path, problems, file.field_path, shown=file.shown))]


def _candidates(spec: ImportDatasetSpec, read: Imported, checked: Preflight) -> Candidates:
    classes = tuple(read.classes)
    width = spec.window_bp or _common_length(read)
    if checked.genome is None:
        return candidates.of_sequences(list(zip(read.labels, read.sequences, strict=True)), width, spec.pad, classes)
    roles = [role for _, role, _ in read.peaks]
    sets = [(label, checked.peaks[role]) for label, role in zip(read.labels, roles, strict=True)]
    return candidates.of_peaks(checked, sets, [checked.as_written[role] for role in roles], width, classes)


def _common_length(read: Imported) -> int:
    if read.sequences:
        lengths = np.concatenate([members.lengths for members in read.sequences])
    else:
        lengths = np.concatenate([peaks.end - peaks.start for _, _, peaks in read.peaks])
    values, counts = np.unique(lengths[lengths > 0], return_counts=True)
    if not values.size:
        raise UserError(Reason.EMPTY_SET, "no sequence has any base; look at clip_left_bp and clip_right_bp")
    return max(8, int(values[np.argmax(counts)]))


def _clean_windows(
    spec: ImportDatasetSpec, checked: Preflight, rows: Candidates, extra: dict[str, pa.Array], progress: Progress
) -> None:
    assert checked.genome is not None
    drops.drop_unknown_contigs(rows)
    drops.drop_out_of_bounds(rows)
    if checked.blacklist:
        drops.drop_blacklisted(rows, checked.blacklist)
    if spec.collapse_duplicates:
        kept = rows.kept
        keys = np.stack([rows.label[kept].astype(np.int64), rows.chrom[kept].astype(np.int64), rows.left[kept]], axis=1)
        _count_equal(rows, kept, keys, extra)
        drops.drop_duplicates(rows, 0)
    for contig, part in rows.by_contig(rows.kept):
        progress.check_cancel()
        drops.drop_n_on_contig(rows, part, checked.genome.n_runs(rows.contigs[contig]), spec.max_n_fraction)
    if spec.drop_conflicts and len(rows.classes) > 1:
        drops.drop_conflicts(rows, rows.width // 2)


def _clean_sequences(spec: ImportDatasetSpec, read: Imported, rows: Candidates, extra: dict[str, pa.Array]) -> None:
    if spec.collapse_duplicates or (spec.drop_conflicts and len(rows.classes) > 1):
        blocks = _blocks(spec, read, rows, np.arange(len(rows)))
        prints = windows.fingerprints(blocks, len(rows), rows.width)
        if spec.collapse_duplicates:
            kept = rows.kept
            keys = np.concatenate([rows.label[kept, None].astype(np.uint64), prints[kept]], axis=1)
            _count_equal(rows, kept, keys, extra)
            drops.drop_equal_sequences(rows, prints)
        if spec.drop_conflicts and len(rows.classes) > 1:
            drops.drop_sequence_conflicts(rows, prints)
    unknown = np.concatenate([_n_share(members) for members in read.sequences])
    bad = rows.kept[unknown[rows.kept] > spec.max_n_fraction]
    details = [f"{share:.1%} of the letters are N" for share in unknown[bad]]
    rows.drop(bad, "too_many_n", np.array(details, dtype=object))
    if spec.drop_conflicts and len(rows.classes) > 1:
        drops.drop_conflicts(rows, rows.width // 2)


def _n_share(sequences: SequenceSet) -> np.ndarray:
    """Share of N among a record's own letters; padding does not count."""
    total = np.concatenate(([0], np.cumsum(sequences.codes == 4)))
    return np.asarray((total[sequences.offsets[1:]] - total[sequences.offsets[:-1]]) / np.maximum(sequences.lengths, 1))


def _count_equal(rows: Candidates, kept: np.ndarray, keys: np.ndarray, extra: dict[str, pa.Array]) -> None:
    """Column ``n_equal``: how many input rows of the class a row stands for; only where some stand for several."""
    _, which, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    if counts.max(initial=1) > 1:
        n_equal = np.ones(len(rows), dtype=np.int64)
        n_equal[kept] = counts[which.reshape(-1)]
        extra["n_equal"] = pa.array(n_equal)


def _targets(spec: ImportDatasetSpec, inputs: Inputs, read: Imported, rows: Candidates) -> Targets:
    if read.values is None:
        return Targets("class_index", read.classes, rows.label.astype(np.int64))
    read.groups = row_metadata.task_groups(spec, inputs, read.tasks) or read.groups
    return target_checks.checked(spec, read, rows)


def _require_rows(rows: Candidates, targets: Targets) -> None:
    names = targets.outputs if targets.type == "class_index" else ["row"]
    for label, name in enumerate(names):
        mine = rows.label == label
        if not mine[rows.kept].any():
            lost = ", ".join(f"{item['reason']} {item['n_rows']:,}" for item in rows.counts(mine)) or "nothing"
            raise UserError(
                Reason.EMPTY_SET,
                f"no {name} is left of {int(mine.sum()):,} (dropped: {lost}). Look at the window size, max_n_fraction "
                "and, for several classes, drop_conflicts",
                set=name,
            )


def _given(
    spec: ImportDatasetSpec, inputs: Inputs, read: Imported, columns: dict[str, pa.Array], rows: Candidates
) -> np.ndarray | None:
    """Splits of the files or of a column; one of ``metadata`` is taken out of the further columns."""
    if not spec.split_column or read.given is not None:
        return read.given
    name = next((name for name in (spec.split_column, f"{spec.split_column}_") if name in columns), None)
    if name is None:
        raise UserError(
            Reason.INVALID_TABLE,
            f"neither the rows nor the metadata have a column {spec.split_column!r}; known are "
            f"{', '.join([*read.columns, *columns]) or 'none'}",
            field="split_column",
        )
    file = source(inputs, spec.metadata, "metadata") if spec.metadata else None
    assert file is not None
    words = pa.compute.cast(columns.pop(name), pa.string()).to_pylist()
    problems = Problems()
    given = read_splits(words, rows.line, file, spec.split_column, problems)
    problems.raise_if_any()
    return given


def _order(rows: Candidates, checked: Preflight) -> np.ndarray:
    kept = rows.kept
    if checked.genome is None:
        return kept
    return kept[np.lexsort((rows.label[kept], rows.left[kept], rows.chrom[kept]))]


def _blocks(spec: ImportDatasetSpec, read: Imported, rows: Candidates, order: np.ndarray) -> Iterator[np.ndarray]:
    first = np.concatenate(([0], np.cumsum(read.sizes)))
    index = np.arange(len(rows)) - first[rows.source]
    return windows.fit_all(read.sequences, rows.source[order], index[order], rows.width, spec.pad)


def _facts(spec: ImportDatasetSpec, read: Imported, checked: Preflight) -> writing.Facts:
    with_genome = checked.genome is not None
    return writing.Facts(
        source=spec.source,
        window="[c - w // 2, c - w // 2 + w), c = summit or centre"
        if with_genome
        else f"ready sequences, padded or cut: {spec.pad}",
        strand="+" if with_genome else "as given",
        seed=spec.seed,
        genome_digest=checked.genome.digest if checked.genome else None,
        preflight=checked.report(),
        mapped=checked.mapped,
        warnings=[*checked.warnings, *read.warnings],
        notes=read.notes,
    )
