"""Points in a stream's work that the host or another stream can wait for."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doorbell.timeline import Timeline

__all__ = ["Event"]


class Event:
    """Everything its stream was given before `Stream.record`.

    Await it on the host, or give it to `Stream.wait`.
    """

    __slots__ = ("stream", "value")

    def __init__(self, stream: Timeline, value: int) -> None:
        """``value`` is the timeline value of ``stream`` at which the event has happened."""
        self.stream = stream
        self.value = value

    def __repr__(self) -> str:
        return f"<Event {self.value} of queue {self.stream.queue.number}>"

    @property
    def done(self) -> bool:
        """Whether it has happened, as far as host memory says; costs no device access.

        An event whose commands failed or were stopped by a reset never happens.
        """
        queue = self.stream.queue
        queue.refresh()
        return queue.recorded >= self.value and queue.stopped(self.value) is None

    def __await__(self) -> Generator[Any, Any, None]:
        """Wait for it.

        Raises:
            QueueError: the stream failed first, or was reset (ABORTED).
            DeadlineExceeded: the device's deadline passed.
        """
        return self.stream.queue.reach(self.value).__await__()
