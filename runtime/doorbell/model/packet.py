"""Packets and argument blocks decoded from their bytes, by the contract's layouts."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from doorbell.contract import ARGUMENTS, PACKETS, Flag, Kernel, Opcode

__all__ = ["Command", "Fields", "arguments", "decode"]

Fields = dict[str, Any]
"""Numbers of a layout by name; byte arrays as ``bytes``."""

_CODES: Final = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i1": "b", "i2": "h", "i4": "i"}


@cache
def _codec(layout: np.dtype[np.void]) -> tuple[struct.Struct, tuple[str, ...]]:
    """Return what unpacks ``layout`` and the names in the order that it gives them."""
    at, text, names = 0, "<", []
    found = sorted((layout.fields or {}).items(), key=lambda item: item[1][1])
    for name, described in found:
        kind, offset = described[0], described[1]
        text += f"{offset - at}x" if offset > at else ""
        text += f"{kind.itemsize}s" if kind.subdtype else _CODES[f"{kind.kind}{kind.itemsize}"]
        names.append(name)
        at = offset + kind.itemsize
    return struct.Struct(f"{text}{layout.itemsize - at}x"), tuple(names)


def decode(packet: bytes) -> Fields:
    """Fields of a packet whose opcode is implemented."""
    codec, names = _codec(PACKETS[Opcode(packet[0])])
    return dict(zip(names, codec.unpack(packet), strict=True))


def arguments(kernel: Kernel, block: bytes) -> Fields:
    """Fields of a kernel's argument block."""
    codec, names = _codec(ARGUMENTS[kernel])
    return dict(zip(names, codec.unpack(block), strict=True))


@dataclass(slots=True, eq=False)
class Command:
    """A packet that has started: its position, its fields, and how far it is."""

    count: int
    """Position in the ring, counted from 0 (modulo 2^64)."""
    opcode: Opcode
    flags: Flag
    fields: Fields
    ended: bool = False
    """Nothing of it is in flight any more: performed, failed or stopped."""
    performed: bool = False
    """It has succeeded up to its retirement."""
