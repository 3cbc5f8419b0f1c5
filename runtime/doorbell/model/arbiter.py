"""The weighted round-robin at packet start (CP-ARB rules)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from doorbell.model.clock import Clock

__all__ = ["Arbiter", "Contender"]


class Contender(Protocol):
    """A queue, as the arbiter sees it."""

    @property
    def weight(self) -> int:
        """Packets that it may start in its turn, at least 1."""
        ...

    def can_start(self) -> bool:
        """Whether its next packet can start now."""
        ...

    def start(self) -> None:
        """Start that packet."""
        ...


class Arbiter:
    """Starts one packet at a time; a queue that cannot start is passed over and delays nobody (CP-ARB-003)."""

    def __init__(self, clock: Clock, delay: Callable[[], int]) -> None:
        """``delay`` gives the cycles between two starts."""
        self._clock = clock
        self._delay = delay
        self._queues: Sequence[Contender] = ()
        self._turn = 0
        self._left = 0
        self._awake = False

    def attach(self, queues: Sequence[Contender]) -> None:
        """Set the queues, in the order of their turns."""
        self._queues = queues

    def kick(self) -> None:
        """Say that some queue may have become able to start."""
        if not self._awake:
            self._awake = True
            self._clock.after(self._delay(), self._run)

    def _run(self) -> None:
        self._awake = False
        count = len(self._queues)
        for step in range(count + 1):
            number = (self._turn + step) % count
            queue = self._queues[number]
            if (step or self._left) and queue.can_start():
                if step:
                    self._turn, self._left = number, queue.weight
                self._left -= 1
                queue.start()
                self.kick()
                return
