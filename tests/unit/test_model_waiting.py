"""Semaphores, interrupts, bus master, failures and resets of the model."""

from __future__ import annotations

import numpy as np
import pytest
from model_bench import ARENA, DEVICE, Bench, Ring, nop, packet

from doorbell.contract import (
    Error,
    FatalCause,
    Flag,
    Opcode,
    QueueState,
    SignalMode,
    TlpKind,
    WaitCondition,
    registers,
)
from doorbell.contract.limits import reference
from doorbell.errors import DeadlineExceeded

TOP = 1 << 64
GE, EQ = WaitCondition.GE, WaitCondition.EQ
SET, ADD, POISON = registers.SEMAPHORE_SET, registers.SEMAPHORE_ADD, registers.SEMAPHORE_POISON
STATUS = registers.DEVICE.STATUS


@pytest.fixture
def bench(seed: int) -> Bench:
    return Bench(seed)


def wait(value: int, condition: WaitCondition = GE, semaphore: int = 5, deadline: int = 0) -> bytes:
    return packet(
        Opcode.WAIT, semaphore=semaphore, condition=condition, value=value, deadline=deadline
    )


def signal(value: int, mode: SignalMode = SignalMode.SEMAPHORE_SET, semaphore: int = 5) -> bytes:
    return packet(Opcode.SIGNAL, semaphore=semaphore, mode=mode, value=value)


# Semaphores -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "value", "stored", "passes"),
    [
        (GE, 0, 0, True),
        (GE, 1, 0, False),
        (GE, 7, 7, True),
        (GE, 7, 8, True),
        (GE, TOP - 1, 3, True),
        (GE, 3, TOP - 1, False),
        (GE, 0, (1 << 63) - 1, True),
        (GE, 0, 1 << 63, False),
        (EQ, 7, 7, True),
        (EQ, 7, 8, False),
    ],
)
def test_conditions(
    bench: Bench, condition: WaitCondition, value: int, stored: int, passes: bool
) -> None:
    """SEM-WAIT-001, SEM-WAIT-002."""
    ring = bench.queue(0)
    bench.poke(SET.word(5), stored)
    ring.submit(wait(value, condition), nop(ring.record, 1))
    bench.settle()
    assert ring.recorded == int(passes)


def test_values(bench: Bench) -> None:
    """SEM-VALUE rules: smaller values are stored, sums wrap, both aliases read."""
    bench.poke(SET.word(9), 10)
    bench.poke(SET.word(9), 4)
    assert bench.peek(SET.word(9)) == 4
    bench.poke(ADD.word(9), TOP - 5)
    assert bench.peek(ADD.word(9)) == TOP - 1
    ring = bench.queue(0)
    ring.submit(signal(3, SignalMode.SEMAPHORE_ADD, 9), signal(8, semaphore=10))
    bench.settle()
    assert (bench.peek(SET.word(9)), bench.peek(SET.word(10))) == (2, 8)


def test_every_write_meets_every_waiter(bench: Bench) -> None:
    """SEM-WAIT-003: values that stand for one write only wake those who wait for them."""
    rings = [bench.queue(number) for number in range(4)]
    for number, ring in enumerate(rings):
        ring.submit(wait(10 + number, EQ), nop(ring.record, 1))
    bench.settle()
    for value in (10, 11, 12, 0):
        bench.poke(SET.word(5), value)
    bench.settle()
    assert [ring.recorded for ring in rings] == [1, 1, 1, 0]


def test_waits_hold_no_other_queue(bench: Bench) -> None:
    """SEM-WAIT-004, CP-START-005, ORD-QUEUE-001: a producer and a consumer."""
    rings = [bench.queue(number) for number in range(8)]
    for ring in rings[:7]:
        ring.submit(wait(1), nop(ring.record, 1))
    last = rings[7]
    last.submit(*[nop()] * 20, nop(last.record, 1))
    bench.settle()
    assert [ring.recorded for ring in rings] == [0] * 7 + [1]
    last.submit(signal(1))
    bench.settle()
    assert [ring.recorded for ring in rings] == [1] * 8


