"""What every device must leave in Status and Device Status when something goes wrong on the link."""

from __future__ import annotations

import numpy as np
from corner_programs import capability
from raw import RawQueue, pause, slack

from doorbell import Device, encode
from doorbell.contract import Error, Space, registers
from doorbell.transport import HasLab, Lab

STATUS, COMMAND = 0x06, 0x04
MASTER_PARITY, SIGNALED_ABORT, RECEIVED_ABORT, MASTER_ABORT, PARITY = (
    1 << bit for bit in (8, 11, 12, 13, 15)
)
ERRORS = 0xF900
MILD, FATAL, UNSUPPORTED, PENDING = 3, 4, 8, 1 << 5
FETCH_ADD, WRITE, READ = 0x4C, 0x40, 0x00
SCRATCH = registers.DEVICE.SCRATCH


def laboratory(device: Device) -> Lab:
    """The host's means to spoil completions and to send any TLP."""
    assert isinstance(device.transport, HasLab)
    return device.transport.lab


async def bits(device: Device) -> tuple[int, int]:
    """Error bits of Status, and Device Status."""
    read, at = device.transport.config_read, await capability(device, 0x10) + 10
    return await read(STATUS, 2) & ERRORS, await read(at, 2)


async def clear(device: Device, status: int = ERRORS, device_status: int = 0xF) -> None:
    """Write ones to these bits."""
    at = await capability(device, 0x10) + 10
    await device.transport.config_write(STATUS, status, 2)
    await device.transport.config_write(at, device_status, 2)


async def send(
    device: Device, kind: int, address: int, data: bytes = b"", *, poisoned: bool = False
) -> str | None:
    """Send one request of 8 bytes to a 32-bit address; return the status of its answer."""
    lab, atomic = laboratory(device), kind == FETCH_ADD
    head = kind << 24 | int(poisoned) << 14 | 2
    header = head, 0xEE << 8 | (0 if atomic else 0xFF), address & 0xFFFF_FFFC
    if address >> 32:
        header = head | 0x20 << 24, header[1], address >> 32, address & 0xFFFF_FFFC
    found = await lab.tlp(header, data, within=20_000, answer=kind != WRITE)
    return None if found is None else found.status


async def failed_reads_leave_their_bits(device: Device) -> None:
    """EP-ERR-002, EP-ERR-004, EP-ERR-005, EP-ERR-006 and, by a copy that works before, EP-ERR-007."""
    lab, queue = laboratory(device), RawQueue(device)
    host, local = device.pinned(64), device.empty(64)
    copy = encode.copies(host.address, local.address, 64, source_space=Space.HOST)
    device.post(registers.DEVICE.COMPLETION_TIMEOUT, slack(60_000))
    await clear(device)
    queue.submit(copy)
    await queue.until_idle()
    status, more = await bits(device)
    assert not status, f"a good copy left {status:#x}"
    assert not more & 0x2F, f"a good copy left {more:#x}"
    for kind, code, wanted, mild in (
        ("unsupported", Error.DMA_UR, MASTER_ABORT, False),
        ("abort", Error.DMA_CA, RECEIVED_ABORT, False),
        ("poison", Error.DMA_POISONED, PARITY, True),
        ("drop", Error.DMA_TIMEOUT, 0, True),
    ):
        await clear(device)
        lab.spoil(host.address, 64, kind, 1)
        queue.submit(copy)
        if kind == "drop":
            await pause(device, 20_000)
            assert (await bits(device))[1] & PENDING, "the read is outstanding"
        assert await queue.rest() is code
        status, more = await bits(device)
        assert status & ~MASTER_PARITY == wanted, f"{kind}: {status:#x}"
        assert not more & (FATAL | UNSUPPORTED | PENDING), f"{kind}: {more:#x}"
        assert more & MILD or not mild, f"{kind}: {more:#x}"
        await queue.restart()
    await queue.finish()


async def refused_requests_leave_their_bits(device: Device) -> None:
    """EP-ERR-003, and EP-ERR-001: each bit goes by its own 1 and outlives a device reset."""
    scratch = device.register(SCRATCH)
    await clear(device)
    assert await send(device, READ, scratch + 0x780) == "CA"
    assert (await bits(device))[0] == SIGNALED_ABORT
    assert not (await bits(device))[1] & UNSUPPORTED
    assert await send(device, FETCH_ADD, scratch, bytes(8)) == "UR"
    assert (await bits(device))[0] == SIGNALED_ABORT
    assert (await bits(device))[1] & UNSUPPORTED
    await clear(device, ERRORS & ~SIGNALED_ABORT, 0xF & ~UNSUPPORTED)
    await device.transport.config_write(COMMAND, await device.transport.config_read(COMMAND, 2), 2)
    assert (await bits(device))[0] == SIGNALED_ABORT
    assert (await bits(device))[1] & 0xF == UNSUPPORTED
    await device.reset()
    assert (await bits(device))[0] == SIGNALED_ABORT
    assert (await bits(device))[1] & 0xF == UNSUPPORTED
    await clear(device, SIGNALED_ABORT, 0)
    assert (await bits(device))[0] == 0
    assert (await bits(device))[1] & 0xF == UNSUPPORTED
    await clear(device, 0, UNSUPPORTED)
    assert (await bits(device))[1] & 0xF == 0


async def poisoned_requests_change_nothing(device: Device) -> None:
    """EP-ERR-008, and EP-ERR-004: they are seen."""
    bar0 = device.register(SCRATCH) - SCRATCH.offset
    semaphore = bar0 + registers.SEMAPHORE_SET.word(5)
    five = np.uint64(5).tobytes()
    for kind, address, answer in (
        (WRITE, device.register(SCRATCH), None),
        (FETCH_ADD, semaphore, "UR"),
    ):
        await clear(device)
        device.post(SCRATCH, 77)
        assert await send(device, kind, address, five, poisoned=True) == answer
        assert await device.read(SCRATCH) == 77
        assert await device.transport.read(semaphore) == 0
        assert (await bits(device))[0] == PARITY
        assert (await bits(device))[1] & MILD
