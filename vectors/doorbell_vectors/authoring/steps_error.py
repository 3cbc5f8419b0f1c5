"""Steps on failures: everything a halted queue has to show, and its recovery."""

from __future__ import annotations

from typing import Any, Final

from doorbell.contract import (
    ERROR_GROUPS,
    ERROR_RECORD,
    Error,
    Opcode,
    QueueState,
    limits,
    registers,
)
from doorbell_vectors.authoring.block import Block
from doorbell_vectors.authoring.contents import Segments
from doorbell_vectors.authoring.packets import packet
from doorbell_vectors.authoring.places import enum_number
from doorbell_vectors.authoring.queues import ERROR_AT, Queue
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.authoring.steps_queue import named, place_packets
from doorbell_vectors.authoring.terms import Term
from doorbell_vectors.format.values import literal

__all__ = ["STEPS"]

_OUTSIDE: Final = frozenset({"doorbell", "fetch"})
"""Groups of errors that no packet is to blame for."""
_NO_INNER: Final = 0xFFFF_FFFF
_KEYS: Final = "index opcode tag address detail inner_index generation within records"


def _halted(scene: Scene, args: Any) -> None:
    """Await HALTED; then error registers, error record, the records before it, and none from it on."""
    queue, given = named(scene, args, f"code {_KEYS}")
    code = enum_number(Error, given.get("code"))
    if code is None:
        raise Wrong(f"code {given.get('code')!r}: give the name of an error", args)
    scene.negative = True
    queue.generation += 1
    index = scene.plain(given["index"]) if "index" in given else len(queue.placed)
    queue.until(scene, given.get("within"), state=QueueState.HALTED, idle=1)
    words = _words(_record(scene, queue, Error(code), index, given))
    stamp = f"{queue.name}_error_{queue.generation}"
    for number, (word, register) in enumerate(zip(words, queue.block.ERROR, strict=True)):
        known = {"save": scene.save(stamp)} if number == 4 else {"expect": {"eq": word}}
        scene.emit("read", bar=0, at=literal(register.offset), size=8, **known)
    if queue.has_error_record:
        data: Segments = [
            ["v", {"saved": stamp} if number == 4 else word, 8] for number, word in enumerate(words)
        ]
        scene.emit("memory", buffer=queue.state.name, at=ERROR_AT, bytes=data)
    if given.get("records", True):
        _records(scene, queue, index)


def _record(scene: Scene, queue: Queue, code: Error, index: int, given: Map) -> Block:
    block = Block(ERROR_RECORD, "error record")
    blamed = (
        queue.placed[index]
        if 0 <= index < len(queue.placed) and ERROR_GROUPS[code] not in _OUTSIDE
        else None
    )
    opcode = enum_number(Opcode, given.get("opcode"))
    if opcode is None:
        opcode = scene.plain(given.get("opcode", blamed.opcode if blamed else 0))
    fields = {
        "code": Term(code),
        "opcode": Term(opcode),
        "queue": Term(queue.number),
        "tag": scene.term(given.get("tag", blamed.tag if blamed else 0)),
        "index": Term((queue.start + index) % (1 << 64)),
        "inner_index": scene.term(given.get("inner_index", _NO_INNER)),
        "detail": scene.term(given.get("detail", 0)),
        "address": scene.term(given.get("address", 0)),
        "generation": scene.term(given.get("generation", queue.generation)),
    }
    for name, term in fields.items():
        block.set(name, term)
    return block


def _words(block: Block) -> list[Any]:
    """Return the eight words of the record as values."""
    words: list[Any] = []
    for at in range(0, limits.ERROR_RECORD_BYTES, 8):
        plain = literal(int.from_bytes(block.data[at : at + 8], "little"))
        words.append(block.relative[at][0] if at in block.relative else plain)
    return words


def _records(scene: Scene, queue: Queue, index: int) -> None:
    for number, entry in enumerate(queue.placed):
        if entry.record is None:
            continue
        area = scene.area(entry.record.area)
        at = entry.record.at
        if number < index:
            expect = {"eq": literal(entry.record.value)}
            scene.emit("word", buffer=area.name, at=at + 8, expect=expect)
        else:
            scene.emit(
                "memory", buffer=area.name, at=at, bytes=area.part(at, at + limits.RECORD_BYTES)
            )


def _recover(scene: Scene, args: Any) -> None:
    """Reset: DISABLED, put equal to get, ERROR zero; then enable, and a NOP with a record works."""
    queue, given = named(scene, args, "within")
    queue.reset(scene)
    tag = f"{queue.name}_{len(scene.saved)}"
    for name in ("put", "get"):
        at = literal(getattr(queue.block, name.upper()).offset)
        scene.emit("read", bar=0, at=at, size=8, save=scene.save(f"{tag}_{name}"))
    scene.emit("difference", of=f"{tag}_put", minus=f"{tag}_get", expect={"eq": 0})
    for register in queue.block.ERROR:
        scene.emit("read", bar=0, at=literal(register.offset), size=8, expect={"eq": 0})
    queue.enable(scene)
    value = 0x600D_0000 | queue.slots
    nop = packet(Map({"NOP": None, "record": value}), scene, queue)
    place_packets(scene, queue, [nop])
    scene.emit("publish")
    scene.write(registers.DOORBELL[queue.number].DOORBELL.offset, Term(queue.count))
    assert nop.record is not None
    scene.emit(
        "word",
        buffer=nop.record.area,
        at=nop.record.at + 8,
        expect={"eq": literal(value)},
        within=scene.within(given.get("within")),
    )


STEPS = {"halted": _halted, "recover": _recover}
"""Name of a step: what compiles it."""
