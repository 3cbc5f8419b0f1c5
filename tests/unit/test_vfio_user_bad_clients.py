"""Clients that send nonsense, stop in the middle or vanish: neither server nor device is harmed."""

from __future__ import annotations

import errno
import socket
import struct
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vfio_raw import (
    CONFIG,
    DEVICE_RESET,
    DMA_MAP,
    FEATURE,
    GET_INFO,
    IOVA,
    MEMORY_AND_MASTER,
    REGION_READ,
    REGION_WRITE,
    SET_IRQS,
    VERSION,
    WRITE_MULTI,
    RawClient,
    Ring,
    client,
    memory,
)

from doorbell import encode
from doorbell.contract import Space, limits, registers

EVENTFD = 4 | 32  # data, action: trigger


# Bad clients -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("command", "body", "expected"),
    [
        (99, b"", errno.EINVAL),
        (0, b"", errno.EINVAL),
        (11, bytes(16), errno.ENOTTY),
        (FEATURE, bytes(8), errno.ENOTTY),
        (VERSION, bytes(4), errno.EINVAL),
        (GET_INFO, bytes(15), errno.EINVAL),
        (GET_INFO, bytes(17), errno.EINVAL),
        (GET_INFO, struct.pack("<IIII", 15, 0, 0, 0), errno.EINVAL),
        (5, struct.pack("<IIIIQQ", 32, 0, 9, 0, 0, 0), errno.EINVAL),
        (5, struct.pack("<IIIIQQ", 31, 0, 0, 0, 0, 0), errno.EINVAL),
        (6, struct.pack("<IIII", 16, 1, 0, 0), errno.EINVAL),
        (7, struct.pack("<IIII", 16, 0, 5, 0), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", 0, 0, 0), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", limits.BAR0_BYTES, 0, 1), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", (1 << 64) - 4, 0, 8), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", 0, 2, (1 << 20) + 1), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", 0, 1, 4), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", 0, 0xFFFF_FFFF, 4), errno.EINVAL),
        (REGION_READ, struct.pack("<QII", 4093, CONFIG, 4), errno.EINVAL),
        (REGION_WRITE, struct.pack("<QII", 0x78, 0, 8) + bytes(7), errno.EINVAL),
        (REGION_WRITE, struct.pack("<QI", 0x78, 0), errno.EINVAL),
        (WRITE_MULTI, struct.pack("<Q", 1 << 60), errno.EINVAL),
        (WRITE_MULTI, struct.pack("<Q", 1) + bytes(23), errno.EINVAL),
        (WRITE_MULTI, struct.pack("<QQII", 1, 0x78, 0, 9) + bytes(8), errno.EINVAL),
    ],
)
def test_refusals(raw: RawClient, command: int, body: bytes, expected: int) -> None:
    """An errno, nothing else, and the connection goes on."""
    assert raw.errno(command, body) == expected
    assert raw.number(0, 0, 8) == limits.IDENTITY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0",
        struct.pack("<HH", 1, 0),
        struct.pack("<HH", 0, 1) + b"{",
        struct.pack("<HH", 0, 1) + b"[]\0",
        struct.pack("<HH", 0, 1) + b"\xff\xfe\0",
        struct.pack("<HH", 0, 1) + b"[" * 100_000 + b"\0",
        struct.pack("<HH", 0, 1) + b'{"capabilities":{"max_msg_fds":-1}}\0',
        struct.pack("<HH", 0, 1) + b'{"capabilities":{"max_data_xfer_size":"1"}}\0',
        struct.pack("<HH", 0, 1) + b'{"capabilities":{"write_multiple":1}}\0',
    ],
)
def test_no_version_no_service(path: Path, body: bytes) -> None:
    with client(path, hello=None) as raw:
        assert raw.errno(VERSION, body) in (errno.EINVAL, errno.EPROTONOSUPPORT)
        assert raw.is_closed()
    with client(path, hello=None) as raw:
        assert raw.errno(GET_INFO, bytes(16)) == errno.EINVAL
        assert raw.is_closed()


