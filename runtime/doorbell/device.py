"""The device as programs see it: capabilities, memory, streams, registers."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from doorbell.bar0 import Bar0
from doorbell.buffer import Buffer, HostArray
from doorbell.capabilities import Capabilities, read_capabilities
from doorbell.checks import U64_MAX, array_of, integer, layout
from doorbell.contract import ERROR_DOCS, Error, FatalCause, limits, registers, rules
from doorbell.errors import (
    ArgumentError,
    FaultError,
    IncompatibleDevice,
    LeakError,
    OutOfMemory,
)
from doorbell.ledger import held
from doorbell.memory import HostPool, RangeAllocator
from doorbell.pci import Function, enumerate_function
from doorbell.queue import Queue
from doorbell.semaphore import Semaphore
from doorbell.stream import Stream
from doorbell.transport import Transport

__all__ = ["DEADLINE_CYCLES", "Capabilities", "Device"]

DEADLINE_CYCLES = 5_000_000


class Device(Bar0):
    """One device, opened by `doorbell.open` or `Device.open`."""

    def __init__(self, transport: Transport, function: Function, deadline: int) -> None:
        """Use `Device.open`."""
        super().__init__(transport, function.bars[0].address)
        self.function = function
        self.deadline = deadline
        self.host = HostPool(transport)
        self.streams: list[Stream] = []
        self._transfer: Stream | None = None
        self._faults_seen = len(transport.faults())
        self.capabilities: Capabilities
        self.memory: RangeAllocator
        self._free_queues: list[int]
        self._free_semaphores: list[int]

    @classmethod
    async def open(cls, transport: Transport, *, deadline: int = DEADLINE_CYCLES) -> Device:
        """Enumerate, check the contract's version, read the capabilities, set up interrupts.

        ``deadline`` is the hang limit of every wait, in device cycles. When this fails the transport
        is closed.

        Raises:
            ArgumentError: ``deadline`` is not 1 or more.
            DeviceLost: nobody answers.
            IncompatibleDevice: not a Doorbell device, or another major version.
        """
        try:
            deadline = integer("deadline (cycles)", deadline, 1, U64_MAX)
            device = cls(transport, await enumerate_function(transport), deadline)
            await device._set_up()
        except BaseException:
            transport.close()
            raise
        return device

    async def _set_up(self) -> None:
        identity = await self.read(registers.DEVICE.IDENTITY)
        if identity != limits.IDENTITY:
            raise IncompatibleDevice(f"IDENTITY reads {identity:#x}, expected {limits.IDENTITY:#x}")
        self.capabilities = await read_capabilities(self.read)
        self.memory = RangeAllocator(0, self.capabilities.memory, "device memory")
        self._free_queues = list(range(self.capabilities.queues))
        self._free_semaphores = list(range(self.capabilities.semaphores))
        status = registers.DEVICE.STATUS.decode(await self.read(registers.DEVICE.STATUS))
        if status["fatal"] or not status["idle"]:  # what an earlier program left behind
            await self._reset_registers()
        await self._enable_interrupts()
        self.host.grow()
        await self.function.bus_master(True)

    async def _enable_interrupts(self) -> None:
        await self.function.enable_msix(self.bar0 + registers.MSIX_TABLE.offset)

    def limit(self, deadline: int | None) -> int:
        """Return the cycle at which a wait that begins now has taken too long; None takes the device's deadline.

        Raises:
            ArgumentError: ``deadline`` is negative.
        """
        cycles = self.deadline if deadline is None else deadline
        return self.transport.now() + integer("deadline (cycles)", cycles, 0, U64_MAX)

    def vector(self, queue: int) -> int:
        """Return the interrupt vector of a queue: its number, where there are enough."""
        return queue % min(self.capabilities.vectors, self.function.vectors)

    # Memory ---------------------------------------------------------------------------------------
    def empty(
        self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.uint8, *, align: int = 64
    ) -> Buffer:
        """Allocate an array in device memory, contents unspecified; ``align`` in bytes, a power of two.

        Raises:
            OutOfMemory: no free range is large enough.
            ArgumentError: a negative dimension, an object dtype, or ``align`` not a power of two.
            UseAfterFree: the device was closed.
        """
        self.check_open()
        sizes, kind, size = layout(shape, dtype)
        align = integer("align (bytes)", align, 1, 1 << 63)
        if align & (align - 1):
            raise ArgumentError(f"align = {align}; give a power of two")
        return Buffer(self, self.memory.allocate(size, align), sizes, kind)

    def zeros(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> Buffer:
        """Allocate an array in device memory and stage a fill with zeros, as `upload` does with a copy.

        Raises:
            As `upload`.
        """
        buffer = self.empty(shape, dtype)
        with _freed_on_error(buffer):
            self.transfers.fill(buffer)
            buffer.ready = self.transfers.record()
        return buffer

    def pinned(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> HostArray:
        """Allocate a zeroed array in pinned host memory that the device reaches in place.

        Raises:
            OutOfMemory: this machine, or the bus addresses, have no room.
            ArgumentError: a negative dimension or an object dtype.
            UseAfterFree: the device was closed.
        """
        self.check_open()
        sizes, kind, size = layout(shape, dtype)
        return HostArray(self, self.host.allocate(size), sizes, kind)

    def upload(self, array: npt.ArrayLike) -> Buffer:
        """Allocate a buffer and stage the copy of ``array`` into it on a stream of its own.

        Any stream that uses the buffer waits for the copy on the device; nobody waits here.
        ``array`` may change afterwards.

        Raises:
            OutOfMemory: no room in device memory, pinned memory, or for the stream.
            ArgumentError: no array of plain numbers.
            UseAfterFree: the device was closed.
            QueueError: an earlier upload failed; ``await device.transfers.reset()`` makes them
            possible again.
        """
        values = array_of(array)
        buffer = self.empty(values.shape, values.dtype)
        with _freed_on_error(buffer):
            self.transfers.upload(buffer, values)
            buffer.ready = self.transfers.record()
        return buffer

    @property
    def transfers(self) -> Stream:
        """The stream of `upload` and `zeros`, opened when first used; `Stream.reset` mends it after an error."""
        if self._transfer is None or self._transfer.queue.closed:
            self._transfer = self.stream()
        return self._transfer

    # Streams --------------------------------------------------------------------------------------
    def stream(self, *, weight: int = 1) -> Stream:
        """Take a queue and enable it; ``weight`` (1 to 255) is its share of the round-robin.

        Raises:
            OutOfMemory: every queue or semaphore is in use, or no pinned memory is left.
            ArgumentError: ``weight`` is outside 1 to 255.
            UseAfterFree: the device was closed.
        """
        self.check_open()
        weight = integer("weight", weight, 1, 255)
        if not self._free_queues:
            raise OutOfMemory(
                f"all {self.capabilities.queues} queues are in use; close a stream or share one"
            )
        queue = Queue(self, self._free_queues[0], weight)
        try:
            stream = Stream(self, queue, self.semaphore())
        except OutOfMemory:
            queue.free()
            raise
        del self._free_queues[0]
        queue.start()
        self.streams.append(stream)
        return stream

    def give_stream(self, stream: Stream) -> None:
        """Take back the queue of a stream that `Stream.close` has drained."""
        self.streams.remove(stream)
        stream.queue.free()
        insort(self._free_queues, stream.queue.number)

    def semaphore(self) -> Semaphore:
        """Take a semaphore; it starts at 0.

        Raises:
            OutOfMemory: every semaphore is in use.
            UseAfterFree: the device was closed.
        """
        self.check_open()
        if not self._free_semaphores:
            raise OutOfMemory(f"all {self.capabilities.semaphores} semaphores are in use; free one")
        return Semaphore(self, self._free_semaphores.pop(0))

    def give_semaphore(self, index: int) -> None:
        """Take back a semaphore that no command uses any more."""
        insort(self._free_semaphores, index)

    def service(self) -> None:
        """Read every stream's records and send what is staged; no waiting, no MMIO read (RT-DONE-001).

        Whoever waits calls it.
        """
        for stream in self.streams:
            stream.queue.flush()
            stream.ledger.retire(stream.queue.recorded)

    def fail(self, queue: Queue, index: int) -> None:
        """Poison what the stream of a failed queue would have signalled from packet ``index`` on (RT-FAIL-002)."""
        for stream in self.streams:
            if stream.queue is queue:
                stream.fail(index)

    def held(self) -> str:
        """Say which streams stand at which WAIT, and who would end it (RT-FAIL-005); empty when none does."""
        for stream in self.streams:
            stream.ledger.retire(stream.queue.recorded)
        return held(self.streams)

    async def diagnosis(self) -> str:
        """Say why nothing goes on, as far as the device and the streams know; empty when they do not."""
        status = registers.DEVICE.STATUS.decode(await self.read(registers.DEVICE.STATUS))
        if status["fatal"]:
            cause = FatalCause(status["fatal_cause"]).name
            return f"the device is fatal ({cause}): `await device.reset()`"
        return self.held()

    def explain(self, code: Error | int) -> str:
        """Return the contract's sentence for an error code."""
        if not isinstance(code, Error):
            return "a code of a later contract"
        for rule in rules.RULES.values():
            if rule.status == "active" and f" {code.name}" in rule.text:
                return f"{rule.id}: {rule.text}"
        return ERROR_DOCS[code]

    def check_faults(self) -> None:
        """Raise FaultError for accesses that the host refused since the last check (RT-FAIL-003)."""
        faults = tuple(self.transport.faults()[self._faults_seen :])
        self._faults_seen += len(faults)
        if faults:
            raise FaultError(faults)

    # End ------------------------------------------------------------------------------------------
    async def reset(self) -> None:
        """Reset the whole device: leaves a fatal state, stops every stream, and sets every semaphore to 0.

        What had not retired never happens: its events raise QueueError (ABORTED). Streams, buffers and
        semaphores stay yours; the contents of device memory are unspecified.

        Raises:
            DeadlineExceeded: not over within BOUND_RESET cycles.
            UseAfterFree: the device was closed.
        """
        self.check_open()
        for stream in self.streams:
            stream.queue.abort()
        await self._reset_registers()
        await self._enable_interrupts()
        for stream in self.streams:
            stream.restart()

    async def _reset_registers(self) -> None:
        block = registers.DEVICE
        self.post(block.CONTROL, block.CONTROL.encode(reset=1))
        bound = self.capabilities.bound_reset
        await self.poll(block.STATUS, {"resetting": 0}, bound, "device reset")

    async def close(self) -> None:
        """Wait for every healthy stream, drain the queues, turn bus master off, and check that nothing is left.

        The transport is closed in any case.

        Raises:
            QueueError: a stream fails, or failed and nobody was told.
            FaultError: the host refused an access since the last check.
            LeakError: something is still outstanding.
            DeadlineExceeded: a stream does not finish.
            UseAfterFree: it was closed already.
        """
        self.check_open()
        try:
            for stream in list(self.streams):
                await stream.close()
            self.check_faults()
            await self.function.bus_master(False)
            left = list(self.transport.leaks())
            self.host.close()
        finally:
            self.abandon()
        if left:
            raise LeakError("left behind at the end: " + "; ".join(left))

    def abandon(self) -> None:
        """Let go without waiting: after an exception or cancellation."""
        self.closed = True
        self.host.close(unmap=False)
        self.transport.close()


@contextmanager
def _freed_on_error(buffer: Buffer) -> Iterator[None]:
    try:
        yield
    except BaseException:
        buffer.free()
        raise