@pytest.mark.parametrize(
    ("deadline", "limit", "expected"), [(500, 0, 500), (0, 700, 700), (500, 9, 500)]
)
def test_deadlines(bench: Bench, deadline: int, limit: int, expected: int) -> None:
    """SEM-WAIT-005: counted from the start; others are not affected."""
    ring, other = bench.queue(0, WAIT_LIMIT=limit), bench.queue(1)
    ring.submit(nop(ring.record, 1), wait(1, deadline=deadline), nop(ring.record, 3))
    other.submit(nop(other.record, 1))
    bench.settle()
    assert ring.code is Error.WAIT_TIMEOUT
    assert (ring.recorded, other.recorded) == (1, 1)
    assert ring.error["index"] == 1
    assert int(ring.error["timestamp"]) > expected
    assert bench.transport.now() < 20_000


def test_no_deadline_waits_for_ever_and_says_so(bench: Bench) -> None:
    """SEM-WAIT-006; the model's own deadlock message names the wait."""
    ring = bench.queue(0)
    ring.submit(wait(7))
    with pytest.raises(
        DeadlineExceeded, match="WAIT at packet 0 for semaphore 5 to reach 7, it is 0"
    ):
        while True:
            bench.do(bench.transport.wait(bench.transport.events()))
    assert not ring.idle
    assert not bench.model.idle


@pytest.mark.parametrize("poisoned_first", [False, True])
def test_poison(bench: Bench, poisoned_first: bool) -> None:
    """SEM-POISON-001: only the unsatisfied fail."""
    late, early = bench.queue(0), bench.queue(1)
    if poisoned_first:
        bench.poke(POISON.word(5), 1)
    late.submit(wait(2), nop(late.record, 1))
    early.submit(wait(0), nop(early.record, 1))
    bench.settle()
    bench.poke(POISON.word(5), 1)
    bench.settle()
    assert late.code is Error.WAIT_POISONED
    assert early.recorded == 1
    assert bench.peek(POISON.word(5)) == 1
    bench.poke(SET.word(5), 2)
    assert bench.peek(POISON.word(5)) == 1
    bench.poke(POISON.word(5), 0)
    assert bench.peek(POISON.word(5)) == 0


def test_atomics(bench: Bench) -> None:
    """EP-ATOMIC-001, EP-ATOMIC-002."""
    ring = bench.queue(0)
    ring.submit(wait(6), nop(ring.record, 1))
    bench.settle()
    at = bench.bar0 + SET.word(5)
    assert bench.model.atomic(TlpKind.FETCHADD64, at, 8, 5) == 0
    assert bench.model.atomic(TlpKind.CAS64, at, 8, 9, compare=4) == 5
    assert bench.model.atomic(TlpKind.CAS64, at, 8, 6, compare=5) == 5
    assert bench.model.atomic(TlpKind.SWAP64, at, 8, TOP - 1) == 6
    assert bench.model.atomic(TlpKind.FETCHADD64, at, 8, 2) == TOP - 1
    assert bench.peek(SET.word(5)) == 1
    for address, size in (
        (at, 4),
        (bench.bar0 + ADD.word(5), 8),
        (bench.bar2, 8),
        (bench.bar0 + SET.word(1024), 8),
    ):
        assert bench.model.atomic(TlpKind.FETCHADD64, address, size, 1) is None
    bench.settle()
    assert ring.recorded == 1


# Interrupts -----------------------------------------------------------------------------------------
def events(ring: Ring, count: int, vector: int = 3) -> None:
    ring.submit(*[packet(Opcode.NOP, Flag.INTERRUPT, vector=vector)] * count)
    ring.bench.settle(20_000)


def pending(bench: Bench) -> int:
    return bench.peek(registers.MSIX_PBA.offset)


def mask(bench: Bench, on: bool, vector: int = 3) -> None:
    bench.poke(registers.MSIX_TABLE.offset + 16 * vector + 12, int(on), 4)


def control(bench: Bench, value: int) -> None:
    bench.do(bench.transport.config_write(bench.function.msix + 2, value, 2))


def test_one_message_an_event(bench: Bench) -> None:
    """INT-EVENT-002, INT-EVENT-003."""
    events(bench.queue(0), 5)
    assert [bench.transport.interrupts(vector) for vector in (2, 3, 4)] == [0, 5, 0]


