"""Queues and commands overlap, and nobody waits for what he does not need."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
import pytest
from steps import noise, pause, took

import doorbell
from doorbell import kernels
from doorbell.encode import nops
from doorbell.errors import QueueError
from doorbell_tb import link
from doorbell_tb.profiles import profile

SLOW = profile("ideal").with_changes(read_latency_min=500, read_latency_max=500)
"""Every read takes 500 cycles: what does not overlap shows."""


@cocotb.test()
async def copies_of_two_queues_overlap(_dut: Any) -> None:
    """Two dependent chains of short copies take as long as one (CP-ARB-003, DMA-CHAN-001)."""
    link.restart(SLOW)
    async with doorbell.open("rtl") as device:
        first, second = device.stream(), device.stream()
        source, target = device.pinned(4096), device.empty(8192)

        def chain(stream: doorbell.Stream, offset: int) -> None:
            for turn in range(10):  # each waits for the one before
                stream.copy(target, source, 256, destination_offset=offset + 256 * turn)

        chain(first, 0)
        alone = await took(device, first)
        chain(first, 0)
        chain(second, 4096)
        both = await took(device, first, second)
        assert alone > 10 * 500
        assert both < 1.1 * alone


@cocotb.test()
async def reads_and_writes_of_two_queues_share_the_link(_dut: Any) -> None:
    """Both directions at once take little longer than one of them."""
    link.restart("ideal")
    async with doorbell.open("rtl") as device:
        up, down = device.stream(), device.stream()
        size = 256 * 1024
        host, back, here, there = (
            device.pinned(size),
            device.pinned(size),
            device.empty(size),
            device.zeros(size),
        )
        await down.synchronize()
        up.copy(here, host)
        one = await took(device, up)
        down.copy(back, there)
        other = await took(device, down)
        up.copy(here, host)
        down.copy(back, there)
        both = await took(device, up, down)
        assert both < 0.75 * (one + other)


@cocotb.test()
async def a_copy_overlaps_a_launch(_dut: Any) -> None:
    """The network's two halves: the next upload runs under the current matrix product."""
    link.restart("ideal")
    async with doorbell.open("rtl") as device:
        compute, transfer = device.stream(), device.stream()
        rng = np.random.default_rng(5)
        left = rng.integers(-128, 128, (64, 256)).astype(np.int8)
        right = rng.integers(-128, 128, (256, 256)).astype(np.int8)
        a, b, c = device.upload(left), device.upload(right), device.empty((64, 256), np.int32)
        content = noise(1, 512 * 1024)
        host, target = device.pinned(content.size), device.empty(content.size)
        host.array[:] = content
        await compute.download(a)
        await compute.download(b)
        compute.launch(kernels.gemm(a, b, c))
        launch = await took(device, compute)
        transfer.copy(target, host)
        copy = await took(device, transfer)
        compute.launch(kernels.gemm(a, b, c))
        transfer.copy(target, host)
        both = await took(device, compute, transfer)
        assert both < max(launch, copy) + 0.3 * min(launch, copy)
        product = left.astype(np.int32) @ right.astype(np.int32)
        assert np.array_equal(await compute.download(c), product)
        assert np.array_equal(await transfer.download(target), content)


async def nop_rate(device: doorbell.Device, stream: doorbell.Stream) -> float:
    """NOPs per cycle, one batch of 200 at a time."""
    start = device.transport.now()
    for _ in range(10):
        stream.submit(nops(200))
        await stream.synchronize()
    return 2000 / (device.transport.now() - start)


@cocotb.test()
async def a_waiting_queue_delays_nobody(_dut: Any) -> None:
    """SEM-WAIT-004, ERR-HALT-006: at least 0.99 of the throughput, for NOPs and for copies."""
    link.restart("ideal")
    async with doorbell.open("rtl") as device:
        waiting, working = [device.stream() for _ in range(3)], device.stream()
        gate = device.semaphore()
        size = 128 * 1024
        host, target = device.pinned(size), device.empty(size)

        async def measure() -> tuple[float, int]:
            rate = await nop_rate(device, working)
            working.copy(target, host)
            return rate, await took(device, working)

        await measure()
        rate, copy = await measure()
        for stream in waiting:
            stream.wait(gate, 1)
            stream.submit(nops(50))
            stream.flush()
        await pause(device, 2000)
        held_rate, held_copy = await measure()
        gate.set(1)
        for stream in waiting:
            await stream.synchronize()
        assert held_rate >= 0.99 * rate
        assert held_copy <= copy / 0.99


@cocotb.test()
async def a_failed_queue_delays_nobody(_dut: Any) -> None:
    """ERR-HALT-005, ERR-HALT-006: a halted queue costs the others nothing."""
    link.restart("ideal")
    async with doorbell.open("rtl") as device:
        broken, working = device.stream(), device.stream()
        await nop_rate(device, working)
        rate = await nop_rate(device, working)
        bad = nops(3)
        bad["opcode"][1] = 0x7F
        broken.submit(bad)
        broken.flush()
        with pytest.raises(QueueError, match="BAD_OPCODE"):
            await broken.synchronize()
        assert await nop_rate(device, working) >= 0.99 * rate
        await broken.reset()


@cocotb.test()
async def a_full_copy_engine_does_not_hold_a_nop_back(_dut: Any) -> None:
    """CP-ARB-003: a NOP goes by the megabyte that was asked for before it.

    It shares the link, so what has been read ahead (CAP_TAGS reads) comes first.
    """
    link.restart(SLOW)
    async with doorbell.open("rtl") as device:
        greedy, small = device.stream(), device.stream()
        host, target = device.pinned(1 << 20), device.empty(1 << 20)
        with greedy.overlap():
            for turn in range(16):
                at = turn << 16
                greedy.copy(target, host, 1 << 16, destination_offset=at, source_offset=at)
        greedy.flush()
        await pause(device, 1500)
        small.submit(nops(1))
        nop = await took(device, small)
        rest = await took(device, greedy)
        assert nop < rest / 3


@cocotb.test()
async def a_queue_in_reset_delays_nobody(_dut: Any) -> None:
    """ERR-RESET-002, ERR-HALT-006: a reset that waits for reads under way costs the other queues nothing."""
    link.restart(SLOW)
    async with doorbell.open("rtl") as device:
        stopped, working = device.stream(), device.stream()
        host, target = device.pinned(4096), device.empty(4096)
        resets = 0
        done = False

        async def stop_and_start() -> None:
            nonlocal resets
            while not done:
                stopped.copy(target, host)
                stopped.flush()
                await pause(device, 700)  # its packet is there, its data are not
                await stopped.reset()  # takes until they are
                resets += 1

        await nop_rate(device, working)
        rate = await nop_rate(device, working)
        beside = cocotb.start_soon(stop_and_start())
        disturbed = await nop_rate(device, working)
        done = True
        await beside
        assert resets > 5
        assert disturbed >= 0.99 * rate
