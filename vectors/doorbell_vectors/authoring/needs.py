"""What a vector asks of the device and of the host, gathered while it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from doorbell.contract import MSIX_ENTRY, registers
from doorbell.contract.register_types import Register
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.abilities import ABILITIES

__all__ = ["CAPABILITIES", "MASKS", "MOST", "Needs", "capabilities"]

MASKS: Final = frozenset({"opcodes", "kernels"})
"""Capabilities that are bit masks: a device needs all given bits."""
MOST: Final = frozenset({"ring_log2_min"})
"""Capabilities of which a device needs at most the given value."""
_DEVICE: Final = registers.DEVICE
CAPABILITIES: Final[dict[str, tuple[Register, str]]] = {
    "version_major": (_DEVICE.CONTRACT_VERSION, "major"),
    "version_minor": (_DEVICE.CONTRACT_VERSION, "minor"),
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
"""Blocks that repeat, and the capability that counts them."""


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


class Needs:
    """Least (`MOST`: greatest) values by capability, and abilities of the host."""

    def __init__(self) -> None:
        self.device: dict[str, int] = {}
        self.host: set[str] = set()

    def least(self, name: str, value: int) -> None:
        """Need at least ``value`` of a capability that counts."""
        self.device[name] = max(self.device.get(name, 0), value)

    def most(self, name: str, value: int) -> None:
        """Need at most ``value`` of a capability in `MOST`."""
        self.device[name] = min(self.device.get(name, value), value)

    def touch(self, bar: int, at: int, size: int) -> None:
        """Need what an access to BAR0 or BAR2 finds there: a queue, a unit, a vector, device memory.

        Blocks beyond what the address map names are meant to be absent, and need nothing.
        """
        if bar != 0:
            self.least("device_memory", at + size)
        for blocks, name in _BLOCKS:
            index = (at - blocks.offset) // blocks.stride
            if bar == 0 and 0 <= index < len(blocks):
                self.least(name, index + 1)
        index = (at - registers.MSIX_TABLE.offset) // MSIX_ENTRY.itemsize
        if bar == 0 and 0 <= index < len(registers.VECTOR):
            self.least("vectors", index + 1)

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
        for name, value in device.items():
            if name not in CAPABILITIES:
                raise Wrong(f"no capability {name!r}; there are: {', '.join(CAPABILITIES)}", spec)
            take = self.bits if name in MASKS else self.most if name in MOST else self.least
            take(name, value)
        for name in spec.get("host") or []:
            if name not in ABILITIES:
                raise Wrong(f"no host ability {name!r}; there are: {', '.join(ABILITIES)}", spec)
            self.ability(name)
