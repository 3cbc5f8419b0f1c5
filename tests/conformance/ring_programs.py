"""What every device must do with rings, doorbells, registers and interrupts, below the runtime's API."""

from __future__ import annotations

from typing import Any

import numpy as np
from programs import UNMAPPED
from raw import RawQueue, fitted, pause, spare, until

from doorbell import Device, encode
from doorbell.contract import (
    Error,
    Flag,
    Opcode,
    QueueState,
    Space,
    WaitCondition,
    limits,
    registers,
)
from doorbell.contract.register_types import Register
from doorbell.errors import FaultError

TOP = 1 << 64
ONES = TOP - 1
WAIT_GE = WaitCondition.GE


def nop(queue: RawQueue, value: int) -> np.ndarray[Any, Any]:
    """A NOP with a record of ``value``."""
    packet = encode.nop()
    packet["flags"] = Flag.RECORD
    packet["record_address"], packet["record_value"] = queue.record_address, value % TOP
    return packet


def present(device: Device) -> list[Register]:
    """Every register that the device has, by its own counts."""
    counts = device.capabilities
    found = list(registers.DEVICE.registers())
    for blocks, count in (
        (registers.VECTOR, counts.vectors),
        (registers.UNIT, counts.units),
        (registers.QUEUE, counts.queues),
        (registers.DOORBELL, counts.queues),
    ):
        for number in range(count):
            found += blocks[number].registers()
    return found


# Registers ------------------------------------------------------------------------------------------
async def reset_values(device: Device) -> None:
    """DEV-REG-008 for every register, before anything was done; capabilities are constant (DEV-CAP-001)."""
    constants = {}
    for register in present(device):
        value = await device.read(register)
        if register.reset is not None:
            assert value == register.reset, f"{register.name} reads {value:#x}"
        if register.capability:
            constants[register] = value
    device.post(registers.DEVICE.CONTROL, 1)
    bound = device.capabilities.bound_reset
    await device.poll(registers.DEVICE.STATUS, {"resetting": 0}, bound, "device reset")
    for register, value in constants.items():
        device.post(register, ~value % TOP)
        assert await device.read(register) == value, register.name
    assert constants[registers.DEVICE.IDENTITY] == limits.IDENTITY


SIDE_EFFECTS = ("CONTROL", "SNAPSHOT", "DOORBELL", "RING_LOG2", "CYCLES")


