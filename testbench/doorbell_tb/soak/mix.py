"""The commands of a soak: drawn at random, carried out in numpy's memory at once, and written down for the device.

Memory is cut into cells, the first half of them in host memory, the others on the device. Each queue
has cells of its own, and now and then takes a stranger's; `Hazards` says what must then wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell import reference
from doorbell.contract import Kernel, Opcode, SignalMode, Space
from doorbell_tb.soak.hazards import Hazards
from doorbell_tb.soak.packets import Batch

__all__ = ["CELL", "Layout", "Mix"]

CELL: Final = 1024
"""Bytes of a cell."""
_OWN: Final = 32
"""Cells of a queue: half of them in host memory."""
_STRANGER: Final = 1 / 24
"""Share of the cells that belong to any queue."""
_KINDS: Final = ("nop", "copy", "fill", "write", "gemm", "requantise")
_SHARES: Final = (0.16, 0.40, 0.17, 0.23, 0.02, 0.02)
_LENGTHS: Final = (17, 70, 300, CELL + 1)
_SIDE: Final = 15  # largest m, n, k: an int32 matrix fits a cell with room to move


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are on the device: bus address, device address, semaphore of each queue, unit mask."""

    host: int
    device: int
    semaphores: tuple[int, ...]
    units: int

    @property
    def queues(self) -> int:
        """Number of queues."""
        return len(self.semaphores)

    @property
    def bytes(self) -> int:
        """Bytes of each half, host and device."""
        return self.queues * _OWN // 2 * CELL


