"""The hardware layer of FORMAT.md over a `Transport`: configuration space, BARs, memory, interrupts, recovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell.errors import ArgumentError
from doorbell.pci import Function, enumerate_function
from doorbell.transport import HasLab, HostMemory, Lab, Transport
from doorbell_vectors.format.abilities import PLAIN
from doorbell_vectors.player.errors import Broken, Unsupported
from doorbell_vectors.player.placement import Placed

__all__ = ["Hardware"]

_COMMAND: Final = 0x04
_CAPABILITIES: Final = 0x34
_IDS: Final = {"pcie": 0x10, "msix": 0x11}
_MSIX_ENABLE, _FUNCTION_MASK = 1 << 15, 1 << 14


class Hardware:
    """One device and its host; addresses are bus addresses, lengths bytes, times device cycles."""

    def __init__(
        self, transport: Transport, function: Function, *, without: frozenset[str]
    ) -> None:
        """Use an enumerated ``function``; the abilities ``without`` are not used though they are there."""
        self.transport = transport
        self.function = function
        self._lab: Lab | None = transport.lab if isinstance(transport, HasLab) else None
        offered = self._lab.abilities if self._lab else PLAIN
        self.abilities = offered - without
        self._found: dict[int, int] = {}
        self._dirty = False

    def lab(self, ability: str) -> Lab:
        """Return the laboratory. Raises `Unsupported` when this host lacks ``ability``."""
        self.require(ability)
        if self._lab is None:
            raise Unsupported(f"host ability {ability}: this host has no laboratory")
        return self._lab

    def require(self, ability: str) -> None:
        """Raise `Unsupported` when this host lacks ``ability``."""
        if ability not in self.abilities:
            raise Unsupported(f"host ability {ability}: this host lacks it")

    def begin(self) -> None:
        """Start a window of the laboratory, if there is one."""
        if self._lab is not None:
            self._lab.begin()

    async def findings(self) -> Sequence[str]:
        """Return what checkers found in this window, and what is still outstanding when all has settled."""
        if self._lab is None:
            return ()
        left = await self._lab.settle()
        return [*self._lab.findings(), *(f"leak: {line}" for line in left)]

    # Configuration space --------------------------------------------------------------------------
    async def config_read(self, at: int, size: int, capability: str | None = None) -> int:
        """Read configuration space, from 0 or from a capability."""
        return await self.transport.config_read(await self._place(at, capability), size)

    async def config_write(self, at: int, value: int, size: int, capability: str | None) -> None:
        """Write configuration space; `restore` will be needed."""
        self._dirty = True
        await self.transport.config_write(await self._place(at, capability), value, size)

    async def _place(self, at: int, capability: str | None) -> int:
        if capability is None:
            return at
        wanted = _IDS[capability]
        if wanted not in self._found:
            self._found = await self._capabilities()
        if wanted not in self._found:
            raise Unsupported(f"device capability {capability}: not in its list of capabilities")
        return self._found[wanted] + at

    async def _capabilities(self) -> dict[int, int]:
        found: dict[int, int] = {}
        at = await self.transport.config_read(_CAPABILITIES, 1) & 0xFC
        while at and at not in found.values():
            header = await self.transport.config_read(at, 2)
            found.setdefault(header & 0xFF, at)
            at = header >> 8 & 0xFC
        return found

    async def restore(self) -> None:
        """Set configuration space up again if a vector wrote to it. Raises what enumeration raises."""
        if self._dirty:
            await self.enumerate()

    async def enumerate(self) -> None:
        """Place the BARs, switch memory space, bus master and MSI-X on; every vector stays masked in its entry."""
        self._found.clear()
        self.function = await enumerate_function(self.transport)
        control = await self.transport.config_read(self.function.msix + 2, 2)
        control = control & ~_FUNCTION_MASK | _MSIX_ENABLE
        await self.transport.config_write(self.function.msix + 2, control, 2)
        await self.function.bus_master(True)
        self._dirty = False

    # BARs -----------------------------------------------------------------------------------------
    def address(self, bar: int, at: int) -> int:
        """Return the bus address of an offset in a BAR. Raises `Broken` for a BAR that is not there."""
        if bar not in self.function.bars:
            raise Broken(f"BAR{bar} is not there; the device has {sorted(self.function.bars)}")
        return (self.function.bars[bar].address + at) % (1 << 64)

    async def read(self, bar: int, at: int, size: int) -> int:
        """Read 4 or 8 bytes in one TLP."""
        return await self.transport.read(self.address(bar, at), size)

    def write(self, bar: int, at: int, value: int, size: int) -> None:
        """Post a write of 4 or 8 bytes in one TLP; ``value`` is cut to it."""
        self.transport.write(self.address(bar, at), value % (1 << 8 * size), size)

    # Interrupts -----------------------------------------------------------------------------------
    async def _entry(self, vector: int) -> int:
        if vector >= self.function.vectors:
            raise Broken(f"vector {vector}: the device has {self.function.vectors}")
        table = await self.config_read(4, 4, "msix")
        return self.address(table & 7, (table & ~7) + 16 * vector)

    async def interrupt_setup(self, vector: int) -> None:
        """Fill the vector's entry and unmask it."""
        entry = await self._entry(vector)
        self.transport.write(entry, self.transport.message_address(), 8)
        self.transport.write(entry + 8, vector, 8)

    async def interrupt_mask(self, vector: int, *, masked: bool) -> None:
        """Set or clear the vector's mask bit."""
        self.transport.write(await self._entry(vector) + 12, int(masked), 4)

    # Memory ---------------------------------------------------------------------------------------
    def allocate(self, length: int) -> npt.NDArray[np.uint8]:
        """Return so many bytes, whole pages, that the device can be let reach."""
        if isinstance(self.transport, HostMemory):
            return self.transport.host_memory(length)
        return np.empty(length, np.uint8)

    def map(self, buffer: Placed) -> None:
        """Let the device reach a buffer's pages."""
        try:
            self.transport.map(buffer.base, buffer.pages, writable=buffer.writable)
        except ArgumentError as error:
            raise Broken(f"buffer {buffer.name}: {error}") from error

    def unmap(self, buffer: Placed) -> None:
        """Withdraw a buffer's pages."""
        self.transport.unmap(buffer.base)

    # Recovery -------------------------------------------------------------------------------------
    async def reset(self) -> bool:
        """Reset from outside and enumerate anew; False when this host cannot."""
        if self._lab is None or not await self._lab.reset():
            return False
        await self.enumerate()
        return True
