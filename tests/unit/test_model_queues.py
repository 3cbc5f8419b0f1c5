"""Rings, doorbells, fetch, states, order and arbitration of the model's queues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_bench import ARENA, DEVICE, HOST, Bench, Ring, nop, packet, prop

from doorbell.contract import Error, Flag, Opcode, QueueState, SignalMode, registers
from doorbell.model.arbiter import Arbiter
from doorbell.model.clock import Clock
from doorbell.model.host import Answer
from doorbell.model.rng import Generator
from doorbell.model.shape import Shape

TOP = 1 << 64
DOORBELL = registers.DOORBELL[0].DOORBELL


@pytest.fixture
def bench(seed: int) -> Bench:
    return Bench(seed)


@pytest.mark.parametrize("start", [0, 0xFFFF, (1 << 32) - 3, TOP - 5, (1 << 63) - 2])
def test_counts_wrap(bench: Bench, start: int) -> None:
    """CP-RING-002, CP-RING-003: many laps of a small ring across every wrap."""
    ring = bench.queue(0, log2=2, start=start)
    for lap in range(8):
        ring.submit(*(nop(ring.record, 4 * lap + slot) for slot in range(4)))
        bench.settle()
        assert ring.recorded == 4 * lap + 3
    end = (start + 32) % TOP
    assert (bench.read(ring.block.PUT), bench.read(ring.block.GET)) == (end, end)
    assert bench.u64(ring.get_at) == end
    assert bench.read(ring.block.RETIRED) == 32
    assert ring.idle


def test_duplicate_doorbell_does_nothing(bench: Bench) -> None:
    ring = bench.queue(0)
    ring.submit(nop(ring.record, 1))
    for _ in range(3):
        ring.ring(1)
        bench.settle()
    assert bench.read(ring.block.RETIRED) == 1
    bench.write(registers.DEVICE.SNAPSHOT, 1)
    assert bench.read(registers.DEVICE.COUNTER_DOORBELLS) == 1


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (1, Error.DOORBELL_BACKWARDS),
        (TOP - 1, Error.DOORBELL_BACKWARDS),
        (67, Error.DOORBELL_OVERFLOW),
        (1 << 62, Error.DOORBELL_OVERFLOW),
    ],
)
def test_refused_doorbell(bench: Bench, new: int, code: Error) -> None:
    """CP-DB-002 to CP-DB-004: everything below put still runs; put does not move again."""
    ring = bench.queue(0)
    ring.submit(nop(ring.record, 1), nop(ring.record, 2))
    ring.ring(new)
    ring.ring(3)
    bench.settle()
    assert ring.recorded == 2
    assert ring.state is QueueState.HALTED
    assert ring.code is code
    error = ring.error
    assert (error["index"], error["detail"], error["opcode"]) == (2, new & 0xFFFF_FFFF, 0)
    assert bench.read(ring.block.PUT) == 2


def test_a_lower_failure_wins_over_a_refused_doorbell(bench: Bench) -> None:
    ring = bench.queue(0)
    ring.submit(nop(), bytes(64), nop())
    ring.ring(0)
    bench.settle()
    assert ring.code is Error.BAD_OPCODE
    assert ring.error["index"] == 1


def test_doorbell_of_disabled_and_halted_queue(bench: Bench) -> None:
    """CP-DB-005, CP-DB-006, DEV-REG-007."""
    dropped = registers.DEVICE.DROPPED_DOORBELLS
    bench.write(registers.DOORBELL[3].DOORBELL, 1)
    bench.write(registers.DOORBELL[5].DOORBELL, 1)
    assert bench.read(dropped) == 0b101000
    bench.write(dropped, 0b001000)
    assert bench.read(dropped) == 0b100000
    ring = bench.queue(0)
    ring.submit(bytes(64))
    bench.settle()
    ring.ring(7)
    assert bench.read(dropped) == 0b100000
    assert bench.read(ring.block.PUT) == 1


def test_doorbell_in_halves(bench: Bench) -> None:
    """CP-DB-007 to CP-DB-009."""
    ring = bench.queue(0, start=(1 << 32) - 1)
    ring.place(nop(ring.record, 1), nop(ring.record, 2))
    bench.transport.publish()
    bench.write(DOORBELL, 1, size=4)
    bench.settle()
    assert bench.read(DOORBELL) == (1 << 32) - 1
    bench.write(DOORBELL, 1, size=4, at=4)
    bench.settle()
    assert bench.read(DOORBELL) == (1 << 32) + 1
    assert ring.recorded == 2


def test_lone_high_half_takes_the_low_half_last_written(bench: Bench) -> None:
    ring = bench.queue(0, start=(1 << 32) - 1)
    ring.place(nop(), nop(ring.record, 2))
    bench.transport.publish()
    bench.write(DOORBELL, 0, size=4, at=4)  # nothing staged: the low half is zero
    bench.settle()
    assert ring.state is QueueState.HALTED
    assert ring.error["detail"] == 0
    other = bench.queue(1, start=(1 << 32) - 1)
    other.place(nop(), nop(other.record, 2))
    bench.transport.publish()
    page = registers.DOORBELL[1].DOORBELL
    bench.write(page, (1 << 32) - 1)  # a duplicate, but it stages its low half
    bench.write(page, 0, size=4, at=4)
    bench.settle()
    assert other.state is QueueState.RUNNING
    assert bench.read(page) == (1 << 32) - 1


def test_only_published_slots_below_put_are_read(bench: Bench) -> None:
    """CP-RING-001 and the publishing rule: what is not published is not seen."""
    ring = bench.queue(0)
    ring.place(nop(ring.record, 1))
    ring.ring(1)  # no publish: the device reads the zeros before it
    bench.settle()
    assert ring.code is Error.BAD_OPCODE


def test_settings_keep_their_values_outside_disabled(bench: Bench) -> None:
    """CP-CFG-001; WEIGHT and the limits stay writable."""
    ring = bench.queue(0)
    names = ("RING_BASE", "RING_LOG2", "START", "WRITEBACK", "ERROR_RECORD", "ERROR_VECTOR")
    before = [bench.read(getattr(ring.block, name)) for name in names]
    for name in names:
        bench.write(getattr(ring.block, name), 0x7FFF_FFFF_FFFF_F005)
    bench.write(ring.block.WEIGHT, 7)
    assert [bench.read(getattr(ring.block, name)) for name in names] == before
    assert bench.read(ring.block.WEIGHT) == 7


def test_settings_are_fitted(bench: Bench) -> None:
    """CP-CFG-003, CP-CFG-004."""
    block = registers.QUEUE[4]
    for written, kept in ((0, 1), (1, 1), (9, 9), (16, 16), (17, 16), (255, 16)):
        bench.write(block.RING_LOG2, written)
        assert bench.read(block.RING_LOG2) == kept
    for register, kept in (
        (block.RING_BASE, TOP - 4096),
        (block.WRITEBACK, TOP - 8 + 1),
        (block.ERROR_RECORD, TOP - 64 + 1),
    ):
        bench.write(register, TOP - 1)
        assert bench.read(register) == kept


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.UR, Error.FETCH_UR),
        (Answer.CA, Error.FETCH_CA),
        (Answer.TIMEOUT, Error.FETCH_TIMEOUT),
        (Answer.POISONED, Error.FETCH_POISONED),
        (Answer.MALFORMED, Error.FETCH_MALFORMED),
    ],
)
def test_failed_ring_read(bench: Bench, answer: Answer, code: Error) -> None:
    """CP-FETCH rules: packets before the failing read run, and the error names its first packet."""
    ring = bench.queue(0)
    bench.transport.inject(ARENA + ring.base + 64 * 11, 64, answer)
    ring.submit(*(nop(ring.record, count + 1) for count in range(20)))
    bench.settle()
    error = ring.error
    assert ring.code is code
    assert ring.recorded == error["index"] <= 11
    assert error["address"] == ARENA + ring.base + 64 * int(error["index"])
    if answer is Answer.TIMEOUT:
        assert error["timestamp"] > 12500


def test_unmapped_ring(bench: Bench) -> None:
    ring = bench.queue(0, RING_BASE=0x9_0000_0000)
    ring.ring(1)
    bench.settle()
    assert ring.code is Error.FETCH_UR
    assert ring.error["address"] == 0x9_0000_0000
    assert [fault.kind for fault in bench.transport.faults()] == ["unmapped read"]


def test_states(bench: Bench) -> None:
    """CP-STATE-001, CP-STATE-002: only the listed changes happen."""
    ring = bench.queue(0)
    assert ring.state is QueueState.RUNNING
    ring.control(enable=1)
    ring.control(drain=1, enable=1)
    bench.settle()
    assert ring.state is QueueState.DISABLED
    ring.control(drain=1)
    assert ring.state is QueueState.DISABLED
    ring.control(enable=1, reset=1)
    bench.settle()
    assert ring.state is QueueState.DISABLED
    ring.control(enable=1)
    ring.ring(1)
    bench.settle()  # the ring holds zeros
    assert ring.state is QueueState.HALTED
    ring.control(enable=1)
    ring.control(drain=1)
    assert ring.state is QueueState.HALTED
    ring.control(reset=1)
    bench.settle()
    assert ring.state is QueueState.DISABLED


def test_draining_starts_nothing_more(bench: Bench) -> None:
    """CP-STATE-003, CP-STATE-004: what has started finishes."""
    ring = bench.queue(0)
    ring.submit(packet(Opcode.WAIT, semaphore=1, value=1), nop(ring.record, 9))
    bench.settle()
    ring.control(drain=1)
    bench.settle()
    assert ring.state is QueueState.DRAINING
    ring.ring(5)  # dropped
    bench.poke(registers.SEMAPHORE_SET.word(1), 1)
    bench.settle()
    assert ring.state is QueueState.DISABLED
    assert ring.recorded == 0
    assert bench.read(ring.block.RETIRED) == 1
    assert bench.read(registers.DEVICE.DROPPED_DOORBELLS) == 0


def test_enable_takes_start(bench: Bench) -> None:
    ring = bench.queue(0, start=TOP - 1)
    assert bench.read(ring.block.PUT) == bench.read(ring.block.GET) == TOP - 1


def test_ring_smaller_than_the_window_can_be_full(bench: Bench) -> None:
    """CP-RING-004 with the smallest ring; get moves although the first command waits."""
    ring = bench.queue(0, log2=1)
    ring.submit(packet(Opcode.WAIT, semaphore=0, value=1), nop(ring.record, 1))
    bench.settle()
    assert bench.u64(ring.get_at) == 2
    bench.poke(registers.SEMAPHORE_ADD.word(0), 1)
    bench.settle()
    assert ring.recorded == 1


def test_window(seed: int) -> None:
    """CP-START-004: exactly `window` commands are started and not retired."""
    bench = Bench(seed, Shape(window=8))
    ring = bench.queue(0)
    big = packet(Opcode.COPY, source=ARENA, destination=0, length=1 << 20, destination_space=DEVICE)
    ring.submit(big, *[nop()] * 20)
    pipeline = bench.model.queues[0]._pipeline
    most = 0
    while bench.transport.advance(None):
        most = max(most, len(pipeline._flying))
    assert most == 8
    assert bench.read(ring.block.RETIRED) == 21


def test_channels_limit_copies_only(seed: int) -> None:
    """CP-ARB-003: a full copy engine does not hold up another queue's NOP."""
    bench = Bench(seed, Shape(channels=1))
    busy, free = bench.queue(0), bench.queue(1)
    copy = packet(
        Opcode.COPY, source=ARENA, destination=0, length=1 << 20, destination_space=DEVICE
    )
    busy.submit(copy, copy, copy)
    free.submit(nop(free.record, 1))
    bench.transport.watch(ARENA + free.record_at, 16)
    bench.do(bench.transport.wait(bench.transport.events()))
    assert free.recorded == 1
    assert bench.model.queues[0].retired == 0


