"""Host memory that another process can map: anonymous files (memfd)."""

from __future__ import annotations

import fcntl
import mmap
import os

import numpy as np
import numpy.typing as npt

from doorbell.errors import ArgumentError

__all__ = ["Mapped", "SharedMemory"]

Bytes = npt.NDArray[np.uint8]


class SharedMemory:
    """Blocks of memory, each with a file of its own. A block lives as long as a view of it."""

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[int, int]] = {}
        """Size and file by address in this process."""
        self._views: list[Bytes] = []

    def allocate(self, length: int) -> Bytes:
        """Return ``length`` zeroed bytes, a multiple of 4 KiB.

        Raises:
            MemoryError: this machine has no room.
        """
        try:
            descriptor = os.memfd_create("doorbell", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            try:
                os.ftruncate(descriptor, length)
                seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
                fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
                block = np.frombuffer(mmap.mmap(descriptor, length), np.uint8)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise MemoryError(f"{length} bytes of shared memory: {error.strerror}") from None
        self._blocks[block.ctypes.data] = length, descriptor
        self._views.append(block)
        return block

    def locate(self, memory: Bytes) -> tuple[int, int]:
        """Return file and offset of memory that lies in a block.

        Raises:
            ArgumentError: it does not.
        """
        start = memory.ctypes.data
        for base, (length, descriptor) in self._blocks.items():
            if base <= start and start + memory.nbytes <= base + length:
                return descriptor, start - base
        raise ArgumentError(
            f"{memory.nbytes} bytes that no other process can map; take them from `host_memory`"
        )

    def close(self) -> None:
        """Close the files; what the program still views stays."""
        for _, descriptor in self._blocks.values():
            os.close(descriptor)
        self._blocks.clear()
        self._views.clear()


class Mapped:
    """What the device reaches, by bus address, and which parts of it are watched for changes."""

    def __init__(self) -> None:
        self._maps: dict[int, Bytes] = {}
        self._watched: dict[int, tuple[Bytes, Bytes]] = {}

    @property
    def watching(self) -> bool:
        """Whether anything is watched."""
        return bool(self._watched)

    def add(self, iova: int, memory: Bytes) -> None:
        """Note a mapping."""
        self._maps[iova] = memory

    def remove(self, iova: int) -> int:
        """Forget a mapping; return its bytes.

        Raises:
            ArgumentError: there is none.
        """
        if iova not in self._maps:
            raise ArgumentError(f"nothing is mapped at {iova:#x}")
        return int(self._maps.pop(iova).nbytes)

    def watch(self, iova: int, length: int) -> None:
        """Look at a range from now on.

        Raises:
            ArgumentError: it is not mapped.
        """
        for start, memory in self._maps.items():
            if start <= iova and iova + length <= start + memory.nbytes:
                live = memory[iova - start : iova - start + length]
                self._watched[iova] = live, live.copy()
                return
        raise ArgumentError(f"{length} bytes at {iova:#x} are not mapped, so nothing to watch")

    def unwatch(self, iova: int) -> None:
        """End a watch."""
        self._watched.pop(iova, None)

    def changes(self) -> int:
        """Count the watched ranges that differ from the last look."""
        count = 0
        for live, before in self._watched.values():
            if not np.array_equal(live, before):
                before[:] = live
                count += 1
        return count

    def clear(self) -> None:
        """Forget everything."""
        self._maps.clear()
        self._watched.clear()
