"""A queue reset beside reads that do not end: unanswered, without credits or tags, or held back by bus master.

Completion timeouts lie far beyond BOUND_RESET, so that nothing but the reset ends such a read; other queues go on.
"""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from steps import columns, noise, pause

import doorbell
from doorbell.contract import limits, registers
from doorbell_tb import link
from doorbell_tb.host_types import EVER, InjectKind
from doorbell_tb.profiles import profile

NEVER = 0x7FFF_FFFF
"""A completion timeout in cycles."""
BOUND = limits.reference.BOUND_RESET_CYCLES
LATE = BOUND + 5000
"""Cycles by which the host answers: after the reset."""
SOON = 12_000
"""Cycles by which the host answers while a reset still waits."""
TAGS = limits.reference.TAGS


async def tags(device: doorbell.Device) -> tuple[int, int]:
    """Tags that are free, and that rest."""
    fields = registers.DEVICE.TAGS.decode(await device.read(registers.DEVICE.TAGS))
    return fields["free"], fields["quarantined"]


async def in_flight(device: doorbell.Device, least: int) -> None:
    """Wait until so many tags are taken, and a little longer."""
    while (await tags(device))[0] > TAGS - least:
        await pause(device, 100)
    await pause(device, 1000)


async def works(device: doorbell.Device, seed: int) -> None:
    """A new stream copies there and back."""
    stream, source, target = device.stream(), device.pinned(5000), device.empty(5000)
    source.array[:] = noise(seed, 5000)
    stream.copy(target, source)
    assert np.array_equal(await stream.download(target), source.array)
    await stream.close()


@cocotb.test()
@cocotb.parametrize(reads=["data", "staged", "ring"])
async def unanswered_reads_are_given_up(_dut: Any, reads: str) -> None:
    """ERR-RESET-001, -002, EP-TAG-002: their tags rest, and what comes late is dropped and counted."""
    async with doorbell.open("rtl", deadline=1_000_000) as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, NEVER)
        device.post(registers.DEVICE.QUARANTINE, NEVER)
        stream, source = device.stream(), device.pinned(8192)
        target = device.pinned(8192) if reads == "staged" else device.empty(8192)
        first, last = source.address, source.address + source.nbytes - 1
        if reads == "ring":
            first, last = 0, EVER
        late = link.host().inject(
            InjectKind.LATE, first=first, last=last, count=EVER, argument=LATE
        )
        due = device.transport.now() + LATE
        stream.copy(target, source)
        stream.flush()
        await in_flight(device, 1 if reads == "ring" else 4)
        link.host().inject_remove(late)
        taken = TAGS - (await tags(device))[0]
        await stream.reset()
        assert device.transport.now() < due
        assert await tags(device) == (TAGS - taken, taken)
        await works(device, 1)
        assert await tags(device) == (TAGS - taken, taken)
        assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 0
        await pause(device, due + 5000 - device.transport.now())
        assert await tags(device) == (TAGS, 0)
        assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) >= taken
        source.array[:] = noise(2, 8192)
        stream.copy(target, source)
        assert np.array_equal(await stream.download(target), source.array)


@cocotb.test()
async def what_is_answered_soon_is_waited_for(_dut: Any) -> None:
    """EP-TAG-003: a reset that its reads do not hold up for long costs no tag."""
    async with doorbell.open("rtl", deadline=500_000) as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, NEVER)
        stream, source, target = device.stream(), device.pinned(8192), device.empty(8192)
        link.host().inject(
            InjectKind.LATE,
            first=source.address,
            last=source.address + 8191,
            count=EVER,
            argument=SOON,
        )
        stream.copy(target, source)
        stream.flush()
        await in_flight(device, 4)
        await stream.reset()
        assert await tags(device) == (TAGS, 0)
        assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 0


@cocotb.test()
async def reads_without_credits_are_never_sent(_dut: Any) -> None:
    """ERR-RESET-001, -002: reads that wait for credits of the link, some with a tag and some without."""
    behaviour = profile("harsh").with_changes(
        posted_headers=120, posted_data=1500, nonposted_headers=8, nonposted_data=8
    )
    link.restart(behaviour.with_changes(credit_return_min=150_000, credit_return_max=150_000))
    async with doorbell.open("rtl", deadline=1_000_000) as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, NEVER)
        streams = [device.stream() for _ in range(2)]
        source, target = device.pinned(65536), device.empty(65536)
        for stream in streams:
            stream.copy(target, source)
            stream.flush()
        await in_flight(device, 1)
        await pause(device, 3000)
        for stream in streams:
            await stream.reset()
        start = link.host().trace_count
        free, resting = await tags(device)
        assert free + resting == TAGS
        assert resting
        await pause(device, 160_000)
        seen = columns(start)
        assert not (seen.to_host & ~seen.completion).any()
        await works(device, 3)


@cocotb.test()
async def a_read_that_waits_for_a_tag_ends(_dut: Any) -> None:
    """ERR-RESET-001, ERR-HALT-006: another queue holds every tag, for longer than the reset may take."""
    link.restart("distant")
    async with doorbell.open("rtl", deadline=1_000_000) as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, NEVER)
        greedy, other = device.stream(), device.stream()
        source, target = device.pinned(1 << 18), device.empty(1 << 18)
        local = device.empty(64)
        source.array[:] = noise(5, source.nbytes)
        other.fill(local, 0x77)
        await other.synchronize()
        last = source.address + source.nbytes - 1
        link.host().inject(
            InjectKind.LATE, first=source.address, last=last, count=EVER, argument=2 * BOUND
        )
        greedy.copy(target, source)
        greedy.flush()
        await in_flight(device, TAGS)
        other.copy(target, local, 64)  # its packet is never read
        other.flush()
        await pause(device, 1000)
        await other.reset()
        assert await tags(device) == (0, 0)
        await greedy.synchronize()
        assert np.array_equal(await greedy.download(target), source.array)


@cocotb.test()
async def bus_master_off_stops_the_clock(_dut: Any) -> None:
    """EP-BM-002, ERR-RESET-001: reads that are held back are not lost, however long; the reset waits with them."""
    async with doorbell.open("rtl", deadline=1_000_000) as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, NEVER)
        device.post(registers.DEVICE.QUARANTINE, NEVER)
        stream, target = device.stream(), device.empty(64)
        await device.function.bus_master(False)
        stream.fill(target, 0x33)
        stream.flush()
        await in_flight(device, 1)  # the ring read, which waits
        device.post(registers.QUEUE[stream.queue.number].CONTROL, 4)
        await pause(device, 2 * BOUND)
        await device.function.bus_master(True)
        await stream.reset()
        assert await tags(device) == (TAGS, 0)
        await works(device, 6)
