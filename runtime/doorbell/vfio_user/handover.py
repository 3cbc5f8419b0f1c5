"""The state in which a client gets the device, and in which it is left."""

from __future__ import annotations

from typing import Final

from doorbell import Device
from doorbell.contract import registers

__all__ = ["hand_over"]

_COMMAND, _STATUS, _CACHE_LINE, _INTERRUPT_LINE = 0x04, 0x06, 0x0C, 0x3C
_DEVICE_CONTROL, _DEVICE_STATUS, _LINK_CONTROL = 0x08, 0x0A, 0x10  # in the PCI Express capability
_MEMORY_SPACE: Final = 1 << 1
_DEVICE_CONTROL_RESET: Final = 0x2810  # PCIe Base: requests of 512, payloads of 128 bytes
_MSIX_BITS: Final = 0xC000
_STATUS_ERRORS, _DEVICE_ERRORS = 0xF900, 0xF


async def hand_over(device: Device) -> None:
    """Stop and reset everything: as after power-on, but memory space is on, as VFIO has it.

    Mappings still stand, so that what is in flight ends well; nothing is in flight afterwards
    (ERR-RESET-002).

    Raises:
        DeadlineExceeded: the reset does not end within BOUND_RESET cycles.
        DeviceLost: nobody answers.
    """
    transport, block = device.transport, registers.DEVICE
    command = await transport.config_read(_COMMAND, 2)
    await transport.config_write(_COMMAND, command | _MEMORY_SPACE, 2)
    device.post(block.CONTROL, block.CONTROL.encode(reset=1))
    bound = device.capabilities.bound_reset
    await device.poll(block.STATUS, {"resetting": 0}, bound, "device reset")
    await transport.config_write(_COMMAND, _MEMORY_SPACE, 2)
    msix = device.function.msix + 2
    control = await transport.config_read(msix, 2)
    await transport.config_write(msix, control & ~_MSIX_BITS, 2)
    express = device.function.express
    for offset, value, size in (
        (_CACHE_LINE, 0, 1),
        (_INTERRUPT_LINE, 0, 1),
        (express + _DEVICE_CONTROL, _DEVICE_CONTROL_RESET, 2),
        (express + _LINK_CONTROL, 0, 2),
        (_STATUS, _STATUS_ERRORS, 2),  # ones clear; a device reset leaves errors (EP-ERR-001)
        (express + _DEVICE_STATUS, _DEVICE_ERRORS, 2),
    ):
        await transport.config_write(offset, value, size)