class Mix:
    """Draws commands; ``memory`` (uint8, host cells then device cells) is what they must leave."""

    def __init__(self, layout: Layout, rng: np.random.Generator) -> None:
        self.memory: npt.NDArray[np.uint8] = rng.integers(0, 256, 2 * layout.bytes, np.uint8)
        self.semaphores = [0] * layout.queues
        """Value of each queue's semaphore when everything has retired."""
        self.positions = [0] * layout.queues
        """Commands of each queue so far."""
        self._layout = layout
        self._rng = rng
        self._bytes = memoryview(self.memory.data)
        self._hazards = Hazards(layout.queues, 2 * layout.bytes // CELL)
        self._last: dict[int, str] = {}

    def rest(self) -> None:
        """Everything has retired."""
        self._hazards.rest()

    def last(self, at: int) -> str:
        """Say which command wrote last to the cell of byte ``at`` of ``memory``."""
        return self._last.get(at // CELL, "no command")

    def draw(self, count: int) -> list[Batch]:
        """Return at least ``count`` commands, a batch for each queue; SIGNAL and WAIT come in on top."""
        rng, layout = self._rng, self._layout
        batches = [Batch() for _ in range(layout.queues)]
        kinds = rng.choice(len(_KINDS), count, p=_SHARES).tolist()
        queues = rng.integers(layout.queues, size=count).tolist()
        cells = self._cells(np.array(queues))
        spots = rng.random((count, 2)).tolist()
        sizes = rng.integers(0, np.take(_LENGTHS, rng.integers(len(_LENGTHS), size=count))).tolist()
        words = rng.bytes(24 * count)
        for at in range(count):
            kind, queue = _KINDS[kinds[at]], queues[at]
            data = words[24 * at : 24 * at + 24]
            if kind == "nop":
                self._add(batches, queue, Opcode.NOP, (), barrier=data[0] < 8)
            elif kind in {"gemm", "requantise"}:
                self._launch(batches, queue, kind, data)
            else:
                self._move(batches, queue, kind, cells[at], spots[at], sizes[at], data)
        return batches

    def _cells(self, queues: npt.NDArray[np.int64]) -> list[list[int]]:
        """Two different cells for each command."""
        rng, layout = self._rng, self._layout
        half = layout.bytes // CELL
        shape = (len(queues), 2)
        own = queues[:, None] * (_OWN // 2) + rng.integers(_OWN // 2, size=shape)
        strange = rng.integers(half, size=shape)
        cells = np.where(rng.random(shape) < _STRANGER, strange, own)
        cells += half * rng.integers(2, size=shape)
        cells[:, 1] = np.where(
            cells[:, 0] == cells[:, 1], (cells[:, 1] + half) % (2 * half), cells[:, 1]
        )
        found: list[list[int]] = cells.tolist()
        return found

    def _address(self, at: int) -> tuple[int, Space]:
        """Where byte ``at`` of `memory` is for the device."""
        size = self._layout.bytes
        if at < size:
            return self._layout.host + at, Space.HOST
        return self._layout.device + at - size, Space.DEVICE

    def _move(
        self,
        batches: list[Batch],
        queue: int,
        kind: str,
        cells: list[int],
        spots: list[float],
        size: int,
        data: bytes,
    ) -> None:
        if kind == "write":
            size = min(size, len(data))
        at, start = (
            cell * CELL + int(spot * (CELL + 1 - size))
            for cell, spot in zip(cells, spots, strict=True)
        )
        target, space = self._address(at)
        reads: tuple[int, ...] = ()
        operands: tuple[object, ...]
        if kind == "copy":
            reads = (cells[1],)
            source, from_space = self._address(start)
            self._bytes[at : at + size] = self._bytes[start : start + size]
            opcode, operands = Opcode.COPY, (source, target, size, from_space, space)
        elif kind == "fill":
            self._bytes[at : at + size] = (data[:8] * (size // 8 + 1))[:size]
            opcode, operands = (
                Opcode.FILL,
                (int.from_bytes(data[:8], "little"), target, size, space),
            )
        else:
            self._bytes[at : at + size] = data[:size]
            opcode, operands = Opcode.WRITE, (size, space, target, data[:size].ljust(24, b"\0"))
        barrier = self._order(batches, queue, reads, cells[:1])
        self._add(batches, queue, opcode, operands, reads, cells[:1], barrier=barrier)

    def _launch(self, batches: list[Batch], queue: int, kind: str, data: bytes) -> None:
        first = self._layout.bytes // CELL + queue * (_OWN // 2)
        reads = [first + data[0] % (_OWN // 2), first + data[1] % (_OWN // 2)]
        writes = [first + data[2] % (_OWN // 2)]
        if writes[0] in reads:
            self._add(batches, queue, Opcode.NOP, ())
            return
        m, n, k = (1 + value % _SIDE for value in data[3:6])
        left, right, out = (cell * CELL for cell in (*reads, *writes))
        out += 4 * (data[6] % 8)
        arguments: dict[str, int]
        if kind == "gemm":
            left, right = left + data[7] % 64, right + data[8] % 64
            a = self.memory[left : left + m * k].view(np.int8).reshape(m, k)
            b = self.memory[right : right + k * n].view(np.int8).reshape(k, n)
            result: npt.NDArray[np.generic] = reference.gemm(a, b)
            names, more = ("a", "b", "c"), {"k": k, "lda": k, "ldb": n, "ldc": 4 * n}
        else:
            scale = {
                "multiplier": int.from_bytes(data[9:13], "little") >> 1,
                "shift": 1 + data[13] % 62,
                "lo": -data[14] // 2,
                "hi": data[15] // 2,
            }
            x = self.memory[left : left + 4 * m * n].view(np.int32).reshape(m, n)
            bias = self.memory[right : right + 4 * n].view(np.int32)
            result = reference.requantise(x, bias, **scale)
            names, more = ("x", "bias", "y"), {"ldx": 4 * n, "ldy": n, **scale}
        self.memory[out : out + result.nbytes] = result.reshape(-1).view(np.uint8)
        addresses = [self._address(place)[0] for place in (left, right, out)]
        arguments = dict(zip(names, addresses, strict=True)) | {"m": m, "n": n} | more
        barrier = self._order(batches, queue, reads, writes)
        number = Kernel.GEMM_S8 if kind == "gemm" else Kernel.REQUANTISE
        mask = 1 + data[16] % self._layout.units
        batches[queue].launch(number, arguments, (1, 1, 1), mask=mask, barrier=barrier)
        self._note(queue, Opcode.LAUNCH, reads, writes)

    def _order(
        self,
        batches: list[Batch],
        queue: int,
        reads: tuple[int, ...] | list[int],
        writes: list[int],
    ) -> bool:
        """Let other queues signal and this one wait, as needed; return whether BARRIER is."""
        after = self._hazards.before(queue, reads, writes)
        barrier = queue in after
        if barrier:
            del after[queue]
        for other, retired in after.items():
            self._signal(batches, other, retired)
            value = self.semaphores[other]
            self._add(batches, queue, Opcode.WAIT, (self._layout.semaphores[other], value))
            self._hazards.waited(queue, other, value)
        if barrier:
            self._hazards.fenced(queue, self.positions[queue])
        return barrier

    def _signal(self, batches: list[Batch], queue: int, retired: int) -> None:
        """See to it that the semaphore of ``queue`` says that ``retired`` of its commands have."""
        told = self.semaphores[queue]
        if told >= retired:
            return
        # It counts the commands before the SIGNAL; setting and adding say the same.
        value = self.positions[queue]
        mode = SignalMode.SEMAPHORE_ADD if value & 1 else SignalMode.SEMAPHORE_SET
        said = value - told if value & 1 else value
        self._add(batches, queue, Opcode.SIGNAL, (mode, self._layout.semaphores[queue], said))
        self.semaphores[queue] = value

    def _add(
        self,
        batches: list[Batch],
        queue: int,
        opcode: Opcode,
        operands: tuple[object, ...],
        reads: tuple[int, ...] = (),
        writes: list[int] | None = None,
        *,
        barrier: bool = False,
    ) -> None:
        batches[queue].add(opcode, operands, barrier=barrier)
        self._note(queue, opcode, reads, writes or [])

    def _note(
        self, queue: int, opcode: Opcode, reads: tuple[int, ...] | list[int], writes: list[int]
    ) -> None:
        position = self.positions[queue]
        self._hazards.touched(queue, position, reads, writes)
        for cell in writes:
            self._last[cell] = f"{opcode.name}, command {position} of queue {queue}"
        self.positions[queue] += 1
