"""A matrix that is written by rows and read by columns, larger than memory: a scratch file stored column after column.

Writing appends a block of rows as one short write per column; reading a column is one long read. Nothing is mapped, so
neither counts towards the process's resident memory.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np

_ITEM_BYTES = 4
#: Rows held back before they are written: 32 KiB a column keeps the writes long.
_BLOCK_ROWS = 8192


class ColumnFile:
    """float32 (n_rows, n_columns). ``append`` rows in order, ``flush``, then ``column(i)``."""

    def __init__(self, path: Path, n_rows: int, n_columns: int) -> None:
        self.n_rows, self.n_columns = n_rows, n_columns
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.ftruncate(self._handle, max(1, n_rows * n_columns * _ITEM_BYTES))
        self._waiting = np.empty((n_columns, min(_BLOCK_ROWS, max(n_rows, 1))), dtype="<f4")
        self._held = 0
        self._written = 0

    def append(self, block: np.ndarray) -> None:
        """Add rows (m, n_columns)."""
        start = 0
        while start < len(block):
            part = block[start : start + self._waiting.shape[1] - self._held]
            self._waiting[:, self._held : self._held + len(part)] = part.T
            self._held += len(part)
            start += len(part)
            if self._held == self._waiting.shape[1]:
                self.flush()

    def flush(self) -> None:
        """Write what is held back."""
        for column in range(self.n_columns if self._held else 0):
            offset = (column * self.n_rows + self._written) * _ITEM_BYTES
            data = np.ascontiguousarray(self._waiting[column, : self._held]).data.cast("B")
            while data:
                done = os.pwrite(self._handle, data, offset)
                data, offset = data[done:], offset + done
        self._written += self._held
        self._held = 0

    def column(self, index: int) -> np.ndarray:
        """(n_rows,) float32; every row must have been appended and flushed."""
        if self._written != self.n_rows or not 0 <= index < self.n_columns:
            raise ValueError(f"column {index} of {self.n_columns}, with {self._written} of {self.n_rows} rows written")
        with open(self._path, "rb") as file:
            return np.fromfile(file, dtype="<f4", count=self.n_rows, offset=index * self.n_rows * _ITEM_BYTES)

    def __enter__(self) -> ColumnFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Close and remove the file."""
        os.close(self._handle)
        self._path.unlink(missing_ok=True)
