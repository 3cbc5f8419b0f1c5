"""Which vectors a testpoint has: by its rules, or by selectors, so that a new vector finds its place by itself."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from doorbell_vectors.format.document import Suite, Vector
from doorbell_vectors.plan.document import Selector, Testpoint

__all__ = ["vectors_of"]


def vectors_of(point: Testpoint, suite: Suite) -> list[Vector]:
    """Return the vectors of ``suite`` that belong to a testpoint, in the suite's order."""
    if point.vectors is None:
        rules = set(point.rules)
        return [vector for vector in suite.vectors if rules.intersection(vector.rules)]
    return [
        vector
        for vector in suite.vectors
        if any(_selected(selector, vector) for selector in point.vectors)
    ]


def _selected(selector: Selector, vector: Vector) -> bool:
    if isinstance(selector, str):
        return vector.id == selector
    return all(_holds(key, wanted, vector) for key, wanted in selector.items())


def _holds(key: str, wanted: Any, vector: Vector) -> bool:
    match key:
        case "rule":
            return any(rule.startswith(wanted) for rule in vector.rules)
        case "tag":
            return wanted in vector.tags
        case "name":
            return fnmatchcase(vector.name, wanted)
        case _:  # tier, bringup, negative
            return bool(getattr(vector, key) == wanted)
