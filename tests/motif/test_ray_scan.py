"""A scan whose shards are Ray tasks on two nodes: the artifact of one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.motifs import Motif
from cislex_core.sequences import decode
from cislex_motif import scan_shards

pytest.importorskip("ray", reason="Ray is an extra")
from two_nodes import on_two_nodes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


def test_two_nodes_give_the_hits_of_one_process(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    least = 2_000_000
    monkeypatch.setenv("SCAN_LEAST", str(least))
    monkeypatch.setattr(scan_shards, "LEAST", least)
    rng = np.random.default_rng(3)
    motifs = [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.3), size=6 + i % 4), nsites=40.0) for i in range(40)]
    path = tmp_path / "some.fa"
    rows = rng.integers(0, 5, (100, 2000)).astype(np.uint8)
    path.write_text("".join(f">s{i}\n{decode(row)}\n" for i, row in enumerate(rows)))
    # by digest only: the nodes read the file from the store
    file = {"sha256": desk.file(path).sha256, "path": None}
    asked = {"fasta": file, "sources": [desk.motifs(motifs)], "threshold": 1e-4, "threshold_on": "pvalue"}
    alone = desk.run("ScanMotifs", **asked)
    assert len(list(desk.scratch.glob("shards-*/*/done.json"))) > 1
    spread, told = on_two_nodes(desk.store, "motif.ScanMotifs", **asked)
    assert spread.digest == alone.digest
    assert told["nodes"] == 2
