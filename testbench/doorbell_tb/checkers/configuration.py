"""What configuration requests say about the device, at each TLP of a trace.

A configuration write takes effect somewhere between its arrival and its completion; in between, both
the old and the new setting are in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doorbell.contract import TlpKind
from doorbell_tb.tlp import Columns

__all__ = ["Settings", "settings"]

_COMMAND, _CAPABILITIES, _DEVICE_CONTROL = 0x04, 0x34, 8
_PCIE = 0x10
_RESET_CONTROL = 0x2000
"""Device Control after reset: MRRS 512, MPS 128."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Per TLP: what the device may assume. Sizes in bytes."""

    payload: npt.NDArray[np.int64]
    """Largest payload (MPS)."""
    request: npt.NDArray[np.int64]
    """Largest read request (MRRS)."""
    bus_master: npt.NDArray[np.bool_]
    identity: npt.NDArray[np.int64]
    """Requester id after the latest configuration write; -1 before the first."""
    identity_before: npt.NDArray[np.int64]
    """The one that may still be in use while such a write is under way."""


def settings(columns: Columns, resets: tuple[int, ...] = ()) -> Settings:
    """Replay the configuration requests of a trace. Link resets happen before the given TLPs."""
    writes = list(_writes(columns))
    control = _pcie_capability(columns) + _DEVICE_CONTROL
    command = _in_force(columns.count, _register(writes, _COMMAND), resets, 0)
    link = _in_force(columns.count, _register(writes, control), resets, _RESET_CONTROL)
    identity = [(write.at, write.done, int(columns.target[write.at])) for write in writes]
    new, old = _in_force(columns.count, identity, resets, -1)

    def most(shift: int) -> npt.NDArray[np.int64]:
        new, old = (128 << (value >> shift & 7) for value in link)
        return np.where(new > old, new, old)

    return Settings(
        payload=most(5),
        request=most(12),
        bus_master=(command[0] | command[1]) & 4 != 0,
        identity=new,
        identity_before=old,
    )


@dataclass(frozen=True, slots=True)
class _Write:
    at: int
    done: int
    """Index of the completion, or of the end of the trace."""
    offset: int
    enables: int
    value: int


def _writes(columns: Columns) -> Iterator[_Write]:
    request = columns.trace["request"].astype(np.int64)
    answers = np.flatnonzero(request < columns.count)[::-1]
    done = np.full(columns.count, columns.count)
    done[request[answers]] = answers  # the first answer comes last here, and stays
    for at in np.flatnonzero((columns.kind == TlpKind.CFGWR0) & ~columns.to_host).tolist():
        value = int(columns.trace["first"][at]) & 0xFFFF_FFFF
        yield _Write(at, int(done[at]), int(columns.register[at]), int(columns.first_be[at]), value)


def _register(writes: list[_Write], offset: int) -> list[tuple[int, int, int]]:
    """Return (write, completion, low 16 bits after it) of each write to a register."""
    value, changes = 0, []
    for write in writes:
        if write.offset == offset:
            mask = sum(0xFF << 8 * byte for byte in range(2) if write.enables >> byte & 1)
            value = value & ~mask | write.value & mask
            changes.append((write.at, write.done, value))
    return changes


def _pcie_capability(columns: Columns) -> int:
    """Return the offset of the PCI Express capability as the trace's configuration reads show it."""
    space: dict[int, int] = {}
    request = columns.trace["request"].astype(np.int64)
    answers = np.flatnonzero(
        columns.completion & columns.to_host & columns.has_data & (request < columns.count)
    )
    for at in answers[columns.kind[request[answers]] == TlpKind.CFGRD0].tolist():
        asked = int(request[at])
        word = (int(columns.trace["first"][at]) & 0xFFFF_FFFF).to_bytes(4, "little")
        enables = int(columns.first_be[asked])
        for byte in (byte for byte in range(4) if enables >> byte & 1):
            space[int(columns.register[asked]) + byte] = word[byte]
    at, seen = space.get(_CAPABILITIES, 0) & 0xFC, set[int]()
    while at and at not in seen:
        seen.add(at)
        if space.get(at) == _PCIE:
            return at
        at = space.get(at + 1, 0) & 0xFC
    return 1 << 12  # none: an offset that no request can name


def _in_force(
    count: int, changes: list[tuple[int, int, int]], resets: tuple[int, ...], initial: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the newest value at each TLP, and the one that may still hold beside it."""
    new = np.full(count, initial, np.int64)
    events = [(at, done, value) for at, done, value in changes]
    events += [(reset, reset, initial) for reset in resets]
    old = new.copy()
    for at, done, value in sorted(events):
        old[at:done] = new[at:done]
        old[done:] = value
        new[at:] = value
    return new, old
