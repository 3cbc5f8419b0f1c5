"""Timeline semaphores on the device: 64-bit values that queues and the host signal and wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doorbell.checks import U64_MAX, integer
from doorbell.contract import registers
from doorbell.errors import DeadlineExceeded
from doorbell.lease import Lease

if TYPE_CHECKING:
    from doorbell.device import Device

__all__ = ["Semaphore"]

_POLL_CYCLES = 256


class Semaphore:
    """One semaphore of ``device``; ``index`` is its number. Values compare circularly (SEM rules)."""

    __slots__ = ("device", "index", "lease")

    def __repr__(self) -> str:
        return f"<Semaphore {self.index}{', freed' if self.lease.freed else ''}>"

    def __init__(self, device: Device, index: int) -> None:
        """Use `Device.semaphore`; sets it to 0 and heals it."""
        self.device = device
        self.index = index
        self.lease = Lease(f"semaphore {index}", lambda: device.give_semaphore(index))
        self.set(0)
        self.poison(False)

    def set(self, value: int) -> None:
        """Store ``value``, 0 to 2^64 - 1, by a posted write."""
        self._post(registers.SEMAPHORE_SET.word(self.index), value)

    def add(self, value: int) -> None:
        """Add ``value``, 0 to 2^64 - 1, modulo 2^64 by a posted write."""
        self._post(registers.SEMAPHORE_ADD.word(self.index), value)

    def poison(self, on: bool = True) -> None:
        """Poison or heal it: unsatisfied waiters fail with WAIT_POISONED."""
        self._post(registers.SEMAPHORE_POISON.word(self.index), int(bool(on)))

    def fail(self) -> None:
        """Poison it for a stream that will not signal it any more, freed or not (RT-FAIL-002)."""
        self.device.transport.write(
            self.device.bar0 + registers.SEMAPHORE_POISON.word(self.index), 1
        )

    def free(self) -> None:
        """Give it back; it is reused only after every WAIT and SIGNAL of it has retired.

        Raises:
            UseAfterFree: it was freed already.
        """
        self.lease.free()

    async def value(self) -> int:
        """Read the value: one MMIO read.

        Raises:
            UseAfterFree: it was freed.
            DeviceLost: see `Device.read`.
        """
        self.lease.check()
        return await self.device.read_bar0(registers.SEMAPHORE_SET.word(self.index))

    async def reach(self, value: int, deadline: int | None = None) -> None:
        """Poll until ``signed(semaphore - value) >= 0``; for set-up and tests, streams wait on the device instead.

        Raises:
            ArgumentError: ``value`` is outside 0 to 2^64 - 1.
            DeadlineExceeded: ``deadline`` cycles passed; None takes the device's.
        """
        value = integer("value", value, 0, U64_MAX)
        transport = self.device.transport
        limit = self.device.limit(deadline)
        while True:
            self.device.service()
            now = await self.value()
            if (now - value) & U64_MAX < 1 << 63:
                return
            if transport.now() >= limit:
                raise DeadlineExceeded(
                    f"semaphore {self.index}: waited for {value}, it is {now} at cycle {transport.now()}"
                )
            await transport.wait(transport.events(), transport.now() + _POLL_CYCLES)

    def _post(self, offset: int, value: int) -> None:
        self.device.check_open()
        self.lease.check()
        value = integer(f"semaphore {self.index}: value", value, 0, U64_MAX)
        self.device.transport.write(self.device.bar0 + offset, value)
