"""Steps that several scenarios take."""

from __future__ import annotations

from typing import Any

import numpy as np

from doorbell import Device, Stream
from doorbell.contract import registers
from doorbell_tb import link
from doorbell_tb.tlp import Columns


def noise(seed: int, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Bytes that no shift or swap leaves alike."""
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


async def pause(device: Device, cycles: int) -> None:
    """Let ``cycles`` pass, whatever happens meanwhile."""
    transport = device.transport
    limit = transport.now() + cycles
    while transport.now() < limit:
        await transport.wait(transport.events(), limit)


async def took(device: Device, *streams: Stream) -> int:
    """Cycles until everything staged on these streams has retired."""
    start = device.transport.now()
    for stream in streams:
        stream.flush()
    for stream in streams:
        await stream.synchronize()
    return device.transport.now() - start


def columns(start: int = 0) -> Columns:
    """The trace from TLP ``start`` on, as it is now."""
    return Columns(link.trace()[start:].copy())


async def pending(device: Device) -> int:
    """The pending bits of all vectors."""
    return await device.transport.read(device.bar0 + registers.MSIX_PBA.offset)
