"""What every device must do with events and messages: moderation in time, unmasking, and the table's own words."""

from __future__ import annotations

from raw import RawQueue, pause, slack, spare, until
from ring_programs import event

from doorbell import Device
from doorbell.contract import MSIX_ENTRY, registers

SLACK = 2500
"""Cycles that a packet takes from its doorbell to its event, and a message to the host."""


def entry(device: Device, vector: int) -> int:
    """Bus address of a table entry."""
    return device.bar0 + registers.MSIX_TABLE.offset + vector * MSIX_ENTRY.itemsize


async def the_timer_counts_from_the_first_event(device: Device) -> None:
    """INT-MOD-001 to INT-MOD-003: later events do not put the message off; a count of 1 sends each at once."""
    transport, vector, timer = device.transport, spare(device, 8), 6000
    register, queue = registers.VECTOR[vector].MODERATION, RawQueue(device, log2=6)
    device.post(register, register.encode(count=100, timer=slack(timer)))
    for sent in range(1, 5):
        first = transport.now()
        queue.submit(event(vector))
        for _ in range(3):
            await pause(device, timer // 4)
            queue.submit(event(vector))
        rest = timer // 4 + SLACK
        await until(device, lambda sent=sent: transport.interrupts(vector) == sent, rest)
        assert transport.now() >= first + timer // 2, "neither the count nor the timer was reached"
        await pause(device, timer + SLACK)
        assert transport.interrupts(vector) == sent, "all four went with one message"
    device.post(register, register.encode(count=1, timer=0xFFFF_FFFF))
    before = transport.interrupts(vector)
    queue.submit(*[event(vector)] * 5)
    await queue.until_idle()
    await pause(device, SLACK)
    assert transport.interrupts(vector) == before + 5
    await queue.finish()


async def unmasking_sends_whatever_the_moderation(device: Device) -> None:
    """INT-MASK-002: at once, though the count is far and the timer long."""
    transport, vector = device.transport, spare(device, 9)
    register, queue = registers.VECTOR[vector].MODERATION, RawQueue(device)
    device.post(register, register.encode(count=1000, timer=0xFFFF_FFFF))
    for sent in range(1, 4):
        transport.write(entry(device, vector) + 12, 1, 4)
        queue.submit(event(vector), event(vector))
        await queue.until_idle()
        assert await device.read_bar0(registers.MSIX_PBA.offset) == 1 << vector
        assert transport.interrupts(vector) == sent - 1
        transport.write(entry(device, vector) + 12, 0, 4)
        await until(device, lambda sent=sent: transport.interrupts(vector) == sent, SLACK)
        assert await device.read_bar0(registers.MSIX_PBA.offset) == 0
    device.post(register, 0)
    await queue.finish()


async def messages_are_the_tables_own(device: Device) -> None:
    """INT-MSIX-001, INT-EVENT-003: data and address of the entry, not the vector's number."""
    transport, other = device.transport, spare(device, 21)
    vector = min(10, other - 1)
    queue = RawQueue(device)
    transport.write(entry(device, vector) + 8, other, 4)
    queue.submit(event(vector), event(vector))
    await queue.until_idle()
    await until(device, lambda: transport.interrupts(other) == 2, SLACK)
    assert transport.interrupts(vector) == 0
    transport.write(entry(device, vector) + 8, vector, 4)
    queue.submit(event(vector))
    await queue.until_idle()
    await until(device, lambda: transport.interrupts(vector) == 1, SLACK)
    assert transport.interrupts(other) == 2
    await queue.finish()


async def queues_share_a_vector(device: Device) -> None:
    """INT-EVENT-001, INT-EVENT-002: events of several queues in the same cycles are as many messages."""
    transport, vector = device.transport, spare(device, 15)
    count = min(3, device.capabilities.queues)
    queues = [RawQueue(device, log2=7, back=back) for back in range(1, count + 1)]
    for lap in range(1, 4):
        for queue in queues:
            queue.submit(*[event(vector)] * 64)
        for queue in queues:
            await queue.until_idle()
        await pause(device, SLACK)
        assert transport.interrupts(vector) == lap * 64 * len(queues)
    for queue in queues:
        await queue.finish()
