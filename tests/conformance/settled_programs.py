"""Questions that the rules once left open, with the one answer that they give now."""

from __future__ import annotations

from typing import Any

import numpy as np
from failure_programs import GEMM
from programs import UNMAPPED, refuses
from queue_programs import with_flags
from raw import RawQueue, pause
from ring_programs import ONES, nop

from doorbell import Device, encode, kernels, reference
from doorbell.contract import (
    ARGUMENTS,
    Error,
    Flag,
    Opcode,
    QueueState,
    SignalMode,
    Space,
    WaitCondition,
    registers,
)
from doorbell.errors import FaultError

Packet = np.ndarray[Any, Any]
PAGE = 4096
UNKNOWN = 9
"""Neither a signal mode nor a wait condition nor a space."""


# Ring reads and doorbells ---------------------------------------------------------------------------
async def a_ring_that_ends_too_soon(device: Device) -> None:
    """CP-FETCH-001, ERR-RECORD-004: what was delivered whole runs; the first packet that was not is the failing one."""
    for before in (1, 3, 64):
        page = np.zeros(PAGE, np.uint8)
        device.transport.map(UNMAPPED, page)
        queue = RawQueue(device, log2=8, start=64 - before, RING_BASE=UNMAPPED)
        for count in range(64 - before, 64):
            page[64 * count : 64 * count + 64] = nop(queue, count).view(np.uint8)
        device.transport.publish()
        queue.ring_doorbell(64 + 2)
        await queue.until_idle(QueueState.HALTED)
        assert queue.code is Error.FETCH_UR
        assert (queue.error["index"], queue.error["address"]) == (64, UNMAPPED + PAGE)
        assert (queue.error["opcode"], queue.error["tag"], queue.error["detail"]) == (0, 0, 0)
        assert queue.recorded == 63
        await queue.finish()
        device.transport.unmap(UNMAPPED)
        refuses(FaultError, device.check_faults)


async def a_staged_half_lasts_until_a_reset(device: Device) -> None:
    """CP-DB-008: enable and drain keep the low half last written; a reset of the queue or the device forgets it."""
    queue = RawQueue(device)
    half = device.register(queue.doorbell)

    async def rung() -> int:
        """What ringing with the high half alone makes of put."""
        device.transport.write(half + 4, 0, 4)
        return await device.read(queue.block.PUT)

    queue.place(*(nop(queue, number) for number in range(6)))
    device.transport.publish()
    device.transport.write(half, 2, 4)
    queue.control(drain=1)
    await queue.until_idle(QueueState.DISABLED)
    queue.control(enable=1)
    assert await rung() == 2
    await queue.until_idle()
    device.transport.write(half, 4, 4)
    queue.control(reset=1)
    await queue.until_idle(QueueState.DISABLED)
    queue.control(enable=1)
    assert await rung() == 0
    await queue.finish()
    device.transport.write(half, 4, 4)
    queue.control(reset=1)  # of a DISABLED queue
    await queue.until_idle(QueueState.DISABLED)
    queue = RawQueue(device)
    assert await rung() == 0
    device.transport.write(half, 4, 4)
    await device.reset()
    queue = RawQueue(device)
    assert await rung() == 0
    await queue.finish()


async def get_is_told_once_it_has_moved(device: Device) -> None:
    """CP-WB-004: at every idle after a move the count in memory is GET, from a START next to a wrap on."""
    start = ONES - 9
    queue = RawQueue(device, start=start)
    await queue.until_idle()
    for number in range(1, 20):
        queue.submit(*(nop(queue, number) for _ in range(1 + number % 3)))
        await queue.until_idle()
        assert queue.written_back == await device.read(queue.block.GET) == queue.put
    await queue.finish()


async def a_drain_starts_nothing(device: Device) -> None:
    """CP-STATE-003: behind a started WAIT stand a bad packet or a refused doorbell; told or not, nothing starts."""
    gate = device.semaphore()
    for bad in (True, False):
        queue, local = RawQueue(device), device.zeros(8)
        await device.transfers.synchronize()
        wrong = encode.nop()
        wrong["opcode"] = 0x3F
        rest = [wrong] if bad else []
        gate.set(0)
        queue.submit(encode.wait(gate.index, 1), *rest, encode.fill(local.address, ONES, 8))
        if not bad:
            queue.ring_doorbell(queue.put + 500)
        await pause(device, 3000)
        queue.control(drain=1)
        await pause(device, 1000)
        gate.set(1)
        bound = device.capabilities.bound_reset
        await device.poll(queue.block.STATUS, {"idle": 1}, bound, "the end of the drain")
        state = (await queue.status())["state"]
        assert state in {QueueState.DISABLED, QueueState.HALTED}
        assert await device.read(queue.block.RETIRED) == 1
        assert not (await device.transfers.download(local)).any()
        await queue.finish()


