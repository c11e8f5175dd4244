"""TF-MoDISco as a program of its own: ``python -m cislex_motif.modisco_search <folder>``.

It takes minutes without a place to stop, forks helpers and leaves its memory behind, so it does not run inside the
worker. The folder holds request.json and codes.npy; result.json, modisco.h5 and logos/ are written into it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cislex_motif.modisco_memory import estimated_bytes, seqlets_that_fit

#: Shares of windows that pass, and the share of weak ones: modisco-lite's defaults, which the search uses too.
_MIN_PASSING, _MAX_PASSING, _WEAK = 0.03, 0.2, 0.8


def main(folder: Path) -> None:
    """Count the seqlets; search where there are enough of them and memory holds them."""
    request = json.loads((folder / "request.json").read_text())
    one_hot, hypothetical = load(folder, request)
    n_positive, n_negative = count_seqlets(one_hot, hypothetical, request)
    limit = int(request["max_seqlets"])
    clustered = [min(n, limit) for n in (n_positive, n_negative) if n > request["min_seqlets"]]
    needed = estimated_bytes(one_hot.shape, max(clustered, default=0))
    result: dict[str, Any] = {"n_positive": n_positive, "n_negative": n_negative, "estimated_bytes": needed}
    if not clustered:
        result["status"] = "few"
    elif needed > request["limit_bytes"]:
        result |= {"status": "memory", "fits": seqlets_that_fit(one_hot.shape, request["limit_bytes"])}
    else:
        if max(n_positive, n_negative) > limit:  # the search takes the first ones: let them be a random sample
            order = np.random.default_rng(request["seed"]).permutation(len(one_hot))
        else:
            order = np.arange(len(one_hot))
        search(folder, one_hot[order], hypothetical[order], request)
        np.save(folder / "order.npy", order)
        result["status"] = "done"
    (folder / "result.json").write_text(json.dumps(result))


def load(folder: Path, request: dict[str, Any]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """One-hot and hypothetical scores (n, length, 4) of the central stretch; zero at N."""
    start, stop = request["start"], request["stop"]
    codes = np.load(folder / "codes.npy")[:, start:stop]
    one_hot = (codes[:, :, None] == np.arange(4, dtype=np.uint8)).astype(np.float32)
    scores = np.load(request["hypothetical"], mmap_mode="r")
    hypothetical = np.empty_like(one_hot)
    for at in range(0, len(scores), 1024):
        part = slice(at, at + 1024)
        hypothetical[part] = scores[part, :, start:stop].transpose(0, 2, 1) * one_hot[part].sum(2, keepdims=True)
    return one_hot, hypothetical


def count_seqlets(
    one_hot: npt.NDArray[np.float32], hypothetical: npt.NDArray[np.float32], request: dict[str, Any]
) -> tuple[int, int]:
    """How many positive and negative seqlets modisco-lite will find: its first step, before anything is clustered."""
    from modiscolite.extract_seqlets import extract_seqlets

    core, flank = request["core_bp"], request["flank_bp"]
    scores = (one_hot * hypothetical).sum(2)
    seqlets, threshold = extract_seqlets(
        attribution_scores=scores.copy(), window_size=core, flank=flank, suppress=int(0.5 * core) + flank,
        target_fdr=request["fdr"], min_passing_windows_frac=_MIN_PASSING, max_passing_windows_frac=_MAX_PASSING,
        weak_threshold_for_counting_sign=_WEAK,
    )  # fmt: skip
    sums = np.array([scores[s.example_idx, s.start + flank : s.end - flank].sum() for s in seqlets])
    return int((sums > threshold).sum()), int((sums < -threshold).sum())


def search(
    folder: Path, one_hot: npt.NDArray[np.float32], hypothetical: npt.NDArray[np.float32], request: dict[str, Any]
) -> None:
    """TF-MoDISco with its defaults; seqlets are clustered by our modularity search (``modularity``)."""
    from modiscolite import cluster, tfmodisco
    from modiscolite.io import save_hdf5

    from cislex_motif.modularity import best_partition

    def by_modularity(affinity_mat: Any, n_seeds: int = 2, n_leiden_iterations: int = -1) -> npt.NDArray[np.int64]:
        return best_partition(affinity_mat, n_seeds, request["seed"])

    cluster.LeidenCluster = by_modularity
    tfmodisco._import_dependencies = lambda: None
    positive, negative = tfmodisco.TFMoDISco(
        one_hot,
        hypothetical,
        sliding_window_size=request["core_bp"],
        flank_size=request["flank_bp"],
        target_seqlet_fdr=request["fdr"],
        min_metacluster_size=request["min_seqlets"],
        max_seqlets_per_metacluster=request["max_seqlets"],
        min_passing_windows_frac=_MIN_PASSING,
        max_passing_windows_frac=_MAX_PASSING,
        weak_threshold_for_counting_sign=_WEAK,
        n_leiden_runs=request["runs"],
    )
    save_hdf5(str(folder / "modisco.h5"), positive or None, negative or None, one_hot.shape[1])
    draw_logos(folder)


def draw_logos(folder: Path) -> None:
    """logos/<pos|neg>_patterns.pattern_<i>.cwm.<fwd|rev>.png, as modisco-lite's own report draws them."""
    import matplotlib

    matplotlib.use("Agg")
    from modiscolite.report import create_modisco_logos

    (folder / "logos").mkdir()
    create_modisco_logos(str(folder / "modisco.h5"), str(folder / "logos"), 0.3, ["pos_patterns", "neg_patterns"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
