"""Waiting in device cycles, as read from the device, under a guard of wall-clock seconds."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from doorbell_vectors.player.errors import Inconclusive, Mismatch
from doorbell_vectors.player.hardware import Hardware

__all__ = ["Clock"]

_MASK: Final = (1 << 64) - 1
_GUARD_SECONDS: Final = 2.0
_GUARD_HZ: Final = 10_000
_FIRST_STEP, _LAST_STEP = 16, 2048


class Clock:
    """The device's cycle counter at ``offset`` of BAR0; guards are stretched by ``scale``."""

    def __init__(self, hardware: Hardware, offset: int, scale: float) -> None:
        self._hardware = hardware
        self._offset = offset
        self._scale = scale

    async def read(self) -> int:
        """Return the device's time, cycles. Raises `Mismatch` when nobody answers."""
        found = await self._hardware.read(0, self._offset, 8)
        if found == _MASK:
            raise Mismatch("lost", "cycle counter", "the device's time", "all ones: nobody answers")
        return found

    async def until(self, holds: Callable[[], Awaitable[bool]], within: int) -> bool:
        """Return whether ``holds`` came true within so many device cycles; looks once more past the limit.

        Raises:
            Inconclusive: the guard ran out first.
        """
        if await holds():
            return True
        start = await self.read()
        deadline = time.monotonic() + (_GUARD_SECONDS + within / _GUARD_HZ) * self._scale
        step = _FIRST_STEP
        transport = self._hardware.transport
        while True:
            if await holds():
                return True
            passed = (await self.read() - start) & _MASK
            if passed > within:
                return await holds()
            if time.monotonic() > deadline:
                raise Inconclusive(
                    f"{passed} of {within} device cycles had passed when the host's guard ran out;"
                    " raise --time-scale"
                )
            # The reads above count as events themselves: what they hid is seen at `limit`.
            await transport.wait(
                transport.events(), transport.now() + min(step, within - passed + 1)
            )
            step = min(2 * step, _LAST_STEP)

    async def delay(self, cycles: int) -> None:
        """Let device time pass. Raises `Inconclusive` when the guard runs out first."""
        start = await self.read()
        transport = self._hardware.transport
        deadline = time.monotonic() + (_GUARD_SECONDS + cycles / _GUARD_HZ) * self._scale
        while (passed := (await self.read() - start) & _MASK) < cycles:
            if time.monotonic() > deadline:
                raise Inconclusive(
                    f"{passed} of {cycles} device cycles had passed when the host's guard ran out;"
                    " raise --time-scale"
                )
            limit = transport.now() + min(cycles - passed, 1 << 16)
            while transport.now() < limit:
                await transport.wait(transport.events(), limit)
