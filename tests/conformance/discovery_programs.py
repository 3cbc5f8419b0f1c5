"""What every device must show of itself: configuration space, identity, counters, idle, tables after a reset."""

from __future__ import annotations

import numpy as np
from raw import RawQueue, pause, spare
from ring_programs import ONES, event, nop, present

from doorbell import Device, encode
from doorbell.contract import MSIX_ENTRY, Space, limits, registers

COMMAND, BARS, CAPABILITIES = 0x04, 0x10, 0x34
NAMES = {0x01: "power management", 0x10: "PCI Express", 0x11: "MSI-X"}


async def configuration_space(device: Device) -> None:
    """EP-CFG-001, EP-CFG-002: header, capabilities, and zero wherever nothing is."""
    read = device.transport.config_read
    assert await read(0x00, 2) == limits.VENDOR_ID
    assert await read(0x02, 2) == limits.DEVICE_ID
    assert await read(0x08) >> 8 == limits.CLASS_CODE
    assert await read(0x0E, 1) & 0x7F == 0, "type 0 header"
    found, at = set(), await read(CAPABILITIES, 1)
    assert await read(0x06, 2) >> 4 & 1, "capability list"
    while at:
        assert at % 4 == 0
        found.add(await read(at, 1))
        at = await read(at + 1, 1)
    assert {0x10, 0x11} <= found, [NAMES.get(number, hex(number)) for number in found]
    for offset in (0x28, 0x38, 0xF8, 0xFC, 0x800, 0xFFC):  # CardBus, reserved, behind everything
        assert await read(offset) == 0, hex(offset)
        await device.transport.config_write(offset, 0xFFFF_FFFF)
        assert await read(offset) == 0, hex(offset)


async def bars_have_their_sizes(device: Device) -> None:
    """EP-BAR-001: sized as software does it, with memory space off meanwhile."""
    read, write = device.transport.config_read, device.transport.config_write
    command = await read(COMMAND, 2)
    await write(COMMAND, command & ~2, 2)
    for number, size, prefetchable in (
        (0, limits.BAR0_BYTES, 0),
        (2, device.capabilities.memory, 8),
    ):
        at = BARS + 4 * number
        before = await read(at), await read(at + 4)
        await write(at, 0xFFFF_FFFF)
        await write(at + 4, 0xFFFF_FFFF)
        low, high = await read(at), await read(at + 4)
        assert low & 0xF == 4 | prefetchable, f"BAR{number} reads {low:#x}"
        assert -(high << 32 | low & ~0xF) % (1 << 64) == size, f"BAR{number}"
        await write(at, before[0])
        await write(at + 4, before[1])
    for number in (4, 5):
        await write(BARS + 4 * number, 0xFFFF_FFFF)
        assert await read(BARS + 4 * number) == 0, "there is no third BAR"
    assert await device.transport.read(device.register(registers.DEVICE.SCRATCH)) == ONES
    await write(COMMAND, command, 2)
    assert await device.read(registers.DEVICE.IDENTITY) == limits.IDENTITY


async def identity_is_always_the_same(device: Device) -> None:
    """DEV-ID-001: while work is under way, while a reset is, and after it."""
    queue, local = RawQueue(device), device.empty(1 << 16)
    identity, status = registers.DEVICE.IDENTITY, registers.DEVICE.STATUS
    place = device.register(identity)
    for _ in range(8):
        host = device.pinned(1 << 16)
        queue.submit(encode.copies(host.address, local.address, 1 << 16, source_space=Space.HOST))
        for _ in range(6):
            assert await device.transport.read(place) == limits.IDENTITY
        device.post(registers.DEVICE.CONTROL, 1)
        while True:
            assert await device.transport.read(place) == limits.IDENTITY
            if not status.decode(await device.read(status))["resetting"]:
                break
        queue = RawQueue(device)
    await queue.finish()


async def the_table_is_masked_after_a_reset(device: Device) -> None:
    """INT-MASK-003: events that were pending are gone, and every entry is masked."""
    transport, vectors = device.transport, device.capabilities.vectors
    table = registers.MSIX_TABLE.offset
    queue = RawQueue(device)
    for vector in range(vectors):
        transport.write(device.bar0 + table + vector * MSIX_ENTRY.itemsize + 12, 1, 4)
    raised = min(8, vectors)
    queue.submit(*(event(vector) for vector in range(raised)))
    await queue.until_idle()
    assert await device.read_bar0(registers.MSIX_PBA.offset) == (1 << raised) - 1
    before = [transport.interrupts(vector) for vector in range(vectors)]
    device.post(registers.DEVICE.CONTROL, 1)
    bound = device.capabilities.bound_reset
    await device.poll(registers.DEVICE.STATUS, {"resetting": 0}, bound, "device reset")
    assert await device.read_bar0(registers.MSIX_PBA.offset) == 0
    for vector in range(vectors):
        control = await device.read_bar0(table + vector * MSIX_ENTRY.itemsize + 8) >> 32
        assert control & 1, vector
    queue = RawQueue(device)
    vector = spare(device, 3)
    queue.submit(event(vector))
    await queue.until_idle()
    await pause(device, 500)
    assert [transport.interrupts(vector) for vector in range(vectors)] == before
    assert await device.read_bar0(registers.MSIX_PBA.offset) == 1 << vector
    await queue.finish()