# Packets and error records --------------------------------------------------------------------------
async def an_unknown_mode_uses_no_operand(device: Device) -> None:
    """CP-PKT-012: whatever stands in the operands of an unknown mode or condition, BAD_MODE is reported."""
    queue = RawQueue(device)
    operands: tuple[dict[str, int], ...] = (
        {"destination": 3},
        {"destination": ONES},
        {"destination_space": UNKNOWN},
        {"destination_space": Space.DEVICE, "destination": ONES - 7},
        {"semaphore": 0xFFFF_FFFF},
        {"semaphore": 0xFFFF_FFFF, "destination_space": UNKNOWN, "destination": 5, "value": ONES},
    )
    for change in operands:
        found = await queue.verdict(encode.encode(Opcode.SIGNAL, mode=UNKNOWN, **change))
        assert found is Error.BAD_MODE, f"{change}: {found!r}"
        assert queue.error["address"] == 0
    packet = encode.encode(Opcode.WAIT, condition=UNKNOWN, semaphore=0xFFFF_FFFF, value=ONES)
    assert await queue.verdict(packet) is Error.BAD_MODE
    # The frame is judged as ever.
    packet = encode.encode(Opcode.SIGNAL, mode=UNKNOWN, destination=3)
    assert await queue.verdict(with_flags(packet, 0x80)) is Error.BAD_FLAGS
    packet["flags"], packet["record_value"] = 0, 1
    assert await queue.verdict(packet) is Error.RESERVED_FIELD
    await queue.finish()


def offenders(memory: int) -> list[tuple[Error, int, Packet]]:
    """Packets with their code and the address that the error record names; ``memory`` is the device's, in bytes."""
    off, host = nop_with_record(0x1234_5678), Space.HOST
    both = encode.copies(memory + 64, memory, 1)
    second = encode.copies(0, memory - 4, 5)
    last = encode.copies(ONES - 3, 64, 5, source_space=host)
    unknown = encode.copies(ONES, ONES, 1)
    unknown["opcode"] = 0x3F
    spaces = encode.encode(Opcode.COPY, source=ONES, length=9, source_space=UNKNOWN)
    write8 = {"mode": SignalMode.WRITE8, "destination_space": Space.DEVICE}
    work, launch = (GEMM, (1, 1, 1)), {"unit_mask": 1, "space": Space.DEVICE}
    return [
        (Error.RECORD_ALIGNMENT, 0x1234_5678, off),
        (Error.OUT_OF_RANGE, memory + 64, both),
        (Error.OUT_OF_RANGE, memory - 4, second),
        (Error.OUT_OF_RANGE, ONES - 3, last),
        (Error.OUT_OF_RANGE, memory, encode.fill(memory, 0, 1)),
        (Error.OUT_OF_RANGE, memory - 7, encode.write(memory - 7, bytes(8))),
        (Error.BAD_ALIGNMENT, 12, encode.encode(Opcode.SIGNAL, destination=12, **write8)),
        (Error.OUT_OF_RANGE, memory, encode.encode(Opcode.SIGNAL, destination=memory, **write8)),
        (Error.BAD_ALIGNMENT, 96, encode.launch(*work, 96, **launch)),
        (Error.OUT_OF_RANGE, memory, encode.launch(*work, memory, **launch)),
        (Error.BAD_SPACE, 0, spaces),
        (Error.BAD_SEMAPHORE, 0, encode.wait(0xFFFF_FFFF, 1)),
        (Error.BAD_OPCODE, 0, unknown),
        (Error.DMA_UR, UNMAPPED + 3, encode.copies(UNMAPPED + 3, 64, 20, source_space=host)),
        (Error.WAIT_TIMEOUT, 0, encode.wait(5, 1, WaitCondition.GE, 100)),
    ]


def nop_with_record(address: int) -> Packet:
    """A NOP that asks for its record at ``address``."""
    packet = with_flags(encode.nop(), Flag.RECORD)
    packet["record_address"] = address
    return packet


