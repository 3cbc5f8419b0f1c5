"""Validation of a whole packet before any effect: codes in checking order, so the smallest wins (CP-PKT rules)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from doorbell.contract import (
    KERNEL_IMPLEMENTED,
    OPCODE_IMPLEMENTED,
    RESERVED,
    Error,
    Flag,
    Opcode,
    SignalMode,
    Space,
    WaitCondition,
    limits,
)
from doorbell.model.packet import Fields, decode
from doorbell.model.shape import Shape

__all__ = ["Rejection", "check"]

_HOST_BYTES: Final = 1 << 64
_RECORD: Final = int(Flag.RECORD)
_INTERRUPT: Final = int(Flag.INTERRUPT)
_FLAGS: Final = int(Flag.BARRIER) | _RECORD | _INTERRUPT
_RESERVED: Final = {Opcode[name]: ranges for name, ranges in RESERVED.items()}
_NOTHING: Final = bytes(64)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a packet or argument block is refused, and the address that the error record names (0: none)."""

    code: Error
    address: int = 0


def check(packet: bytes, shape: Shape) -> Fields | Rejection:
    """Return the fields of a good packet of 64 bytes, or the smallest of its faults (CP-PKT-002)."""
    if not OPCODE_IMPLEMENTED >> packet[0] & 1:
        return Rejection(Error.BAD_OPCODE)
    if packet[1] & ~_FLAGS:
        return Rejection(Error.BAD_FLAGS)
    fields = decode(packet)
    opcode = Opcode(packet[0])
    if _reserved(packet, opcode, fields):
        return Rejection(Error.RESERVED_FIELD)
    if fields["vector"] >= shape.vectors:
        return Rejection(Error.BAD_VECTOR)
    if fields["record_address"] % limits.RECORD_BYTES:
        return Rejection(Error.RECORD_ALIGNMENT, fields["record_address"])
    return _operands(opcode, fields, shape) or fields


def _reserved(packet: bytes, opcode: Opcode, fields: Fields) -> bool:
    """CP-PKT-005 to CP-PKT-008."""
    flags = fields["flags"]
    for start, end in _RESERVED[opcode]:
        if packet[start:end] != _NOTHING[start:end]:
            return True
    if fields["vector"] and not flags & _INTERRUPT:
        return True
    if (fields["record_address"] or fields["record_value"]) and not flags & _RECORD:
        return True
    if opcode is Opcode.WRITE:
        return any(fields["data"][fields["length"] :])
    if opcode is Opcode.SIGNAL:
        if fields["mode"] == SignalMode.WRITE8:
            return bool(fields["semaphore"])
        if fields["mode"] in (SignalMode.SEMAPHORE_SET, SignalMode.SEMAPHORE_ADD):
            return bool(fields["destination"] or fields["destination_space"])
    return False


def _operands(opcode: Opcode, fields: Fields, shape: Shape) -> Rejection | None:
    match opcode:
        case Opcode.COPY:
            return _ranges(
                shape,
                (fields["source_space"], fields["source"], fields["length"]),
                (fields["destination_space"], fields["destination"], fields["length"]),
            )
        case Opcode.FILL:
            return _ranges(
                shape, (fields["destination_space"], fields["destination"], fields["length"])
            )
        case Opcode.WRITE:
            operand = fields["destination_space"], fields["destination"], fields["length"]
            bad = fields["length"] > limits.WRITE_MAX_BYTES
            return _ranges(shape, operand, late=Rejection(Error.BAD_LENGTH) if bad else None)
        case Opcode.LAUNCH:
            return _launch(fields, shape)
        case Opcode.WAIT:
            if fields["condition"] not in list(WaitCondition):
                return Rejection(Error.BAD_MODE)
            return _semaphore(fields, shape)
        case Opcode.SIGNAL:
            return _signal(fields, shape)
    return None


def _ranges(
    shape: Shape, *operands: tuple[int, int, int], late: Rejection | None = None
) -> Rejection | None:
    """Check (space, address, length) of each: spaces first, then ``late``, then ranges (CP-PKT-011, 015 to 017)."""
    for space, _, _ in operands:
        if space not in (Space.HOST, Space.DEVICE):
            return Rejection(Error.BAD_SPACE)
    if late is not None:
        return late
    for space, address, length in operands:
        if address + length > (_HOST_BYTES if space == Space.HOST else shape.memory):
            return Rejection(Error.OUT_OF_RANGE, address)
    return None


def _launch(fields: Fields, shape: Shape) -> Rejection | None:
    """CP-PKT-013, 014, 019 to 021."""
    late = None
    if fields["arguments_length"] != limits.ARGUMENT_BYTES:
        late = Rejection(Error.BAD_LENGTH)
    elif fields["arguments"] % limits.ARGUMENT_BYTES:
        late = Rejection(Error.BAD_ALIGNMENT, fields["arguments"])
    operand = fields["arguments_space"], fields["arguments"], fields["arguments_length"]
    bad = _ranges(shape, operand, late=late)
    if bad is not None:
        return bad
    if not KERNEL_IMPLEMENTED >> fields["kernel"] & 1:
        return Rejection(Error.BAD_KERNEL)
    if not all(1 <= fields[name] <= limits.GRID_MAX for name in ("grid_x", "grid_y", "grid_z")):
        return Rejection(Error.BAD_GRID)
    if not fields["unit_mask"] or fields["unit_mask"] >> shape.units:
        return Rejection(Error.BAD_UNITS)
    return None


def _signal(fields: Fields, shape: Shape) -> Rejection | None:
    """CP-PKT-011, 012, 014, 018."""
    if fields["mode"] not in list(SignalMode):
        return Rejection(Error.BAD_MODE)
    if fields["mode"] != SignalMode.WRITE8:
        return _semaphore(fields, shape)
    bad = (
        Rejection(Error.BAD_ALIGNMENT, fields["destination"]) if fields["destination"] % 8 else None
    )
    return _ranges(shape, (fields["destination_space"], fields["destination"], 8), late=bad)


def _semaphore(fields: Fields, shape: Shape) -> Rejection | None:
    """CP-PKT-018."""
    bad = fields["semaphore"] >= shape.semaphores
    return Rejection(Error.BAD_SEMAPHORE) if bad else None
