"""Free-running 64-bit counts: every comparison by their difference modulo 2^64 (CP-RING-003)."""

from __future__ import annotations

from typing import Final

__all__ = ["advance", "before", "distance"]

_MASK: Final = (1 << 64) - 1
_HALF: Final = 1 << 63


def distance(start: int, end: int) -> int:
    """Steps from ``start`` forward to ``end``, 0 to 2^64 - 1."""
    return (end - start) & _MASK


def before(left: int, right: int) -> bool:
    """Whether signed(left - right) is negative."""
    return (left - right) & _MASK >= _HALF


def advance(count: int, steps: int) -> int:
    """``count`` moved ``steps`` forward."""
    return (count + steps) & _MASK
