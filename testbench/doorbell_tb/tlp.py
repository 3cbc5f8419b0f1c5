"""Transaction-layer packets: making single ones to send, and taking a whole trace apart at once.

Header words are as printed in PCIe Base 2.2 (byte 0 in bits 31:24). Addresses are 64-bit bus
addresses, lengths are bytes. The host fills in requester id and tag of what `link.request` sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell.contract import TlpKind
from doorbell_tb.errors import HostError

__all__ = [
    "MESSAGE_TYPES",
    "Columns",
    "Tlp",
    "compare_and_swap",
    "fetch_add",
    "memory_read",
    "memory_write",
    "swap",
]

_WIDE = 0x20
"""Bit of the kind that says: four header DWs, 64-bit address."""
MESSAGE_TYPES = 0x30
"""Kind & 0x38 of a message."""


@dataclass(frozen=True, slots=True)
class Tlp:
    """One TLP to send: three or four header DWs and payload bytes (a multiple of 4)."""

    header: tuple[int, ...]
    payload: bytes = b""

    def changed(self, **fields: int) -> Tlp:
        """Return a copy with some header fields replaced, to make a packet that is wrong on purpose.

        Fields: ``kind``, ``traffic_class``, ``attributes`` (bit 0 no-snoop, 1 relaxed, 2 IDO),
        ``poisoned``, ``digest``, ``length`` (DWs), ``requester``, ``tag``, ``last_be``,
        ``first_be``. Raises `HostError` for an unknown field.
        """
        words = list(self.header)
        for name, value in fields.items():
            if name == "attributes":
                words[0] = words[0] & ~0x0004_3000 | (value & 3) << 12 | (value >> 2 & 1) << 18
                continue
            if name not in _FIELDS:
                raise HostError(f"TLP field {name!r}: must be one of {', '.join(_FIELDS)}")
            word, shift, width = _FIELDS[name]
            mask = ((1 << width) - 1) << shift
            words[word] = words[word] & ~mask | value << shift & mask
        return Tlp(tuple(words), self.payload)


_FIELDS = {
    "kind": (0, 24, 8),
    "traffic_class": (0, 20, 3),
    "digest": (0, 15, 1),
    "poisoned": (0, 14, 1),
    "length": (0, 0, 10),
    "requester": (1, 16, 16),
    "tag": (1, 8, 8),
    "last_be": (1, 4, 4),
    "first_be": (1, 0, 4),
}


def memory_read(address: int, length: int) -> Tlp:
    """Read ``length`` bytes (0 to 4096, 0: one DW without enabled bytes) at any ``address``."""
    return _request(TlpKind.MRD32, address, length)


def memory_write(address: int, data: bytes) -> Tlp:
    """Write ``data`` (0 to 4096 bytes with those before the first DW boundary) at any ``address``."""
    lead = address & 3
    padded = bytes(lead) + data + bytes(-(lead + len(data)) % 4)
    return _request(TlpKind.MWR32, address, len(data), padded or bytes(4))


def fetch_add(address: int, value: int, size: int = 8) -> Tlp:
    """AtomicOp: add ``value`` to ``size`` (4 or 8) bytes at ``address``, return the old ones."""
    return _atomic(TlpKind.FETCHADD32, address, [value], size)


def swap(address: int, value: int, size: int = 8) -> Tlp:
    """AtomicOp: store ``value`` in ``size`` (4 or 8) bytes at ``address``, return the old ones."""
    return _atomic(TlpKind.SWAP32, address, [value], size)


def compare_and_swap(address: int, compare: int, value: int, size: int = 8) -> Tlp:
    """AtomicOp: store ``value`` if the ``size`` bytes equal ``compare``; return the old ones."""
    return _atomic(TlpKind.CAS32, address, [compare, value], size)


def _atomic(kind: int, address: int, operands: list[int], size: int) -> Tlp:
    data = b"".join((operand % (1 << 8 * size)).to_bytes(size, "little") for operand in operands)
    return _request(kind, address, len(data), data).changed(last_be=0, first_be=0)


def _request(kind: int, address: int, length: int, payload: bytes = b"") -> Tlp:
    if not 0 <= address < 1 << 64:
        raise HostError(f"address {address:#x}: must be 0 to 2**64 - 1")
    skip = address & 3
    words = max(1, (skip + length + 3) // 4)
    if words > 1024:
        raise HostError(f"{length} bytes at {address:#x}: one TLP holds at most 1024 DWs; cut it")
    first = 0xF << skip & 0xF if length else 0
    last = 0xF >> (-(skip + length) & 3)
    if words == 1:
        first, last = first & last, 0
    wide = address >> 32 != 0
    header = [(kind | (_WIDE if wide else 0)) << 24 | words & 0x3FF, last << 4 | first]
    header += [address >> 32] if wide else []
    return Tlp((*header, address & 0xFFFF_FFFC), payload)


class Columns:
    """A TLP trace (dtype `trace.TLP`) taken apart: one array per field, one entry per TLP.

    For requests, ``address`` is the DW-aligned address of the header, ``begin`` the first byte meant
    and ``meant`` the number of bytes (1 for a zero-length read). ``size`` is the length field in
    bytes.
    """

    def __init__(self, trace: npt.NDArray[Any]) -> None:
        words = trace["header"].astype(np.int64)
        first, second, third, fourth = (words[:, word] for word in range(4))
        self.trace = trace
        self.count = len(trace)
        self.cycle = trace["cycle"].astype(np.int64)
        self.to_host = trace["direction"] == 0
        self.flags = trace["flags"]
        self.payload = trace["payload"].astype(np.int64)
        self.kind = first >> 24
        self.size = 4 * np.where(first & 0x3FF == 0, 1024, first & 0x3FF)
        self.has_data = self.kind & 0x40 != 0
        self.wide = self.kind & _WIDE != 0
        base = self.kind & ~_WIDE
        self.read = base == TlpKind.MRD32
        self.write = base == TlpKind.MWR32
        self.atomic = (base >= TlpKind.FETCHADD32) & (base <= TlpKind.CAS32)
        self.memory = self.read | self.write | self.atomic
        self.config = (self.kind == TlpKind.CFGRD0) | (self.kind == TlpKind.CFGWR0)
        self.completion = self.kind & ~0x40 == TlpKind.CPL
        self.posted = self.write | (self.kind & 0x38 == MESSAGE_TYPES)
        self.non_posted = ~self.posted & ~self.completion
        # Traffic class, both attribute fields and the address type: all zero in what the device sends.
        self.attributes = first & 0x0074_3C00
        extended = (first >> 14 & 0x200) | (first >> 11 & 0x100)
        self.requester = np.where(self.completion, third, second) >> 16
        self.tag = (np.where(self.completion, third, second) >> 8 & 0xFF) | extended
        self.first_be = second & 0xF
        self.last_be = second >> 4 & 0xF
        self.completer = second >> 16
        self.status = second >> 13 & 7
        self.byte_count = np.where(second & 0xFFF == 0, 4096, second & 0xFFF)
        self.byte_count_modified = second >> 12 & 1
        self.lower_address = third & 0x7F
        high = np.where(self.wide, third, 0).astype(np.uint64) << np.uint64(32)
        low = np.where(self.wide, fourth, third).astype(np.uint64) & np.uint64(0xFFFF_FFFC)
        self.address = high | low
        self.target = third >> 16
        self.register = third & 0xFFC
        skip = _FIRST_SET[self.first_be]
        tail = _AFTER_LAST_SET[np.where(self.size == 4, self.first_be, self.last_be)]
        empty = (self.size == 4) & (self.first_be == 0)
        self.begin = self.address + np.where(self.atomic, 0, skip).astype(np.uint64)
        self.meant = np.where(self.atomic, self.size, np.where(empty, 1, self.size - skip - tail))


_FIRST_SET = np.array(
    [(enables & -enables).bit_length() - 1 if enables else 0 for enables in range(16)]
)
_AFTER_LAST_SET = np.array([4 - enables.bit_length() if enables else 0 for enables in range(16)])
