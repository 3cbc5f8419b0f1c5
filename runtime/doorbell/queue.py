"""One hardware queue: ring, doorbell, timeline and errors.

Plain calls stage and post; only `reach`, `reset` and `disable` wait.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import PACKET, Error, Opcode, QueueState, registers
from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    ErrorReport,
    QueueError,
    UseAfterFree,
)
from doorbell.ring import RUNTIME_FLAGS, Ring

if TYPE_CHECKING:
    from doorbell.device import Device

__all__ = ["BATCH", "RING_LOG2", "Queue"]

RING_LOG2: Final = 8
"""Packets of a ring as log2, where the device allows it."""
BATCH: Final = 64
"""Staged packets that are flushed without being asked."""
_NO_INNER: Final = (1 << 32) - 1


class Queue:
    """A queue owned by the runtime.

    Its timeline counts packets: a record with value v says that every packet below v is done (CP
    rules), so one record slot serves all. Room in the ring is judged by that timeline, which is
    never ahead of GET, so a ring slot and the argument slot beside it are reused only after their
    command retired (RT-SUBMIT-003).
    """

    def __init__(self, device: Device, number: int, weight: int) -> None:
        """Allocate host memory; `start` programs the device."""
        self.number = number
        self.error: QueueError | None = None
        self.raised = False
        """Whether somebody was told of ``error``."""
        self.closed = False
        self._device = device
        self._weight = weight
        self._vector = device.vector(number)
        self._block = registers.QUEUE[number]
        self._doorbell = device.register(registers.DOORBELL[number].DOORBELL)
        low, high = device.capabilities.ring_log2
        self._log2 = min(max(RING_LOG2, low), high)
        self._ring = Ring(device.host, self._log2)
        self._staged: deque[npt.NDArray[np.void]] = deque()
        self._blocks: dict[int, npt.NDArray[np.uint8]] = {}
        self._sites: deque[tuple[int, str]] = deque()
        self._retired: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._stopped: list[tuple[int, int, QueueError]] = []
        self._generation = 0
        self.put = 0
        self.queued = 0
        self.recorded = 0

    def start(self) -> None:
        """Program and enable the queue, DISABLED before; the timeline goes on where it was."""
        device, block = self._device, self._block
        device.post(block.RING_BASE, self._ring.iova)
        device.post(block.RING_LOG2, self._log2)
        device.post(block.START, self.put)
        device.post(block.WRITEBACK, self._ring.writeback_iova | 1)
        device.post(block.ERROR_RECORD, self._ring.report_iova | 1)
        device.post(block.ERROR_VECTOR, block.ERROR_VECTOR.encode(vector=self._vector, enable=1))
        device.post(block.WEIGHT, self._weight)
        device.post(block.CONTROL, block.CONTROL.encode(enable=1))

    @property
    def timeline_address(self) -> int:
        """Bus address of the record slot."""
        return self._ring.record_iova

    @property
    def size(self) -> int:
        """Packets that the ring holds."""
        return self._ring.size

    def check_open(self) -> None:
        """Raise UseAfterFree when its stream or the device was closed."""
        self._device.check_open()
        if self.closed:
            raise UseAfterFree(f"the stream on queue {self.number} is used after it was closed")

    def argument_slot(self) -> int:
        """Bus address of the argument block that goes with the next packet to be staged."""
        return self._ring.arguments_address(self.queued)

    def stage(
        self,
        packets: npt.NDArray[np.void],
        site: str,
        book: Callable[[int], None],
        arguments: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        """Take packets (dtype ``PACKET``), whose tags become their counts, modulo 2^32.

        ``book`` is told the timeline value at which the last one is done, before any doorbell covers
        them (RT-SUBMIT-002). ``arguments`` is the 64-byte block for `argument_slot`. Waits for
        nothing: what does not fit stays staged.

        Raises:
            QueueError: the queue has halted, or a reset is under way.
            UseAfterFree: the stream or the device was closed.
            ArgumentError: a packet carries RECORD or INTERRUPT, which the runtime sets.
        """
        self.check_open()
        if self.error is not None:
            raise self._told(self.error)
        if packets.dtype != PACKET or packets.ndim != 1 or np.any(packets["flags"] & RUNTIME_FLAGS):
            raise ArgumentError(
                f"packets of dtype {packets.dtype.name}, {packets.ndim} dimensions: they need dtype PACKET, one "
                f"dimension, and neither RECORD nor INTERRUPT: the runtime sets those itself"
            )
        if not len(packets):
            return
        first = self.queued
        packets["tag"] = np.arange(first, first + len(packets)).astype(np.uint32)
        if arguments is not None:
            self._blocks[first] = arguments
        self._staged.append(packets)
        self._sites.append((first, site))
        self.queued += len(packets)
        book(self.queued)
        if self.queued - self.put >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Move what fits into the ring and ring the doorbell once (RT-SUBMIT-001 to 004)."""
        self.refresh()
        room = min(self._ring.size - (self.put - self.recorded), self.queued - self.put)
        if room <= 0 or self.error is not None:
            return
        at = self.put
        told: list[int] = []  # timeline values that get a record
        while at < self.put + room:
            packets = self._staged.popleft()
            taken = packets[: self.put + room - at]
            if len(taken) < len(packets):
                self._staged.appendleft(packets[len(taken) :])
            self._ring.write(at, taken)
            # What precedes a WAIT is told before it: the host may hold what the WAIT waits for.
            told += (np.flatnonzero(taken["opcode"] == Opcode.WAIT) + at).tolist()
            at += len(taken)
        for index in [index for index in self._blocks if index < at]:
            self._ring.write_arguments(index, self._blocks.pop(index))
        for value in (*told, at):
            if value > self.put:
                self._ring.tell(value, self._vector)
        self.put = at
        self._device.transport.publish()
        self._device.transport.write(self._doorbell, at)

    def on_retire(self, value: int, action: Callable[[], None]) -> None:
        """Call ``action`` once the timeline has reached ``value`` (or the queue was reset)."""
        heapq.heappush(self._retired, (value, next(self._order), action))

    def refresh(self) -> None:
        """Read the record and the error record in host memory; no device access."""
        if self.closed:
            return
        self.recorded = max(self.recorded, self._ring.recorded)
        while self._retired and self._retired[0][0] <= self.recorded:
            heapq.heappop(self._retired)[2]()
        while len(self._sites) > 1 and self._sites[1][0] <= self.recorded:
            self._sites.popleft()
        if self.error is None and self._ring.generation != self._generation:
            self._fail()

    def _fail(self) -> None:
        record = self._ring.report[0]
        self._generation = self._ring.generation
        number = int(record["code"])
        code = Error(number) if number in set(Error) else number
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
        waits = self._device.held() if code is Error.WAIT_TIMEOUT else ""
        self._halt(report, self._device.explain(code), waits)

    def _halt(self, report: ErrorReport, why: str, waits: str = "") -> None:
        site = next((site for first, site in reversed(self._sites) if first <= report.index), "")
        self.error = QueueError(report, why, site, waits)
        self.raised = False
        self._device.fail(self, report.index)

    def abort(self) -> None:
        """Take nothing more, and let every waiter know (ABORTED), unless the queue has failed already (RT-FAIL-004)."""
        self.refresh()
        if self.error is not None:
            return
        report = ErrorReport(
            queue=self.number,
            code=Error.ABORTED,
            opcode=self._ring.opcode(self.recorded) if self.recorded < self.put else 0,
            tag=self.recorded & (1 << 32) - 1,
            index=self.recorded,
            inner_index=_NO_INNER,
            detail=0,
            address=0,
            timestamp=self._device.transport.now(),
            generation=self._generation,
        )
        self._halt(report, self._device.explain(Error.ABORTED))
        self.raised = True  # whoever resets knows

    def stopped(self, value: int) -> QueueError | None:
        """Return why the command that makes the timeline ``value`` was stopped by an earlier reset, if it was."""
        return next((error for low, high, error in self._stopped if low < value <= high), None)

    def _told(self, error: QueueError) -> QueueError:
        self.raised = True
        return error.with_traceback(None)  # each raise starts its own

    async def reach(self, value: int, deadline: int | None = None) -> None:
        """Return when every packet below ``value`` is done.

        ``deadline`` counts device cycles from now; None takes the device's.

        Raises:
            QueueError: the queue halted before that, or a reset stopped it (ABORTED).
            DeadlineExceeded: the deadline passed.
        """
        transport = self._device.transport
        limit = self._device.limit(deadline)
        while True:
            # The count is sampled before memory is looked at: an event in between ends the wait at
            # once (RT-DONE-003).
            seen = transport.events()
            self._device.service()
            error = self.stopped(value) or (self.error if self.recorded < value else None)
            if error is not None:
                raise self._told(error)
            if self.recorded >= value:
                return
            if transport.now() >= limit:
                raise DeadlineExceeded(await self._hang(value))
            await transport.wait(seen, limit)

    async def _hang(self, value: int) -> str:
        block = self._block
        status = await self._device.read(block.STATUS)
        state = QueueState(block.STATUS.fields["state"].get(status)).name
        get, retired = await self._device.read(block.GET), await self._device.read(block.RETIRED)
        why = await self._device.diagnosis() or "raise the deadline if the work is that long"
        return (
            f"queue {self.number} is {state} at cycle {self._device.transport.now()}: waited for timeline {value}, "
            f"record says {self.recorded}, put {self.put}, GET {get}, {retired} retired, "
            f"{self.queued - self.put} not yet in the ring; {why}"
        )

    async def reset(self) -> None:
        """Stop whatever runs, forget what is staged, and enable the queue again.

        Raises:
            DeadlineExceeded: not DISABLED within BOUND_RESET.
        """
        self.abort()
        await self.disable("reset")
        self.clear()
        self.start()

    def clear(self, *, errors: bool = False) -> None:
        """Forget everything unfinished; the queue is DISABLED and idle, aborted or failed.

        ``errors``: the device has begun to count errors anew, as after a device reset.
        """
        self.refresh()
        if self.error is not None and self.queued > self.recorded:
            self._stopped.append((self.recorded, self.queued, self.error))
            self.queued += 1  # the timeline goes on behind what was stopped
        for waiting in (self._staged, self._blocks, self._sites):
            waiting.clear()
        self.put = self.queued
        self._ring.recorded = self.put
        self.refresh()
        if errors:
            self._ring.report[0] = 0
        self._generation = self._ring.generation
        self.error = None

    async def disable(self, how: str) -> None:
        """Bring the queue to DISABLED and idle by ``how``: "drain" or "reset".

        Raises:
            DeadlineExceeded: not there within BOUND_RESET cycles (drain: BOUND_DRAIN and the device's
                deadline).
        """
        device, block = self._device, self._block
        device.post(block.CONTROL, block.CONTROL.encode(**{how: 1}))
        capabilities = device.capabilities
        drain = capabilities.bound_drain + device.deadline
        await device.poll(
            block.STATUS,
            {"state": QueueState.DISABLED, "resetting": 0, "idle": 1},
            drain if how == "drain" else capabilities.bound_reset,
            f"queue {self.number}: {how}",
        )

    def free(self) -> None:
        """Give the host memory back; the queue is DISABLED and takes nothing more."""
        self.closed = True
        self._ring.free()