@pytest.mark.parametrize("size", [0, 15, (1 << 20) + (1 << 13), 0xFFFF_FFFF])
def test_a_size_that_cannot_be_ends_the_connection(path: Path, size: int) -> None:
    with client(path) as raw:
        raw.send_bytes(struct.pack("<HHIII", 1, GET_INFO, size, 0, 0))
        assert raw.is_closed()
    with client(path) as raw:
        assert raw.number(0, 0, 8) == limits.IDENTITY


def test_the_clients_own_limit_holds(path: Path) -> None:
    hello = struct.pack("<HH", 0, 1) + b'{"capabilities":{"max_data_xfer_size":64}}\0'
    with client(path, hello) as raw:
        assert len(raw.read(2, 0, 64)) == 64
        assert raw.errno(REGION_READ, struct.pack("<QII", 0, 2, 65)) == errno.EINVAL


def test_replies_to_nothing_and_odd_types(raw: RawClient) -> None:
    raw.send(GET_INFO, bytes(16), flags=1)
    raw.send(GET_INFO, struct.pack("<IIII", 16, 0, 0, 0), flags=2)
    assert raw.receive().error == errno.EINVAL
    assert raw.number(0, 0, 8) == limits.IDENTITY


def test_pipelined_commands_are_answered_in_order(raw: RawClient) -> None:
    for number in range(300):
        raw.send(REGION_WRITE, struct.pack("<QIIQ", 0x78, 0, 8, number))
        raw.send(REGION_READ, struct.pack("<QII", 0x78, 0, 8))
    for number in range(300):
        assert raw.receive().error == 0
        assert raw.receive().body[16:] == struct.pack("<Q", number)


def test_a_client_that_vanishes_in_the_middle_of_work(path: Path) -> None:
    """What it left running never touches its memory again, and the next client finds nothing of it."""
    with memory(1 << 20) as file:
        with client(path) as raw:
            ring = Ring(raw, file)
            raw.write(0, registers.DEVICE.SCRATCH.offset, b"\7" * 8)
            for _ in range(12):
                ring.submit(encode.copies(0, IOVA + 0x10000, 0x80000, destination_space=Space.HOST))
            raw.send_bytes(b"\1\0\2\0\x30")  # and half a message
        with client(path):
            said = (path.parent / "log").read_text().splitlines()
            assert " 0 device accesses refused" in said[-1], "it was stopped before its memory went"
        with client(path) as raw:
            assert raw.number(0, registers.DEVICE.SCRATCH.offset, 8) == 0
            assert raw.number(0, registers.DEVICE.STATUS.offset, 8) & 6 == 2
            ring.memory[:] = 0xA5
            raw.write(CONFIG, 4, MEMORY_AND_MASTER)
            for _ in range(50):
                raw.number(0, 0, 8)
            assert (ring.memory == 0xA5).all()
            assert raw.map(IOVA, file, 1 << 20) == 0


def test_nothing_of_a_client_stays(server: tuple[Path, int], bell: int) -> None:
    """File descriptors and mappings, whatever way it leaves."""
    path, pid = server

    def held() -> tuple[int, int]:
        with client(path):  # when we are served, the one before is over
            files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            return files, Path(f"/proc/{pid}/maps").read_text().count("memfd:test")

    before = held()
    with memory(1 << 20) as file:
        for how in range(12):
            with client(path) as raw:
                assert raw.map(IOVA, file, 1 << 20) == 0
                assert raw.set_irqs(EVENTFD, 0, 1, (bell,)) == 0
                header = struct.pack("<HHIII", 1, GET_INFO, 48, 0, 0)
                raw.send_bytes(header[: 16 * (how % 2)] + bytes(how), (file, bell))
                if how % 3 == 0:
                    reset = struct.pack("ii", 1, 0)
                    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        assert held() == before


def test_an_idle_server_sleeps(server: tuple[Path, int]) -> None:
    """With a client connected that says nothing, and after it had work."""
    path, pid = server

    def used() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    with client(path) as raw, memory(1 << 20) as file:
        Ring(raw, file).event(0)
        cycles = registers.DEVICE.CYCLES.offset
        raw.number(0, cycles, 8)
        time.sleep(1.0)
        before, first = used(), raw.number(0, cycles, 8)
        time.sleep(0.3)
        asleep = used()
        time.sleep(1.0)
        assert used() - asleep <= 2, "hundredths of a second"
        assert raw.number(0, cycles, 8) - first < 500_000
        assert asleep - before < 60


