"""Read tags: only those in quarantine matter here, since a read that is answered is one step."""

from __future__ import annotations

from collections.abc import Callable

from doorbell.model.clock import Clock, Timer

__all__ = ["Tags"]


class Tags:
    """Tags of timed-out reads rest (EP-TAG-002); when every tag does, the device is fatal (ERR-FATAL-001)."""

    def __init__(self, clock: Clock, count: int, exhausted: Callable[[], None]) -> None:
        """``exhausted`` is called when no tag is left."""
        self._clock = clock
        self._exhausted = exhausted
        self._timers: dict[Timer, int] = {}
        self.count = count

    @property
    def quarantined(self) -> int:
        """Tags that rest."""
        return sum(self._timers.values())

    def quarantine(self, requests: int, cycles: int) -> None:
        """Let the tags of ``requests`` abandoned reads rest for ``cycles``."""
        taken = min(requests, self.count - self.quarantined)

        def rested() -> None:
            del self._timers[timer]

        timer = self._clock.after(cycles, rested)
        self._timers[timer] = taken
        if self.quarantined == self.count:
            self._exhausted()

    def reset(self) -> None:
        """Take every tag back."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
