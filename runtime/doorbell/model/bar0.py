"""BAR0: which register or table an access hits, and with which sizes (DEV-REG rules)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from doorbell.contract.register_types import Memory, Register
from doorbell.model.cells import Cell

__all__ = ["Bar0", "Table"]

_HALF = (1 << 32) - 1
_WHOLE = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Table:
    """Words of 8 bytes behind functions; ``halves``: 4-byte accesses are taken too."""

    place: Memory
    words: int
    read: Callable[[int], int]
    write: Callable[[int, int], None]
    """Takes word and value; does nothing for a read-only table."""
    halves: bool = True


class Bar0:
    """Registers and tables by offset. Counting what is dropped is the caller's."""

    def __init__(self, registers: Iterable[Register], tables: Iterable[Table]) -> None:
        """Every register starts at its reset value."""
        self.cells = {register.offset: Cell(register) for register in registers}
        self._tables = tuple(tables)

    def cell(self, register: Register) -> Cell:
        """Cell of a register that this device has."""
        return self.cells[register.offset]

    def _table(self, offset: int) -> tuple[Table, int] | None:
        for table in self._tables:
            if 0 <= offset - table.place.offset < 8 * table.words:
                return table, (offset - table.place.offset) // 8
        return None

    def read(self, offset: int, size: int) -> int | None:
        """Value of an access; None: Completer Abort (DEV-REG-004)."""
        if size not in (4, 8) or offset % size:
            return None
        word = self._word(offset & ~7, size)
        if word is None:
            return None
        return word >> 8 * (offset & 4) & _HALF if size == 4 else word

    def _word(self, offset: int, size: int) -> int | None:
        cell = self.cells.get(offset)
        if cell is not None:
            return cell.read()
        found = self._table(offset)
        if found is None or (size == 4 and not found[0].halves):
            return None
        return found[0].read(found[1])

    def write(self, offset: int, value: int, size: int) -> bool:
        """Take a write; False: it is dropped (DEV-REG-003)."""
        if size not in (4, 8) or offset % size:
            return False
        mask = _WHOLE if size == 8 else _HALF << 8 * (offset & 4)
        value = value << 8 * (offset & 4) & mask
        offset &= ~7
        cell = self.cells.get(offset)
        if cell is not None:
            cell.write(value, mask)
            return True
        found = self._table(offset)
        if found is None or (size == 4 and not found[0].halves):
            return False
        table, word = found
        if size == 4:  # halves are independent (DEV-REG-002)
            value |= table.read(word) & ~mask
        table.write(word, value)
        return True

    def reset(self) -> None:
        """Every register back to its reset value; the tables reset themselves."""
        for cell in self.cells.values():
            cell.reset()
