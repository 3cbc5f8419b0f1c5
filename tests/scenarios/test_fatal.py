"""A device that has become fatal: why, what it still does, and what leaves that state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import cocotb
import numpy as np
import pytest
from steps import columns, noise, pause

import doorbell
from doorbell.contract import FatalCause, registers
from doorbell.encode import nops
from doorbell.errors import DeadlineExceeded, LeakError, QueueError
from doorbell_tb import link, tlp
from doorbell_tb.host_types import InjectKind
from doorbell_tb.profiles import profile

Status = dict[str, int]


async def status_of(device: doorbell.Device) -> Status:
    """Fields of DEVICE.STATUS."""
    return registers.DEVICE.STATUS.decode(await device.read(registers.DEVICE.STATUS))


async def rest_every_tag(device: doorbell.Device) -> None:
    """Leave reads unanswered until no tag is left."""
    device.post(registers.DEVICE.COMPLETION_TIMEOUT, 2000)
    device.post(registers.DEVICE.QUARANTINE, 10_000_000)
    host, target = device.pinned(1 << 17), device.empty(1 << 17)
    last = host.address + host.nbytes - 1
    link.host().inject(InjectKind.DROP, first=host.address, last=last, count=1 << 20)
    stream = device.stream()
    for _ in range(200):
        if (await status_of(device))["fatal"]:
            return
        stream.copy(target, host)
        with pytest.raises((QueueError, DeadlineExceeded)):
            await stream.synchronize(20_000)
        if not (await status_of(device))["fatal"]:
            await stream.reset()
    raise AssertionError("there were always tags left")


async def malform(device: doorbell.Device) -> None:
    """Send a write whose header says more than it carries."""
    bar2 = device.function.bars[2].address
    link.send(tlp.memory_write(bar2, bytes(64)).changed(length=33))
    await pause(device, 200)


async def overflow(device: doorbell.Device) -> None:
    """Send more reads than the device has granted, while it can hardly answer."""
    link.host().inject_overflow(1000)
    bar2 = device.function.bars[2].address
    answers = link.host().mmio_read_many(np.full(1000, bar2, np.uint64), np.full(1000, 8))
    await pause(device, 10_000)
    assert len(answers) == 1000


CAUSES: dict[FatalCause, Callable[[doorbell.Device], Awaitable[None]]] = {
    FatalCause.TAGS_EXHAUSTED: rest_every_tag,
    FatalCause.MALFORMED_TLP: malform,
    FatalCause.RECEIVER_OVERFLOW: overflow,
}


async def only_answers(device: doorbell.Device, cause: FatalCause) -> None:
    """Make the device fatal: nothing is started or sent, registers read; device reset leaves that."""
    stream = device.stream()
    stream.submit(nops(3))
    await stream.synchronize()
    assert (await status_of(device))["fatal"] == 0
    await CAUSES[cause](device)
    status = await status_of(device)
    assert (status["fatal"], status["fatal_cause"]) == (1, cause)
    await pause(device, 3000)  # what was on its way
    start = link.host().trace_count
    stream.submit(nops(5))
    stream.flush()
    await pause(device, 3000)
    seen = columns(start)
    assert not (seen.to_host & ~seen.completion).any()
    assert await device.read(registers.QUEUE[stream.queue.number].RETIRED) == 3
    if cause is not FatalCause.MALFORMED_TLP:
        await malform(device)  # a second cause changes nothing
    assert (await status_of(device))["fatal_cause"] == cause
    await device.reset()
    status = await status_of(device)
    assert (status["fatal"], status["fatal_cause"], status["resetting"]) == (0, 0, 0)
    host, target = device.pinned(512), device.empty(512)
    host.array[:] = noise(2, 512)
    stream.copy(target, host)
    assert np.array_equal(await stream.download(target), host.array)


@cocotb.test()
@cocotb.parametrize(cause=[FatalCause.TAGS_EXHAUSTED, FatalCause.MALFORMED_TLP])
async def a_fatal_device_only_answers(_dut: Any, cause: FatalCause) -> None:
    """ERR-FATAL-001 to ERR-FATAL-003: the cause, which stays; nothing sent; until a device reset."""
    async with doorbell.open("rtl", deadline=200_000) as device:
        await only_answers(device, cause)


@cocotb.test()
async def an_overflow_is_fatal(_dut: Any) -> None:
    """ERR-FATAL-001 to ERR-FATAL-003 for RECEIVER_OVERFLOW; what came beyond the credits is lost."""
    slow = {"ready_on_max": 2, "ready_off_min": 60, "ready_off_max": 80}
    link.restart(profile("harsh").with_changes(host_tags=256, mmio_depth=256, **slow))
    link.expect(link.LEAK)
    with pytest.raises(LeakError, match="without an answer"):
        async with doorbell.open("rtl", deadline=200_000) as device:
            await only_answers(device, FatalCause.RECEIVER_OVERFLOW)


@cocotb.test()
async def every_malformed_tlp_is_fatal(_dut: Any) -> None:
    """ERR-FATAL-001: by its length, its page, its byte enables, its size; none has an effect."""
    async with doorbell.open("rtl") as device:
        bar2 = device.function.bars[2].address
        before = await device.transport.read_block(bar2, 8192)
        write = tlp.memory_write(bar2, bytes([0xEE] * 64))
        for packet in (
            write.changed(length=33),
            write.changed(last_be=0),
            write.changed(first_be=0b1010),
            write.changed(digest=1),
            tlp.memory_write(bar2 + 4092, bytes(64)),
            tlp.memory_write(bar2, bytes(1024)),
            tlp.memory_read(bar2, 64).changed(last_be=0),
            tlp.fetch_add(bar2, 1).changed(length=3),
        ):
            link.send(packet)
            await pause(device, 500)
            status = await status_of(device)
            assert (status["fatal"], status["fatal_cause"]) == (1, FatalCause.MALFORMED_TLP), packet
            await device.reset()
            assert (await status_of(device))["fatal"] == 0
        assert await device.transport.read_block(bar2, 8192) == before


@cocotb.test()
async def no_other_misbehaviour_is_fatal(_dut: Any) -> None:
    """ERR-FATAL-001: unsupported, aborted, poisoned, unexpected and late are not on the list."""
    async with doorbell.open("rtl") as device:
        bar0, bar2 = device.bar0, device.function.bars[2].address
        for packet in (
            tlp.memory_read(bar2 + (1 << 30), 4),
            tlp.memory_read(bar0 + 0x7F8, 8),
            tlp.fetch_add(bar0, 1),
            tlp.Tlp((0x02 << 24 | 1, 0xF, 0x100)),  # I/O read
        ):
            await link.request(packet)
        link.send(tlp.memory_write(bar2, bytes(8)).changed(poisoned=1))
        link.send(tlp.memory_write(bar2, bytes(0)))
        link.host().inject_completion(3, 64)
        await pause(device, 2000)
        assert (await status_of(device))["fatal"] == 0
        stream = device.stream()
        stream.submit(nops(3))
        await stream.synchronize()
