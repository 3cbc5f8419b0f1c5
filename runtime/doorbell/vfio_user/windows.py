"""The client's memory as the device sees it: files that came with DMA_MAP, mapped in place."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from doorbell.transport import Transport
from doorbell.vfio_user.messages import DmaMap, DmaUnmap
from doorbell.vfio_user.negotiation import MAPS_MAX, PAGE
from doorbell.vfio_user.numbers import DmaFlag, DmaUnmapFlag

__all__ = ["Windows"]

_MESSAGES: Final = 1 << 20  # MSI-X messages go to the MiB at the transport's message address
_BUS_END: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class _Window:
    size: int
    space: mmap.mmap


class Windows:
    """Mappings of one client. Every refusal is an OSError whose errno goes into the reply."""

    def __init__(self, transport: Transport, taken: Sequence[range]) -> None:
        """``taken``: bus addresses of the device's BARs, which cannot be host memory too."""
        self._transport = transport
        base = transport.message_address()
        self._taken = [*taken, range(base, base + _MESSAGES)]
        self._windows: dict[int, _Window] = {}

    def map(self, request: DmaMap, descriptors: Sequence[int]) -> None:
        """Let the device reach a part of a file. The descriptor stays the caller's.

        Raises:
            OSError: EOPNOTSUPP without a file, EEXIST over another mapping, EBUSY over a BAR or the
                message addresses, ENOSPC for too many, EINVAL for anything else that cannot be.
        """
        start, size = request.address, request.size
        if not descriptors:
            raise OSError(
                errno.EOPNOTSUPP, "a region without a file: DMA by messages is not offered"
            )
        if len(descriptors) > 1 or not 0 < request.flags <= DmaFlag.READ | DmaFlag.WRITE:
            raise OSError(errno.EINVAL, f"{len(descriptors)} files, flags {request.flags:#x}")
        if (start | size | request.offset) % PAGE or not 0 < size <= _BUS_END - start:
            raise OSError(errno.EINVAL, f"{size:#x} bytes at {start:#x}: whole 4 KiB pages only")
        end = start + size
        if any(start < at + have.size and at < end for at, have in self._windows.items()):
            raise OSError(errno.EEXIST, f"[{start:#x}, {end:#x}) overlaps a mapping")
        if any(start < other.stop and other.start < end for other in self._taken):
            raise OSError(errno.EBUSY, f"[{start:#x}, {end:#x}): the device's BARs or messages")
        if len(self._windows) >= MAPS_MAX:
            raise OSError(errno.ENOSPC, f"{MAPS_MAX} mappings already")
        writable = bool(request.flags & DmaFlag.WRITE)
        space = _open(descriptors[0], request.offset, size, writable=writable)
        self._transport.map(start, np.frombuffer(space, np.uint8), writable=writable)
        self._windows[start] = _Window(size, space)

    def unmap(self, request: DmaUnmap) -> None:
        """Withdraw a mapping, exactly as it was made, or all; the device's later accesses are refused.

        Raises:
            OSError: ENOENT: there is no such mapping; EINVAL: flags, or a part of "all".
        """
        if request.flags == DmaUnmapFlag.ALL and not request.address and not request.size:
            self.clear()
            return
        if request.flags:
            raise OSError(errno.EINVAL, f"{request}")
        window = self._windows.get(request.address)
        if window is None or window.size != request.size:
            raise OSError(errno.ENOENT, f"no mapping of {request.size:#x} at {request.address:#x}")
        self._drop(request.address)

    def clear(self) -> None:
        """Withdraw everything."""
        for address in list(self._windows):
            self._drop(address)

    def _drop(self, address: int) -> None:
        self._transport.unmap(address)
        with contextlib.suppress(BufferError):  # a view that is still in use ends with its user
            self._windows.pop(address).space.close()


def _open(descriptor: int, offset: int, size: int, *, writable: bool) -> mmap.mmap:
    """Map ``size`` bytes of a file from ``offset``, in a file that will not get shorter if that can be had."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "the descriptor is no file of memory")
    # A client that cuts its file short would end us by SIGBUS. Files that allow seals get one; with
    # others, such as hugetlbfs, the client has to be trusted, as the specification says.
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    if offset + size > os.fstat(descriptor).st_size:
        raise OSError(errno.EINVAL, f"the file ends before {offset + size:#x}")
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    return mmap.mmap(descriptor, size, mmap.MAP_SHARED, protection, offset=offset)