async def access_kinds(device: Device) -> None:
    """DEV-REG-002, DEV-REG-005, DEV-REG-006: writable bits take, halves alone too, all others ignore."""
    transport, value = device.transport, 0x89AB_CDEF_7654_3210
    for register in present(device):
        if register.capability or register.name.endswith(SIDE_EFFECTS):
            continue
        writable = sum(item.mask for item in register.fields.values() if item.access == "rw")
        address, before = device.register(register), await device.read(register)
        expected = before
        for shift in (32, 0):
            transport.write(address + shift // 8, value >> shift & 0xFFFF_FFFF, 4)
            half = writable & 0xFFFF_FFFF << shift
            expected = value & half | expected & ~half
            found = await device.read(register)
            assert found == expected, f"{register.name} reads {found:#x}, expected {expected:#x}"
        high = await transport.read(address + 4, 4)
        assert high == expected >> 32, register.name
        transport.write(address, before)
    assert await device.read(registers.DEVICE.DROPPED_WRITES) == 0


async def queue_settings_are_fitted(device: Device) -> None:
    """CP-CFG-003, CP-CFG-004."""
    block = registers.QUEUE[device.capabilities.queues - 1]
    low, high = device.capabilities.ring_log2
    for value in (0, low, 5, high, high + 1, 255):
        device.post(block.RING_LOG2, value)
        assert await device.read(block.RING_LOG2) == min(max(value, low), high)
    for register, kept in (
        (block.RING_BASE, TOP - 4096),
        (block.WRITEBACK, TOP - 7),
        (block.ERROR_RECORD, TOP - 63),
    ):
        device.post(register, ONES)
        assert await device.read(register) == kept
        device.post(register, 0)
    device.post(block.RING_LOG2, 1)


async def odd_accesses(device: Device) -> None:
    """DEV-REG-001, DEV-REG-003, DEV-REG-004, EP-BAR-003: dropped and counted, or answered all ones."""
    transport, bar0 = device.transport, device.bar0
    scratch, hole = registers.DEVICE.SCRATCH.offset, 0x7F8
    semaphore = registers.SEMAPHORE_SET.word(3)
    transport.write(bar0 + scratch, 0x1234)
    transport.write(bar0 + hole, 1)
    transport.write(bar0 + semaphore, 1, 4)
    for size in (1, 2, 3):
        transport.write_block(bar0 + scratch, bytes([255] * size))
    transport.write_block(bar0 + registers.DEVICE.BOUND_WRITEBACK.offset, bytes(16))
    assert await device.read(registers.DEVICE.DROPPED_WRITES) == 6
    assert await device.read(registers.DEVICE.SCRATCH) == 0x1234
    assert await transport.read(bar0 + semaphore) == 0
    assert await transport.read(bar0 + hole) == ONES
    assert await transport.read(bar0 + semaphore, 4) == 0xFFFF_FFFF
    assert await transport.read_block(bar0 + scratch, 2) == b"\xff\xff"
    beyond = max(bar.address + bar.size for bar in device.function.bars.values())
    assert await transport.read(beyond) == ONES
    assert await transport.read(bar0 + scratch, 4) == 0x1234


# Rings and doorbells --------------------------------------------------------------------------------
async def counts_wrap(device: Device) -> None:
    """CP-RING-002 to CP-RING-005: full small rings across 2^16, 2^32 and 2^64."""
    for start in (0, (1 << 16) - 3, (1 << 32) - 5, TOP - 6):
        queue = RawQueue(device, log2=2, start=start)
        size = queue.size
        for lap in range(6):
            queue.submit(*(nop(queue, size * lap + at) for at in range(size)))
            await queue.until_idle()
            assert queue.recorded == size * lap + size - 1
        end = (start + 6 * size) % TOP
        assert await device.read(queue.block.GET) == end
        assert queue.written_back == end
        assert await device.read(queue.doorbell) == end
        await queue.finish()


async def smallest_and_largest_ring(device: Device) -> None:
    """CP-RING-004: both limits, full."""
    for log2 in device.capabilities.ring_log2:
        queue = RawQueue(device, log2=min(log2, 10))
        packets = [encode.nop()] * (queue.size - 1)
        for lap in range(2):
            queue.submit(*packets, nop(queue, lap + 1))
            await queue.until_idle()
            assert queue.recorded == lap + 1
        await queue.finish()


async def refused_doorbells(device: Device) -> None:
    """CP-DB-001 to CP-DB-004, ERR-RECORD-001: everything below put runs, then HALTED with the refused value."""
    size = 1 << fitted(device, 4)
    for new, code in (
        (2, Error.DOORBELL_BACKWARDS),
        (ONES, Error.DOORBELL_BACKWARDS),
        (size + 4, Error.DOORBELL_OVERFLOW),
        (1 << 40, Error.DOORBELL_OVERFLOW),
    ):
        queue = RawQueue(device, log2=4)
        queue.submit(encode.nop(), encode.nop(), nop(queue, 3))
        queue.ring_doorbell(3)
        queue.ring_doorbell(new)
        queue.ring_doorbell(4)
        await queue.until_idle(QueueState.HALTED)
        error = queue.error
        assert queue.recorded == 3
        assert queue.code is code
        assert (error["index"], error["detail"]) == (3, new & 0xFFFF_FFFF)
        assert (error["opcode"], error["tag"], error["queue"]) == (0, 0, queue.number)
        assert await device.read(queue.block.PUT) == 3
        words = [await device.read(word) for word in queue.block.ERROR]
        assert np.array(words, "<u8").tobytes() == error.tobytes()
        await queue.finish()
        assert [await device.read(word) for word in queue.block.ERROR] == [0] * 8


async def doorbell_in_halves(device: Device) -> None:
    """CP-DB-007, CP-DB-008, CP-DB-009."""
    transport = device.transport
    queue = RawQueue(device, start=(2 << 32) - 1)
    queue.place(nop(queue, 1), nop(queue, 2))
    transport.publish()
    transport.write(device.register(queue.doorbell), 1, 4)
    assert await device.read(queue.doorbell) == (2 << 32) - 1
    transport.write(device.register(queue.doorbell) + 4, 2, 4)
    await queue.until_idle()
    assert queue.recorded == 2
    assert await device.read(queue.doorbell) == (2 << 32) + 1
    await queue.finish()


async def doorbells_of_idle_queues(device: Device) -> None:
    """CP-DB-005, CP-DB-006, DEV-REG-007."""
    number = device.capabilities.queues - 1
    dropped = registers.DEVICE.DROPPED_DOORBELLS
    device.post(registers.DOORBELL[number].DOORBELL, 1)
    assert await device.read(dropped) == 1 << number
    device.post(dropped, 1)
    assert await device.read(dropped) == 1 << number
    device.post(dropped, 1 << number)
    assert await device.read(dropped) == 0
    queue = RawQueue(device)
    bad = encode.nop()
    bad["opcode"] = 0
    queue.submit(bad)
    await queue.until_idle(QueueState.HALTED)
    queue.ring_doorbell(2)
    assert await device.read(dropped) == 0
    assert await device.read(queue.block.PUT) == 1
    await queue.finish()


async def nothing_unpublished_is_seen(device: Device) -> None:
    """The host's strict mode: a doorbell without a publish finds the zeros that stood there before."""
    queue = RawQueue(device)
    device.transport.publish()
    queue.place(nop(queue, 1))
    queue.ring_doorbell(1)
    await queue.until_idle(QueueState.HALTED)
    assert queue.code is Error.BAD_OPCODE
    await queue.finish()


async def doorbells_around_going_idle(device: Device) -> None:
    """CP-DB-010: one packet at a time, with every short pause between."""
    queue = RawQueue(device, log2=8)
    for value in range(1, 65):
        queue.submit(nop(queue, value))
        if value % 4 == 0:
            await pause(device, value)
    await queue.until_idle()
    assert queue.recorded == 64
    await queue.finish()


async def many_batches(device: Device) -> None:
    """CP-RING-007: thousands of commands through a small ring, room taken from the write-back of get."""
    queue = RawQueue(device, log2=6)
    total = 3000

    def room() -> int:
        return min(queue.size - (queue.put - queue.written_back), total - queue.put)

    while queue.put < total:
        await until(device, lambda: room() > 0)
        first = queue.put
        queue.submit(*(nop(queue, first + at + 1) for at in range(room())))
    await queue.until_idle()
    assert queue.recorded == queue.written_back == total
    assert await device.read(queue.block.RETIRED) == total
    await queue.finish()


# States ---------------------------------------------------------------------------------------------
async def states(device: Device) -> None:
    """CP-STATE-001: enable, drain and reset from where they work, nothing from elsewhere."""
    queue = RawQueue(device)
    await queue.until_idle(QueueState.RUNNING)
    queue.control(enable=1, drain=1)
    await queue.until_idle(QueueState.DISABLED)
    queue.control(drain=1)
    await queue.until_idle(QueueState.DISABLED)
    queue.control(enable=1, reset=1)
    await queue.until_idle(QueueState.DISABLED)
    queue.control(enable=1)
    bad = encode.nop()
    bad["flags"] = 128
    queue.submit(bad)
    await queue.until_idle(QueueState.HALTED)
    assert queue.code is Error.BAD_FLAGS
    for bits in ({"enable": 1}, {"drain": 1}):
        queue.control(**bits)
        assert (await queue.status())["state"] == QueueState.HALTED
    await queue.finish()


async def draining(device: Device) -> None:
    """CP-STATE-003: the started WAIT ends, what stands behind it never starts."""
    gate = device.semaphore()
    queue = RawQueue(device)
    queue.submit(encode.wait(gate.index, 1), nop(queue, 9))
    await pause(device, 5000)
    queue.control(drain=1)
    assert (await queue.status())["state"] == QueueState.DRAINING
    gate.set(1)
    await queue.until_idle(QueueState.DISABLED)
    assert queue.recorded == 0
    assert await device.read(queue.block.RETIRED) == 1
    await queue.finish()


async def reset_at_any_time(device: Device) -> None:
    """ERR-RESET-001 to ERR-RESET-003: afterwards nothing more is written, and the queue works again."""
    host, local = device.pinned(16384), device.empty(16384)
    transport = device.transport
    for number in range(12):
        queue = RawQueue(device)
        copy = encode.copies(local.address, host.address, 16384, destination_space=Space.HOST)
        queue.submit(copy, copy, copy, nop(queue, 4))
        await pause(device, 1 + 170 * number)
        queue.control(reset=1)
        await queue.until_idle(QueueState.DISABLED)
        assert await device.read(queue.block.PUT) == await device.read(queue.block.GET)
        host.array[:] = 0xA5
        queue.state_memory.view[:] = 0
        transport.publish()
        await pause(device, 3000)
        assert (host.array == 0xA5).all()
        assert not queue.state_memory.view.any()
        queue.put = 0
        queue.control(enable=1)
        queue.submit(nop(queue, 7))
        await queue.until_idle()
        assert queue.recorded == 7
        await queue.finish()


async def settings_are_locked(device: Device) -> None:
    """CP-CFG-001."""
    queue = RawQueue(device)
    names = ("RING_BASE", "RING_LOG2", "START", "WRITEBACK", "ERROR_RECORD", "ERROR_VECTOR")
    before = [await device.read(getattr(queue.block, name)) for name in names]
    for name in names:
        device.post(getattr(queue.block, name), 0x0000_7FFF_F000_1005)
    assert [await device.read(getattr(queue.block, name)) for name in names] == before
    await queue.finish()


async def error_records_count(device: Device) -> None:
    """ERR-RECORD-003 to ERR-RECORD-005: generation from 1, the vector after the record."""
    transport = device.transport
    for generation in (1, 2, 3):
        queue = RawQueue(device, start=generation * 10)
        bad = encode.nop()
        bad["opcode"], bad["tag"] = Opcode.INVALID, 0xCAFE
        messages = transport.interrupts(0)
        queue.submit(nop(queue, 1), bad)
        await queue.until_idle(QueueState.HALTED)
        error = queue.error
        assert (error["generation"], error["index"]) == (generation, generation * 10 + 1)
        assert (error["tag"], error["inner_index"], error["address"]) == (0xCAFE, 0xFFFF_FFFF, 0)
        assert 0 < error["timestamp"] <= await device.read(registers.DEVICE.CYCLES)
        assert transport.interrupts(0) == messages + 1
        await queue.finish()


async def lowest_failure_is_reported(device: Device) -> None:
    """ERR-HALT-003: several overlapping reads fail, in whatever order of time."""
    local = device.empty(4096)
    for _ in range(6):
        queue = RawQueue(device)
        copies = [
            encode.copies(UNMAPPED, local.address, length, source_space=Space.HOST)
            for length in (4096, 1, 2048, 64)
        ]
        queue.submit(nop(queue, 1), *copies, nop(queue, 6))
        await queue.until_idle(QueueState.HALTED)
        assert queue.code is Error.DMA_UR
        assert queue.error["index"] == 1
        assert UNMAPPED <= queue.error["address"] < UNMAPPED + 4096  # any of its reads
        assert queue.recorded == 1
        assert await device.read(queue.block.RETIRED) == 1
        await queue.finish()
    try:
        device.check_faults()
    except FaultError:
        return
    raise AssertionError("the runtime did not report the faults")


async def unmapped_ring(device: Device) -> None:
    """CP-FETCH-001, CP-FETCH-002."""
    queue = RawQueue(device, start=5, RING_BASE=UNMAPPED)
    queue.ring_doorbell(6)
    await queue.until_idle(QueueState.HALTED)
    assert queue.code is Error.FETCH_UR
    assert (queue.error["index"], queue.error["address"]) == (5, UNMAPPED + 5 * 64)
    assert [fault.kind for fault in device.transport.faults()] == ["unmapped read"]
    await queue.finish()
    try:
        device.check_faults()
    except FaultError:
        return
    raise AssertionError("the runtime did not report the fault")


# Interrupts and semaphores --------------------------------------------------------------------------
def event(vector: int) -> np.ndarray[Any, Any]:
    """A NOP that raises ``vector``."""
    packet = encode.nop()
    packet["flags"], packet["vector"] = Flag.INTERRUPT, vector
    return packet


async def masked_interrupts_stay_pending(device: Device) -> None:
    """INT-MASK-001, INT-MASK-002, INT-EVENT-002: one message each, none masked, one on unmask."""
    transport, vector = device.transport, spare(device, 5)
    control = device.bar0 + registers.MSIX_TABLE.offset + 16 * vector + 12
    pending = registers.MSIX_PBA.offset
    queue = RawQueue(device)
    queue.submit(*[event(vector)] * 3)
    await queue.until_idle()
    assert transport.interrupts(vector) == 3
    transport.write(control, 1, 4)
    queue.submit(*[event(vector)] * 3)
    await queue.until_idle()
    assert transport.interrupts(vector) == 3
    assert await device.read_bar0(pending) == 1 << vector
    transport.write(control, 0, 4)
    assert await device.read_bar0(pending) == 0
    assert transport.interrupts(vector) == 4
    await queue.finish()


async def moderation(device: Device) -> None:
    """INT-MOD-001, INT-MOD-002: by count, then by time."""
    transport, vector = device.transport, spare(device, 6)
    register = registers.VECTOR[vector].MODERATION
    device.post(register, register.encode(count=4, timer=60_000))
    queue = RawQueue(device)
    queue.submit(*[event(vector)] * 10)
    await queue.until_idle()
    assert transport.interrupts(vector) == 2
    await until(device, lambda: transport.interrupts(vector) == 3)
    device.post(register, 0)
    await queue.finish()


CONDITIONS = (
    (WaitCondition.GE, 7, 7, True),
    (WaitCondition.GE, 7, 6, False),
    (WaitCondition.GE, TOP - 1, 3, True),
    (WaitCondition.GE, 3, TOP - 1, False),
    (WaitCondition.GE, 0, (1 << 63) - 1, True),
    (WaitCondition.GE, 0, 1 << 63, False),
    (WaitCondition.EQ, 7, 7, True),
    (WaitCondition.EQ, 7, 8, False),
)
"""Condition, value waited for, value stored, whether that satisfies."""


async def wait_conditions(device: Device) -> None:
    """SEM-WAIT-001, SEM-WAIT-002 at every edge of the circular comparison."""
    gate = device.semaphore()
    for condition, value, stored, passes in CONDITIONS:
        gate.set(stored)
        queue = RawQueue(device)
        queue.submit(encode.wait(gate.index, value, condition, 2000), nop(queue, 1))
        await queue.until_idle(QueueState.RUNNING if passes else QueueState.HALTED)
        assert queue.recorded == int(passes), (condition.name, value, stored)
        assert passes or queue.code is Error.WAIT_TIMEOUT
        await queue.finish()


async def semaphore_aliases(device: Device) -> None:
    """SEM-VALUE-001 to SEM-VALUE-003 and SEM-POISON-002 by MMIO."""
    transport = device.transport
    place = {
        name: device.bar0 + getattr(registers, f"SEMAPHORE_{name}").word(17)
        for name in ("SET", "ADD", "POISON")
    }
    transport.write(place["SET"], TOP - 2)
    transport.write(place["ADD"], 5)
    assert await transport.read(place["SET"]) == await transport.read(place["ADD"]) == 3
    transport.write(place["POISON"], 3)
    assert await transport.read(place["POISON"]) == 1
    transport.write(place["SET"], 1)
    assert await transport.read(place["POISON"]) == 1
    transport.write(place["POISON"], 2)
    assert await transport.read(place["POISON"]) == 0
    assert await transport.read(place["SET"]) == 1


async def satisfied_waits_ignore_poison(device: Device) -> None:
    """SEM-POISON-001."""
    gate = device.semaphore()
    gate.set(5)
    gate.poison()
    queue = RawQueue(device)
    queue.submit(encode.wait(gate.index, 5, WAIT_GE), nop(queue, 1))
    await queue.until_idle()
    assert queue.recorded == 1
    queue.submit(encode.wait(gate.index, 6, WAIT_GE), nop(queue, 2))
    await queue.until_idle(QueueState.HALTED)
    assert queue.code is Error.WAIT_POISONED
    assert queue.recorded == 1
    gate.poison(False)
    await queue.finish()


async def data_comes_before_its_record(device: Device) -> None:
    """ORD-UP-001, CP-RETIRE-002: at each record all bytes are there; each interrupt finds its record."""
    transport, vector = device.transport, spare(device, 7)
    queue = RawQueue(device)
    host, local = device.pinned(4096), device.empty(4096)
    for value in range(1, 12):
        fill = encode.fill(local.address, value * 0x0101010101010101, 4096)
        copy = encode.copies(local.address, host.address, 4096, destination_space=Space.HOST)
        copy["flags"] = Flag.BARRIER | Flag.RECORD | Flag.INTERRUPT
        copy["vector"], copy["record_address"] = vector, queue.record_address
        copy["record_value"] = value
        queue.submit(fill, copy)
        await until(device, lambda value=value: queue.recorded == value)
        assert (host.array == value).all()
        await until(device, lambda value=value: transport.interrupts(vector) == value)
    await queue.finish()


async def timestamps_rise(device: Device) -> None:
    """CP-REC-002, OBS-CYCLES-001: records carry CYCLES at their retirement, in order."""
    queue = RawQueue(device, log2=6)
    stamps = device.pinned((32, 2), np.uint64)
    packets = []
    for number in range(32):
        packet = nop(queue, number)
        packet["record_address"] = stamps.address + 16 * number
        packets.append(packet)
    before = await device.read(registers.DEVICE.CYCLES)
    queue.submit(*packets)
    await queue.until_idle()
    after = await device.read(registers.DEVICE.CYCLES)
    times = [before, *stamps.array[:, 0].tolist(), after]
    assert times == sorted(times)
    assert stamps.array[:, 1].tolist() == list(range(32))
    await queue.finish()


async def watchdog(device: Device) -> None:
    """ERR-WATCHDOG-001: a launch that takes too long is stopped and frees its units; a WAIT is exempt."""
    gate = device.semaphore()
    queue = RawQueue(device, WATCHDOG_LIMIT=4000)
    block = np.zeros(1, np.dtype([("bytes", "u1", 64)]))
    arguments = device.upload(block.view(np.uint8))
    transfers = device.transfers
    await transfers.synchronize()
    words = np.zeros(16, "<u4")
    words[6:9] = (65536, 1, 1)  # m, n, k: more groups than the limit has cycles for
    words[9:12] = (1, 1, 4)  # pitches; a, b, c at 0
    device.transport.write_block(
        device.function.bars[2].address + arguments.address, words.tobytes()
    )
    launch = encode.launch(1, (1, 4096, 1), arguments.address, unit_mask=1, space=Space.DEVICE)
    queue.submit(encode.wait(gate.index, 1), nop(queue, 1), launch)
    await pause(device, 10_000)
    assert (await queue.status())["state"] == QueueState.RUNNING
    gate.set(1)
    await queue.until_idle(QueueState.HALTED)
    assert queue.code is Error.WATCHDOG
    assert (queue.error["opcode"], queue.error["index"]) == (Opcode.LAUNCH, 2)
    assert queue.recorded == 1
    busy = await device.read(registers.UNIT[0].STATUS)
    assert busy == 0
    await queue.finish()
