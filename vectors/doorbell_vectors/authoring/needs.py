"""What a vector asks of the device and of the host, gathered while it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from doorbell.contract import MSIX_ENTRY, registers
from doorbell.contract.register_types import Register
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.abilities import ABILITIES
from doorbell_vectors.format.values import literal

__all__ = ["CAPABILITIES", "MASKS", "Needs", "capabilities"]

MASKS: Final = frozenset({"opcodes", "kernels"})
"""Capabilities that are bit masks: a device needs all given bits."""
_DEVICE: Final = registers.DEVICE
CAPABILITIES: Final[dict[str, tuple[Register, str]]] = {
    "version_major": (_DEVICE.CONTRACT_VERSION, "major"),
    "version_minor": (_DEVICE.CONTRACT_VERSION, "minor"),
    "version_patch": (_DEVICE.CONTRACT_VERSION, "patch"),
    "queues": (_DEVICE.CAP_COUNTS, "queues"),
    "channels": (_DEVICE.CAP_COUNTS, "channels"),
    "units": (_DEVICE.CAP_COUNTS, "units"),
    "vectors": (_DEVICE.CAP_COUNTS, "vectors"),
    "semaphores": (_DEVICE.CAP_SEMAPHORES, "count"),
    "device_memory": (_DEVICE.CAP_DEVICE_MEMORY, "size"),
    "ring_log2_min": (_DEVICE.CAP_RING, "log2_min"),
    "ring_log2_max": (_DEVICE.CAP_RING, "log2_max"),
    "window": (_DEVICE.CAP_RING, "window"),
    "tags": (_DEVICE.CAP_TAGS, "tags"),
    "clock_hz": (_DEVICE.CAP_CLOCK, "hz"),
    "opcodes": (_DEVICE.CAP_OPCODES, "opcodes"),
    "kernels": (_DEVICE.CAP_KERNELS, "kernels"),
    "bound_reset": (_DEVICE.BOUND_RESET, "cycles"),
    "bound_drain": (_DEVICE.BOUND_DRAIN, "cycles"),
    "bound_writeback_cycles": (_DEVICE.BOUND_WRITEBACK, "cycles"),
    "bound_writeback_packets": (_DEVICE.BOUND_WRITEBACK, "packets"),
    "bound_flr": (_DEVICE.BOUND_FLR, "cycles"),
    "macs_per_cycle": (registers.UNIT[0].MACS, "per_cycle"),
}
"""Name in vectors: register and field that hold it."""


_BLOCKS: Final = (
    (registers.QUEUE, "queues"),
    (registers.DOORBELL, "queues"),
    (registers.UNIT, "units"),
    (registers.VECTOR, "vectors"),
)
_COUNTED: Final = (
    *((one.offset, one.stride, len(one), one.room, name) for one, name in _BLOCKS),
    (
        registers.MSIX_TABLE.offset,
        MSIX_ENTRY.itemsize,
        len(registers.VECTOR),
        registers.VECTOR.room,
        "vectors",
    ),
)
"""What repeats in BAR0: offset and stride in bytes, how many the map names and has room for, the capability that
counts them."""


def capabilities() -> dict[str, dict[str, int]]:
    """Return where each capability stands, in machine form."""
    return {
        name: {
            "at": register.offset,
            "lsb": register.fields[field].lsb,
            "width": register.fields[field].width,
        }
        for name, (register, field) in CAPABILITIES.items()
    }


def _literals(values: Mapping[str, int]) -> dict[str, int | str]:
    return {name: literal(value) for name, value in sorted(values.items())}


class Needs:
    """Least and greatest values by capability, and abilities of the host."""

    def __init__(self) -> None:
        self.device: dict[str, int] = {}
        self.greatest: dict[str, int] = {}
        self.host: set[str] = set()

    def least(self, name: str, value: int) -> None:
        """Need at least ``value`` of a capability that counts."""
        self.device[name] = max(self.device.get(name, 0), value)

    def most(self, name: str, value: int) -> None:
        """Need at most ``value`` of a capability that counts."""
        self.greatest[name] = min(self.greatest.get(name, value), value)

    def touch(self, bar: int, at: int, size: int) -> None:
        """Need what an access to BAR0 or BAR2 finds there: a queue, a unit, a vector, device memory.

        Blocks beyond what the address map names are meant to be absent: at most so many are needed.
        """
        if bar != 0:
            self.least("device_memory", at + size)
            return
        for first, stride, named, room, name in _COUNTED:
            index = (at + size - 1 - first) // stride
            if 0 <= index < named:
                self.least(name, index + 1)
            elif named <= index < room:
                self.most(name, max(named, (at - first) // stride))

    def ring(self, log2: int) -> None:
        """Need rings of exactly 2^``log2`` packets."""
        self.least("ring_log2_max", log2)
        self.most("ring_log2_min", log2)

    def machine(self) -> dict[str, Any]:
        """Return them in machine form; `most` is there only if it says something."""
        made: dict[str, Any] = {"device": _literals(self.device), "host": sorted(self.host)}
        return made | ({"most": _literals(self.greatest)} if self.greatest else {})

    def bits(self, name: str, mask: int) -> None:
        """Need these bits of a mask."""
        self.device[name] = self.device.get(name, 0) | mask

    def ability(self, name: str) -> None:
        """Need a host ability."""
        self.host.add(name)

    def add(self, spec: Map) -> None:
        """Take in what the source says itself.

        Raises:
            Wrong: an unknown capability or ability.
        """
        device: Mapping[str, Any] = spec.get("device") or {}
        most: Mapping[str, Any] = spec.get("most") or {}
        for name in (*device, *most):
            if name not in CAPABILITIES or (name in most and name in MASKS):
                known = ", ".join(CAPABILITIES)
                raise Wrong(f"no capability {name!r} that counts; there are: {known}", spec)
        for name, value in device.items():
            (self.bits if name in MASKS else self.least)(name, value)
        for name, value in most.items():
            self.most(name, value)
        for name in spec.get("host") or []:
            if name not in ABILITIES:
                raise Wrong(f"no host ability {name!r}; there are: {', '.join(ABILITIES)}", spec)
            self.ability(name)
