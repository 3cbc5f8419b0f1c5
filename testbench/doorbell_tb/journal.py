"""What software submitted in a run: queue settings and the packets behind each doorbell.

The transport tells it every posted write. At a doorbell it copies the ring slots that become the
device's, so that the order checker can say at the end of a run which command each TLP belongs to.
An enable takes no effect before a drain has ended (CP-STATE-001): reads of STATUS tell.
Addresses are bus addresses; positions count TLPs of the trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell.contract import PACKET, QueueState, limits, registers
from doorbell.contract.register_types import Register

__all__ = ["Batch", "Journal", "Look", "Session"]

_WORD = (1 << 64) - 1
_SIGN = 1 << 63
_BARS = range(0x10, 0x18, 4)

Memory = Callable[[int, int], npt.NDArray[np.uint8] | None]
"""Host memory at a bus address: a view of so many bytes, or None when they are not all mapped."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets that one doorbell handed over."""

    ring: int
    """Which of the queue's doorbell writes it was, from 0."""
    first: int
    """Count of the first packet, modulo 2^64."""
    packets: npt.NDArray[np.void]
    """dtype ``PACKET``."""


@dataclass(slots=True)
class Session:
    """One queue from an enable to the next, or to a device reset."""

    queue: int
    since: int
    """TLPs in the trace when it was enabled."""
    base: int
    size: int
    """Packets in the ring."""
    start: int
    writeback: int | None
    error_record: int | None
    error_vector: int | None
    put: int
    batches: list[Batch] = field(default_factory=list)
    stopped: bool = False
    """A reset of the queue or the device ended it: nothing of it comes after the next enable."""
    until: int | None = None
    """TLPs in the trace when software went on after a device reset: its memory is nobody's since."""
    doubt: int | None = None
    """TLPs in the trace since which perhaps another session lasts; ``since``: perhaps this one never began."""


@dataclass(frozen=True, slots=True)
class _Drain:
    """A drain whose end software has not seen."""

    session: Session
    doubt: int | None
    """The session's doubt when it was asked to drain."""
    settings: dict[int, int]
    """Registers of the queue then."""


@dataclass(frozen=True, slots=True)
class Look:
    """A read of a queue's STATUS that is under way while nobody knows whether the queue has drained."""

    queue: int
    drain: _Drain
    session: Session


