"""Validation of packets in the model: each code, the smallest of several, and no effect before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_bench import ARENA, DEVICE, HOST, Bench, nop, packet, prop

from doorbell.contract import (
    ERROR_GROUPS,
    OPCODE_IMPLEMENTED,
    PACKETS,
    RESERVED,
    Error,
    Flag,
    Kernel,
    Opcode,
    QueueState,
    SignalMode,
    limits,
)
from doorbell.model.shape import Shape
from doorbell.model.validate import Rejection, check

SHAPE = Shape()
END = SHAPE.memory
LAUNCH: dict[str, Any] = {
    "kernel": Kernel.GEMM_S8,
    "unit_mask": 1,
    "arguments": ARENA,
    "arguments_length": 64,
    "arguments_space": HOST,
    "grid_x": 1,
    "grid_y": 1,
    "grid_z": 1,
}


def launch(**change: Any) -> bytes:
    return packet(Opcode.LAUNCH, **{**LAUNCH, **change})


def raw(at: int, byte: int, base: bytes | None = None) -> bytes:
    made = bytearray(base or nop())
    made[at] = byte
    return bytes(made)


def copy(**fields: Any) -> bytes:
    return packet(Opcode.COPY, **fields)


BAD: list[tuple[str, Error, bytes]] = [
    ("zeros", Error.BAD_OPCODE, bytes(64)),
    ("unknown opcode", Error.BAD_OPCODE, raw(0, 200)),
    *((name, Error.BAD_OPCODE, raw(0, Opcode[name])) for name in ("COPY_2D", "ATOMIC", "CALL")),
    ("flag 8", Error.BAD_FLAGS, raw(1, 8)),
    ("gap of NOP", Error.RESERVED_FIELD, raw(47, 1)),
    ("vector without INTERRUPT", Error.RESERVED_FIELD, nop(vector=1)),
    ("record address without RECORD", Error.RESERVED_FIELD, nop(record_address=16)),
    ("record value without RECORD", Error.RESERVED_FIELD, nop(record_value=1)),
    (
        "byte past the length of WRITE",
        Error.RESERVED_FIELD,
        packet(Opcode.WRITE, length=3, data=bytes(3) + b"\1" + bytes(20)),
    ),
    (
        "semaphore with WRITE8",
        Error.RESERVED_FIELD,
        packet(Opcode.SIGNAL, mode=SignalMode.WRITE8, semaphore=1),
    ),
    ("destination with SET", Error.RESERVED_FIELD, packet(Opcode.SIGNAL, destination=8)),
    ("space with ADD", Error.RESERVED_FIELD, packet(Opcode.SIGNAL, mode=1, destination_space=1)),
    ("vector 32", Error.BAD_VECTOR, packet(Opcode.NOP, Flag.INTERRUPT, vector=32)),
    ("record at 8", Error.RECORD_ALIGNMENT, nop(ARENA + 8)),
    ("source space 2", Error.BAD_SPACE, copy(source_space=2)),
    ("destination space 255", Error.BAD_SPACE, copy(destination_space=255)),
    ("FILL space 2", Error.BAD_SPACE, packet(Opcode.FILL, destination_space=2)),
    ("WRITE space 2", Error.BAD_SPACE, packet(Opcode.WRITE, destination_space=2)),
    ("LAUNCH space 2", Error.BAD_SPACE, launch(arguments_space=2)),
    ("SIGNAL space 2", Error.BAD_SPACE, packet(Opcode.SIGNAL, mode=2, destination_space=2)),
    ("signal mode 3", Error.BAD_MODE, packet(Opcode.SIGNAL, mode=3)),
    ("wait condition 2", Error.BAD_MODE, packet(Opcode.WAIT, condition=2)),
    ("WRITE of 25", Error.BAD_LENGTH, packet(Opcode.WRITE, length=25)),
    ("arguments of 63", Error.BAD_LENGTH, launch(arguments_length=63)),
    ("WRITE8 at 4", Error.BAD_ALIGNMENT, packet(Opcode.SIGNAL, mode=2, destination=4)),
    ("arguments at 32", Error.BAD_ALIGNMENT, launch(arguments=ARENA + 32)),
    (
        "source past memory",
        Error.OUT_OF_RANGE,
        copy(source=END - 7, source_space=DEVICE, length=8),
    ),
    (
        "destination past memory",
        Error.OUT_OF_RANGE,
        copy(destination=END, destination_space=DEVICE, length=1),
    ),
    ("address past memory", Error.OUT_OF_RANGE, copy(source=END + 1, source_space=DEVICE)),
    ("HOST wraps", Error.OUT_OF_RANGE, copy(source=(1 << 64) - 1, length=2)),
    (
        "FILL past memory",
        Error.OUT_OF_RANGE,
        packet(Opcode.FILL, destination=END - 1, length=2, destination_space=DEVICE),
    ),
    (
        "WRITE past memory",
        Error.OUT_OF_RANGE,
        packet(Opcode.WRITE, destination=END - 1, length=2, destination_space=DEVICE),
    ),
    (
        "arguments past memory",
        Error.OUT_OF_RANGE,
        launch(arguments=END, arguments_space=DEVICE),
    ),
    (
        "WRITE8 past memory",
        Error.OUT_OF_RANGE,
        packet(Opcode.SIGNAL, mode=2, destination=END, destination_space=DEVICE),
    ),
    ("WAIT semaphore", Error.BAD_SEMAPHORE, packet(Opcode.WAIT, semaphore=SHAPE.semaphores)),
    ("SIGNAL semaphore", Error.BAD_SEMAPHORE, packet(Opcode.SIGNAL, semaphore=1 << 31)),
    ("kernel 0", Error.BAD_KERNEL, launch(kernel=0)),
    ("kernel planned", Error.BAD_KERNEL, launch(kernel=Kernel.LOOKUP)),
    ("kernel 65535", Error.BAD_KERNEL, launch(kernel=65535)),
    *(
        (f"{axis} = 0", Error.BAD_GRID, launch(**{axis: 0}))
        for axis in ("grid_x", "grid_y", "grid_z")
    ),
    ("grid above the limit", Error.BAD_GRID, launch(grid_y=limits.GRID_MAX + 1)),
    ("no unit", Error.BAD_UNITS, launch(unit_mask=0)),
    ("absent unit", Error.BAD_UNITS, launch(unit_mask=1 << SHAPE.units)),
]


@pytest.mark.parametrize(
    ("code", "made"), [item[1:] for item in BAD], ids=[item[0] for item in BAD]
)
def test_each_code_is_found(code: Error, made: bytes) -> None:
    found = check(made, SHAPE)
    assert isinstance(found, Rejection)
    assert found.code is code


def test_every_packet_code_is_covered() -> None:
    known = {code for code in Error if ERROR_GROUPS[code] == "packet"}
    assert {code for _, code, _ in BAD} == known


GOOD = {
    "length 0 at the end of memory": copy(
        source=END, source_space=DEVICE, destination=END, destination_space=DEVICE
    ),
    "length 0 at the end of HOST": copy(source=(1 << 64) - 1, destination=0),
    "last byte of HOST": copy(source=(1 << 64) - 1, length=1),
    "WRITE of 24": packet(Opcode.WRITE, length=24, data=b"\1" * 24),
    "arguments at the end": launch(arguments=END - 64, arguments_space=DEVICE),
    "largest grid": launch(grid_x=limits.GRID_MAX, grid_y=limits.GRID_MAX, grid_z=limits.GRID_MAX),
    "all flags": packet(
        Opcode.NOP, Flag(7), vector=31, record_address=16, record_value=1, tag=1 << 31
    ),
    "WRITE8 to the last word": packet(
        Opcode.SIGNAL, mode=2, destination=END - 8, destination_space=DEVICE
    ),
}


@pytest.mark.parametrize("made", GOOD.values(), ids=GOOD.keys())
def test_good_packets_pass(made: bytes) -> None:
    assert not isinstance(check(made, SHAPE), Rejection)


@pytest.mark.parametrize("opcode", [code for code in Opcode if OPCODE_IMPLEMENTED >> code & 1])
def test_every_reserved_byte_is_checked(opcode: Opcode) -> None:
    good = launch() if opcode is Opcode.LAUNCH else packet(opcode)
    assert not isinstance(check(good, SHAPE), Rejection)
    for start, end in RESERVED[opcode.name]:
        for at in range(start, end):
            found = check(raw(at, 0x80, good), SHAPE)
            assert isinstance(found, Rejection)
            assert found.code is Error.RESERVED_FIELD


def faults(made: bytes) -> set[Error]:
    """Every fault of a packet, each looked for alone: a slow second opinion with numpy."""
    opcode, found = made[0], set()
    if not OPCODE_IMPLEMENTED >> opcode & 1:
        return {Error.BAD_OPCODE}
    f = np.frombuffer(made, PACKETS[Opcode(opcode)])[0]
    names = f.dtype.names
    used = {byte for at, size in _places(f.dtype) for byte in range(at, at + size)}
    if f["flags"] > 7:
        found.add(Error.BAD_FLAGS)
    if any(made[at] for at in set(range(64)) - used):
        found.add(Error.RESERVED_FIELD)
    if not f["flags"] & 4 and f["vector"]:
        found.add(Error.RESERVED_FIELD)
    if not f["flags"] & 2 and (f["record_address"] or f["record_value"]):
        found.add(Error.RESERVED_FIELD)
    if f["flags"] & 4 and f["vector"] >= SHAPE.vectors:
        found.add(Error.BAD_VECTOR)
    if f["flags"] & 2 and f["record_address"] % 16:
        found.add(Error.RECORD_ALIGNMENT)
    operands = []
    if opcode in (Opcode.COPY, Opcode.FILL, Opcode.WRITE):
        for name in ("source", "destination"):
            if name in names:
                operands.append((f[f"{name}_space"], int(f[name]), int(f["length"])))
    if opcode == Opcode.WRITE:
        if f["length"] > 24:
            found.add(Error.BAD_LENGTH)
        elif f["data"][f["length"] :].any():
            found.add(Error.RESERVED_FIELD)
    if opcode == Opcode.WAIT:
        if f["condition"] > 1:
            found.add(Error.BAD_MODE)
        if f["semaphore"] >= SHAPE.semaphores:
            found.add(Error.BAD_SEMAPHORE)
    if opcode == Opcode.SIGNAL:
        if f["mode"] > 2:
            found.add(Error.BAD_MODE)
        elif f["mode"] == 2:
            operands.append((f["destination_space"], int(f["destination"]), 8))
            if f["semaphore"]:
                found.add(Error.RESERVED_FIELD)
            if f["destination"] % 8:
                found.add(Error.BAD_ALIGNMENT)
        else:
            if f["destination"] or f["destination_space"]:
                found.add(Error.RESERVED_FIELD)
            if f["semaphore"] >= SHAPE.semaphores:
                found.add(Error.BAD_SEMAPHORE)
    if opcode == Opcode.LAUNCH:
        operands.append((f["arguments_space"], int(f["arguments"]), int(f["arguments_length"])))
        if f["arguments_length"] != 64:
            found.add(Error.BAD_LENGTH)
        if f["arguments"] % 64:
            found.add(Error.BAD_ALIGNMENT)
        if f["kernel"] not in (Kernel.GEMM_S8, Kernel.REQUANTISE):
            found.add(Error.BAD_KERNEL)
        if not all(1 <= f[f"grid_{axis}"] <= limits.GRID_MAX for axis in "xyz"):
            found.add(Error.BAD_GRID)
        if f["unit_mask"] == 0 or f["unit_mask"] >= 1 << SHAPE.units:
            found.add(Error.BAD_UNITS)
    for space, address, length in operands:
        if space > 1:
            found.add(Error.BAD_SPACE)
        elif address + length > (1 << 64, SHAPE.memory)[space]:
            found.add(Error.OUT_OF_RANGE)
    return found


def _places(layout: np.dtype[np.void]) -> list[tuple[int, int]]:
    return [(item[1], item[0].itemsize) for item in layout.fields.values()]


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """A good packet of a random opcode with a few bytes made wrong."""
    opcode = draw(st.sampled_from([code for code in Opcode if OPCODE_IMPLEMENTED >> code & 1]))
    made = bytearray(launch() if opcode is Opcode.LAUNCH else packet(opcode))
    for _ in range(draw(st.integers(0, 4))):
        made[draw(st.integers(0, 63))] = draw(st.sampled_from([1, 2, 3, 4, 8, 16, 64, 128, 255]))
    return bytes(made)


@prop(300)
@given(packets())
def test_the_smallest_code_wins(made: bytes) -> None:
    found, expected = check(made, SHAPE), faults(made)
    if expected:
        assert isinstance(found, Rejection)
        assert found.code is min(expected)
    else:
        assert not isinstance(found, Rejection)


def test_a_bad_packet_halts_its_queue_and_has_no_effect() -> None:
    bench = Bench()
    ring, other = bench.queue(0), bench.queue(1)
    bad = packet(
        Opcode.COPY, Flag(3), source=ARENA, destination=END, destination_space=DEVICE,
        length=64, tag=77, record_address=ring.record, record_value=9,
    )  # fmt: skip
    ring.submit(nop(ring.record, 1), bad, nop(ring.record, 3))
    other.submit(nop(other.record, 5))
    bench.settle()
    assert ring.recorded == 1
    assert other.recorded == 5
    assert ring.state is QueueState.HALTED
    assert ring.idle
    assert ring.code is Error.OUT_OF_RANGE
    error = ring.error
    assert (error["opcode"], error["queue"], error["tag"], error["index"]) == (2, 0, 77, 1)
    assert (error["inner_index"], error["detail"], error["address"]) == (0xFFFF_FFFF, 0, END)
    assert error["generation"] == 1
    words = b"".join(bench.read(word).to_bytes(8, "little") for word in ring.block.ERROR)
    assert words == error.tobytes()
    assert bench.transport.interrupts(0) == 1
    assert not bench.transport.faults()
