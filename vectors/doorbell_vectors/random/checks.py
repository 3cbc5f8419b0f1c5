"""Which errors a packet has, worked out from the rules CP-PKT-002 to 021 over its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from doorbell.contract import PACKETS, Error, Kernel, Opcode, limits
from doorbell_vectors.random.plan import INTERRUPT, RECORD, Operand, Packet, Place

__all__ = ["DEVICE_END", "VECTORS_MOST", "faults", "gaps", "operands"]

DEVICE_END: Final = "cap.device_memory"
"""Base of places counted from the end of device memory."""
VECTORS_MOST: Final = 32
"""No device has more vectors: the register map has no room for them."""
_FLAGS: Final = 7
_ACTIVE: Final = frozenset(opcode.value for opcode in PACKETS)
_ALIGNED: Final = 64
_SPACES: Final = 2
_UNITS_MOST: Final = 8


@cache
def gaps(op: str) -> list[int]:
    """Return the offsets of a packet's bytes that no field of its opcode names."""
    fields: Mapping[str, Any] = PACKETS[Opcode[op]].fields or {}
    used: set[int] = set()
    for dtype, at, *_ in fields.values():
        used |= set(range(at, at + np.dtype(dtype).itemsize))
    return [at for at in range(limits.PACKET_BYTES) if at not in used]


def operands(packet: Packet) -> Iterator[tuple[str, str, int]]:
    """Yield field, space's field and length of each address that the packet uses, lowest field first."""
    if packet.op == "COPY":
        yield "source", "source_space", packet.number("length")
    if packet.op in {"COPY", "FILL", "WRITE"}:
        yield "destination", "destination_space", packet.number("length")
    if packet.op == "SIGNAL" and packet.number("mode") == 2:
        yield "destination", "destination_space", 8
    if packet.op == "LAUNCH":
        yield "arguments", "arguments_space", packet.number("arguments_length")


def faults(packet: Packet) -> list[tuple[Error, Operand]]:
    """Return every error of ``packet`` with the address that its record shows, smallest code first."""
    return sorted(_faults(packet), key=lambda found: found[0])


def _faults(packet: Packet) -> Iterator[tuple[Error, Operand]]:
    opcode = Opcode[packet.op].value if packet.opcode is None else packet.opcode
    if opcode not in _ACTIVE:
        yield Error.BAD_OPCODE, 0
        return  # operands of an unknown opcode mean nothing, and no code is smaller
    if packet.flags & ~_FLAGS:
        yield Error.BAD_FLAGS, 0
    if _reserved(packet):
        yield Error.RESERVED_FIELD, 0
    if packet.flags & INTERRUPT and packet.vector >= VECTORS_MOST:
        yield Error.BAD_VECTOR, 0
    if packet.flags & RECORD and packet.record_shift % 16:
        yield Error.RECORD_ALIGNMENT, Place("record", packet.record_shift)
    yield from _of_operands(packet)
    if packet.op == "SIGNAL" and packet.number("mode") > 2:
        yield Error.BAD_MODE, 0
    if packet.op == "WAIT" and packet.number("condition") > 1:
        yield Error.BAD_MODE, 0
    counted = packet.op == "WAIT" or (packet.op == "SIGNAL" and packet.number("mode") < 2)
    if counted and isinstance(packet.get("semaphore"), Place):
        yield Error.BAD_SEMAPHORE, 0
    if packet.op == "WRITE" and packet.number("length") > limits.WRITE_MAX_BYTES:
        yield Error.BAD_LENGTH, 0
    if packet.op == "LAUNCH":
        yield from _of_launch(packet)


def _reserved(packet: Packet) -> bool:
    unused = set(gaps(packet.op))
    if any(value and at in unused for at, value in packet.pokes):
        return True
    if packet.vector and not packet.flags & INTERRUPT:
        return True
    if any(value and at >= 48 and not packet.flags & RECORD for at, value in packet.pokes):
        return True
    if packet.op == "WRITE":
        return any(packet.data[packet.number("length") :])
    if packet.op == "SIGNAL":
        mode = packet.number("mode")
        unfit = ("semaphore",) if mode == 2 else ("destination", "destination_space")
        return mode <= 2 and any(packet.get(name) != 0 for name in unfit)
    return False


def _of_operands(packet: Packet) -> Iterator[tuple[Error, Operand]]:
    for name, space, length in operands(packet):
        address = packet.get(name)
        if packet.number(space) >= _SPACES:
            yield Error.BAD_SPACE, 0
        elif _past_end(address, length, device=packet.number(space) == 1):
            yield Error.OUT_OF_RANGE, address
        align = {"SIGNAL": 8, "LAUNCH": _ALIGNED}.get(packet.op, 1)
        offset = address.add if isinstance(address, Place) else address
        if offset % align:
            yield Error.BAD_ALIGNMENT, address


def _past_end(address: Operand, length: int, *, device: bool) -> bool:
    if isinstance(address, Place):
        return address.base == DEVICE_END and address.add + length > 0
    return address + length > (1 << 40 if device else 1 << 64)


def _of_launch(packet: Packet) -> Iterator[tuple[Error, Operand]]:
    if packet.number("arguments_length") != limits.ARGUMENT_BYTES:
        yield Error.BAD_LENGTH, 0
    if packet.number("kernel") not in {Kernel.GEMM_S8, Kernel.REQUANTISE}:
        yield Error.BAD_KERNEL, 0
    grid = [packet.number(f"grid_{axis}") for axis in "xyz"]
    if any(not 1 <= count <= limits.GRID_MAX for count in grid):
        yield Error.BAD_GRID, 0
    mask = packet.number("unit_mask")
    if mask == 0 or mask >> _UNITS_MOST:
        yield Error.BAD_UNITS, 0
