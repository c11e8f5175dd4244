"""Which message each collection shows, read from the stubs: for results of services that this process does not serve.

Services that share a ledger answer for each other's operations (``google.longrunning.Operations`` is on every port), so
the encoder must show a model as well as the trainer does. A collection is the repeated field of a ``List…Response``
whose messages start with ``name`` and ``artifact``.
"""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from google.protobuf import message_factory
from google.protobuf.message import Message


@functools.cache
def shown_in() -> dict[str, type[Message]]:
    """Collection → its message, for every service whose stubs are installed."""
    import cislex

    found: dict[str, type[Message]] = {}
    for file in sorted(file for folder in cislex.__path__ for file in Path(folder).glob("*/v1/*_pb2.py")):
        stubs = importlib.import_module(f"cislex.{file.parts[-3]}.v1.{file.stem}")
        for name, listed in stubs.DESCRIPTOR.message_types_by_name.items():
            if not (name.startswith("List") and name.endswith("Response")):
                continue
            for field in listed.fields:
                shown = field.message_type
                if shown is not None and [part.name for part in shown.fields[:2]] == ["name", "artifact"]:
                    found[field.name] = message_factory.GetMessageClass(shown)
    return found
