"""The configuration of a queue, read from its registers whenever it is needed."""

from __future__ import annotations

from collections.abc import Mapping

from doorbell.model.cells import Cell

__all__ = ["QueueSettings"]


class QueueSettings:
    """Typed view of a queue's registers. Addresses are HOST bus addresses, times cycles."""

    __slots__ = ("_cells",)

    def __init__(self, cells: Mapping[str, Cell]) -> None:
        """``cells`` by register name without its block."""
        self._cells = cells

    def _field(self, register: str, field: str) -> int:
        cell = self._cells[register]
        return cell.register.fields[field].get(cell.value)

    def _address(self, register: str) -> int | None:
        cell = self._cells[register]
        if not self._field(register, "enable"):
            return None
        return cell.value & cell.register.fields["address"].mask

    @property
    def ring_base(self) -> int:
        """Address of slot 0."""
        return self._cells["RING_BASE"].value

    @property
    def ring_size(self) -> int:
        """Packets of the ring."""
        return 1 << self._cells["RING_LOG2"].value

    @property
    def start(self) -> int:
        """Count at which put and get begin (CP-CFG-002)."""
        return self._cells["START"].value

    @property
    def writeback(self) -> int | None:
        """Where get is written back; None: nowhere."""
        return self._address("WRITEBACK")

    @property
    def error_record(self) -> int | None:
        """Where the error record goes; None: nowhere."""
        return self._address("ERROR_RECORD")

    @property
    def error_vector(self) -> int | None:
        """Vector raised after the error record; None: none. It may be past the vector count."""
        enabled = self._field("ERROR_VECTOR", "enable")
        return self._field("ERROR_VECTOR", "vector") if enabled else None

    @property
    def wait_limit(self) -> int:
        """Deadline of a WAIT without its own; 0: none."""
        return self._cells["WAIT_LIMIT"].value

    @property
    def watchdog_limit(self) -> int:
        """Cycles from start to retirement of a command other than WAIT; 0: no limit."""
        return self._cells["WATCHDOG_LIMIT"].value

    @property
    def weight(self) -> int:
        """Packets in one turn of the round-robin; 0 counts as 1 (CP-ARB-001)."""
        return max(1, self._cells["WEIGHT"].value)
