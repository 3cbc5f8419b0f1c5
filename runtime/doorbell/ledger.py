"""What each stream still waits for and still owes: its WAITs and SIGNALs that have not retired."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doorbell.semaphore import Semaphore
    from doorbell.stream import Stream

__all__ = ["Ledger", "Signal", "Wait", "held"]

_LINES = 8


@dataclass(frozen=True, slots=True)
class Signal:
    """A SIGNAL at timeline ``position`` (the value that its retirement makes)."""

    position: int
    semaphore: Semaphore
    value: int
    add: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """A WAIT at timeline ``position`` for ``semaphore`` to reach (``equal``: be) ``value``, from ``site``."""

    position: int
    semaphore: Semaphore
    value: int
    equal: bool
    site: str

    def served_by(self, signal: Signal) -> bool:
        """Whether that SIGNAL may end this WAIT; one that adds always may."""
        if signal.semaphore is not self.semaphore:
            return False
        ahead = (signal.value - self.value) & (1 << 64) - 1
        return signal.add or (ahead == 0 if self.equal else ahead < 1 << 63)


class Ledger:
    """One stream's open WAITs and SIGNALs, oldest first."""

    __slots__ = ("signals", "waits")

    def __init__(self) -> None:
        self.signals: deque[Signal] = deque()
        self.waits: deque[Wait] = deque()

    def clear(self) -> None:
        """Forget everything."""
        self.signals.clear()
        self.waits.clear()

    def retire(self, recorded: int) -> None:
        """Forget what stands at or before timeline value ``recorded``."""
        while self.signals and self.signals[0].position <= recorded:
            self.signals.popleft()
        while self.waits and self.waits[0].position <= recorded:
            self.waits.popleft()


def held(streams: Sequence[Stream]) -> str:
    """Say which waits hold which streams, and who would end them (RT-FAIL-005); empty when none waits."""
    lines = list(_lines(streams))
    more = [f"and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    return "; ".join(lines[:_LINES] + more)


def _lines(streams: Sequence[Stream]) -> Iterator[str]:
    for stream in streams:
        for wait in stream.ledger.waits:
            sign = "==" if wait.equal else ">="
            yield (
                f"queue {stream.queue.number} packet {wait.position - 1} (called at {wait.site}) waits for "
                f"semaphore {wait.semaphore.index} {sign} {wait.value}, {_source(stream, wait, streams)}"
            )


def _source(waiting: Stream, wait: Wait, streams: Sequence[Stream]) -> str:
    for stream in streams:
        for signal in stream.ledger.signals:
            if wait.served_by(signal):
                where = f"queue {stream.queue.number} packet {signal.position - 1}"
                if stream is waiting and signal.position > wait.position:
                    return f"which {where} signals, behind this very WAIT"
                return f"which {where} signals"
    return "which no command that is left signals"
