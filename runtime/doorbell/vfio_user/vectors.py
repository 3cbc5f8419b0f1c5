"""MSI-X as VFIO has it: each vector of the device rings an eventfd of the client.

The table and the pending bits that the client sees through BAR0 are the device's own, with its
masks. Where messages go is ours: whatever address and data the client writes into an entry is kept
here and read back, while the device gets our message address and the vector's number. So a client
may program the table as a driver does, or leave it alone and use DEVICE_SET_IRQS, or both: giving a
vector an eventfd unmasks its entry and switches MSI-X on, taking it away masks the entry.
"""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from doorbell import Device
from doorbell.contract import MSIX_ENTRY, registers
from doorbell.vfio_user.messages import IrqSet
from doorbell.vfio_user.numbers import IrqIndex, IrqSetFlag
from doorbell.vfio_user.wire import Message

__all__ = ["Vectors"]

_ENTRY: Final = MSIX_ENTRY.itemsize
_ENABLE: Final = 0x8000
_CONTROL: Final = 3  # dword of an entry


class Vectors:
    """The vectors of one client."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._transport = device.transport
        self.count = device.function.vectors
        self._told = [self._transport.interrupts(vector) for vector in range(self.count)]
        self._eventfds: dict[int, int] = {}
        self._written: dict[int, int] = {}
        """Address and data as the client wrote them, by dword of the table."""

    @property
    def table(self) -> range:
        """Offsets of the table in BAR0."""
        start = registers.MSIX_TABLE.offset
        return range(start, start + self.count * _ENTRY)

    # Messages of the device -------------------------------------------------------------------------
    def deliver(self) -> None:
        """Ring the eventfds of every message since the last call, once a message."""
        for vector, told in enumerate(self._told):
            count = self._transport.interrupts(vector)
            if count != told:
                self._told[vector] = count
                self._ring(vector, count - told)

    def _ring(self, vector: int, times: int) -> None:
        descriptor = self._eventfds.get(vector)
        if descriptor is None:
            return
        room = select.poll()
        room.register(descriptor, select.POLLOUT)
        for _ in range(times):  # one by one: only for one is there room for certain
            if not room.poll(0):
                return
            os.eventfd_write(descriptor, 1)

    # The table through BAR0 -------------------------------------------------------------------------
    def write(self, offset: int, value: int, size: int) -> None:
        """Take a write of 4 or 8 aligned bytes at ``offset`` in the table."""
        vector, first = divmod(offset // 4, _ENTRY // 4)
        control = None
        for dword in range(first, first + size // 4):
            part = value >> 32 * (dword - first) & 0xFFFF_FFFF
            if dword == _CONTROL:
                control = part
            else:
                self._written[4 * vector + dword] = part
        self._program(vector, control)

    def overlay(self, offset: int, data: bytes) -> bytes:
        """Return what the client sees where the device's table, from ``offset`` in it, holds ``data``."""
        seen = bytearray(data)
        for at in range(0, len(data), 4):
            written = self._written.get((offset + at) // 4)
            if written is not None:
                seen[at : at + 4] = written.to_bytes(4, "little")
        return bytes(seen)

    def forget(self) -> None:
        """The table has been reset: every entry is zero and masked."""
        self._written.clear()

    def _program(self, vector: int, control: int | None) -> None:
        entry = self._device.bar0 + self.table.start + vector * _ENTRY
        self._transport.write(entry, self._transport.message_address())
        self._transport.write(entry + 8, vector, 4)
        if control is not None:
            self._transport.write(entry + 12, control, 4)

    # DEVICE_SET_IRQS --------------------------------------------------------------------------------
    async def set(self, request: IrqSet, message: Message, data: bytes) -> None:
        """Do what a DEVICE_SET_IRQS asks for; takes the descriptors of its message.

        Raises:
            OSError: EINVAL: no such vectors, or flags, data and descriptors that do not fit.
        """
        kind, action = request.flags & IrqSetFlag.DATA, request.flags & IrqSetFlag.ACTION
        ends = action == IrqSetFlag.ACTION_TRIGGER and kind == IrqSetFlag.DATA_NONE
        if ends and not request.count and not request.start and request.index in set(IrqIndex):
            if request.index == IrqIndex.MSIX:
                await self._disable()
            return
        if (
            request.index != IrqIndex.MSIX
            or not 0 < request.count <= self.count - request.start
            or kind not in (IrqSetFlag.DATA_NONE, IrqSetFlag.DATA_BOOL, IrqSetFlag.DATA_EVENTFD)
            or action.bit_count() != 1
            or request.flags != kind | action
            or len(data) != (request.count if kind == IrqSetFlag.DATA_BOOL else 0)
        ):
            raise OSError(errno.EINVAL, f"{request} with {len(data)} bytes of data")
        vectors = range(request.start, request.start + request.count)
        if kind == IrqSetFlag.DATA_EVENTFD:
            if action != IrqSetFlag.ACTION_TRIGGER:
                raise OSError(errno.EINVAL, "eventfds are rung by interrupts only, not by masking")
            await self._assign(vectors, message)
            return
        for at, vector in enumerate(vectors):
            if kind == IrqSetFlag.DATA_BOOL and not data[at]:
                continue
            if action == IrqSetFlag.ACTION_TRIGGER:
                self._ring(vector, 1)
            else:
                self._program(vector, int(action == IrqSetFlag.ACTION_MASK))

    async def _assign(self, vectors: Sequence[int], message: Message) -> None:
        """Give vectors an eventfd each, or take theirs away when the message has none."""
        given = message.descriptors
        if len(given) not in (0, len(vectors)):
            raise OSError(errno.EINVAL, f"{len(given)} descriptors for {len(vectors)} vectors")
        for descriptor in given:
            if str(Path(f"/proc/self/fd/{descriptor}").readlink()) != "anon_inode:[eventfd]":
                raise OSError(errno.EINVAL, "a descriptor is no eventfd")
        for vector in vectors:
            self._release(vector)
            if given:
                self._eventfds[vector] = given.pop(0)
            self._program(vector, int(vector not in self._eventfds))
        if self._eventfds:
            await self._switch(_ENABLE)

    async def _disable(self) -> None:
        for vector in range(self.count):
            self._release(vector)
            self._program(vector, 1)
        await self._switch(0)

    async def _switch(self, enable: int) -> None:
        at = self._device.function.msix + 2
        control = await self._transport.config_read(at, 2)
        if control & _ENABLE != enable:
            await self._transport.config_write(at, control & ~_ENABLE | enable, 2)

    def _release(self, vector: int) -> None:
        descriptor = self._eventfds.pop(vector, None)
        if descriptor is not None:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of every eventfd."""
        for vector in list(self._eventfds):
            self._release(vector)
