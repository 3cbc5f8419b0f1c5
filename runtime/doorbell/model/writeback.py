"""Writing get back to host memory (CP-WB rules)."""

from __future__ import annotations

from doorbell.model.clock import Timer
from doorbell.model.core import Core
from doorbell.model.counts import distance
from doorbell.model.settings import QueueSettings

__all__ = ["Writeback"]


class Writeback:
    """Writes get in time: after so many packets, so many cycles, and when its queue goes idle."""

    __slots__ = ("_address", "_core", "_get", "_settings", "_timer", "_written", "due")

    def __init__(self, core: Core, settings: QueueSettings) -> None:
        """Nothing is due."""
        self._core = core
        self._settings = settings
        self._address: int | None = None  # kept, for a queue that is DISABLED before the link opens
        self._timer: Timer | None = None
        self._get = 0
        self._written = 0
        self.due = False
        """Whether a write-back is still to come."""

    def begin(self, get: int) -> None:
        """The queue is enabled at ``get``, which is written back once it moves (CP-WB-004)."""
        self.stop()
        self._get = self._written = get
        if self._core.choices.tells_start:
            self.moved(get)

    def moved(self, get: int) -> None:
        """Note that get is ``get`` now."""
        self._get = get
        if not self.due:
            self._address = self._settings.writeback
            if self._address is None:
                return
            self.due = True
            span = self._core.choices.write_back or (1, self._core.shape.writeback_cycles)
            self._timer = self._core.clock.after(self._core.delays.draw(span), self._expired)
        if distance(self._written, get) >= self._core.shape.writeback_packets:
            self._expired()

    def _expired(self) -> None:
        timer = self._timer
        if self._core.requester.open:
            self.write()
        else:
            self._core.requester.when_open(lambda: self.write() if self._timer is timer else None)

    def write(self) -> None:
        """Write what is due, now: one aligned 8-byte write (CP-WB-001)."""
        if self.due and self._address is not None:
            self._core.requester.post(self._address, self._get.to_bytes(8, "little"))
            self._written = self._get
        self.stop()

    def stop(self) -> None:
        """Forget what is due."""
        self.due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
