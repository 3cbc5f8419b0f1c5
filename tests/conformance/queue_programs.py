"""What every device must do with a queue's states, its start values, and the start of its commands.

A LAUNCH that takes long enough to be watched stands for a command that is started and not retired.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from raw import RawQueue, pause, slack, spare, until
from ring_programs import ONES, TOP, event, nop

from doorbell import Buffer, Device, HostArray, encode
from doorbell.contract import (
    ARGUMENTS,
    Error,
    Flag,
    Kernel,
    Opcode,
    QueueState,
    SignalMode,
    Space,
    WaitCondition,
    registers,
)

Packet = np.ndarray[Any, Any]


async def product(device: Device, rows: int = 65536) -> tuple[Buffer, Buffer]:
    """Arguments of a product of so many rows in device memory, and its operands.

    All its 4096 work-groups together take some ten thousand cycles.
    """
    operands = device.empty(65536 * 4 + 65536 + 64)
    block = np.zeros(1, ARGUMENTS[Kernel.GEMM_S8])
    for name, value in {
        "a": operands.address, "b": operands.address + 65536, "c": operands.address + 65600,
        "m": rows, "n": 1, "k": 1, "lda": 1, "ldb": 1, "ldc": 4,
    }.items():  # fmt: skip
        block[name] = value
    arguments = device.upload(block.view(np.uint8))
    await device.transfers.synchronize()
    return arguments, operands


def long_launch(arguments: Buffer) -> Packet:
    """All 4096 work-groups of the product."""
    return encode.launch(
        Kernel.GEMM_S8, (1, 4096, 1), arguments.address, unit_mask=1, space=Space.DEVICE
    )


def mark(host: HostArray, number: int) -> Packet:
    """A FILL of the 8 bytes ``number`` of ``host`` with ones, seen before it retires."""
    return encode.fill(host.address + 8 * number, ONES, 8, space=Space.HOST)


def marks(host: HostArray) -> int:
    """How many are there."""
    return int((host.array.view("<u8") == ONES).sum())


def with_flags(packet: Packet, flags: int) -> Packet:
    """The packet with these flags."""
    packet["flags"] = flags
    return packet


# Start ----------------------------------------------------------------------------------------------
async def enabling_takes_the_start_value(device: Device) -> None:
    """CP-CFG-002, CP-DB-009: put and get are START whenever the queue is enabled, and only then."""
    queue = RawQueue(device, start=12345)
    for start in (12345, 0, TOP - 2, (1 << 32) - 1, 7):
        await queue.restart(start)
        for register in (queue.block.PUT, queue.block.GET, queue.doorbell):
            assert await device.read(register) == start, register.name
        queue.submit(nop(queue, 1), nop(queue, 2), nop(queue, 3))
        await queue.until_idle()
        assert queue.recorded == 3
        for register in (queue.block.PUT, queue.block.GET, queue.doorbell):
            assert await device.read(register) == (start + 3) % TOP, register.name
    await queue.finish()


async def commands_start_in_order(device: Device) -> None:
    """CP-START-001, CP-START-002: what stands behind a BARRIER that cannot start does not start either."""
    arguments, operands = await product(device)
    queue, host = RawQueue(device), device.pinned(64)
    barrier = with_flags(encode.nop(), Flag.BARRIER)
    queue.submit(long_launch(arguments), barrier, mark(host, 0), mark(host, 1))
    await pause(device, 6000)
    assert await device.read(queue.block.RETIRED) == 0, "the launch was to take longer"
    assert marks(host) == 0
    await queue.finish()
    assert marks(host) == 0
    assert operands.nbytes


async def a_barrier_holds_nothing_behind_it(device: Device) -> None:
    """CP-START-003: commands without BARRIER act while the one with BARRIER runs."""
    arguments, operands = await product(device)
    queue, host = RawQueue(device), device.pinned(64)
    launch = with_flags(long_launch(arguments), Flag.BARRIER)
    queue.submit(encode.nop(), launch, mark(host, 0), mark(host, 1))
    device.transport.watch(host.address, 64)
    await until(device, lambda: marks(host) == 2, 6000)
    assert await device.read(queue.block.RETIRED) == 1, "the launch was to take longer"
    device.transport.unwatch(host.address)
    await queue.finish()
    assert operands.nbytes


async def the_window_is_as_large_as_reported(device: Device) -> None:
    """CP-START-004, DEV-CAP-002: so many commands are started while the first has not retired."""
    ring = registers.DEVICE.CAP_RING
    window = ring.decode(await device.read(ring))["window"]
    assert window >= 8
    assert device.capabilities.semaphores >= 1024
    arguments, operands = await product(device)
    queue, host = RawQueue(device, log2=8), device.pinned(8 * window)
    queue.submit(long_launch(arguments), *(mark(host, n) for n in range(window - 1)))
    device.transport.watch(host.address, 8 * window)
    await until(device, lambda: marks(host) == window - 1, 400 * window)
    assert await device.read(queue.block.RETIRED) == 0, "the launch was to take longer"
    device.transport.unwatch(host.address)
    await queue.finish()
    assert operands.nbytes


async def packets_are_read_after_their_doorbell(device: Device) -> None:
    """ORD-RING-001, CP-RING-001, CP-RING-005: every slot holds a bad packet until just before its own doorbell."""
    queue = RawQueue(device, log2=3)
    bad = encode.nop()
    bad["opcode"] = 0xEE
    queue.place(*[bad] * queue.size)
    last = 5 * queue.size
    for value in range(1, last + 1):
        queue.submit(nop(queue, value))
        if value % 3 == 0:  # sometimes the device is idle, sometimes it fetches
            await queue.until_idle()
        elif value % 3 == 1:
            await until(device, lambda value=value: queue.recorded == value)
        await until(device, lambda: queue.put - queue.written_back < queue.size)
        queue.place(bad)
        device.transport.publish()
    await queue.until_idle()
    assert queue.recorded == last
    await queue.finish()


async def a_nop_has_no_effect(device: Device) -> None:
    """CP-NOP-001: nothing is sent for it, and nothing but its slot is read."""
    queue = RawQueue(device, log2=7, WRITEBACK=0)
    before = await device.counters()
    queue.submit(*[encode.nop()] * 64, *[with_flags(encode.nop(), Flag.BARRIER)] * 64)
    await queue.until_idle()
    after = await device.counters()
    moved = {name: after[name] - before[name] for name in after}
    assert (moved["commands"], moved["doorbells"], moved["interrupts"]) == (128, 1, 0)
    assert (moved["tx_bytes"], moved["rx_bytes"]) == (0, 128 * 64)
    assert not queue.state_memory.view.any()
    await queue.finish()


# Retirement -----------------------------------------------------------------------------------------
async def what_did_not_succeed_says_nothing(device: Device) -> None:
    """CP-RETIRE-004, ERR-RESET-003: no signal, record or interrupt of a failed or stopped command."""
    transport, vector, gate = device.transport, spare(device, 13), device.semaphore()
    never = device.semaphore()

    def loud(packet: Packet, queue: RawQueue) -> Packet:
        packet["flags"] = Flag.RECORD | Flag.INTERRUPT
        packet["vector"], packet["record_value"] = vector, 9
        packet["record_address"] = queue.record_address
        return packet

    def tail(queue: RawQueue) -> list[Packet]:
        return [loud(encode.signal(gate.index, 5), queue), loud(encode.nop(), queue)]

    for stopped in (False, True):
        queue = RawQueue(device)
        errors = transport.interrupts(0)
        wait = encode.wait(never.index, 1, WaitCondition.GE, 0 if stopped else 500)
        queue.submit(nop(queue, 1), loud(wait, queue), *tail(queue))
        if stopped:
            await until(device, lambda queue=queue: queue.recorded == 1)
            await pause(device, 1500)
            queue.control(reset=1)
            await queue.until_idle(QueueState.DISABLED)
            assert not queue.state_memory.view[128:192].any(), "a reset writes no error record"
            assert transport.interrupts(0) == errors
        else:
            assert await queue.rest() is Error.WAIT_TIMEOUT
        await pause(device, 1000)
        assert queue.recorded == 1
        assert await gate.value() == 0
        assert transport.interrupts(vector) == 0
        await queue.finish()


async def signals_write_eight_bytes(device: Device) -> None:
    """CP-SIGNAL-001, CP-RETIRE-002: in either space; the order checker finds each write on the link."""
    stream, host, local = device.stream(), device.pinned(64), device.zeros(64)
    for number in range(8):
        for space, base in ((Space.HOST, host.address), (Space.DEVICE, local.address)):
            stream.submit(
                encode.encode(
                    Opcode.SIGNAL,
                    mode=SignalMode.WRITE8,
                    destination=base + 8 * number,
                    destination_space=space,
                    value=(number + 1) * 0x0123_4567_89AB,
                ),
                *([local] if space is Space.DEVICE else []),
            )
    found = await stream.download(local)
    expected = [(number + 1) * 0x0123_4567_89AB for number in range(8)]
    assert found.view("<u8").tolist() == host.array.view("<u8").tolist() == expected


# States ---------------------------------------------------------------------------------------------
async def every_transition(device: Device) -> None:
    """CP-STATE-001, CP-STATE-002: each bit of CONTROL in each state; several act as the highest alone."""
    enable, drain, reset = {"enable": 1}, {"drain": 1}, {"reset": 1}
    gate = device.semaphore()
    wait = encode.wait(gate.index, 1)
    bad = with_flags(encode.nop(), 0x80)
    disabled, running = QueueState.DISABLED, QueueState.RUNNING
    halted, draining = QueueState.HALTED, QueueState.DRAINING
    for state, bits, expected in (
        (disabled, enable, running),
        (disabled, drain, disabled),
        (disabled, reset, disabled),
        (disabled, enable | drain, disabled),
        (disabled, enable | reset, disabled),
        (disabled, {}, disabled),
        (running, enable, running),
        (running, drain, draining),
        (running, enable | drain, draining),
        (running, reset, disabled),
        (running, enable | drain | reset, disabled),
        (running, {}, running),
        (draining, enable, draining),
        (draining, drain, draining),
        (draining, reset, disabled),
        (halted, enable, halted),
        (halted, drain, halted),
        (halted, enable | drain, halted),
        (halted, reset, disabled),
    ):
        queue = RawQueue(device, start=3)
        if state is disabled:
            await queue.finish()
        else:
            queue.submit(bad if state is halted else wait)
            await (queue.until_idle(halted) if state is halted else pause(device, 1500))
            if state is draining:
                queue.control(drain=1)
        assert (await queue.status())["state"] == state
        queue.control(**bits)
        if bits.get("reset"):
            await queue.until_idle(disabled)
        assert (await queue.status())["state"] == expected, (state.name, bits)
        put = await device.read(queue.block.PUT)
        if expected in (running, draining, halted) and state is not disabled:
            assert put == 4, "only enabling a DISABLED queue takes the start value"
        if state is not disabled:
            await queue.finish()
        else:
            queue.control(reset=1)
            await queue.until_idle(disabled)


async def a_drain_ends_in_time(device: Device) -> None:
    """CP-STATE-001, CP-STATE-003, CP-STATE-004: within BOUND_DRAIN of the last retirement, or HALTED."""
    bound = await device.read(registers.DEVICE.BOUND_DRAIN)
    gate = device.semaphore()
    for passes in (True, False):
        queue = RawQueue(device)
        queue.submit(
            encode.wait(gate.index, 1, WaitCondition.GE, 0 if passes else slack(4000)),
            nop(queue, 1),
        )
        await pause(device, 1500)
        queue.control(drain=1)
        await pause(device, 500)
        assert (await queue.status())["state"] == QueueState.DRAINING
        if passes:
            gate.set(1)
            await gate.value()
            started = device.transport.now()
            await queue.until_idle(QueueState.DISABLED)
            assert device.transport.now() - started <= bound
            gate.set(0)
        else:
            await queue.until_idle(QueueState.HALTED)
            assert queue.code is Error.WAIT_TIMEOUT
        assert queue.recorded == 0
        await queue.finish()


# Waits ----------------------------------------------------------------------------------------------
async def every_write_meets_every_waiter(device: Device) -> None:
    """SEM-WAIT-003: three values in posted writes in a row (two on two queues), and a queue that waits for each."""
    gate, count = device.semaphore(), min(3, device.capabilities.queues)
    streams = [device.stream() for _ in range(count)]
    for lap in range(12):
        values = [10 * lap + number for number in range(1, count + 1)]
        events = []
        for stream, value in zip(streams, values, strict=True):
            stream.wait(gate, value, equal=True)
            events.append(stream.record())
            stream.flush()
        await pause(device, 4000)
        assert not any(event.done for event in events)
        for value in (*values, 10 * lap + 4):
            gate.set(value)
        for event_ in events:
            await event_


async def deadlines_of_waits(device: Device) -> None:
    """SEM-WAIT-005, SEM-WAIT-006: the packet's own, else WAIT_LIMIT, else none."""
    gate = device.semaphore()
    for limit, own, cycles in ((3000, 0, 3000), (3000, 9000, 9000), (9000, 2000, 2000)):
        queue = RawQueue(device, WAIT_LIMIT=limit)
        before = await device.read(registers.DEVICE.CYCLES)
        queue.submit(encode.wait(gate.index, 1, WaitCondition.GE, own))
        await queue.until_idle(QueueState.HALTED)
        assert queue.code is Error.WAIT_TIMEOUT
        took = int(queue.error["timestamp"]) - before
        assert cycles <= took < cycles + slack(2500), (limit, own, took)
        await queue.finish()
    queue = RawQueue(device, WAIT_LIMIT=0)
    queue.submit(encode.wait(gate.index, 1), nop(queue, 1))
    await pause(device, 150_000)
    assert (await queue.status())["state"] == QueueState.RUNNING
    gate.set(1)
    await queue.until_idle()
    assert queue.recorded == 1
    await queue.finish()


