"""Opening a device from the program's side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from doorbell.device import DEADLINE_CYCLES, Device
from doorbell.launch import launcher
from doorbell.transport import Transport

__all__ = ["open"]


@asynccontextmanager
async def open(  # noqa: A001 - reads as doorbell.open
    device: str | Transport, *, deadline: int = DEADLINE_CYCLES
) -> AsyncIterator[Device]:
    """Open ``device`` ("model", "rtl", ..., or a transport) and close it at the end.

    Leaving normally waits for all streams and checks for leaks; leaving by an exception awaits
    nothing.

    Raises:
        LookupError: no such device is installed.
        DeviceLost, IncompatibleDevice: see `Device.open`.
        LeakError: something was left behind.
    """
    transport = launcher(device).attach() if isinstance(device, str) else device
    opened = await Device.open(transport, deadline=deadline)
    try:
        yield opened
    except BaseException:
        opened.abandon()
        raise
    await opened.close()
