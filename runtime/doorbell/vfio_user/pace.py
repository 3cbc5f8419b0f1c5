"""When device time passes while nobody asks: as long as the device has work, and a while longer.

Each access takes the device time that it takes. In between, time goes on in short slices until a
message comes: a few cycles at once, slowly while the client is likely to send more, then at `RATE`
at most. A simulator is hardly faster; the model, whose time costs nothing, would otherwise run
through every deadline before a client can act. When the device is idle and the client silent for
long enough, we sleep on the socket and time stands still, so an idle server takes no processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from doorbell import Device
from doorbell.contract import registers
from doorbell.vfio_user.wire import Connection

__all__ = ["RATE", "Pace"]

RATE: Final = 1_000_000
"""Device cycles per second of wall time, at most."""
_AHEAD: Final = 128  # cycles that may pass at once after a message
_SLOW: Final = 100_000  # cycles per second at first
_SLOW_SECONDS: Final = 0.01
_FIRST_SLICE, _LAST_SLICE = 32, 1024
_LOOK: Final = 4096  # cycles between looks at STATUS.idle
_LINGER: Final = 50_000  # idle cycles before we sleep, so that a client may poll for time to pass
_STATUS = registers.DEVICE.STATUS


class Pace:
    """Passes the time of one device between two messages of one client."""

    def __init__(self, device: Device, connection: Connection, deliver: Callable[[], None]) -> None:
        """``deliver`` is called after each slice: interrupts reach the client."""
        self._device = device
        self._connection = connection
        self._deliver = deliver

    async def until_message(self) -> None:
        """Return when something has arrived.

        Raises:
            Disconnected: a message has begun and does not end.
        """
        transport, connection = self._device.transport, self._connection
        began, start = time.monotonic(), transport.now()
        size, look, sleep_at = _FIRST_SLICE, start + _LOOK, 0
        while not connection.wait(0):
            await transport.wait(transport.events(), transport.now() + size)
            self._deliver()
            now = transport.now()
            early = now - start - _may_pass(time.monotonic() - began)
            if early > 0 and connection.wait(early / RATE):
                return
            size = min(2 * size, _LAST_SLICE)
            if now < look:
                continue
            look = now + _LOOK
            if not await self._idle():
                sleep_at = 0
            elif not sleep_at:
                sleep_at = now + _LINGER + await self._longest_timer()
            elif now >= sleep_at:
                connection.wait()

    async def _idle(self) -> bool:
        """Whether the device has nothing to do; one that does not answer has not either."""
        status = await self._device.transport.read(self._device.register(_STATUS))
        return bool(_STATUS.decode(status)["idle"])

    async def _longest_timer(self) -> int:
        """Cycles for which an interrupt may still be held back by its moderation."""
        longest = 0
        for vector in range(self._device.function.vectors):
            register = registers.VECTOR[vector].MODERATION
            value = await self._device.transport.read(self._device.register(register))
            longest = max(longest, register.decode(value)["timer"])
        return longest


def _may_pass(seconds: float) -> float:
    """Cycles that may pass in the time since the last message."""
    return _AHEAD + _SLOW * min(seconds, _SLOW_SECONDS) + RATE * max(0.0, seconds - _SLOW_SECONDS)
