"""One client: its messages, answered in order, until it leaves."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from doorbell import Device
from doorbell.transport import HasLab
from doorbell.vfio_user import negotiation
from doorbell.vfio_user.bars import Bars
from doorbell.vfio_user.config import CONFIG_BYTES, ConfigSpace
from doorbell.vfio_user.description import describe, whole
from doorbell.vfio_user.handover import hand_over
from doorbell.vfio_user.messages import (
    DmaMap,
    DmaUnmap,
    IrqSet,
    RegionAccess,
    WriteEntry,
    WriteMulti,
)
from doorbell.vfio_user.numbers import (
    Command,
    HeaderFlag,
    Region,
)
from doorbell.vfio_user.pace import Pace
from doorbell.vfio_user.vectors import Vectors
from doorbell.vfio_user.windows import Windows
from doorbell.vfio_user.wire import TRANSFER_MAX, Connection, Disconnected, Message

__all__ = ["Session", "Tally"]

_WRITES_MAX: Final = 1024
_WITH_DESCRIPTORS = (Command.DMA_MAP, Command.DEVICE_SET_IRQS)

Handler = Callable[[Message], Awaitable[bytes]]


@dataclass(slots=True)
class Tally:
    """What a client did."""

    messages: int = 0
    refused: int = 0
    ending: str = ""
    findings: tuple[str, ...] = ()
    """What the host's checkers hold against the device, one line each, rule id first."""


