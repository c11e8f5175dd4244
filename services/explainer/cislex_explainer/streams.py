"""Write .npy files block by block, so that a result larger than memory never lies in memory.

A memory map opened for writing would count towards the process's resident memory until the kernel drops its pages;
plain appending does not.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

import numpy as np


class NpyWriter:
    """An array of known shape and dtype, written along its first axis in order. Little-endian, C order.

    ``with NpyWriter(path, (n, 4, length), np.float32) as out: out.append(block)``; leaving the block without an error
    raises ``ValueError`` when fewer or more than ``shape[0]`` rows came.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self.path = path
        self.shape = shape
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self._rows = 0
        self._file = open(path, "wb")  # noqa: SIM115 - closed by close()
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, block: np.ndarray) -> None:
        """Add rows (m, *shape[1:]); the dtype is converted."""
        if block.shape[1:] != self.shape[1:]:
            raise ValueError(f"{self.path.name} takes rows of shape {self.shape[1:]}, got {block.shape[1:]}")
        self._rows += block.shape[0]
        self._file.write(np.ascontiguousarray(block, dtype=self.dtype).data)

    def append_file(self, path: Path) -> None:
        """Add the rows of another .npy file of the same row shape and dtype, byte by byte."""
        with open(path, "rb") as source:
            assert np.lib.format.read_magic(source) == (1, 0)
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(source)
            if shape[1:] != self.shape[1:] or fortran or dtype != self.dtype:
                raise ValueError(
                    f"{path.name}: takes {self.dtype} rows of shape {self.shape[1:]}, got {dtype} {shape[1:]}"
                )
            self._rows += shape[0]
            shutil.copyfileobj(source, self._file, 1 << 20)

    def close(self) -> None:
        """Flush and close. Raises ``ValueError`` when the number of rows is not the announced one."""
        self._file.close()
        if self._rows != self.shape[0]:
            raise ValueError(f"{self.path.name} was announced with {self.shape[0]} rows, got {self._rows}")

    def __enter__(self) -> NpyWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()
