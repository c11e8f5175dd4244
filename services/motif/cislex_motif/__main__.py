"""Serve MotifService alone: ``python -m cislex_motif --listen 127.0.0.1:50054``."""

from __future__ import annotations

from cislex_runtime.serving.server import main

from cislex_motif.servicer import register

if __name__ == "__main__":
    main("cislex_motif", [register], default_listen="127.0.0.1:50054")
