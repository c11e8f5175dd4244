"""attributions.npz of the result folder: an attributions artifact and the sequences it speaks of, in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

CAP_BYTES = 256 << 20


def write_attributions(attributions: Path, dataset: Path, target: Path, cap_bytes: int = CAP_BYTES) -> None:
    """Write rows (n,), codes (n, L) uint8, labels (n,), importance (n, L), projected (n, L), hypothetical (n, 4, L).

    ``projected`` here is the value at the observed base: the artifact's (n, 4, L) summed over channels, of which only
    one is not zero. Rows beyond ``cap_bytes`` are left out, evenly spaced; arrays are read memory-mapped.
    """
    rows = np.load(attributions / "rows.npy", mmap_mode="r", allow_pickle=False)
    hypothetical = np.load(attributions / "hypothetical.npy", mmap_mode="r", allow_pickle=False)
    projected = np.load(attributions / "projected.npy", mmap_mode="r", allow_pickle=False)
    importance = np.load(attributions / "importance.npy", mmap_mode="r", allow_pickle=False)
    codes = np.load(dataset / "codes.npy", mmap_mode="r", allow_pickle=False)
    targets = np.load(dataset / "targets.npy", mmap_mode="r", allow_pickle=False)
    length = importance.shape[1] if importance.ndim == 2 else codes.shape[1]
    per_row = length * (4 * 4 + 4 + 4 + 1) + 16
    keep = kept_rows(len(rows), max(1, cap_bytes // per_row))
    chosen = np.asarray(rows[keep])
    meta = _meta(attributions) | {"n_total": len(rows), "capped": len(keep) < len(rows)}
    np.savez_compressed(
        target,
        rows=chosen.astype(np.int64),
        codes=np.asarray(codes[chosen], dtype=np.uint8),
        labels=np.asarray(targets[chosen], dtype=np.int64),
        importance=np.asarray(importance[keep], dtype=np.float32),
        projected=np.asarray(projected[keep], dtype=np.float32).sum(axis=1, dtype=np.float32),
        hypothetical=np.asarray(hypothetical[keep], dtype=np.float32),
        meta=np.array(json.dumps(meta)),
    )


def kept_rows(n: int, most: int) -> np.ndarray:
    """Indices (m,) int64, increasing and evenly spaced over 0..n-1; all of them when n ≤ most."""
    if n <= most:
        return np.arange(n, dtype=np.int64)
    return np.floor(np.arange(most) * (n / most)).astype(np.int64)


def _meta(attributions: Path) -> dict[str, Any]:
    manifest = json.loads((attributions / "manifest.json").read_text())
    known = {**manifest.get("spec", {}), **manifest.get("semantics", {}), **manifest.get("summary", {})}
    return {key: known.get(key) for key in ("method", "target", "seed_index", "seeds")}
