"""Work for shards and gangs that runs in processes of its own, which import it by this name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Inputs, Progress
from cislex_runtime.working.gang import Rank


class Squares:
    """Squares of [start, stop); ``payload`` may name an item that fails, one that kills its process, and a file that
    the first process to reach that item removes, so that it happens once."""

    def __init__(self, payload: dict[str, Any], inputs: Inputs) -> None:
        self.payload = payload

    def __call__(self, start: int, stop: int, folder: Path, progress: Progress) -> None:
        for done, item in enumerate(range(start, stop)):
            if item == self.payload.get("fails"):
                raise UserError(Reason.INVALID_REQUEST, f"item {item} cannot be squared", field="items")
            once = self.payload.get("once")
            if item == self.payload.get("dies") and once and Path(once).exists():
                Path(once).unlink()
                os.kill(os.getpid(), 9)
            time.sleep(self.payload.get("pause_s", 0))
            progress.check_cancel()
            progress.update(done, stop - start)
        np.save(folder / "squares.npy", np.arange(start, stop) ** 2)
        if log := self.payload.get("log"):
            with open(log, "a") as file:
                file.write(f"{start}\n")


def add_up(rank: Rank, payload: dict[str, Any]) -> Any:
    """Ranks meet through files; rank 0 answers the sum of what all wrote."""
    folder = rank.folders["meeting"]
    if payload.get("dies") == rank.index:
        os.kill(os.getpid(), 9)
    if payload.get("fails") == rank.index:
        raise UserError(Reason.INVALID_REQUEST, f"rank {rank.index} of {rank.count} refuses", field="ranks")
    (folder / f"{rank.index}.txt").write_text(str((rank.index + 1) * payload["factor"]))
    rank.report({"rank": rank.index})
    while payload.get("waits") or len(list(folder.glob("*.txt"))) < rank.count:
        time.sleep(0.02)
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "OMP_NUM_THREADS")
    return {
        "sum": sum(int(path.read_text()) for path in folder.glob("*.txt")),
        "environment": {name: os.environ.get(name) for name in names},
    }
