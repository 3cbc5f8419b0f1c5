"""A device that another process offers over vfio-user, as a `Transport` in an ordinary Python process.

No simulator, no event loop: what waits blocks, and under `together` the programs take turns. Beyond
what a plain host has, a client of vfio-user knows nothing: refused accesses show in no log
(`faults` is empty), and watches compare the memory that they watch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell.errors import ArgumentError, DeviceLost, IncompatibleDevice
from doorbell.transport import Fault
from doorbell.vfio_user.bus import Bus
from doorbell.vfio_user.client import Client
from doorbell.vfio_user.hostmem import Mapped, SharedMemory
from doorbell.vfio_user.irqs import Eventfds
from doorbell.vfio_user.lab import VfioUserLab
from doorbell.vfio_user.messages import DmaMap, DmaUnmap
from doorbell.vfio_user.numbers import Command, DmaFlag, IrqIndex
from doorbell.vfio_user.waiting import Waiting

__all__ = ["VfioUserTransport"]

_MESSAGE_ADDRESS: Final = 0xFEE0_0000


class VfioUserTransport(Waiting):
    """A `Transport` to the device behind a server's socket; see that protocol for each call."""

    def __init__(self, path: str, *, seed: int = 1) -> None:
        """Connect.

        Raises:
            DeviceNotFound: nobody serves there.
            DeviceLost: the server leaves meanwhile.
            IncompatibleDevice: the server speaks another protocol, or its device has no MSI-X.
        """
        self._seed = seed
        self._client = Client(path)
        try:
            bus = Bus(self._client)
            vectors = self._client.irq_info(IrqIndex.MSIX).count
            if not vectors:
                raise IncompatibleDevice(f"the device at {path} has no MSI-X vectors")
        except BaseException:
            self._client.close()
            raise
        self._memory = SharedMemory()
        super().__init__(bus, Eventfds(vectors), Mapped())
        self._arm()

    def _arm(self) -> None:
        """Give every vector its eventfd, in messages that the server takes."""
        most = max(1, min(self._client.server.max_msg_fds, len(self._irqs.numbers)))
        for start in range(0, len(self._irqs.numbers), most):
            part = self._irqs.numbers[start : start + most]
            self._client.set_eventfds(IrqIndex.MSIX, start, part)

    @property
    def name(self) -> str:
        """Always "vfio-user"."""
        return "vfio-user"

    @property
    def seed(self) -> int:
        """Seed that programs draw from; the server's own decides the device's delays."""
        return self._seed

    # Configuration space and registers --------------------------------------------------------------
    async def config_read(self, offset: int, size: int = 4) -> int:
        """Read 1, 2 or 4 bytes of configuration space."""
        self._check_open()
        return self._bus.config_read(offset, size)

    async def config_write(self, offset: int, value: int, size: int = 4) -> None:
        """Write 1, 2 or 4 bytes of configuration space; returns when the device has."""
        self._check_open()
        self._bus.config_write(offset, _bytes(value, size))

    async def read(self, address: int, size: int = 8) -> int:
        """Read 4 or 8 bytes; all ones where no BAR answers."""
        self._check_open()
        if size not in (4, 8):
            raise ArgumentError(f"a read of {size} bytes; give 4 or 8")
        data = self._bus.read(address, size)
        return (1 << 8 * size) - 1 if data is None else int.from_bytes(data, "little")

    def write(self, address: int, value: int, size: int = 8) -> None:
        """Post a write of 4 or 8 bytes."""
        self._check_open()
        if size not in (4, 8):
            raise ArgumentError(f"a write of {size} bytes; give 4 or 8")
        self._bus.write(address, _bytes(value, size))

    async def read_block(self, address: int, length: int) -> bytes:
        """Read any number of bytes; what no BAR answers reads as all ones."""
        self._check_open()
        return b"".join(
            self._bus.read(at, count) or b"\xff" * count for at, count in self._cut(address, length)
        )

    def write_block(self, address: int, data: bytes | memoryview | npt.NDArray[np.uint8]) -> None:
        """Post any number of bytes, in address order."""
        self._check_open()
        copied = bytes(data)
        for at, count in self._cut(address, len(copied)):
            self._bus.write(at, copied[at - address : at - address + count])

    def _cut(self, address: int, length: int) -> Iterator[tuple[int, int]]:
        """Cut at what the server takes in one message."""
        most = min(1 << 20, self._client.server.max_data_xfer_size)
        for at in range(0, length, most):
            yield address + at, min(most, length - at)

    # Host memory ------------------------------------------------------------------------------------
    def host_memory(self, length: int) -> npt.NDArray[np.uint8]:
        """Return ``length`` zeroed bytes of memory that the server can map."""
        return self._memory.allocate(length)

    def map(self, iova: int, memory: npt.NDArray[np.uint8], *, writable: bool = True) -> None:
        """Let the device reach memory of `host_memory` in place, whole pages at a multiple of 4 KiB.

        Raises:
            ArgumentError: other memory, or the server refuses.
        """
        self._check_open()
        descriptor, offset = self._memory.locate(memory)
        flags = DmaFlag.READ | (DmaFlag.WRITE if writable else 0)
        request = DmaMap(DmaMap.FORMAT.size, flags, offset, iova, memory.nbytes)
        self._ask(Command.DMA_MAP, request.pack(), (descriptor,))
        self._mapped.add(iova, memory)

    def unmap(self, iova: int) -> None:
        """Withdraw the mapping that starts at ``iova``.

        Raises:
            ArgumentError: there is none.
        """
        self._check_open()
        request = DmaUnmap(DmaUnmap.FORMAT.size, 0, iova, self._mapped.remove(iova))
        self._ask(Command.DMA_UNMAP, request.pack())

    def _ask(self, command: Command, payload: bytes, descriptors: tuple[int, ...] = ()) -> None:
        try:
            self._client.request(command, payload, descriptors)
        except OSError as error:
            raise ArgumentError(str(error)) from None

    def publish(self) -> None:
        """Nothing to do: memory is shared, and the message that carries a write follows every store.

        There is no strict mode here: the device may see stores before they are published.
        """
        self._check_open()

    def watch(self, iova: int, length: int) -> None:
        """Count an event when bytes in the range have changed since the last look.

        Raises:
            ArgumentError: the range is not mapped.
        """
        self._mapped.watch(iova, length)

    def unwatch(self, iova: int) -> None:
        """End the watch that starts at ``iova``."""
        self._mapped.unwatch(iova)

    # Interrupts and checks --------------------------------------------------------------------------
    def message_address(self) -> int:
        """An address for MSI-X entries; where messages really go is the server's matter."""
        return _MESSAGE_ADDRESS

    def interrupts(self, vector: int) -> int:
        """Messages received so far for ``vector``."""
        self._look(0.0)
        return self._irqs.counts[vector] if vector < len(self._irqs.counts) else 0

    def faults(self) -> Sequence[Fault]:
        """Nothing: a plain host is not told."""
        return ()

    @property
    def lab(self) -> VfioUserLab:
        """What this host can do beyond a plain one."""
        return VfioUserLab(self._reset)

    def _reset(self) -> None:
        self._check_open()
        self._ask(Command.DEVICE_RESET, b"")
        self._bus.refresh()

    def leaks(self) -> Sequence[str]:
        """Nothing: every request has had its answer, and only the server sees the link."""
        return ()

    def close(self) -> None:
        """End the connection; the server resets the device and forgets the mappings."""
        if not self._closed:
            with contextlib.suppress(DeviceLost, OSError):
                self.now()
            self._closed = True
            self._client.close()
            self._irqs.close()
            self._mapped.clear()
            self._memory.close()


def _bytes(value: int, size: int) -> bytes:
    if not 0 <= value < 1 << 8 * size:
        raise ArgumentError(f"value {value:#x} does not fit {size} bytes")
    return value.to_bytes(size, "little")
