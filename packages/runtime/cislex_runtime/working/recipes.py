"""Inputs that travel: a task's processes on other machines read by digest through the store, not by somebody's path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cislex_core.stores import open_store
from cislex_core.tasks import Inputs

from cislex_runtime.working.task_io import WorkerInputs


def inputs_from(recipe: dict[str, Any]) -> Inputs:
    """The inputs that ``Inputs.recipe`` described, in this process. Files whose path is not on this machine are asked
    from the store.
    """
    here = {digest: known for digest, known in recipe["files"].items() if Path(known["path"]).exists()}
    return WorkerInputs(open_store(recipe["store"]), here)
