"""What a served device does, seen by a client of bytes."""

from __future__ import annotations

import errno
import os
import select
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from vfio_raw import (
    CONFIG,
    DEVICE_RESET,
    DMA_MAP,
    GET_INFO,
    IOVA,
    SET_IRQS,
    RawClient,
    Ring,
    memory,
)

from doorbell import encode
from doorbell.contract import Space, limits, registers

TABLE = registers.MSIX_TABLE.offset
EVENTFD = 4 | 32  # data, action: trigger
MASK, UNMASK, TRIGGER = 1 | 8, 1 | 16, 1 | 32


def rang(bell: int, seconds: float = 5.0) -> int:
    """How often, after waiting for the first time."""
    return os.eventfd_read(bell) if select.select([bell], [], [], seconds)[0] else 0


# Configuration space ---------------------------------------------------------------------------------
def test_bars_are_sized_and_placed_by_the_client_alone(raw: RawClient) -> None:
    assert raw.number(CONFIG, 0, 4) == limits.DEVICE_ID << 16 | limits.VENDOR_ID
    for at, size, kind in ((0x10, limits.BAR0_BYTES, 0x4), (0x18, 64 << 20, 0xC)):
        raw.write(CONFIG, at, b"\xff" * 8)
        assert raw.number(CONFIG, at, 8) == (1 << 64) - size | kind
        raw.write(CONFIG, at, (0xAB_C000_0000).to_bytes(8, "little"))
        assert raw.number(CONFIG, at, 8) == 0xAB_C000_0000 | kind
        raw.write(CONFIG, at + 1, b"\x12")  # below the size
        assert raw.number(CONFIG, at, 8) == 0xAB_C000_0000 | kind
    assert raw.read(CONFIG, 0x20, 8) == bytes(8)
    raw.write(CONFIG, 0x30, b"\xff\xff\xff\xff")
    assert raw.read(CONFIG, 0x30, 4) == bytes(4)
    assert raw.number(0, 0, 8) == limits.IDENTITY
    assert len(raw.read(CONFIG, 0, 4096)) == 4096
    assert raw.read(CONFIG, 1, 6) == raw.read(CONFIG, 0, 8)[1:7]


def test_memory_space_is_the_devices_own(raw: RawClient) -> None:
    """A BAR that is off reads as all ones; the next client finds it on."""
    raw.write(CONFIG, 4, b"\0\0")
    assert raw.read(0, 0, 8) == b"\xff" * 8
    raw.write(CONFIG, 4, b"\2\0")
    assert raw.number(0, 0, 8) == limits.IDENTITY


def test_blocks_and_odd_accesses(raw: RawClient) -> None:
    data = bytes(range(256)) * 8
    raw.write(2, 0x1003, data)
    assert raw.read(2, 0x1003, 2048) == data
    assert raw.read(0, 1, 2) == b"\xff\xff", "a Completer Abort"
    dropped = raw.number(0, registers.DEVICE.DROPPED_WRITES.offset, 8)
    raw.write(0, registers.DEVICE.SCRATCH.offset + 1, b"\1\2")
    assert raw.number(0, registers.DEVICE.DROPPED_WRITES.offset, 8) == dropped + 1


# Interrupts ------------------------------------------------------------------------------------------
def test_an_eventfd_is_all_a_client_needs(raw: RawClient, bell: int) -> None:
    """As QEMU does it: the table is left alone."""
    with memory(1 << 20) as file:
        ring = Ring(raw, file)
        assert raw.set_irqs(EVENTFD, 5, 1, (bell,)) == 0
        ring.event(5)
        assert rang(bell) == 1
        assert raw.set_irqs(MASK, 5, 1) == 0
        ring.event(5)
        assert rang(bell, 0.05) == 0
        assert raw.number(0, registers.MSIX_PBA.offset, 8) == 1 << 5
        assert raw.set_irqs(UNMASK, 5, 1) == 0
        assert rang(bell) == 1
        ring.event(6)
        assert rang(bell, 0.05) == 0
        assert raw.number(0, TABLE + 5 * 16 + 12, 4) == 0
        assert raw.set_irqs(EVENTFD, 5, 1) == 0  # takes it away
        assert raw.number(0, TABLE + 5 * 16 + 12, 4) == 1, "masked"
        ring.event(5)
        assert rang(bell, 0.05) == 0


