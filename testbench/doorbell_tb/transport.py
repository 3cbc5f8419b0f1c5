"""The runtime's way to the RTL: `doorbell.transport.Transport` inside a simulator, under cocotb.

Python runs on events only: `wait` awaits a change of the testbench's public `event_count`, never a
clock edge. Addresses are bus addresses, sizes are bytes, times are device cycles.
"""

from __future__ import annotations

import heapq
from collections.abc import Coroutine, Sequence
from typing import Any

import cocotb
import numpy as np
import numpy.typing as npt
from cocotb.triggers import gather

from doorbell.errors import ArgumentError, DeadlineExceeded
from doorbell.transport import Fault
from doorbell_tb.checkers import leaks
from doorbell_tb.host import Host
from doorbell_tb.host_types import Access, FaultKind, ReplyStatus
from doorbell_tb.journal import Journal
from doorbell_tb.lab import RtlLab

__all__ = ["RtlTransport"]

_MESSAGE_ADDRESS = 0xFEE0_0000
_MESSAGE_BYTES = 1 << 20
_PAGE = 4096
_RETRY_CYCLES = 64
_REFUSED = {
    FaultKind.READ_REFUSED: "unmapped read",
    FaultKind.WRITE_REFUSED: "unmapped or read-only write",
    FaultKind.OWN_BAR: "own BAR",
    FaultKind.BAD_MESSAGE: "no MSI-X message",
    FaultKind.UNSUPPORTED: "unsupported request",
}


