"""What a model has: counts and sizes."""

from __future__ import annotations

from dataclasses import dataclass

from doorbell.contract import limits
from doorbell.contract.limits import reference

__all__ = ["Shape"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Counts that the capability registers report (DEV-CAP-001); memory in bytes, a power of two.

    The default is the reference device. Others show that software assumes no count.
    """

    queues: int = reference.QUEUES
    channels: int = reference.CHANNELS
    units: int = reference.UNITS
    vectors: int = reference.VECTORS
    semaphores: int = reference.SEMAPHORES
    memory: int = reference.DEVICE_MEMORY_BYTES
    ring_log2: tuple[int, int] = (limits.RING_LOG2_MIN, limits.RING_LOG2_MAX)
    """log2 of the packets of its smallest and largest ring."""
    window: int = reference.WINDOW
    tags: int = reference.TAGS
    payload: int = reference.MPS_BYTES_MAX
    """Largest payload it supports, in bytes."""
    macs: int = reference.MACS_PER_CYCLE
    """Multiply-accumulates of a unit in a cycle."""
    clock_hz: int = reference.CLOCK_HZ
    bound_reset: int = reference.BOUND_RESET_CYCLES
    writeback_cycles: int = reference.BOUND_WRITEBACK_CYCLES
    writeback_packets: int = reference.BOUND_WRITEBACK_PACKETS
    completion_timeout: int = reference.COMPLETION_TIMEOUT_CYCLES
    express: int = 0x40
    """Where the PCI Express capability stands in configuration space."""
    msix: int = 0x80
    """Where the MSI-X capability stands; the lower of the two leads the list."""
