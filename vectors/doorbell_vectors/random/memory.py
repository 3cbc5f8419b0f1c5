"""What memory holds, as provenance: which bytes of which area's first contents, literal ones, or unspecified ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from doorbell_vectors.authoring.contents import Segments, cut, joined, overlay
from doorbell_vectors.format.octets import length
from doorbell_vectors.random.plan import Place

__all__ = ["Contents"]


class Contents:
    """Areas by name; a segment ``["r", name, skip, n]`` stands for first contents of an area, or a kernel's result."""

    def __init__(self, sizes: Iterable[tuple[str, int]]) -> None:
        """``sizes`` gives name and bytes of each area."""
        self.areas: dict[str, Segments] = {
            name: [["r", name, 0, size]] if size else [] for name, size in sizes
        }

    def read(self, place: Place, count: int) -> Segments:
        """Return ``count`` bytes."""
        return cut(self.areas[place.base], place.add, place.add + count)

    def write(self, place: Place, data: Segments) -> None:
        """Store ``data``."""
        self.areas[place.base] = overlay(self.areas[place.base], place.add, data)

    def forget(self, place: Place, count: int) -> None:
        """Make bytes unspecified."""
        if count:
            self.write(place, [["u", count]])

    def untouched(self, name: str) -> bool:
        """Whether an area holds what it began with."""
        now = self.areas[name]
        return now == [["r", name, 0, length(now)]]

    def changed(self, name: str) -> list[tuple[int, list[Any]]]:
        """Return offset and segment of everything in an area that is not what it began with."""
        found = []
        at = 0
        for segment in joined(self.areas[name]):
            if segment[:3] != ["r", name, at]:
                found.append((at, segment))
            at += length([segment])
        return found
