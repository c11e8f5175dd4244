"""Names that numpy pickled: an array of objects in a .npy file, as it comes from pandas. Nothing is run, nothing built.

The pickle's own instructions are looked at first: only those that hold text, numbers and lists may occur. The classes
that numpy's arrays name are stand-ins here, so no code of numpy sees the values and no size in the file is believed.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from typing import Any

_ALLOWED = frozenset(
    (
        *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT"),
        *("BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "EMPTY_LIST", "LIST", "APPEND"),
        *("APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"),
        *("GET", "BINGET", "LONG_BINGET", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
    )
)
_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")


class NotNamesError(ValueError):
    """The pickle holds something other than an array of names."""


class _Array:
    """Stands in for an array of objects: keeps its shape and its list."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = ()
        self.items: list[Any] = []

    def __setstate__(self, state: Any) -> None:
        if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[4], list)):
            raise NotNamesError("its array is not a list of objects")
        if not (isinstance(state[1], tuple) and all(isinstance(n, int) for n in state[1])):
            raise NotNamesError("its array has no shape")
        self.shape, self.items = state[1], state[4]  # the list goes row by row, however the array lay in memory


class _DType:
    """Stands in for a dtype, which the .npy header has told already."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    return str(text).encode("latin1", "replace")


_STANDINS: dict[tuple[str, str], Any] = {
    **{(module, "_reconstruct"): _reconstruct for module in _MODULES},
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encode,  # how pickles of Python 2 hold bytes
}


class _Reader(pickle._Unpickler):  # the one in Python: its memo is no array in C
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STANDINS:
            raise NotNamesError(f"{module}.{name} is no text")
        return _STANDINS[module, name]


def read_pickled(data: bytes) -> list[list[Any]]:
    """Rows of an array of one or two dimensions. Raises NotNamesError for anything else, whatever the bytes are."""
    try:
        for opcode, _, _ in pickletools.genops(data):
            if opcode.name not in _ALLOWED:
                raise NotNamesError(f"it needs {opcode.name}, which no text needs")
        array = _Reader(io.BytesIO(data), encoding="latin1").load()
    except NotNamesError:
        raise
    except Exception as error:  # a pickle that is damaged can raise anything
        raise NotNamesError(f"{type(error).__name__}: {error}") from None
    if not isinstance(array, _Array):
        raise NotNamesError("it is no array")
    shape, items = array.shape, array.items
    width = shape[1] if len(shape) == 2 else 1
    if len(shape) not in (1, 2) or shape[0] * width != len(items) or width < 1:
        raise NotNamesError(f"its shape is {str(shape)[:60]}, and it holds {len(items):,} objects")
    return [items[i : i + width] for i in range(0, len(items), width)]
