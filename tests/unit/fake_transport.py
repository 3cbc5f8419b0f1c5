"""A scripted twin of `Transport`: it records what the runtime posts, and does what the test says the device does.

The device's half is a few registers with reset values and the states of the queues; nothing is
executed. `complete` and `halt` write what a device would, `at` plans something for a later cycle,
and `latency` completes every doorbell by itself. Time moves only while a program waits.
"""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

import hypothesis
import numpy as np
import numpy.typing as npt

from doorbell.contract import (
    ERROR_RECORD,
    PACKET,
    PACKETS,
    RECORD,
    Error,
    Opcode,
    QueueState,
    limits,
    reference,
    registers,
)
from doorbell.contract.register_types import Register
from doorbell.device import Device
from doorbell.event import Event
from doorbell.stream import Stream
from doorbell.transport import Fault

SEED = int(os.environ.get("DOORBELL_SEED", "1"))
ONES = (1 << 64) - 1
MESSAGE_ADDRESS = 0xFEE0_0000
CAPABILITIES = {
    "CONTRACT_VERSION": (limits.CONTRACT_MINOR << 16) | limits.CONTRACT_MAJOR,
    "CAP_COUNTS": reference.VECTORS << 24 | reference.UNITS << 16 | 8 << 8 | reference.QUEUES,
    "CAP_SEMAPHORES": reference.SEMAPHORES,
    "CAP_DEVICE_MEMORY": reference.DEVICE_MEMORY_BYTES,
    "CAP_RING": 16 << 16 | limits.RING_LOG2_MAX << 8 | limits.RING_LOG2_MIN,
    "CAP_TAGS": reference.TAGS,
    "CAP_CLOCK": reference.CLOCK_HZ,
    "CAP_OPCODES": sum(1 << opcode for opcode in PACKETS),
    "CAP_KERNELS": 0b110,
    "BOUND_RESET": 1000,
    "BOUND_DRAIN": 1000,
}


def prop(examples: int = 100) -> Callable[[Any], Any]:
    """Make a hypothesis test draw its ``examples`` from the run's seed, and nothing else."""
    settings = hypothesis.settings(database=None, deadline=None, max_examples=examples)
    return lambda test: hypothesis.seed(SEED)(settings(test))


@dataclass(frozen=True, slots=True)
class Did:
    """One thing the runtime did: kind, bus or configuration address, value, size in bytes."""

    kind: str
    address: int = 0
    value: int = 0
    size: int = 0


Ready = Callable[[], bool]


class _Parked:
    """Yields to `run` (through `together`) until ``ready`` holds."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready

    def __await__(self) -> Generator[Ready, None, None]:
        while not self._ready():
            yield self._ready


def run(transport: FakeTransport, program: Coroutine[Any, Any, Any]) -> Any:
    """Run a program to its end; while it waits, the transport's time passes."""
    while True:
        try:
            ready: Ready = program.send(None)
        except StopIteration as stop:
            return stop.value
        while not ready():
            transport.advance()


