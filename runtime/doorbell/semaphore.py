"""Timeline semaphores on the device: 64-bit values that queues and the host signal and wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doorbell.contract import registers
from doorbell.errors import DeadlineExceeded

if TYPE_CHECKING:
    from doorbell.device import Device

__all__ = ["Semaphore"]

_POLL_CYCLES = 256


class Semaphore:
    """One device semaphore; ``index`` is its number. Values compare circularly (SEM rules)."""

    __slots__ = ("_device", "index")

    def __init__(self, device: Device, index: int) -> None:
        """Use `Device.semaphore`."""
        self._device = device
        self.index = index

    def set(self, value: int) -> None:
        """Store ``value`` modulo 2^64 by a posted write."""
        self._post(registers.SEMAPHORE_SET.word(self.index), value)

    def add(self, value: int) -> None:
        """Add ``value`` modulo 2^64 by a posted write."""
        self._post(registers.SEMAPHORE_ADD.word(self.index), value)

    def poison(self, on: bool = True) -> None:
        """Poison or heal it: unsatisfied waiters fail with WAIT_POISONED."""
        self._post(registers.SEMAPHORE_POISON.word(self.index), int(on))

    async def value(self) -> int:
        """Read the value: one MMIO read."""
        return await self._device.read_bar0(registers.SEMAPHORE_SET.word(self.index))

    async def reach(self, value: int, deadline: int | None = None) -> None:
        """Poll until ``signed(semaphore - value) >= 0``; for set-up and tests, streams wait on the device instead.

        Raises:
            DeadlineExceeded: ``deadline`` cycles passed; None takes the device's.
        """
        transport = self._device.transport
        limit = transport.now() + (self._device.deadline if deadline is None else deadline)
        while True:
            self._device.service()
            now = await self.value()
            if (now - value) & (1 << 64) - 1 < 1 << 63:
                return
            if transport.now() >= limit:
                raise DeadlineExceeded(
                    f"semaphore {self.index}: waited for {value}, it is {now} at cycle {transport.now()}"
                )
            await transport.wait(transport.events(), transport.now() + _POLL_CYCLES)

    def _post(self, offset: int, value: int) -> None:
        self._device.transport.write(self._device.bar0 + offset, value & (1 << 64) - 1)
