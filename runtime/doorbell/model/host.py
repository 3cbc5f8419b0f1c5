"""The host's memory as the device sees it: arrays behind an IOMMU, faults, watches, interrupts received."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["MESSAGE_ADDRESS", "Answer", "Failed", "Host", "Refused"]

Bytes = npt.NDArray[np.uint8]
Piece = Callable[[int, int], Bytes]
"""Gives ``count`` bytes of a write from ``offset`` on."""

MESSAGE_ADDRESS: Final = 0xFEE0_0000
"""Where MSI-X messages go."""
_LATE: Final = 1000  # cycles from a timeout to the late completion
_SPLIT: Final = 64  # where the host may split completions


class Answer(Enum):
    """How a read can end."""

    UR = auto()
    CA = auto()
    TIMEOUT = auto()
    POISONED = auto()
    MALFORMED = auto()
    LATE = auto()
    """Not in time, as `TIMEOUT`, but some cycles later."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A read request that failed: its first byte and the requests that failed with it.

    ``landed`` are the bytes from ``address`` on that came before the failing completion. A timed-out
    read's completions come ``late`` cycles after its timeout; None: never.
    """

    answer: Answer
    address: int
    requests: int = 1
    landed: bytes = b""
    late: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One entry of the host's fault log; ``length`` in bytes, ``cycle`` in device time."""

    kind: str
    address: int
    length: int
    cycle: int


@dataclass(slots=True)
class _Mapping:
    start: int
    live: Bytes
    seen: Bytes
    """What the device sees: ``live`` itself, or in strict mode its state at the last publish."""
    writable: bool

    @property
    def end(self) -> int:
        return self.start + self.live.size


@dataclass(slots=True)
class _Injected:
    start: int
    end: int
    answer: Answer
    times: int


