"""The tier: candidates by number, what each covers that none before did, shrunk to the smallest that still does."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from doorbell_vectors.authoring.build import make_suite
from doorbell_vectors.authoring.source import Map
from doorbell_vectors.authoring.vector import compiled
from doorbell_vectors.format.canonical import vector_hash
from doorbell_vectors.format.document import dump
from doorbell_vectors.random.draw import plan_of
from doorbell_vectors.random.features import features, rules
from doorbell_vectors.random.lower import source
from doorbell_vectors.random.order import Racy
from doorbell_vectors.random.plan import Plan
from doorbell_vectors.random.shrink import shrink
from doorbell_vectors.random.stream import GENERATOR
from doorbell_vectors.random.world import outcome

__all__ = ["Grown", "covers", "grow", "suite_of", "vector_of"]

TOGETHER: Final = 4
"""New features that one vector keeps at most on purpose: each is to be about little."""
_EACH: Final = 6
"""Vectors that one candidate gives at most: the rest of what it covers comes from others, mixed."""
_NAMED: Final = 5


@dataclass(slots=True)
class Grown:
    """A tier as it grows."""

    vectors: list[dict[str, Any]] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    candidates: int = 0
    racy: int = 0
    curve: list[tuple[int, int, int]] = field(default_factory=list)
    """Candidates, vectors and features so far, at powers of two of the candidates."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Vectors by the kind of what they are about."""

    def rarity(self, feature: str) -> tuple[int, bytes]:
        """Return a key that sorts features of the rarest kinds first, and else without regard to their names."""
        return self.kinds[_kind(feature)], hashlib.sha256(feature.encode()).digest()


def _kind(feature: str) -> str:
    return feature.partition(" ")[0]


def covers(plan: Plan) -> set[str] | None:
    """Return what ``plan`` covers, or None when it is no vector."""
    try:
        return features(plan, outcome(plan))
    except Racy:
        return None


def grow(
    seed: int,
    *,
    count: int | None = None,
    budget: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Grown:
    """Grow a tier from ``seed``: ``count`` vectors, or as many as ``budget`` seconds give.

    The first ``n`` vectors are the same whatever the count or budget.
    """
    grown = Grown()
    until = None if budget is None else clock() + budget
    ids: set[str] = set()
    for vector in _vectors(seed, grown):
        if vector is not None and vector["id"] not in ids:
            ids.add(vector["id"])
            grown.vectors.append(vector)
        if (count is not None and len(grown.vectors) >= count) or (
            until is not None and clock() >= until
        ):
            break
    grown.curve.append((grown.candidates, len(grown.vectors), len(grown.covered)))
    return grown


def _vectors(seed: int, grown: Grown) -> Iterator[dict[str, Any] | None]:
    """Yield vectors without end, and None after a candidate, so that a budget can end it."""
    while True:
        plan = plan_of(seed, grown.candidates)
        grown.candidates += 1
        found = covers(plan)
        grown.racy += found is None
        for _ in range(_EACH):
            new = sorted((found or set()) - grown.covered, key=grown.rarity)
            if not new:
                break
            goal = _kindred(new)
            small = shrink(plan, goal, covers)
            grown.covered |= covers(small) or set()
            grown.kinds[_kind(next(iter(goal)))] += 1
            yield vector_of(small, goal)
        if grown.candidates & (grown.candidates - 1) == 0:
            grown.curve.append((grown.candidates, len(grown.vectors), len(grown.covered)))
        yield None


def _kindred(new: list[str]) -> set[str]:
    """Return the first of ``new`` and a few more of its kind."""
    return set([name for name in new if _kind(name) == _kind(new[0])][:TOGETHER])


def suite_of(grown: Grown) -> str:
    """Return the text of the suite of a grown tier."""
    return dump({**make_suite("random", grown.vectors, {}), "generator": GENERATOR})


def vector_of(plan: Plan, goal: set[str]) -> dict[str, Any]:
    """Return ``plan`` as a vector in machine form, named by ``goal`` and with an id of its content."""
    covered = sorted(goal)
    kinds = sorted({_kind(name) for name in covered})
    entry = source(plan, outcome(plan))
    entry.update(
        id="R0000000000",
        name="random-" + "-".join(kinds),
        rules=rules(goal),
        tier="full",
        tags=["random", *kinds],
        hunts="Random program, smallest that covers: " + "; ".join(covered[:_NAMED]) + ".",
    )
    vector = compiled(Map(entry))
    content = vector_hash({**vector, "id": ""})
    vector["id"] = "R" + content.removeprefix("sha256:")[:10]
    vector["hash"] = vector_hash(vector)
    return vector
