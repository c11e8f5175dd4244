"""Which services live together in the embedded server."""

from __future__ import annotations

from cislex_encoder import servicer as encoder
from cislex_explainer import servicer as explainer
from cislex_motif import servicer as motif
from cislex_runtime.serving.server import Register
from cislex_trainer import servicer as trainer


def registers() -> list[Register]:
    """The ``register`` functions of all four."""
    return [encoder.register, trainer.register, explainer.register, motif.register]
