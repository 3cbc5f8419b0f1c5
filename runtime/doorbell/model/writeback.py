"""Writing get back to host memory (CP-WB rules)."""

from __future__ import annotations

from doorbell.contract.limits import reference
from doorbell.model.clock import Timer
from doorbell.model.core import Core
from doorbell.model.counts import distance
from doorbell.model.settings import QueueSettings

__all__ = ["Writeback"]


class Writeback:
    """Writes get in time: after so many packets, so many cycles, and when its queue goes idle."""

    __slots__ = ("_core", "_get", "_settings", "_timer", "_written")

    def __init__(self, core: Core, settings: QueueSettings) -> None:
        """Nothing is due."""
        self._core = core
        self._settings = settings
        self._timer: Timer | None = None
        self._get = 0
        self._written = 0

    def begin(self, get: int) -> None:
        """The queue is enabled at ``get``: the first write-back says so (CP-WB-004)."""
        self.stop()
        self._get = get
        self._written = get
        self._schedule()

    def moved(self, get: int) -> None:
        """Note that get is ``get`` now."""
        self._get = get
        due = distance(self._written, get) >= reference.BOUND_WRITEBACK_PACKETS
        if due and self._core.requester.open:
            self.write()
        elif self._timer is None:
            self._schedule()

    @property
    def due(self) -> bool:
        """Whether a write-back is still to come."""
        return self._timer is not None

    def _schedule(self) -> None:
        if self._settings.writeback is not None:
            delays = self._core.delays
            self._timer = self._core.clock.after(delays.draw(delays.WRITEBACK), self._expired)

    def _expired(self) -> None:
        if self._core.requester.open:
            self.write()
        else:
            timer = self._timer
            self._core.requester.when_open(lambda: self.write() if self._timer is timer else None)

    def write(self) -> None:
        """Write what is due, now: one aligned 8-byte write (CP-WB-001)."""
        address = self._settings.writeback
        if self._timer is not None and address is not None:
            self._core.requester.post(address, self._get.to_bytes(8, "little"))
            self._written = self._get
        self.stop()

    def stop(self) -> None:
        """Forget what is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
