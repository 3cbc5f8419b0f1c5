"""What `harsh` is for really happens, and changes no result (EP-CPL-004)."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from steps import columns, noise, pause

import doorbell
from doorbell_tb import link
from doorbell_tb.profiles import profile


async def traffic(device: doorbell.Device, rounds: int = 4, size: int = 32 * 1024) -> None:
    """Copies up and down at odd addresses on four streams at once, and BAR2 reads meanwhile."""
    streams = [device.stream() for _ in range(4)]
    data = [noise(number, size) for number in range(len(streams))]
    hosts = [device.pinned(size + 64) for _ in streams]
    backs = [device.pinned(size + 64) for _ in streams]
    locals_ = [device.empty(size + 64) for _ in streams]
    for host, content in zip(hosts, data, strict=True):
        host.array[7 : 7 + size] = content
    for number, stream in enumerate(streams):
        for turn in range(rounds):
            stream.copy(
                locals_[number], hosts[number], size, destination_offset=turn, source_offset=7
            )
            stream.copy(
                backs[number], locals_[number], size, destination_offset=9, source_offset=turn
            )
        stream.flush()
    bar2 = device.function.bars[2].address
    for _ in range(8):
        await device.transport.read_block(bar2 + 3, 1000)
    for stream in streams:
        await stream.synchronize()
    for back, content in zip(backs, data, strict=True):
        assert np.array_equal(back.array[9 : 9 + size], content)
        assert not back.array[:9].any()
        assert not back.array[9 + size :].any()


@cocotb.test()
async def everything_that_harsh_promises_happens(_dut: Any) -> None:
    """EP-CPL-004, EP-CREDIT-002: and whatever the host does, the device never holds the link back."""
    link.restart("harsh")
    async with doorbell.open("rtl") as device:
        await traffic(device)
    stats = link.host().stats()
    for count in (
        stats.cycles_tx_stalled,
        stats.cycles_no_posted,
        stats.cycles_no_nonposted,
        stats.reorderings,
        stats.splits,
    ):
        assert count > 100, stats
    assert stats.cycles_rx_stalled == 0


@cocotb.test()
async def the_device_holds_the_host_back_when_it_is_full(_dut: Any) -> None:
    """Inbound credits run out and come back; not a byte is lost (EP-CREDIT-003)."""
    link.restart(profile("ideal").with_changes(mmio_write_bytes=256, mmio_depth=64))
    async with doorbell.open("rtl") as device:
        bar2 = device.function.bars[2].address
        content = noise(3, 60_000)
        device.transport.write_block(bar2 + 5, content)
        assert await device.transport.read_block(bar2 + 5, len(content)) == content.tobytes()
    assert link.host().stats().cycles_rx_no_credits > 0


@cocotb.test()
async def every_tag_is_in_use_at_once(_dut: Any) -> None:
    """A slow host with room for all requests: CAP_TAGS reads outstanding, and then they go on."""
    slow = profile("harsh").with_changes(
        read_latency_min=3000, read_latency_max=4000, nonposted_headers=96, credit_return_max=2
    )
    link.restart(slow)
    async with doorbell.open("rtl") as device:
        await traffic(device, rounds=1, size=64 * 1024)
        tags = device.capabilities.tags
    assert link.host().stats().tags_max == tags


@cocotb.test()
async def an_ideal_host_sees_the_same_results(_dut: Any) -> None:
    """EP-CPL-004."""
    link.restart("ideal")
    async with doorbell.open("rtl") as device:
        await traffic(device)
    stats = link.host().stats()
    assert stats.cycles_tx_stalled == stats.reorderings == stats.splits == 0


@cocotb.test()
@cocotb.parametrize(piece=[64, 128, 256])
async def completions_of_every_size(_dut: Any, piece: int) -> None:
    """EP-CPL-004: cut at each size, never at random."""
    link.restart(profile("harsh").with_changes(completion_bytes=piece, random_split=0))
    async with doorbell.open("rtl") as device:
        await traffic(device, rounds=1, size=5000)


@cocotb.test()
async def inbound_writes_pass_a_stuck_transmitter(_dut: Any) -> None:
    """EP-CREDIT-003: credits for the device's writes stay away for long; the host's writes go in all the same."""
    stuck = profile("ideal").with_changes(
        credit_return_min=30_000, credit_return_max=30_000, posted_headers=4, posted_data=64
    )
    link.restart(stuck)
    async with doorbell.open("rtl") as device:
        bar2, stream = device.function.bars[2].address, device.stream()
        host, local = device.pinned(8192), device.empty(8192)
        content = noise(8, 100_000)
        stream.copy(host, local)
        stream.flush()
        await pause(device, 2000)
        start = link.host().trace_count
        device.transport.write_block(bar2 + 65536, content)
        await pause(device, 8000)
        seen = columns(start)
        inbound = ~seen.to_host & seen.write & (seen.begin >= bar2 + 65536)
        assert seen.payload[inbound].sum() >= len(content)
        assert not (seen.to_host & seen.write).any(), "the transmitter was to be stuck"
        await stream.synchronize()
        assert await device.transport.read_block(bar2 + 65536, 100_000) == content.tobytes()
