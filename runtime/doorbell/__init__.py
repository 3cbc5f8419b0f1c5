"""Doorbell: the host software of a PCIe accelerator, and the reference model of its device."""

from doorbell.version import __version__

__all__ = ["__version__"]
