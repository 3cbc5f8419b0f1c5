"""How long things take in the model: host profiles by name, and delays drawn from them by the seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from doorbell.model.rng import Generator

__all__ = ["PROFILES", "Delays", "Span", "Timing"]

Span = tuple[int, int]
"""Fewest and most cycles, both included."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Spans in cycles, `hold` in packets. No draw may exceed a bound of the contract."""

    inbound: Span = (20, 400)
    """From the host to the device, or back."""
    read: Span = (150, 1200)
    """From a read request to its last byte."""
    start: Span = (1, 12)
    """Between two starts; also from a FILL to its first byte."""
    retire: Span = (1, 40)
    """From the end of a command to its retirement."""
    reset: Span = (16, 2048)
    hold: Span = (1, 8)
    """Packets of one ring read."""
    beat: Span = (1, 4)
    """For 64 bytes that move."""
    random: bool = True
    """False: always the fewest."""


_HARSH: Final = Timing()
PROFILES: Final = {
    "harsh": _HARSH,
    "distant": replace(_HARSH, inbound=(300, 900), read=(1000, 4000)),
    "ideal": replace(_HARSH, random=False),
    "pcie_1us": replace(_HARSH, inbound=(90, 160), read=(187, 312), beat=(1, 1)),
}
"""The names are those of the hosts that the RTL knows, so that one command runs on both."""


class Delays:
    """How many cycles each thing takes: drawn by the seed, or the least when the profile is ideal.

    The spread is what makes every legal order of commands happen (EP-CPL-004).
    """

    __slots__ = ("_rng", "timing")

    def __init__(self, rng: Generator, timing: Timing) -> None:
        """Draw from ``timing``'s spans."""
        self._rng = rng
        self.timing = timing

    def draw(self, span: Span) -> int:
        """Cycles inside ``span``."""
        return self._rng.between(*span) if self.timing.random else span[0]

    def moving(self, length: int) -> int:
        """Cycles that ``length`` bytes take."""
        return -(-length // 64) * self.draw(self.timing.beat)