def test_the_table_programmed_as_a_driver_does(raw: RawClient, bell: int) -> None:
    """Foreign address and data read back; messages ring the eventfd all the same; masks are the device's."""
    with memory(1 << 20) as file:
        ring = Ring(raw, file)
        assert raw.set_irqs(EVENTFD, 0, 1, (bell,)) == 0
        raw.write(0, TABLE, struct.pack("<Q", 0xFEE0_1234))
        raw.write(0, TABLE + 8, struct.pack("<I", 0x4041))
        assert raw.read(0, TABLE, 8) == struct.pack("<Q", 0xFEE0_1234)
        assert raw.read(0, TABLE + 8, 8) == struct.pack("<II", 0x4041, 0)
        ring.event(0)
        assert rang(bell) == 1
        raw.write(0, TABLE + 12, struct.pack("<I", 1))
        ring.event(0)
        assert rang(bell, 0.05) == 0
        raw.write(0, TABLE + 8, struct.pack("<II", 0x4041, 0))
        assert rang(bell) == 1
        raw.write(0, registers.DEVICE.CONTROL.offset, (1).to_bytes(8, "little"))
        while raw.number(0, registers.DEVICE.STATUS.offset, 8) & 4:
            pass
        assert raw.read(0, TABLE, 8) == bytes(8)
    assert raw.read(0, TABLE + 8, 8) == bytes(4) + b"\1\0\0\0"


def test_every_message_is_counted(raw: RawClient, bell: int) -> None:
    with memory(1 << 20) as file:
        ring = Ring(raw, file)
        assert raw.set_irqs(EVENTFD, 31, 1, (bell,)) == 0
        for _ in range(40):
            ring.event(31)
            total = raw.number(0, registers.QUEUE[0].GET.offset, 8)
        while total < 40:
            total = raw.number(0, registers.QUEUE[0].GET.offset, 8)
        limit, found = time.monotonic() + 5, 0
        while found < 40 and time.monotonic() < limit:
            found += rang(bell, 0.5)
        assert (found, rang(bell, 0.05)) == (40, 0)


def test_loopback_and_booleans(raw: RawClient, bell: int) -> None:
    assert raw.set_irqs(EVENTFD, 3, 1, (bell,)) == 0
    assert raw.set_irqs(TRIGGER, 3, 1) == 0
    assert raw.set_irqs(2 | 32, 2, 3, data=b"\1\0\1") == 0
    assert rang(bell) == 1
    assert raw.set_irqs(2 | 32, 2, 3, data=b"\0\1\0") == 0
    assert rang(bell) == 1
    assert raw.set_irqs(TRIGGER, 0, 0) == 0  # all off
    assert raw.set_irqs(TRIGGER, 3, 1) == 0
    assert rang(bell, 0.05) == 0


@pytest.mark.parametrize(
    ("flags", "start", "count", "data", "index"),
    [
        (TRIGGER, 32, 1, b"", 2),
        (TRIGGER, 31, 2, b"", 2),
        (TRIGGER, 0, 0xFFFF_FFFF, b"", 2),
        (TRIGGER, 0xFFFF_FFFF, 2, b"", 2),
        (TRIGGER, 0, 1, b"", 0),
        (TRIGGER, 0, 1, b"", 77),
        (TRIGGER, 0, 1, b"\1", 2),
        (2 | 32, 0, 2, b"\1", 2),
        (32, 0, 1, b"", 2),
        (1, 0, 1, b"", 2),
        (1 | 2 | 32, 0, 1, b"\1", 2),
        (TRIGGER | 8, 0, 1, b"", 2),
        (TRIGGER | 64, 0, 1, b"", 2),
        (4 | 8, 0, 1, b"", 2),
    ],
)
def test_bad_interrupt_settings(
    raw: RawClient, flags: int, start: int, count: int, data: bytes, index: int
) -> None:
    assert raw.set_irqs(flags, start, count, data=data, index=index) == errno.EINVAL


def test_bad_descriptors(raw: RawClient, bell: int) -> None:
    with memory(4096) as file:
        assert raw.set_irqs(EVENTFD, 0, 1, (file,)) == errno.EINVAL
        assert raw.set_irqs(EVENTFD, 0, 2, (bell,)) == errno.EINVAL
        assert raw.errno(GET_INFO, bytes(16), (file,)) == errno.EINVAL
    body = struct.pack("<IIIII", 21, EVENTFD, 2, 0, 1)
    assert raw.errno(SET_IRQS, body) == errno.EINVAL, "argsz"


# Memory ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "size", "offset", "flags", "expected"),
    [
        (IOVA, 0, 0, 3, errno.EINVAL),
        (IOVA, 0x2000, 0, 3, errno.EINVAL),  # the file is shorter
        (IOVA, 0x1000, 0x1000, 3, errno.EINVAL),
        (IOVA, (1 << 64) - 0x1000, 0, 3, errno.EINVAL),
        (IOVA, 1 << 63, 0, 3, errno.EBUSY),  # over the BARs
        (IOVA, 0x1000, (1 << 64) - 0x1000, 3, errno.EINVAL),
        (IOVA + 8, 0x1000, 0, 3, errno.EINVAL),
        (IOVA, 0x800, 0, 3, errno.EINVAL),
        ((1 << 64) - 0x1000, 0x2000, 0, 3, errno.EINVAL),
        (IOVA, 0x1000, 0, 0, errno.EINVAL),
        (IOVA, 0x1000, 0, 4, errno.EINVAL),
        (0x40_0000_0000, 0x1000, 0, 3, errno.EBUSY),
        (0xFEE0_0000, 0x1000, 0, 3, errno.EBUSY),
    ],
)
def test_bad_mappings(
    raw: RawClient, address: int, size: int, offset: int, flags: int, expected: int
) -> None:
    with memory(0x1000) as file:
        assert raw.map(address, file, size, offset, flags) == expected
        assert raw.map(IOVA, file, 0x1000) == 0


