"""The device's requests: both address spaces, bus master, TLP and byte counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from doorbell.contract import Space
from doorbell.model.config import ConfigSpace
from doorbell.model.counters import Counters
from doorbell.model.errorbits import ErrorBits
from doorbell.model.host import Bytes, Failed, Host, Piece

__all__ = ["Requester", "piece_of", "pieces"]


def piece_of(data: Bytes) -> Piece:
    """Give ``data`` piece by piece, as writes ask for it."""
    return lambda offset, count: data[offset : offset + count]


class Requester:
    """Reads and writes both spaces for commands and queues; one upstream order (ORD-UP-001).

    Whoever needs the link while it is closed (bus master off, or the device fatal) leaves an action
    that is done when it opens, so nothing is lost and nothing is sent (EP-BM-001, EP-BM-002,
    ERR-FATAL-002).
    """

    def __init__(
        self, config: ConfigSpace, host: Host, counters: Counters, errors: ErrorBits, memory: int
    ) -> None:
        """``memory`` is the size of device memory, in bytes."""
        self._errors = errors
        self._config = config
        self._host = host
        self._counters = counters
        self._waiting: list[Callable[[], None]] = []
        self.memory: npt.NDArray[np.uint8] = np.zeros(memory, np.uint8)
        self.fatal = False

    @property
    def open(self) -> bool:
        """Whether requests may be sent now."""
        return not self.fatal and self._config.bus_master

    @property
    def largest_read(self) -> int:
        """Size of the largest read request, in bytes (EP-TLP-002)."""
        return self._config.request

    def when_open(self, action: Callable[[], None]) -> None:
        """Do ``action`` as soon as requests may be sent."""
        self._waiting.append(action)

    def resume(self) -> None:
        """Let go on what waited, if the link is open."""
        while self._waiting and self.open:
            self._waiting.pop(0)()

    def forget(self) -> None:
        """Drop what waits: device reset."""
        self._waiting.clear()

    def read(self, space: int, address: int, length: int) -> Bytes | Failed:
        """Return ``length`` (at least 1) bytes in place, or the read request that failed."""
        if space == Space.DEVICE:
            return self.memory[address : address + length]
        request = self._config.request
        found = self._host.read(address, length, request)
        self._counters.tx_tlps += pieces(address, length, request)
        self._counters.rx_tlps += pieces(address, length, request)
        if isinstance(found, Failed):
            self._errors.received(found.answer)
        else:
            self._counters.rx_bytes += length
        return found

    def write(self, space: int, address: int, length: int, piece: Piece) -> None:
        """Write ``length`` bytes; HOST writes never fail (ORD-POSTED-001)."""
        if not length:
            return
        if space == Space.DEVICE:
            self.memory[address : address + length] = piece(0, length)
            return
        self._count(address, length)
        self._host.write(address, length, piece, self._config.payload)

    def post(self, address: int, data: bytes) -> None:
        """Write a record, a write-back or a signal: one TLP to the host."""
        self.write(Space.HOST, address, len(data), piece_of(np.frombuffer(data, np.uint8)))

    def message(self, address: int, data: int) -> None:
        """Send an MSI-X message (INT-MSIX-001)."""
        self._count(address, 4)
        self._counters.interrupts += 1
        self._host.message(address, data)

    def _count(self, address: int, length: int) -> None:
        self._counters.tx_tlps += pieces(address, length, self._config.payload)
        self._counters.tx_bytes += length


def pieces(address: int, length: int, size: int) -> int:
    """TLPs of ``size`` bytes, naturally aligned, that the range takes (EP-TLP-004)."""
    return -(-(address + length) // size) - address // size
