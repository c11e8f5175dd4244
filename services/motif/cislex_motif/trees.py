"""A tree of merges as a table and as Newick."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LINKAGE_SCHEMA = pa.schema(
    [
        ("node", pa.int64()),
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("height", pa.float64()),
        ("n_leaves", pa.int64()),
    ]
)


def linkage_table(merges: FloatArray) -> pa.Table:
    """One row per merge: ``node`` joins ``left`` and ``right``; numbers below n are motifs, by order of input."""
    n = len(merges) + 1
    columns = {
        "node": np.arange(n, n + len(merges)),
        "left": merges[:, 0].astype(np.int64),
        "right": merges[:, 1].astype(np.int64),
        "height": merges[:, 2],
        "n_leaves": merges[:, 3].astype(np.int64),
    }
    return pa.table(columns, schema=LINKAGE_SCHEMA)


def leaf_order(merges: FloatArray) -> IntArray:
    """(n,) position of each leaf from top to bottom when the tree is drawn, left child first."""
    n = len(merges) + 1
    order = np.zeros(n, dtype=np.int64)
    stack, at = [2 * n - 2], 0
    while stack:
        node = stack.pop()
        if node < n:
            order[node] = at
            at += 1
        else:
            left, right = merges[node - n, :2].astype(int)
            stack += [int(right), int(left)]
    return order


def newick(merges: FloatArray, names: list[str]) -> str:
    """The tree; a branch is as long as the heights of its ends differ. Names are quoted where Newick needs it."""
    n = len(names)
    text = [_quoted(name) for name in names]
    height = [0.0] * n
    for left, right, at, _ in merges.tolist():
        parts = [f"{text[int(child)]}:{max(at - height[int(child)], 0.0):.6g}" for child in (left, right)]
        # Texts of children are not needed again: what is kept stays as long as the tree itself.
        text[int(left)] = text[int(right)] = ""
        text.append(f"({parts[0]},{parts[1]})")
        height.append(at)
    return text[-1] + ";\n"


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'" if set(name) & set(" ()[]{}/\\,;:='\"") else name