def test_unmapping_everything(raw: RawClient) -> None:
    with memory(0x1000) as file:
        for address in (IOVA, 0x1000):
            assert raw.map(address, file, 0x1000) == 0
        for flags, address, size in ((1, 0, 0), (2, IOVA, 0x1000), (2, 0, 0x1000)):
            body = struct.pack("<IIQQ", 24, flags, address, size)
            assert raw.errno(3, body) == errno.EINVAL
        assert raw.errno(3, struct.pack("<IIQQ", 24, 2, 0, 0)) == 0
        assert raw.unmap(IOVA, 0x1000) == errno.ENOENT
        assert raw.map(0x1000, file, 0x1000) == 0
        assert raw.unmap(0x1000, 0x2000) == errno.ENOENT


def test_files_that_are_no_memory(raw: RawClient, tmp_path: Path) -> None:
    one, other = os.pipe()
    folder = os.open(tmp_path, os.O_RDONLY)
    (tmp_path / "read-only").write_bytes(bytes(4096))
    reading = os.open(tmp_path / "read-only", os.O_RDONLY)
    body = struct.pack("<IIQQQ", 32, 3, 0, IOVA, 4096)
    assert raw.map(IOVA, one, 4096) == errno.EINVAL
    assert raw.map(IOVA, folder, 4096) == errno.EINVAL
    assert raw.map(IOVA, reading, 4096) == errno.EACCES
    assert raw.map(IOVA, reading, 4096, flags=1) == 0
    assert raw.errno(DMA_MAP, body) == errno.EOPNOTSUPP
    assert raw.errno(DMA_MAP, body, (reading, folder)) == errno.EINVAL
    for file in (one, other, folder, reading):
        os.close(file)


def test_a_mapped_file_cannot_be_cut_short(raw: RawClient) -> None:
    """Where the file allows seals: else a client could end the server by SIGBUS."""
    with memory(0x2000, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING) as file:
        assert raw.map(IOVA, file, 0x2000) == 0
        with pytest.raises(PermissionError):
            os.ftruncate(file, 0)


def test_the_device_works_in_the_clients_memory(raw: RawClient) -> None:
    with memory(1 << 20) as file:
        ring = Ring(raw, file)
        ring.memory[0x8000:0x9000] = np.arange(4096).astype(np.uint8)
        copy = encode.copies(
            IOVA + 0x8000,
            IOVA + 0xA000,
            4096,
            source_space=Space.HOST,
            destination_space=Space.HOST,
        )
        ring.submit(copy)
        while not raw.number(0, registers.QUEUE[0].RETIRED.offset, 8):
            pass
        assert (ring.memory[0xA000:0xB000] == ring.memory[0x8000:0x9000]).all()
        assert raw.unmap(IOVA, 1 << 20) == 0
        ring.submit(copy)  # a ring that is gone: the queue halts, the server lives
        while raw.number(0, registers.QUEUE[0].STATUS.offset, 8) & 7 == 1:
            pass
        assert raw.number(0, 0, 8) == limits.IDENTITY


def test_reset_gives_a_device_in_its_first_state(raw: RawClient, bell: int) -> None:
    with memory(1 << 20) as file:
        ring = Ring(raw, file)
        assert raw.set_irqs(EVENTFD, 1, 1, (bell,)) == 0
        raw.write(0, registers.DEVICE.SCRATCH.offset, b"\1" * 8)
        raw.write(CONFIG, 0x10, (0xAB_C000_0000).to_bytes(8, "little"))
        assert raw.errno(DEVICE_RESET) == 0
        assert raw.number(0, registers.DEVICE.SCRATCH.offset, 8) == 0
        assert raw.number(0, registers.QUEUE[0].STATUS.offset, 8) & 7 == 0
        assert raw.number(CONFIG, 4, 2) == 2
        assert raw.number(CONFIG, 0x10, 8) == 4
        assert raw.map(IOVA, file, 1 << 20) == errno.EEXIST, "mappings stay"
        del ring
        assert raw.errno(DEVICE_RESET, b"\0") == errno.EINVAL
