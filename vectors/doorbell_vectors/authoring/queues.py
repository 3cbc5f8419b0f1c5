"""A queue of a vector: its memory, its programming, and what has been placed in its ring so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from doorbell.contract import QueueState, limits, registers
from doorbell_vectors.authoring.contents import seed_of
from doorbell_vectors.authoring.packets import Packet, Record
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.authoring.terms import Term

if TYPE_CHECKING:
    from doorbell_vectors.authoring.scene import Scene

__all__ = ["ERROR_AT", "WRITEBACK_AT", "Queue"]

WRITEBACK_AT: Final = 0
"""Offset of the written-back get in a queue's state buffer."""
ERROR_AT: Final = 64
"""Offset of the error record there."""
_STATE_BYTES: Final = 192
_LOG2: Final = 4
"""log2 of a ring's packets, unless the source says otherwise."""
_KEYS: Final = frozenset(
    [
        "number",
        "log2",
        "start",
        "writeback",
        "error_record",
        "error_vector",
        "wait_limit",
        "watchdog_limit",
        "weight",
        "enable",
        "window",
        "leave",
    ]
)


class Queue:
    """Everything the compiler keeps of one queue; counts are those of packets, from 0 to 2^64 - 1."""

    def __init__(self, name: str, spec: Map, scene: Scene) -> None:
        """Declare its buffers: ring, records, and state (write-back and error record).

        Raises:
            Wrong: an unknown key, a number out of range, or one that another queue has.
        """
        for key in spec:
            if key not in _KEYS:
                raise Wrong(
                    f"queue {name}: unknown key {key!r}; known: {', '.join(sorted(_KEYS))}", spec
                )
        self.name, self.spec = name, spec
        self.number = scene.plain(spec.get("number", len(scene.queues)))
        for other in scene.queues.values():
            if other.number == self.number:
                raise Wrong(
                    f"queue {name}: queue {other.name} has number {self.number}, too; give `number`",
                    spec,
                )
        self.log2 = scene.plain(spec.get("log2", _LOG2))
        self.start = scene.plain(spec.get("start", 0)) % (1 << 64)
        if not limits.RING_LOG2_MIN <= self.log2 <= limits.RING_LOG2_MAX:
            raise Wrong(f"queue {name}: log2 {self.log2}: give 1 to 16", spec)
        scene.needs.least("queues", self.number + 1)
        self.fixed = self.log2 < _LOG2
        """Whether the ring must have exactly this size: another one is filled, or wraps, at another count."""
        self._slots = 0
        window = {"window": spec["window"]} if "window" in spec else {}
        ring = [["f", 0, limits.PACKET_BYTES << self.log2]]
        self.ring = scene.memory.buffer(
            f"{name}_ring", ring, align=limits.RING_ALIGN_BYTES, **window
        )
        self._seed = seed_of(scene.id, scene.name, name, "records")
        self.records = scene.memory.buffer(f"{name}_records", [["r", self._seed, 0, 64]], **window)
        state = [["r", seed_of(scene.id, scene.name, name, "state"), 0, _STATE_BYTES]]
        self.state = scene.memory.buffer(f"{name}_state", state, **window)
        self.placed: list[Packet] = []
        """Packets since the queue was last enabled; the first has count `start`."""
        self.tags = 0
        self.generation = 0
        self.slots = 0

    @property
    def count(self) -> int:
        """Count of the next packet: what put is once all placed packets are rung for."""
        return (self.start + len(self.placed)) % (1 << 64)

    @property
    def block(self) -> Any:
        """Its registers."""
        return registers.QUEUE[self.number]

    @property
    def has_error_record(self) -> bool:
        """Whether the device writes an error record to memory."""
        return bool(self.spec.get("error_record", True))

    def reaches(self, count: int) -> None:
        """Note that the slot of ``count`` is in use: below the ring's size it is the same in a ring of any size."""
        slot = count % (1 << limits.RING_LOG2_MAX)
        self._slots = max(self._slots, slot + 1)
        self.fixed = self.fixed or slot >= 1 << self.log2

    def rings(self, put: int) -> None:
        """Note a doorbell; one backwards of the start is so in a ring of any size."""
        ahead = (put - self.start) % (1 << 64)
        if 0 < ahead < 1 << 63:
            self.reaches(self.start + ahead - 1)
            self.fixed = self.fixed or ahead > 1 << self.log2

    def settle(self, scene: Scene) -> None:
        """Say which sizes of its ring will do, now that all its packets are known."""
        if self.fixed:
            scene.needs.ring(self.log2)
        elif self._slots > 1 << limits.RING_LOG2_MIN:
            scene.needs.least("ring_log2_max", (self._slots - 1).bit_length())

    def next_tag(self) -> int:
        """Return a tag that no other packet of the queue has."""
        self.tags += 1
        return 0x5A00_0000 | self.number << 16 | self.tags

    def record(self, scene: Scene, value: int, where: Any) -> Record:
        """Return where the record of the next packet goes: its own slot, unless ``where`` says otherwise."""
        value %= 1 << 64
        if where is not None:
            term = scene.term(where)
            if term.kind != "buffer":
                raise Wrong(f"record_at {where!r}: records go to host memory; name a buffer")
            return Record(term.name, term.add, value)
        at = limits.RECORD_BYTES * self.slots
        self.slots += 1
        if at + limits.RECORD_BYTES > self.records.size - 16:
            scene.memory.grow(self.records, [["r", self._seed, self.records.size, 64]])
        return Record(self.records.name, at, value)

    def programming(self, scene: Scene) -> Iterable[tuple[str, Term]]:
        """Yield what to write to its registers before it is enabled."""
        spec = self.spec
        yield "RING_BASE", self.ring.term
        yield "RING_LOG2", Term(self.log2)
        yield "START", Term(self.start)
        if spec.get("writeback", True):
            yield "WRITEBACK", self.state.term.plus(WRITEBACK_AT | 1)
        if self.has_error_record:
            yield "ERROR_RECORD", self.state.term.plus(ERROR_AT | 1)
        if "error_vector" in spec:
            vector = scene.term(spec["error_vector"])
            scene.uses_vector(vector)
            yield "ERROR_VECTOR", vector.plus(1 << 31)
        for key in ("wait_limit", "watchdog_limit", "weight"):
            if key in spec:
                yield key.upper(), scene.term(spec[key])

    def find_record(self, value: int) -> Record:
        """Return the record with this value among the packets placed.

        Raises:
            Wrong: none has it.
        """
        for packet in reversed(self.placed):
            if packet.record is not None and packet.record.value == value % (1 << 64):
                return packet.record
        known = [packet.record.value for packet in self.placed if packet.record]
        raise Wrong(f"queue {self.name}: no packet placed has record {value}; there are: {known}")

    def program(self, scene: Scene) -> None:
        """Emit its programming, and enable it unless the source says otherwise."""
        for name, term in self.programming(scene):
            scene.write(getattr(self.block, name).offset, term)
        if self.spec.get("enable", True):
            self.enable(scene)

    def control(self, scene: Scene, **bits: int) -> None:
        """Emit a write of CONTROL."""
        scene.write(self.block.CONTROL.offset, Term(self.block.CONTROL.encode(**bits)))

    def enable(self, scene: Scene) -> None:
        """Emit enabling; counts start anew."""
        self.control(scene, enable=1)
        self.until(scene, state=QueueState.RUNNING)
        self.placed = []

    def until(self, scene: Scene, within: Any = None, **numbers: int) -> None:
        """Emit waiting for fields of STATUS."""
        status = self.block.STATUS
        value = status.encode(**numbers)
        mask = sum(status.fields[name].mask for name in numbers)
        scene.poll(status.offset, {"eq": Term(value).value(), "mask": Term(mask).value()}, within)

    def reset(self, scene: Scene) -> None:
        """Emit a reset, awaited within its bound; put is get and the ERROR registers are zero afterwards."""
        self.control(scene, reset=1)
        self.until(
            scene,
            Term(kind="cap", name="bound_reset"),
            state=QueueState.DISABLED,
            idle=1,
            resetting=0,
        )
        self.placed = []