@pytest.mark.parametrize("how", ["entry", "function", "enable"])
def test_masks_keep_events_pending(bench: Bench, how: str) -> None:
    """INT-MASK-001, INT-MASK-002: one message on unmask, whatever the moderation."""
    bench.write(registers.VECTOR[3].MODERATION, 100 | 1_000_000 << 16)
    ring = bench.queue(0)
    off = {"function": 0xC000, "enable": 0}
    if how == "entry":
        mask(bench, True)
    else:
        control(bench, off[how])
    events(ring, 3)
    assert (bench.transport.interrupts(3), pending(bench)) == (0, 8)
    if how == "entry":
        mask(bench, False)
    else:
        control(bench, 0x8000)
    bench.settle(2000)
    assert (bench.transport.interrupts(3), pending(bench)) == (1, 0)


def test_unsent_events_become_pending_under_a_mask(bench: Bench) -> None:
    """INT-EVENT-001."""
    bench.write(registers.VECTOR[3].MODERATION, 100 | 1_000_000 << 16)
    events(bench.queue(0), 3)
    mask(bench, True)
    bench.settle(1000)
    assert pending(bench) == 8
    mask(bench, False)
    bench.settle(1000)
    assert bench.transport.interrupts(3) == 1


def test_moderation(bench: Bench) -> None:
    """INT-MOD-001, INT-MOD-002."""
    bench.write(registers.VECTOR[3].MODERATION, 4 | 50_000 << 16)
    ring = bench.queue(0)
    events(ring, 11)
    assert bench.transport.interrupts(3) == 2
    bench.settle(36_000)
    assert bench.transport.interrupts(3) == 3
    bench.settle()
    assert bench.transport.interrupts(3) == 3


def test_moderation_timer_starts_with_the_first_event(bench: Bench) -> None:
    bench.write(registers.VECTOR[3].MODERATION, 100 | 30_000 << 16)
    ring = bench.queue(0)
    events(ring, 1)
    events(ring, 1)  # 40,000 cycles after the first
    assert bench.transport.interrupts(3) == 1
    bench.settle()
    assert bench.transport.interrupts(3) == 1


def test_reset_state_of_the_table(seed: int) -> None:
    """INT-MASK-003."""
    bench = Bench(seed)
    bench.write(registers.DEVICE.CONTROL, 1)
    bench.settle()
    entries = [bench.peek(registers.MSIX_TABLE.word(word)) for word in range(64)]
    assert entries == [0, 1 << 32] * 32
    bench.poke(registers.MSIX_TABLE.offset + 12, 0xFFFF_FFFE, 4)
    assert bench.peek(registers.MSIX_TABLE.offset + 12, 4) == 0


def test_message_elsewhere_is_a_plain_write(bench: Bench) -> None:
    """INT-MSIX-001: 4 bytes to any address."""
    bench.poke(registers.MSIX_TABLE.word(6), ARENA + 0x9000)
    bench.poke(registers.MSIX_TABLE.word(7), 0xABCD)
    bench.host[0x8FF8:0x9010] = 0xEE
    events(bench.queue(0), 1)
    assert bench.host[0x9000:0x9004].view("<u4")[0] == 0xABCD
    assert (bench.host[0x9004:0x9010] == 0xEE).all()
    assert bench.transport.interrupts(3) == 0


def test_data_record_interrupt_in_this_order(bench: Bench) -> None:
    """CP-RETIRE-002, ORD-UP-001: whoever sees the interrupt sees the record; who sees that, the data."""
    ring = bench.queue(0)
    bench.memory[:4096] = 1
    at = ARENA + 0x90000
    for value in range(1, 30):
        ring.submit(
            packet(
                Opcode.COPY,
                Flag.RECORD | Flag.INTERRUPT,
                source=0,
                source_space=DEVICE,
                destination=at,
                length=4096,
                vector=3,
                record_address=ring.record,
                record_value=value,
            )
        )
        bench.host[0x90000:0x91000] = 0
        while bench.transport.interrupts(3) < value:
            if ring.recorded == value:
                assert (bench.host[0x90000:0x91000] == 1).all()
            bench.transport.advance(None)
        assert ring.recorded == value


