"""A device that another process offers over vfio-user, as a `Transport` in an ordinary Python process.

No simulator, no event loop: what waits blocks, and under `together` the programs take turns. Beyond
what a plain host has, a client of vfio-user knows nothing: refused accesses show in no log
(`faults` is empty), and watches compare the memory that they watch.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell import driver
from doorbell.contract import registers
from doorbell.errors import ArgumentError, DeadlineExceeded, DeviceLost, IncompatibleDevice
from doorbell.transport import Fault
from doorbell.vfio_user.bus import Bus
from doorbell.vfio_user.client import Client
from doorbell.vfio_user.hostmem import SharedMemory
from doorbell.vfio_user.irqs import Eventfds
from doorbell.vfio_user.lab import VfioUserLab
from doorbell.vfio_user.messages import Command, DmaFlag, DmaMap, DmaUnmap, IrqIndex

__all__ = ["VfioUserTransport"]

_MESSAGE_ADDRESS: Final = 0xFEE0_0000
_EVENTS: Final = (1 << 32) - 1
_ONES: Final = (1 << 64) - 1
_CYCLES = registers.DEVICE.CYCLES
_PATIENCE_SECONDS: Final = 120.0
_NAP_SECONDS: Final = 0.0002
"""Shortest time between looks at device time and watched memory; an interrupt ends it."""
_NAP_WATCHING, _NAP_LONGEST = 0.002, 0.05
_RATE: Final = 2_000_000
"""Device cycles per second, more than a server lets pass."""


class _Event:
    """Parked until the event count differs from ``seen``, or device time has reached ``limit``."""

    __slots__ = ("_seen", "limit", "source")

    def __init__(self, source: VfioUserTransport, seen: int, limit: int | None) -> None:
        self.source = source
        self.limit = limit
        self._seen = seen

    def ready(self) -> bool:
        """Whether the program can go on."""
        source = self.source
        return source.events() != self._seen or (
            self.limit is not None and source.now() >= self.limit
        )


class VfioUserTransport:
    """A `Transport` to the device behind a server's socket; see that protocol for each call."""

    def __init__(self, path: str, *, seed: int = 1) -> None:
        """Connect.

        Raises:
            DeviceLost: nobody serves there.
            IncompatibleDevice: the server speaks another protocol, or its device has no MSI-X.
        """
        self._seed = seed
        self._client = Client(path)
        try:
            self._bus = Bus(self._client)
            vectors = self._client.irq_info(IrqIndex.MSIX).count
            if not vectors:
                raise IncompatibleDevice(f"the device at {path} has no MSI-X vectors")
        except BaseException:
            self._client.close()
            raise
        self._irqs = Eventfds(vectors)
        self._memory = SharedMemory()
        self._mapped: dict[int, npt.NDArray[np.uint8]] = {}
        self._watched: dict[int, tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]] = {}
        self._events = 0
        self._now = 0
        self._heard = time.monotonic()
        self._driven = False
        self._closed = False
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

    # Time and events --------------------------------------------------------------------------------
    def now(self) -> int:
        """Device time by reading DEVICE.CYCLES; while that cannot be read, what it last was."""
        if not self._closed:
            data = self._bus.read(self._bus.bar0 + _CYCLES.offset, 8) if self._bus.bar0 else None
            value = _ONES if data is None else int.from_bytes(data, "little")
            if value != _ONES:
                self._now = max(self._now, value)
        return self._now

    def events(self) -> int:
        """Count of interrupts, changes of watched memory and reached times, modulo 2^32."""
        self._look(0.0)
        return self._events

    def _look(self, seconds: float) -> None:
        if self._closed:
            return
        happened = self._irqs.collect(seconds)
        for live, before in self._watched.values():
            if not np.array_equal(live, before):
                before[:] = live
                happened += 1
        if happened:
            self._heard = time.monotonic()
            self._events = (self._events + happened) & _EVENTS

    async def wait(self, seen: int, until: int | None = None) -> int:
        """Return the event count once it is not ``seen`` or device time has reached ``until``.

        Raises:
            DeadlineExceeded: without ``until``, and nothing happens for two minutes.
            DeviceLost: the server has gone.
        """
        self._check_open()
        self._heard = time.monotonic()
        park = _Event(self, seen, until)
        if self._driven:
            await driver.parked(park)
        else:
            driver.run(_until(park))
        if self._events == seen:  # an `until` that is reached is an event too
            self._events = (self._events + 1) & _EVENTS
        return self._events

    def advance(self, limit: int | None) -> bool:
        """Sleep until an interrupt, for a moment at most; see `doorbell.driver.Source`."""
        left = 0.0 if limit is None else (limit - self._now) / _RATE
        longest = _NAP_WATCHING if self._watched else _NAP_LONGEST
        self._look(min(max(left, _NAP_SECONDS), longest))
        return limit is not None or time.monotonic() - self._heard < _PATIENCE_SECONDS

    def stuck(self) -> Exception:
        """Say that nothing happens."""
        return DeadlineExceeded(
            f"nothing happened for {_PATIENCE_SECONDS} s, and the program waits without a limit"
        )

    async def together(self, *programs: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run programs concurrently; the first exception cancels the others."""
        if self._driven:
            return await driver.together(*programs)
        self._driven = True
        try:
            results: list[Any] = driver.run(driver.together(*programs))
            return results
        finally:
            self._driven = False

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
        self._mapped[iova] = memory

    def unmap(self, iova: int) -> None:
        """Withdraw the mapping that starts at ``iova``.

        Raises:
            ArgumentError: there is none.
        """
        self._check_open()
        if iova not in self._mapped:
            raise ArgumentError(f"nothing is mapped at {iova:#x}")
        request = DmaUnmap(DmaUnmap.FORMAT.size, 0, iova, self._mapped.pop(iova).nbytes)
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
        for start, memory in self._mapped.items():
            if start <= iova and iova + length <= start + memory.nbytes:
                live = memory[iova - start : iova - start + length]
                self._watched[iova] = live, live.copy()
                return
        raise ArgumentError(f"{length} bytes at {iova:#x} are not mapped, so nothing to watch")

    def unwatch(self, iova: int) -> None:
        """End the watch that starts at ``iova``."""
        self._watched.pop(iova, None)

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
            self._watched.clear()
            self._mapped.clear()
            self._memory.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ArgumentError("the transport is closed; open the device anew")


async def _until(park: _Event) -> None:
    await driver.parked(park)


def _bytes(value: int, size: int) -> bytes:
    if not 0 <= value < 1 << 8 * size:
        raise ArgumentError(f"value {value:#x} does not fit {size} bytes")
    return value.to_bytes(size, "little")
