"""Look at an HDF5 file before anything of it is read: nothing outside of it may be read, no size is taken on trust.

HDF5 can link to objects of other files, keep a dataset's bytes in other files, and make a dataset up from parts of
others; each names a path of the machine that reads it. A dataset of any size fits into few bytes when none was written.
"""

from __future__ import annotations

import math
from typing import Any

from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import input_limits, refuse_beyond

from cislex_encoder.preflight import Source

_MAX_OBJECTS = 100_000
#: Chunks of one value pack to nothing, so a matrix that is read in parts may unpack to this many times the file.
_MAX_RATIO = 100_000


def check_hdf5(opened: Any, file: Source) -> None:
    """``opened``: the ``h5py.File``. Raises UNSAFE_FILE, and LIMIT_EXCEEDED for tables beyond ``table_bytes``."""
    import h5py

    waiting: list[tuple[str, Any]] = [("", opened)]
    seen: set[Any] = set()
    while waiting:
        path, group = waiting.pop()
        for name in group:
            full = f"{path}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise _unsafe(file, f"{full} is a link to another file")
            if isinstance(link, h5py.SoftLink):
                continue  # it leads within this file, and what it leads to is looked at where it lies
            item = group.get(name)
            info = h5py.h5o.get_info(item.id)
            if (key := (info.fileno, info.addr)) in seen:
                continue
            seen.add(key)
            if len(seen) > _MAX_OBJECTS:
                raise _unsafe(file, f"it has more than {_MAX_OBJECTS:,} groups and datasets")
            if isinstance(item, h5py.Dataset):
                _check_dataset(item, full, file)
            elif isinstance(item, h5py.Group):
                waiting.append((full, item))


def _check_dataset(dataset: Any, path: str, file: Source) -> None:
    if dataset.external:
        raise _unsafe(file, f"the values of {path} are said to lie in another file")
    if dataset.is_virtual:
        raise _unsafe(file, f"{path} is made up from parts of other files")
    size = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
    is_read_in_parts = path == "/X" or path.startswith(("/X/", "/layers/"))
    if not is_read_in_parts:
        refuse_beyond(size, "table_bytes", f"{file.shown} {path}", "bytes")
    elif size > input_limits().table_bytes and size > _MAX_RATIO * file.path.stat().st_size:
        refuse_beyond(size, "table_bytes", f"{file.shown} {path}", "bytes, nearly all of them not in the file,")


def _unsafe(file: Source, text: str) -> UserError:
    return UserError(
        Reason.UNSAFE_FILE,
        f"{file.shown} was not read: {text}; write it anew with anndata's write_h5ad, everything in one file",
        field=file.field_path,
        file=file.shown,
    )
