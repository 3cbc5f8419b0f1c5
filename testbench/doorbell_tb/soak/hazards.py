"""Who must wait for whom, when commands of several queues work on the same memory.

Commands come in one order, the program's; each is on a queue and touches cells. `Hazards` says what it
takes for the device to get the same result: BARRIER within a queue, SIGNAL and WAIT between two.
Positions count the commands of a queue from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Hazards"]


@dataclass(slots=True)
class _Cell:
    writer: int = -1
    """Queue of the last write, or -1: none since everything was at rest."""
    written: int = 0
    readers: dict[int, int] = field(default_factory=dict)
    """Position of each queue's last read since that write."""


class Hazards:
    """Order between the commands of ``queues`` queues on ``cells`` cells."""

    def __init__(self, queues: int, cells: int) -> None:
        self._cells = [_Cell() for _ in range(cells)]
        self._fence = [0] * queues
        self._known = [[0] * queues for _ in range(queues)]

    def rest(self) -> None:
        """Everything has retired: nothing waits for it any more."""
        for cell in self._cells:
            cell.writer = -1
            cell.readers.clear()

    def before(self, queue: int, reads: Sequence[int], writes: Sequence[int]) -> dict[int, int]:
        """Return how far each queue must have retired before a command on ``queue`` may start.

        By queue: one more than the position of the last command to wait for. Only what is not
        known already is in it; under ``queue`` itself it asks for BARRIER.
        """
        after: dict[int, int] = {}
        for number in reads:
            cell = self._cells[number]
            self._after(after, queue, cell.writer, cell.written)
        for number in writes:
            cell = self._cells[number]
            self._after(after, queue, cell.writer, cell.written)
            for reader, position in cell.readers.items():
                self._after(after, queue, reader, position)
        return after

    def _after(self, after: dict[int, int], queue: int, other: int, position: int) -> None:
        if other < 0 or position < self._known[queue][other]:
            return
        if other == queue and position < self._fence[queue]:
            return
        after[other] = max(after.get(other, 0), position + 1)

    def waited(self, queue: int, other: int, retired: int) -> None:
        """Note that ``queue`` has a WAIT for the first ``retired`` commands of ``other``."""
        self._known[queue][other] = max(self._known[queue][other], retired)

    def fenced(self, queue: int, position: int) -> None:
        """Note that the command at ``position`` carries BARRIER: it waits for all before it."""
        self._fence[queue] = position

    def touched(
        self, queue: int, position: int, reads: Sequence[int], writes: Sequence[int]
    ) -> None:
        """Note what the command at ``position`` does."""
        for number in reads:
            self._cells[number].readers[queue] = position
        for number in writes:
            cell = self._cells[number]
            cell.writer, cell.written = queue, position
            cell.readers.clear()
