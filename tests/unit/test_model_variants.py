"""Each variant of the model really differs in what its table says."""

from __future__ import annotations

from typing import Any

import pytest
from model_bench import ARENA, DEVICE, Bench, nop, packet

import doorbell
from doorbell import encode
from doorbell.contract import Error, Opcode, QueueState, registers
from doorbell.driver import run
from doorbell.launch import launcher
from doorbell.model.variant import VARIANTS

CAP = registers.DEVICE.CAP_COUNTS


def bench(name: str, seed: int = 1) -> Bench:
    return Bench(seed, variant=VARIANTS[name])


@pytest.mark.parametrize("name", VARIANTS)
def test_reached_by_name(name: str) -> None:
    async def program() -> tuple[int, int, int]:
        async with doorbell.open(f"model:{name}") as device:
            found = device.capabilities
            return found.queues, found.semaphores, found.window

    shape = VARIANTS[name].shape
    assert run(program()) == (shape.queues, shape.semaphores, shape.window)
    assert shape.semaphores >= 1024  # DEV-CAP-002
    assert shape.window >= 8


def test_unknown_variants_are_refused() -> None:
    with pytest.raises(LookupError, match="no variant 'odd' of the model: give reference, eager"):
        launcher("model:odd")
    with pytest.raises(LookupError, match="give model:PLACE"):
        launcher("model:")


def test_capabilities() -> None:
    """DEV-CAP-001: what is read is what is there."""
    small, large, lazy = bench("small"), bench("large"), bench("lazy")
    assert CAP.decode(small.read(CAP)) == {"queues": 4, "channels": 2, "units": 1, "vectors": 16}
    assert small.read(registers.UNIT[0].MACS) == 64
    assert small.function.vectors == 16
    assert (small.function.bars[2].size, small.function.mps) == (1 << 24, 128)
    assert small.read(registers.QUEUE[4].STATUS) == (1 << 64) - 1
    assert large.peek(registers.SEMAPHORE_SET.word(4095)) == 0
    ring, log2 = registers.DEVICE.CAP_RING, registers.QUEUE[1].RING_LOG2
    least = bench("least")
    assert ring.decode(least.read(ring)) == {"log2_min": 6, "log2_max": 12, "window": 8}
    for asked, stored in ((4, 6), (6, 6), (9, 9), (13, 12)):  # CP-CFG-003
        least.write(log2, asked)
        assert least.read(log2) == stored
    bound = registers.DEVICE.BOUND_WRITEBACK
    assert bound.decode(lazy.read(bound)) == {"cycles": 2048, "packets": 32}


def test_capability_list_order() -> None:
    def first(name: str) -> int:
        made = bench(name)
        at = made.do(made.transport.config_read(0x34, 1))
        return int(made.do(made.transport.config_read(at, 1)))

    assert (first("reference"), first("contrary")) == (0x10, 0x11)


def test_eager_tells_the_start_value() -> None:
    for name, told in (("reference", 0), ("eager", 77)):
        made = bench(name)
        ring = made.queue(0, start=77)
        made.settle()
        assert made.u64(ring.get_at) == told
        assert ring.idle


def test_lazy_writes_get_back_when_it_must() -> None:
    """CP-WB-003, CP-WB-004."""
    made = bench("lazy")
    ring = made.queue(0)
    ring.submit(nop(ring.record, 1))
    while ring.recorded == 0:
        made.transport.advance(None)
    assert made.u64(ring.get_at) == 0
    assert not ring.idle
    made.settle()
    assert made.u64(ring.get_at) == 1
    assert ring.idle


def test_slow_takes_longer() -> None:
    def cycles(name: str, *packets: Any) -> int:
        made = bench(name)
        ring = made.queue(0)
        ring.submit(*packets, nop(ring.record, 1))
        made.settle()
        assert ring.recorded == 1
        return made.transport.now()

    fill = encode.fill(0, 1, 1 << 20)
    slow, reference = cycles("slow", fill), cycles("reference", fill)
    assert slow > 6 * reference
    nops = [encode.nop()] * 50
    assert cycles("reference", *nops) > 2 * cycles("eager", *nops)


def test_contrary_counts_after_a_reset() -> None:
    """ERR-RESET-001 asks for put equal to get, and no more."""
    for name, count in (("reference", 77), ("contrary", 0)):
        made = bench(name)
        ring = made.queue(0, start=77)
        ring.control(reset=1)
        made.settle()
        assert made.read(ring.block.PUT) == made.read(ring.block.GET) == count


def test_contrary_reports_what_a_drain_left_behind() -> None:
    """CP-STATE-003."""
    for name, state in (("reference", QueueState.DISABLED), ("contrary", QueueState.HALTED)):
        made = bench(name)
        ring = made.queue(0)
        ring.submit(packet(Opcode.WAIT, semaphore=1, value=1), nop(), nop())
        ring.ring(1)
        made.settle()
        ring.control(drain=1)
        made.poke(registers.SEMAPHORE_SET.word(1), 1)
        made.settle()
        assert ring.state is state
        assert ring.code is (Error.NONE if name == "reference" else Error.DOORBELL_BACKWARDS)


def test_contrary_spoils_what_is_unspecified() -> None:
    for name in ("reference", "contrary"):
        made = bench(name)
        ring = made.queue(0)
        far = packet(Opcode.COPY, source=ARENA << 4, length=64, destination=64,
                     destination_space=DEVICE)  # fmt: skip
        ring.submit(far)
        made.settle()
        assert ring.code is Error.DMA_UR
        assert made.memory[64:128].any() == (name == "contrary")
        assert not made.memory[:64].any()
        assert not made.memory[128:256].any()
        made.write(registers.DEVICE.CONTROL, 1)
        made.settle()
        assert made.memory[256:].any() == (name == "contrary")


def test_contrary_takes_turns_downwards() -> None:
    for name, numbers in (("reference", range(8)), ("contrary", range(7, -1, -1))):
        arbiter = bench(name).model.core.arbiter
        assert [queue.number for queue in arbiter._queues] == list(numbers)
