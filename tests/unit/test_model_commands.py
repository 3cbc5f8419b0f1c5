"""COPY, FILL, WRITE, SIGNAL and LAUNCH on the model, with their faults; nothing outside destinations changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_bench import ARENA, DEVICE, HOST, Bench, Ring, nop, packet, prop

from doorbell.contract import (
    ARGUMENTS,
    Error,
    Flag,
    Kernel,
    Opcode,
    QueueState,
    SignalMode,
    Space,
    registers,
)
from doorbell.model.clock import Clock
from doorbell.model.host import Answer
from doorbell.model.rng import Generator
from doorbell.model.shape import Shape
from doorbell.model.units import Launch, Units

SOURCE, TARGET = 0xA0000, 0xC0000
"""Offsets in the arena: what is read and what is written; device memory uses the same numbers."""
SMALL = Shape(memory=1 << 20)


@pytest.fixture
def bench(seed: int) -> Bench:
    return Bench(seed, SMALL)


def rich(bench: Bench) -> np.random.Generator:
    """Fill the upper part of both memories with random bytes."""
    rng = np.random.default_rng(bench.transport.seed)
    for memory in (bench.host, bench.memory):
        memory[SOURCE:] = rng.integers(0, 256, memory.size - SOURCE, np.uint8)
    return rng


def place(space: Space, offset: int) -> int:
    return offset + (ARENA if space is HOST else 0)


spaces = st.sampled_from([HOST, DEVICE])


@prop(60)
@given(
    spaces,
    spaces,
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.one_of(st.integers(0, 70), st.integers(0, 20000)),
    st.integers(0, 1 << 30),
)
def test_copy_is_exact(
    source: Space, target: Space, frm: int, to: int, length: int, seed: int
) -> None:
    """DMA-COPY-001, DMA-COPY-002: every byte there, every other byte untouched."""
    bench = Bench(seed, SMALL)
    rich(bench)
    memories = {HOST: bench.host, DEVICE: bench.memory}
    ring = bench.queue(0)
    ring.submit(
        packet(
            Opcode.COPY,
            source=place(source, SOURCE + frm),
            source_space=source,
            destination=place(target, TARGET + to),
            destination_space=target,
            length=length,
        )
    )
    expected = {space: memory[SOURCE:].copy() for space, memory in memories.items()}
    bench.settle()
    at = TARGET - SOURCE + to
    expected[target][at : at + length] = memories[source][SOURCE + frm : SOURCE + frm + length]
    for space, memory in memories.items():
        assert (memory[SOURCE:] == expected[space]).all()
    assert not bench.transport.faults()


@pytest.mark.parametrize("space", [HOST, DEVICE])
def test_overlapping_copy_stays_inside(bench: Bench, space: Space) -> None:
    """DMA-COPY-003."""
    rich(bench)
    memory = bench.host if space is HOST else bench.memory
    before = memory.copy()
    ring = bench.queue(0)
    ring.submit(
        packet(
            Opcode.COPY,
            Flag.RECORD,
            source=place(space, SOURCE),
            source_space=space,
            destination=place(space, SOURCE + 100),
            destination_space=space,
            length=5000,
            record_address=ring.record,
            record_value=1,
        )
    )
    bench.settle()
    assert ring.recorded == 1
    changed = np.flatnonzero(memory[SOURCE:] != before[SOURCE:])
    assert changed.min() >= 100
    assert changed.max() < 5100


@prop(30)
@given(spaces, st.integers(0, 40), st.integers(0, 3000), st.integers(0, (1 << 64) - 1))
def test_fill(space: Space, to: int, length: int, pattern: int) -> None:
    """DMA-FILL-001: the phase counts from the first byte."""
    bench = Bench(length, SMALL)
    rich(bench)
    memory = bench.host if space is HOST else bench.memory
    expected = memory[SOURCE:].copy()
    octet = pattern.to_bytes(8, "little")
    at = TARGET - SOURCE + to
    expected[at : at + length] = list((octet * (length // 8 + 1))[:length])
    ring = bench.queue(0)
    ring.submit(
        packet(
            Opcode.FILL,
            pattern=pattern,
            destination=place(space, TARGET + to),
            destination_space=space,
            length=length,
        )
    )
    bench.settle()
    assert (memory[SOURCE:] == expected).all()


@pytest.mark.parametrize("length", range(25))
@pytest.mark.parametrize("space", [HOST, DEVICE])
def test_write(bench: Bench, space: Space, length: int) -> None:
    """DMA-WRITE-001."""
    rich(bench)
    memory = bench.host if space is HOST else bench.memory
    expected = memory[SOURCE:].copy()
    data = bytes(range(1, 1 + length)) + bytes(24 - length)
    at = TARGET - SOURCE + 3
    expected[at : at + length] = list(data[:length])
    ring = bench.queue(0)
    ring.submit(
        packet(
            Opcode.WRITE,
            length=length,
            data=data,
            destination=place(space, TARGET + 3),
            destination_space=space,
        )
    )
    bench.settle()
    assert (memory[SOURCE:] == expected).all()


@pytest.mark.parametrize("space", [HOST, DEVICE])
def test_signal_by_write(bench: Bench, space: Space) -> None:
    """CP-SIGNAL-001."""
    memory = bench.host if space is HOST else bench.memory
    ring = bench.queue(0)
    ring.submit(
        packet(
            Opcode.SIGNAL,
            mode=SignalMode.WRITE8,
            destination=place(space, TARGET + 8),
            destination_space=space,
            value=0x1122334455667788,
        )
    )
    bench.settle()
    assert memory[TARGET : TARGET + 24].view("<u8").tolist() == [0, 0x1122334455667788, 0]


def test_zero_length_asks_for_nothing(bench: Bench) -> None:
    """DMA-COPY-004: even at addresses that nobody maps."""
    ring = bench.queue(0)
    far = 0x7_0000_0000
    ring.submit(
        packet(Opcode.COPY, source=far, destination=far),
        packet(Opcode.FILL, destination=far),
        packet(Opcode.WRITE, destination=far),
        nop(ring.record, 4),
    )
    bench.settle()
    assert ring.recorded == 4
    assert not bench.transport.faults()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.UR, Error.DMA_UR),
        (Answer.CA, Error.DMA_CA),
        (Answer.TIMEOUT, Error.DMA_TIMEOUT),
        (Answer.POISONED, Error.DMA_POISONED),
        (Answer.MALFORMED, Error.DMA_MALFORMED),
    ],
)
def test_failed_read_of_a_copy(bench: Bench, answer: Answer, code: Error) -> None:
    """DMA-ERR rules; the address is that of the failing request, cut at 512 bytes."""
    ring, other = bench.queue(0), bench.queue(1)
    bench.transport.inject(ARENA + SOURCE + 1500, 1, answer)
    ring.submit(nop(ring.record, 1), copy_in(10, 3000, tag=5), nop(ring.record, 3))
    other.submit(nop(other.record, 1))
    bench.settle()
    assert (ring.recorded, other.recorded) == (1, 1)
    assert ring.code is code
    error = ring.error
    assert (error["index"], error["tag"], error["opcode"]) == (1, 5, Opcode.COPY)
    assert error["address"] == ARENA + SOURCE + 1024
    resting = bench.field(registers.DEVICE.TAGS, "quarantined")
    assert resting == 0  # its quarantine has passed while time ran on


def copy_in(to: int, length: int, **more: int) -> bytes:
    return packet(
        Opcode.COPY,
        source=ARENA + SOURCE,
        destination=to,
        destination_space=DEVICE,
        length=length,
        **more,
    )


def test_timed_out_tags_rest(bench: Bench) -> None:
    """EP-TAG-002 with short times; EP-TAG-003: then all are free again."""
    bench.write(registers.DEVICE.COMPLETION_TIMEOUT, 2000)
    bench.write(registers.DEVICE.QUARANTINE, 5000)
    ring = bench.queue(0)
    bench.transport.inject(ARENA + SOURCE, 2048, Answer.TIMEOUT)
    ring.submit(copy_in(0, 4096))
    bench.do(bench.transport.wait(bench.transport.events()))  # the error vector
    tags = registers.DEVICE.TAGS
    assert tags.decode(bench.read(tags)) == {"free": 252, "quarantined": 4}
    bench.settle()
    assert tags.decode(bench.read(tags)) == {"free": 256, "quarantined": 0}


def test_all_tags_resting_is_fatal(bench: Bench) -> None:
    """ERR-FATAL-001 to ERR-FATAL-003: nothing more is sent, registers answer, device reset leaves it."""
    ring, other = bench.queue(0), bench.queue(1)
    bench.transport.inject(ARENA + SOURCE, 512 * 256, Answer.TIMEOUT)
    ring.submit(copy_in(0, 512 * 256))
    bench.settle(40000)
    other.submit(nop(other.record, 1))
    status = registers.DEVICE.STATUS
    bench.settle()
    seen = status.decode(bench.read(status))
    assert (seen["fatal"], seen["fatal_cause"]) == (1, 3)
    assert other.recorded == 0
    bench.write(registers.DEVICE.CONTROL, 1)
    bench.settle()
    seen = status.decode(bench.read(status))
    assert seen == {"fatal": 0, "idle": 1, "resetting": 0, "fatal_cause": 0}
    again = bench.queue(1)
    again.submit(nop(again.record, 2))
    bench.settle()
    assert again.recorded == 2


def test_unmapped_write_retires_and_is_logged(bench: Bench) -> None:
    """ORD-POSTED-001: refused in whole TLPs of 256 bytes, the rest lands."""
    end = ARENA + bench.host.size
    ring = bench.queue(0)
    bench.memory[:1000] = 3
    ring.submit(
        packet(
            Opcode.COPY,
            Flag.RECORD,
            source=0,
            source_space=DEVICE,
            destination=end - 100,
            length=1000,
            record_address=ring.record,
            record_value=1,
        )
    )
    bench.settle()
    assert ring.recorded == 1
    assert (bench.host[-100:] == 3).all()
    (fault,) = bench.transport.faults()
    assert (fault.kind, fault.address, fault.length) == ("unmapped write", end, 900)


def test_read_only_and_own_bar(bench: Bench) -> None:
    ring = bench.queue(0)
    guarded = np.zeros(4096, np.uint8)
    bench.transport.map(0x8_0000_0000, guarded, writable=False)
    ring.submit(
        packet(Opcode.FILL, destination=0x8_0000_0000, length=8, pattern=1),
        packet(Opcode.FILL, destination=bench.bar2, length=8, pattern=1),
        packet(Opcode.COPY, source=bench.bar0, destination=ARENA + TARGET, length=8),
    )
    bench.settle()
    assert not guarded.any()
    assert not bench.memory[:8].any()
    assert ring.code is Error.DMA_UR
    kinds = sorted(fault.kind for fault in bench.transport.faults())
    assert kinds == ["own BAR", "own BAR", "read-only write"]


def test_mapping_that_ends_inside_a_tlp(bench: Bench) -> None:
    short = np.zeros(300, np.uint8)
    bench.transport.map(0x8_0000_0000, short)
    ring = bench.queue(0)
    ring.submit(packet(Opcode.FILL, destination=0x8_0000_0000, length=512, pattern=~0 % (1 << 64)))
    bench.settle()
    assert (short[:256] == 255).all()
    assert not short[256:].any()


def gemm(m: int, n: int, k: int, **change: int) -> bytes:
    fields = {
        "a": 0x1000,
        "b": 0x20000,
        "c": 0x40000,
        "m": m,
        "n": n,
        "k": k,
        "lda": k + 3,
        "ldb": n + 1,
        "ldc": 4 * n + 8,
        **change,
    }
    made = np.zeros(1, ARGUMENTS[Kernel.GEMM_S8])
    for name, value in fields.items():
        made[name] = value
    return made.tobytes()


def requantise(m: int, n: int, **change: int) -> bytes:
    fields = {
        "x": 0x1000,
        "bias": 0x80000,
        "y": 0x90000,
        "m": m,
        "n": n,
        "ldx": 4 * n + 4,
        "ldy": n + 5,
        "multiplier": 1 << 30,
        "shift": 40,
        "lo": -128,
        "hi": 127,
        **change,
    }
    made = np.zeros(1, ARGUMENTS[Kernel.REQUANTISE])
    for name, value in fields.items():
        made[name] = value
    return made.tobytes()


def launch(
    ring: Ring, kernel: Kernel, block: bytes, grid: tuple[int, int, int], mask: int = 3
) -> None:
    ring.bench.host[SOURCE : SOURCE + 64] = np.frombuffer(block, np.uint8)
    ring.submit(
        packet(
            Opcode.LAUNCH,
            Flag.RECORD,
            kernel=kernel,
            unit_mask=mask,
            arguments=ARENA + SOURCE,
            arguments_length=64,
            grid_x=grid[0],
            grid_y=grid[1],
            grid_z=grid[2],
            record_address=ring.record,
            record_value=1,
        )
    )
    ring.bench.settle()


@pytest.mark.parametrize("grid", [(2, 2, 1), (1, 1, 1), (1, 2, 3), (9, 9, 1)])
def test_gemm_writes_what_its_grid_covers(bench: Bench, grid: tuple[int, int, int]) -> None:
    """EU-ARITH-001, EU-ARITH-002, EU-LAUNCH-001: element by element, in Python integers."""
    m, n, k = 21, 70, 13
    rng = np.random.default_rng(3)
    bench.memory[:] = rng.integers(0, 256, bench.memory.size, np.uint8)
    before = bench.memory.copy()
    launch(bench.queue(0), Kernel.GEMM_S8, gemm(m, n, k), grid)
    signed = before.view(np.int8)
    for i in range(min(m, 16 * grid[1])):
        for j in range(min(n, 64 * grid[0])):
            value = sum(
                int(signed[0x1000 + i * (k + 3) + x]) * int(signed[0x20000 + x * (n + 1) + j])
                for x in range(k)
            )
            at = 0x40000 + i * (4 * n + 8) + 4 * j
            before[at : at + 4] = list((value % (1 << 32)).to_bytes(4, "little"))
    assert (bench.memory == before).all()
    groups = [bench.read(registers.UNIT[unit].GROUPS) for unit in range(2)]
    assert sum(groups) == grid[0] * grid[1] * grid[2]


def test_gemm_extremes(bench: Bench) -> None:
    """The largest sums: k products of -128 by -128."""
    k = 60000
    bench.memory[: 0x10000 + 70000 * 2] = 0x80
    launch(bench.queue(0), Kernel.GEMM_S8,
           gemm(1, 1, k, a=0, b=0x10000, lda=k, ldb=1, ldc=4, c=0x80000), (1, 1, 1))  # fmt: skip
    assert bench.memory[0x80000:0x80004].view("<i4")[0] == k * 16384


@pytest.mark.parametrize("shift", [1, 7, 31, 62])
def test_requantise_is_exact(bench: Bench, shift: int) -> None:
    """EU-ARITH-001: wrap of the sum, rounding half up, clamp; in Python integers."""
    m, n, multiplier, lo, hi = 5, 67, (1 << 31) - 1, -100, 101
    rng = np.random.default_rng(shift)
    bench.memory[:] = rng.integers(0, 256, bench.memory.size, np.uint8)
    bench.memory[0x1000 : 0x1000 + 4 * 33] = 0xFF  # x = -1 and bias = -2^31: the sum wraps
    bench.memory[0x80000:0x80004] = [0, 0, 0, 0x80]
    before = bench.memory.copy()
    block = requantise(m, n, multiplier=multiplier, shift=shift, lo=lo, hi=hi)
    launch(bench.queue(0), Kernel.REQUANTISE, block, (2, 1, 1), mask=2)
    for i in range(m):
        for j in range(n):
            x = word(before, 0x1000 + i * (4 * n + 4) + 4 * j)
            s = (x + word(before, 0x80000 + 4 * j) + (1 << 31)) % (1 << 32) - (1 << 31)
            r = (s * multiplier + (1 << (shift - 1))) >> shift
            before[0x90000 + i * (n + 5) + j] = min(max(r, lo), hi) % 256
    assert (bench.memory == before).all()
    assert bench.read(registers.UNIT[0].GROUPS) == 0
    assert bench.read(registers.UNIT[1].GROUPS) == 2


def word(memory: np.ndarray, at: int) -> int:
    return int.from_bytes(memory[at : at + 4].tobytes(), "little", signed=True)


END = SMALL.memory
G, R = Kernel.GEMM_S8, Kernel.REQUANTISE
BAD_ARGUMENTS = [
    *((Error.ARGUMENT_RESERVED, G, raw) for raw in (gemm(1, 1, 1)[:48] + b"\1" + bytes(15),)),
    (Error.ARGUMENT_RESERVED, R, requantise(1, 1)[:47] + b"\1" + bytes(16)),
    (Error.ARGUMENT_RESERVED, G, gemm(0, 1, 1)[:63] + b"\1"),
    *((Error.ARGUMENT_SHAPE, G, gemm(**{"m": 2, "n": 2, "k": 2, name: size}))
      for name in "mnk" for size in (0, 65537)),
    (Error.ARGUMENT_SHAPE, G, gemm(2, 2, 2, lda=1)),
    (Error.ARGUMENT_SHAPE, G, gemm(2, 2, 2, ldb=1)),
    (Error.ARGUMENT_SHAPE, G, gemm(2, 2, 2, ldc=4)),
    (Error.ARGUMENT_SHAPE, R, requantise(2, 2, ldx=4)),
    (Error.ARGUMENT_SHAPE, R, requantise(2, 2, ldy=1)),
    (Error.ARGUMENT_SHAPE, R, requantise(2, 2, multiplier=1 << 31)),
    (Error.ARGUMENT_SHAPE, R, requantise(2, 2, shift=0)),
    (Error.ARGUMENT_SHAPE, R, requantise(2, 2, shift=63)),
    (Error.ARGUMENT_SHAPE, R, requantise(2, 2, lo=1, hi=0)),
    (Error.ARGUMENT_ALIGNMENT, G, gemm(2, 2, 2, c=0x40002)),
    (Error.ARGUMENT_ALIGNMENT, G, gemm(2, 2, 2, ldc=13)),
    (Error.ARGUMENT_ALIGNMENT, R, requantise(2, 2, x=0x1001)),
    (Error.ARGUMENT_ALIGNMENT, R, requantise(2, 2, bias=0x80002)),
    (Error.ARGUMENT_ALIGNMENT, R, requantise(2, 2, ldx=13)),
    (Error.ARGUMENT_RANGE, G, gemm(2, 2, 2, a=END - 6)),
    (Error.ARGUMENT_RANGE, G, gemm(2, 2, 2, b=END - 4)),
    (Error.ARGUMENT_RANGE, G, gemm(2, 2, 2, c=END - 20)),
    (Error.ARGUMENT_RANGE, G, gemm(1, 1, 1, a=(1 << 64) - 1)),
    (Error.ARGUMENT_RANGE, R, requantise(2, 2, x=END - 16)),
    (Error.ARGUMENT_RANGE, R, requantise(2, 2, bias=END - 4)),
    (Error.ARGUMENT_RANGE, R, requantise(2, 2, y=END - 8)),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kernel", "block"), BAD_ARGUMENTS)
def test_bad_arguments(bench: Bench, code: Error, kernel: Kernel, block: bytes) -> None:
    """EU-ARG-002 to EU-ARG-005: one code each, and no group runs."""
    before = bench.memory.copy()
    ring = bench.queue(0)
    launch(ring, kernel, block, (1, 1, 1))
    assert ring.state is QueueState.HALTED
    assert ring.code is code
    assert ring.recorded == 0
    assert (bench.memory == before).all()
    assert bench.read(registers.UNIT[0].GROUPS) == 0


def test_operands_may_end_with_memory(bench: Bench) -> None:
    launch(ring := bench.queue(0), G, gemm(2, 2, 2, a=END - 7, b=END - 5, c=END - 32), (1, 1, 1))
    assert ring.recorded == 1


def test_launch_reads_arguments_from_either_space_or_fails(bench: Bench) -> None:
    bench.memory[64:128] = np.frombuffer(gemm(1, 1, 1), np.uint8)
    ring = bench.queue(0)
    fields = {"kernel": G, "unit_mask": 1, "arguments_length": 64,
              "grid_x": 1, "grid_y": 1, "grid_z": 1}  # fmt: skip
    ring.submit(
        packet(Opcode.LAUNCH, arguments=64, arguments_space=DEVICE, **fields),
        nop(ring.record, 2),
        packet(Opcode.LAUNCH, arguments=0x7_0000_0040, **fields),
    )
    bench.settle()
    assert ring.recorded == 2
    assert ring.code is Error.DMA_UR
    assert ring.error["address"] == 0x7_0000_0040


def test_a_launch_finishes_once_when_its_last_group_has() -> None:
    """EU-LAUNCH-001, with groups of two launches on two units."""
    clock = Clock(Generator(1))
    units = Units(clock, 2)
    ends: list[tuple[str, int]] = []
    for name, groups, mask in (("both", 40, 3), ("one", 3, 2)):
        units.submit(
            Launch(mask, groups, 10 * groups, 0, lambda name=name: ends.append((name, clock.now)))
        )
    while clock.upcoming() is not None:
        clock.step()
    assert [name for name, _ in ends] == ["one", "both"]
    assert ends[1][1] == clock.now
    counts = [units.counts(number) for number in range(2)]
    assert sum(count[2] for count in counts) == 43
    assert sum(count[0] for count in counts) == 430


def test_endless_grid_meets_the_watchdog_and_frees_its_units(bench: Bench) -> None:
    """ERR-WATCHDOG-001, EU-LAUNCH-003."""
    ring, other = bench.queue(0, WATCHDOG_LIMIT=100_000), bench.queue(1)
    launch(ring, G, gemm(1, 1, 1), (65536, 65536, 65536))
    assert ring.code is Error.WATCHDOG
    assert ring.error["opcode"] == Opcode.LAUNCH
    launch(other, G, gemm(64, 64, 64, lda=64, ldb=64, ldc=256), (1, 4, 1))
    assert other.recorded == 1
    assert bench.field(registers.UNIT[1].STATUS, "busy") == 0
    assert all(bench.read(registers.UNIT[unit].GROUPS) >= 1 for unit in range(2))
    assert bench.read(registers.UNIT[0].MAC_CYCLES) < bench.read(registers.UNIT[0].BUSY_CYCLES)
