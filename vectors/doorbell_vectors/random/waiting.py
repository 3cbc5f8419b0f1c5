"""What a WAIT does, whatever the legal order of the writes to its semaphore (SEM rules)."""

from __future__ import annotations

from typing import Final

from doorbell_vectors.random.order import Command, Racy, ordered
from doorbell_vectors.random.plan import Packet

__all__ = ["LONG", "Semaphore", "meets"]

LONG: Final = 1 << 40
"""A deadline, in cycles, that no test outlives."""
_PREFIX: Final = "prefix"
"""Note on a WAIT: what it needs was worked out from an order of the writes."""
_SMALL: Final = 1 << 32
_ALL: Final = (1 << 64) - 1


def meets(packet: Packet, value: int) -> bool:
    """Whether ``value`` satisfies a WAIT."""
    wanted = packet.number("value")
    if packet.number("condition") == 1:
        return value == wanted
    return (value - wanted) & _ALL < 1 << 63


class Semaphore:
    """One semaphore in one epoch: its value before, and the writes to it in the order of one legal execution."""

    def __init__(self, value: int, poisoned: bool) -> None:
        self.before, self.poisoned = value, poisoned
        self.writes: list[Command] = []
        self.poisons: list[Command] = []

    def after(self, writes: list[Command]) -> int:
        """Return the value after ``writes``."""
        value = self.before
        for command in writes:
            assert command.semaphore is not None
            kind, _, operand = command.semaphore
            value = operand if kind == "SET" else (value + operand) & _ALL
        return value

    @property
    def now(self) -> int:
        """The value after all writes so far."""
        return self.after(self.writes)

    def require(self, wait: Command) -> None:
        """Set what must have retired before ``wait``, which has just succeeded, could succeed.

        Raises:
            Racy: poison or a short deadline could have been quicker.
        """
        assert wait.packet is not None
        known = [write for write in self.writes if wait.after(write)]
        if meets(wait.packet, self.after(known)):
            return
        if self.poisoned or self.poisons:
            raise Racy("poison and signal race")
        if 0 < wait.packet.number("deadline") < LONG:
            raise Racy("deadline and signal race")
        done = [write for write in self.writes if write.done]
        if ordered(done):
            wait.notes.append(_PREFIX)
            self._first(wait, known, done)
            return
        free = [write for write in self.writes if not wait.after(write)]
        for write in free:
            others = [other for other in free if other is not write]
            if not meets(wait.packet, self.after([*known, *others])):
                wait.must |= 1 << write.bit | write.retired

    def _first(self, wait: Command, known: list[Command], done: list[Command]) -> None:
        """Take the writes up to the first with which ``wait`` is satisfied."""
        assert wait.packet is not None
        passed = list(known)
        for write in done:
            if not wait.after(write):
                passed.append(write)
                wait.must |= 1 << write.bit | write.retired
                if meets(wait.packet, self.after(passed)):
                    return

    def check(self, waits: list[tuple[Command, bool]]) -> None:
        """Check ``waits``, each with whether it succeeded, against every legal order of all writes.

        Raises:
            Racy: some order has another outcome.
        """
        adds = all(
            w.semaphore and w.semaphore[0] == "ADD" and w.semaphore[2] < _SMALL for w in self.writes
        )
        if not ordered(self.writes) and not adds:
            raise Racy("the order of writes to a semaphore is free")
        if len(self.poisons) > 1:
            raise Racy("poison is written twice")
        for wait, succeeded in waits:
            self._check(wait, succeeded=succeeded)

    def _check(self, wait: Command, *, succeeded: bool) -> None:
        assert wait.packet is not None
        free = [w for w in self.writes if not wait.after(w) and not w.retired >> wait.bit & 1]
        values = [self.after([w for w in self.writes if wait.after(w)])]
        for write in free:
            last = values[-1]
            assert write.semaphore is not None
            kind, _, operand = write.semaphore
            values.append(operand if kind == "SET" else (last + operand) & _ALL)
        fits = [meets(wait.packet, value) for value in values]
        exact = wait.packet.number("condition") == 1
        if succeeded and not fits[-1]:
            raise Racy("a WAIT that succeeds could be too late")
        if not succeeded and any(fits):
            raise Racy("a WAIT that fails could succeed")
        if exact and len(free) > 1 and not ordered(self.writes):
            raise Racy("an exact value could be passed by")
        if _PREFIX in wait.notes and not ordered(self.writes):
            raise Racy("writes that seemed in order are not")
