"""What every device must do when a command fails: what still happens, what never does, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from programs import UNMAPPED, refuses
from queue_programs import long_launch, mark, marks, product, with_flags
from raw import RawQueue, pause
from ring_programs import ONES, nop

from doorbell import Buffer, Device, encode
from doorbell.contract import (
    ARGUMENTS,
    ARGUMENTS_RESERVED,
    Error,
    Flag,
    Kernel,
    Opcode,
    QueueState,
    Space,
    limits,
    registers,
)
from doorbell.errors import FaultError

Packet = np.ndarray[Any, Any]
GEMM, REQUANTISE = Kernel.GEMM_S8, Kernel.REQUANTISE


def unmapped_copy(local: Buffer) -> Packet:
    """A COPY whose source nobody maps."""
    return encode.copies(UNMAPPED, local.address, 64, source_space=Space.HOST)


# Halting --------------------------------------------------------------------------------------------
async def what_stands_before_a_failure_is_finished(device: Device) -> None:
    """ERR-HALT-002: a long LAUNCH is retired, with its record, before a COPY behind it halts the queue."""
    arguments, operands = await product(device)
    queue, local = RawQueue(device), device.empty(64)
    done = registers.UNIT[0].GROUPS
    before = await device.read(done)
    launch = with_flags(long_launch(arguments), Flag.RECORD)
    launch["record_address"], launch["record_value"] = queue.record_address, 1
    queue.submit(launch, unmapped_copy(local), nop(queue, 3))
    await pause(device, 6000)
    assert device.transport.faults(), "the copy was to have failed by now"
    assert (await queue.status())["state"] == QueueState.RUNNING
    assert await queue.rest() is Error.DMA_UR
    assert queue.recorded == 1
    assert await device.read(queue.block.RETIRED) == 1
    # Those outside the matrix may be left out; here there are none.
    assert await device.read(done) - before == 4096
    refuses(FaultError, device.check_faults)
    await queue.finish()
    assert operands.nbytes


async def nothing_starts_behind_a_failure(device: Device) -> None:
    """ERR-HALT-001, CP-START-002, CP-DB-006: not behind a BARRIER, not after HALTED, however much is rung."""
    for _ in range(4):
        queue, local = RawQueue(device, log2=6), device.empty(64)
        host = device.pinned(512)
        first = with_flags(mark(host, 1), Flag.BARRIER)
        behind = [mark(host, 2 + n) for n in range(40)]
        queue.submit(mark(host, 0), unmapped_copy(local), first, *behind)
        assert await queue.rest() is Error.DMA_UR
        assert marks(host) == 1
        queue.submit(*[mark(host, 50)] * 4)
        await pause(device, 2000)
        assert marks(host) == 1
        refuses(FaultError, device.check_faults)
        await queue.finish()


async def halted_means_that_all_is_over(device: Device) -> None:
    """ERR-HALT-004, ERR-RECORD-001, ORD-READ-001: at the first HALTED the record is there and memory at rest."""
    host, local = device.pinned(1 << 14), device.empty(1 << 14)
    out = encode.copies(local.address, host.address, 1 << 14, destination_space=Space.HOST)
    for generation in range(1, 9):
        queue = RawQueue(device)
        assert [await device.read(word) for word in queue.block.ERROR] == [0] * 8
        queue.submit(out, nop(queue, 1), unmapped_copy(local), out, out)
        while (status := await queue.status())["state"] == QueueState.RUNNING:
            assert status["resetting"] == 0
            word = registers.QUEUE[queue.number].ERROR[0]
            first = await device.read(word)
            assert first == 0 or (await queue.status())["state"] == QueueState.HALTED
        told = queue.error.tobytes()
        assert queue.code is Error.DMA_UR
        assert queue.error["generation"] == generation
        assert (status["state"], queue.recorded) == (QueueState.HALTED, 1)
        words = [await device.read(word) for word in queue.block.ERROR]
        assert np.array(words, "<u8").tobytes() == told
        host.array[:] = 0xA5
        device.transport.publish()
        await pause(device, 3000)
        assert (host.array == 0xA5).all()
        await queue.finish()
    refuses(FaultError, device.check_faults)


async def error_records_name_the_operand(device: Device) -> None:
    """ERR-RECORD-004: the address of an operand that is misaligned or out of range, the lowest in the packet."""
    end, top = device.capabilities.memory, ONES + 1
    record = encode.nop()
    record["flags"], record["record_address"] = Flag.RECORD, 0x1008
    both = encode.copies(end + 3, end + 7, 8)
    cases = (
        (record, Error.RECORD_ALIGNMENT, 0x1008),
        (encode.fill(end - 3, 0, 8), Error.OUT_OF_RANGE, end - 3),
        (encode.write(end - 1, b"12"), Error.OUT_OF_RANGE, end - 1),
        (both, Error.OUT_OF_RANGE, end + 3),
        (encode.copies(0, end + 7, 8), Error.OUT_OF_RANGE, end + 7),
        (encode.fill(top - 5, 0, 8, space=Space.HOST), Error.OUT_OF_RANGE, top - 5),
        (
            encode.encode(Opcode.SIGNAL, mode=2, destination=0x104, destination_space=1),
            Error.BAD_ALIGNMENT,
            0x104,
        ),
        (
            encode.launch(GEMM, (1, 1, 1), 0x1020, unit_mask=1, space=Space.DEVICE),
            Error.BAD_ALIGNMENT,
            0x1020,
        ),
        (encode.signal(1 << 30, 0), Error.BAD_SEMAPHORE, 0),
        (with_flags(encode.nop(), 0x80), Error.BAD_FLAGS, 0),
    )
    queue = RawQueue(device)
    for packet, code, address in cases:
        packet["tag"] = 0xBEEF
        assert await queue.verdict(nop(queue, 1), packet) is code
        error = queue.error
        assert (error["tag"], error["address"], error["detail"]) == (0xBEEF, address, 0), code
        assert (error["index"], error["inner_index"], error["queue"]) == (
            1,
            ONES >> 32,
            queue.number,
        )
    await queue.finish()


# Arguments of kernels -------------------------------------------------------------------------------
def gemm(m: int, n: int, k: int, **change: int) -> Packet:
    """A block of a product whose operands lie apart."""
    fields = {"a": 0x1000, "b": 0x20000, "c": 0x40000, "m": m, "n": n, "k": k,
              "lda": k + 3, "ldb": n + 1, "ldc": 4 * n + 8, **change}  # fmt: skip
    return block(GEMM, fields)


def requantise(m: int, n: int, **change: int) -> Packet:
    """A block of a requantisation whose operands lie apart."""
    fields = {"x": 0x1000, "bias": 0x80000, "y": 0x90000, "m": m, "n": n, "ldx": 4 * n + 4,
              "ldy": n + 5, "multiplier": 1 << 30, "shift": 40, "lo": -128, "hi": 127,
              **change}  # fmt: skip
    return block(REQUANTISE, fields)


def block(kernel: Kernel, fields: dict[str, int]) -> Packet:
    """The 64 argument bytes."""
    made = np.zeros(1, ARGUMENTS[kernel])
    for name, value in fields.items():
        made[name] = value
    return made.view(np.uint8)


Case = tuple[str, Error | None, Kernel, Packet]


def arguments(end: int) -> Iterator[Case]:
    """Rule, code (None: success), kernel and block; ``end`` is the size of device memory."""
    for kernel, good in ((GEMM, gemm(2, 2, 2)), (REQUANTISE, requantise(2, 2))):
        yield "EU-LAUNCH-001", None, kernel, good
        for at in (at for gap in ARGUMENTS_RESERVED[kernel.name] for at in range(*gap)):
            spoilt = good.copy()
            spoilt[at] = 1
            yield "EU-ARG-002", Error.ARGUMENT_RESERVED, kernel, spoilt
    for name in "mnk":
        for size in (0, limits.DIMENSION_MAX + 1, 1 << 31):
            sizes = {"m": 2, "n": 2, "k": 2, name: size}
            wide = {"lda": 1 << 20, "ldb": 1 << 20, "ldc": 1 << 20}
            yield "EU-ARG-003", Error.ARGUMENT_SHAPE, GEMM, gemm(**sizes, **wide)
    for change in ({"lda": 1}, {"ldb": 1}, {"ldc": 4}):
        yield "EU-ARG-003", Error.ARGUMENT_SHAPE, GEMM, gemm(2, 2, 2, **change)
    yield "EU-ARG-003", None, GEMM, gemm(2, 2, 2, lda=2, ldb=2, ldc=8)
    for change in (
        {"ldx": 4}, {"ldy": 1}, {"multiplier": 1 << 31}, {"shift": limits.SHIFT_MIN - 1},
        {"shift": limits.SHIFT_MAX + 1}, {"shift": 255}, {"lo": 1, "hi": 0}, {"lo": -127, "hi": -128},
        {"m": 0}, {"n": 0}, {"m": limits.DIMENSION_MAX + 1},
    ):  # fmt: skip
        yield (
            "EU-ARG-003",
            Error.ARGUMENT_SHAPE,
            REQUANTISE,
            requantise(**{"m": 2, "n": 2} | change),
        )
    for change in (
        {"ldx": 8}, {"ldy": 2}, {"multiplier": (1 << 31) - 1}, {"multiplier": 0},
        {"shift": limits.SHIFT_MIN}, {"shift": limits.SHIFT_MAX}, {"lo": 5, "hi": 5},
    ):  # fmt: skip
        yield "EU-ARG-003", None, REQUANTISE, requantise(2, 2, **change)
    for low in (1, 2, 3):
        for name, base in (("c", 0x40000), ("ldc", 12)):
            case = gemm(2, 2, 2, **{name: base + low})
            yield "EU-ARG-004", Error.ARGUMENT_ALIGNMENT, GEMM, case
        for name, base in (("x", 0x1000), ("bias", 0x80000), ("ldx", 12)):
            case = requantise(2, 2, **{name: base + low})
            yield "EU-ARG-004", Error.ARGUMENT_ALIGNMENT, REQUANTISE, case
    for name, size in (("a", 7), ("b", 5), ("c", 24)):
        yield "EU-ARG-005", None, GEMM, gemm(2, 2, 2, **{name: end - size})
        step = 4 if name == "c" else 1
        for place in (end - size + step, end, (1 << 32) + 8, ONES - size // 4 * 4 + 1 - size % 4):
            case = gemm(2, 2, 2, **{name: place // step * step})
            yield "EU-ARG-005", Error.ARGUMENT_RANGE, GEMM, case
    for name, size in (("x", 20), ("bias", 8), ("y", 9)):
        yield "EU-ARG-005", None, REQUANTISE, requantise(2, 2, **{name: end - size})
        step = 1 if name == "y" else 4
        for place in (end - size + step, end, 1 << 63):
            case = requantise(2, 2, **{name: place})
            yield "EU-ARG-005", Error.ARGUMENT_RANGE, REQUANTISE, case
    # Of several faults the smallest code.
    worst = gemm(0, 1, 1, c=end + 1)
    worst[63] = 1
    yield "EU-ARG-002", Error.ARGUMENT_RESERVED, GEMM, worst
    yield "EU-ARG-003", Error.ARGUMENT_SHAPE, GEMM, gemm(0, 1, 1, c=end + 1)
    yield "EU-ARG-004", Error.ARGUMENT_ALIGNMENT, GEMM, gemm(1, 1, 1, c=end + 1)


async def bad_arguments_of_kernels(device: Device) -> None:
    """EU-ARG-001 to EU-ARG-005: one code each, before any work-group, and none at the limit itself."""
    queue, place = RawQueue(device), device.pinned(64)
    groups = [registers.UNIT[unit].GROUPS for unit in range(device.capabilities.units)]
    ran = 0
    for number, (rule, code, kernel, case) in enumerate(arguments(device.capabilities.memory)):
        place.array[:] = case
        packet = encode.launch(kernel, (1, 1, 1), place.address, unit_mask=1, space=Space.HOST)
        found = await queue.verdict(packet, nop(queue, 2))
        what = f"case {number}, {rule}: {kernel.name} {case.tobytes().hex()}"
        assert found is code, f"{what}: {found!r}, not {code!r}"
        ran += code is None
        assert sum([await device.read(register) for register in groups]) == ran, what
    await queue.finish()


async def arguments_are_read_when_the_launch_starts(device: Device) -> None:
    """EU-ARG-001: what stands there when the WAIT in front is over, not when the packet was fetched."""
    gate = device.semaphore()
    place, local = device.pinned(64), device.zeros(1 << 20)
    await device.transfers.synchronize()
    for value in range(1, 7):
        queue = RawQueue(device)
        place.array[:] = 0xFF
        launch = encode.launch(GEMM, (1, 1, 1), place.address, unit_mask=1, space=Space.HOST)
        queue.submit(encode.wait(gate.index, value), launch, nop(queue, 2))
        await pause(device, 1500)
        base = local.address
        place.array[:] = gemm(2, 2, 2, a=base, b=base + 64, c=base + 256)
        device.transport.publish()
        gate.set(value)
        assert await queue.rest() is None
        assert queue.recorded == 2
        await queue.finish()


async def every_free_unit_takes_part(device: Device) -> None:
    """EU-LAUNCH-003, EU-LAUNCH-001: each unit of the mask has its share of a large grid, and none is run twice."""
    arguments, operands = await product(device)
    queue, count = RawQueue(device), device.capabilities.units
    groups = [registers.UNIT[unit].GROUPS for unit in range(count)]
    before = [await device.read(register) for register in groups]
    packet = encode.launch(
        GEMM, (1, 600, 1), arguments.address, unit_mask=(1 << count) - 1, space=Space.DEVICE
    )
    assert await queue.verdict(packet) is None
    after = [await device.read(register) for register in groups]
    ran = [new - old for new, old in zip(after, before, strict=True)]
    assert sum(ran) == 600
    assert min(ran) > 600 / count / 2, ran
    await queue.finish()
    assert operands.nbytes
