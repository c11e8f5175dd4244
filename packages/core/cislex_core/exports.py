"""An exported model as others find it: where the graph and its labels lie in an artifact of kind export.

Two layouts (docs/formats.md): the files side by side, or a repository of NVIDIA Triton, ``<name>/1/model.onnx``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.targets import TargetType

ONNX = "onnx"
TRITON = "triton_repository"


@dataclass(frozen=True)
class Export:
    """An artifact of kind export, read through its summary. Paths are verified against the manifest when asked for."""

    artifact: Artifact

    @classmethod
    def of(cls, artifact: Artifact) -> Export:
        """Raises ARTIFACT_KIND for another kind."""
        if artifact.kind != "export":
            raise UserError(
                Reason.ARTIFACT_KIND,
                f"artifact {artifact.digest[:16]} is of kind {artifact.kind!r}; an export is needed",
                kind=artifact.kind,
            )
        return cls(artifact)

    @property
    def folder(self) -> str:
        """Prefix of the model's files: empty, or ``<name>/``."""
        summary = self.artifact.manifest.summary
        return f"{summary['model_name']}/" if summary.get("format", ONNX) == TRITON else ""

    @property
    def onnx_name(self) -> str:
        """The graph's name in the artifact."""
        return f"{self.folder}1/model.onnx" if self.folder else "model.onnx"

    @property
    def onnx_path(self) -> Path:
        """The graph."""
        return self.artifact.path(self.onnx_name)

    @property
    def labels(self) -> list[str]:
        """Class or task of each logit."""
        return self.artifact.path(f"{self.folder}labels.txt").read_text().splitlines()

    @property
    def window_bp(self) -> int:
        """Width of the windows it reads."""
        return int(self.artifact.manifest.summary["window_bp"])

    @property
    def target_type(self) -> TargetType:
        """What the model was trained on."""
        found: TargetType = self.artifact.manifest.summary.get("target_type", "class_index")
        return found

    @property
    def activation(self) -> str:
        """What turns a logit into what a person reads: ``softmax``, ``sigmoid``, ``identity`` or ``exp``."""
        return str(self.artifact.manifest.summary.get("activation", "softmax"))

    @property
    def strand_symmetric(self) -> bool:
        """Whether the graph averages both strands."""
        return bool(self.artifact.manifest.summary.get("strand_symmetric", False))
