"""Reading packets from the ring, several in one read and never one at or above put (CP-RING, CP-FETCH rules)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from doorbell.contract import Error, Space, limits
from doorbell.model.clock import Timer
from doorbell.model.core import Core
from doorbell.model.counts import distance
from doorbell.model.host import Answer, Failed
from doorbell.model.settings import QueueSettings
from doorbell.model.tags import Held

__all__ = ["Fetch"]

_ERRORS: Final = {
    Answer.UR: Error.FETCH_UR,
    Answer.CA: Error.FETCH_CA,
    Answer.TIMEOUT: Error.FETCH_TIMEOUT,
    Answer.POISONED: Error.FETCH_POISONED,
    Answer.MALFORMED: Error.FETCH_MALFORMED,
}
_BYTES: Final = limits.PACKET_BYTES


class Fetch:
    """At most one ring read of a queue at a time."""

    __slots__ = (
        "_arrived",
        "_core",
        "_epoch",
        "_failed",
        "_settings",
        "_timer",
        "_unanswered",
        "busy",
    )

    def __init__(
        self,
        core: Core,
        settings: QueueSettings,
        arrived: Callable[[list[bytes]], None],
        failed: Callable[[Error, int], None],
    ) -> None:
        """``arrived`` takes packets in order; ``failed`` the code and the address of the read."""
        self._core = core
        self._settings = settings
        self._arrived = arrived
        self._failed = failed
        self._epoch = 0
        self._unanswered: Held | None = None  # a read that will time out
        self._timer: Timer | None = None
        self.busy = False

    def request(self, get: int, put: int) -> None:
        """Read packets from ``get`` on, below ``put``, inside one naturally aligned request."""
        self.busy = True
        epoch = self._epoch
        size = self._settings.ring_size
        slot = get % size
        count = self._core.delays.draw(self._core.delays.timing.hold)
        at_once = max(1, self._core.requester.largest_read // _BYTES)
        count = min(count, distance(get, put), size - slot, at_once - slot % at_once)
        address = self._settings.ring_base + slot * _BYTES

        def send() -> None:
            if epoch != self._epoch:
                return
            core = self._core
            if not core.requester.open:
                core.requester.when_open(send)
            elif not core.tags.left:
                core.tags.when_free(send)
            else:
                cycles = core.delays.draw(core.delays.timing.read)
                late = cycles - core.completion_timeout
                if late > 0:  # CP-FETCH-004: a host that takes too long
                    self._fail(epoch, Failed(Answer.TIMEOUT, address, late=late))
                else:
                    core.clock.after(cycles, lambda: self._answer(epoch, address, count))

        send()

    def _answer(self, epoch: int, address: int, count: int) -> None:
        if epoch != self._epoch:
            return
        data = self._core.requester.read(Space.HOST, address, count * _BYTES)
        if not isinstance(data, Failed):
            self.busy = False
            self._arrived(_packets(data.tobytes()))
            return
        if data.landed:  # whole packets before the failing one run (CP-FETCH-001)
            self._arrived(_packets(data.landed))
        self._fail(epoch, data)

    def _fail(self, epoch: int, read: Failed) -> None:
        """Report a failed read, one without an answer after COMPLETION_TIMEOUT cycles."""

        def fail(read: Failed = read) -> None:
            if epoch == self._epoch:
                if read.answer is Answer.TIMEOUT:
                    self._core.errors.timed_out()
                self._abandon()
                self.busy = False
                self._failed(_ERRORS[read.answer], read.address)

        def answered(read: Failed) -> None:
            if self._timer is not None:
                self._timer.cancel()
            self._unanswered = None
            fail(read)

        cycles = 0
        if read.answer is Answer.TIMEOUT:
            self._unanswered = self._core.tags.hold(read, answered)
            cycles = self._core.completion_timeout
        self._timer = self._core.clock.after(cycles, fail)

    def _abandon(self) -> None:
        if self._unanswered is not None:
            self._core.abandon(self._unanswered)
            self._unanswered = None

    def stop(self) -> None:
        """Take no notice of a read under way; the tags of one that no answer comes to rest (EP-TAG-002)."""
        self._abandon()
        self._epoch += 1
        self.busy = False


def _packets(data: bytes) -> list[bytes]:
    """Cut bytes into whole packets."""
    return [data[at : at + _BYTES] for at in range(0, len(data) - _BYTES + 1, _BYTES)]
