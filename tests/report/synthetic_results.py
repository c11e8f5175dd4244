"""A result folder of synthetic test data, written by the rules of docs/formats.md.

The sequences are random with planted motifs and every figure is computed from them, but by stand-ins (a motif score
plus noise in place of a network), so nothing here is a result: ``run.json`` says so in its notes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from synthetic_model import ModelPart
from synthetic_motifs import MotifPart
from synthetic_parts import Shape


class Folder(ModelPart, MotifPart):
    """Writes the folder part by part; each part uses what the earlier ones made."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path, self.shape = path, shape
        self.rng = np.random.default_rng(shape.seed)
        path.mkdir(parents=True, exist_ok=True)

    def write(self) -> Path:
        """Everything."""
        self._sequences()
        self._training()
        self._evaluation()
        self._attributions()
        self._clusters_and_motifs()
        self._filters()
        self._enrichment()
        if self.shape.demo:
            self._planted()
        self._run()
        return self.path

    def _run(self) -> None:
        steps = [
            {
                "id": id,
                "title": title,
                "task": task,
                "status": "succeeded",
                "cache_hit": id == "dataset",
                "note": "",
                "artifact": {"sha256": f"{k:02x}" * 32, "size_bytes": 1000},
                "seconds": 3.2 * (k + 1),
                "warnings": [],
                "request": {},
                "summary": {},
            }
            for k, (id, title, task) in enumerate(
                [
                    ("dataset", "Build the dataset", "encoder.BuildDataset"),
                    ("train", "Train the model", "trainer.TrainModel"),
                    ("evaluate", "Evaluate", "trainer.EvaluateModel"),
                    ("export", "Export as ONNX", "trainer.ExportModel"),
                    ("attributions", "Attributions", "explainer.ComputeAttributions"),
                    ("kmers", "k-mers", "explainer.ExtractKmers"),
                    ("clusters", "Cluster the k-mers", "motif.ClusterKmers"),
                    ("motifs_clusters", "Motifs of the clusters", "motif.DiscoverMotifs"),
                    ("motifs_sets", "Motifs of the sets", "motif.DiscoverMotifs"),
                    ("compare", "Name the motifs", "motif.CompareMotifs"),
                    ("filters", "Explain the filters", "explainer.ExplainFilters"),
                    ("compare_filters", "Name the filters", "motif.CompareMotifs"),
                    ("enrich", "Known motifs in both sets", "motif.EnrichMotifs"),
                ]
            )
        ]
        by_id = {step["id"]: step for step in steps}
        by_id["dataset"]["summary"] = {"window_bp": self.shape.window, "genome_digest": "SQ.test-only"}
        by_id["compare"]["summary"] = {
            "database": "jaspar2024-vertebrates",
            "n_targets": 879,
            "threshold": 0.05,
            "threshold_on": "THRESHOLD_ON_QVALUE",
        }
        self._json(
            "run.json",
            {
                "format": "cislex-run/1",
                "pipeline": "demo" if self.shape.demo else "wtko",
                "cislex_version": "0.1.0",
                "command": ["cislex", "run", "wtko", "--wt", "/data/my peaks/wt.bed", "--ko", "/data/ko.bed"],
                "created": "2026-01-02T03:04:05Z",
                "finished": "2026-01-02T03:07:05Z",
                "seconds": 180.0,
                "context": {"name": "local", "server_version": "0.1.0"},
                "host": {"platform": "Linux", "python": "3.11", "cpu_count": 2},
                "inputs": {
                    role: {"path": f"/data/{role}.bed", "sha256": "0f" * 32, "size_bytes": 12345}
                    for role in ("wt", "ko")
                },
                "options": {
                    "window_bp": self.shape.window,
                    "seeds": list(range(self.shape.seeds)),
                    "protocol": "default",
                },
                "steps": steps,
                "files": [],
                "notes": ["Synthetic test data: written by the tests, not by a run."],
            },
        )


def write_results(path: Path, shape: Shape | None = None) -> Path:
    """Write a whole folder and answer its path."""
    return Folder(path, shape or Shape()).write()
