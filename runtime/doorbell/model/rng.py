"""The model's own random numbers: value n of a seed is a hash of both, so a run replays bit for bit."""

from __future__ import annotations

from typing import Final

__all__ = ["Generator"]

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E37_79B9_7F4A_7C15


class Generator:
    """Counter-based generator (splitmix64): nothing but the seed and the number of draws decides."""

    __slots__ = ("_counter",)

    def __init__(self, seed: int) -> None:
        """``seed`` is any integer; it counts modulo 2^64."""
        self._counter = (seed * 0xD134_2543_DE82_EF95 + _STEP) & _MASK

    def word(self) -> int:
        """Next 64-bit number."""
        self._counter = value = (self._counter + _STEP) & _MASK
        value = ((value ^ value >> 30) * 0xBF58_476D_1CE4_E5B9) & _MASK
        value = ((value ^ value >> 27) * 0x94D0_49BB_1331_11EB) & _MASK
        return value ^ value >> 31

    def between(self, low: int, high: int) -> int:
        """Number from ``low`` to ``high``, both included."""
        return low + (self.word() * (high - low + 1) >> 64)
