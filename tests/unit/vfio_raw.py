"""A client of vfio-user apart from ours: bytes out, bytes in, as the specification has them."""

from __future__ import annotations

import array
import contextlib
import mmap
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from doorbell import encode
from doorbell.contract import Flag, registers

VERSION = 1
DMA_MAP, DMA_UNMAP = 2, 3
GET_INFO, GET_REGION_INFO, GET_REGION_IO_FDS, GET_IRQ_INFO, SET_IRQS = 4, 5, 6, 7, 8
REGION_READ, REGION_WRITE, DEVICE_RESET, WRITE_MULTI, FEATURE = 9, 10, 13, 15, 16
CONFIG = 7
IOVA = 0x1_0000_0000
MEMORY_AND_MASTER = struct.pack("<H", 0x6)


class Reply(NamedTuple):
    identifier: int
    command: int
    size: int
    flags: int
    error: int
    body: bytes


class RawClient:
    """One connection. ``hello`` is the version message to send first, None to send nothing."""

    def __init__(self, path: Path, hello: bytes | None = struct.pack("<HH", 0, 1)) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(str(path))
        self.identifier = 100
        self.page = 4096
        if hello is not None:
            assert self.ask(VERSION, hello).error == 0

    def send(
        self, command: int, body: bytes = b"", files: tuple[int, ...] = (), flags: int = 0
    ) -> None:
        self.identifier += 1
        data = struct.pack("<HHIII", self.identifier, command, 16 + len(body), flags, 0) + body
        self.send_bytes(data, files)

    def send_bytes(self, data: bytes, files: tuple[int, ...] = ()) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        sent = self.socket.sendmsg([data], rights)
        if sent < len(data):
            self.socket.sendall(data[sent:])

    def receive(self) -> Reply:
        head = struct.unpack("<HHIII", self.take(16))
        return Reply(*head, self.take(head[2] - 16))

    def take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the server closed the connection")
            data += more
        return data

    def ask(self, command: int, body: bytes = b"", files: tuple[int, ...] = ()) -> Reply:
        """Send and check the header of the answer (its error is the caller's)."""
        self.send(command, body, files)
        reply = self.receive()
        assert reply[:2] == (self.identifier, command)
        assert reply.flags == (0x21 if reply.error else 0x01)
        assert not (reply.error and reply.body)
        return reply

    def errno(self, command: int, body: bytes = b"", files: tuple[int, ...] = ()) -> int:
        return self.ask(command, body, files).error

    # Shorthand --------------------------------------------------------------------------------------
    def read(self, region: int, offset: int, count: int) -> bytes:
        request = struct.pack("<QII", offset, region, count)
        reply = self.ask(REGION_READ, request)
        assert reply.error == 0
        assert reply.body[:16] == request
        return reply.body[16:]

    def number(self, region: int, offset: int, count: int) -> int:
        return int.from_bytes(self.read(region, offset, count), "little")

    def write(self, region: int, offset: int, data: bytes) -> None:
        request = struct.pack("<QII", offset, region, len(data))
        reply = self.ask(REGION_WRITE, request + data)
        assert (reply.error, reply.body) == (0, request)

    def map(self, address: int, file: int, size: int, offset: int = 0, flags: int = 3) -> int:
        body = struct.pack("<IIQQQ", 32, flags, offset, address, size)
        return self.errno(DMA_MAP, body, (file,))

    def unmap(self, address: int, size: int) -> int:
        return self.errno(DMA_UNMAP, struct.pack("<IIQQ", 24, 0, address, size))

    def set_irqs(
        self,
        flags: int,
        start: int,
        count: int,
        files: tuple[int, ...] = (),
        data: bytes = b"",
        index: int = 2,
    ) -> int:
        body = struct.pack("<IIIII", 20 + len(data), flags, index, start, count) + data
        return self.errno(SET_IRQS, body, files)

    def is_closed(self) -> bool:
        """Whether the server has ended the connection (what it sent before is passed over)."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self.socket.close()


@contextlib.contextmanager
def client(path: Path, hello: bytes | None = struct.pack("<HH", 0, 1)) -> Iterator[RawClient]:
    made = RawClient(path, hello)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def memory(size: int, flags: int = os.MFD_CLOEXEC) -> Iterator[int]:
    """A file of ``size`` bytes in memory."""
    file = os.memfd_create("test", flags)
    try:
        os.ftruncate(file, size)
        yield file
    finally:
        os.close(file)


class Ring:
    """Queue 0 over shared memory at `IOVA`: a ring of 16 packets, then a page for records, then data."""

    def __init__(self, raw: RawClient, file: int) -> None:
        self.raw = raw
        self.memory = np.frombuffer(mmap.mmap(file, 1 << 20), np.uint8)
        assert raw.map(IOVA, file, 1 << 20) == 0
        raw.write(CONFIG, 4, MEMORY_AND_MASTER)
        block = registers.QUEUE[0]
        for register, value in (
            (block.RING_BASE, IOVA),
            (block.RING_LOG2, 4),
            (block.CONTROL, block.CONTROL.encode(enable=1)),
        ):
            raw.write(0, register.offset, value.to_bytes(8, "little"))
        self.put = 0

    def submit(self, packet: np.ndarray) -> None:
        at = self.put % 16 * 64
        self.memory[at : at + 64] = packet.view(np.uint8)
        self.put += 1
        self.raw.write(0, registers.DOORBELL[0].DOORBELL.offset, self.put.to_bytes(8, "little"))

    def event(self, vector: int) -> None:
        """A NOP that interrupts."""
        packet = encode.nops(1)
        packet["flags"] = Flag.INTERRUPT
        packet["vector"] = vector
        self.submit(packet)
