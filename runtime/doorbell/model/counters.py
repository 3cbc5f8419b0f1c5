"""What the device counts (OBS-COUNT-001), and the snapshot of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

__all__ = ["Counters"]


@dataclass(slots=True)
class Counters:
    """Running counts since reset, in the order of the COUNTER registers behind COUNTER_CYCLES."""

    tx_bytes: int = 0
    rx_bytes: int = 0
    tx_tlps: int = 0
    rx_tlps: int = 0
    commands: int = 0
    interrupts: int = 0
    doorbells: int = 0

    def frozen(self) -> tuple[int, ...]:
        """Return the counts as they are now."""
        return astuple(self)

    def clear(self) -> None:
        """Start again from zero."""
        for field in fields(self):
            setattr(self, field.name, 0)
