"""Address ranges and pinned host memory.

Bus addresses come from fixed allocators, never from pointers.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doorbell.errors import ArgumentError, OutOfMemory, UseAfterFree
from doorbell.transport import HostMemory, Transport

PAGE = 4096
ARENA_BYTES = 1 << 20
IOVA_BASE = 0x1_0000_0000  # above 4 GiB, so that 64-bit addressing is always exercised
IOVA_BYTES = 1 << 36


def round_up(value: int, to: int) -> int:
    """Return the smallest multiple of ``to`` (a power of two) that is at least ``value``."""
    return (value + to - 1) & -to


class RangeAllocator:
    """First-fit allocator over ``[base, base + size)``; all figures in bytes."""

    def __init__(self, base: int, size: int, what: str) -> None:
        """``what`` names the space in messages."""
        self._free: list[tuple[int, int]] = [(base, size)]
        self._used: dict[int, int] = {}
        self._what = what
        self._size = size

    @property
    def used(self) -> int:
        """Bytes handed out."""
        return sum(self._used.values())

    def allocate(self, size: int, align: int = 64) -> int:
        """Return the address of ``size`` bytes (at least 1 is taken), aligned to ``align`` (a power of two).

        Raises:
            OutOfMemory: no free range is large enough.
        """
        size = max(size, 1)
        for at, (start, length) in enumerate(self._free):
            address = round_up(start, align)
            lead = address - start
            if lead + size <= length:
                rest = [(start, lead)] if lead else []
                if length - lead - size:
                    rest.append((address + size, length - lead - size))
                self._free[at : at + 1] = rest
                self._used[address] = size
                return address
        largest = max((length for _, length in self._free), default=0)
        raise OutOfMemory(
            f"{self._what}: {size} bytes asked, {self.used} of {self._size} in use, largest free range {largest}; "
            f"free buffers or use smaller ones"
        )

    def free(self, address: int) -> None:
        """Give back the range that starts at ``address``.

        Raises:
            UseAfterFree: nothing is allocated there.
        """
        size = self._used.pop(address, None)
        if size is None:
            raise UseAfterFree(
                f"{self._what}: nothing is allocated at {address:#x}; it was freed already or never allocated"
            )
        insort(self._free, (address, size))
        merged: list[tuple[int, int]] = []
        for start, length in self._free:
            if merged and merged[-1][0] + merged[-1][1] == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((start, length))
        self._free = merged


@dataclass(frozen=True, slots=True)
class HostBuffer:
    """Pinned host memory: ``view`` (uint8, in place) is what the device sees at bus address ``iova``."""

    iova: int
    view: npt.NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.view.size)


@dataclass(slots=True)
class _Arena:
    memory: npt.NDArray[np.uint8]
    ranges: RangeAllocator


class HostPool:
    """Hands out pinned host memory from mapped arenas.

    Arenas are mapped when needed and unmapped at close.
    """

    def __init__(self, transport: Transport) -> None:
        """Map nothing yet."""
        self._transport = transport
        self._iovas = RangeAllocator(IOVA_BASE, IOVA_BYTES, "bus addresses")
        self._arenas: dict[int, _Arena] = {}
        self._owner: dict[int, int] = {}
        self._closed = False

    @property
    def used(self) -> int:
        """Bytes handed out."""
        return sum(arena.ranges.used for arena in self._arenas.values())

    def allocate(self, size: int, align: int = 64) -> HostBuffer:
        """Return ``size`` zeroed bytes aligned to ``align`` (a power of two, at most 4096).

        Raises:
            ArgumentError: ``align`` is not a power of two up to 4096, or ``size`` is negative.
            OutOfMemory: neither this machine nor the bus addresses have that much.
            UseAfterFree: the device was closed.
        """
        if self._closed:
            raise UseAfterFree("pinned host memory is asked for after the device was closed")
        if size < 0 or not 0 < align <= PAGE or align & (align - 1):
            raise ArgumentError(
                f"size {size}, align {align}: size is at least 0, align a power of two up to {PAGE}"
            )
        for base, arena in self._arenas.items():
            try:
                return self._carve(base, arena, size, align)
            except OutOfMemory:
                continue
        base = self.grow(size)
        return self._carve(base, self._arenas[base], size, align)

    def grow(self, size: int = 0) -> int:
        """Map one more arena of at least ``size`` bytes; return its bus address."""
        length = max(ARENA_BYTES, round_up(size, PAGE))
        # A guard page between arenas turns an overrun into a fault instead of a neighbour's bytes.
        base = self._iovas.allocate(length + PAGE, PAGE)
        try:
            if isinstance(self._transport, HostMemory):
                memory = self._transport.host_memory(length)
            else:
                memory = np.zeros(length, np.uint8)
        except MemoryError:
            self._iovas.free(base)
            raise OutOfMemory(
                f"pinned host memory: this machine refuses {length} bytes; use smaller pieces"
            ) from None
        self._transport.map(base, memory)
        self._arenas[base] = _Arena(memory, RangeAllocator(base, length, "pinned host memory"))
        return base

    def _carve(self, base: int, arena: _Arena, size: int, align: int) -> HostBuffer:
        iova = arena.ranges.allocate(size, align)
        self._owner[iova] = base
        view = arena.memory[iova - base : iova - base + size]
        view[:] = 0
        return HostBuffer(iova, view)

    def free(self, buffer: HostBuffer) -> None:
        """Give ``buffer`` back; after `close` there is nothing to give it back to.

        Raises:
            UseAfterFree: it is not allocated.
        """
        if self._closed:
            return
        base = self._owner.pop(buffer.iova, None)
        if base is None:
            raise UseAfterFree(f"pinned host memory at {buffer.iova:#x} was freed already")
        self._arenas[base].ranges.free(buffer.iova)

    def close(self, *, unmap: bool = True) -> None:
        """Unmap every arena, unless the transport does so itself; nothing is handed out any more."""
        self._closed = True
        for base in self._arenas:
            if unmap:
                self._transport.unmap(base)
        self._arenas.clear()
        self._owner.clear()
