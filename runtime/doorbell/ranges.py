"""Which bytes ready-made packets reach: a check in bulk, over arrays of packets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import PACKET, PACKETS, Opcode, Space
from doorbell.pci import Bar

__all__ = ["own_bar"]

_OPERANDS: Final = (  # opcode; fields of space, address, length (or 8 bytes)
    (Opcode.COPY, "source_space", "source", "length"),
    (Opcode.COPY, "destination_space", "destination", "length"),
    (Opcode.FILL, "destination_space", "destination", "length"),
    (Opcode.WRITE, "destination_space", "destination", "length"),
    (Opcode.LAUNCH, "arguments_space", "arguments", "arguments_length"),
    (Opcode.SIGNAL, "destination_space", "destination", ""),
)


def own_bar(packets: npt.NDArray[np.void], bars: Mapping[int, Bar]) -> str:
    """Say which packet has a HOST operand inside one of the device's own ``bars``; empty when none has.

    Its own switch refuses such an access, and writes would look successful (RT-SUBMIT-006).
    """
    if packets.dtype != PACKET:
        return ""
    for opcode, space, address, length in _OPERANDS:
        chosen = np.flatnonzero(packets["opcode"] == opcode)
        if not chosen.size:
            continue
        found = packets[chosen].view(PACKETS[opcode])
        first = found[address]
        size = found[length].astype(np.uint64) if length else np.uint64(8)
        last = first + np.maximum(size, np.uint64(1)) - np.uint64(1)
        for number, bar in bars.items():
            inside = (found[space] == Space.HOST) & (first < bar.address + bar.size)
            inside &= last >= bar.address
            if inside.any():
                at = int(np.argmax(inside))
                return (
                    f"packet {chosen[at]}: {opcode.name}.{address} = HOST {int(first[at]):#x} lies in the device's "
                    f"own BAR{number} [{bar.address:#x}, {bar.address + bar.size:#x}); use a DEVICE address"
                )
    return ""
