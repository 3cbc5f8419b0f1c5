"""Random programs with failures on several queues: what is reported, what is done, and what stays untouched."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from model_bench import ARENA, DEVICE, Bench, Ring, packet, prop

from doorbell.contract import Error, Flag, Opcode, QueueState
from doorbell.model.shape import Shape

PIECE = 0x400
SOURCE = 0xE0000
FAR = 0x7_0000_0000
FAILURES = {
    "opcode": Error.BAD_OPCODE,
    "flags": Error.BAD_FLAGS,
    "unmapped": Error.DMA_UR,
    "range": Error.OUT_OF_RANGE,
    "timeout": Error.WAIT_TIMEOUT,
}
GOOD = ("nop", "copy", "fill", "write")
STEP = st.tuples(st.sampled_from([*GOOD, *GOOD, *FAILURES]), st.booleans())
PROGRAM = st.lists(STEP, min_size=1, max_size=20)


def made(ring: Ring, at: int, kind: str, barrier: bool) -> bytes:
    """Packet ``at`` of a ring; it writes only to its own piece of device memory."""
    flags = Flag.RECORD | (Flag.BARRIER if barrier else Flag(0))
    frame = {"record_address": ring.record, "record_value": at + 1, "tag": 100 + at}
    to = {"destination": place(ring, at), "destination_space": DEVICE}
    match kind:
        case "copy":
            return packet(Opcode.COPY, flags, source=ARENA + SOURCE, length=PIECE, **to, **frame)
        case "unmapped":
            return packet(Opcode.COPY, flags, source=FAR, length=PIECE, **to, **frame)
        case "fill":
            return packet(Opcode.FILL, flags, pattern=0x07 * 0x0101010101010101,
                          length=PIECE, **to, **frame)  # fmt: skip
        case "write":
            return packet(Opcode.WRITE, flags, length=5, data=b"\7" * 5 + bytes(19), **to, **frame)
        case "range":
            return packet(Opcode.COPY, flags, source=1 << 40, source_space=DEVICE, length=1,
                          **to, **frame)  # fmt: skip
        case "timeout":
            return packet(Opcode.WAIT, flags, semaphore=9, value=1, deadline=300, **frame)
    good = bytearray(packet(Opcode.NOP, flags, **frame))
    if kind == "opcode":
        good[0] = 0
    elif kind == "flags":
        good[1] |= 0x10
    return bytes(good)


def place(ring: Ring, at: int) -> int:
    return (ring.number * 20 + at) * PIECE


def done(kind: str) -> bytes:
    """What a good command leaves in its piece."""
    length = {"copy": PIECE, "fill": PIECE, "write": 5}.get(kind, 0)
    return b"\7" * length + bytes(PIECE - length)


@prop(60)
@given(st.lists(PROGRAM, min_size=1, max_size=4), st.integers(0, 1 << 32))
def test_failures_are_contained(programs: list[list[tuple[str, bool]]], seed: int) -> None:
    """ERR-HALT-001 to ERR-HALT-005, CP-RETIRE-004, DMA-COPY-002, in one picture of memory."""
    bench = Bench(seed, Shape(memory=1 << 20))
    bench.host[SOURCE : SOURCE + PIECE] = 7
    rings = [bench.queue(number) for number in range(len(programs))]
    for ring, program in zip(rings, programs, strict=True):
        ring.submit(*(made(ring, at, *step) for at, step in enumerate(program)))
    bench.settle()
    touched = np.zeros(bench.memory.size, bool)
    for ring, program in zip(rings, programs, strict=True):
        failing = next((at for at, step in enumerate(program) if step[0] in FAILURES), None)
        ends = len(program) if failing is None else failing
        assert ring.recorded == ends
        assert bench.read(ring.block.RETIRED) == ends
        assert ring.idle
        for at, (kind, _) in enumerate(program):
            piece = slice(place(ring, at), place(ring, at) + PIECE)
            touched[piece] = True
            if at < ends:
                assert bench.memory[piece].tobytes() == done(kind)
        if failing is None:
            assert ring.state is QueueState.RUNNING
            continue
        assert ring.state is QueueState.HALTED
        assert ring.code is FAILURES[program[failing][0]]
        assert (ring.error["index"], ring.error["tag"]) == (failing, 100 + failing)
        assert bench.transport.interrupts(ring.number) == 1
    assert not bench.memory[~touched].any()


@prop(25)
@given(PROGRAM, st.integers(0, 1 << 32), st.integers(0, 6000))
def test_a_reset_leaves_a_whole_prefix(
    program: list[tuple[str, bool]], seed: int, after: int
) -> None:
    """ERR-RESET-002, CP-RETIRE-001: what had retired is done, nothing is written afterwards."""
    bench = Bench(seed, Shape(memory=1 << 20))
    bench.host[SOURCE : SOURCE + PIECE] = 7
    ring = bench.queue(0)
    ring.submit(*(made(ring, at, *step) for at, step in enumerate(program)))
    bench.settle(after)
    ring.control(reset=1)
    bench.settle(3000)
    before = bench.host.copy(), bench.memory.copy()
    assert ring.state is QueueState.DISABLED
    for at, (kind, _) in enumerate(program[: ring.recorded]):
        piece = slice(place(ring, at), place(ring, at) + PIECE)
        assert bench.memory[piece].tobytes() == done(kind)
    bench.settle()
    assert (bench.host == before[0]).all()
    assert (bench.memory == before[1]).all()
