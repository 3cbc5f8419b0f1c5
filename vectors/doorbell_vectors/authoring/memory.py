"""Host buffers and ranges of device memory of a vector, and what the host last knew to be in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from doorbell.contract import Space
from doorbell_vectors.authoring.contents import Segments, cut, overlay
from doorbell_vectors.authoring.source import Wrong
from doorbell_vectors.authoring.terms import Term
from doorbell_vectors.format.octets import length

__all__ = ["DEVICE_FIRST", "Area", "Areas"]

DEVICE_FIRST: Final = 64 * 1024
"""Device ranges are placed from here on, so that an address of 0 by mistake hits none."""
_APART: Final = 64
"""Bytes kept free between device ranges."""


@dataclass(slots=True)
class Area:
    """A buffer in host memory, or (with ``at``) a range of device memory; ``contents`` as last known."""

    name: str
    size: int
    contents: Segments
    keys: dict[str, Any] = field(default_factory=dict)
    """Placement of a buffer, as in the machine form."""
    at: int | None = None

    @property
    def term(self) -> Term:
        """Address of byte 0."""
        if self.at is None:
            return Term(kind="buffer", name=self.name, space=Space.HOST)
        return Term(self.at, space=Space.DEVICE)

    def store(self, at: int, data: Segments) -> None:
        """Note that the host has stored ``data`` at ``at``."""
        self.contents = overlay(self.contents, at, data)

    def part(self, first: int, last: int) -> Segments:
        """Return what bytes ``first`` to ``last`` are known to hold."""
        return cut(self.contents, first, last)


class Areas:
    """All areas of a vector, by name."""

    def __init__(self) -> None:
        self.areas: dict[str, Area] = {}
        self.initial: dict[str, Segments] = {}
        self._next = DEVICE_FIRST

    def buffer(self, name: str, contents: Segments, **keys: Any) -> Area:
        """Add a host buffer that starts with ``contents``."""
        return self._add(Area(name, length(contents), contents, keys))

    def device(
        self, name: str, contents: Segments, *, align: int = 64, at: int | None = None
    ) -> Area:
        """Add a range of device memory, placed here unless ``at`` says where."""
        if at is None:
            at = -(-self._next // align) * align
            self._next = at + length(contents) + _APART
        return self._add(Area(name, length(contents), contents, at=at))

    def _add(self, area: Area) -> Area:
        if area.name in self.areas:
            raise Wrong(f"{area.name!r} is declared twice")
        self.areas[area.name] = area
        self.initial[area.name] = area.contents
        return area

    def grow(self, area: Area, data: Segments) -> int:
        """Append ``data`` to a host buffer that no step has stored to; return where it starts."""
        at = area.size
        area.contents = [*area.contents, *data]
        area.size += length(data)
        self.initial[area.name] = area.contents
        return at

    def find(self, name: str) -> Area:
        """Return the area called ``name``; `q.ring` means the buffer `q_ring`.

        Raises:
            Wrong: there is none; the message lists them.
        """
        key = name.replace(".", "_")
        if key not in self.areas:
            raise Wrong(
                f"no buffer or device range {name!r}; there are: {', '.join(self.areas) or 'none'}"
            )
        return self.areas[key]

    def device_end(self) -> int:
        """Return the end of the highest device range, bytes."""
        return max(
            (area.at + area.size for area in self.areas.values() if area.at is not None), default=0
        )

    def buffers(self) -> dict[str, dict[str, Any]]:
        """Return the host buffers in machine form."""
        return {
            area.name: {"size": area.size, **area.keys, "init": self.initial[area.name]}
            for area in self.areas.values()
            if area.at is None
        }