# Bus master -----------------------------------------------------------------------------------------
def test_nothing_is_sent_or_lost_without_bus_master(bench: Bench) -> None:
    """EP-BM-001, EP-BM-002: off at many moments of a program."""
    rings = [bench.queue(number, log2=8) for number in range(2)]
    for ring in rings:
        ring.submit(
            *(
                packet(
                    Opcode.COPY,
                    Flag.RECORD | Flag.INTERRUPT,
                    source=ARENA,
                    destination=0,
                    destination_space=DEVICE,
                    length=100,
                    vector=3,
                    record_address=ring.record,
                    record_value=at + 1,
                )
                for at in range(100)
            )
        )
    while not all(ring.recorded == 100 for ring in rings):
        bench.master(False)
        before = bench.host.copy(), bench.transport.interrupts(3)
        bench.settle(3000)
        assert (bench.host == before[0]).all()
        assert bench.transport.interrupts(3) == before[1]
        bench.master(True)
        bench.settle(300)
    bench.settle()
    assert bench.transport.interrupts(3) == 200
    assert all(ring.idle for ring in rings)


def test_interrupts_wait_for_bus_master(bench: Bench) -> None:
    mask(bench, True)
    events(bench.queue(0), 1)
    bench.master(False)
    mask(bench, False)
    bench.settle(1000)
    assert (bench.transport.interrupts(3), pending(bench)) == (0, 8)
    bench.master(True)
    bench.settle(1000)
    assert (bench.transport.interrupts(3), pending(bench)) == (1, 0)


def test_halting_waits_for_bus_master(bench: Bench) -> None:
    """ERR-HALT-004."""
    ring = bench.queue(0)
    ring.submit(wait(1, deadline=2000))
    bench.settle(1500)
    bench.master(False)
    bench.settle(5000)
    assert ring.state is QueueState.RUNNING
    bench.master(True)
    bench.settle()
    assert ring.state is QueueState.HALTED
    assert ring.code is Error.WAIT_TIMEOUT


# Failures and resets --------------------------------------------------------------------------------
def test_lowest_failing_position_is_reported(bench: Bench) -> None:
    """ERR-HALT-001 to ERR-HALT-003: two reads fail, the later one sooner."""
    slow = packet(
        Opcode.COPY, source=0x7_0000_0000, destination=0, destination_space=DEVICE, length=64
    )
    for seed in range(20):
        again = Bench(seed)
        ring = again.queue(0)
        ring.submit(nop(ring.record, 1), slow, slow, slow, nop(ring.record, 5))
        again.settle()
        assert ring.error["index"] == 1
        assert ring.recorded == 1
        assert again.read(ring.block.RETIRED) == 1


def test_generation_and_second_error(bench: Bench) -> None:
    """ERR-RECORD-005, ERR-RECORD-001."""
    for generation in (1, 2, 3):
        ring = bench.queue(0, start=100 * generation)
        ring.submit(bytes(64))
        bench.settle()
        assert (ring.error["generation"], ring.error["index"]) == (generation, 100 * generation)
        ring.control(reset=1)
        bench.settle()
        assert all(bench.read(word) == 0 for word in ring.block.ERROR)


def test_error_vector_past_the_table_is_none(bench: Bench) -> None:
    """ERR-RECORD-003."""
    block = registers.QUEUE[0]
    ring = bench.queue(0, ERROR_VECTOR=block.ERROR_VECTOR.encode(vector=32, enable=1))
    ring.submit(bytes(64))
    bench.settle()
    assert ring.state is QueueState.HALTED
    assert not any(bench.transport.interrupts(vector) for vector in range(64))


def test_watchdog(bench: Bench) -> None:
    """ERR-WATCHDOG-001: a slow copy fails, a WAIT does not."""
    ring = bench.queue(0, WATCHDOG_LIMIT=2000)
    slow = packet(
        Opcode.COPY, source=ARENA, length=1 << 20, destination=0, destination_space=DEVICE
    )
    ring.submit(nop(ring.record, 1), wait(1), slow, nop(ring.record, 4))
    bench.settle()
    assert ring.state is QueueState.RUNNING
    bench.poke(SET.word(5), 1)
    bench.settle()
    assert ring.code is Error.WATCHDOG
    assert ring.error["index"] == 2
    assert ring.recorded == 1


