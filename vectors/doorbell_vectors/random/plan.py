"""A random program as data: memory, queues, and epochs of what the host does, each settled before the next."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BARRIER",
    "INTERRUPT",
    "RECORD",
    "Access",
    "Action",
    "Area",
    "DeviceReset",
    "Epoch",
    "LostDoorbell",
    "Mask",
    "Operand",
    "Packet",
    "Place",
    "Plan",
    "Poke",
    "Queue",
    "Refused",
    "Run",
    "Store",
    "Submit",
    "Vector",
]

BARRIER, RECORD, INTERRUPT = 1, 2, 4
"""Bits of a packet's flags."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address that only the player knows: an area, or a capability, plus bytes."""

    base: str
    add: int = 0

    def text(self) -> str:
        """Return it in the authoring language."""
        return f"{self.base} + {self.add}" if self.add >= 0 else f"{self.base} - {-self.add}"


Operand = int | Place


@dataclass(frozen=True, slots=True)
class Area:
    """A host buffer or a range of device memory, bytes; ``edge`` places byte 0 of a buffer in its 4 KiB page."""

    name: str
    size: int
    host: bool
    edge: int | None = None
    window: str = "any"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is programmed; ``start`` is its first count."""

    name: str
    number: int
    log2: int = 4
    start: int = 0
    error_vector: int | None = None
    error_record: bool = True
    writeback: bool = True
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Vector:
    """An interrupt vector; ``moderation`` events make a message (0: each), with a timer too long to matter."""

    number: int
    moderation: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A kernel with operands of its own; ``overrides`` are argument fields put in after all else."""

    name: str
    kernel: str
    m: int
    n: int
    k: int
    host: bool = False
    overrides: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: operands by field name, then whatever spoils it."""

    op: str
    flags: int = 0
    fields: tuple[tuple[str, Operand], ...] = ()
    data: bytes = b""
    """Inline bytes of WRITE."""
    vector: int = 0
    record_shift: int = 0
    """Bytes that its record's address is off."""
    opcode: int | None = None
    """Opcode byte, if not that of ``op``."""
    pokes: tuple[tuple[int, int], ...] = ()
    """Bytes put in after all else: offset and value."""
    run: str = ""

    def get(self, name: str) -> Operand:
        """Return an operand, 0 if it is not given."""
        return dict(self.fields).get(name, 0)

    def number(self, name: str) -> int:
        """Return an operand that is a plain number."""
        found = self.get(name)
        if isinstance(found, Place):
            raise TypeError(f"{self.op}: {name} is an address")
        return found

    def having(self, **values: Operand) -> tuple[tuple[str, Operand], ...]:
        """Return the operands with some changed."""
        return tuple(sorted({**dict(self.fields), **values}.items()))


@dataclass(frozen=True, slots=True)
class Submit:
    """Packets to a queue; ``style`` is how its doorbell is rung."""

    queue: str
    packets: tuple[Packet, ...]
    style: str = "whole"


@dataclass(frozen=True, slots=True)
class Refused:
    """A doorbell that the queue must refuse: ``add`` to put, modulo 2^64."""

    queue: str
    add: int


@dataclass(frozen=True, slots=True)
class LostDoorbell:
    """A doorbell of a queue that is not enabled."""

    number: int
    put: int


@dataclass(frozen=True, slots=True)
class Poke:
    """The host writes a semaphore: ``kind`` is SET, ADD or POISON."""

    kind: str
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Access:
    """A write to a plain register (``half``: empty, lo or hi), which is read back whole."""

    register: str
    half: str
    value: int


@dataclass(frozen=True, slots=True)
class Store:
    """The host stores bytes into an area."""

    place: Place
    data: bytes


@dataclass(frozen=True, slots=True)
class Mask:
    """The host masks or unmasks a vector."""

    vector: int
    masked: bool


@dataclass(frozen=True, slots=True)
class DeviceReset:
    """A device reset; queues and vectors are set up again after it."""


Action = Submit | Refused | LostDoorbell | Poke | Access | Store | Mask | DeviceReset


@dataclass(frozen=True, slots=True)
class Epoch:
    """Actions in order; afterwards every queue is idle, or has halted or been reset and is recovered."""

    actions: tuple[Action, ...]
    aborted: str = ""
    """The queue that is reset while it may still be at work."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole program."""

    areas: tuple[Area, ...]
    queues: tuple[Queue, ...]
    vectors: tuple[Vector, ...]
    runs: tuple[Run, ...]
    epochs: tuple[Epoch, ...]
    exact: bool = False
    """Whether messages are counted one by one, which a host must be able to."""
