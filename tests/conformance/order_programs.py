"""What every device must keep in order between the host's accesses, its queues and its semaphores."""

from __future__ import annotations

import numpy as np
from programs import generator
from raw import RawQueue, pause, until
from ring_programs import nop

from doorbell import Device, encode
from doorbell.contract import Error, Flag, QueueState, SignalMode, Space, registers


async def a_gate_opens_behind_the_writes_before_it(device: Device) -> None:
    """ORD-IN-001, ORD-DEVICE-001: bytes by BAR2, then a semaphore at once; the copy behind its WAIT has them."""
    rng, transport = generator(device), device.transport
    gate, queue = device.semaphore(), RawQueue(device)
    host, local = device.pinned(2048), device.empty(2048)
    window = device.function.bars[2].address + local.address
    copy = encode.copies(local.address, host.address, 2048, destination_space=Space.HOST)
    for value in range(1, 31):
        queue.submit(encode.wait(gate.index, value), copy, nop(queue, value))
        await pause(device, 1000)
        data = rng.integers(0, 256, 2048, np.uint8)
        transport.write_block(window, data)
        gate.set(value)
        await queue.until_idle()
        assert queue.recorded == value
        assert np.array_equal(host.array, data), value
    await queue.finish()


async def bar2_reads_what_a_record_told(device: Device) -> None:
    """ORD-DEVICE-001, ORD-RETIRE-001: bytes that a command left in device memory, read as soon as it says so."""
    transport, queue = device.transport, RawQueue(device)
    host, local = device.pinned(4096), device.empty(4096)
    window = device.function.bars[2].address + local.address
    for value in range(1, 41):
        host.array[:] = value
        copy = encode.copies(host.address, local.address, 4096, source_space=Space.HOST)
        fill = encode.fill(local.address, value * 0x0101010101010101, 4096)
        queue.submit(copy if value % 2 else fill, nop(queue, value))
        await until(device, lambda value=value: queue.recorded == value)
        last = await transport.read(window + 4088)
        assert last == value * 0x0101010101010101, value
        assert await transport.read_block(window, 4096) == bytes([value]) * 4096
    await queue.finish()


async def timestamps_are_of_retirement(device: Device) -> None:
    """CP-REC-002: not of the start: a WAIT retires when its gate is opened, and what is behind it later."""
    gate, queue, cycles = device.semaphore(), RawQueue(device), registers.DEVICE.CYCLES
    stamps = device.pinned((3, 2), np.uint64)
    for value in range(1, 9):
        packets = [encode.wait(gate.index, value), encode.nop(), encode.nop()]
        for number, packet in enumerate(packets):
            packet["flags"] = 2
            packet["record_address"] = stamps.address + 16 * number
            packet["record_value"] = value
        queue.submit(*packets)
        await pause(device, 2000)
        before = await device.read(cycles)
        gate.set(value)
        await queue.until_idle()
        after = await device.read(cycles)
        assert stamps.array[:, 1].tolist() == [value] * 3
        times = stamps.array[:, 0].tolist()
        assert [before, *times, after] == sorted([before, *times, after])
    await queue.finish()


async def signals_leave_poison_alone(device: Device) -> None:
    """SEM-POISON-002, SEM-POISON-001: neither a SIGNAL nor a WAIT that fails clears it; a device reset does."""
    gate, queue = device.semaphore(), RawQueue(device)
    poison = device.bar0 + registers.SEMAPHORE_POISON.word(gate.index)
    gate.poison()
    signals = [
        encode.signal(gate.index, 5),
        encode.signal(gate.index, 3, SignalMode.SEMAPHORE_ADD),
    ]
    wait = encode.wait(gate.index, 8)
    wait["flags"] = Flag.BARRIER  # the signals act when they retire
    assert await queue.verdict(*signals, wait) is None
    assert (await device.transport.read(poison), await gate.value()) == (1, 8)
    assert await queue.verdict(encode.wait(gate.index, 9)) is Error.WAIT_POISONED
    assert await device.transport.read(poison) == 1
    device.post(registers.DEVICE.CONTROL, 1)
    bound = device.capabilities.bound_reset
    await device.poll(registers.DEVICE.STATUS, {"resetting": 0}, bound, "device reset")
    assert (await device.transport.read(poison), await gate.value()) == (0, 0)
    queue = RawQueue(device)
    assert await queue.verdict(encode.signal(gate.index, 0)) is None
    await queue.finish()


async def poison_ends_a_wait_under_way(device: Device) -> None:
    """SEM-POISON-001: a WAIT that stands already fails when its semaphore is poisoned; another does not."""
    gate, other = device.semaphore(), device.semaphore()
    first, second = RawQueue(device), RawQueue(device, back=2)
    first.submit(encode.wait(gate.index, 1))
    second.submit(encode.wait(other.index, 1), nop(second, 1))
    await pause(device, 1500)
    gate.poison()
    await first.until_idle(QueueState.HALTED)
    assert first.code is Error.WAIT_POISONED
    assert (await second.status())["state"] == QueueState.RUNNING
    other.set(1)
    await second.until_idle()
    assert second.recorded == 1
    gate.poison(False)
    for queue in (first, second):
        await queue.finish()


async def a_waiting_queue_sends_nothing(device: Device) -> None:
    """SEM-WAIT-004: between two snapshots, only the answers to the host's own reads."""
    gate, queue = device.semaphore(), RawQueue(device)
    queue.submit(encode.wait(gate.index, 1), nop(queue, 1))
    await pause(device, 3000)
    before = await device.counters()
    await pause(device, 10_000)
    after = await device.counters()
    assert after["tx_bytes"] == before["tx_bytes"]
    assert after["tx_tlps"] - before["tx_tlps"] == len(before), "one answer to each counter's read"
    gate.set(1)
    await queue.until_idle()
    await queue.finish()
