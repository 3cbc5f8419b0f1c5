"""Read tags: only those in quarantine matter here, since a read that is answered is one step."""

from __future__ import annotations

from collections.abc import Callable

from doorbell.model.clock import Clock, Timer
from doorbell.model.host import Failed

__all__ = ["Tags"]


class Tags:
    """Tags of abandoned reads rest (EP-TAG-002); when every tag does, the device is fatal (ERR-FATAL-001)."""

    def __init__(
        self,
        clock: Clock,
        count: int,
        *,
        exhausted: Callable[[], None],
        unexpected: Callable[[int], None],
    ) -> None:
        """``exhausted`` is called when no tag is left, ``unexpected`` for so many late completions."""
        self._clock = clock
        self._exhausted = exhausted
        self._unexpected = unexpected
        self._timers: dict[Timer, int] = {}
        self._waiting: list[Callable[[], None]] = []
        self.count = count

    @property
    def quarantined(self) -> int:
        """Tags that rest."""
        return sum(self._timers.values())

    @property
    def none_left(self) -> bool:
        """Whether every tag rests, so that no read can be issued (EP-TAG-001)."""
        return self.quarantined == self.count

    def when_free(self, action: Callable[[], None]) -> None:
        """Do ``action`` as soon as a tag has rested."""
        self._waiting.append(action)

    def abandon(self, read: Failed, cycles: int) -> None:
        """Let the tags of a read that nobody waits for any more rest.

        Until its late completions come, which are unexpected (EP-CPL-005), or ``cycles`` have passed.
        """
        taken = min(read.requests, self.count - self.quarantined)
        late = read.late

        def rested() -> None:
            del self._timers[timer]
            waiting, self._waiting = self._waiting, []
            for action in waiting:
                action()

        timer = self._clock.after(cycles if late is None else min(late, cycles), rested)
        self._timers[timer] = taken
        if late is not None:
            self._clock.after(late, lambda: self._unexpected(read.requests))
        if self.none_left:
            self._exhausted()
