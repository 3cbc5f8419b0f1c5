"""Commands as packets: arrays in, arrays of 64-byte packets out. Nothing here touches a device."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.checks import integer
from doorbell.contract import PACKET, PACKETS, Opcode, SignalMode, Space, WaitCondition, limits
from doorbell.errors import ArgumentError

__all__ = ["copies", "encode", "fill", "inline", "launch", "nop", "nops", "signal", "wait", "write"]

Packets = npt.NDArray[np.void]
Integers = int | npt.NDArray[np.integer[Any]]

_COUNT_MAX: Final = (1 << 31) - 1


def encode(opcode: Opcode, count: int = 1, **operands: Any) -> Packets:
    """Return ``count`` packets (dtype ``PACKET``) of ``opcode``; operands are scalars or arrays of length ``count``.

    Flags, vector, tag and record are zero: the queue fills them in. Operand names are those of
    ``contract/packets.yaml``.

    Raises:
        ArgumentError: the opcode or an operand is unknown, an operand does not fit its field or is
        no integer, or an array has another length than ``count``.
    """
    packets = np.zeros(integer("count", count, 0, _COUNT_MAX), _layout(opcode))
    packets["opcode"] = opcode
    for name, value in operands.items():
        _store(packets, opcode, name, value)
    return packets.view(PACKET)


def _layout(opcode: object) -> np.dtype[np.void]:
    if not isinstance(opcode, Opcode) or opcode not in PACKETS:
        known = ", ".join(f"Opcode.{one.name}" for one in PACKETS)
        raise ArgumentError(f"no layout of opcode {opcode!r}; give one of {known}")
    return PACKETS[opcode]


def _store(packets: Packets, opcode: Opcode, name: str, value: Any) -> None:
    names = packets.dtype.names or ()
    if name not in names:
        raise ArgumentError(f"{opcode.name} has no operand {name!r}; it has {', '.join(names)}")
    field, what = packets.dtype[name], f"{opcode.name}.{name}"
    if not isinstance(value, np.ndarray):
        limit = 0 if field.subdtype else (1 << 8 * field.itemsize) - 1
        packets[name] = integer(what, value, 0, limit)
        return
    if value.dtype.kind not in "iu":
        raise ArgumentError(f"{what}: an array of {value.dtype}; give integers")
    shape = packets[name].shape if value.ndim else ()
    if value.shape not in {shape, field.shape}:
        raise ArgumentError(f"{what}: an array of shape {value.shape}; give {shape} or a scalar")
    limit = int(np.iinfo(field.base).max)
    if value.size and (int(value.min()) < 0 or int(value.max()) > limit):
        raise ArgumentError(
            f"{what}: {int(value.min())} to {int(value.max())} does not fit 0 to {limit}"
        )
    packets[name] = value


def nops(count: int) -> Packets:
    """Return ``count`` NOP packets."""
    return encode(Opcode.NOP, count)


def nop() -> Packets:
    """Return one NOP packet."""
    return nops(1)


def copies(
    source: Integers,
    destination: Integers,
    length: Integers,
    *,
    source_space: Space = Space.DEVICE,
    destination_space: Space = Space.DEVICE,
) -> Packets:
    """Return COPY packets; addresses and lengths (bytes, 0 to 2^32 - 1) are scalars or arrays of one length.

    Raises:
        ArgumentError: arrays of different lengths, or a value outside its field.
    """
    sizes = {value.size for value in (source, destination, length) if isinstance(value, np.ndarray)}
    if len(sizes) > 1:
        raise ArgumentError(
            f"copies: arrays of {sorted(sizes)} elements; give one length or scalars"
        )
    return encode(
        Opcode.COPY,
        sizes.pop() if sizes else 1,
        source=source,
        destination=destination,
        length=length,
        source_space=source_space,
        destination_space=destination_space,
    )


def fill(destination: int, pattern: int, length: int, *, space: Space = Space.DEVICE) -> Packets:
    """Return one FILL of ``length`` bytes with the 8-byte ``pattern``, which starts at the first byte."""
    return encode(
        Opcode.FILL,
        pattern=pattern,
        destination=destination,
        length=length,
        destination_space=space,
    )


def inline(data: object) -> bytes:
    """Return what WRITE can carry.

    Raises:
        ArgumentError: no bytes at all, or more than ``WRITE_MAX_BYTES``.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentError(f"WRITE of {type(data).__name__}; give bytes")
    if len(data) > limits.WRITE_MAX_BYTES:
        raise ArgumentError(
            f"WRITE of {len(data)} bytes: at most {limits.WRITE_MAX_BYTES}; use a copy"
        )
    return bytes(data)


def write(destination: int, data: bytes, *, space: Space = Space.DEVICE) -> Packets:
    """Return one WRITE of up to 24 bytes carried in the packet.

    Raises:
        ArgumentError: more than ``WRITE_MAX_BYTES`` bytes, or no bytes at all.
    """
    data = inline(data)
    padded = np.zeros(limits.WRITE_MAX_BYTES, np.uint8)
    padded[: len(data)] = np.frombuffer(data, np.uint8)
    return encode(
        Opcode.WRITE,
        length=len(data),
        destination_space=space,
        destination=destination,
        data=padded,
    )


def launch(
    kernel: int, grid: tuple[int, int, int], arguments: int, *, unit_mask: int, space: Space
) -> Packets:
    """Return one LAUNCH of ``grid`` (x, y, z) work-groups with the 64-byte block at ``arguments``.

    Raises:
        ArgumentError: ``grid`` is no three sizes, or a value does not fit its field.
    """
    x, y, z = _sizes(grid)
    return encode(
        Opcode.LAUNCH,
        kernel=kernel,
        unit_mask=unit_mask,
        arguments=arguments,
        arguments_length=limits.ARGUMENT_BYTES,
        arguments_space=space,
        grid_x=x,
        grid_y=y,
        grid_z=z,
    )


def _sizes(grid: object) -> tuple[Any, Any, Any]:
    if not isinstance(grid, tuple) or len(grid) != 3:
        raise ArgumentError(f"grid = {grid!r}; give x, y, z")
    return grid


def wait(
    semaphore: int, value: int, condition: WaitCondition = WaitCondition.GE, deadline: int = 0
) -> Packets:
    """Return one WAIT for ``value``, 0 to 2^64 - 1; ``deadline`` in cycles, 0 takes the queue's limit (SEM rules)."""
    return encode(
        Opcode.WAIT, semaphore=semaphore, condition=condition, value=value, deadline=deadline
    )


def signal(semaphore: int, value: int, mode: SignalMode = SignalMode.SEMAPHORE_SET) -> Packets:
    """Return one SIGNAL of a semaphore: set to ``value``, or add it modulo 2^64; 0 to 2^64 - 1."""
    return encode(Opcode.SIGNAL, mode=mode, semaphore=semaphore, value=value)
