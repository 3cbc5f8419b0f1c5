"""Semaphores on the device: 64-bit values with waiters and poison (SEM rules)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from doorbell.contract import WaitCondition

__all__ = ["Semaphores", "Waiter"]

_MASK: Final = (1 << 64) - 1
_HALF: Final = 1 << 63


@dataclass(slots=True, eq=False)
class Waiter:
    """A WAIT that has started; one of its two actions is called once."""

    semaphore: int
    condition: int
    value: int
    satisfied: Callable[[], None]
    poisoned: Callable[[], None]

    def accepts(self, value: int) -> bool:
        """Whether ``value`` satisfies it (SEM-WAIT-001, SEM-WAIT-002)."""
        if self.condition == WaitCondition.EQ:
            return value == self.value
        return (value - self.value) & _MASK < _HALF


class Semaphores:
    """Every write is compared with all waiters before the next write can come (SEM-WAIT-003)."""

    def __init__(self, count: int) -> None:
        """``count`` semaphores, all 0 and not poisoned."""
        self.values = [0] * count
        self._poison = [False] * count
        self._waiters: dict[int, list[Waiter]] = {}

    def set(self, index: int, value: int) -> None:
        """Store ``value`` as it is (SEM-VALUE-001)."""
        self.values[index] = value & _MASK
        self._compare(index)

    def add(self, index: int, value: int) -> None:
        """Add ``value`` modulo 2^64 (SEM-VALUE-002)."""
        self.set(index, self.values[index] + value)

    def poisoned(self, index: int) -> bool:
        """Whether it is poisoned."""
        return self._poison[index]

    def poison(self, index: int, on: bool) -> None:
        """Set or clear the poison (SEM-POISON-002); setting fails the unsatisfied waiters."""
        self._poison[index] = on
        self._compare(index)

    def wait(self, waiter: Waiter) -> None:
        """Call ``waiter.satisfied`` or ``waiter.poisoned`` as soon as one holds, at once if it does already."""
        if not self._settle(waiter):
            self._waiters.setdefault(waiter.semaphore, []).append(waiter)

    def forget(self, waiter: Waiter) -> None:
        """Take a waiter away: deadline or reset."""
        waiting = self._waiters.get(waiter.semaphore, [])
        if waiter in waiting:
            waiting.remove(waiter)

    def _compare(self, index: int) -> None:
        waiting = self._waiters.get(index)
        if waiting:
            self._waiters[index] = []
            self._waiters[index] += [waiter for waiter in waiting if not self._settle(waiter)]

    def _settle(self, waiter: Waiter) -> bool:
        """Satisfaction comes before poison (SEM-POISON-001)."""
        if waiter.accepts(self.values[waiter.semaphore]):
            waiter.satisfied()
        elif self._poison[waiter.semaphore]:
            waiter.poisoned()
        else:
            return False
        return True

    def reset(self) -> None:
        """All 0, not poisoned, nobody waiting (ERR-RESET-004)."""
        self.values = [0] * len(self.values)
        self._poison = [False] * len(self._poison)
        self._waiters.clear()
