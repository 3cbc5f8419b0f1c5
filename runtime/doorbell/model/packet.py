"""Packets and argument blocks decoded from their bytes, by the contract's layouts."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from doorbell.contract import ARGUMENTS, PACKETS, Kernel, Opcode

__all__ = ["Command", "Fields", "arguments", "decode"]

Fields = dict[str, Any]
"""Numbers of a layout by name; byte arrays as ``bytes``."""

_CODES: Final = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i1": "b", "i2": "h", "i4": "i"}


class _Codec:
    """Unpacks the bytes of one layout."""

    __slots__ = ("_names", "_unpack")

    def __init__(self, layout: np.dtype[np.void]) -> None:
        at, text, names = 0, "<", []
        for name, described in sorted((layout.fields or {}).items(), key=lambda item: item[1][1]):
            kind, offset = described[0], described[1]
            text += f"{offset - at}x" if offset > at else ""
            text += f"{kind.itemsize}s" if kind.subdtype else _CODES[f"{kind.kind}{kind.itemsize}"]
            names.append(name)
            at = offset + kind.itemsize
        self._unpack = struct.Struct(f"{text}{layout.itemsize - at}x").unpack
        self._names = names

    def decode(self, data: bytes) -> Fields:
        """Return the layout's fields."""
        return dict(zip(self._names, self._unpack(data), strict=True))


_PACKETS: Final = {int(opcode): _Codec(layout) for opcode, layout in PACKETS.items()}
_ARGUMENTS: Final = {int(kernel): _Codec(layout) for kernel, layout in ARGUMENTS.items()}


def decode(packet: bytes) -> Fields:
    """Fields of a packet whose opcode is implemented."""
    return _PACKETS[packet[0]].decode(packet)


def arguments(kernel: Kernel, block: bytes) -> Fields:
    """Fields of a kernel's argument block."""
    return _ARGUMENTS[kernel].decode(block)


@dataclass(slots=True, eq=False)
class Command:
    """A packet that has started: its position, its fields, and how far it is."""

    count: int
    """Position in the ring, counted from 0 (modulo 2^64)."""
    opcode: Opcode
    flags: int
    fields: Fields
    ended: bool = False
    """Nothing of it is in flight any more: performed, failed or stopped."""
    performed: bool = False
    """It has succeeded up to its retirement."""
