"""Which vectors are played, in which order, and how long that will take."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doorbell_vectors.errors import SuiteError
from doorbell_vectors.format.document import Suite, Vector

__all__ = ["Play", "Selection", "listing", "select"]

Play = tuple[str, int]
"""Id and round."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything that is given must hold; nothing given selects the whole suite."""

    ids: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Rule ids, or their beginnings such as ``DMA-``."""
    tags: tuple[str, ...] = ()
    tier: str | None = None
    bringup: bool = False
    """Only bring-up vectors, level by level."""
    shard: tuple[int, int] = (1, 1)
    """The i-th of n equal parts, from 1."""
    repeat: int = 1
    shuffle: int | None = None
    """Seed of the order."""


def select(suite: Suite, wanted: Selection) -> list[Play]:
    """Return what is played, in order.

    Raises:
        SuiteError: an id is not there, the shard is impossible, or nothing is left.
    """
    chosen = [vector for vector in suite.vectors if _matches(vector, wanted)]
    if wanted.ids:
        named = [suite.vector(identifier) for identifier in wanted.ids]
        chosen = [vector for vector in named if vector in chosen]
    if wanted.bringup:
        levels = [vector for vector in chosen if vector.bringup is not None]
        chosen = sorted(levels, key=lambda vector: vector.bringup or 0)
    part, parts = wanted.shard
    if not 1 <= part <= parts:
        raise SuiteError(f"shard {part}/{parts}: give i/n with i from 1 to n")
    if wanted.repeat < 1:
        raise SuiteError(f"repeat {wanted.repeat}: give 1 or more")
    chosen = chosen[part - 1 :: parts]
    if not chosen:
        raise SuiteError(
            f"suite {suite.suite}: none of its {len(suite.vectors)} vectors is selected"
        )
    plays = [(vector.id, number) for number in range(wanted.repeat) for vector in chosen]
    if wanted.shuffle is not None:
        random.Random(wanted.shuffle).shuffle(plays)
    return plays


def _matches(vector: Vector, wanted: Selection) -> bool:
    return (
        (not wanted.ids or vector.id in wanted.ids)
        and (not wanted.rules or any(rule.startswith(wanted.rules) for rule in vector.rules))
        and (not wanted.tags or bool(set(wanted.tags) & set(vector.tags)))
        and (wanted.tier is None or vector.in_tier(wanted.tier))
    )


def listing(suite: Suite, plays: Sequence[Play], clock: float | None) -> Iterator[str]:
    """Yield a line for each vector and the sums; ``clock`` in Hz predicts seconds of the device."""
    cycles = unknown = size = 0
    for identifier, _ in plays:
        vector = suite.vector(identifier)
        cycles += vector.cycles or 0
        size += vector.bytes
        unknown += vector.cycles is None
        took = "?" if vector.cycles is None else f"{vector.cycles:,}"
        level = f"level {vector.bringup}" if vector.bringup is not None else ""
        yield (
            f"{vector.id:<11} {vector.tier:<6} {level:<7} {took:>11} cycles {vector.bytes:>10,} bytes"
            f"  {vector.name}  {' '.join(vector.rules)}"
        )
    more = f", {unknown} of them never measured" if unknown else ""
    yield f"{len(plays)} vectors{more}: {cycles:,} cycles, {size:,} bytes"
    if clock:
        yield f"at {clock:,.0f} Hz: {cycles / clock:,.3f} s of device time"
