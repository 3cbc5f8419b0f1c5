"""Sentences settled late: which packet a failed ring read blames, staged halves, resets that nothing holds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from model_bench import ARENA, DEVICE, HOST, Bench, nop, packet

from doorbell.contract import (
    GEMM_S8_ARGUMENTS,
    Error,
    FatalCause,
    Kernel,
    Opcode,
    QueueState,
    SignalMode,
    registers,
)
from doorbell.contract.limits import reference
from doorbell.model.host import Answer

DOORBELL = registers.DOORBELL[0].DOORBELL
STATUS = registers.DEVICE.STATUS
END = reference.DEVICE_MEMORY_BYTES


@pytest.fixture
def bench(seed: int) -> Bench:
    return Bench(seed)


# Ring reads -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answer", [Answer.UR, Answer.CA, Answer.TIMEOUT, Answer.POISONED, Answer.MALFORMED]
)
def test_what_a_failing_ring_read_delivered_runs(answer: Answer) -> None:
    """CP-FETCH-001: the first packet not delivered whole; the address is the first byte of the read."""
    indices = set()
    for seed in range(40):
        bench = Bench(seed)
        ring = bench.queue(0)
        bench.transport.inject(ARENA + ring.base + 64 * 13, 8, answer)
        ring.submit(*(nop(ring.record, count + 1) for count in range(20)))
        bench.settle()
        index, address = int(ring.error["index"]), int(ring.error["address"])
        first = (address - ARENA - ring.base) // 64
        assert first <= index <= 13
        assert ring.recorded == index
        assert bench.read(ring.block.GET) == index
        indices.add((first, index))
    assert any(first < index for first, index in indices), "no read delivered a part"
    assert len({index for _, index in indices}) > 1


# Doorbell halves ------------------------------------------------------------------------------------
@pytest.mark.parametrize("whole_device", [False, True])
def test_a_reset_forgets_the_staged_half(bench: Bench, whole_device: bool) -> None:
    """CP-DB-008: a lone high half after a reset rings with a low half of zero."""
    ring = bench.queue(0)
    bench.write(DOORBELL, 1, size=4)
    if whole_device:
        bench.write(registers.DEVICE.CONTROL, 1)
    else:
        ring.control(reset=1)
    bench.settle()
    again = bench.queue(0)
    again.place(nop(again.record, 1))
    bench.transport.publish()
    bench.write(DOORBELL, 0, size=4, at=4)
    bench.settle()
    assert (bench.read(again.block.PUT), again.recorded) == (0, 0)
    assert again.state is QueueState.RUNNING


# Packets and error records --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "operands",
    [
        {"semaphore": 1 << 31},
        {"destination": 4, "destination_space": HOST},
        {"destination": END, "destination_space": 7},
    ],
)
def test_an_unknown_signal_mode_is_all(bench: Bench, operands: dict[str, int]) -> None:
    """CP-PKT-008, CP-PKT-012: an unknown mode uses no operand."""
    ring = bench.queue(0)
    ring.submit(packet(Opcode.SIGNAL, mode=3, **operands))
    bench.settle()
    assert (ring.code, ring.error["address"]) == (Error.BAD_MODE, 0)


def gemm(**change: int) -> bytes:
    block = np.zeros(1, GEMM_S8_ARGUMENTS)
    good = {"m": 1, "n": 1, "k": 1, "lda": 1, "ldb": 1, "ldc": 4, "c": 64}
    for name, value in {**good, **change}.items():
        block[name] = value
    return block.tobytes()


LAUNCH: dict[str, Any] = {
    "kernel": Kernel.GEMM_S8, "unit_mask": 1, "arguments": ARENA + 0x90000,
    "arguments_length": 64, "grid_x": 1, "grid_y": 1, "grid_z": 1,
}  # fmt: skip
OPERANDS: list[tuple[str, Error, int, bytes, bytes]] = [
    ("record", Error.RECORD_ALIGNMENT, ARENA + 8, nop(ARENA + 8), b""),
    (
        "WRITE8",
        Error.BAD_ALIGNMENT,
        ARENA + 4,
        packet(Opcode.SIGNAL, mode=SignalMode.WRITE8, destination=ARENA + 4),
        b"",
    ),
    (
        "both ends of a copy",
        Error.OUT_OF_RANGE,
        END - 1,
        packet(
            Opcode.COPY,
            source=END - 1,
            source_space=DEVICE,
            destination=END - 2,
            destination_space=DEVICE,
            length=9,
        ),
        b"",
    ),
    ("space", Error.BAD_SPACE, 0, packet(Opcode.FILL, destination=64, destination_space=2), b""),
    ("argument alignment", Error.ARGUMENT_ALIGNMENT, 0, packet(Opcode.LAUNCH, **LAUNCH), gemm(c=2)),
    (
        "argument range",
        Error.ARGUMENT_RANGE,
        0,
        packet(Opcode.LAUNCH, **LAUNCH),
        gemm(a=END),
    ),
    (
        "unmapped copy",
        Error.DMA_UR,
        0x7_0000_0000,
        packet(Opcode.COPY, source=0x7_0000_0000, length=4, destination_space=DEVICE),
        b"",
    ),
]


@pytest.mark.parametrize(
    ("code", "address", "made", "arguments"),
    [item[1:] for item in OPERANDS],
    ids=[item[0] for item in OPERANDS],
)
def test_address_of_an_error(
    bench: Bench, code: Error, address: int, made: bytes, arguments: bytes
) -> None:
    """ERR-RECORD-004: the failed read, or the lowest offending operand of three codes; else zero."""
    bench.host[0x90000 : 0x90000 + len(arguments)] = np.frombuffer(arguments, np.uint8)
    ring = bench.queue(0)
    ring.submit(made)
    bench.settle()
    assert (ring.code, int(ring.error["address"])) == (code, address)


# Write-back -----------------------------------------------------------------------------------------
def test_a_queue_whose_get_has_not_moved_is_idle_at_once(bench: Bench) -> None:
    """CP-WB-004: nothing to write back, so bus master off holds nothing up."""
    bench.master(False)
    ring = bench.queue(0, start=7)
    bench.settle(2000)
    assert ring.idle
    assert bench.field(STATUS, "idle") == 1
    bench.master(True)
    ring.submit(nop())
    bench.settle()
    assert bench.u64(ring.get_at) == 8


# Draining and resets --------------------------------------------------------------------------------
def test_draining_with_a_bad_packet_behind(bench: Bench) -> None:
    """CP-STATE-003: reported or not, nothing behind the last started command has an effect."""
    ring = bench.queue(0)
    wait = packet(Opcode.WAIT, semaphore=1, value=1)
    ring.submit(wait, nop(ring.record, 5), bytes(64))
    ring.ring(1)  # refused
    bench.settle()
    ring.control(drain=1)
    bench.poke(registers.SEMAPHORE_SET.word(1), 1)
    bench.settle()
    assert ring.state in (QueueState.DISABLED, QueueState.HALTED)
    assert ring.recorded == 0


WAITING = ("bus master", "fatal", "semaphore", "read", "queue reset", "moderation")


@pytest.mark.parametrize("what", WAITING)
def test_device_reset_ends_whatever_waits(bench: Bench, what: str) -> None:
    """ERR-RESET-004: within its bound, with COUNTER registers and everything else at reset values."""
    ring = bench.queue(0, WATCHDOG_LIMIT=0)
    bench.write(registers.VECTOR[0].MODERATION, 1000 | 0xFFFF_FFFF << 16)
    if what == "read":
        bench.transport.inject(ARENA, 64, Answer.TIMEOUT)
    if what == "semaphore":
        ring.submit(packet(Opcode.WAIT, semaphore=1, value=1))
    else:
        made = packet(Opcode.COPY, source=ARENA, length=64, destination_space=DEVICE)
        ring.submit(made, nop(ring.record, 1), bytes(64))
    if what == "bus master":
        bench.master(False)
    bench.settle(3000)
    if what == "fatal":
        bench.model.fail(FatalCause.INTERNAL)
    if what == "queue reset":
        ring.control(reset=1)
    bench.write(registers.DEVICE.SNAPSHOT, 1)
    bench.write(registers.DEVICE.CONTROL, 1)
    asked = bench.transport.now()
    while bench.field(STATUS, "resetting") or bench.transport.now() == asked:
        assert bench.transport.now() - asked <= reference.BOUND_RESET_CYCLES
    before = bench.host.copy()
    for register in registers.REGISTERS:
        if register.reset is not None and not register.name.startswith("DEVICE.CYCLES"):
            assert bench.read(register) == register.reset, register.name
    bench.master(True)
    bench.settle()
    assert (bench.host == before).all()
    again = bench.queue(0)
    again.submit(nop(again.record, 9))
    bench.settle()
    assert again.recorded == 9


def test_a_second_device_reset_takes_its_own_time() -> None:
    """ERR-RESET-004: `resetting` holds from the first write to the end of the last reset."""
    for seed in range(30):
        bench = Bench(seed)
        bench.write(registers.DEVICE.CONTROL, 1)
        bench.write(registers.DEVICE.CONTROL, 1)
        ends = []

        def ready(ends: list[int] = ends, bench: Bench = bench) -> None:
            ends.append(bench.transport.now())

        bench.model._ready = ready  # type: ignore[method-assign]
        bench.settle()
        assert len(ends) == 1, "the first reset ended the second"
