"""Masking, pending bits, and the race between re-arming and the last event (INT rules)."""

from __future__ import annotations

from typing import Any

import cocotb
from steps import columns, pause, pending

import doorbell
from doorbell.contract import MSIX_ENTRY, registers
from doorbell.encode import nops
from doorbell.pci import enumerate_function
from doorbell_tb import link
from doorbell_tb.trace import TlpFlag


def mask(device: doorbell.Device, vector: int, masked: bool) -> None:
    """Write the entry's mask bit."""
    entry = device.bar0 + registers.MSIX_TABLE.offset + vector * MSIX_ENTRY.itemsize
    device.transport.write(entry + 12, int(masked), 4)


async def until(device: doorbell.Device, stream: doorbell.Stream, value: int) -> None:
    """Wait for a record without an interrupt's help."""
    for _ in range(1000):
        if stream.queue.recorded >= value:
            return
        stream.queue.refresh()
        await pause(device, 20)
    raise AssertionError(f"record {value} never came")


@cocotb.test()
async def a_masked_vector_keeps_its_event(_dut: Any) -> None:
    """INT-MASK-001, INT-MASK-002: nothing is sent, the pending bit is set, unmasking sends once."""
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        vector = device.vector(stream.queue.number)
        mask(device, vector, True)
        for _ in range(3):
            stream.submit(nops(1))
            stream.flush()
            await until(device, stream, stream.queue.queued)
        await pause(device, 500)
        assert device.transport.interrupts(vector) == 0
        assert await pending(device) == 1 << vector
        mask(device, vector, False)
        await pause(device, 500)
        assert device.transport.interrupts(vector) == 1
        assert await pending(device) == 0


@cocotb.test()
async def every_entry_is_masked_after_power_on(_dut: Any) -> None:
    """INT-MASK-003: before anybody has written the table, on a link that was never reset by software."""
    transport = link.transport()
    function = await enumerate_function(transport)
    bar0 = function.bars[0].address
    assert function.vectors > 1
    for vector in range(function.vectors):
        control = bar0 + registers.MSIX_TABLE.offset + vector * MSIX_ENTRY.itemsize + 12
        assert await transport.read(control, 4) & 1, vector
    assert await transport.read(bar0 + registers.MSIX_PBA.offset) == 0


@cocotb.test()
async def the_function_mask_holds_every_vector(_dut: Any) -> None:
    """INT-MASK-001, INT-MASK-002 for the function mask."""
    async with doorbell.open("rtl") as device:
        streams = [device.stream() for _ in range(3)]
        vectors = [device.vector(stream.queue.number) for stream in streams]
        control = device.function.msix + 2
        enabled = await device.transport.config_read(control, 2)
        await device.transport.config_write(control, enabled | 0x4000, 2)
        for stream in streams:
            stream.submit(nops(1))
            stream.flush()
        for stream in streams:
            await until(device, stream, stream.queue.queued)
        await pause(device, 500)
        assert [device.transport.interrupts(vector) for vector in vectors] == [0, 0, 0]
        assert await pending(device) == sum(1 << vector for vector in vectors)
        await device.transport.config_write(control, enabled, 2)
        await pause(device, 500)
        assert [device.transport.interrupts(vector) for vector in vectors] == [1, 1, 1]


@cocotb.test()
@cocotb.parametrize(profile=["harsh", "ideal"])
async def unmasking_around_the_event_loses_none(_dut: Any, profile: str) -> None:
    """INT-EVENT-001, pitfall 8: whatever cycle the unmask falls in, a message comes."""
    link.restart(profile)
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        vector = device.vector(stream.queue.number)
        for offset in range(0, 160, 2):
            before = device.transport.interrupts(vector)
            mask(device, vector, True)
            stream.submit(nops(1))
            stream.flush()
            await pause(device, offset)
            mask(device, vector, False)
            await until(device, stream, stream.queue.queued)
            await pause(device, 300)
            assert device.transport.interrupts(vector) == before + 1, offset


@cocotb.test()
async def each_message_is_one_dword_behind_its_record(_dut: Any) -> None:
    """INT-MSIX-001, CP-RETIRE-002: checked on the link itself."""
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        start = link.host().trace_count
        for _ in range(20):
            stream.submit(nops(5))
            await stream.synchronize()
        seen = columns(start)
        messages = (seen.flags & TlpFlag.MESSAGE) != 0
        records = seen.to_host & seen.write & (seen.meant == 16)
        assert messages.sum() == records.sum() == 20
        assert (seen.payload[messages] == 4).all()
        assert (messages.nonzero()[0] > records.nonzero()[0]).all()