class Contender:
    """A queue that has ``left`` packets and may start them at any time."""

    def __init__(self, name: str, weight: int, left: int, order: list[str]) -> None:
        self.name, self.weight, self.left, self.order = name, weight, left, order

    def can_start(self) -> bool:
        return self.left > 0

    def start(self) -> None:
        self.left -= 1
        self.order.append(self.name)


def test_weights_share_the_starts() -> None:
    """CP-ARB-001, CP-ARB-002: turns of at most the weight, nobody left out, nobody waited for."""
    order: list[str] = []
    clock = Clock(Generator(1))
    arbiter = Arbiter(clock, lambda: 1)
    arbiter.attach([Contender("a", 3, 7, order), Contender("b", 1, 2, order),
                    Contender("c", 2, 0, order), Contender("d", 2, 9, order)])  # fmt: skip
    arbiter.kick()
    while clock.upcoming() is not None:
        clock.step()
    assert "".join(order) == "bdd" + "aaabdd" + "aaadd" + "addd"


MIX = st.lists(
    st.tuples(st.sampled_from(["nop", "copy", "fill", "signal"]), st.booleans()),
    min_size=1,
    max_size=40,
)


@prop(40)
@given(st.lists(MIX, min_size=1, max_size=4), st.integers(0, 1 << 32))
def test_random_programs_retire_in_order(programs: list[list[tuple[str, bool]]], seed: int) -> None:
    """CP-START-001, CP-RETIRE-001, CP-RETIRE-003, OBS-COUNT-001: records and counts, nothing else."""
    bench = Bench(seed)
    rings = [bench.queue(number, log2=6) for number in range(len(programs))]
    seen: dict[int, list[int]] = {number: [] for number in range(len(programs))}
    for ring, program in zip(rings, programs, strict=True):
        ring.submit(*(made(ring, at, *item) for at, item in enumerate(program)))
    while bench.transport.advance(None):
        for ring in rings:
            value = ring.recorded
            if not seen[ring.number] or seen[ring.number][-1] != value:
                seen[ring.number].append(value)
    for ring, program in zip(rings, programs, strict=True):
        assert seen[ring.number][1:] == list(range(1, len(program) + 1))
        assert bench.read(ring.block.RETIRED) == len(program)
        assert ring.state is QueueState.RUNNING
        assert ring.idle
        last = max((at for at, item in enumerate(program) if item[0] == "signal"), default=None)
        if last is not None:
            assert bench.peek(registers.SEMAPHORE_SET.word(ring.number)) == last
    assert bench.field(registers.DEVICE.STATUS, "idle") == 1
    assert bench.model.counters.commands == sum(map(len, programs))


