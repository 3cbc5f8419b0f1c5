"""Streams: commands in order, as in CUDA.

Calls only stage; waiting, a full batch or `flush` sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from doorbell import encode
from doorbell.buffer import Operand, byte_range
from doorbell.checks import array_of, integer
from doorbell.contract import Flag, Opcode, Space
from doorbell.errors import ArgumentError
from doorbell.kernels import Launch
from doorbell.ranges import own_bar
from doorbell.timeline import Timeline

__all__ = ["Stream"]

_COPY_MAX = (1 << 32) - 1


class Stream(Timeline):
    """A queue of its own.

    Commands carry BARRIER, so each starts when the one before has retired; see `overlap`. As an
    asynchronous context manager it is closed at the end of the block, unless an exception ends that.
    """

    def __repr__(self) -> str:
        queue = self.queue
        return f"<Stream on queue {queue.number}: {queue.recorded} of {queue.queued} done>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if kind is None and not self.queue.closed:
            await self.close()

    @contextmanager
    def overlap(self) -> Iterator[None]:
        """Let the commands staged inside overlap with each other; the first still waits for all before it.

        The command after the block waits for all of them. A block inside another is part of that.
        """
        outer, self._barrier = self._barrier, True
        try:
            self._stage(encode.nop())
            self._barrier = False
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
            ArgumentError: a range does not lie inside its buffer, is 4 GiB or longer, or the buffer
                is another device's.
            UseAfterFree: a buffer was freed.
            QueueError: the stream failed before.
        """
        source_address, length = byte_range(source, source_offset, length, "copy source")
        address, _ = byte_range(destination, destination_offset, length, "copy destination")
        packet = encode.copies(
            source_address,
            address,
            integer("copy length (bytes)", length, 0, _COPY_MAX),
            source_space=source.space,
            destination_space=destination.space,
        )
        self._stage(packet, (destination, source))

    def fill(
        self, buffer: Operand, pattern: int = 0, offset: int = 0, length: int | None = None
    ) -> None:
        """Repeat the 8-byte ``pattern`` (0 to 2^64 - 1, little-endian) from byte ``offset`` for ``length`` bytes.

        Raises:
            ArgumentError: the range does not lie inside ``buffer``, the pattern does not fit 64
            bits, or otherwise as `copy`.
        """
        address, length = byte_range(buffer, offset, length, "fill")
        self._stage(encode.fill(address, pattern, length, space=buffer.space), (buffer,))

    def write(self, buffer: Operand, data: bytes, offset: int = 0) -> None:
        """Write up to 24 bytes that travel in the packet.

        Raises:
            ArgumentError: more than 24 bytes, the range does not lie inside ``buffer``, or otherwise
            as `copy`.
        """
        data = encode.inline(data)
        address, _ = byte_range(buffer, offset, len(data), "write")
        self._stage(encode.write(address, data, space=buffer.space), (buffer,))

    def upload(self, buffer: Operand, array: npt.ArrayLike) -> None:
        """Copy ``array`` into ``buffer``, of its shape and dtype; ``array`` may change afterwards.

        Raises:
            ArgumentError: shape or dtype differ, or otherwise as `copy`.
            OutOfMemory: no pinned memory is left.
        """
        values = array_of(array)
        byte_range(buffer, 0, None, "upload")
        if values.shape != buffer.shape or values.dtype != buffer.dtype:
            raise ArgumentError(
                f"upload of {values.dtype} {values.shape} into {buffer!r}: give its shape and dtype"
            )
        with self.device.pinned(
            values.shape, values.dtype
        ) as source:  # kept until the copy retired
            source.array[...] = values
            self.copy(buffer, source)

    def launch(self, work: Launch, *, units: int | None = None) -> None:
        """Run a kernel; ``units`` is a mask of execution units, None takes all.

        Raises:
            ArgumentError: ``work`` is no `Launch`, ``units`` is empty or names a unit that the device
            lacks, or the device lacks the kernel, or otherwise as `copy`.
        """
        if not isinstance(work, Launch):
            raise ArgumentError(
                f"launch of {work!r}; give what a function of doorbell.kernels returned, such as "
                f"kernels.gemm(a, b, c)"
            )
        capabilities = self.device.capabilities
        every = (1 << capabilities.units) - 1
        mask = integer("units (mask)", every if units is None else units, 1, every)
        if not capabilities.kernels >> work.kernel & 1:
            raise ArgumentError(
                f"kernel {work.kernel.name}: the device offers {capabilities.kernels:#x} (bit N: kernel N)"
            )
        self._prepare(Opcode.LAUNCH, work.buffers)
        packet = encode.launch(
            work.kernel, work.grid, self.queue.argument_slot(), unit_mask=mask, space=Space.HOST
        )
        packet["flags"] = Flag.BARRIER if self._barrier else 0
        self._put(packet, work.buffers, work.arguments)

    def submit(self, packets: npt.NDArray[np.void], *operands: Operand) -> None:
        """Stage ready-made packets (dtype ``PACKET``) in bulk; `encode` makes them. Their tags become their counts.

        Flags stay as they are: BARRIER is the caller's. ``operands`` are the buffers that the packets
        use: their uploads are waited for, and their memory is kept until the packets have retired.

        Raises:
            ArgumentError: wrong dtype, RECORD or INTERRUPT set (the runtime sets those), or a HOST
                address in the device's own BARs (RT-SUBMIT-006).
            UseAfterFree: one of ``operands`` was freed.
            QueueError: the stream failed before.
        """
        packets = np.array(packets)
        inside = own_bar(packets, self.device.function.bars)
        if inside:
            raise ArgumentError(inside)
        self._prepare(Opcode.NOP, operands)
        self._put(packets, operands)

    def flush(self) -> None:
        """Ring the doorbell for what is staged; waits for nothing.

        Raises:
            UseAfterFree: the stream or the device was closed.
        """
        self.queue.check_open()
        self.queue.flush()

    async def synchronize(self, deadline: int | None = None) -> None:
        """Return when every command so far has retired; ``deadline`` counts device cycles, None takes the device's.

        Raises:
            UseAfterFree: the stream or the device was closed.
            QueueError: the stream failed.
            FaultError: the host refused an access of the device since the last check.
            DeadlineExceeded: the deadline passed.
        """
        self.queue.check_open()
        await self.queue.reach(self.queue.queued, deadline)
        self.device.check_faults()

    async def download(self, buffer: Operand) -> npt.NDArray[Any]:
        """Return a copy of ``buffer`` as it is when every command so far has retired.

        Raises:
            ArgumentError, UseAfterFree: as `copy`.
            QueueError, FaultError, DeadlineExceeded: as `synchronize`.
        """
        byte_range(buffer, 0, None, "download")
        with self.device.pinned(buffer.shape, buffer.dtype) as landing:
            self.copy(landing, buffer)
            await self.synchronize()
            return landing.array.copy()

    async def reset(self) -> None:
        """Stop whatever runs, drop what is staged, and make the stream usable again after an error.

        What had not retired never happens: its events raise QueueError, and every semaphore that it
        would have signalled is poisoned (RT-FAIL-002), so that streams which wait for it fail too.
        A semaphore of yours stays poisoned until ``semaphore.poison(False)``.

        Raises:
            UseAfterFree: the stream was closed.
            DeadlineExceeded: the queue is not DISABLED within BOUND_RESET.
        """
        self.queue.check_open()
        await self.queue.reset()
        self._forget()
        # The old semaphore stays poisoned for streams that wait for values it will never have.
        old, self.semaphore = self.semaphore, self.device.semaphore()
        self.semaphore.set(self.queue.queued)
        old.free()

    async def close(self) -> None:
        """Wait for every command, drain the queue, and give queue and semaphore back.

        A failed stream is reset instead; what it had not done never happens.

        Raises:
            UseAfterFree: it was closed already.
            QueueError: the stream failed, and nobody was told before.
            FaultError, DeadlineExceeded: as `synchronize`.
        """
        queue = self.queue
        queue.check_open()
        if queue.error is None:
            await self.synchronize()
            await queue.disable("drain")
        else:
            await queue.disable("reset")
        untold = queue.error if not queue.raised else None
        queue.clear()
        self.semaphore.free()
        self.device.give_stream(self)
        if untold is not None:
            raise untold
