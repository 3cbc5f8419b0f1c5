"""The table that `doorbell run` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["table"]

_ROWS: Final = (
    ("images", "{images} images, accuracy {accuracy:.4f}, every logit as numpy's"),
    ("device cycles", "{cycles:,}"),
    ("bytes to device", "{bytes_to_device:,}"),
    ("bytes to host", "{bytes_to_host:,}"),
    (
        "bus, to device",
        "{dma_read_efficiency:.3f} of 64 B/cycle (on a wire x {dma_read_wire:.2f})",
    ),
    (
        "bus, to host",
        "{dma_write_efficiency:.3f} of 64 B/cycle (on a wire x {dma_write_wire:.2f})",
    ),
    (
        "MAC utilisation",
        "{mac_utilisation:.3f} of busy units, {mac_utilisation_elapsed:.3f} of the whole job",
    ),
    (
        "doorbell to record",
        "{doorbell_to_record_cycles:.0f} cycles (median, NOP, seen by software)",
    ),
    ("commands", "{commands} in {doorbells} doorbells, {interrupts} interrupts"),
    ("simulation", "{total_cycles:,} cycles at {cycles_per_second:,.0f} cycles/s"),
)


def table(result: Mapping[str, Any]) -> str:
    """Return the result of `doorbell.runner.digits.main` as lines of text."""
    width = max(len(name) for name, _ in _ROWS)
    return "\n".join(f"  {name:<{width}}  {text.format(**result)}" for name, text in _ROWS)