def made(ring: Ring, at: int, kind: str, barrier: bool) -> bytes:
    flags = Flag.RECORD | (Flag.BARRIER if barrier else Flag(0))
    frame = {"record_address": ring.record, "record_value": at + 1, "tag": at}
    place = 0x1000 * (1 + ring.number)
    match kind:
        case "copy":
            return packet(Opcode.COPY, flags, source=place, source_space=DEVICE, length=999,
                          destination=ARENA + 0xA0000, **frame)  # fmt: skip
        case "fill":
            return packet(Opcode.FILL, flags, destination=place, destination_space=DEVICE,
                          length=77, **frame)  # fmt: skip
        case "signal":
            return packet(Opcode.SIGNAL, flags, mode=SignalMode.SEMAPHORE_SET,
                          semaphore=ring.number, value=at, **frame)  # fmt: skip
    return packet(Opcode.NOP, flags, **frame)


def test_same_seed_same_run() -> None:
    def trace(seed: int) -> list[tuple[int, int]]:
        bench = Bench(seed)
        rings = [bench.queue(number) for number in range(3)]
        for ring in rings:
            ring.submit(*(made(ring, at, "copy", False) for at in range(8)))
        found = []
        while bench.transport.advance(None):
            found.append((bench.transport.now(), bench.model.counters.commands))
        return found

    assert trace(5) == trace(5)
    assert trace(5) != trace(6)


