"""The numbers of vfio-user: commands, flags, indices (QEMU, docs/interop/vfio-user.rst; ``linux/vfio.h``)."""

from __future__ import annotations

from enum import IntEnum, IntFlag

__all__ = [
    "Command",
    "DeviceFlag",
    "DmaFlag",
    "DmaUnmapFlag",
    "HeaderFlag",
    "IrqFlag",
    "IrqIndex",
    "IrqSetFlag",
    "Region",
    "RegionFlag",
]


class Command(IntEnum):
    """What a message asks for; the peer answers under the same number."""

    VERSION = 1
    DMA_MAP = 2
    DMA_UNMAP = 3
    DEVICE_GET_INFO = 4
    DEVICE_GET_REGION_INFO = 5
    DEVICE_GET_REGION_IO_FDS = 6
    DEVICE_GET_IRQ_INFO = 7
    DEVICE_SET_IRQS = 8
    REGION_READ = 9
    REGION_WRITE = 10
    DMA_READ = 11
    DMA_WRITE = 12
    DEVICE_RESET = 13
    REGION_WRITE_MULTI = 15
    DEVICE_FEATURE = 16
    MIG_DATA_READ = 17
    MIG_DATA_WRITE = 18


class HeaderFlag(IntFlag):
    """Flags of the header; the low four bits are the type: 0 a command, 1 a reply."""

    REPLY = 1
    TYPE = 0xF
    NO_REPLY = 1 << 4
    ERROR = 1 << 5


class DmaFlag(IntFlag):
    """What the device may do with a region of host memory."""

    READ = 1 << 0
    WRITE = 1 << 1


class DmaUnmapFlag(IntFlag):
    """What DMA_UNMAP withdraws: one region, or all of them (as in ``linux/vfio.h``; QEMU sends it)."""

    ALL = 1 << 1


class DeviceFlag(IntFlag):
    """What kind of device it is."""

    RESET = 1 << 0
    PCI = 1 << 1


class Region(IntEnum):
    """Regions of a PCI device."""

    BAR0 = 0
    BAR2 = 2
    ROM = 6
    CONFIG = 7
    VGA = 8


class RegionFlag(IntFlag):
    """What a region can do."""

    READ = 1 << 0
    WRITE = 1 << 1


class IrqIndex(IntEnum):
    """Kinds of interrupts of a PCI device."""

    INTX = 0
    MSI = 1
    MSIX = 2
    ERROR = 3
    REQUEST = 4


class IrqFlag(IntFlag):
    """What a kind of interrupts can do."""

    EVENTFD = 1 << 0
    MASKABLE = 1 << 1


class IrqSetFlag(IntFlag):
    """What DEVICE_SET_IRQS carries, and what it does: one of each."""

    DATA_NONE = 1 << 0
    DATA_BOOL = 1 << 1
    DATA_EVENTFD = 1 << 2
    ACTION_MASK = 1 << 3
    ACTION_UNMASK = 1 << 4
    ACTION_TRIGGER = 1 << 5
    DATA = 0x07
    ACTION = 0x38
