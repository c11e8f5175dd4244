"""The cislex command, its pipelines and the report; and cislex from Python (docs/python.md):

from cislex_client import Client, calls
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cislex_client.api import calls, errors
    from cislex_client.api.asynchronous import AsyncClient, AsyncJob
    from cislex_client.api.states import JobState
    from cislex_client.api.synchronous import Client, Job

__version__ = "0.1.0"
__all__ = ["AsyncClient", "AsyncJob", "Client", "Job", "JobState", "calls", "errors"]

# Loaded when first used: the command starts without them.
_PLACES = {
    "AsyncClient": "asynchronous",
    "AsyncJob": "asynchronous",
    "Client": "synchronous",
    "Job": "synchronous",
    "JobState": "states",
    "calls": "calls",
    "errors": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"cislex_client.api.{_PLACES[name]}")
    return getattr(module, name, module)
