"""A model on the bench: rings written by hand, registers by name, time moved until nothing is left to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from typing import Any

import hypothesis
import numpy as np

from doorbell.contract import (
    ERROR_RECORD,
    PACKETS,
    Error,
    Flag,
    Opcode,
    QueueState,
    Space,
    registers,
)
from doorbell.contract.register_types import Register
from doorbell.driver import run
from doorbell.model.shape import Shape
from doorbell.model.transport import ModelTransport
from doorbell.pci import Function, enumerate_function

ARENA = 0x1_0000_0000
ARENA_BYTES = 1 << 20
HOST, DEVICE = Space.HOST, Space.DEVICE
NO_FLAGS = Flag(0)


def prop(examples: int = 100) -> Callable[[Any], Any]:
    """Make a hypothesis test draw its ``examples`` from the run's seed, and nothing else."""
    seeded = hypothesis.seed(int(os.environ.get("DOORBELL_SEED", "1")))
    settings = hypothesis.settings(database=None, deadline=None, max_examples=examples)
    return lambda test: seeded(settings(test))


def packet(opcode: Opcode, flags: Flag = NO_FLAGS, **fields: Any) -> bytes:
    """One packet; fields that are not named are zero."""
    made = np.zeros(1, PACKETS[opcode])
    made["opcode"], made["flags"] = opcode, flags
    for name, value in fields.items():
        made[name] = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
    return made.tobytes()


def nop(record: int | None = None, value: int = 0, **fields: Any) -> bytes:
    """One NOP, with a record at ``record`` if given."""
    if record is None:
        return packet(Opcode.NOP, **fields)
    return packet(Opcode.NOP, Flag.RECORD, record_address=record, record_value=value, **fields)


class Bench:
    """An enumerated model with 1 MiB of host memory at `ARENA`; bus master is on."""

    def __init__(
        self, seed: int = 1, shape: Shape | None = None, profile: str = "harsh", **options: Any
    ) -> None:
        self.transport = ModelTransport(seed=seed, profile=profile, shape=shape, **options)
        self.model = self.transport.model
        self.memory = self.model.core.requester.memory
        self.host = np.zeros(ARENA_BYTES, np.uint8)
        self.function: Function = self.do(enumerate_function(self.transport))
        self.bar0 = self.function.bars[0].address
        self.bar2 = self.function.bars[2].address
        self.do(self.function.enable_msix(self.bar0 + registers.MSIX_TABLE.offset))
        self.transport.map(ARENA, self.host)
        self.master(True)
        self.queues: dict[int, Ring] = {}

    @staticmethod
    def do(program: Coroutine[Any, Any, Any]) -> Any:
        return run(program)

    def master(self, on: bool) -> None:
        self.do(self.function.bus_master(on))

    def write(self, register: Register, value: int, size: int = 8, at: int = 0) -> None:
        self.poke(register.offset + at, value, size)

    def poke(self, offset: int, value: int, size: int = 8) -> None:
        """Write BAR0."""
        self.transport.write(self.bar0 + offset, value, size)

    def read(self, register: Register) -> int:
        return self.peek(register.offset)

    def field(self, register: Register, name: str) -> int:
        return register.fields[name].get(self.read(register))

    def peek(self, offset: int, size: int = 8) -> int:
        """Read BAR0; all ones when refused."""
        return self.do(self.transport.read(self.bar0 + offset, size))

    def settle(self, cycles: int | None = None) -> None:
        """Let ``cycles`` pass, or time run until nothing is on the agenda."""
        limit = None if cycles is None else self.transport.now() + cycles
        while self.transport.advance(limit):
            if limit is not None and self.transport.now() >= limit:
                return

    def queue(self, number: int = 0, **options: Any) -> Ring:
        self.queues[number] = Ring(self, number, **options)
        return self.queues[number]

    def u64(self, offset: int) -> int:
        """Word of the arena."""
        return int.from_bytes(self.host[offset : offset + 8].tobytes(), "little")


class Ring:
    """A queue set up by hand: ring at page 16 + 16 n of the arena; error record, get and records before it."""

    def __init__(
        self, bench: Bench, number: int, log2: int = 6, start: int = 0, **more: int
    ) -> None:
        self.bench = bench
        self.number = number
        self.block = registers.QUEUE[number]
        self.log2 = log2
        self.base = 0x10000 + number * 0x10000
        self.page = number * 0x1000
        self.error_at, self.get_at, self.record_at = self.page, self.page + 64, self.page + 128
        self.put = start
        block = self.block
        for register, value in (
            (block.RING_BASE, ARENA + self.base),
            (block.RING_LOG2, log2),
            (block.START, start),
            (block.WRITEBACK, ARENA + self.get_at | 1),
            (block.ERROR_RECORD, ARENA + self.error_at | 1),
            (block.ERROR_VECTOR, block.ERROR_VECTOR.encode(vector=number, enable=1)),
        ):
            bench.write(register, value)
        for name, value in more.items():
            bench.write(getattr(block, name), value)
        bench.write(block.CONTROL, block.CONTROL.encode(enable=1))

    @property
    def record(self) -> int:
        """Bus address of this queue's record."""
        return ARENA + self.record_at

    @property
    def recorded(self) -> int:
        return self.bench.u64(self.record_at + 8)

    def place(self, *packets: bytes) -> None:
        """Write packets into the ring, without a doorbell."""
        for count, made in enumerate(packets, self.put):
            slot = self.base + 64 * (count % (1 << self.log2))
            self.bench.host[slot : slot + 64] = np.frombuffer(made, np.uint8)

    def submit(self, *packets: bytes) -> None:
        """Place, publish and ring."""
        self.place(*packets)
        self.put = (self.put + len(packets)) % (1 << 64)
        self.bench.transport.publish()
        self.ring(self.put)

    def ring(self, put: int) -> None:
        self.bench.write(registers.DOORBELL[self.number].DOORBELL, put)

    def control(self, **bits: int) -> None:
        self.bench.write(self.block.CONTROL, self.block.CONTROL.encode(**bits))

    @property
    def state(self) -> QueueState:
        return QueueState(self.bench.field(self.block.STATUS, "state"))

    @property
    def idle(self) -> bool:
        return bool(self.bench.field(self.block.STATUS, "idle"))

    @property
    def error(self) -> np.void:
        """The error record in host memory."""
        return self.bench.host[self.error_at : self.error_at + 64].view(ERROR_RECORD)[0]

    @property
    def code(self) -> Error:
        return Error(int(self.error["code"]))