async def error_records_name_the_offender(device: Device) -> None:
    """ERR-RECORD-004: the failed read, the lowest operand that is misaligned or out of range, or 0."""
    queue = RawQueue(device)
    for code, address, packet in offenders(device.capabilities.memory):
        found = await queue.verdict(packet)
        assert found is code, f"{code.name}: {found!r}"
        assert queue.error["address"] == address, f"{code.name}: {int(queue.error['address']):#x}"
    refuses(FaultError, device.check_faults)
    end = device.capabilities.memory
    for code, change in (
        (Error.ARGUMENT_RANGE, {"c": end}),
        (Error.ARGUMENT_ALIGNMENT, {"c": 0x40002}),
        (Error.ARGUMENT_SHAPE, {"m": 0}),
    ):
        block = np.zeros(1, ARGUMENTS[GEMM])
        fields = {"a": 0x1000, "b": 0x2000, "c": 0x4000, "m": 2, "n": 2, "k": 2, "lda": 2, "ldb": 2}
        for name, value in (fields | {"ldc": 8} | change).items():
            block[name] = value
        place = device.pinned(64)
        place.array[:] = block.view(np.uint8)
        packet = encode.launch(GEMM, (1, 1, 1), place.address, unit_mask=1, space=Space.HOST)
        assert await queue.verdict(packet) is code
        assert queue.error["address"] == 0, code.name
    queue.submit(nop(queue, 1))
    queue.ring_doorbell(queue.put + 1000)
    assert await queue.rest() is Error.DOORBELL_OVERFLOW
    assert (queue.error["address"], queue.error["detail"]) == (0, queue.put + 1000)
    await queue.finish()


# Resets that cannot drain ---------------------------------------------------------------------------
async def a_queue_reset_waits_for_bus_master(device: Device) -> None:
    """ERR-RESET-001, ERR-RESET-002: its bound counts from when the writes may leave; then nothing more comes."""
    host, local = device.pinned(1 << 14), device.empty(1 << 14)
    for number in range(6):
        queue = RawQueue(device)
        copy = encode.copies(local.address, host.address, 1 << 14, destination_space=Space.HOST)
        queue.submit(copy, copy, copy)
        await pause(device, 50 + 170 * number)
        await device.function.bus_master(False)
        queue.control(reset=1)
        await pause(device, device.capabilities.bound_reset // 4)
        await device.function.bus_master(True)
        wanted = {"state": QueueState.DISABLED, "resetting": 0}
        bound = device.capabilities.bound_reset
        await device.poll(queue.block.STATUS, wanted, bound, "the queue's reset")
        assert await device.read(queue.block.PUT) == await device.read(queue.block.GET)
        host.array[:] = 0xA5
        device.transport.publish()
        await pause(device, 3000)
        assert (host.array == 0xA5).all(), number
        await queue.finish()


async def a_device_reset_needs_no_bus_master(device: Device) -> None:
    """ERR-RESET-004, ERR-RESET-002: work that can neither read nor write is over within BOUND_RESET, for good."""
    rng = np.random.default_rng(device.transport.seed)
    copies, compute = device.stream(), device.stream()
    host, back = device.pinned(1 << 15), device.pinned(1 << 15)
    local, other = device.empty(1 << 15), device.empty(1 << 15)
    a, b = rng.integers(-128, 128, (64, 256)), rng.integers(-128, 128, (256, 40))
    left, right = device.empty(a.shape, np.int8), device.empty(b.shape, np.int8)
    product = device.empty((64, 40), np.int32)
    for moment in rng.integers(1, 1500, 6):
        with copies.overlap():
            copies.copy(local, host)
            copies.copy(back, other)
            copies.fill(other, 0x77)
        for _ in range(3):
            compute.launch(kernels.gemm(left, right, product))
        copies.flush()
        compute.flush()
        await pause(device, int(moment))
        await device.function.bus_master(False)
        await pause(device, int(moment) % 400)
        await device.reset()
        await device.function.bus_master(True)
        back.array[:] = 0xA5
        device.transport.publish()
        await pause(device, 4000)
        assert (back.array == 0xA5).all(), moment
        status = await device.read(registers.DEVICE.STATUS)
        assert registers.DEVICE.STATUS.decode(status)["idle"]
        host.array[:] = rng.integers(0, 256, host.nbytes)
        copies.copy(local, host)
        assert np.array_equal(await copies.download(local), host.array), moment
        compute.upload(left, a.astype(np.int8))
        compute.upload(right, b.astype(np.int8))
        compute.launch(kernels.gemm(left, right, product))
        expected = reference.gemm(a.astype(np.int8), b.astype(np.int8))
        assert np.array_equal(await compute.download(product), expected), moment
