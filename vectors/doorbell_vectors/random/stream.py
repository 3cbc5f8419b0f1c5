"""The published generator of the random tier: counter-based, a draw depends on seed, candidate and count alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

__all__ = ["GENERATOR", "Draw", "mix"]

GENERATOR: Final = "1.1.0"
"""Version of the random tier's generator; raised when it makes other vectors of the same seed."""
_ALL: Final = (1 << 64) - 1
_STEP: Final = 0x9E37_79B9_7F4A_7C15

T = TypeVar("T")


def mix(z: int) -> int:
    """Return SplitMix64's mix of ``z`` modulo 2^64, as FORMAT.md gives it for random streams."""
    z &= _ALL
    z = ((z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9) & _ALL
    z = ((z ^ z >> 27) * 0x94D0_49BB_1331_11EB) & _ALL
    return z ^ z >> 31


class Draw:
    """Numbers of one candidate: word ``n`` is ``mix(key + (n + 1) * step)``, key ``mix(mix(seed) + candidate)``."""

    def __init__(self, seed: int, candidate: int) -> None:
        self._key = mix(mix(seed) + candidate)
        self._count = 0

    def word(self) -> int:
        """Return the next 64 bits."""
        self._count += 1
        return mix(self._key + self._count * _STEP)

    def below(self, limit: int) -> int:
        """Return a number from 0 to ``limit`` - 1."""
        return self.word() * limit >> 64

    def between(self, first: int, last: int) -> int:
        """Return a number from ``first`` to ``last``, both possible."""
        return first + self.below(last - first + 1)

    def chance(self, percent: int) -> bool:
        """Return true so many times in a hundred."""
        return self.below(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        """Return one of ``items``."""
        return items[self.below(len(items))]

    def octets(self, count: int) -> bytes:
        """Return ``count`` bytes."""
        return b"".join(self.word().to_bytes(8, "little") for _ in range(-(-count // 8)))[:count]