async def a_device_reset_restores_every_register(device: Device) -> None:
    """ERR-RESET-004, DEV-REG-008: reset values, semaphores 0 and whole, configuration as it was, within the bound."""
    transport, indices = device.transport, (0, 1, 77, device.capabilities.semaphores - 1)
    before = [await transport.config_read(offset) for offset in range(0, 256, 4)]
    queue = RawQueue(device, log2=5, start=99, WAIT_LIMIT=5, WATCHDOG_LIMIT=6, WEIGHT=7)
    queue.submit(nop(queue, 1), encode.wait(500, 1))
    for register in present(device):
        if (
            not register.capability
            and not register.name.startswith("QUEUE")
            and register.name not in KEPT
        ):
            writable = sum(item.mask for item in register.fields.values() if item.access == "rw")
            device.post(register, writable & 0x5A5A_5A5A_5A5A_5A5A)
    for index in indices:
        transport.write(device.bar0 + registers.SEMAPHORE_SET.word(index), ONES - index)
        transport.write(device.bar0 + registers.SEMAPHORE_POISON.word(index), 1)
    await pause(device, 1000)
    cycles = await device.read(registers.DEVICE.CYCLES)
    started = transport.now()
    device.post(registers.DEVICE.CONTROL, 1)
    bound = device.capabilities.bound_reset
    await device.poll(registers.DEVICE.STATUS, {"resetting": 0}, bound, "device reset")
    assert transport.now() - started <= bound
    for register in present(device):
        if register.reset is not None and not register.capability and register.name not in KEPT:
            found = await device.read(register)
            assert found == register.reset, f"{register.name} reads {found:#x}"
    assert await device.read(registers.DEVICE.CYCLES) > cycles
    for index in indices:
        assert await transport.read(device.bar0 + registers.SEMAPHORE_SET.word(index)) == 0
        assert await transport.read(device.bar0 + registers.SEMAPHORE_POISON.word(index)) == 0
    assert [await transport.config_read(offset) for offset in range(0, 256, 4)] == before


KEPT = ("DEVICE.CYCLES", "DEVICE.CONTROL", "DEVICE.SNAPSHOT")
"""Registers that a reset leaves alone, or that act when written."""


async def counters_stand_still_between_snapshots(device: Device) -> None:
    """OBS-SNAPSHOT-001: whatever happens meanwhile; and one snapshot is of one cycle."""
    found = [item for item in registers.DEVICE.registers() if ".COUNTER_" in item.name]
    queue = RawQueue(device)
    first = await device.counters()
    apart: list[range] = []  # how far CYCLES may be ahead: both count since a reset, of their own
    for value in range(1, 4):
        before = {item.name: await device.read(item) for item in found}
        queue.submit(*(nop(queue, value) for _ in range(5)))
        await queue.until_idle()
        assert {item.name: await device.read(item) for item in found} == before
        low = await device.read(registers.DEVICE.CYCLES)
        device.post(registers.DEVICE.SNAPSHOT, 0)
        cycles = await device.read(registers.DEVICE.COUNTER_CYCLES)
        apart.append(range(low - cycles + 1, await device.read(registers.DEVICE.CYCLES) - cycles))
        assert max(part.start for part in apart) < min(part.stop for part in apart)
        commands = await device.read(registers.DEVICE.COUNTER_COMMANDS)
        assert commands == first["commands"] + 5 * value
    # Commands and the bytes of their records at once: no snapshot is half old.
    number = 200
    queue = await _again(queue, number)
    base = await device.counters()
    queue.submit(*(nop(queue, value) for value in range(number)))
    while True:
        one = await device.counters()
        done = one["commands"] - base["commands"]
        assert (one["tx_bytes"] - base["tx_bytes"]) <= 16 * (done + 1) + 8 * (done // 8 + 2)
        if done == number:
            break
    await queue.finish()


async def _again(queue: RawQueue, packets: int) -> RawQueue:
    await queue.finish()
    return RawQueue(queue.device, log2=packets.bit_length(), WRITEBACK=0)


async def idle_means_that_nothing_is_under_way(device: Device) -> None:
    """DEV-IDLE-001, CP-STATE-005: not while a command waits, and at the first idle every byte and record has come."""
    status, gate = registers.DEVICE.STATUS, device.semaphore()
    await device.poll(status, {"idle": 1}, 10_000, "going idle")
    queue = RawQueue(device)
    queue.submit(encode.wait(gate.index, 1), nop(queue, 1))
    await pause(device, 2000)
    for _ in range(20):
        assert not status.decode(await device.read(status))["idle"], "a command waits"
    gate.set(1)
    await queue.until_idle()
    host, local = device.pinned(1 << 13), device.empty(1 << 13)
    for value in range(2, 42):
        fill = encode.fill(local.address, value * 0x0101010101010101, local.nbytes)
        copy = encode.copies(local.address, host.address, host.nbytes, destination_space=Space.HOST)
        copy["flags"] = 1
        queue.submit(fill, copy, nop(queue, value))
        if value % 2:
            while not status.decode(await device.read(status))["idle"]:
                pass
        else:
            while not (await queue.status())["idle"]:
                pass
        assert queue.recorded == value
        assert queue.written_back == queue.put
        assert (host.array == np.uint8(value)).all()
    await queue.finish()


async def overlapping_copies_stay_inside(device: Device) -> None:
    """DMA-COPY-003, DMA-COPY-002: both ways round, in either space, with guards on both sides."""
    stream = device.stream()
    for space in Space:
        for frm, to in ((1000, 1100), (1100, 1000), (1000, 1000), (1003, 1064)):
            guard = np.arange(12000, dtype=np.uint32).astype(np.uint8) ^ 0x5A
            host, local = device.pinned(12000), device.upload(guard)
            host.array[:] = guard
            operand = host if space is Space.HOST else local
            stream.copy(operand, operand, 5000, destination_offset=to, source_offset=frm)
            found = await stream.download(local)
            if space is Space.HOST:
                found = host.array
            assert np.array_equal(found[:to], guard[:to])
            assert np.array_equal(found[to + 5000 :], guard[to + 5000 :])
            local.free()
            host.free()