@pytest.mark.parametrize("seed", range(12))
def test_barrier_waits_for_all_before(seed: int) -> None:
    """CP-START-002: a copy back sees the bytes of the copy before it."""
    bench = Bench(seed)
    ring = bench.queue(0)
    bench.host[0x9000:0x9400] = 7
    there = packet(Opcode.COPY, source=ARENA + 0x9000, destination=5, length=1024,
                   destination_space=DEVICE)  # fmt: skip
    back = packet(Opcode.COPY, Flag.BARRIER, source=5, source_space=DEVICE, length=1024,
                  destination=ARENA + 0xA000, destination_space=HOST)  # fmt: skip
    ring.submit(there, back)
    bench.settle()
    assert (bench.host[0xA000:0xA400] == 7).all()


def test_write_back_keeps_its_bounds(bench: Bench) -> None:
    """CP-WB-003, CP-WB-004, cycle by cycle."""
    ring = bench.queue(0, log2=8)
    ring.submit(*[nop()] * 200)
    queue = bench.model.queues[0]
    moved_at: int | None = None
    while bench.transport.advance(None):
        now, written = bench.transport.now(), bench.u64(ring.get_at)
        if written == queue.get:
            moved_at = None
        elif moved_at is None:
            moved_at = now
        assert queue.get - written < 8
        assert moved_at is None or now - moved_at <= 256
        assert not (queue.idle and written != queue.get)