@pytest.mark.parametrize("delay", range(0, 4000, 250))
def test_queue_reset_at_any_time(seed: int, delay: int) -> None:
    """ERR-RESET-001 to ERR-RESET-003: nothing afterwards, others as ever, usable again."""
    bench = Bench(seed)
    ring, other = bench.queue(0), bench.queue(1)
    copy = packet(
        Opcode.COPY,
        Flag.RECORD | Flag.INTERRUPT,
        source=0,
        source_space=DEVICE,
        destination=ARENA + 0x90000,
        length=4096,
        vector=3,
        record_address=ring.record,
        record_value=9,
    )
    ring.submit(copy, wait(1, deadline=500), copy, copy)
    other.submit(*(nop(other.record, at + 1) for at in range(30)))
    bench.settle(delay)
    started = bench.transport.now()
    ring.control(reset=1)
    while ring.block.STATUS.fields["resetting"].get(bench.read(ring.block.STATUS)):
        assert bench.transport.now() - started <= reference.BOUND_RESET_CYCLES
    assert ring.state is QueueState.DISABLED
    assert ring.idle
    assert bench.read(ring.block.PUT) == bench.read(ring.block.GET)
    halted = ring.error["generation"]
    before = bench.host[: ring.page + 0x1000].copy(), bench.transport.interrupts(3)
    bench.settle()
    assert (bench.host[: ring.page + 0x1000] == before[0]).all()
    assert bench.transport.interrupts(3) == before[1]
    assert ring.error["generation"] == halted
    assert other.recorded == 30
    again = bench.queue(0, start=77)
    again.submit(nop(again.record, 78))
    bench.settle()
    assert again.recorded == 78


def test_reset_frees_channels_and_waiters(bench: Bench) -> None:
    ring = bench.queue(0)
    slow = packet(
        Opcode.COPY, source=ARENA, length=1 << 20, destination=0, destination_space=DEVICE
    )
    ring.submit(*[slow] * 8)
    bench.settle(3000)
    assert bench.model.core.copies
    ring.control(reset=1)
    bench.settle()
    assert bench.model.core.copies == 0


def test_a_fatal_device_sends_nothing_more(bench: Bench) -> None:
    """ERR-FATAL-002: a copy and its record are in flight; registers still answer, the first cause stays."""
    ring = bench.queue(0)
    bench.memory[:4096] = 1
    ring.submit(
        packet(
            Opcode.COPY,
            Flag.RECORD,
            source=0,
            source_space=DEVICE,
            destination=ARENA + 0x90000,
            length=4096,
            record_address=ring.record,
            record_value=1,
        )
    )
    while bench.model.queues[0].get == 0:
        bench.transport.advance(None)
    before = bench.host.copy()
    bench.model.fail(FatalCause.MALFORMED_TLP)
    bench.model.fail(FatalCause.INTERNAL)
    bench.settle()
    assert (bench.host == before).all()
    found = STATUS.decode(bench.read(STATUS))
    assert (found["fatal"], found["fatal_cause"]) == (1, FatalCause.MALFORMED_TLP)


@pytest.mark.parametrize("seed", range(8))
def test_device_reset_during_a_queue_reset(seed: int) -> None:
    """The end of the queue's own reset does not reach into its next life."""
    bench = Bench(seed)
    bench.queue(0).control(reset=1)
    bench.write(registers.DEVICE.CONTROL, 1)
    again = bench.queue(0)
    again.submit(nop(again.record, 4))
    bench.settle()
    assert again.recorded == 4
    assert again.state is QueueState.RUNNING


def test_device_reset(bench: Bench) -> None:
    """ERR-RESET-004: registers, semaphores and queues as at power-on; configuration space and CYCLES not."""
    ring, waiting = bench.queue(0), bench.queue(1)
    ring.submit(bytes(64))
    waiting.submit(wait(1))
    bench.poke(SET.word(8), 3)
    bench.poke(POISON.word(8), 1)
    bench.write(registers.DEVICE.SCRATCH, 5)
    bench.poke(0x90, 0, 4)
    bench.poke(0x0FF8, 1)
    bench.settle()
    cycles = bench.read(registers.DEVICE.CYCLES)
    bench.write(registers.DEVICE.CONTROL, 1)
    bench.settle()
    assert bench.read(registers.DEVICE.CYCLES) > cycles
    assert (bench.peek(SET.word(8)), bench.peek(POISON.word(8))) == (0, 0)
    for register in registers.REGISTERS:
        if register.reset is not None and not register.name.startswith("DEVICE.CYCLES"):
            assert bench.read(register) == register.reset, register.name
    again = bench.queue(1)
    again.submit(nop(again.record, 4))
    bench.settle()
    assert again.recorded == 4
    assert np.count_nonzero(bench.host[ring.error_at : ring.error_at + 64])
