"""Arrays and names that lie in .npy files. Nothing is unpickled but text: an object array of names is read by a reader
that knows strings and lists alone.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import InputRef, Inputs
from cislex_core.text_files import read_lines

from cislex_encoder.inputs import source
from cislex_encoder.preflight import Source

_NPY = b"\x93NUMPY"
_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


def _encode(text: str, encoding: str = "latin1") -> bytes:
    return str(text).encode("latin1")


class _TextUnpickler(pickle.Unpickler):
    """Rebuilds numpy arrays of plain values; any other class or function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):  # how pickles of Python 2 hold bytes
            return _encode
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"{module}.{name} is no text")
        return super().find_class(module, name)


def invalid(file: Source, text: str, **metadata: Any) -> UserError:
    """INVALID_TABLE about a file; ``text`` goes on after its name."""
    return UserError(Reason.INVALID_TABLE, f"{file.shown} {text}", field=file.field_path, file=file.shown, **metadata)


def load_array(file: Source) -> np.ndarray:
    """A .npy file, memory-mapped. Raises INVALID_TABLE for anything else, and for arrays of objects."""
    try:
        return np.asarray(np.load(file.path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise invalid(
            file, f"cannot be read as .npy ({error}); save a plain numeric array with numpy.save, without objects"
        ) from None


def names_of(inputs: Inputs, ref: InputRef | None, field_path: str, n: int) -> list[str] | None:
    """Names from a .npy of strings or a text file with one a line; None where no file is given.

    Raises INVALID_TABLE unless there are ``n`` of them.
    """
    return named(inputs, ref, field_path, n)[0]


def named(inputs: Inputs, ref: InputRef | None, field_path: str, n: int) -> tuple[list[str] | None, list[str] | None]:
    """Names, and groups where the file has them, of ``n`` rows or tasks; see ``read_names``."""
    if ref is None:
        return None, None
    file = source(inputs, ref, field_path)
    names, groups = read_names(file)
    if len(names) != n:
        raise invalid(file, f"holds {len(names):,} names where the array has {n:,}")
    return names, groups


def read_names(file: Source) -> tuple[list[str], list[str] | None]:
    """Names, and groups or None. Raises INVALID_TABLE for an array of anything but text, bytes or numbers.

    An array of two columns, or a line with a tab, is (name, group); three are (id, name, group), as AI-TAC's.
    """
    with open(file.path, "rb") as handle:
        is_npy = handle.read(len(_NPY)) == _NPY
    if is_npy:
        table = [[text_of(item) for item in row] for row in _npy_rows(file)]
    else:
        table = [line.strip().split("\t") for _, line in read_lines(file.path, file.shown) if line.strip()]
    widths = {len(row) for row in table}
    if len(widths) > 1 or max(widths, default=1) > 3:
        raise invalid(file, f"has rows of {sorted(widths)} columns; 1, 2 (name, group) or 3 (id, name, group) are read")
    width = widths.pop() if widths else 1
    return [row[-2] if width > 1 else row[0] for row in table], [row[-1] for row in table] if width > 1 else None


def text_of(item: object) -> str:
    """A name as text: bytes are decoded."""
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)


def _npy_rows(file: Source) -> list[list[object]]:
    with open(file.path, "rb") as handle:
        version = np.lib.format.read_magic(handle)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, _, dtype = header(handle)
        if not dtype.hasobject:
            array = load_array(file)
        else:
            try:
                array = np.asarray(_TextUnpickler(handle, encoding="latin1").load())
            except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError) as error:
                raise invalid(file, f"holds pickled objects that are no names ({error}); give a text file") from None
    if array.ndim not in (1, 2):
        raise invalid(file, f"has the shape {array.shape}; a list of names is needed")
    rows = array.reshape(array.shape[0], -1).tolist()
    if not all(isinstance(item, (str, bytes, int, float)) for row in rows for item in row):
        raise invalid(file, "holds objects that are no names; give a text file with one name a line")
    return rows
