"""Serve ExplainerService alone: ``python -m cislex_explainer --listen 127.0.0.1:50053``."""

from __future__ import annotations

from cislex_runtime.serving.server import main

from cislex_explainer.servicer import register

if __name__ == "__main__":
    main("cislex_explainer", [register], default_listen="127.0.0.1:50053")
