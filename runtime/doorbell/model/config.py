"""Configuration space: a type 0 header with the PCI Express and MSI-X capabilities (EP-CFG-001)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from doorbell.contract import limits, registers
from doorbell.model.shape import Shape
from doorbell.model.variant import Choices

__all__ = ["ConfigSpace"]

_BYTES: Final = 4096
_COMMAND, _STATUS, _BAR0, _BAR2 = 0x04, 0x06, 0x10, 0x18
_DEVICE_STATUS: Final = 10  # from the PCI Express capability on
_MEMORY_SPACE, _BUS_MASTER, _PARITY_RESPONSE, _SERR = 1 << 1, 1 << 2, 1 << 6, 1 << 8
_COMMAND_WRITABLE: Final = _MEMORY_SPACE | _BUS_MASTER | 1 << 10
_PENDING: Final = 1 << 5  # of Device Status
_MSIX_ENABLE, _FUNCTION_MASK = 1 << 15, 1 << 14


class ConfigSpace:
    """4 KiB of configuration registers; what is not implemented reads as zero (EP-CFG-002)."""

    def __init__(self, shape: Shape, choices: Choices) -> None:
        """``shape`` says how large BAR2 and the MSI-X table are, and where the capabilities stand.

        ``choices`` says whether Command lets errors be reported the PCI way (EP-ERR-004).
        """
        self.pending: Callable[[], bool] = lambda: False
        """Whether a read of the device is outstanding (EP-ERR-006)."""
        self._express, self._msix = shape.express, shape.msix
        self._most = shape.payload
        self._bytes = bytearray(_BYTES)
        self._writable = bytearray(_BYTES)
        self._clears = bytearray(_BYTES)
        self._header(shape.memory, _PARITY_RESPONSE | _SERR if choices.pci_errors else 0)
        self._pcie()
        self._put(self._msix, 0x11, 1)
        self._put(self._msix + 2, shape.vectors - 1, 2, _MSIX_ENABLE | _FUNCTION_MASK)
        self._put(self._msix + 4, registers.MSIX_TABLE.offset, 4)
        self._put(self._msix + 8, registers.MSIX_PBA.offset, 4)
        first, second = sorted((self._express, self._msix))
        self._put(0x34, first, 1)
        self._put(first + 1, second, 1)

    def _header(self, memory: int, reporting: int) -> None:
        self._put(0x00, limits.DEVICE_ID << 16 | limits.VENDOR_ID, 4)
        self._put(_COMMAND, 0, 2, _COMMAND_WRITABLE | reporting)
        self._put(_STATUS, 1 << 4, 2)  # there is a list of capabilities
        self._clears[_STATUS + 1] = 0xF9
        self._put(0x08, limits.CLASS_CODE << 8, 4)
        self._put(0x0C, 0, 1, 0xFF)  # cache line size: no effect
        self._put(_BAR0, 0x4, 8, -limits.BAR0_BYTES)
        self._put(_BAR2, 0xC, 8, -memory)
        self._put(0x2C, limits.DEVICE_ID << 16 | limits.VENDOR_ID, 4)
        self._put(0x3C, 0, 1, 0xFF)  # interrupt line: no effect

    def _pcie(self) -> None:
        payload = (self._most // 128).bit_length() - 1
        self._put(self._express, 0x10, 1)
        self._put(self._express + 2, 2, 2)  # capability version 2, endpoint
        self._put(self._express + 4, 1 << 15 | 1 << 5 | payload, 4)  # role-based errors, 8-bit tags
        self._put(self._express + 8, 0x2810, 2, 0x7FFF)
        self._clears[self._express + _DEVICE_STATUS] = 0xF
        self._put(self._express + 12, 16 << 4 | 3, 4)  # 16 lanes of 8 GT/s
        self._put(self._express + 16, 0, 2, 0x01C3)
        self._put(self._express + 18, 16 << 4 | 3, 2)
        self._put(self._express + 36, 1 << 8, 4)  # completes 64-bit AtomicOps

    def _put(self, at: int, value: int, size: int, writable: int = 0) -> None:
        self._bytes[at : at + size] = value.to_bytes(size, "little")
        mask = writable & (1 << 8 * size) - 1
        self._writable[at : at + size] = mask.to_bytes(size, "little")

    def read(self, offset: int, size: int) -> int:
        """Value of ``size`` bytes at ``offset``."""
        at = self._express + _DEVICE_STATUS
        self._bytes[at] = self._bytes[at] & ~_PENDING | (_PENDING if self.pending() else 0)
        return int.from_bytes(self._bytes[offset : offset + size], "little")

    def write(self, offset: int, value: int, size: int) -> None:
        """Store the writable bits of ``size`` bytes at ``offset``; error bits are cleared by a 1 (EP-ERR-001)."""
        for at, byte in enumerate(value.to_bytes(size, "little"), offset):
            mask = self._writable[at]
            self._bytes[at] = self._bytes[at] & ~mask & ~(byte & self._clears[at]) | byte & mask

    def note(self, status: int, device: int) -> None:
        """Set these bits of Status and Device Status."""
        for at, bits in (_STATUS, status), (self._express + _DEVICE_STATUS, device):
            self._bytes[at] |= bits & 0xFF
            self._bytes[at + 1] |= bits >> 8

    @property
    def parity_response(self) -> bool:
        """Whether poisoned completions show in Master Data Parity Error (EP-ERR-004)."""
        return bool(self.read(_COMMAND, 2) & _PARITY_RESPONSE)

    @property
    def serr(self) -> bool:
        """Whether errors may be signalled to the system (EP-ERR-007)."""
        return bool(self.read(_COMMAND, 2) & _SERR)

    @property
    def bus_master(self) -> bool:
        """Whether the device may send requests (EP-BM-001)."""
        return bool(self.read(_COMMAND, 2) & _BUS_MASTER)

    @property
    def msix_open(self) -> bool:
        """Whether MSI-X is enabled and the function not masked (INT-MASK-001)."""
        return self.read(self._msix + 2, 2) & (_MSIX_ENABLE | _FUNCTION_MASK) == _MSIX_ENABLE

    @property
    def payload(self) -> int:
        """Max_Payload_Size in bytes, never above what the device supports (EP-TLP-001)."""
        size = 128 << (self.read(self._express + 8, 2) >> 5 & 7)
        return min(size, self._most)

    @property
    def request(self) -> int:
        """Size of the largest read request, in bytes (EP-TLP-002)."""
        size = 128 << (self.read(self._express + 8, 2) >> 12 & 7)
        return min(size, limits.reference.MRRS_BYTES_MAX)

    @property
    def tags(self) -> int:
        """How many tags requests may carry: 5 bits of them, unless Extended Tag Field Enable is set (ERR-FATAL-001)."""
        extended = self.read(self._express + 8, 2) & 1 << 8
        return 1 << 16 if extended else 1 << 5

    def bar(self, number: int) -> int | None:
        """Base of BAR 0 or 2; None while memory space is off (EP-BAR-003)."""
        if not self.read(_COMMAND, 2) & _MEMORY_SPACE:
            return None
        return self.read(_BAR0 + 4 * number, 8) & ~0xF
