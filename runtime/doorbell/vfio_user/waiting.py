"""Time and events of a device in another process: interrupts by eventfd, the rest by looking now and then."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from typing import Any, Final

from doorbell import driver
from doorbell.contract import registers
from doorbell.errors import DeadlineExceeded, UseAfterFree
from doorbell.vfio_user.bus import Bus
from doorbell.vfio_user.hostmem import Mapped
from doorbell.vfio_user.irqs import Eventfds

__all__ = ["Waiting"]

_EVENTS: Final = (1 << 32) - 1
_ONES: Final = (1 << 64) - 1
_CYCLES = registers.DEVICE.CYCLES
_PATIENCE_SECONDS: Final = 120.0
_NAP_SECONDS: Final = 0.0002
"""Shortest time between looks at device time and watched memory; an interrupt ends it."""
_NAP_WATCHING, _NAP_LONGEST = 0.002, 0.05
_RATE: Final = 2_000_000
"""Device cycles per second, more than a server lets pass."""


class _Event:
    """Parked until the event count differs from ``seen``, or device time has reached ``limit``."""

    __slots__ = ("_seen", "limit", "source")

    def __init__(self, source: Waiting, seen: int, limit: int | None) -> None:
        self.source = source
        self.limit = limit
        self._seen = seen

    def ready(self) -> bool:
        """Whether the program can go on."""
        source = self.source
        return source.events() != self._seen or (
            self.limit is not None and source.now() >= self.limit
        )


class Waiting:
    """The part of a `Transport` that waits. What waits blocks; under `together` the programs take turns."""

    def __init__(self, bus: Bus, irqs: Eventfds, mapped: Mapped) -> None:
        self._bus = bus
        self._irqs = irqs
        self._mapped = mapped
        self._events = 0
        self._now = 0
        self._heard = time.monotonic()
        self._driven = False
        self._closed = False

    def now(self) -> int:
        """Device time by reading DEVICE.CYCLES; while that cannot be read, what it last was."""
        if not self._closed:
            data = self._bus.read(self._bus.bar0 + _CYCLES.offset, 8) if self._bus.bar0 else None
            value = _ONES if data is None else int.from_bytes(data, "little")
            if value != _ONES and value > self._now:
                self._now, self._heard = value, time.monotonic()
        return self._now

    def events(self) -> int:
        """Count of interrupts, changes of watched memory and reached times, modulo 2^32."""
        self._look(0.0)
        return self._events

    def _look(self, seconds: float) -> None:
        if self._closed:
            return
        happened = self._irqs.collect(seconds) + self._mapped.changes()
        if happened:
            self._heard = time.monotonic()
            self._events = (self._events + happened) & _EVENTS

    async def wait(self, seen: int, until: int | None = None) -> int:
        """Return the event count once it is not ``seen`` or device time has reached ``until``.

        Raises:
            DeadlineExceeded: nothing happens for two minutes, and device time is not asked for or stands.
            DeviceLost: the server has gone.
        """
        self._check_open()
        self._heard = time.monotonic()
        park = _Event(self, seen, until)
        if self._driven:
            await driver.parked(park)
        else:
            driver.run(_until(park))
        if self._events == seen:  # an `until` that is reached is an event too
            self._events = (self._events + 1) & _EVENTS
        return self._events

    def advance(self, limit: int | None) -> bool:
        """Sleep until an interrupt, for a moment at most; see `doorbell.driver.Source`."""
        left = 0.0 if limit is None else (limit - self._now) / _RATE
        longest = _NAP_WATCHING if self._mapped.watching else _NAP_LONGEST
        self._look(min(max(left, _NAP_SECONDS), longest))
        return time.monotonic() - self._heard < _PATIENCE_SECONDS

    def stuck(self) -> Exception:
        """Say that nothing happens."""
        return DeadlineExceeded(
            f"nothing happened for {_PATIENCE_SECONDS} s: no interrupt, no change of watched memory; "
            f"device time was {self._now} when last read"
        )

    async def together(self, *programs: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run programs concurrently; the first exception cancels the others."""
        if self._driven:
            return await driver.together(*programs)
        self._driven = True
        try:
            results: list[Any] = driver.run(driver.together(*programs))
            return results
        finally:
            self._driven = False

    def _check_open(self) -> None:
        if self._closed:
            raise UseAfterFree("the transport is closed; open the device anew")


async def _until(park: _Event) -> None:
    await driver.parked(park)
