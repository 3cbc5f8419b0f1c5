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


@dataclass(frozen=True, slots=True)
class LinkTlp:
    """One memory request, completion or message that crossed the link, as an analyser shows it.

    ``kind`` is "memory_write", "memory_read", "completion", "message_interrupt" or "other";
    ``address`` the first byte meant (0 for completions), ``length`` the payload or what is asked
    for, in bytes; ``requester`` the 16-bit id. The last three are a completion's own, 0 elsewhere:
    ``byte_count`` in bytes (1 to 4096), ``lower_address`` (7 bits), ``byte_count_modified`` (1 bit).
    """

    cycle: int
    up: bool
    kind: str
    address: int
    length: int
    attributes: int = 0
    traffic_class: int = 0
    wide: bool = False
    first_be: int = 0
    last_be: int = 0
    requester: int = 0
    byte_count: int = 0
    lower_address: int = 0
    byte_count_modified: int = 0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Answer to a raw TLP: ``status`` "SC", "UR", "CA" or "CRS", ``length`` bytes of payload, the first 8 of them."""

    status: str
    length: int
    data: bytes


class Lab(Protocol):
    """What a laboratory's host can do beyond a plain one; only calls behind ``abilities`` may be made.

    A window is what happens from one `begin` to the next: one test or vector.
    """

    @property
    def abilities(self) -> frozenset[str]:
        """Names as in ``vectors/FORMAT.md``, section Host abilities."""
        ...

    def begin(self) -> None:
        """Start a window: the analyser and the checkers count from here; spoiling that was not used ends."""
        ...

    def spoil(self, iova: int, length: int, kind: str, count: int) -> None:
        """Answer the next ``count`` device reads that touch the range with a failure ("completion_faults").

        ``kind``: unsupported, abort, poison, drop, late, short, long, wrong_address.
        """
        ...

    async def odd_read(self, address: int, length: int) -> bytes:
        """Read any number of bytes in exactly one TLP ("odd_access"); all ones when it fails."""
        ...

    def odd_write(self, address: int, data: bytes) -> None:
        """Post any number of bytes in exactly one TLP ("odd_access")."""
        ...

    async def tlp(
        self, header: Sequence[int], data: bytes, *, within: int, answer: bool
    ) -> RawAnswer | None:
        """Send one TLP exactly as it is ("tlp_injection"): 3 or 4 header words as printed in PCIe Base, payload.

        With ``answer``, wait at most ``within`` cycles for the device's answer to its requester and tag and
        return it, None when none came.
        """
        ...

    def link(self) -> Sequence[LinkTlp]:
        """Return the TLPs of this window, oldest first ("link"); configuration requests are left out."""
        ...

    def findings(self) -> Sequence[str]:
        """Return what the checkers find wrong in this window, one line each, rule id first."""
        ...

    async def settle(self) -> Sequence[str]:
        """Let what is under way arrive; return what is then still outstanding, one line each."""
        ...

    async def reset(self) -> bool:
        """Reset the device from outside (link or power) for recovery; False when this host cannot."""
        ...


@runtime_checkable
class HasLab(Protocol):
    """A transport whose host is a laboratory's."""

    @property
    def lab(self) -> Lab:
        """The laboratory."""
        ...
