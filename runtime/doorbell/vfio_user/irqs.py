"""Interrupts at the client: one eventfd a vector, counted when looked at."""

from __future__ import annotations

import os
import select

__all__ = ["Eventfds"]


class Eventfds:
    """``count`` eventfds, and how often each rang."""

    def __init__(self, count: int) -> None:
        self.counts = [0] * count
        self.numbers = tuple(os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(count))
        self._vectors = {number: vector for vector, number in enumerate(self.numbers)}
        self._rung = select.epoll()
        for number in self.numbers:
            self._rung.register(number, select.EPOLLIN)

    def collect(self, seconds: float = 0.0) -> int:
        """Count what rang, after sleeping for ``seconds`` at most until one does; return how many did."""
        total = 0
        if seconds:  # select sleeps for less than a millisecond too
            select.select([self._rung], [], [], seconds)
        for number, _ in self._rung.poll(0, len(self.numbers)):
            rang = os.eventfd_read(number)
            self.counts[self._vectors[number]] += rang
            total += rang
        return total

    def close(self) -> None:
        """Close them all."""
        self._rung.close()
        for number in self.numbers:
            os.close(number)
