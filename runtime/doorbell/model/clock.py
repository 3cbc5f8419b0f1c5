"""The virtual clock: what the device will do, ordered by cycle; equal cycles in an order the seed picks."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from doorbell.model.rng import Generator

__all__ = ["Clock", "Timer"]


class Timer:
    """Something that will happen at ``cycle``, unless it is cancelled before."""

    __slots__ = ("action", "cycle")

    def __init__(self, cycle: int, action: Callable[[], None]) -> None:
        """Use `Clock.after`."""
        self.cycle = cycle
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Make it not happen; harmless when it has."""
        self.action = None


class Clock:
    """Device time in cycles (OBS-CYCLES-001) and the agenda of future actions."""

    __slots__ = ("_agenda", "_order", "_rng", "now")

    def __init__(self, rng: Generator) -> None:
        """``rng`` breaks ties between actions of one cycle."""
        self.now = 0
        self._agenda: list[tuple[int, int, int, Timer]] = []
        self._order = 0
        self._rng = rng

    def after(self, cycles: int, action: Callable[[], None]) -> Timer:
        """Do ``action`` in ``cycles`` (at least 0) cycles."""
        timer = Timer(self.now + cycles, action)
        self._order += 1
        heapq.heappush(self._agenda, (timer.cycle, self._rng.word(), self._order, timer))
        return timer

    def upcoming(self) -> int | None:
        """Cycle of the next action; None when nothing is planned."""
        agenda = self._agenda
        while agenda and agenda[0][3].action is None:
            heapq.heappop(agenda)
        return agenda[0][0] if agenda else None

    def step(self) -> None:
        """Move time to the next action and do it; without one, nothing happens."""
        if self.upcoming() is None:
            return
        timer = heapq.heappop(self._agenda)[3]
        action, timer.action = timer.action, None
        self.now = timer.cycle
        if action is not None:
            action()

    def jump(self, cycle: int) -> None:
        """Move time forward to ``cycle``, before which nothing is planned."""
        self.now = max(self.now, cycle)
