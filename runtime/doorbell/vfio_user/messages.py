"""The messages of vfio-user as data: each fixed part, byte for byte.

Names and layouts follow the specification (QEMU, docs/interop/vfio-user.rst) and ``linux/vfio.h``;
numbers are in the byte order of the machine. Sizes and offsets are bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Final, Self

__all__ = [
    "HEADER_BYTES",
    "DeviceInfo",
    "DmaMap",
    "DmaUnmap",
    "Header",
    "IrqInfo",
    "IrqSet",
    "Layout",
    "RegionAccess",
    "RegionInfo",
    "RegionIoFds",
    "Version",
    "WriteEntry",
    "WriteMulti",
]


class Layout:
    """A fixed part of a message, little or big endian as this machine is."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    FORMAT: ClassVar[struct.Struct]

    def pack(self) -> bytes:
        """Return its bytes."""
        return self.FORMAT.pack(*(getattr(self, name) for name in self.__slots__))

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read it from the beginning of ``data``.

        Raises:
            ValueError: there are fewer bytes.
        """
        if len(data) < cls.FORMAT.size:
            raise ValueError(f"{cls.__name__} of {len(data)} bytes; it has {cls.FORMAT.size}")
        return cls(*cls.FORMAT.unpack_from(data))


@dataclass(frozen=True, slots=True)
class Header(Layout):
    """Before every message. ``size`` counts it too; ``error`` is an errno in a reply with ERROR."""

    FORMAT = struct.Struct("=HHIII")
    identifier: int
    command: int
    size: int
    flags: int
    error: int = 0


@dataclass(frozen=True, slots=True)
class Version(Layout):
    """VERSION, both ways; JSON with a terminating NUL may follow."""

    FORMAT = struct.Struct("=HH")
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class DmaMap(Layout):
    """DMA_MAP: ``size`` bytes at bus ``address``, from ``offset`` of the file that comes along."""

    FORMAT = struct.Struct("=IIQQQ")
    argsz: int
    flags: int
    offset: int
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class DmaUnmap(Layout):
    """DMA_UNMAP, and its reply."""

    FORMAT = struct.Struct("=IIQQ")
    argsz: int
    flags: int
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class DeviceInfo(Layout):
    """DEVICE_GET_INFO, and its reply."""

    FORMAT = struct.Struct("=IIII")
    argsz: int
    flags: int = 0
    regions: int = 0
    irqs: int = 0


@dataclass(frozen=True, slots=True)
class RegionInfo(Layout):
    """DEVICE_GET_REGION_INFO, and its reply; capabilities may follow that at ``cap_offset``."""

    FORMAT = struct.Struct("=IIIIQQ")
    argsz: int
    flags: int
    index: int
    cap_offset: int = 0
    size: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class RegionIoFds(Layout):
    """DEVICE_GET_REGION_IO_FDS, and its reply, which ``count`` sub-regions may follow."""

    FORMAT = struct.Struct("=IIII")
    argsz: int
    flags: int
    index: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class IrqInfo(Layout):
    """DEVICE_GET_IRQ_INFO, and its reply."""

    FORMAT = struct.Struct("=IIII")
    argsz: int
    flags: int
    index: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class IrqSet(Layout):
    """DEVICE_SET_IRQS; one byte per interrupt follows with DATA_BOOL, file descriptors come with DATA_EVENTFD."""

    FORMAT = struct.Struct("=IIIII")
    argsz: int
    flags: int
    index: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class RegionAccess(Layout):
    """REGION_READ and REGION_WRITE, and their replies; data follow a write and the reply to a read."""

    FORMAT = struct.Struct("=QII")
    offset: int
    region: int
    count: int


@dataclass(frozen=True, slots=True)
class WriteMulti(Layout):
    """REGION_WRITE_MULTI, and its reply; in the request ``count`` of `WriteEntry` follow."""

    FORMAT = struct.Struct("=Q")
    count: int


@dataclass(frozen=True, slots=True)
class WriteEntry(Layout):
    """One write of up to 8 bytes."""

    FORMAT = struct.Struct("=QII8s")
    offset: int
    region: int
    count: int
    data: bytes


HEADER_BYTES: Final = Header.FORMAT.size
