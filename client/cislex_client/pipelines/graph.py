"""A pipeline as data: steps, their requests, and what each needs from the steps before it.

A request is a plain dict of proto fields. ``Ref("train")`` inside it stands for the resource name that the step
``train`` will have made; the graph's edges are read from these, so they cannot disagree with the requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ref:
    """The resource name made by another step."""

    step: str


@dataclass(frozen=True)
class Step:
    """One operation. ``task`` is ``<service>.<Method>``; ``request`` holds proto fields, without ids and labels."""

    id: str
    title: str
    task: str
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the steps whose results the request names, each once, in order."""
        return tuple(dict.fromkeys(ref.step for ref in _refs(self.request)))

    def resolved(self, resources: Mapping[str, str]) -> dict[str, Any]:
        """The request with every ``Ref`` replaced by its resource name. Raises KeyError for one that is missing."""
        return _replace(self.request, resources)


def check(steps: Iterable[Step]) -> list[Step]:
    """The steps in an order in which each comes after what it needs (stable). Raises ValueError when none exists."""
    waiting = list(steps)
    if len({step.id for step in waiting}) != len(waiting):
        raise ValueError("two steps have the same id")
    done: list[Step] = []
    while waiting:
        ready = [step for step in waiting if all(need in {d.id for d in done} for need in step.needs)]
        if not ready:
            stuck = ", ".join(f"{step.id} needs {'+'.join(step.needs)}" for step in waiting)
            raise ValueError(f"the graph has a circle or an unknown step: {stuck}")
        done += ready[:1]
        waiting.remove(ready[0])
    return done


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _refs(item)


def _replace(value: Any, resources: Mapping[str, str]) -> Any:
    if isinstance(value, Ref):
        return resources[value.step]
    if isinstance(value, Mapping):
        return {key: _replace(item, resources) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replace(item, resources) for item in value]
    return value
