"""Arrays and names that lie in .npy files. Nothing is unpickled: an array of objects is read as text, or not at all."""

from __future__ import annotations

import math
import sys
from typing import Any, BinaryIO

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import refuse_beyond
from cislex_core.tasks import InputRef, Inputs
from cislex_core.text_files import read_lines

from cislex_encoder.inputs import source
from cislex_encoder.pickled_names import NotNamesError, read_pickled
from cislex_encoder.preflight import Source

_NPY = b"\x93NUMPY"


def invalid(file: Source, text: str, **metadata: Any) -> UserError:
    """INVALID_TABLE about a file; ``text`` goes on after its name."""
    return UserError(Reason.INVALID_TABLE, f"{file.shown} {text}", field=file.field_path, file=file.shown, **metadata)


def load_array(file: Source) -> np.ndarray:
    """A .npy file, memory-mapped. Raises INVALID_TABLE for anything else, and for arrays of objects."""
    try:
        with open(file.path, "rb") as handle:
            shape, dtype = header_of(handle)
            left_bytes = file.path.stat().st_size - handle.tell()
        # numpy's own count of bytes can overflow, and then fits
        if dtype.itemsize and math.prod(shape) > left_bytes // dtype.itemsize:
            raise ValueError(f"its shape is {str(shape)[:60]}, and it is too short for it")
        return np.asarray(np.load(file.path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError, OSError, OverflowError, TypeError) as error:
        raise invalid(
            file, f"cannot be read as .npy ({error}); save a plain numeric array with numpy.save, without objects"
        ) from None


def header_of(handle: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type that a .npy says it holds. Raises ValueError for what is no such header."""
    version = np.lib.format.read_magic(handle)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version} of the format is not known")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read(handle)
    except (ValueError, EOFError, OSError):
        raise
    except Exception as error:  # the header is Python source; what is not, raises what it likes
        raise ValueError(f"its header cannot be read: {type(error).__name__}") from None
    if any(n < 0 for n in shape) or len(shape) > 32:
        raise ValueError(f"its shape is {str(shape)[:60]}")
    return shape, dtype


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
    """A name as text: bytes are decoded, and what is no text (half a surrogate pair) becomes a question mark."""
    text = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def cells_of(array: np.ndarray) -> list[Any]:
    """The values as Python's, in the array's shape. ValueError for numbers in the place of letters."""
    if array.dtype.kind not in "USbiuf":
        raise ValueError(f"it holds {array.dtype}, which are no names")
    if array.dtype.kind == "U" and array.size:
        letters = np.ascontiguousarray(array).view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if letters.max() > sys.maxunicode:
            raise ValueError("it holds letters that are none")
    cells: list[Any] = array.tolist()
    return cells


def _npy_rows(file: Source) -> list[list[Any]]:
    try:
        with open(file.path, "rb") as handle:
            _, dtype = header_of(handle)
            if dtype.hasobject:
                refuse_beyond(file.path.stat().st_size, "names_bytes", file.shown, "bytes of names")
                rows = read_pickled(handle.read())
            else:
                array = load_array(file)
                if array.ndim not in (1, 2):
                    raise invalid(file, f"has the shape {array.shape}; a list of names is needed")
                rows = cells_of(array.reshape(array.shape[0], -1)) if array.size else []
    except NotNamesError as error:
        raise invalid(file, f"holds pickled objects that are no names ({error}); give a text file") from None
    except (ValueError, EOFError) as error:
        raise invalid(file, f"cannot be read as .npy ({error}); give a text file") from None
    if not all(isinstance(item, (str, bytes, int, float)) for row in rows for item in row):
        raise invalid(file, "holds objects that are no names; give a text file with one name a line")
    return rows
