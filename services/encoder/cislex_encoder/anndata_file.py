"""AnnData (.h5ad), regions by cells: read in chunks; targets are means over clusters of cells, or the cells themselves.

The matrix is never in memory as a whole: chunks run along the axis in which it is stored, and each adds to the sums of
its clusters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from cislex_core.errors import CislexError
from cislex_core.tasks import Inputs, Progress
from cislex_core.text_files import Problems

from cislex_encoder.hdf5_safety import check_hdf5
from cislex_encoder.import_specs import ImportDatasetSpec
from cislex_encoder.imported import Imported, choose_tasks
from cislex_encoder.inputs import source
from cislex_encoder.matrices import REGION, RowTable, to_imported
from cislex_encoder.name_files import invalid
from cislex_encoder.preflight import Source

_CHUNK_BYTES = 64 << 20
_MAX_TASKS = 5000
#: What h5py, anndata, pandas and scipy raise when a file is not as its own header says.
_DAMAGED = (OSError, KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError, NotImplementedError,
            ImportError)  # fmt: skip
_PLACES = (("chrom", "start", "end"), ("chr", "start", "end"), ("seqnames", "start", "end"))


def read(spec: ImportDatasetSpec, inputs: Inputs, problems: Problems, progress: Progress) -> Imported:
    """Read ``anndata``. Raises INVALID_TABLE for what is no .h5ad, lacks regions, columns or the layer."""
    import h5py
    from anndata.io import read_elem

    assert spec.anndata is not None
    file = source(inputs, spec.anndata, "anndata")
    try:
        opened = h5py.File(file.path, "r")
    except OSError as error:
        raise invalid(file, f"cannot be read as AnnData (.h5ad): {str(error)[:200]}") from None
    with opened:
        if not {"obs", "var"} <= set(opened):
            raise invalid(file, f"is no AnnData: it holds {', '.join(opened) or 'nothing'}, obs and var are needed")
        try:
            check_hdf5(opened, file)
            obs, var = read_elem(opened["obs"]), read_elem(opened["var"])
            return _read(spec, file, opened, obs, var, problems, progress)
        except CislexError:
            raise
        except _DAMAGED as error:
            raise invalid(file, f"cannot be read as AnnData (.h5ad): {str(error)[:200]}") from None


def _read(
    spec: ImportDatasetSpec, file: Source, opened: Any, obs: Any, var: Any, problems: Problems, progress: Progress
) -> Imported:
    axis = spec.regions_axis or _axis(file, obs, var)
    regions, cells = (obs, var) if axis == "obs" else (var, obs)
    matrix = _layer(spec, file, opened)
    of_cell, tasks = _clusters(spec, file, cells)
    used = of_cell >= 0
    size = np.bincount(of_cell[used], minlength=len(tasks))
    sums = np.zeros((len(regions), len(tasks)), dtype=np.float64)
    largest = 0.0
    for rows, columns, block in _chunks(matrix, (len(obs), len(var)), axis):
        progress.check_cancel()
        values = (block > 0).astype(np.float64) if spec.binarize else block
        largest = max(largest, float(values.max()) if min(values.shape) else 0.0)
        part = of_cell[columns]
        indicator = np.zeros((part.size, len(tasks)))
        indicator[np.flatnonzero(part >= 0), part[part >= 0]] = 1.0
        sums[rows] += np.asarray(values @ indicator)
    notes = [f"regions are {axis} of {file.shown}: {len(regions):,} regions, {len(cells):,} cells"]
    if spec.cluster_column:
        left = int((~used).sum())
        notes.append(
            f"targets are means over {len(tasks)} clusters of {spec.cluster_column}"
            + (f"; {left:,} cells without a cluster were left out" if left else "")
        )
    table = RowTable(
        file=file,
        name=pa.array([str(name) for name in regions.index], pa.string()),
        line=np.arange(1, len(regions) + 1),
        values=(sums / np.maximum(size, 1)).astype(np.float32),
        tasks=tasks,
        notes=notes,
    )
    _places(table, regions)
    if spec.split_column and spec.split_column in regions.columns:
        table.columns[spec.split_column] = pa.array(regions[spec.split_column].astype(str).tolist(), pa.string())
    result = to_imported(spec.model_copy(update={"tasks": []}), table, problems)
    if spec.cluster_column and not spec.binarize and largest > 1:
        result.warnings.append(
            f"{file.shown} holds values up to {largest:g}: cluster means are of counts, not of open or closed; "
            "binarize counts every value above 0 as 1"
        )
    result.groups = _groups(spec, file, cells, of_cell, tasks, result)
    choose_tasks(result, spec.tasks, file)
    return result


def _axis(file: Source, obs: Any, var: Any) -> str:
    found = [
        name
        for name, table in (("var", var), ("obs", obs))
        if _place_columns(table) or (len(table) and all(REGION.match(str(item)) for item in table.index[:20]))
    ]
    if len(found) == 1:
        return found[0]
    why = (
        "both axes look like regions" if found else "no axis has names like chr1:100-200, or columns chrom, start, end"
    )
    raise invalid(file, f"does not say where its regions are: {why}; set regions_axis, or name the regions so")


def _place_columns(table: Any) -> tuple[str, str, str] | None:
    return next((names for names in _PLACES if set(names) <= set(table.columns)), None)


def _places(table: RowTable, regions: Any) -> None:
    names = _place_columns(regions)
    if names and not all(REGION.match(str(item)) for item in regions.index[:20]):
        table.chrom = pa.array(regions[names[0]].astype(str).tolist(), pa.string())
        table.start, table.end = (regions[name].to_numpy().astype(np.int64) for name in names[1:])


def _layer(spec: ImportDatasetSpec, file: Source, opened: Any) -> Any:
    """The HDF5 dataset (dense) or group (sparse) of the matrix asked for."""
    layers = opened.get("layers", {})
    if spec.layer:
        if spec.layer not in layers:
            raise invalid(file, f"has no layer {spec.layer!r}; it has {', '.join(layers) or 'none'}")
        return layers[spec.layer]
    if "X" not in opened:
        raise invalid(file, f"has no X; name a layer ({', '.join(layers) or 'it has none'})")
    return opened["X"]


def _clusters(spec: ImportDatasetSpec, file: Source, cells: Any) -> tuple[np.ndarray, list[str]]:
    """(cells,) the task of each cell, −1 for none; and the tasks' names."""
    if not spec.cluster_column:
        if len(cells) > _MAX_TASKS:
            raise invalid(
                file, f"has {len(cells):,} cells; more than {_MAX_TASKS:,} tasks are not meant. Give cluster_column"
            )
        return np.arange(len(cells)), [str(name) for name in cells.index]
    column = _column(spec.cluster_column, "cluster_column", file, cells)
    words = column.astype(object).where(column.notna(), None).tolist()
    names = sorted({str(word) for word in words if word is not None and str(word)}, key=_natural)
    if not names:
        raise invalid(file, f"column {spec.cluster_column!r} of its cells is empty")
    position = {name: i for i, name in enumerate(names)}
    return np.array([-1 if word is None else position.get(str(word), -1) for word in words]), names


