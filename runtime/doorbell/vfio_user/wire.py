"""Whole messages over a stream socket, with the file descriptors that come along."""

from __future__ import annotations

import array
import contextlib
import errno
import math
import os
import select
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from doorbell.vfio_user.messages import HEADER_BYTES, Header
from doorbell.vfio_user.numbers import HeaderFlag

__all__ = ["DESCRIPTORS_MAX", "TRANSFER_MAX", "Connection", "Disconnected", "Message"]

TRANSFER_MAX: Final = 1 << 20
"""Bytes that one message may read or write: the protocol's default."""
DESCRIPTORS_MAX: Final = 32
"""File descriptors that we take with one message."""
_SIZE_MAX: Final = TRANSFER_MAX + 4096
_ANCILLARY: Final = socket.CMSG_SPACE(4 * 253)  # the kernel sends no more than 253 at once
_STALL_SECONDS: Final = 10.0
_OUTBOX_MAX: Final = 4 << 20  # bytes that a peer may leave unread
_OUTBOX_SECONDS: Final = 0.001  # between tries to send them


class Disconnected(Exception):
    """The peer has gone, or said something after which no message can be told from the next."""


@dataclass(slots=True)
class Message:
    """One message; whoever takes ``descriptors`` empties the list, the rest are closed by `discard`."""

    header: Header
    payload: bytes
    descriptors: list[int] = field(default_factory=list)

    @property
    def wants_reply(self) -> bool:
        """Whether its sender waits for an answer."""
        return not self.header.flags & HeaderFlag.NO_REPLY

    @property
    def is_reply(self) -> bool:
        """Whether it answers a command."""
        return self.header.flags & HeaderFlag.TYPE == HeaderFlag.REPLY

    def discard(self) -> None:
        """Close the descriptors that nobody took."""
        while self.descriptors:
            os.close(self.descriptors.pop())


class Connection:
    """One end of a connection. Takes the socket over."""

    def __init__(self, peer: socket.socket) -> None:
        self._socket = peer
        peer.setblocking(False)
        self._header: Header | None = None
        self._bytes = bytearray()
        self._descriptors: list[int] = []
        self._since = 0.0
        self._outbox: deque[tuple[memoryview, tuple[int, ...]]] = deque()
        self._waiting = 0
        """Bytes in the outbox: a peer may send more before it reads what we answered."""
        self._ready = select.poll()
        self._ready.register(peer, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(peer, select.POLLOUT)

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until something arrives, for ``seconds`` at most; return whether something has.

        Raises:
            Disconnected: a message has begun, and its rest does not come.
        """
        limit = math.inf if seconds is None else time.monotonic() + seconds
        while True:
            left = limit - time.monotonic()
            if self._bytes or self._header is not None:
                rest = self._since + _STALL_SECONDS - time.monotonic()
                if rest < 0:
                    raise Disconnected(f"no rest of a message within {_STALL_SECONDS} s")
                left = min(left, rest)
            if self._outbox:
                self._flush()
                left = min(left, _OUTBOX_SECONDS)
            if self._ready.poll(None if left == math.inf else max(0.0, 1000 * left)):
                return True
            if time.monotonic() >= limit:
                return False

    def receive(self) -> Message | None:
        """Return the next message if all of it has arrived; never waits.

        Raises:
            Disconnected: the peer has gone, or the header cannot be right.
        """
        if self._header is None:
            if not self._fill(HEADER_BYTES):
                return None
            header = Header.unpack(bytes(self._bytes))
            if not HEADER_BYTES <= header.size <= _SIZE_MAX:
                raise Disconnected(f"a message of {header.size} bytes; at most {_SIZE_MAX}")
            self._header = header
            self._bytes.clear()
        if not self._fill(self._header.size - HEADER_BYTES):
            return None
        message = Message(self._header, bytes(self._bytes), self._descriptors)
        self._header, self._descriptors = None, []
        self._bytes.clear()
        return message

    def _fill(self, size: int) -> bool:
        """Read until ``size`` bytes are there, never more: descriptors belong to the message they come with."""
        while (missing := size - len(self._bytes)) > 0:
            try:
                data, ancillary, flags, _ = self._socket.recvmsg(
                    missing, _ANCILLARY, socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return False
            except OSError as error:
                raise Disconnected(f"receiving: {error.strerror}") from None
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    self._descriptors += array.array("i", content[: len(content) & ~3])
            if not data:
                raise Disconnected("the peer closed the connection")
            if flags & socket.MSG_CTRUNC or len(self._descriptors) > 253:
                raise Disconnected("more than 253 file descriptors with one message")
            self._bytes += data
            self._since = time.monotonic()
        return True

    def send(self, header: Header, payload: bytes = b"", descriptors: tuple[int, ...] = ()) -> None:
        """Send a message, whose size the header gets here; what the peer does not take yet goes later.

        ``descriptors`` stay open until the peer has answered. Waits when too much is unread.

        Raises:
            Disconnected: the peer has gone, or does not read for too long.
        """
        whole = Header(
            header.identifier,
            header.command,
            HEADER_BYTES + len(payload),
            header.flags,
            header.error,
        ).pack()
        self._outbox.append((memoryview(whole + payload), descriptors))
        self._waiting += len(whole) + len(payload)
        self._flush()
        while self._waiting > _OUTBOX_MAX:
            if not self._writable.poll(_STALL_SECONDS * 1000):
                raise Disconnected(f"the peer reads nothing for {_STALL_SECONDS} s")
            self._flush()

    def _flush(self) -> None:
        """Send what can be sent without waiting."""
        while self._outbox:
            left, descriptors = self._outbox[0]
            rights = array.array("i", descriptors).tobytes()
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
            try:
                sent = self._socket.sendmsg([left], ancillary, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError as error:
                raise Disconnected(f"sending: {error.strerror}") from None
            self._waiting -= sent
            if sent == len(left):
                self._outbox.popleft()
            else:
                self._outbox[0] = left[sent:], ()

    def reply(
        self, message: Message, payload: bytes = b"", descriptors: tuple[int, ...] = ()
    ) -> None:
        """Answer a command, if its sender wants that; raises as `send`."""
        self._answer(message, HeaderFlag.REPLY, 0, payload, descriptors)

    def refuse(self, message: Message, number: int) -> None:
        """Answer a command by errno ``number`` (EINVAL, ...); raises as `send`."""
        self._answer(message, HeaderFlag.REPLY | HeaderFlag.ERROR, number or errno.EINVAL, b"", ())

    def _answer(
        self,
        message: Message,
        flags: int,
        error: int,
        payload: bytes,
        descriptors: tuple[int, ...],
    ) -> None:
        if message.wants_reply:
            head = message.header
            self.send(Header(head.identifier, head.command, 0, flags, error), payload, descriptors)

    def close(self) -> None:
        """Close the socket and what came with a message that never got whole."""
        while self._descriptors:
            os.close(self._descriptors.pop())
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
