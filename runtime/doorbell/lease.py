"""What commands use and the device gets back: buffers and semaphores, released when the last command retired."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from doorbell.errors import UseAfterFree

if TYPE_CHECKING:
    from doorbell.queue import Queue

__all__ = ["Lease"]


class Lease:
    """One thing in use; ``release`` gives it back, once, when no command uses it any more (RT-DONE-004)."""

    __slots__ = ("_name", "_release", "_uses", "freed")

    def __init__(self, name: str, release: Callable[[], None]) -> None:
        """``name`` stands in messages."""
        self.freed = False
        self._name = name
        self._release = release
        self._uses: dict[Queue, int] = {}

    def check(self) -> None:
        """Raise UseAfterFree when it was freed."""
        if self.freed:
            raise UseAfterFree(f"{self._name} is used after it was freed")

    def used(self, queue: Queue, value: int) -> None:
        """Note that ``queue`` uses it until its timeline reaches ``value``."""
        self._uses[queue] = value

    def free(self) -> None:
        """End its use now; it goes back when every command that uses it has retired.

        Raises:
            UseAfterFree: it was freed already.
        """
        if self.freed:
            raise UseAfterFree(f"{self._name} is freed twice")
        self.freed = True
        waiting = [(queue, value) for queue, value in self._uses.items() if queue.recorded < value]
        left = len(waiting)

        def one_less() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self._release()

        if not waiting:
            self._release()
        for queue, value in waiting:
            queue.on_retire(value, one_less)
