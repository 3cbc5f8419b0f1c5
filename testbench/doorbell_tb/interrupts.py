"""The device's own view of its interrupts, read over the link when a run has ended."""

from __future__ import annotations

from doorbell.checks import U64_MAX
from doorbell.contract import registers
from doorbell_tb.transport import RtlTransport

__all__ = ["pending"]

_WAIT_CYCLES = 1_000


async def pending(transport: RtlTransport) -> int:
    """Return the MSI-X pending bits (INT-MASK-001), bit N for vector N, once they are 0 or do not go away.

    0 as well when the device is not placed, its memory space is off, or it sleeps: it answers nothing then.
    """
    if transport.journal.bar0 is None or transport.abandoned:
        return 0
    address = transport.journal.bar0 + registers.MSIX_PBA.offset
    limit = transport.now() + _WAIT_CYCLES
    while True:
        bits = await transport.read(address)
        if bits == U64_MAX:
            return 0
        if not bits or transport.now() >= limit:
            return bits
        await transport.wait(transport.events(), min(limit, transport.now() + 100))
