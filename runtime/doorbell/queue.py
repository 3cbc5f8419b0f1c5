"""One hardware queue: ring, doorbell, timeline and errors.

Plain calls stage and post; only `reach` and `reset` wait.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import ERROR_RECORD, PACKET, Error, Flag, QueueState, limits, registers
from doorbell.errors import ArgumentError, DeadlineExceeded, ErrorReport, QueueError

if TYPE_CHECKING:
    from doorbell.device import Device

RING_LOG2: Final = 8
BATCH: Final = 64  # staged packets that are flushed without being asked
_RUNTIME_FLAGS: Final = int(Flag.RECORD | Flag.INTERRUPT)


class Queue:
    """A queue owned by the runtime.

    Its timeline counts packets: a record with value v says that every packet below v is done (CP
    rules), so one record slot serves all. Room in the ring is judged by that timeline, which is
    never ahead of GET, so a
    ring slot and the argument slot beside it are reused only after their command retired.
    """

    def __init__(self, device: Device, number: int, weight: int) -> None:
        """Allocate host memory; `start` programs the device."""
        self.number = number
        self.error: QueueError | None = None
        self._device = device
        self._weight = weight
        self._block = registers.QUEUE[number]
        self._doorbell = device.register(registers.DOORBELL[number].DOORBELL)
        self._size = 1 << RING_LOG2
        self._ring = device.host.allocate(self._size * limits.PACKET_BYTES, 4096)
        self._arguments = device.host.allocate(self._size * limits.ARGUMENT_BYTES, 64)
        self._state = device.host.allocate(192, 64)
        self._packets: npt.NDArray[np.void] = self._ring.view.view(PACKET)
        self._timeline: npt.NDArray[np.uint64] = self._state.view[0:16].view("<u8")
        self._report: npt.NDArray[np.void] = self._state.view[64:128].view(ERROR_RECORD)
        self._staged: deque[npt.NDArray[np.void]] = deque()
        self._blocks: dict[int, npt.NDArray[np.uint8]] = {}
        self._sites: deque[tuple[int, str]] = deque()
        self._retired: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._generation = 0
        self.put = 0
        self.queued = 0
        self.recorded = 0

    def start(self) -> None:
        """Program and enable the queue, DISABLED before; the timeline goes on where it was."""
        device, block = self._device, self._block
        vector = self.number % device.function.vectors
        device.post(block.RING_BASE, self._ring.iova)
        device.post(block.RING_LOG2, RING_LOG2)
        device.post(block.START, self.put)
        device.post(block.WRITEBACK, self._state.iova + 128 | 1)
        device.post(block.ERROR_RECORD, self._state.iova + 64 | 1)
        device.post(block.ERROR_VECTOR, block.ERROR_VECTOR.encode(vector=vector, enable=1))
        device.post(block.WEIGHT, self._weight)
        device.post(block.CONTROL, block.CONTROL.encode(enable=1))

    @property
    def timeline_address(self) -> int:
        """Bus address of the record slot."""
        return self._state.iova

    def argument_slot(self) -> int:
        """Bus address of the argument block that goes with the next packet to be staged."""
        return self._arguments.iova + self.queued % self._size * limits.ARGUMENT_BYTES

    def stage(
        self,
        packets: npt.NDArray[np.void],
        site: str,
        arguments: npt.NDArray[np.uint8] | None = None,
    ) -> int:
        """Take packets (dtype ``PACKET``); return the timeline value at which the last one is done.

        ``arguments`` is the 64-byte block for `argument_slot`. Waits for nothing: what does not fit
        stays staged.

        Raises:
            QueueError: the queue has halted.
            ArgumentError: a packet carries RECORD or INTERRUPT, which the runtime sets.
        """
        if self.error is not None:
            raise self.error
        if packets.dtype != PACKET or np.any(packets["flags"] & _RUNTIME_FLAGS):
            raise ArgumentError(
                "packets need dtype PACKET, without RECORD and INTERRUPT: the runtime sets those itself"
            )
        first = self.queued
        packets["tag"] = np.arange(first, first + len(packets)).astype(np.uint32)
        if arguments is not None:
            self._blocks[first] = arguments
        self._staged.append(packets)
        self._sites.append((first, site))
        self.queued += len(packets)
        if self.queued - self.put >= BATCH:
            self.flush()
        return self.queued

    def flush(self) -> None:
        """Move what fits into the ring and ring the doorbell once."""
        self.refresh()
        room = min(self._size - (self.put - self.recorded), self.queued - self.put)
        if room <= 0 or self.error is not None:
            return
        at = self.put
        while at < self.put + room:
            packets = self._staged.popleft()
            taken = packets[: self.put + room - at]
            if len(taken) < len(packets):
                self._staged.appendleft(packets[len(taken) :])
            slot = at % self._size
            head = min(len(taken), self._size - slot)
            self._packets[slot : slot + head] = taken[:head]
            self._packets[: len(taken) - head] = taken[head:]
            at += len(taken)
        for index in [index for index in self._blocks if index < at]:
            offset = index % self._size * limits.ARGUMENT_BYTES
            self._arguments.view[offset : offset + limits.ARGUMENT_BYTES] = self._blocks.pop(index)
        last = self._packets[(at - 1) % self._size]
        last["flags"] |= _RUNTIME_FLAGS
        last["vector"] = self.number % self._device.function.vectors
        last["record_address"] = self._state.iova
        last["record_value"] = at
        self.put = at
        self._device.transport.publish()
        self._device.transport.write(self._doorbell, at)

    def on_retire(self, value: int, action: Callable[[], None]) -> None:
        """Call ``action`` once the timeline has reached ``value`` (or the queue was reset)."""
        heapq.heappush(self._retired, (value, next(self._order), action))

    def refresh(self) -> None:
        """Read the record and the error record in host memory; no device access."""
        self.recorded = max(self.recorded, int(self._timeline[1]))
        while self._retired and self._retired[0][0] <= self.recorded:
            heapq.heappop(self._retired)[2]()
        while len(self._sites) > 1 and self._sites[1][0] <= self.recorded:
            self._sites.popleft()
        if self.error is None and int(self._report["generation"][0]) != self._generation:
            self._fail()

    def _fail(self) -> None:
        record = self._report[0]
        self._generation = int(record["generation"])
        code = Error(int(record["code"]))
        names = (
            "queue",
            "opcode",
            "tag",
            "index",
            "inner_index",
            "detail",
            "address",
            "timestamp",
            "generation",
        )
        report = ErrorReport(code=code, **{name: int(record[name]) for name in names})
        site = next((site for first, site in reversed(self._sites) if first <= report.index), "")
        self.error = QueueError(report, self._device.explain(code), site)
        self._device.poison(self)

    async def reach(self, value: int, deadline: int | None = None) -> None:
        """Return when every packet below ``value`` is done.

        ``deadline`` counts device cycles from now; None takes the device's.

        Raises:
            QueueError: the queue halted before that.
            DeadlineExceeded: the deadline passed.
        """
        transport = self._device.transport
        limit = transport.now() + (self._device.deadline if deadline is None else deadline)
        while True:
            # The count is sampled before memory is looked at: an event in between ends the wait at
            # once (INT rules).
            seen = transport.events()
            self._device.service()
            if self.recorded >= value:
                return
            if self.error is not None:
                raise self.error
            if transport.now() >= limit:
                raise DeadlineExceeded(await self._hang(value))
            await transport.wait(seen, limit)

    async def _hang(self, value: int) -> str:
        block = self._block
        status = await self._device.read(block.STATUS)
        state = QueueState(block.STATUS.fields["state"].get(status)).name
        get, retired = await self._device.read(block.GET), await self._device.read(block.RETIRED)
        return (
            f"queue {self.number} is {state} at cycle {self._device.transport.now()}: waited for timeline {value}, "
            f"record says {self.recorded}, put {self.put}, GET {get}, {retired} retired, "
            f"{self.queued - self.put} not yet in the ring; a WAIT without its SIGNAL, or raise the deadline"
        )

    async def reset(self) -> None:
        """Stop whatever runs, forget what is staged, and enable the queue again.

        Raises:
            DeadlineExceeded: not DISABLED within BOUND_RESET.
        """
        await self.disable("reset")
        self._staged.clear()
        self._blocks.clear()
        self._sites.clear()
        self.put = self.queued = self.recorded = max(self.put, self.queued)
        self._timeline[1] = self.put
        self.refresh()
        self.error = None
        self._generation = int(self._report["generation"][0])
        self.start()

    async def disable(self, how: str) -> None:
        """Bring the queue to DISABLED by ``how``: "drain" or "reset".

        Raises:
            DeadlineExceeded: not there within BOUND_RESET cycles (drain: the device's deadline on
            top).
        """
        device, block = self._device, self._block
        device.post(block.CONTROL, block.CONTROL.encode(**{how: 1}))
        bound = device.capabilities.bound_reset + (device.deadline if how == "drain" else 0)
        limit = device.transport.now() + bound
        while True:
            status = block.STATUS.decode(await device.read(block.STATUS))
            if status["state"] == QueueState.DISABLED and not status["resetting"]:
                return
            if device.transport.now() >= limit:
                raise DeadlineExceeded(
                    f"queue {self.number}: {how} did not end within {bound} cycles"
                )
            await device.transport.wait(device.transport.events(), device.transport.now() + 64)

    def free(self) -> None:
        """Give the host memory back; the queue is DISABLED."""
        for buffer in (self._ring, self._arguments, self._state):
            self._device.host.free(buffer)
