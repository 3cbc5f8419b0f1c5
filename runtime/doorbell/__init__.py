"""Doorbell: the host software of a PCIe accelerator, and the reference model of its device."""

from doorbell import errors, kernels, reference
from doorbell.buffer import Buffer, HostArray
from doorbell.device import Capabilities, Device
from doorbell.event import Event
from doorbell.semaphore import Semaphore
from doorbell.session import open, run  # noqa: A004 - reads as doorbell.open
from doorbell.stream import Stream
from doorbell.version import __version__

__all__ = [
    "Buffer",
    "Capabilities",
    "Device",
    "Event",
    "HostArray",
    "Semaphore",
    "Stream",
    "__version__",
    "errors",
    "kernels",
    "open",
    "reference",
    "run",
]
