"""Streams: commands in order, as in CUDA.

Calls only stage; waiting, a full batch or `flush` sends.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doorbell import encode
from doorbell.buffer import Operand, byte_range
from doorbell.contract import Flag, SignalMode, Space, WaitCondition
from doorbell.errors import ArgumentError
from doorbell.event import Event
from doorbell.kernels import Launch
from doorbell.queue import Queue
from doorbell.semaphore import Semaphore

if TYPE_CHECKING:
    from doorbell.device import Device

__all__ = ["Stream"]

_COPY_MAX = (1 << 32) - 1


class Stream:
    """A queue of its own.

    Commands carry BARRIER, so each starts when the one before has retired; see `overlap`.
    """

    def __init__(self, device: Device, queue: Queue, semaphore: Semaphore) -> None:
        """Use `Device.stream`."""
        self.device = device
        self.queue = queue
        self.semaphore = semaphore
        self._barrier = True

    @contextmanager
    def overlap(self) -> Iterator[None]:
        """Let the commands staged inside overlap with each other; the first still waits for all before it.

        The command after the block waits for all of them.
        """
        outer = self._barrier
        self._stage(encode.nop(), ())
        self._barrier = False
        try:
            yield
        finally:
            self._barrier = outer

    def copy(
        self,
        destination: Operand,
        source: Operand,
        length: int | None = None,
        *,
        destination_offset: int = 0,
        source_offset: int = 0,
    ) -> None:
        """Copy ``length`` bytes (None: all of ``source`` from its offset); any space to any, any alignment.

        Raises:
            ArgumentError: a range does not lie inside its buffer, or is 4 GiB or longer.
            UseAfterFree: a buffer was freed.
            QueueError: the stream failed before.
        """
        source_address, length = byte_range(source, source_offset, length, "copy source")
        address, _ = byte_range(destination, destination_offset, length, "copy destination")
        if length > _COPY_MAX:
            raise ArgumentError(f"copy of {length} bytes: at most {_COPY_MAX}; split it")
        packet = encode.copies(
            source_address,
            address,
            length,
            source_space=source.space,
            destination_space=destination.space,
        )
        self._stage(packet, (destination, source))

    def fill(
        self, buffer: Operand, pattern: int = 0, offset: int = 0, length: int | None = None
    ) -> None:
        """Repeat the 8-byte ``pattern`` (0 to 2^64 - 1, little-endian) from byte ``offset`` for ``length`` bytes.

        Raises:
            ArgumentError: the range does not lie inside ``buffer``, or the pattern does not fit 64
            bits.
        """
        address, length = byte_range(buffer, offset, length, "fill")
        self._stage(encode.fill(address, pattern, length, space=buffer.space), (buffer,))

    def write(self, buffer: Operand, data: bytes, offset: int = 0) -> None:
        """Write up to 24 bytes that travel in the packet.

        Raises:
            ArgumentError: more than 24 bytes, or the range does not lie inside ``buffer``.
        """
        address, _ = byte_range(buffer, offset, len(data), "write")
        self._stage(encode.write(address, data, space=buffer.space), (buffer,))

    def launch(self, work: Launch, *, units: int | None = None) -> None:
        """Run a kernel; ``units`` is a mask of execution units, None takes all.

        Raises:
            ArgumentError: ``units`` is empty or names a unit that the device lacks.
        """
        every = (1 << self.device.capabilities.units) - 1
        mask = every if units is None else units
        if not mask or mask & ~every:
            raise ArgumentError(
                f"units = {mask:#x}; give a mask inside {every:#x} with at least one bit"
            )
        self._await_uploads(work.buffers)
        packet = encode.launch(
            work.kernel, work.grid, self.queue.argument_slot(), unit_mask=mask, space=Space.HOST
        )
        self._stage(packet, work.buffers, work.arguments)

    def signal(self, semaphore: Semaphore, value: int, *, add: bool = False) -> None:
        """Set ``semaphore`` to ``value``, or add it, when every command so far has retired."""
        mode = SignalMode.SEMAPHORE_ADD if add else SignalMode.SEMAPHORE_SET
        self._stage(encode.signal(semaphore.index, value, mode), ())

    def wait(
        self, what: Event | Semaphore, value: int = 0, *, equal: bool = False, deadline: int = 0
    ) -> None:
        """Start nothing more before ``what``: an event of a stream, or a semaphore that reaches ``value``.

        ``equal`` asks for the exact value; ``deadline`` counts device cycles, 0 takes the queue's
        limit. The host waits for nothing here.
        """
        if isinstance(what, Event):
            if what.stream is self or what.done:
                return
            semaphore, value = what.stream.semaphore, what.value
        else:
            semaphore = what
        condition = WaitCondition.EQ if equal else WaitCondition.GE
        self._stage(encode.wait(semaphore.index, value, condition, deadline), ())

    def record(self) -> Event:
        """Return an event that happens when every command so far has retired."""
        value = self.queue.queued + 1
        self._stage(encode.signal(self.semaphore.index, value), ())
        return Event(self, value)

    def submit(self, packets: npt.NDArray[np.void]) -> None:
        """Stage ready-made packets (dtype ``PACKET``) as they are, in bulk; `encode` makes them.

        Raises:
            ArgumentError: wrong dtype, or RECORD or INTERRUPT set: the runtime sets those.
        """
        self.queue.stage(packets.copy(), _site())

    def flush(self) -> None:
        """Ring the doorbell for what is staged; waits for nothing."""
        self.queue.flush()

    async def synchronize(self, deadline: int | None = None) -> None:
        """Return when every command so far has retired; ``deadline`` counts device cycles, None takes the device's.

        Raises:
            QueueError: the stream failed.
            FaultError: the host refused an access of the device since the last check.
            DeadlineExceeded: the deadline passed.
        """
        await self.queue.reach(self.queue.queued, deadline)
        self.device.check_faults()

    async def download(self, buffer: Operand) -> npt.NDArray[Any]:
        """Return a copy of ``buffer`` as it is when every command so far has retired.

        Raises:
            QueueError, FaultError, DeadlineExceeded: as `synchronize`.
        """
        landing = self.device.pinned(buffer.shape, buffer.dtype)
        try:
            self.copy(landing, buffer)
            await self.synchronize()
            return landing.array.copy()
        finally:
            landing.free()

    async def reset(self) -> None:
        """Stop whatever runs, drop what is staged, and make the stream usable again after an error."""
        await self.queue.reset()
        self.semaphore.set(self.queue.queued)
        self.semaphore.poison(False)

    def _await_uploads(self, operands: tuple[Operand, ...]) -> None:
        for operand in operands:
            if operand.ready is not None:
                self.wait(operand.ready)

    def _stage(
        self,
        packet: npt.NDArray[np.void],
        operands: tuple[Operand, ...],
        arguments: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        if (
            arguments is None
        ):  # a launch has waited already: its argument slot goes with its place in the queue
            self._await_uploads(operands)
        packet["flags"] = Flag.BARRIER if self._barrier else 0
        value = self.queue.stage(packet, _site(), arguments)
        for operand in operands:
            operand.used(self.queue, value)


def _site() -> str:
    """Return file:line of the nearest caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("doorbell."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
