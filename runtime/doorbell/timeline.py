"""Order: how commands come to a queue, and how queues wait for each other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doorbell import encode
from doorbell.buffer import Operand
from doorbell.contract import Flag, Opcode, SignalMode, WaitCondition
from doorbell.errors import ArgumentError
from doorbell.event import Event
from doorbell.ledger import Ledger, Signal, Wait
from doorbell.queue import Queue
from doorbell.semaphore import Semaphore

if TYPE_CHECKING:
    from doorbell.device import Device

__all__ = ["Timeline"]

_INSIDE = ("doorbell.", "contextlib")
_PROGRAMS = "doorbell.runner."


class Timeline:
    """A queue of ``device`` with the ``semaphore`` that tells other queues how far it is."""

    def __init__(self, device: Device, queue: Queue, semaphore: Semaphore) -> None:
        """Use `Device.stream`."""
        self.device = device
        self.queue = queue
        self.semaphore = semaphore
        self.ledger = Ledger()
        self._barrier = True
        self._awaited: dict[Timeline, int] = {}

    def signal(self, semaphore: Semaphore, value: int, *, add: bool = False) -> None:
        """Set ``semaphore`` to ``value`` (0 to 2^64 - 1), or add it, when every command so far has retired.

        Raises:
            ArgumentError: ``value`` does not fit 64 bits, or the semaphore is another device's.
            UseAfterFree: the semaphore was freed.
            QueueError: the stream failed before.
        """
        self._own(semaphore, Semaphore, "a Semaphore")
        mode = SignalMode.SEMAPHORE_ADD if add else SignalMode.SEMAPHORE_SET

        def book(position: int) -> None:
            semaphore.lease.used(self.queue, position)
            self.ledger.signals.append(Signal(position, semaphore, value, add))

        self._stage(encode.signal(semaphore.index, value, mode), book=book)

    def wait(
        self,
        what: Event | Semaphore,
        value: int | None = None,
        *,
        equal: bool = False,
        deadline: int = 0,
    ) -> None:
        """Start nothing more before ``what``: an event of a stream, or a semaphore that reaches ``value``.

        ``equal`` asks for the exact value; ``deadline`` counts device cycles, 0 takes the queue's
        limit. The host waits for nothing here.

        Raises:
            ArgumentError: a semaphore without a value, an event with one, a number that does not fit
                64 bits, or something of another device.
            UseAfterFree: the semaphore was freed.
            QueueError: this stream failed before, or a reset stopped what the event stands for.
        """
        if isinstance(what, Event):
            if value is not None or equal:
                raise ArgumentError(f"wait: {what!r} has its own value; leave value and equal out")
            self._wait_event(what, deadline)
            return
        self._own(what, Semaphore, "an Event or a Semaphore")
        if value is None:
            raise ArgumentError(f"wait: semaphore {what.index} needs a value to wait for")
        self._wait(what, value, equal, deadline)

    def record(self) -> Event:
        """Return an event that happens when every command so far has retired.

        Raises:
            QueueError: the stream failed before.
            UseAfterFree: the stream was closed.
        """
        self.queue.check_open()
        self.signal(self.semaphore, self.queue.queued + 1)
        return Event(self, self.queue.queued)

    def fail(self, index: int) -> None:
        """Poison what the packets from count ``index`` on would have signalled (RT-FAIL-002)."""
        owed = [item.semaphore for item in self.ledger.signals if item.position > index]
        for semaphore in dict.fromkeys((self.semaphore, *owed)):
            semaphore.fail()

    def restart(self) -> None:
        """Enable the queue again after a device reset, which took its semaphore to 0."""
        self._forget()
        self.queue.clear(errors=True)
        self.queue.start()
        self.semaphore.set(self.queue.queued)

    def _forget(self) -> None:
        self.ledger.clear()
        self._awaited.clear()

    def _wait_event(self, event: Event, deadline: int) -> None:
        self._own(event.stream, Timeline, "a Stream")
        stopped = event.stream.queue.stopped(event.value)
        if stopped is not None:
            raise stopped.with_traceback(None)
        waited = self._awaited.get(event.stream, 0) >= event.value
        if event.stream is self or waited or event.done:
            return
        self._wait(event.stream.semaphore, event.value, False, deadline)
        self._awaited[event.stream] = event.value

    def _wait(self, semaphore: Semaphore, value: int, equal: bool, deadline: int) -> None:
        condition = WaitCondition.EQ if equal else WaitCondition.GE
        site = call_site()

        def book(position: int) -> None:
            semaphore.lease.used(self.queue, position)
            self.ledger.waits.append(Wait(position, semaphore, value, equal, site))

        self._stage(encode.wait(semaphore.index, value, condition, deadline), book=book)

    def _own(self, thing: object, kind: type[Operand | Semaphore | Timeline], wanted: str) -> None:
        if not isinstance(thing, kind):
            raise ArgumentError(f"{thing!r} is a {type(thing).__name__}; give {wanted}")
        if thing.device is not self.device:
            raise ArgumentError(f"{thing!r} belongs to another device than this stream")
        if not isinstance(thing, Timeline):
            thing.lease.check()

    def _prepare(self, opcode: Opcode, operands: tuple[Operand, ...]) -> None:
        """Check, and wait for uploads: before a launch knows its argument slot."""
        offered = self.device.capabilities.opcodes
        if not offered >> opcode & 1:
            raise ArgumentError(f"{opcode.name}: the device offers opcodes {offered:#x} (bits)")
        for operand in operands:
            self._own(operand, Operand, "a Buffer or a HostArray")
        for operand in operands:
            if operand.ready is not None:
                self._wait_event(operand.ready, 0)

    def _stage(
        self,
        packet: npt.NDArray[np.void],
        operands: tuple[Operand, ...] = (),
        book: Callable[[int], None] | None = None,
    ) -> None:
        self._prepare(Opcode(packet["opcode"][0]), operands)
        packet["flags"] = Flag.BARRIER if self._barrier else 0
        self._put(packet, operands, book=book)

    def _put(
        self,
        packets: npt.NDArray[np.void],
        operands: tuple[Operand, ...],
        arguments: npt.NDArray[np.uint8] | None = None,
        book: Callable[[int], None] | None = None,
    ) -> None:
        def note(value: int) -> None:
            for operand in operands:
                operand.lease.used(self.queue, value)

        self.queue.stage(packets, call_site(), book or note, arguments)


def call_site() -> str:
    """Return file:line of the nearest caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(_INSIDE) or name.startswith(_PROGRAMS):
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
