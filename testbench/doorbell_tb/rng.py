"""The host's random numbers (`testbench/host/rng.h`), for stimuli that must repeat bit for bit.

Draw n of stream s under seed k depends on (k, s, n) only: no state is shared, no order matters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stream", "mix64"]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix64(x: int) -> int:
    """Mix a 64-bit number: the finaliser of SplitMix64."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


class Stream:
    """One independent sequence of 64-bit numbers; `seed` and `stream` are 0 to 2**64 - 1."""

    def __init__(self, seed: int, stream: int) -> None:
        self._key = mix64((mix64((seed + _GOLDEN) & _MASK) + stream * _GOLDEN) & _MASK)
        self._count = 0

    def next(self) -> int:
        """Draw one number, 0 to 2**64 - 1."""
        self._count += 1
        return mix64((self._key + self._count * _GOLDEN) & _MASK)

    def between(self, low: int, high: int) -> int:
        """Draw uniformly from [low, high], at most 2**64 values; equal bounds draw nothing."""
        if low >= high:
            return low
        return low + (self.next() * (high - low + 1) >> 64)

    def percent(self, chance: int) -> bool:
        """Draw true with this chance; 0 and 100 draw nothing."""
        if chance <= 0:
            return False
        return chance >= 100 or self.between(0, 99) < chance

    def words(self, count: int) -> NDArray[np.uint64]:
        """Draw `count` numbers at once: the same that `next` would return one by one."""
        golden, key = np.uint64(_GOLDEN), np.uint64(self._key)
        x = np.arange(self._count + 1, self._count + count + 1, dtype=np.uint64) * golden + key
        self._count += count
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))

    def bytes(self, count: int) -> NDArray[np.uint8]:
        """Draw `count` bytes, little-endian words cut to length."""
        return self.words((count + 7) // 8).astype("<u8").view(np.uint8)[:count]