class Journal:
    """Everything software did to the queues, as far as it went through the transport."""

    def __init__(self, memory: Memory = lambda _address, _length: None) -> None:
        self.bar0: int | None = None
        self.sessions: list[Session] = []
        self.rung: list[int] = [0] * len(registers.QUEUE)
        """Writes to each doorbell page so far."""
        self.vector_data: dict[int, set[int]] = {}
        """Every message data that an MSI-X table entry was given."""
        self.base = 0
        """Position of the first TLP of the trace that is being taken."""
        self._memory = memory
        self._bars = [0, 0]
        self._registers: dict[int, int] = {}
        self._open: dict[int, Session] = {}
        self._settled: set[int] = set()
        """Queues that were enabled, and neither reset nor drained since."""
        self._drains: dict[int, _Drain] = {}
        self._staged = [0] * len(registers.QUEUE)
        self._reset = False
        """A device reset was asked for, and no queue has been touched since."""

    def afresh(self) -> Journal:
        """Return an empty journal that knows where BAR0 is; for after a device reset."""
        fresh = Journal(self._memory)
        fresh.bar0 = self.bar0
        fresh._bars = list(self._bars)
        return fresh

    def config_write(self, offset: int, value: int, size: int) -> None:
        """Note a configuration write; it tells where BAR0 is."""
        if offset in _BARS and size == 4:
            self._bars[(offset - 0x10) // 4] = value
            base = self._bars[1] << 32 | self._bars[0] & ~0xF
            sized = 0xFFFF_FFFF in self._bars
            self.bar0 = None if sized or not base else base

    def write(self, address: int, value: int, size: int, position: int) -> None:
        """Note a posted write of 4 or 8 bytes; ``position`` counts the TLPs in the trace now."""
        if self.bar0 is None or not 0 <= (offset := address - self.bar0) < limits.BAR0_BYTES:
            return
        page = offset - _DOORBELLS
        if page >= 0 and page < _STRIDE * len(registers.DOORBELL):
            if page % _STRIDE < 8:
                self._ring(page // _STRIDE, page % _STRIDE, value, size)
            return
        if offset == registers.DEVICE.CONTROL.offset and value & 1:
            self.reset()
            return
        if self._reset and offset in _QUEUES:  # software has seen the end of the reset
            self._reset = False
            for session in self._open.values():
                session.until = self.base + position
                session.stopped = True
            self._open.clear()
        queue, register = divmod(offset - _QUEUES.start, _QUEUE_STRIDE)
        if queue in self._settled and register:
            return  # a queue takes settings in DISABLED only
        old = self._registers.get(offset & ~7, 0)
        shift = 8 * (offset & 7)
        mask = (1 << 8 * size) - 1 << shift
        self._registers[offset & ~7] = old & ~mask | value << shift & mask
        if offset in _CONTROLS:
            self._control(_CONTROLS[offset], value, position)
        elif 0 <= (at := offset - registers.MSIX_TABLE.offset) < 16 * 32 and at % 16 == 8:
            self.vector_data.setdefault(at // 16, set()).add(value & 0xFFFF_FFFF)

    def reset(self) -> None:
        """Note that the device is being reset: every register gets its reset value, every queue DISABLED."""
        self._registers.clear()
        self._settled.clear()
        self._drains.clear()
        self._reset = True

    def asks(self, address: int) -> Look | None:
        """Note that software begins a read; what `told` wants to know of it, or None."""
        if not self._drains or self.bar0 is None:
            return None
        queue = _STATUSES.get(address - self.bar0, -1)
        drain = self._drains.get(queue)
        return None if drain is None else Look(queue, drain, self._open[queue])

    def told(self, look: Look, value: int) -> None:
        """Note what a read of STATUS found: whether the queue still drains, and so what an enable meanwhile did."""
        queue, drain = look.queue, look.drain
        if self._drains.get(queue) is not drain or self._open.get(queue) is not look.session:
            return  # software has done something to the queue since it asked
        state = registers.QUEUE[queue].STATUS.decode(value)["state"]
        enabled = look.session is not drain.session
        if enabled and state == QueueState.RUNNING:  # the drain had ended before the enable
            del self._drains[queue]
            drain.session.doubt, look.session.doubt = drain.doubt, None
        if state == QueueState.RUNNING or (enabled and state == QueueState.HALTED):
            return
        if enabled:  # it had not
            self.sessions = [one for one in self.sessions if one is not look.session]
            self._open[queue] = drain.session
            drain.session.doubt = drain.doubt
            self._settled.discard(queue)
        if enabled or state != QueueState.DISABLED:
            for offset in self._block(queue):
                del self._registers[offset]
            self._registers |= drain.settings
        if state != QueueState.DRAINING:
            del self._drains[queue]
        if state == QueueState.HALTED:
            self._settled.add(queue)

    def _control(self, queue: int, value: int, position: int) -> None:
        if value & 4:  # reset: what comes until the next enable is dropped
            session = self._open.pop(queue, None)
            if session is not None:
                session.stopped = True
            self._settled.discard(queue)
            self._drains.pop(queue, None)
        elif value & 2 and queue in self._settled:
            self._settled.discard(queue)
            session = self._open[queue]
            self._drains[queue] = _Drain(session, session.doubt, self._block(queue))
        elif value & 3 == 1 and queue not in self._settled:
            self._settled.add(queue)
            session = self._enable(queue, position)
            if queue in self._drains:
                last = self._drains[queue].session
                session.doubt = session.since
                last.doubt = session.since if last.doubt is None else last.doubt

    def _block(self, queue: int) -> dict[int, int]:
        """Return what has been written to a queue's registers, by offset."""
        return {
            offset: value
            for offset, value in self._registers.items()
            if (offset - _QUEUES.start) // _QUEUE_STRIDE == queue
        }

    def _enable(self, queue: int, position: int) -> Session:
        block = registers.QUEUE[queue]

        def pointer(register: Register) -> int | None:  # bits of no field count as zero
            value = self._registers.get(register.offset, 0)
            return value & register.fields["address"].mask if value & 1 else None

        log2 = self._registers.get(block.RING_LOG2.offset, limits.RING_LOG2_MIN)
        log2 = min(max(log2, limits.RING_LOG2_MIN), limits.RING_LOG2_MAX)
        vector = block.ERROR_VECTOR.decode(self._registers.get(block.ERROR_VECTOR.offset, 0))
        start = self._registers.get(block.START.offset, 0)
        session = Session(
            queue=queue,
            since=self.base + position,
            base=self._registers.get(block.RING_BASE.offset, 0)
            & block.RING_BASE.fields["address"].mask,
            size=1 << log2,
            start=start,
            writeback=pointer(block.WRITEBACK),
            error_record=pointer(block.ERROR_RECORD),
            error_vector=vector["vector"] if vector["enable"] else None,
            put=start,
        )
        self._open[queue] = session
        self.sessions.append(session)
        return session

    def restart(self, base: int) -> None:
        """Forget what is done, while nothing is under way; the next TLP has position ``base``."""
        self.base = base
        self.rung = [0] * len(self.rung)
        for queue, session in self._open.items():
            doubt = None if session.doubt is None else base
            self._open[queue] = replace(
                session, since=base, start=session.put, batches=[], doubt=doubt
            )
        self._drains.clear()  # what was asked to drain has
        self.sessions = list(self._open.values())

    def _ring(self, queue: int, half: int, value: int, size: int) -> None:
        number = self.rung[queue]
        self.rung[queue] += 1
        if size == 4 and half == 0:
            self._staged[queue] = value
            return
        put = value if size == 8 else value << 32 | self._staged[queue]
        self._staged[queue] = put & 0xFFFF_FFFF
        session = self._open.get(queue)
        if session is None or self._reset:
            return
        distance = put - session.put & _WORD
        if distance == 0 or distance >= _SIGN or distance > session.size:
            return  # duplicate, backwards, more than a ring: nothing becomes the device's
        packets = self._slots(session, session.put, distance)
        session.batches.append(Batch(number, session.put, packets))
        session.put = put

    def _slots(self, session: Session, first: int, count: int) -> npt.NDArray[np.void]:
        """Copy packets out of the ring; where it is not mapped they are INVALID ones."""
        ring = self._memory(session.base, session.size * PACKET.itemsize)
        if ring is None:
            found = np.zeros(count, PACKET)
            for at in range(count):
                place = session.base + (first + at) % session.size * PACKET.itemsize
                slot = self._memory(place, PACKET.itemsize)
                if slot is not None:
                    found[at] = slot.view(PACKET)[0]
            return found
        slots: npt.NDArray[Any] = ring.view(PACKET)
        at = first % session.size
        return np.concatenate([slots[at : at + count], slots[: max(0, at + count - session.size)]])


_DOORBELLS = registers.DOORBELL[0].DOORBELL.offset
_STRIDE = registers.DOORBELL[1].DOORBELL.offset - _DOORBELLS
_QUEUES = range(registers.QUEUE[0].CONTROL.offset, _DOORBELLS)
_QUEUE_STRIDE = registers.QUEUE[1].CONTROL.offset - _QUEUES.start
_STATUSES = {block.STATUS.offset: number for number, block in enumerate(registers.QUEUE)}
_CONTROLS = {block.CONTROL.offset: number for number, block in enumerate(registers.QUEUE)}
