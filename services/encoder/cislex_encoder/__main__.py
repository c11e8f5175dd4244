"""``python -m cislex_encoder --listen 0.0.0.0:50051``: the encoder as a service of its own."""

from __future__ import annotations

from cislex_runtime.serving.server import main

from cislex_encoder.servicer import register

if __name__ == "__main__":
    main("cislex_encoder", [register])
