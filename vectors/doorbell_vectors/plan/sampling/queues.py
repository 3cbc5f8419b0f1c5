"""Tables ``doorbell``, ``event``, ``error`` and ``command``: what a play did to the queues, as software sees it.

The state of a queue is the one last read, or the one that the last control write leads to. Packets
are taken from the ring when a doorbell hands them over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from doorbell.contract import Error, Opcode, QueueState, limits, registers
from doorbell_vectors.errors import ValueUnknown
from doorbell_vectors.format.document import Step, Suite, Vector
from doorbell_vectors.format.octets import octets
from doorbell_vectors.format.values import LIMIT, Values
from doorbell_vectors.plan.sampling.commands import Batch
from doorbell_vectors.plan.sampling.log import Play
from doorbell_vectors.plan.sampling.registers import place
from doorbell_vectors.plan.sampling.steps import offset
from doorbell_vectors.plan.sampling.table import Table

__all__ = ["Watcher"]

_HALVES: Final = {"whole": 0, "low": 1, "high": 2}
_FILLS: Final = {
    "none": -1,
    "duplicate": 0,
    "one": 1,
    "several": 2,
    "full": 3,
    "over": 4,
    "backwards": 5,
}
_EVENTS: Final = {
    "enable": 0,
    "drain": 1,
    "reset": 2,
    "doorbell": 3,
    "configure": 4,
    "device_reset": 5,
}
_CONTROLS: Final = {1: "enable", 2: "drain", 3: "drain"}
_CONFIGURE: Final = frozenset(
    {"RING_BASE", "RING_LOG2", "START", "WRITEBACK", "ERROR_RECORD", "ERROR_VECTOR"}
)
_IDLE: Final = registers.QUEUE[0].STATUS.fields["idle"].mask
_STATE: Final = registers.QUEUE[0].STATUS.fields["state"].mask
_RING: Final = "RING_BASE"
_BLOCKS: Final = frozenset({"QUEUE", "DOORBELL"})


@dataclass(slots=True)
class _Queue:
    state: int = QueueState.DISABLED
    busy: bool = False
    ring: str = ""
    """Buffer that holds the ring; empty when it is not known."""
    at: int = 0
    """Offset of slot 0 in it."""
    log2: int = limits.RING_LOG2_MIN
    start: int = 0
    put: int = 0
    staged: int = 0


@dataclass(frozen=True, slots=True)
class _Action:
    """A step that says something about queues: a store into a ring, or an access of a register."""

    step: Step
    put: bool = False
    block: str = ""
    name: str = ""
    """Register without its block."""
    index: int = 0
    at: int = 0
    """Offset in its 8 bytes."""


class Watcher:
    """Follows plays of a suite's vectors and gathers rows; tables in the end."""

    def __init__(self, suite: Suite) -> None:
        self._vectors = {vector.id: vector for vector in suite.vectors}
        self._actions = {vector.id: _actions(vector) for vector in suite.vectors}
        self.batches: list[Batch] = []
        self._doorbells: list[tuple[int, int, int, int]] = []
        self._events: list[tuple[int, int, int]] = []
        self._errors: list[tuple[int, int]] = []

    def watch(self, play: Play, capabilities: Mapping[str, int]) -> None:
        """Follow one play."""
        actions = self._actions[play.vector]
        values = Values(buffers=play.buffers, capabilities=dict(capabilities))
        here = _Play(self, self._vectors[play.vector], values)
        for index, data in zip(play.steps, play.data, strict=True):
            action = actions.get(index)
            if action is not None:
                try:
                    here.step(action, data)
                except ValueUnknown:  # of a saved value, or of a log without addresses
                    continue

    def doorbells(self) -> Table:
        """Return table ``doorbell``."""
        return _table(
            self._doorbells,
            ("half", "fill", "ring_log2", "wraps"),
            {"half": _HALVES, "fill": _FILLS},
        )

    def events(self) -> Table:
        """Return table ``event``."""
        states = {state.name: int(state) for state in QueueState}
        names = {"state": states, "event": _EVENTS, "moment": {"idle": 0, "busy": 1}}
        return _table(self._events, ("state", "event", "moment"), names)

    def errors(self) -> Table:
        """Return table ``error``: one row for each read of an error register that held an error."""
        codes = {code.name: int(code) for code in Error}
        opcodes = {opcode.name: int(opcode) for opcode in Opcode}
        return _table(self._errors, ("code", "opcode"), {"code": codes, "opcode": opcodes})

    def doorbell(self, half: str, fill: str, queue: _Queue, wraps: bool) -> None:
        """Note a write to a doorbell."""
        self._doorbells.append((_HALVES[half], _FILLS[fill], queue.log2, wraps))

    def event(self, queue: _Queue, event: str) -> None:
        """Note what software did to a queue."""
        self._events.append((queue.state, _EVENTS[event], queue.busy))

    def error(self, word: int) -> None:
        """Note the first word of an error."""
        self._errors.append((word & 0xFFFF, word >> 16 & 0xFF))


def _actions(vector: Vector) -> dict[int, _Action]:
    rings: set[str] = set()
    found = {}
    for index, step in enumerate(vector.steps):
        at = offset(step)
        if at is not None:
            where = place(at)
            block, _, name = where.name.partition(".")
            if block in _BLOCKS or where.name == "DEVICE.CONTROL":
                found[index] = _Action(step, False, block, name, where.index, at % 8)
            if name == _RING and isinstance(step.get("value"), Mapping):
                rings.add(step["value"].get("buffer", ""))
        elif step["op"] == "put":
            found[index] = _Action(step, put=True)
    return {
        index: action
        for index, action in found.items()
        if not action.put or action.step["buffer"] in rings
    }


