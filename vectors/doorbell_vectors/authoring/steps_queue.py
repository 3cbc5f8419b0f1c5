"""Steps on queues: submitting, awaiting records, states, reset and recovery."""

from __future__ import annotations

from typing import Any

from doorbell.contract import QueueState, limits, registers
from doorbell_vectors.authoring.arguments import keys
from doorbell_vectors.authoring.contents import Segments, joined
from doorbell_vectors.authoring.packets import Packet, expanded, packet
from doorbell_vectors.authoring.places import enum_number
from doorbell_vectors.authoring.queues import Queue
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.authoring.terms import Term

__all__ = ["STEPS", "named", "place_packets"]


def named(scene: Scene, args: Any, optional: str = "") -> tuple[Queue, Map]:
    """Return the queue of a step that is either its name or a mapping with `queue`, and that mapping."""
    given = keys(Map({"queue": args}) if isinstance(args, str) else args, "queue", optional)
    return scene.queue(given["queue"]), given


def place_packets(scene: Scene, queue: Queue, packets: list[Packet]) -> None:
    """Emit the stores of ``packets`` into the next slots of the ring."""
    size = 1 << queue.log2
    run: Segments = []
    first = queue.count % size
    for entry in packets:
        slot = queue.count % size
        if run and slot == 0:
            scene.emit(
                "put", buffer=queue.ring.name, at=limits.PACKET_BYTES * first, bytes=joined(run)
            )
            run, first = [], 0
        run += entry.segments
        queue.reaches(queue.count)
        queue.placed.append(entry)
    if run:
        scene.emit("put", buffer=queue.ring.name, at=limits.PACKET_BYTES * first, bytes=joined(run))


def _place(scene: Scene, args: Any) -> None:
    given = keys(args, "queue packets")
    queue = scene.queue(given["queue"])
    place_packets(
        scene, queue, [packet(spec, scene, queue) for spec in expanded(given["packets"], given)]
    )


def _submit(scene: Scene, args: Any) -> None:
    _place(scene, args)
    scene.emit("publish")
    queue = scene.queue(args["queue"])
    _ring(scene, queue, Term(queue.count))


def _doorbell(scene: Scene, args: Any) -> None:
    """Ring: with put as placed so far, or any other; by one access or by halves."""
    queue, given = named(scene, args, "put half")
    term = scene.term(given["put"]) if "put" in given else Term(queue.count)
    _ring(scene, queue, term, given.get("half"))


def _ring(scene: Scene, queue: Queue, put: Term, half: Any = None) -> None:
    at = registers.DOORBELL[queue.number].DOORBELL.offset
    if half is None:
        scene.write(at, put)
    elif put.kind or half not in {"lo", "hi", "both"}:
        raise Wrong(f"half {half!r}: give lo, hi or both, and a plain put")
    else:
        parts = {"lo": (0,), "hi": (32,), "both": (0, 32)}[half]
        for shift in parts:
            scene.write(at + shift // 8, Term(put.add % (1 << 64) >> shift & 0xFFFF_FFFF), 4)


def _recorded(scene: Scene, args: Any) -> None:
    """Await the record with `value`; without it the last one, and then expect all of them."""
    queue, given = named(scene, args, "value within save")
    records = [entry.record for entry in queue.placed if entry.record is not None]
    if not records:
        raise Wrong(f"queue {queue.name}: no packet placed so far has a record", args)
    value = scene.plain(given["value"]) if "value" in given else records[-1].value
    found = queue.find_record(value)
    within = scene.within(given.get("within"))
    scene.emit(
        "word",
        buffer=found.area,
        at=found.at + 8,
        expect={"eq": Term(found.value).value()},
        within=within,
    )
    if "value" not in given:
        for record in records[:-1]:
            expect = {"eq": Term(record.value).value()}
            scene.emit("word", buffer=record.area, at=record.at + 8, expect=expect)
    if "save" in given:
        scene.emit("word", buffer=found.area, at=found.at, save=scene.save(given["save"]))


def _unrecorded(scene: Scene, args: Any) -> None:
    """Expect that records have not been written: those named, or all from a packet on."""
    queue, given = named(scene, args, "values after")
    if "values" in given:
        records = [queue.find_record(scene.plain(value)) for value in given["values"]]
    else:
        later = queue.placed[scene.plain(given.get("after", 0)) :]
        records = [entry.record for entry in later if entry.record is not None]
    for record in records:
        area = scene.area(record.area)
        untouched = area.part(record.at, record.at + limits.RECORD_BYTES)
        scene.emit("memory", buffer=area.name, at=record.at, bytes=untouched)


def _state(scene: Scene, args: Any) -> None:
    """Await fields of STATUS."""
    queue, given = named(scene, args, "state idle resetting within")
    numbers = {key: given[key] for key in ("state", "idle", "resetting") if key in given}
    if isinstance(numbers.get("state"), str):
        numbers["state"] = enum_number(QueueState, numbers["state"])
    if not numbers:
        raise Wrong("give state, idle or resetting", args)
    queue.until(scene, given.get("within"), **numbers)


def _idle(scene: Scene, args: Any) -> None:
    queue, given = named(scene, args, "within")
    queue.until(scene, given.get("within"), state=QueueState.RUNNING, idle=1)


def _enable(scene: Scene, args: Any) -> None:
    named(scene, args)[0].enable(scene)


def _drain(scene: Scene, args: Any) -> None:
    """Drain, and await DISABLED unless `wait` is false."""
    queue, given = named(scene, args, "wait within")
    queue.control(scene, drain=1)
    if given.get("wait", True):
        queue.until(scene, given.get("within"), state=QueueState.DISABLED, idle=1)


def _reset(scene: Scene, args: Any) -> None:
    """Reset one queue, or `device`."""
    if args != "device":
        named(scene, args)[0].reset(scene)
        return
    status = registers.DEVICE.STATUS
    scene.write(registers.DEVICE.CONTROL.offset, Term(registers.DEVICE.CONTROL.encode(reset=1)))
    expect = {"eq": 0, "mask": Term(status.fields["resetting"].mask).value()}
    scene.poll(status.offset, expect, Term(kind="cap", name="bound_reset"))
    for queue in scene.queues.values():
        queue.placed, queue.generation = [], 0


STEPS = {
    "place": _place,
    "submit": _submit,
    "doorbell": _doorbell,
    "recorded": _recorded,
    "unrecorded": _unrecorded,
    "state": _state,
    "idle": _idle,
    "enable": _enable,
    "drain": _drain,
    "reset": _reset,
}
"""Name of a step: what compiles it."""
