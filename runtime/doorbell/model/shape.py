"""What a model has: counts, sizes and how long things take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from doorbell.contract.limits import reference
from doorbell.model.rng import Generator

__all__ = ["IDEAL", "Delays", "Shape"]

IDEAL: Final = "ideal"
"""The profile without randomness; every other name gives random delays."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Counts that the capability registers report (DEV-CAP-001); memory in bytes, a power of two.

    The default is the reference device. Others show that software assumes no count.
    """

    queues: int = reference.QUEUES
    channels: int = reference.CHANNELS
    units: int = reference.UNITS
    vectors: int = reference.VECTORS
    semaphores: int = reference.SEMAPHORES
    memory: int = reference.DEVICE_MEMORY_BYTES
    window: int = reference.WINDOW
    tags: int = reference.TAGS


class Delays:
    """How many cycles each thing takes: drawn by the seed, or the least when the profile is ideal.

    The spread is what makes every legal order of commands happen (EP-CPL-004). No draw exceeds a
    bound of the contract.
    """

    INBOUND: Final = (20, 400)
    """From the host to the device, or back."""
    READ: Final = (150, 1200)
    """From a read request to its last byte."""
    START: Final = (1, 12)
    RETIRE: Final = (1, 40)
    RESET: Final = (16, 2048)
    WRITEBACK: Final = (1, reference.BOUND_WRITEBACK_CYCLES)
    HOLD: Final = (1, 8)
    """Packets of one ring read."""

    __slots__ = ("_ideal", "_rng")

    def __init__(self, rng: Generator, profile: str) -> None:
        """``profile`` is "ideal" or anything else."""
        self._rng = rng
        self._ideal = profile == IDEAL

    def draw(self, span: tuple[int, int]) -> int:
        """Cycles inside ``span``."""
        return span[0] if self._ideal else self._rng.between(*span)

    def moving(self, length: int) -> int:
        """Cycles that ``length`` bytes take: 64 a cycle, or down to 16 when the link is busy."""
        beats = -(-length // 64)
        return beats if self._ideal else beats * self._rng.between(1, 4)
