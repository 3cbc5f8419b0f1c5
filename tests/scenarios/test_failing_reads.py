"""Reads that go wrong: each command says so, tags come back, and what comes late harms nobody."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
import pytest
from steps import columns, noise, pause

import doorbell
from doorbell.contract import registers
from doorbell.encode import nops
from doorbell.errors import QueueError
from doorbell_tb import link
from doorbell_tb.host_types import InjectKind
from doorbell_tb.profiles import profile

FAILURES = {
    InjectKind.UR: "DMA_UR",
    InjectKind.CA: "DMA_CA",
    InjectKind.POISON: "DMA_POISONED",
    InjectKind.SHORT: "DMA_MALFORMED",
    InjectKind.LONG: "DMA_MALFORMED",
    InjectKind.BYTE_COUNT: "DMA_MALFORMED",
    InjectKind.LOWER_ADDRESS: "DMA_MALFORMED",
}


async def free_tags(device: doorbell.Device) -> dict[str, int]:
    """What the device says of its tags."""
    return registers.DEVICE.TAGS.decode(await device.read(registers.DEVICE.TAGS))


def spoil(kind: InjectKind, host: doorbell.HostArray, **more: int) -> int:
    """Spoil the next read of ``host``."""
    last = host.address + host.nbytes - 1
    return link.host().inject(kind, first=host.address, last=last, **more)


@cocotb.test()
@cocotb.parametrize(kind=list(FAILURES))
async def a_spoilt_read_fails_its_command(_dut: Any, kind: InjectKind) -> None:
    """DMA-ERR-001, DMA-ERR-002, DMA-ERR-004, DMA-ERR-005: the code, an address inside the copy.

    The next stream and the next try work.
    """
    async with doorbell.open("rtl") as device:
        size = 8192
        host, target = device.pinned(size), device.empty(size)
        host.array[:] = noise(3, size)
        broken, other = device.stream(), device.stream()
        spoil(kind, host, skip=5, argument=4)
        broken.copy(target, host)
        with pytest.raises(QueueError, match=FAILURES[kind]) as caught:
            await broken.synchronize()
        assert host.address <= caught.value.report.address < host.address + size
        other.copy(target, host)
        assert np.array_equal(await other.download(target), host.array)
        await broken.reset()
        broken.copy(target, host)
        await broken.synchronize()
        tags = await free_tags(device)
        assert tags == {"free": device.capabilities.tags, "quarantined": 0}


@cocotb.test()
@cocotb.parametrize(pieces=[1, 2, 8])
async def a_ring_read_that_stops_half_way(_dut: Any, pieces: int) -> None:
    """CP-FETCH-001, CP-FETCH-004: packets that came whole run; the error names the next one, and the read."""
    link.restart(profile("ideal").with_changes(completion_bytes=64))
    async with doorbell.open("rtl", deadline=50_000) as device:
        stream = device.stream()
        block = registers.QUEUE[stream.queue.number]
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, 2000)
        ring = await device.read(block.RING_BASE)
        handle = link.host().inject(InjectKind.DROP_PIECE, first=ring, last=ring + 64 * pieces - 1)
        start = link.host().trace_count
        stream.submit(nops(pieces))
        with pytest.raises(QueueError, match="FETCH_TIMEOUT") as caught:
            await stream.synchronize()
        assert link.host().inject_hits(handle) == 1
        seen = columns(start)
        read = (seen.to_host & seen.read & (seen.begin == ring)).argmax()
        report = caught.value.report
        assert report.index == seen.meant[read] // 64 - 1
        assert report.address == ring
        assert await device.read(block.RETIRED) == report.index
        await stream.reset()
        stream.submit(nops(3))
        await stream.synchronize()


@cocotb.test()
async def thousands_of_failures_leave_every_tag(_dut: Any) -> None:
    """EP-TAG-003, pitfall 22: ten times the tags fail, then the device reads as fast as before."""
    async with doorbell.open("rtl") as device:
        size = 128 * 1024
        host, target = device.pinned(size), device.empty(size)
        host.array[:] = noise(4, size)
        stream = device.stream()

        async def copy() -> int:
            start = device.transport.now()
            stream.copy(target, host)
            await stream.synchronize()
            return device.transport.now() - start

        await copy()
        healthy = await copy()
        handle = spoil(InjectKind.UR, host, count=10 * device.capabilities.tags)
        failures = 0
        while link.host().inject_hits(handle) < 10 * device.capabilities.tags:
            with pytest.raises(QueueError, match="DMA_UR"):
                await copy()
            await stream.reset()
            failures += 1
        assert (await free_tags(device))["free"] == device.capabilities.tags
        assert await copy() < 1.3 * healthy, failures
        assert np.array_equal(await stream.download(target), host.array)


@cocotb.test()
async def an_unanswered_read_times_out_and_its_tag_rests(_dut: Any) -> None:
    """DMA-ERR-003, EP-TAG-002: timeout, quarantine, and free again."""
    async with doorbell.open("rtl") as device:
        host, target = device.pinned(4096), device.empty(4096)
        stream = device.stream()
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, 3000)
        device.post(registers.DEVICE.QUARANTINE, 5000)
        spoil(InjectKind.DROP, host, skip=1)
        stream.copy(target, host)
        with pytest.raises(QueueError, match="DMA_TIMEOUT"):
            await stream.synchronize()
        tags = await free_tags(device)
        assert tags == {"free": device.capabilities.tags - 1, "quarantined": 1}
        await pause(device, 6000)
        tags = await free_tags(device)
        assert tags == {"free": device.capabilities.tags, "quarantined": 0}
        await stream.reset()
        stream.copy(target, host)
        await stream.synchronize()


@cocotb.test()
async def completions_that_nobody_asked_for_are_counted(_dut: Any) -> None:
    """EP-CPL-005, pitfall 21: dropped, counted, harmless."""
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        content = noise(5, 20_000)
        buffer = device.upload(content)
        stream.flush()
        for tag in (0, 17, 200, 255):
            link.host().inject_completion(tag, 64)
        await pause(device, 3000)
        assert np.array_equal(await stream.download(buffer), content)
        assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) >= 1


@cocotb.test()
async def bus_master_off_lets_nothing_out(_dut: Any) -> None:
    """EP-BM-001, EP-BM-002: seen on the link; afterwards every byte and interrupt is there."""
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        host, target = device.pinned(32 * 1024), device.empty(32 * 1024)
        host.array[:] = noise(6, host.nbytes)
        stream.copy(target, host)
        stream.flush()
        await pause(device, 200)
        await device.function.bus_master(False)
        start = link.host().trace_count
        await pause(device, 3000)
        seen = columns(start)
        assert not (seen.to_host & ~seen.completion).any()
        await device.function.bus_master(True)
        assert np.array_equal(await stream.download(target), host.array)