def _natural(name: str) -> tuple[int, int, str]:
    return (0, int(name), name) if name.isdigit() else (1, 0, name)


def _column(name: str, field_path: str, file: Source, cells: Any) -> Any:
    if name not in cells.columns:
        raise invalid(
            file,
            f"has no column {name!r} in its cells' table ({field_path}); it has {', '.join(cells.columns) or 'none'}",
        )
    return cells[name]


def _chunks(matrix: Any, shape: tuple[int, int], axis: str) -> Iterator[tuple[slice, slice, Any]]:
    """(slice of regions, slice of cells, float64 block regions × cells) along the axis the matrix is stored by."""
    from scipy import sparse

    n_obs, n_var = shape
    is_sparse = not hasattr(matrix, "dtype")
    kind = str(matrix.attrs.get("encoding-type", matrix.attrs.get("h5sparse_format", ""))) if is_sparse else ""
    by_column = kind.startswith("csc")
    n_stored, n_other = (n_var, n_obs) if by_column else (n_obs, n_var)
    step = max(1, _CHUNK_BYTES // (8 * max(n_other, 1)))
    for start in range(0, n_stored, step):
        part = slice(start, min(start + step, n_stored))
        if is_sparse:
            edges = matrix["indptr"][part.start : part.stop + 1].astype(np.int64)
            inside = slice(int(edges[0]), int(edges[-1]))
            values, index = matrix["data"][inside].astype(np.float64), matrix["indices"][inside]
            block = sparse.csr_matrix((values, index, edges - edges[0]), shape=(part.stop - part.start, n_other))
        else:
            block = matrix[part].astype(np.float64)
        whole = slice(0, n_other)
        if axis == ("var" if by_column else "obs"):  # the regions are what is stored one after the other
            yield part, whole, block
        else:
            yield whole, part, block.T


def _groups(
    spec: ImportDatasetSpec, file: Source, cells: Any, of_cell: np.ndarray, tasks: list[str], result: Imported
) -> list[str] | None:
    if not spec.group_column:
        return None
    words = _column(spec.group_column, "group_column", file, cells).astype(str).tolist()
    groups, mixed = [], []
    for number, task in enumerate(tasks):
        counts = Counter(words[i] for i in np.flatnonzero(of_cell == number))
        groups.append(counts.most_common(1)[0][0])
        if len(counts) > 1:
            mixed.append(task)
    if mixed:
        result.notes.append(
            f"clusters with cells of several {spec.group_column} went to the most frequent: {', '.join(mixed[:10])}"
        )
    return groups