# Doorbell pages -------------------------------------------------------------------------------------
async def doorbells_are_alone_on_their_pages(device: Device) -> None:
    """DEV-PAGE-001: everywhere else on the page a write is dropped and counted, a read refused."""
    queue = RawQueue(device, start=5)
    place = device.register(queue.doorbell)
    assert place % 4096 == 0
    places = (8, 16, 64, 0x100, 0x7F8, 0x800, 0xFF8)
    for at in places:
        device.transport.write(place + at, 6)
        assert await device.transport.read(place + at) == ONES, hex(at)
    assert await device.read(registers.DEVICE.DROPPED_WRITES) == len(places)
    for number in range(device.capabilities.queues):
        other = await device.read(registers.DOORBELL[number].DOORBELL)
        assert other == (5 if number == queue.number else 0), number
    assert await device.read(registers.DEVICE.DROPPED_DOORBELLS) == 0
    await queue.finish()


async def every_event_counts(device: Device) -> None:
    """INT-EVENT-002, INT-EVENT-003: as many messages as commands with INTERRUPT, of any number of queues."""
    transport, vector = device.transport, spare(device, 14)
    queue, stream = RawQueue(device, log2=8), device.stream()
    for batch in (1, 3, 64, 120):
        before = transport.interrupts(vector)
        queue.submit(*(event(vector) if n % 2 else encode.nop() for n in range(2 * batch)))
        stream.submit(encode.nops(100))
        await stream.synchronize()
        await queue.until_idle()
        await pause(device, 1500)
        assert transport.interrupts(vector) - before == batch
    for other in range(device.capabilities.vectors):
        expected = {vector, device.vector(stream.queue.number)}
        assert bool(transport.interrupts(other)) == (other in expected), other
    await queue.finish()