class FakeTransport:
    """See the module."""

    name = "fake"
    seed = 1

    def __init__(self, *, latency: int | None = None, **capabilities: int) -> None:
        """``latency``: cycles from a doorbell to its record; None leaves it to the test."""
        self.latency = latency
        self.cycle = 0
        self.count = 0
        self.did: list[Did] = []
        self.fault_log: list[Fault] = []
        self.leak_log: list[str] = []
        self.closed = False
        self.deaf = False
        """Reads and configuration reads return all ones, as if the device had gone."""
        self.interrupt_counts: Counter[int] = Counter()
        self.stubborn = False
        """Queues ignore drain and reset."""
        self.bars = {0: limits.BAR0_BYTES, 2: reference.DEVICE_MEMORY_BYTES}
        self.bar_flags = 0xC
        self.config = bytearray(256)
        self._set_config()
        self.registers = {item.offset: item.reset or 0 for item in registers.REGISTERS}
        for name, value in (CAPABILITIES | capabilities).items():
            self.registers[getattr(registers.DEVICE, name).offset] = value
        self.registers[registers.UNIT[0].MACS.offset] = reference.MACS_PER_CYCLE
        self.live: dict[int, npt.NDArray[np.uint8]] = {}
        self.seen: dict[int, npt.NDArray[np.uint8]] = {}
        self._untils: list[int] = []
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._generations: Counter[int] = Counter()

    def _set_config(self) -> None:
        def put(at: int, value: int, size: int) -> None:
            self.config[at : at + size] = value.to_bytes(size, "little")

        put(0x00, limits.DEVICE_ID << 16 | limits.VENDOR_ID, 4)
        put(0x06, 1 << 4, 2)
        put(0x34, 0x40, 1)
        put(0x40, 0x50 << 8 | 0x10, 2)  # PCI Express, then MSI-X
        put(0x44, 1, 4)  # MPS 256 supported
        put(0x48, 0x0810, 2)
        put(0x50, 0x11, 2)
        put(0x52, reference.VECTORS - 1, 2)

    # The test's half ------------------------------------------------------------------------------
    def advance(self) -> None:
        """Do the next planned thing, or move time to the next cycle that somebody waits for."""
        until = min(self._untils, default=None)
        if self._agenda and (until is None or self._agenda[0][0] <= until):
            cycle, _, action = heapq.heappop(self._agenda)
            self.cycle = max(self.cycle, cycle)
            action()
        elif until is not None:
            self.cycle = max(self.cycle, until)
        else:
            raise AssertionError(f"nothing will ever happen after cycle {self.cycle}")

    def at(self, cycles: int, action: Callable[[], None]) -> None:
        """Do ``action`` in so many cycles."""
        heapq.heappush(self._agenda, (self.cycle + cycles, len(self.did), action))

    def event(self) -> None:
        """Count an event."""
        self.count = (self.count + 1) & 0xFFFF_FFFF

    def offset(self, register: Register) -> int:
        """Bus address of a register."""
        low = int.from_bytes(self.config[0x10:0x18], "little") & ~0xF
        return low + register.offset

    def doorbells(self, queue: int = 0) -> list[int]:
        """Every doorbell of a queue so far."""
        page = self.offset(registers.DOORBELL[queue].DOORBELL)
        return [item.value for item in self.did if item.kind == "write" and item.address == page]

    def posted(self, register: Register) -> list[int]:
        """Every value written to a register so far."""
        at = self.offset(register)
        return [item.value for item in self.did if item.kind == "write" and item.address == at]

    def semaphore(self, table: str, index: int) -> list[int]:
        """Every value written to a semaphore's word of SET, ADD or POISON."""
        at = self.offset(registers.DEVICE.IDENTITY) + getattr(registers, f"SEMAPHORE_{table}").word(
            index
        )
        return [item.value for item in self.did if item.kind == "write" and item.address == at]

    def packet(self, count: int, queue: int = 0) -> npt.NDArray[np.void]:
        """The packet of a count as the device would read it now: published bytes, slot from the registers."""
        block = registers.QUEUE[queue]
        size = 1 << self.registers[block.RING_LOG2.offset]
        slot = self.registers[block.RING_BASE.offset] + count % size * limits.PACKET_BYTES
        return self.memory(slot, limits.PACKET_BYTES).copy().view(PACKET)

    def packets(self, queue: int = 0, first: int = 0) -> list[npt.NDArray[np.void]]:
        """Packets from count ``first`` up to put, each in its opcode's own layout."""
        frames = [
            self.packet(count, queue)
            for count in range(first, self.registers[registers.QUEUE[queue].PUT.offset])
        ]
        return [frame.view(PACKETS[Opcode(frame["opcode"][0])])[0] for frame in frames]

    def opcodes(self, queue: int = 0, first: int = 0) -> list[Opcode]:
        """Opcodes of `packets`."""
        return [Opcode(packet["opcode"]) for packet in self.packets(queue, first)]

    def memory(self, address: int, length: int, *, live: bool = False) -> npt.NDArray[np.uint8]:
        """Host memory at a bus address: as last published, or ``live``."""
        for base, memory in (self.live if live else self.seen).items():
            if base <= address and address + length <= base + memory.size:
                return memory[address - base : address - base + length]
        raise AssertionError(f"{address:#x} is not mapped")

    def device_write(self, address: int, data: npt.NDArray[Any]) -> None:
        """Write host memory as the device does."""
        data = data.view(np.uint8).reshape(-1)
        for live in (True, False):
            self.memory(address, data.size, live=live)[:] = data

    def complete(self, queue: int = 0, value: int | None = None) -> None:
        """Write the record of the packet that makes the timeline ``value`` (None: put), and its interrupt."""
        put = registers.QUEUE[queue].PUT.offset
        value = self.registers[put] if value is None else value
        packet = self.packet(value - 1, queue)[0]
        assert packet["flags"] & 6 == 6, f"packet {value - 1} asks for no record and interrupt"
        assert packet["record_value"] == value
        record = np.array([(self.cycle, value)], RECORD)
        self.device_write(int(packet["record_address"]), record)
        self.interrupt_counts[int(packet["vector"])] += 1
        self.event()

    def halt(
        self, queue: int, index: int, code: int = Error.DMA_UR, address: int = 0, opcode: int = 2
    ) -> None:
        """Halt a queue with an error record and its interrupt."""
        block = registers.QUEUE[queue]
        self._generations[queue] += 1
        report = np.zeros(1, ERROR_RECORD)
        report["code"], report["queue"], report["index"] = code, queue, index
        report["opcode"], report["address"], report["tag"] = opcode, address, index & 0xFFFF_FFFF
        report["timestamp"], report["generation"] = self.cycle, self._generations[queue]
        self.device_write(self.registers[block.ERROR_RECORD.offset] & ~0x3F, report)
        self._state(queue, QueueState.HALTED)
        self.interrupt_counts[self.registers[block.ERROR_VECTOR.offset] & 0xFFFF] += 1
        self.event()

    def _state(self, queue: int, state: QueueState) -> None:
        status = registers.QUEUE[queue].STATUS
        self.registers[status.offset] = status.encode(state=state, idle=1)

    def state(self, queue: int) -> QueueState:
        """The state of a queue."""
        status = registers.QUEUE[queue].STATUS
        return QueueState(status.fields["state"].get(self.registers[status.offset]))

    # Transport ------------------------------------------------------------------------------------
    def now(self) -> int:
        return self.cycle

    def events(self) -> int:
        return self.count

    async def wait(self, seen: int, until: int | None = None) -> int:
        if until is not None:
            self._untils.append(until)
        try:
            await _Parked(lambda: self.count != seen or (until is not None and self.cycle >= until))
        finally:
            if until is not None:
                self._untils.remove(until)
        return self.count

    async def together(self, *programs: Coroutine[Any, Any, Any]) -> list[Any]:
        results: dict[int, Any] = {}
        waiting: dict[int, Ready] = dict.fromkeys(range(len(programs)), lambda: True)
        try:
            while waiting:
                for number in [number for number, ready in waiting.items() if ready()]:
                    try:
                        waiting[number] = programs[number].send(None)
                    except StopIteration as stop:
                        results[number] = stop.value
                        del waiting[number]
                if waiting:
                    await _Parked(lambda: any(ready() for ready in waiting.values()))
        finally:
            for number in waiting:
                programs[number].close()
        return [results[number] for number in range(len(programs))]

    async def config_read(self, offset: int, size: int = 4) -> int:
        self.did.append(Did("config_read", offset, 0, size))
        assert len(self.did) < 100_000, "the runtime reads configuration space without end"
        value = int.from_bytes(self.config[offset : offset + size], "little")
        return (1 << 8 * size) - 1 if self.deaf else value

    async def config_write(self, offset: int, value: int, size: int = 4) -> None:
        self.did.append(Did("config_write", offset, value, size))
        if 0x10 <= offset < 0x28:
            number, high = (offset - 0x10) // 8 * 2, (offset - 0x10) // 4 % 2
            mask = -self.bars[number] & ONES if number in self.bars else 0
            value &= mask >> 32 if high else mask & ~0xF
            value |= self.bar_flags if mask and not high else 0
        elif offset < 4:
            return
        self.config[offset : offset + size] = value.to_bytes(size, "little")

    async def read(self, address: int, size: int = 8) -> int:
        self.did.append(Did("read", address, 0, size))
        self.cycle += 10
        self.event()
        offset = address - self.offset(registers.DEVICE.IDENTITY)
        return ONES if self.deaf else self.registers.get(offset, ONES)

    def write(self, address: int, value: int, size: int = 8) -> None:
        assert 0 <= value < 1 << 8 * size
        self.did.append(Did("write", address, value, size))
        offset = address - self.offset(registers.DEVICE.IDENTITY)
        self.registers[offset] = value
        for queue in range(reference.QUEUES):
            block = registers.QUEUE[queue]
            if offset == registers.DOORBELL[queue].DOORBELL.offset:
                self._ring(queue, value)
            elif offset == block.CONTROL.offset:
                self._control(queue, value)
        if offset == registers.DEVICE.CONTROL.offset and value & 1:
            self._generations.clear()
            for queue in range(reference.QUEUES):
                self._state(queue, QueueState.DISABLED)

    def _ring(self, queue: int, put: int) -> None:
        assert self.state(queue) is not QueueState.DISABLED, "a doorbell of a DISABLED queue"
        if self.state(queue) is QueueState.HALTED:
            return
        self.registers[registers.QUEUE[queue].PUT.offset] = put
        if self.latency is not None:
            self.at(self.latency, lambda: self._complete_late(queue, put))

    def _complete_late(self, queue: int, put: int) -> None:
        if self.state(queue) is QueueState.RUNNING:
            self.complete(queue, put)

    def _control(self, queue: int, value: int) -> None:
        block = registers.QUEUE[queue]
        if value & 6 and not self.stubborn:
            self._state(queue, QueueState.DISABLED)
        elif value == 1:
            self._state(queue, QueueState.RUNNING)
            self.registers[block.PUT.offset] = self.registers[block.START.offset]

    async def read_block(self, address: int, length: int) -> bytes:
        raise AssertionError("the runtime reads no blocks")

    def write_block(self, address: int, data: bytes | memoryview | npt.NDArray[np.uint8]) -> None:
        raise AssertionError("the runtime writes no blocks")

    def map(self, iova: int, memory: npt.NDArray[np.uint8], *, writable: bool = True) -> None:
        assert iova % 4096 == 0
        self.did.append(Did("map", iova, 0, memory.size))
        self.live[iova], self.seen[iova] = memory, memory.copy()

    def unmap(self, iova: int) -> None:
        self.did.append(Did("unmap", iova))
        del self.live[iova], self.seen[iova]

    def publish(self) -> None:
        self.did.append(Did("publish"))
        for base, memory in self.live.items():
            self.seen[base][:] = memory

    def watch(self, iova: int, length: int) -> None:
        raise AssertionError("interrupts wake the runtime; it watches nothing")

    def unwatch(self, iova: int) -> None:
        raise AssertionError("interrupts wake the runtime; it watches nothing")

    def message_address(self) -> int:
        return MESSAGE_ADDRESS

    def interrupts(self, vector: int) -> int:
        return self.interrupt_counts[vector]

    def faults(self) -> list[Fault]:
        return self.fault_log

    def leaks(self) -> list[str]:
        return self.leak_log

    def close(self) -> None:
        self.did.append(Did("close"))
        self.closed = True


def opened(transport: FakeTransport | None = None, **options: Any) -> tuple[FakeTransport, Device]:
    """Open a device on a fake (made with ``options`` unless given), and forget what that took: time too."""
    transport = transport or FakeTransport(**options)
    device: Device = run(transport, Device.open(transport, deadline=10_000))
    transport.did.clear()
    transport.cycle = 0
    return transport, device


def streamed(**options: Any) -> tuple[FakeTransport, Device, Stream]:
    """`opened`, with one stream on queue 0; its set-up is forgotten too."""
    transport, device = opened(**options)
    stream = device.stream()
    transport.did.clear()
    return transport, device, stream


def halted(code: int = Error.DMA_UR, opcode: int = 2) -> tuple[FakeTransport, Device, Stream]:
    """`streamed`, and its first command has failed; nobody has looked yet."""
    transport, device, stream = streamed()
    stream.record()
    stream.flush()
    transport.halt(0, 0, code, opcode=opcode)
    return transport, device, stream


async def wait_for(*events: Event) -> None:
    """Wait for events, one after the other."""
    for event in events:
        await event