class Host:
    """Mapped memory and its guard. Addresses are bus addresses, lengths bytes."""

    def __init__(
        self,
        now: Callable[[], int],
        event: Callable[[], None],
        *,
        strict: bool,
        split: Callable[[int], int],
    ) -> None:
        """``now`` gives device time; ``event`` is told of watched writes and interrupts.

        ``split`` says how many of so many completions come before one that fails.
        """
        self._now = now
        self._event = event
        self._strict = strict
        self._split = split
        self._starts: list[int] = []
        self._mappings: list[_Mapping] = []
        self._watches: dict[int, int] = {}
        self._injected: list[_Injected] = []
        self.own: tuple[range, ...] = ()
        """The device's own BARs, which the switch refuses as targets."""
        self.faults: list[Refused] = []
        self.interrupts: Counter[int] = Counter()

    # What the host does ---------------------------------------------------------------------------
    def map(self, start: int, memory: Bytes, *, writable: bool) -> None:
        """Let the device reach ``memory`` at ``start``.

        Raises:
            ValueError: another mapping overlaps.
        """
        at = bisect_right(self._starts, start)
        end = start + memory.size
        if (at and self._mappings[at - 1].end > start) or (
            at < len(self._starts) and self._starts[at] < end
        ):
            raise ValueError(f"[{start:#x}, {end:#x}) overlaps a mapping; unmap that first")
        seen = memory.copy() if self._strict else memory
        self._starts.insert(at, start)
        self._mappings.insert(at, _Mapping(start, memory, seen, writable))

    def unmap(self, start: int) -> None:
        """Withdraw the mapping that starts at ``start``.

        Raises:
            ValueError: there is none.
        """
        if start not in self._starts:
            raise ValueError(f"nothing is mapped at {start:#x}")
        at = self._starts.index(start)
        del self._starts[at], self._mappings[at]

    def publish(self) -> None:
        """Show the device what the host has written so far."""
        if self._strict:
            for mapping in self._mappings:
                np.copyto(mapping.seen, mapping.live)

    def watch(self, start: int, length: int) -> None:
        """Count an event for each write into ``[start, start + length)``."""
        self._watches[start] = length

    def unwatch(self, start: int) -> None:
        """End the watch that starts at ``start``."""
        self._watches.pop(start, None)

    def inject(self, start: int, length: int, answer: Answer, times: int) -> None:
        """Answer the next ``times`` reads that touch the range with ``answer``."""
        self._injected.append(_Injected(start, start + length, answer, times))

    def heal(self) -> None:
        """End every injection that was not used up."""
        self._injected.clear()

    # What the device does -------------------------------------------------------------------------
    def _runs(self, address: int, end: int) -> Iterator[tuple[int, int, _Mapping | None]]:
        """Cut ``[address, end)`` where mappings and own BARs begin and end; no mapping for the latter."""
        while address < end:
            at = bisect_right(self._starts, address)
            mapping = self._mappings[at - 1] if at else None
            if mapping is not None and address < mapping.end:
                stop = min(end, mapping.end)
            else:
                mapping = None
                stop = min(end, self._starts[at]) if at < len(self._starts) else end
            for bar in self.own:
                if address in bar:
                    mapping, stop = None, min(stop, bar.stop)
                elif address < bar.start < stop:
                    stop = bar.start
            yield address, stop, mapping
            address = stop

    def _refuse(self, first: int, last: int, why: str) -> None:
        kind = "own BAR" if any(first < bar.stop and bar.start < last for bar in self.own) else why
        self.faults.append(Refused(kind, first, last - first, self._now()))

    def read(self, address: int, length: int, request: int) -> Bytes | Failed:
        """Return the bytes, in place, or the first of the requests of ``request`` bytes that failed."""
        end = address + length
        injected = self._take(address, end, request)
        if injected is not None:
            return injected
        parts: list[Bytes] = []
        for start, stop, mapping in self._runs(address, end):
            if mapping is None:
                first = max(address, start & -request)
                self._refuse(first, min(end, (start & -request) + request), "unmapped read")
                return Failed(Answer.UR, first)
            parts.append(mapping.seen[start - mapping.start : stop - mapping.start])
        return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.uint8), *parts])

    def _take(self, address: int, end: int, request: int) -> Failed | None:
        for item in self._injected:
            start, stop = max(address, item.start), min(end, item.end)
            if start < stop:
                item.times -= 1
                if not item.times:
                    self._injected.remove(item)
                requests = -(-stop // request) - start // request
                first = max(address, start & -request)
                landed = self._landed(first, start, request)
                if isinstance(landed, Failed):
                    return landed
                if item.answer is Answer.LATE:
                    return Failed(Answer.TIMEOUT, first, requests, landed, late=_LATE)
                return Failed(item.answer, first, requests, landed)
        return None

    def _landed(self, first: int, bad: int, request: int) -> bytes | Failed:
        """Return what a read from ``first`` delivers before the completion that fails for byte ``bad``."""
        count = self._split(bad // _SPLIT - first // _SPLIT)
        if not count:
            return b""
        end = first // _SPLIT * _SPLIT + count * _SPLIT
        landed = self.read(first, end - first, request)
        return landed if isinstance(landed, Failed) else landed.tobytes()

    def write(self, address: int, length: int, piece: Piece, payload: int) -> None:
        """Store what ``piece`` gives; refuse and log the TLPs of ``payload`` bytes that are not mapped writable.

        Posted writes never fail (ORD-POSTED-001). TLPs refused side by side are one entry of the
        log.
        """
        end = address + length
        runs = list(self._runs(address, end))
        barred: list[tuple[int, int]] = []
        for start, stop, mapping in runs:
            if mapping is None or not mapping.writable:
                first = max(start & -payload, barred[-1][1] if barred else address)
                last = min(end, -(-stop // payload) * payload)
                if first < last:
                    barred.append((first, last))
                    self._refuse(
                        first, last, "read-only write" if mapping is not None else "unmapped write"
                    )
        for start, stop, mapping in runs:
            if mapping is not None:
                for first, last in _without(start, stop, barred):
                    self._store(mapping, first, piece(first - address, last - first))

    def _store(self, mapping: _Mapping, address: int, data: Bytes) -> None:
        at = address - mapping.start
        mapping.live[at : at + data.size] = data
        if mapping.seen is not mapping.live:
            mapping.seen[at : at + data.size] = mapping.live[at : at + data.size]
        end = address + data.size
        if any(start < end and address < start + size for start, size in self._watches.items()):
            self._event()

    def message(self, address: int, data: int) -> None:
        """Take a 4-byte write: an interrupt at `MESSAGE_ADDRESS`, plain memory elsewhere (INT-MSIX-001)."""
        if address == MESSAGE_ADDRESS:
            self.interrupts[data] += 1
            self._event()
        else:
            word = np.frombuffer(data.to_bytes(4, "little"), np.uint8)
            self.write(address, 4, lambda at, count: word[at : at + count], 4)


def _without(start: int, stop: int, barred: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the parts of ``[start, stop)`` outside the ascending ranges ``barred``."""
    for first, last in barred:
        if start < min(first, stop):
            yield start, min(first, stop)
        start = max(start, last)
    if start < stop:
        yield start, stop
