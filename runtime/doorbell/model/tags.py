"""Read tags: those of reads that nobody has answered, and those in quarantine. Any other read is one step here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from doorbell.model.clock import Clock, Timer
from doorbell.model.host import Answer, Failed

__all__ = ["Held", "Tags"]


@dataclass(slots=True, eq=False)
class Held:
    """The tags of a read that is under way."""

    read: Failed
    """As it ends when nobody answers it."""
    numbers: list[int]
    """One tag a request, in the order of addresses."""
    ended: Callable[[Failed], None]
    """Told of the read once each of its requests has failed."""
    answers: dict[int, Answer] = field(default_factory=dict)
    """How requests failed, by tag."""

    @property
    def open(self) -> list[int]:
        """Tags whose requests have no answer."""
        return [number for number in self.numbers if number not in self.answers]

    def outcome(self) -> Failed:
        """Return the read as it ends: as its first request did."""
        answer = self.answers.get(self.numbers[0], self.read.answer)
        return replace(self.read, answer=answer)


class Tags:
    """Tags of abandoned reads rest (EP-TAG-002); when every tag does, the device is fatal (ERR-FATAL-001)."""

    def __init__(
        self,
        clock: Clock,
        count: int,
        *,
        usable: Callable[[], int],
        exhausted: Callable[[], None],
        unexpected: Callable[[int], None],
    ) -> None:
        """``usable`` gives how many of the tags, from 0 on, requests may carry.

        ``exhausted`` is called when every one of these rests, ``unexpected`` for so many late completions.
        """
        self._usable = usable
        self._clock = clock
        self._exhausted = exhausted
        self._unexpected = unexpected
        self._held: list[Held] = []
        self._resting: dict[Timer, list[int]] = {}
        self._waiting: list[Callable[[], None]] = []
        self.count = count

    @property
    def quarantined(self) -> int:
        """Tags that rest."""
        return sum(map(len, self._resting.values()))

    @property
    def free(self) -> int:
        """Tags that neither rest nor are taken."""
        return self.count - len(self._used())

    @property
    def left(self) -> list[int]:
        """Tags that a read can take, ascending."""
        used = self._used()
        return [number for number in range(min(self.count, self._usable())) if number not in used]

    def _resting_now(self) -> set[int]:
        return {number for numbers in self._resting.values() for number in numbers}

    def _used(self) -> set[int]:
        return self._resting_now().union(*(held.open for held in self._held))

    @property
    def pending(self) -> bool:
        """Whether a read is outstanding (EP-ERR-006)."""
        return bool(self._held)

    def when_free(self, action: Callable[[], None]) -> None:
        """Do ``action`` as soon as a tag is free again; to be called while none is (EP-TAG-001)."""
        self._waiting.append(action)

    def _freed(self) -> None:
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()

    def hold(self, read: Failed, ended: Callable[[Failed], None]) -> Held:
        """Take a tag for each request of a read that has no answer, at least one of which is free."""
        held = Held(read, self.left[: read.requests], ended)
        self._held.append(held)
        return held

    def complete(self, number: int, answer: Answer) -> bool:
        """Take a failing completion that came by itself; False: it answers no outstanding request (EP-CPL-005).

        It ends the request, or the rest of an abandoned one's tag (EP-TAG-002, EP-TAG-003).
        """
        for held in self._held:
            if number in held.open:
                held.answers[number] = answer
                if not held.open:
                    self._held.remove(held)
                    held.ended(held.outcome())
                self._freed()
                return True
        for timer, numbers in self._resting.items():
            if number in numbers:
                numbers.remove(number)
                if not numbers:
                    timer.cancel()
                    del self._resting[timer]
                self._freed()
                break
        return False

    def abandon(self, held: Held, cycles: int) -> None:
        """Let the tags of a read that nobody waits for any more rest.

        Until its late completions come, which are unexpected (EP-CPL-005), or ``cycles`` have passed.
        """
        self._held.remove(held)
        late, left = held.read.late, held.read.requests - len(held.answers)

        def rested() -> None:
            del self._resting[timer]
            self._freed()

        timer = self._clock.after(cycles if late is None else min(late, cycles), rested)
        self._resting[timer] = held.open
        if late is not None:
            self._clock.after(late, lambda: self._unexpected(left))
        if self._resting_now() >= set(range(min(self.count, self._usable()))):
            self._exhausted()
