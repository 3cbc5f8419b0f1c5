"""The one way the runtime reaches a device: a small protocol that the model, the simulator and silicon implement."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Fault:
    """One refused access in the host's log (IOMMU or switch).

    ``kind`` says why ("unmapped read", "read-only write", "own BAR", ...), ``address`` is the bus
    address, ``length`` counts bytes, ``cycle`` is device time.
    """

    kind: str
    address: int
    length: int
    cycle: int


class Transport(Protocol):
    """What the runtime needs from a device and the host side of its link.

    Addresses are bus addresses (after enumeration: BAR base + offset); sizes are bytes; times are
    device cycles. Posted calls (plain ``def``) return at once; only coroutines wait.
    """

    @property
    def name(self) -> str:
        """Short name for messages, such as "model" or "rtl"."""
        ...

    @property
    def seed(self) -> int:
        """Seed of this run; the same seed replays it bit for bit."""
        ...

    # Time and events ------------------------------------------------------------------------------
    def now(self) -> int:
        """Device time in cycles, as far as the host side knows it; never decreases."""
        ...

    def events(self) -> int:
        """Count of events, modulo 2^32: MMIO completions, interrupts, watched writes, reached ``until`` times."""
        ...

    async def wait(self, seen: int, until: int | None = None) -> int:
        """Return the event count once it differs from ``seen`` or device time has reached ``until``."""
        ...

    async def together(self, *programs: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run programs concurrently; return their results in order.

        The first exception cancels the others.
        """
        ...

    # Configuration space and registers ------------------------------------------------------------
    async def config_read(self, offset: int, size: int = 4) -> int:
        """Read 1, 2 or 4 bytes of configuration space. All ones when nobody answers."""
        ...

    async def config_write(self, offset: int, value: int, size: int = 4) -> None:
        """Write 1, 2 or 4 bytes of configuration space; returns when the completion is in."""
        ...

    async def read(self, address: int, size: int = 8) -> int:
        """Read 4 or 8 bytes in one TLP.

        A failed completion reads as all ones, as on a real root complex.
        """
        ...

    def write(self, address: int, value: int, size: int = 8) -> None:
        """Posted write of 4 or 8 bytes in one TLP; inbound order is kept."""
        ...

    async def read_block(self, address: int, length: int) -> bytes:
        """Read ``length`` bytes, cut into legal TLPs. Failed parts read as all ones."""
        ...

    def write_block(self, address: int, data: bytes | memoryview | npt.NDArray[np.uint8]) -> None:
        """Posted write of any length, cut into legal TLPs in address order."""
        ...

    # Host memory ----------------------------------------------------------------------------------
    def map(self, iova: int, memory: npt.NDArray[np.uint8], *, writable: bool = True) -> None:
        """Let the device reach ``memory`` (contiguous uint8, kept in place) at ``iova`` (4 KiB-aligned)."""
        ...

    def unmap(self, iova: int) -> None:
        """Withdraw the mapping that starts at ``iova``; later accesses are refused and logged."""
        ...

    def publish(self) -> None:
        """Order every host-memory write so far before every later posted write (ORD rules)."""
        ...

    def watch(self, iova: int, length: int) -> None:
        """Count an event whenever the device writes into ``[iova, iova + length)``."""
        ...

    def unwatch(self, iova: int) -> None:
        """End the watch that starts at ``iova``."""
        ...

    # Interrupts and checks ------------------------------------------------------------------------
    def message_address(self) -> int:
        """Bus address that MSI-X messages are written to; message data is the vector number."""
        ...

    def interrupts(self, vector: int) -> int:
        """Messages received so far for ``vector``."""
        ...

    def faults(self) -> Sequence[Fault]:
        """Every refused device access so far, oldest first."""
        ...

    def leaks(self) -> Sequence[str]:
        """What is still outstanding (reads, credits, MMIO), one line each.

        Read synchronously at the end of a run.
        """
        ...

    def close(self) -> None:
        """Let go of the device; awaits nothing."""
        ...


@runtime_checkable
class HostMemory(Protocol):
    """What a transport offers too when it can map no memory but its own."""

    def host_memory(self, length: int) -> npt.NDArray[np.uint8]:
        """Return ``length`` zeroed bytes (a multiple of 4 KiB) that `Transport.map` takes, whole or in part."""
        ...
