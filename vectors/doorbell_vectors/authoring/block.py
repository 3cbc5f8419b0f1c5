"""A small block of bytes (packet, kernel arguments) of which only the player can fill in some fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from doorbell_vectors.authoring.contents import Segments, joined
from doorbell_vectors.authoring.source import Wrong
from doorbell_vectors.authoring.terms import Term

__all__ = ["Block"]


class Block:
    """Bytes laid out by ``dtype``; relative fields are kept apart."""

    def __init__(self, dtype: np.dtype[np.void], what: str) -> None:
        """``what`` names it in messages."""
        self.dtype, self.what = dtype, what
        self.data = bytearray(dtype.itemsize)
        self.relative: dict[int, tuple[Any, int]] = {}

    def place(self, name: str) -> tuple[np.dtype[Any], int]:
        """Return type and offset of a field.

        Raises:
            Wrong: there is none; the message lists them.
        """
        fields: Mapping[str, Any] = self.dtype.fields or {}
        if name not in fields:
            raise Wrong(f"{self.what} has no field {name!r}; it has {', '.join(fields)}")
        return fields[name][0], fields[name][1]

    def set(self, name: str, term: Term) -> None:
        """Store ``term`` in a field.

        Raises:
            Wrong: it does not fit, or is relative in a field of less than 8 bytes.
        """
        kind, at = self.place(name)
        if term.kind:
            if kind.itemsize != 8 and term.kind == "buffer":
                raise Wrong(f"{self.what}.{name} has {kind.itemsize} bytes; an address needs 8")
            self.relative[at] = (term.value(), kind.itemsize)
            return
        low, high = (-(1 << 63) if kind.itemsize == 8 else 0), (1 << 8 * kind.itemsize) - 1
        if kind.kind == "i":
            low, high = -(1 << 8 * kind.itemsize - 1), (1 << 8 * kind.itemsize - 1) - 1
        if not low <= term.add <= high:
            raise Wrong(f"{self.what}.{name} = {term.add:#x}: give {low:#x} to {high:#x}")
        self.relative.pop(at, None)
        number = term.add % (1 << 8 * kind.itemsize)
        self.data[at : at + kind.itemsize] = number.to_bytes(kind.itemsize, "little")

    def get(self, name: str) -> int:
        """Return a plain field."""
        kind, at = self.place(name)
        return int.from_bytes(self.data[at : at + kind.itemsize], "little")

    def poke(self, at: int, data: bytes) -> None:
        """Overwrite bytes, whatever field they are in.

        Raises:
            Wrong: beyond the end, or in a field that only the player knows.
        """
        if not 0 <= at <= at + len(data) <= len(self.data):
            raise Wrong(f"{self.what}: {len(data)} bytes at {at} do not fit in {len(self.data)}")
        if any(
            at < first + size and first < at + len(data)
            for first, (_, size) in self.relative.items()
        ):
            raise Wrong(f"{self.what}: byte {at} is in a field that is relative")
        self.data[at : at + len(data)] = data

    def segments(self) -> Segments:
        """Return it as segments."""
        made: Segments = []
        at = 0
        for first in [*sorted(self.relative), len(self.data)]:
            made += _packed(bytes(self.data[at:first]))
            if first < len(self.data):
                made.append(["v", *self.relative[first]])
                at = first + self.relative[first][1]
        return joined(made)


def _packed(data: bytes) -> Segments:
    """Return ``data`` as hexadecimal, with a long tail of zeros as a fill."""
    used = len(data.rstrip(b"\0"))
    if len(data) - used < 12:
        return [["x", data.hex()]]
    return [["x", data[:used].hex()], ["f", 0, len(data) - used]]
