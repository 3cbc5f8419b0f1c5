"""The device as programs see it: capabilities, memory, streams, registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell.buffer import Buffer, HostArray
from doorbell.contract import Error, limits, registers, rules
from doorbell.contract.register_types import Register
from doorbell.errors import (
    ArgumentError,
    DeviceLost,
    FaultError,
    IncompatibleDevice,
    LeakError,
    OutOfMemory,
)
from doorbell.memory import HostPool, RangeAllocator
from doorbell.pci import Function, enumerate_function
from doorbell.queue import Queue
from doorbell.semaphore import Semaphore
from doorbell.stream import Stream
from doorbell.transport import Transport

__all__ = ["Capabilities", "Device"]

DEADLINE_CYCLES = 5_000_000
_ALL_ONES = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the device says of itself (DEV rules); sizes in bytes, times in cycles."""

    version: tuple[int, int, int]
    queues: int
    channels: int
    units: int
    vectors: int
    semaphores: int
    memory: int
    window: int
    tags: int
    clock_hz: int
    opcodes: int
    kernels: int
    macs_per_cycle: int
    bound_reset: int


class Device:
    """One device, opened by `doorbell.open` or `Device.open`."""

    def __init__(self, transport: Transport, function: Function, deadline: int) -> None:
        """Use `Device.open`."""
        self.transport = transport
        self.function = function
        self.deadline = deadline
        self.bar0 = function.bars[0].address
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

        ``deadline`` is the hang limit of every wait, in device cycles.

        Raises:
            DeviceLost: nobody answers.
            IncompatibleDevice: not a Doorbell device, or another major version.
        """
        function = await enumerate_function(transport)
        device = cls(transport, function, deadline)
        identity = await device.read(registers.DEVICE.IDENTITY)
        if identity != limits.IDENTITY:
            raise IncompatibleDevice(f"IDENTITY reads {identity:#x}, expected {limits.IDENTITY:#x}")
        device.capabilities = await device._read_capabilities()
        major = device.capabilities.version[0]
        if major != limits.CONTRACT_MAJOR:
            raise IncompatibleDevice(
                f"device follows contract {major}.x, this runtime {limits.CONTRACT_MAJOR}.x"
            )
        device.memory = RangeAllocator(0, device.capabilities.memory, "device memory")
        device._free_queues = list(range(device.capabilities.queues))
        device._free_semaphores = list(range(device.capabilities.semaphores))
        await function.enable_msix(device.bar0 + registers.MSIX_TABLE.offset)
        await function.bus_master(True)
        return device

    async def _read_capabilities(self) -> Capabilities:
        block = registers.DEVICE
        version = block.CONTRACT_VERSION.decode(await self.read(block.CONTRACT_VERSION))
        counts = block.CAP_COUNTS.decode(await self.read(block.CAP_COUNTS))
        ring = block.CAP_RING.decode(await self.read(block.CAP_RING))
        return Capabilities(
            version=(version["major"], version["minor"], version["patch"]),
            queues=counts["queues"],
            channels=counts["channels"],
            units=counts["units"],
            vectors=counts["vectors"],
            semaphores=await self.read(block.CAP_SEMAPHORES),
            memory=await self.read(block.CAP_DEVICE_MEMORY),
            window=ring["window"],
            tags=await self.read(block.CAP_TAGS),
            clock_hz=await self.read(block.CAP_CLOCK),
            opcodes=await self.read(block.CAP_OPCODES),
            kernels=await self.read(block.CAP_KERNELS),
            macs_per_cycle=await self.read(registers.UNIT[0].MACS),
            bound_reset=await self.read(block.BOUND_RESET),
        )

    # Registers ------------------------------------------------------------------------------------
    def register(self, register: Register) -> int:
        """Return the bus address of a BAR0 register."""
        return self.bar0 + register.offset

    async def read(self, register: Register) -> int:
        """Read a register (64 bits).

        Raises:
            DeviceLost: it reads all ones, and so does IDENTITY.
        """
        return await self.read_bar0(register.offset)

    async def read_bar0(self, offset: int) -> int:
        """Read 8 bytes at ``offset`` of BAR0; raises as `read`."""
        value = await self.transport.read(self.bar0 + offset)
        if value == _ALL_ONES:
            identity = await self.transport.read(self.register(registers.DEVICE.IDENTITY))
            if identity == _ALL_ONES:
                raise DeviceLost(
                    f"BAR0 offset {offset:#x} and IDENTITY read all ones: the device left the bus"
                )
        return value

    def post(self, register: Register, value: int) -> None:
        """Write a register (64 bits), posted."""
        self.transport.write(self.register(register), value)

    async def counters(self) -> dict[str, int]:
        """Freeze the counters and return them by name in lower case, "cycles" first.

        One write and eight reads.
        """
        self.post(registers.DEVICE.SNAPSHOT, 1)
        found = [item for item in registers.DEVICE.registers() if ".COUNTER_" in item.name]
        return {item.name.split("COUNTER_")[1].lower(): await self.read(item) for item in found}

    # Memory ---------------------------------------------------------------------------------------
    def empty(
        self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.uint8, *, align: int = 64
    ) -> Buffer:
        """Allocate an array in device memory, contents unspecified; ``align`` in bytes, a power of two.

        Raises:
            OutOfMemory: no free range is large enough.
            ArgumentError: a negative dimension, an object dtype, or ``align`` not a power of two.
        """
        shape, kind = _checked(shape, dtype)
        if align <= 0 or align & (align - 1):
            raise ArgumentError(f"align = {align}; give a power of two")
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        return Buffer(self, self.memory.allocate(size, align), shape, kind)

    def pinned(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> HostArray:
        """Allocate a zeroed array in pinned host memory that the device reaches in place."""
        shape, kind = _checked(shape, dtype)
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        return HostArray(self, self.host.allocate(size), shape, kind)

    def upload(self, array: npt.NDArray[Any]) -> Buffer:
        """Allocate a buffer and stage the copy of ``array`` into it on a stream of its own.

        Any stream that uses the buffer waits for the copy on the device; nobody waits here.
        ``array`` may change afterwards.
        """
        if self._transfer is None:
            self._transfer = self.stream()
        stream = self._transfer
        source = self.pinned(array.shape, array.dtype)
        source.array[...] = array
        buffer = self.empty(array.shape, array.dtype)
        stream.copy(buffer, source)
        buffer.ready = stream.record()
        source.free()  # the pool takes it back when the copy has retired
        return buffer

    # Streams --------------------------------------------------------------------------------------
    def stream(self, *, weight: int = 1) -> Stream:
        """Take a queue and enable it; ``weight`` (1 to 255) is its share of the round-robin.

        Raises:
            OutOfMemory: every queue is in use.
            ArgumentError: ``weight`` is outside 1 to 255.
        """
        if not 1 <= weight <= 255:
            raise ArgumentError(f"weight = {weight}; give 1 to 255")
        if not self._free_queues:
            raise OutOfMemory(
                f"all {self.capabilities.queues} queues are in use; close a stream or share one"
            )
        queue = Queue(self, self._free_queues.pop(0), weight)
        stream = Stream(self, queue, self.semaphore())
        queue.start()
        self.streams.append(stream)
        return stream

    def semaphore(self) -> Semaphore:
        """Take a semaphore; it starts at 0.

        Raises:
            OutOfMemory: every semaphore is in use.
        """
        if not self._free_semaphores:
            raise OutOfMemory(f"all {self.capabilities.semaphores} semaphores are in use")
        semaphore = Semaphore(self, self._free_semaphores.pop(0))
        semaphore.set(0)
        return semaphore

    def service(self) -> None:
        """Read every stream's records and send what is staged; no waiting, no MMIO read.

        Whoever waits calls it.
        """
        for stream in self.streams:
            stream.queue.flush()

    def poison(self, queue: Queue) -> None:
        """Poison what the streams of a failed queue would have signalled, so that failure travels (SEM rules)."""
        for stream in self.streams:
            if stream.queue is queue:
                stream.semaphore.poison()

    def explain(self, code: Error) -> str:
        """Return the contract's sentence for an error code."""
        name = code.name
        for rule in rules.RULES.values():
            if f" {name}" in rule.text:
                return f"{rule.id}: {rule.text}"
        return name

    def check_faults(self) -> None:
        """Raise FaultError for accesses that the host refused since the last check."""
        faults = tuple(self.transport.faults()[self._faults_seen :])
        self._faults_seen += len(faults)
        if faults:
            raise FaultError(faults)

    # End ------------------------------------------------------------------------------------------
    async def close(self) -> None:
        """Wait for every healthy stream, drain the queues, turn bus master off, and check that nothing is left.

        Raises:
            LeakError: something is still outstanding.
            DeadlineExceeded: a stream does not finish.
        """
        for stream in self.streams:
            if stream.queue.error is None:
                await stream.synchronize()
        for stream in self.streams:
            await stream.queue.disable("drain" if stream.queue.error is None else "reset")
        await self.function.bus_master(False)
        left = list(self.transport.leaks())
        for stream in self.streams:
            stream.queue.free()
        self.streams.clear()
        self.host.close()
        self.transport.close()
        if left:
            raise LeakError("left behind at the end: " + "; ".join(left))

    def abandon(self) -> None:
        """Let go without waiting: after an exception or cancellation."""
        self.transport.close()


def _checked(
    shape: int | tuple[int, ...], dtype: npt.DTypeLike
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    kind = np.dtype(dtype)
    if any(size < 0 for size in shape):
        raise ArgumentError(f"shape {shape}: dimensions are at least 0")
    if kind.hasobject:
        raise ArgumentError(f"dtype {kind} holds Python objects; give a plain one")
    return shape, kind