class RtlTransport:
    """The one transport of a simulator; see `doorbell.transport.Transport` for each call.

    ``patience`` is how long a wait without ``until`` may go without any event, in device cycles.
    """

    def __init__(self, host: Host, *, seed: int, patience: int) -> None:
        self.host = host
        self.journal = Journal(self.memory)
        self.faults_told = 0
        """Rows of the host's fault log that the program has seen."""
        self.abandoned = False
        """A program let go of the device while it was still in use."""
        self._seed = seed
        self._patience = patience
        top: Any = cocotb.top
        self._changed = top.event_count.value_change
        self._wakes: list[int] = []
        self._maps: dict[int, npt.NDArray[np.uint8]] = {}
        self._watches: dict[int, int] = {}
        self._interrupts = host.interrupt_counts()
        self._faults: list[Fault] = []
        host.set_message_window(_MESSAGE_ADDRESS, _MESSAGE_BYTES)

    @property
    def name(self) -> str:
        """Name of the transport."""
        return "rtl"

    @property
    def seed(self) -> int:
        """Seed of this run."""
        return self._seed

    # Time and events ------------------------------------------------------------------------------
    def now(self) -> int:
        """Device cycles since the start."""
        return self.host.cycle

    def events(self) -> int:
        """Events so far, modulo 2^32."""
        return self.host.event_count

    async def wait(self, seen: int, until: int | None = None) -> int:
        """Return the event count once it is not ``seen`` or the time ``until`` has come.

        Raises `DeadlineExceeded` without ``until`` when nothing happens for too long.
        """
        host = self.host
        limit = host.cycle + self._patience if until is None else until
        while (count := host.event_count) == seen and host.cycle < limit:
            self._wake_at(limit)
            await self._changed
            if until is None and host.cycle >= limit:  # by the wake-up that was asked for above
                raise DeadlineExceeded(
                    f"nothing happened for {self._patience} cycles, up to cycle {host.cycle}: no MMIO"
                    " answer, no interrupt, no watched write; raise the deadline, or wake what is"
                    " waited for"
                )
        return count

    def _wake_at(self, cycle: int) -> None:
        """Have the host count an event at ``cycle``, or earlier: who wakes too soon asks again."""
        wakes, now = self._wakes, self.host.cycle
        while wakes and wakes[0] <= now:
            heapq.heappop(wakes)
        if not wakes or cycle < wakes[0]:
            heapq.heappush(wakes, cycle)
            self.host.wake_at(cycle)

    async def together(self, *programs: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run programs concurrently; the first exception cancels the others."""
        return list(await gather(*programs))

    # Configuration space and registers ------------------------------------------------------------
    async def config_read(self, offset: int, size: int = 4) -> int:
        """Read configuration space; asks again while the device says it is not ready (CRS)."""
        while True:
            value, status = await self._answer(self.host.config_read(offset, size))
            if status is not ReplyStatus.CRS:
                return value & (1 << 8 * size) - 1
            await self.wait(self.events(), self.now() + _RETRY_CYCLES)

    async def config_write(self, offset: int, value: int, size: int = 4) -> None:
        """Write configuration space; asks again while the device says it is not ready (CRS)."""
        self.journal.config_write(offset, value, size)
        while True:
            _, status = await self._answer(self.host.config_write(offset, value, size))
            if status is not ReplyStatus.CRS:
                return
            await self.wait(self.events(), self.now() + _RETRY_CYCLES)

    async def read(self, address: int, size: int = 8) -> int:
        """Read 4 or 8 bytes in one TLP; all ones when the completion says that it failed."""
        look = self.journal.asks(address)
        value, status = await self._answer(self.host.mmio_read(address, size))
        if look is not None and status is ReplyStatus.SC:
            self.journal.told(look, value)
        return value & (1 << 8 * size) - 1

    def write(self, address: int, value: int, size: int = 8) -> None:
        """Post a write of 4 or 8 bytes in one TLP."""
        self.journal.write(address, value, size, self.host.trace_count)
        self.host.mmio_write(address, value, size)

    async def read_block(self, address: int, length: int) -> bytes:
        """Read any number of bytes; failed parts read as all ones."""
        data = np.full(length, 0xFF, np.uint8)
        if length:
            await self._answer(self.host.read_bulk(address, data))
        return data.tobytes()

    def write_block(self, address: int, data: bytes | memoryview | npt.NDArray[np.uint8]) -> None:
        """Post any number of bytes, in address order."""
        if len(data):
            self.host.write_bulk(address, data)

    async def _answer(self, request: int) -> tuple[int, ReplyStatus]:
        """Wait for one answer, however many events it takes; the host answers after a time itself."""
        while (reply := self.host.result(request)) is None:
            await self._changed
        return reply.value, reply.status

    # Host memory ----------------------------------------------------------------------------------
    def map(self, iova: int, memory: npt.NDArray[np.uint8], *, writable: bool = True) -> None:
        """Let the device reach ``memory`` in place at ``iova``, a multiple of 4 KiB."""
        if iova % _PAGE:
            raise ArgumentError(f"iova {iova:#x}: give a multiple of {_PAGE}")
        self.host.map(iova, memory, Access.READ | Access.WRITE if writable else Access.READ)
        self._maps[iova] = memory

    def unmap(self, iova: int) -> None:
        """Withdraw the mapping that starts at ``iova``."""
        self.host.unmap(iova)
        del self._maps[iova]

    def memory(self, address: int, length: int) -> npt.NDArray[np.uint8] | None:
        """Return ``length`` mapped bytes at a bus address, in place, or None."""
        for iova, memory in self._maps.items():
            if iova <= address and address + length <= iova + memory.nbytes:
                return memory[address - iova : address - iova + length]
        return None

    def publish(self) -> None:
        """Order every host-memory write so far before every later posted write."""
        self.host.publish()

    def watch(self, iova: int, length: int) -> None:
        """Count an event whenever the device writes into the range."""
        if iova in self._watches:
            raise ArgumentError(f"a watch at {iova:#x} exists already; end it first")
        self._watches[iova] = self.host.watch(iova, length)

    def unwatch(self, iova: int) -> None:
        """End the watch that starts at ``iova``."""
        if iova not in self._watches:
            raise ArgumentError(f"no watch at {iova:#x}")
        self.host.unwatch(self._watches.pop(iova))

    # Interrupts and checks ------------------------------------------------------------------------
    def message_address(self) -> int:
        """Bus address that MSI-X messages are written to."""
        return _MESSAGE_ADDRESS

    def interrupts(self, vector: int) -> int:
        """Messages received so far for ``vector``."""
        return int(self._interrupts[vector])

    def faults(self) -> Sequence[Fault]:
        """Every refused device access so far, oldest first."""
        count = self.host.fault_count
        if count != self.faults_told:
            rows = self.host.faults()
            self._faults = [
                Fault(
                    _REFUSED[FaultKind(int(row["kind"]))],
                    int(row["address"]),
                    int(row["bytes"]),
                    int(row["cycle"]),
                )
                for row in rows
                if int(row["kind"]) in _REFUSED
            ]
            self.faults_told = count
        return self._faults

    def leaks(self) -> Sequence[str]:
        """What is still outstanding on the link, one line each."""
        return leaks.lines(self.host.leaks())

    def remains(self) -> Sequence[str]:
        """What is left when a program has ended: `leaks`, mappings and watches."""
        return leaks.lines(self.host.leaks(), tuple(self._maps), tuple(self._watches))

    @property
    def lab(self) -> RtlLab:
        """What the simulated host can do beyond a plain one."""
        from doorbell_tb.inside import bench

        return bench().lab

    def close(self) -> None:
        """Let go of the device; awaits nothing.

        Mappings and watches that are still there belong to a program that was abandoned: they end
        here, and what the device does to them afterwards is refused.
        """
        self.abandoned |= bool(self._maps or self._watches)
        for iova in list(self._watches):
            self.unwatch(iova)
        for iova in list(self._maps):
            self.unmap(iova)
