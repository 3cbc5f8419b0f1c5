"""What a client may ask about the device: regions and interrupts."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from doorbell.vfio_user.messages import DeviceInfo, IrqInfo, Layout, RegionInfo, RegionIoFds
from doorbell.vfio_user.numbers import (
    Command,
    DeviceFlag,
    IrqFlag,
    IrqIndex,
    Region,
    RegionFlag,
)
from doorbell.vfio_user.wire import Message

__all__ = ["describe", "whole"]

L = TypeVar("L", bound=Layout)


def describe(message: Message, region_size: Callable[[int], int], vectors: int) -> bytes:
    """Answer one of the DEVICE_GET commands; ``region_size`` gives bytes, 0 for regions that are not there.

    Raises:
        OSError: EINVAL: no such index, or no room for the reply.
    """
    match message.header.command:
        case Command.DEVICE_GET_INFO:
            return _device(whole(DeviceInfo, message))
        case Command.DEVICE_GET_REGION_INFO:
            return _region(whole(RegionInfo, message), region_size)
        case Command.DEVICE_GET_REGION_IO_FDS:
            return _region_io_fds(whole(RegionIoFds, message))
        case _:
            return _irq(whole(IrqInfo, message), vectors)


def _device(request: DeviceInfo) -> bytes:
    _room(request.argsz, DeviceInfo)
    flags = DeviceFlag.RESET | DeviceFlag.PCI
    return DeviceInfo(DeviceInfo.FORMAT.size, flags, Region.VGA + 1, len(IrqIndex)).pack()


def _region(request: RegionInfo, region_size: Callable[[int], int]) -> bytes:
    _room(request.argsz, RegionInfo)
    if request.index > Region.VGA:
        raise OSError(errno.EINVAL, f"region {request.index}")
    size = region_size(request.index)
    flags = RegionFlag.READ | RegionFlag.WRITE if size else 0
    return RegionInfo(RegionInfo.FORMAT.size, flags, request.index, 0, size).pack()


def _region_io_fds(request: RegionIoFds) -> bytes:
    """There are none: every access is a message."""
    _room(request.argsz, RegionIoFds)
    if request.flags or request.count or request.index > Region.VGA:
        raise OSError(errno.EINVAL, f"{request}")
    return RegionIoFds(RegionIoFds.FORMAT.size, 0, request.index).pack()


def _irq(request: IrqInfo, vectors: int) -> bytes:
    _room(request.argsz, IrqInfo)
    if request.index not in set(IrqIndex):
        raise OSError(errno.EINVAL, f"interrupts of kind {request.index}")
    count = vectors if request.index == IrqIndex.MSIX else 0
    flags = IrqFlag.EVENTFD | IrqFlag.MASKABLE if count else 0
    return IrqInfo(IrqInfo.FORMAT.size, flags, request.index, count).pack()


def whole(layout: type[L], message: Message) -> L:
    """Return the payload as ``layout``, which it must be to the byte."""
    if len(message.payload) != layout.FORMAT.size:
        raise OSError(errno.EINVAL, f"{layout.__name__} of {len(message.payload)} bytes")
    return layout.unpack(message.payload)


def _room(argsz: int, layout: type[Layout]) -> None:
    """Check that the client has room for the reply."""
    if argsz < layout.FORMAT.size:
        raise OSError(errno.EINVAL, f"argsz {argsz}: the reply has {layout.FORMAT.size} bytes")
