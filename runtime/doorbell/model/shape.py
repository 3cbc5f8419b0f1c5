"""What a model has: counts and sizes."""

from __future__ import annotations

from dataclasses import dataclass

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
    window: int = reference.WINDOW
    tags: int = reference.TAGS