class Session:
    """Serves one client on a device that nobody else uses meanwhile."""

    def __init__(self, device: Device, connection: Connection) -> None:
        """The device has been handed over (`hand_over`)."""
        function = device.function
        self.tally = Tally()
        self._device = device
        self._connection = connection
        self._vectors = Vectors(device)
        self._bars = Bars(device, self._vectors)
        self._config = ConfigSpace(device.transport, function.bars)
        taken = [range(bar.address, bar.address + bar.size) for bar in function.bars.values()]
        self._windows = Windows(device.transport, taken)
        self._pace = Pace(device, connection, self._vectors.deliver)
        self._peer: negotiation.Proposal | None = None
        self._handlers: dict[int, Handler] = {
            Command.DMA_MAP: self._dma_map,
            Command.DMA_UNMAP: self._dma_unmap,
            Command.DEVICE_GET_INFO: self._describe,
            Command.DEVICE_GET_REGION_INFO: self._describe,
            Command.DEVICE_GET_REGION_IO_FDS: self._describe,
            Command.DEVICE_GET_IRQ_INFO: self._describe,
            Command.DEVICE_SET_IRQS: self._set_irqs,
            Command.REGION_READ: self._region_read,
            Command.REGION_WRITE: self._region_write,
            Command.REGION_WRITE_MULTI: self._region_write_multi,
            Command.DEVICE_RESET: self._reset,
        }

    async def serve(self) -> None:
        """Answer until the client leaves, or says what cannot be understood; `tally` says how it ended."""
        try:
            while True:
                message = self._connection.receive()
                if message is None:
                    await self._pace.until_message()
                    continue
                try:
                    await self._take(message)
                finally:
                    message.discard()
        except Disconnected as reason:
            self.tally.ending = str(reason)

    async def end(self) -> None:
        """Bring the device back to its first state, then let go of everything that was the client's."""
        self._connection.close()
        await hand_over(self._device)
        await self._judge()
        self._windows.clear()
        self._vectors.close()

    async def _judge(self) -> None:
        """Have the host's checkers look at what the client had the device do, where there are any."""
        transport = self._device.transport
        if isinstance(transport, HasLab):
            left = await transport.lab.settle()
            self.tally.findings = (
                *transport.lab.findings(),
                *(f"left behind: {one}" for one in left),
            )

    async def _take(self, message: Message) -> None:
        self.tally.messages += 1
        if message.is_reply:
            return  # we ask nothing, so it answers nothing
        try:
            body = await self._answer(message)
        except (OSError, ValueError) as error:
            self.tally.refused += 1
            number = error.errno if isinstance(error, OSError) else None
            self._connection.refuse(message, number or errno.EINVAL)
            if self._peer is None:
                raise Disconnected(f"no version was agreed on: {error}") from None
            return
        self._vectors.deliver()  # an interrupt before an answer is seen before it
        self._connection.reply(message, body)

    async def _answer(self, message: Message) -> bytes:
        command = message.header.command
        if message.header.flags & HeaderFlag.TYPE:
            raise OSError(errno.EINVAL, "neither command nor reply")
        if message.descriptors and command not in _WITH_DESCRIPTORS:
            raise OSError(errno.EINVAL, "file descriptors with a command that takes none")
        if self._peer is None:
            return self._version(message)
        handler = self._handlers.get(command)
        if handler is None:
            known = command in set(Command) and command != Command.VERSION
            raise OSError(errno.ENOTTY if known else errno.EINVAL, f"command {command}")
        return await handler(message)

    def _version(self, message: Message) -> bytes:
        if message.header.command != Command.VERSION:
            raise OSError(errno.EINVAL, f"command {message.header.command} before VERSION")
        proposal = negotiation.parse(message.payload)
        body = negotiation.answer(proposal)
        if body is None:
            raise OSError(errno.EPROTONOSUPPORT, f"major version {proposal.major}")
        self._peer = proposal
        return body

    # Memory -------------------------------------------------------------------------------------------
    async def _dma_map(self, message: Message) -> bytes:
        self._windows.map(whole(DmaMap, message), message.descriptors)
        return b""

    async def _dma_unmap(self, message: Message) -> bytes:
        request = whole(DmaUnmap, message)
        self._windows.unmap(request)
        return request.pack()

    async def _describe(self, message: Message) -> bytes:
        return describe(message, self._region_size, self._vectors.count)

    # Interrupts ---------------------------------------------------------------------------------------
    async def _set_irqs(self, message: Message) -> bytes:
        request = IrqSet.unpack(message.payload)
        if request.argsz != len(message.payload):
            raise OSError(errno.EINVAL, f"argsz {request.argsz}, not {len(message.payload)}")
        await self._vectors.set(request, message, message.payload[IrqSet.FORMAT.size :])
        return b""

    # Regions ------------------------------------------------------------------------------------------
    def _region_size(self, region: int) -> int:
        return CONFIG_BYTES if region == Region.CONFIG else self._bars.size(region)

    def _check(self, access: RegionAccess) -> None:
        assert self._peer is not None
        size = self._region_size(access.region)
        limit = min(TRANSFER_MAX, self._peer.max_data_xfer_size)
        if not 0 < access.count <= limit or access.offset + access.count > size:
            raise OSError(errno.EINVAL, f"{access}: the region has {size:#x} bytes")

    async def _region_read(self, message: Message) -> bytes:
        access = whole(RegionAccess, message)
        self._check(access)
        if access.region == Region.CONFIG:
            data = await self._config.read(access.offset, access.count)
        else:
            data = await self._bars.read(access.region, access.offset, access.count)
        return access.pack() + data

    async def _region_write(self, message: Message) -> bytes:
        access = RegionAccess.unpack(message.payload)
        await self._write(access, message.payload[RegionAccess.FORMAT.size :])
        return access.pack()

    async def _region_write_multi(self, message: Message) -> bytes:
        request, size = WriteMulti.unpack(message.payload), WriteEntry.FORMAT.size
        body = message.payload[WriteMulti.FORMAT.size :]
        if not 0 < request.count <= _WRITES_MAX or len(body) != request.count * size:
            raise OSError(errno.EINVAL, f"{len(body)} bytes for {request.count} writes")
        entries = [WriteEntry.unpack(body[at : at + size]) for at in range(0, len(body), size)]
        for entry in entries:
            access = RegionAccess(entry.offset, entry.region, entry.count)
            await self._write(access, entry.data[: entry.count])
        return request.pack()

    async def _write(self, access: RegionAccess, data: bytes) -> None:
        self._check(access)
        if len(data) != access.count:
            raise OSError(errno.EINVAL, f"{access} with {len(data)} bytes")
        if access.region == Region.CONFIG:
            await self._config.write(access.offset, data)
        else:
            self._bars.write(access.region, access.offset, data)

    async def _reset(self, message: Message) -> bytes:
        if message.payload:
            raise OSError(errno.EINVAL, f"{len(message.payload)} bytes with a reset")
        await hand_over(self._device)
        self._config.reset()
        self._vectors.forget()
        return b""
