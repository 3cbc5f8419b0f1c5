"""Where the buffers of a vector lie: bus addresses drawn by seed, whole pages, a guard page between two."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell_vectors.format.document import Buffer
from doorbell_vectors.format.octets import stream
from doorbell_vectors.player.errors import Broken

__all__ = ["Placed", "place"]

PAGE: Final = 4096
_LOW: Final = (0x0100_0000, 0xE000_0000)
"""Below 4 GiB and below where hosts keep their message window."""
_HIGH: Final = (0x2_0000_0000, 0x3F_0000_0000)
"""Above what the runtime itself maps, below its BARs."""
_TRIES: Final = 1000
_GUARD_SEED: Final = 0xD00B


@dataclass(frozen=True, slots=True)
class Placed:
    """One buffer in host memory. Addresses are bus addresses."""

    name: str
    address: int
    """Of byte 0."""
    base: int
    """Of the first mapped page."""
    pages: npt.NDArray[np.uint8]
    """Everything that is mapped; what is not the buffer's holds a guard pattern."""
    size: int
    writable: bool

    @property
    def memory(self) -> npt.NDArray[np.uint8]:
        """The buffer itself, in place."""
        at = self.address - self.base
        return self.pages[at : at + self.size]

    def spilled(self) -> int | None:
        """Return the bus address of the first guard byte that was changed, or None."""
        wrong = self.pages != guard(self.pages.size)
        at = self.address - self.base
        wrong[at : at + self.size] = False
        found = np.flatnonzero(wrong)
        return self.base + int(found[0]) if found.size else None


@lru_cache(maxsize=32)
def guard(size: int) -> npt.NDArray[np.uint8]:
    """Return ``size`` bytes of the guard pattern."""
    return np.frombuffer(stream(_GUARD_SEED, 0, size), np.uint8)


def place(
    buffers: Mapping[str, Buffer],
    seed: str,
    allocate: Callable[[int], npt.NDArray[np.uint8]],
    *,
    high: bool,
) -> dict[str, Placed]:
    """Draw addresses for ``buffers``, the same for the same ``seed``; ``high``: above 4 GiB is possible.

    ``allocate`` gives so many bytes of host memory, whole pages.

    Raises:
        Broken: there is no room.
    """
    draw = random.Random(seed)
    taken: list[tuple[int, int]] = []
    placed = {}
    for name, buffer in buffers.items():
        window = buffer.window
        if window == "any":
            window = draw.choice(("low", "high")) if high else "low"
        first, last = _LOW if window == "low" else _HIGH
        room = last - first - buffer.size - max(buffer.align, PAGE)
        for _ in range(_TRIES if room > 0 else 0):
            address = _address(draw, buffer, first, last)
            base = address & -PAGE
            end = (address + buffer.size + PAGE - 1) & -PAGE
            if end < last and all(
                end + PAGE <= low or base >= high_ + PAGE for low, high_ in taken
            ):
                break
        else:
            raise Broken(
                f"buffer {name}: no room for {buffer.size} bytes from {first:#x} to {last:#x}"
            )
        taken.append((base, end))
        pages = allocate(end - base)
        pages[:] = guard(end - base)
        placed[name] = Placed(name, address, base, pages, buffer.size, buffer.writable)
    return placed


def _address(draw: random.Random, buffer: Buffer, first: int, last: int) -> int:
    align = max(buffer.align, 1)
    unit = max(align, PAGE) if buffer.edge is not None else align
    spot = draw.randrange(first, last - buffer.size) & -unit
    return spot + buffer.edge % PAGE if buffer.edge is not None else spot
