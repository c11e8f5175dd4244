"""A desk for the motif service's tasks: datasets and motif artifacts in a store of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex_core.manifests import Artifact
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import InputRef
from cislex_motif.compare import MEME_FILES
from cislex_motif.servicer import KINDS
from cislex_runtime.working.task_io import WorkerProgress
from google.protobuf.json_format import ParseDict
from task_desk import Desk


class MotifDesk(Desk):
    """Runs ``motif.*`` tasks."""

    area = "motif"

    def run(self, task: str, progress: WorkerProgress | None = None, **fields: Any) -> Artifact:
        """As every desk's; the summary must be the resource's message."""
        artifact = super().run(task, progress, **fields)
        ParseDict(artifact.manifest.summary, KINDS[artifact.kind][1]())
        return artifact

    def file(self, path: Path) -> InputRef:
        """A user's file as a spec names it."""
        return InputRef(sha256=self.store.put_file(path), path=str(path))

    def dataset(self, codes: np.ndarray, targets: np.ndarray, target: dict[str, Any], **columns: Sequence[Any]) -> str:
        """Digest of a dataset; ``columns`` of rows.parquet replace the defaults (split test, no place, no name)."""
        n = len(codes)
        rows: dict[str, Any] = {
            "row": np.arange(n), "name": pa.nulls(n, pa.string()), "split": ["test"] * n,
            "chrom": pa.nulls(n, pa.string()), "start": pa.nulls(n, pa.int64()), "end": pa.nulls(n, pa.int64()),
        }  # fmt: skip

        def write(folder: Path) -> None:
            np.save(folder / "codes.npy", codes)
            np.save(folder / "targets.npy", targets)
            pq.write_table(pa.table({**rows, **columns}), folder / "rows.parquet")

        return self.commit("dataset", write, semantics={"target": target}).digest

    def motifs(self, motifs: Sequence[Motif], kind: str = "motifs", **tables: pa.Table) -> str:
        """Digest of an artifact of a kind that holds motifs; ``tables`` by file name without ``.parquet``."""

        def write(folder: Path) -> None:
            write_motifs(folder / MEME_FILES[kind], motifs)
            for name, table in tables.items():
                pq.write_table(table, folder / f"{name}.parquet")

        return self.commit(kind, write).digest


@pytest.fixture
def desk(tmp_path: Path) -> MotifDesk:
    return MotifDesk.at(tmp_path)
