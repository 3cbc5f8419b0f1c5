"""The client's accesses to the device's BARs."""

from __future__ import annotations

from doorbell import Device
from doorbell.contract import registers
from doorbell.vfio_user.numbers import Region
from doorbell.vfio_user.vectors import Vectors

__all__ = ["Bars"]

_CONTROL = registers.DEVICE.CONTROL


class Bars:
    """Regions 0 and 2: aligned accesses of 4 or 8 bytes are one TLP each; others are cut as the host likes.

    A read that the device refuses gives all ones, a write that it refuses is dropped, as on a real
    bus. Writes are posted: they are on their way, in order, when they are answered.
    """

    def __init__(self, device: Device, vectors: Vectors) -> None:
        self._device = device
        self._vectors = vectors

    def size(self, region: int) -> int:
        """Bytes of a region; 0 when there is no such BAR."""
        bar = self._device.function.bars.get(region)
        return 0 if bar is None else bar.size

    async def read(self, region: int, offset: int, count: int) -> bytes:
        """Read ``count`` bytes, all inside the BAR."""
        transport = self._device.transport
        address = self._device.function.bars[region].address + offset
        if not _is_word(offset, count):
            return await transport.read_block(address, count)
        data = (await transport.read(address, count)).to_bytes(count, "little")
        if region == Region.BAR0 and offset in self._vectors.table:
            return self._vectors.overlay(offset - self._vectors.table.start, data)
        return data

    def write(self, region: int, offset: int, data: bytes) -> None:
        """Post a write, all inside the BAR."""
        transport = self._device.transport
        transport.publish()  # what the client stored before is there
        address = self._device.function.bars[region].address + offset
        if not _is_word(offset, len(data)):
            transport.write_block(address, data)
            return
        value = int.from_bytes(data, "little")
        if region == Region.BAR0 and offset in self._vectors.table:
            self._vectors.write(offset - self._vectors.table.start, value, len(data))
            return
        if region == Region.BAR0 and offset == _CONTROL.offset and _CONTROL.decode(value)["reset"]:
            self._vectors.forget()
        transport.write(address, value, len(data))


def _is_word(offset: int, count: int) -> bool:
    return count in (4, 8) and offset % count == 0
