"""Commands of one queue, noted as plain numbers one by one and encoded all at once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import ARGUMENTS, PACKET, Flag, Kernel, Opcode, limits
from doorbell.encode import encode

__all__ = ["Batch"]

Operands = tuple[Any, ...]

_OPERANDS: Final[dict[Opcode, tuple[str, ...]]] = {
    Opcode.NOP: (),
    Opcode.COPY: ("source", "destination", "length", "source_space", "destination_space"),
    Opcode.FILL: ("pattern", "destination", "length", "destination_space"),
    Opcode.WRITE: ("length", "destination_space", "destination", "data"),
    Opcode.LAUNCH: ("kernel", "unit_mask", "grid_x", "grid_y", "grid_z"),
    Opcode.WAIT: ("semaphore", "value"),
    Opcode.SIGNAL: ("mode", "semaphore", "value"),
}


class Batch:
    """Commands in order; `len()` counts them."""

    def __init__(self) -> None:
        self._places: dict[Opcode, list[int]] = {opcode: [] for opcode in _OPERANDS}
        self._rows: dict[Opcode, list[Operands]] = {opcode: [] for opcode in _OPERANDS}
        self._barriers: list[int] = []
        self._blocks: list[npt.NDArray[np.uint8]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def blocks(self) -> list[npt.NDArray[np.uint8]]:
        """The argument block of each LAUNCH, in order."""
        return self._blocks

    def add(self, opcode: Opcode, operands: Operands, *, barrier: bool = False) -> None:
        """Note a command, with its operands in the order of the table above."""
        self._places[opcode].append(self._count)
        self._rows[opcode].append(operands)
        if barrier:
            self._barriers.append(self._count)
        self._count += 1

    def launch(
        self, kernel: Kernel, arguments: dict[str, int], grid: Operands, *, mask: int, barrier: bool
    ) -> None:
        """Note a LAUNCH of ``grid`` (x, y, z) work-groups on the units of ``mask``."""
        block = np.zeros(1, ARGUMENTS[kernel])
        for name, value in arguments.items():
            block[name] = value
        self._blocks.append(block.view(np.uint8))
        self.add(Opcode.LAUNCH, (kernel, mask, *grid), barrier=barrier)

    def packets(self, arguments: int) -> npt.NDArray[np.void]:
        """Return the packets (dtype ``PACKET``); the argument blocks stand at bus address ``arguments``."""
        found = np.zeros(self._count, PACKET)
        for opcode, rows in self._rows.items():
            if not rows:
                continue
            columns = dict(
                zip(_OPERANDS[opcode], map(_column, zip(*rows, strict=True)), strict=True)
            )
            if opcode is Opcode.LAUNCH:
                columns["arguments"] = _addresses(arguments, len(rows))
                columns["arguments_length"] = np.full(len(rows), limits.ARGUMENT_BYTES)
            found[self._places[opcode]] = encode(opcode, len(rows), **columns)
        found["flags"][self._barriers] = Flag.BARRIER
        return found

    def counts(self) -> dict[str, int]:
        """Return how many commands of each opcode there are."""
        return {opcode.name: len(places) for opcode, places in self._places.items()}


def _column(values: tuple[Any, ...]) -> npt.NDArray[Any]:
    if isinstance(values[0], bytes):
        return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
    return np.array(values, np.uint64)


def _addresses(base: int, count: int) -> npt.NDArray[np.uint64]:
    return np.uint64(base) + np.arange(count, dtype=np.uint64) * np.uint64(limits.ARGUMENT_BYTES)
