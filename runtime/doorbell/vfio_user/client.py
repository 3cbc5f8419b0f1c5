"""The client's side of a connection: one request, one answer."""

from __future__ import annotations

import os
import socket
from typing import Final

from doorbell.errors import DeviceLost, DeviceNotFound, IncompatibleDevice
from doorbell.vfio_user import negotiation
from doorbell.vfio_user.messages import (
    Header,
    IrqInfo,
    IrqSet,
    RegionAccess,
    RegionInfo,
    Version,
)
from doorbell.vfio_user.numbers import Command, HeaderFlag, IrqSetFlag
from doorbell.vfio_user.wire import Connection, Disconnected, Message

__all__ = ["Client"]

_ANSWER_SECONDS: Final = 120.0


class Client:
    """A connection to a server; every call but posted ones waits for its answer.

    Raises `DeviceLost` when the server has gone, and OSError with the errno of a refusal.
    """

    def __init__(self, path: str) -> None:
        """Connect to the socket and agree on a version.

        Raises:
            DeviceNotFound: nobody listens there.
            DeviceLost: whoever does says nothing that can be understood.
            IncompatibleDevice: the server speaks another version of the protocol.
        """
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            peer.connect(path)
        except OSError as error:
            peer.close()
            raise DeviceNotFound(
                f"no vfio-user server at {path}: {error.strerror}; start `doorbell serve --socket {path}`"
            ) from None
        self._path = path
        self._connection = Connection(peer)
        self._identifier = 0
        try:
            self._agree()
        except BaseException:
            self.close()
            raise

    def _agree(self) -> None:
        version = Version(negotiation.MAJOR, negotiation.MINOR)
        try:
            body = self.request(Command.VERSION, negotiation.payload(version, write_multiple=False))
            self.server = negotiation.parse(body)
        except (OSError, ValueError) as error:
            raise IncompatibleDevice(f"vfio-user server at {self._path}: {error}") from None
        if (self.server.major, self.server.minor) > (version.major, version.minor):
            raise IncompatibleDevice(
                f"vfio-user server at {self._path} speaks {self.server.major}.{self.server.minor}, "
                f"this client {version.major}.{version.minor}"
            )

    def request(
        self, command: Command, payload: bytes = b"", descriptors: tuple[int, ...] = ()
    ) -> bytes:
        """Send a command and return the body of its answer."""
        self._send(command, 0, payload, descriptors)
        try:
            while True:
                answer = self._connection.receive()
                if answer is not None:
                    answer.discard()
                    if self._is_mine(answer, command):
                        break
                elif not self._connection.wait(_ANSWER_SECONDS):
                    raise Disconnected(f"no answer to {command.name} within {_ANSWER_SECONDS} s")
        except Disconnected as reason:
            raise DeviceLost(f"vfio-user server at {self._path}: {reason}") from None
        if answer.header.flags & HeaderFlag.ERROR:
            number = answer.header.error
            raise OSError(number, f"{command.name} refused: {os.strerror(number)}")
        return answer.payload

    def _is_mine(self, answer: Message, command: Command) -> bool:
        """Whether it is the answer; what the server asks of us instead is refused."""
        if not answer.is_reply:
            self._connection.refuse(answer, 0)
            return False
        head = answer.header
        if (head.identifier, head.command) != (self._identifier, command):
            raise Disconnected(f"answer {head} to {command.name} {self._identifier}")
        return True

    def post(self, command: Command, payload: bytes) -> None:
        """Send a command that nobody answers; it is done before any later one."""
        self._send(command, HeaderFlag.NO_REPLY, payload, ())

    def _send(
        self, command: Command, flags: int, payload: bytes, descriptors: tuple[int, ...]
    ) -> None:
        self._identifier = (self._identifier + 1) & 0xFFFF
        try:
            self._connection.send(Header(self._identifier, command, 0, flags), payload, descriptors)
        except Disconnected as reason:
            raise DeviceLost(f"vfio-user server at {self._path}: {reason}") from None

    # What the protocol offers -----------------------------------------------------------------------
    def region_info(self, index: int) -> RegionInfo:
        """Ask for size and flags of a region."""
        request = RegionInfo(RegionInfo.FORMAT.size, 0, index)
        return RegionInfo.unpack(self.request(Command.DEVICE_GET_REGION_INFO, request.pack()))

    def irq_info(self, index: int) -> IrqInfo:
        """Ask how many interrupts of a kind there are."""
        request = IrqInfo(IrqInfo.FORMAT.size, 0, index)
        return IrqInfo.unpack(self.request(Command.DEVICE_GET_IRQ_INFO, request.pack()))

    def set_eventfds(self, index: int, start: int, eventfds: tuple[int, ...]) -> None:
        """Have interrupts from ``start`` on ring these eventfds."""
        flags = IrqSetFlag.DATA_EVENTFD | IrqSetFlag.ACTION_TRIGGER
        request = IrqSet(IrqSet.FORMAT.size, flags, index, start, len(eventfds))
        self.request(Command.DEVICE_SET_IRQS, request.pack(), eventfds)

    def read(self, region: int, offset: int, count: int) -> bytes:
        """Read bytes of a region, no more than the server takes at once."""
        size = RegionAccess.FORMAT.size
        body = self.request(Command.REGION_READ, RegionAccess(offset, region, count).pack())
        if len(body) != size + count:
            raise DeviceLost(f"the server answers {len(body) - size} of {count} bytes")
        return body[size:]

    def write(self, region: int, offset: int, data: bytes) -> None:
        """Write bytes of a region, and wait until the server has."""
        access = RegionAccess(offset, region, len(data))
        self.request(Command.REGION_WRITE, access.pack() + data)

    def post_write(self, region: int, offset: int, data: bytes) -> None:
        """Write bytes of a region without waiting; a refusal is not told."""
        self.post(Command.REGION_WRITE, RegionAccess(offset, region, len(data)).pack() + data)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
