"""Commands as packets: arrays in, arrays of 64-byte packets out. Nothing here touches a device."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import PACKET, PACKETS, Opcode, SignalMode, Space, WaitCondition, limits
from doorbell.errors import ArgumentError

__all__ = ["copies", "encode", "fill", "launch", "nop", "nops", "signal", "wait", "write"]

Packets = npt.NDArray[np.void]
Integers = int | npt.NDArray[np.integer[Any]]

_U64: Final = (1 << 64) - 1


def encode(opcode: Opcode, count: int = 1, **operands: Any) -> Packets:
    """Return ``count`` packets (dtype ``PACKET``) of ``opcode``; operands are scalars or arrays of length ``count``.

    Flags, vector, tag and record are zero: the queue fills them in. Operand names are those of
    ``contract/packets.yaml``.

    Raises:
        ArgumentError: an operand is unknown, or does not fit its field.
    """
    layout = PACKETS[opcode]
    packets = np.zeros(count, layout)
    packets["opcode"] = opcode
    for name, value in operands.items():
        _store(packets, opcode, name, value)
    return packets.view(PACKET)


def _store(packets: Packets, opcode: Opcode, name: str, value: Any) -> None:
    names = packets.dtype.names or ()
    if name not in names:
        raise ArgumentError(f"{opcode.name} has no operand {name!r}; it has {', '.join(names)}")
    if isinstance(value, int):
        base = packets.dtype[name].base
        low, high = (np.iinfo(base).min, np.iinfo(base).max) if base.kind in "iu" else (0, 0)
        if not low <= value <= high:
            raise ArgumentError(
                f"{opcode.name}.{name} = {value} does not fit its field: give {low} to {high}"
            )
    elif (
        isinstance(value, np.ndarray)
        and value.dtype.kind in "iu"
        and packets.dtype[name].subdtype is None
    ):
        limit = np.iinfo(packets.dtype[name]).max
        if value.size and (int(value.min()) < 0 or int(value.max()) > limit):
            raise ArgumentError(
                f"{opcode.name}.{name}: {int(value.min())} to {int(value.max())} does not fit 0 to {limit}"
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


def write(destination: int, data: bytes, *, space: Space = Space.DEVICE) -> Packets:
    """Return one WRITE of up to 24 bytes carried in the packet.

    Raises:
        ArgumentError: more than ``WRITE_MAX_BYTES`` bytes.
    """
    if len(data) > limits.WRITE_MAX_BYTES:
        raise ArgumentError(
            f"WRITE of {len(data)} bytes: at most {limits.WRITE_MAX_BYTES}; use a copy"
        )
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
    """Return one LAUNCH of ``grid`` (x, y, z) work-groups with the 64-byte block at ``arguments``."""
    return encode(
        Opcode.LAUNCH,
        kernel=kernel,
        unit_mask=unit_mask,
        arguments=arguments,
        arguments_length=limits.ARGUMENT_BYTES,
        arguments_space=space,
        grid_x=grid[0],
        grid_y=grid[1],
        grid_z=grid[2],
    )


def wait(
    semaphore: int, value: int, condition: WaitCondition = WaitCondition.GE, deadline: int = 0
) -> Packets:
    """Return one WAIT; ``deadline`` in cycles, 0 takes the queue's limit (SEM rules)."""
    return encode(
        Opcode.WAIT, semaphore=semaphore, condition=condition, value=value & _U64, deadline=deadline
    )


def signal(semaphore: int, value: int, mode: SignalMode = SignalMode.SEMAPHORE_SET) -> Packets:
    """Return one SIGNAL of a semaphore: set, or add modulo 2^64."""
    return encode(Opcode.SIGNAL, mode=mode, semaphore=semaphore, value=value & _U64)
