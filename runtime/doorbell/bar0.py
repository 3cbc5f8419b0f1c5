"""Registers of a device by MMIO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from doorbell.checks import U64_MAX, integer
from doorbell.contract import registers
from doorbell.contract.register_types import Register
from doorbell.errors import ArgumentError, DeadlineExceeded, DeviceLost, UseAfterFree
from doorbell.transport import Transport

__all__ = ["Bar0"]

_POLL_CYCLES: Final = 64


class Bar0:
    """The registers at bus address ``bar0`` behind ``transport``."""

    def __init__(self, transport: Transport, bar0: int) -> None:
        self.transport = transport
        self.bar0 = bar0
        self.closed = False
        """Whether the device was closed, or let go of after an exception."""

    def check_open(self) -> None:
        """Raise UseAfterFree when the device was closed."""
        if self.closed:
            raise UseAfterFree("the device is used after it was closed; open it anew")

    def register(self, register: Register) -> int:
        """Return the bus address of a BAR0 register.

        Raises:
            ArgumentError: it is none of `doorbell.contract.registers`.
        """
        if not isinstance(register, Register):
            raise ArgumentError(
                f"{register!r} is no register; give one of doorbell.contract.registers, such as "
                f"registers.DEVICE.STATUS"
            )
        return self.bar0 + register.offset

    async def read(self, register: Register) -> int:
        """Read a register (64 bits).

        Raises:
            DeviceLost: it reads all ones, and so does IDENTITY.
            ArgumentError: it is none of `doorbell.contract.registers`.
            UseAfterFree: the device was closed.
        """
        return await self.read_bar0(self.register(register) - self.bar0)

    async def read_bar0(self, offset: int) -> int:
        """Read 8 bytes at ``offset`` of BAR0; raises as `read`."""
        self.check_open()
        value = await self.transport.read(self.bar0 + offset)
        if value == U64_MAX:
            identity = await self.transport.read(self.register(registers.DEVICE.IDENTITY))
            if identity == U64_MAX:
                raise DeviceLost(
                    f"BAR0 offset {offset:#x} and IDENTITY read all ones: the device left the bus"
                )
        return value

    def post(self, register: Register, value: int) -> None:
        """Write a register (64 bits), posted.

        Raises:
            ArgumentError: it is none of `doorbell.contract.registers`, or ``value`` does not fit 64
            bits.
            UseAfterFree: the device was closed.
        """
        self.check_open()
        address = self.register(register)
        self.transport.write(address, integer(register.name, value, 0, U64_MAX))

    async def counters(self) -> dict[str, int]:
        """Freeze the counters and return them by name in lower case, "cycles" first.

        One write and eight reads.
        """
        self.post(registers.DEVICE.SNAPSHOT, 1)
        found = [item for item in registers.DEVICE.registers() if ".COUNTER_" in item.name]
        return {item.name.split("COUNTER_")[1].lower(): await self.read(item) for item in found}

    async def poll(
        self, register: Register, fields: Mapping[str, int], bound: int, what: str
    ) -> None:
        """Read ``register`` until ``fields`` hold.

        Raises:
            DeadlineExceeded: they do not within ``bound`` cycles; ``what`` stands in the message.
        """
        limit = self.transport.now() + bound
        while True:
            late = self.transport.now() >= limit
            found = register.decode(await self.read(register))
            if all(found[name] == value for name, value in fields.items()):
                return
            if late:
                raise DeadlineExceeded(
                    f"{what} did not end within {bound} cycles: {register.name} is {found} at cycle "
                    f"{self.transport.now()}; `await device.reset()`, or open the device anew"
                )
            await self.transport.wait(self.transport.events(), self.transport.now() + _POLL_CYCLES)
