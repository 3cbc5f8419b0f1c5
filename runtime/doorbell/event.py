"""Points in a stream's work that the host or another stream can wait for."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doorbell.stream import Stream

__all__ = ["Event"]


class Event:
    """Everything its stream was given before `Stream.record`.

    Await it on the host, or give it to `Stream.wait`.
    """

    __slots__ = ("stream", "value")

    def __init__(self, stream: Stream, value: int) -> None:
        """``value`` is the timeline value of ``stream`` at which the event has happened."""
        self.stream = stream
        self.value = value

    @property
    def done(self) -> bool:
        """Whether it has happened, as far as host memory says; costs no device access."""
        self.stream.queue.refresh()
        return self.stream.queue.recorded >= self.value

    def __await__(self) -> Generator[Any, Any, None]:
        """Wait for it.

        Raises:
            QueueError: the stream failed first.
            DeadlineExceeded: the device's deadline passed.
        """
        return self.stream.queue.reach(self.value).__await__()
