"""Packets as the sources write them: ``{COPY: {source: src, destination: mem + 5, length: 100}, record: 1}``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from doorbell.contract import (
    PACKET,
    PACKETS,
    Flag,
    Kernel,
    Opcode,
    SignalMode,
    Space,
    WaitCondition,
    limits,
)
from doorbell_vectors.authoring.block import Block
from doorbell_vectors.authoring.contents import Segments, parse
from doorbell_vectors.authoring.places import enum_number
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.octets import length, octets
from doorbell_vectors.format.values import Values

if TYPE_CHECKING:
    from doorbell_vectors.authoring.queues import Queue
    from doorbell_vectors.authoring.scene import Scene

__all__ = ["Packet", "Record", "expanded", "packet"]

_ENUMS: Final[dict[str, type[IntEnum]]] = {
    "source_space": Space,
    "destination_space": Space,
    "arguments_space": Space,
    "kernel": Kernel,
    "condition": WaitCondition,
    "mode": SignalMode,
}
_FRAME: Final = frozenset(
    [
        "flags",
        "raw_flags",
        "vector",
        "tag",
        "record",
        "record_at",
        "record_address",
        "record_value",
        "interrupt",
        "bytes",
        "opcode",
        "repeat",
    ]
)


@dataclass(frozen=True, slots=True)
class Record:
    """Where a command's record goes (buffer and offset) and its value."""

    area: str
    at: int
    value: int


@dataclass(frozen=True, slots=True)
class Packet:
    """64 bytes, and what expectations need to know of them."""

    segments: Segments
    opcode: int
    tag: int
    record: Record | None


def expanded(listed: Any, owner: Map) -> Iterator[Map]:
    """Yield packets with `repeat` unrolled and `change` merged in; a bare name stands for a packet without operands.

    Raises:
        Wrong: no list of packets.
    """
    if not isinstance(listed, list):
        raise Wrong("packets must be a list", owner)
    for entry in listed:
        spec = Map({entry: None}) if isinstance(entry, str) else entry
        if not isinstance(spec, Map):
            raise Wrong(f"{entry!r} is no packet", owner)
        changed = Map({key: spec[key] for key in spec if key not in {"change", "repeat"}})
        changed.line = spec.line
        changed.update(spec.get("change") or {})
        yield from [changed] * int(spec.get("repeat", 1))


def packet(spec: Map, scene: Scene, queue: Queue) -> Packet:
    """Return the packet that ``spec`` stands for, as the next one of ``queue``.

    Raises:
        Wrong: not exactly one opcode, an unknown key or operand, or a value that does not fit.
    """
    names = [key for key in spec if key in Opcode.__members__]
    unknown = [key for key in spec if key not in _FRAME and key not in names]
    if len(names) != 1 or unknown:
        bad = f"unknown {unknown[0]!r}; " if unknown else ""
        raise Wrong(f"packet: {bad}give one opcode and some of {', '.join(sorted(_FRAME))}", spec)
    opcode = Opcode[names[0]]
    block = Block(PACKETS.get(opcode, PACKET), opcode.name)
    block.set("opcode", scene.term(opcode.value))
    operands = spec[names[0]]
    if not isinstance(operands, Map | None):
        raise Wrong(f"{opcode.name}: operands must be a mapping, or nothing", spec)
    _operands(block, operands or Map(), scene, opcode)
    record = _frame(block, spec, scene, queue)
    for at, data in (spec.get("bytes") or {}).items():
        block.poke(int(at, 0), constant(data, scene))
    if "opcode" not in spec:
        scene.needs.bits("opcodes", 1 << opcode)
    return Packet(block.segments(), block.data[0], block.get("tag"), record)


def constant(spec: Any, scene: Scene) -> bytes:
    """Return bytes that nothing relative is in."""
    if isinstance(spec, int) and 0 <= spec < 256:
        return bytes([spec])
    return octets(parse(spec, scene.names), Values()).exact()


def _operands(block: Block, operands: Map, scene: Scene, opcode: Opcode) -> None:
    given = Map(operands)
    if opcode is Opcode.LAUNCH:
        _launch(given, scene)
    if opcode is Opcode.SIGNAL and "destination" in given:
        given.setdefault("mode", "WRITE8")
    if opcode is Opcode.WRITE and "data" in given:
        data = parse(given.pop("data"), scene.names)
        _data(block, data)
        given.setdefault("length", length(data))
    for name, value in given.items():
        number = enum_number(_ENUMS.get(name), value)
        term = scene.term(value) if number is None else scene.term(number)
        block.set(name, term)
        space = f"{name}_space"
        if term.space is not None and space not in given and space in (block.dtype.fields or {}):
            block.set(space, scene.term(term.space.value))
    scene.uses(opcode, block)


def _data(block: Block, data: Segments) -> None:
    at = block.place("data")[1]
    if length(data) > limits.WRITE_MAX_BYTES:
        raise Wrong(f"WRITE of {length(data)} bytes: at most {limits.WRITE_MAX_BYTES}")
    for segment in data:
        if segment[0] == "v" and isinstance(segment[1], dict):
            block.relative[at] = (segment[1], segment[2])
        else:
            block.poke(at, octets([segment], Values()).exact())
        at += length([segment])


def _launch(given: Map, scene: Scene) -> None:
    """Fill in what is the same in nearly every LAUNCH; `run` names one of the vector's kernels."""
    given.setdefault("arguments_length", limits.ARGUMENT_BYTES)
    given.setdefault("unit_mask", 1)
    grid = given.pop("grid", None)
    if "run" in given:
        kernel = scene.kernel(given.pop("run"))
        given.setdefault("kernel", kernel.kernel.name)
        given.setdefault("arguments", f"{kernel.name}_arguments")
        grid = grid or list(kernel.grid)
    for axis, count in zip(("grid_x", "grid_y", "grid_z"), grid or [1, 1, 1], strict=True):
        given.setdefault(axis, count)


def _frame(block: Block, spec: Map, scene: Scene, queue: Queue) -> Record | None:
    flags = 0
    for name in spec.get("flags") or []:
        if name not in Flag.__members__:
            raise Wrong(f"{name!r} is no flag; there are: {', '.join(Flag.__members__)}", spec)
        flags |= Flag[name]
    block.set("tag", scene.term(spec.get("tag", queue.next_tag())))
    record = None
    if "record" in spec:
        flags |= Flag.RECORD
        record = queue.record(scene, scene.plain(spec["record"]), spec.get("record_at"))
        block.set("record_address", scene.area(record.area).term.plus(record.at))
        block.set("record_value", scene.term(record.value))
    if "interrupt" in spec:
        flags |= Flag.INTERRUPT
        block.set("vector", scene.term(spec["interrupt"]))
        scene.uses_vector(scene.term(spec["interrupt"]))
    for name in ("vector", "record_address", "record_value"):
        if name in spec:
            block.set(name, scene.term(spec[name]))
    raw = scene.plain(spec.get("raw_flags", 0))
    block.set("flags", scene.term(flags | raw))
    if "opcode" in spec:
        block.set("opcode", scene.term(spec["opcode"]))
    return record