# Anything at all -------------------------------------------------------------------------------------
BODIES = [
    (DMA_MAP, struct.pack("<IIQQQ", 32, 3, 0, IOVA, 0x1000)),
    (3, struct.pack("<IIQQ", 24, 0, IOVA, 0x1000)),
    (GET_INFO, struct.pack("<IIII", 16, 0, 0, 0)),
    (5, struct.pack("<IIIIQQ", 32, 0, 2, 0, 0, 0)),
    (6, struct.pack("<IIII", 16, 0, 0, 0)),
    (7, struct.pack("<IIII", 16, 0, 2, 0)),
    (SET_IRQS, struct.pack("<IIIII", 20, EVENTFD, 2, 0, 1)),
    (SET_IRQS, struct.pack("<IIIII", 22, 2 | 16, 2, 0, 2) + b"\1\1"),
    (REGION_READ, struct.pack("<QII", 0, 0, 8)),
    (REGION_WRITE, struct.pack("<QII", 0x78, 0, 8) + bytes(8)),
    (REGION_WRITE, struct.pack("<QII", 4, CONFIG, 2) + MEMORY_AND_MASTER),
    (REGION_WRITE, struct.pack("<QIIQ", registers.DEVICE.CONTROL.offset, 0, 8, 1)),
    (DEVICE_RESET, b""),
    (WRITE_MULTI, struct.pack("<QQII", 1, 0x78, 0, 8) + bytes(8)),
    (VERSION, struct.pack("<HH", 0, 1)),
]


@st.composite
def mutants(draw: st.DrawFn) -> tuple[bytes, int]:
    """A message, mostly with something wrong, and how many descriptors come along."""
    command, body = draw(st.sampled_from(BODIES))
    data = bytearray(body)
    for _ in range(draw(st.integers(0, 2))):
        if data:
            at = draw(st.integers(0, len(data) - 1))
            data[at] = draw(st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    if draw(st.integers(0, 7)) == 0:
        data = data[: draw(st.integers(0, len(data)))] + draw(st.binary(max_size=40))
    if draw(st.integers(0, 9)) == 0:
        command = draw(st.integers(0, 0xFFFF))
    size = 16 + len(data)
    if draw(st.integers(0, 19)) == 0:
        size = draw(st.integers(0, 100) | st.integers(0, (1 << 32) - 1))
    flags = draw(st.sampled_from([0, 0, 0, 0, 0x10, 1, 2, 0x20, 0xFFFF_FFFF]))
    head = struct.pack("<HHIII", 1, command, size, flags, draw(st.sampled_from([0, 0xFFFF_FFFF])))
    return head + bytes(data), draw(st.sampled_from([0, 0, 1, 1, 2, 40]))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    found=st.lists(mutants(), max_size=12),
    greet=st.booleans(),
    tail=st.binary(max_size=30),
    read=st.booleans(),
)
def test_no_message_harms_the_server(
    path: Path,
    bell: int,
    found: list[tuple[bytes, int]],
    greet: bool,
    tail: bytes,
    read: bool,
) -> None:
    """Whatever comes, and however it ends: the next client is served by a device in its first state."""
    with memory(0x1000) as file:
        raw = RawClient(path, struct.pack("<HH", 0, 1) if greet or read else None)
        try:
            for data, files in found:
                raw.send_bytes(data, tuple(file if at % 2 == 0 else bell for at in range(files)))
            raw.send_bytes(tail)
            if read:
                raw.socket.shutdown(socket.SHUT_WR)
                assert raw.is_closed()
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            raw.close()
        with client(path) as raw:
            assert raw.number(0, 0, 8) == limits.IDENTITY
            assert raw.number(0, registers.DEVICE.SCRATCH.offset, 8) == 0
            assert raw.number(CONFIG, 4, 2) == 2
            assert raw.map(IOVA, file, 0x1000) == 0