class _Play:
    def __init__(self, watcher: Watcher, vector: Vector, values: Values) -> None:
        self._watcher, self._vector, self._values = watcher, vector, values
        self._queues: dict[int, _Queue] = {}
        self._memory: dict[str, bytearray] = {}

    def step(self, action: _Action, data: object) -> None:
        step = action.step
        if action.put:
            stored = octets(step["bytes"], self._values).exact()
            self._buffer(step["buffer"])[step["at"] : step["at"] + len(stored)] = stored
            return
        if action.block == "DEVICE":
            if step["op"] == "write" and self._values(step["value"]) & 1:
                self._device_reset()
            return
        queue = self._queues.get(action.index)
        if queue is None:
            queue = self._queues[action.index] = _Queue()
        if step["op"] == "read":
            if action.at == 0 and isinstance(data, str):
                self._read(queue, action.name, int(data, 16))
            return
        value = self._values(step["value"])
        if action.block == "DOORBELL":
            half = "whole" if step["size"] == 8 else ("low", "high")[action.at // 4]
            self._ring(action.index, queue, half, value)
        else:
            self._write(queue, action.name, value, step)

    def _buffer(self, name: str) -> bytearray:
        if name not in self._memory:
            made = octets(self._vector.buffers[name].init, self._values).exact()
            self._memory[name] = bytearray(made)
        return self._memory[name]

    def _read(self, queue: _Queue, name: str, data: int) -> None:
        if name == "STATUS":
            queue.state = data & _STATE
            queue.busy = queue.busy and not data & _IDLE
        elif name == "ERROR" and data:
            self._watcher.error(data)

    def _device_reset(self) -> None:
        for queue in self._queues.values():
            self._watcher.event(queue, "device_reset")
        self._queues.clear()

    def _write(self, queue: _Queue, name: str, value: int, step: Step) -> None:
        if name == "CONTROL" and value & 7:
            event = _CONTROLS.get(value & 7, "reset")
            self._watcher.event(queue, event)
            self._control(queue, event)
        elif name in _CONFIGURE:
            self._watcher.event(queue, "configure")
            if queue.state == QueueState.DISABLED:
                self._configure(queue, name, value, step)

    def _control(self, queue: _Queue, event: str) -> None:
        if event == "reset":
            queue.state, queue.busy, queue.staged = QueueState.DISABLED, False, 0
        elif event == "enable" and queue.state == QueueState.DISABLED:
            queue.state, queue.put = QueueState.RUNNING, queue.start
        elif event == "drain" and queue.state == QueueState.RUNNING:
            queue.state = QueueState.DRAINING

    def _configure(self, queue: _Queue, name: str, value: int, step: Step) -> None:
        if name == _RING:
            named = step["value"] if isinstance(step["value"], Mapping) else {}
            queue.ring = named.get("buffer", "")
            if queue.ring:
                queue.at = (value & -limits.RING_ALIGN_BYTES) - self._values.buffers[queue.ring]
        elif name == "RING_LOG2":
            queue.log2 = min(max(value & 0xFF, limits.RING_LOG2_MIN), limits.RING_LOG2_MAX)
        elif name == "START":
            queue.start = value

    def _ring(self, number: int, queue: _Queue, half: str, value: int) -> None:
        if half == "low":
            queue.staged = value & 0xFFFFFFFF
            self._watcher.doorbell(half, "none", queue, wraps=False)
            return
        put = value if half == "whole" else (value & 0xFFFFFFFF) << 32 | queue.staged
        queue.staged = put & 0xFFFFFFFF
        self._watcher.event(queue, "doorbell")
        if queue.state != QueueState.RUNNING:
            return
        ahead, size = (put - queue.put) % LIMIT, 1 << queue.log2
        wraps = 0 < ahead <= size and queue.put % size + ahead > size
        self._watcher.doorbell(half, _fill(ahead, size), queue, wraps)
        if 0 < ahead <= size:
            queue.busy = True
            self._hand_over(number, queue, ahead)
            queue.put = put

    def _hand_over(self, number: int, queue: _Queue, count: int) -> None:
        if not queue.ring:
            return
        memory = self._buffer(queue.ring)
        slot = limits.PACKET_BYTES
        packets = bytearray()
        for one in range(queue.put, queue.put + count):
            at = queue.at + one % (1 << queue.log2) * slot
            found = memory[at : at + slot] if at >= 0 else b""
            packets += found if len(found) == slot else bytes(slot)
        self._watcher.batches.append(Batch(number, bytes(packets)))


def _fill(ahead: int, size: int) -> str:
    if ahead == 0:
        return "duplicate"
    if ahead >= LIMIT // 2:
        return "backwards"
    if ahead > size:
        return "over"
    if ahead == size:
        return "full"
    return "one" if ahead == 1 else "several"


def _table(
    rows: Sequence[Sequence[int]], columns: tuple[str, ...], names: Mapping[str, Mapping[str, int]]
) -> Table:
    cells = np.array(rows, np.int64).reshape(len(rows), len(columns))
    return Table({name: cells[:, number] for number, name in enumerate(columns)}, names)
