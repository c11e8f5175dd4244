"""Serve TrainerService alone: ``python -m cislex_trainer --listen 127.0.0.1:50052``."""

from __future__ import annotations

from cislex_runtime.serving.server import main

from cislex_trainer.servicer import register

if __name__ == "__main__":
    main("cislex_trainer", [register], default_listen="127.0.0.1:50052")
