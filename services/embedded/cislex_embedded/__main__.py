"""Serve all four services on a Unix socket under $CISLEX_HOME."""

from cislex_core.settings import Settings
from cislex_runtime.serving.server import main

from cislex_embedded.services import registers

if __name__ == "__main__":
    main("cislex_embedded", registers(), default_listen=f"unix:{Settings.from_env().socket_path}")
