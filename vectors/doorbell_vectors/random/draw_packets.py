"""Packets from a draw: good ones, and ones with a fault or two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from doorbell.contract import Kernel, limits
from doorbell_vectors.random.checks import DEVICE_END, gaps
from doorbell_vectors.random.plan import (
    BARRIER,
    INTERRUPT,
    RECORD,
    Area,
    Operand,
    Packet,
    Place,
    Run,
    Vector,
)
from doorbell_vectors.random.stream import Draw
from doorbell_vectors.random.waiting import LONG

__all__ = ["Drawn", "packet"]

_LENGTHS: Final = (
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    63,
    64,
    65,
    127,
    128,
    129,
    256,
    257,
    512,
    513,
    4096,
    4097,
)
_OPS: Final = (
    "NOP",
    "COPY",
    "COPY",
    "COPY",
    "COPY",
    "FILL",
    "FILL",
    "WRITE",
    "WRITE",
    "SIGNAL",
    "SIGNAL",
    "WAIT",
    "LAUNCH",
)
_CALM: Final = ("NOP", "COPY", "FILL", "WRITE")
_SEMAPHORES: Final = 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """What packets of one plan can name; ``base`` is how the semaphores' values are chosen."""

    areas: tuple[Area, ...]
    vectors: tuple[Vector, ...]
    runs: tuple[Run, ...]
    base: int


def packet(draw: Draw, drawn: Drawn, *, calm: bool) -> Packet:
    """Return a packet; a ``calm`` one touches memory only and is right."""
    op = draw.pick(_CALM if calm else _OPS)
    if op == "LAUNCH" and not drawn.runs:
        op = "COPY"
    made = Packet(op, fields=tuple(sorted(_operands(draw, drawn, op).items())))
    if op == "WRITE":
        made = replace(made, data=draw.octets(made.number("length")).ljust(24, b"\0"))
    if op == "LAUNCH":
        made = replace(made, run=drawn.runs[0].name)
    flags = (BARRIER if draw.chance(50) else 0) | (RECORD if draw.chance(45) else 0)
    vector = 0
    if drawn.vectors and draw.chance(30) and not calm:
        flags, vector = flags | INTERRUPT, draw.pick(drawn.vectors).number
    made = replace(made, flags=flags, vector=vector)
    if calm or not draw.chance(7):
        return made
    for _ in range(draw.pick((1, 1, 2, 3))):
        made = _spoiled(draw, made)
    return made


def _operands(draw: Draw, drawn: Drawn, op: str) -> dict[str, Operand]:
    match op:
        case "COPY":
            source, destination = draw.pick(drawn.areas), draw.pick(drawn.areas)
            count = _length(draw, min(source.size, destination.size))
            return {
                "length": count,
                **_at(draw, "source", source, count),
                **_at(draw, "destination", destination, count),
            }
        case "FILL":
            area = draw.pick(drawn.areas)
            count = min(_length(draw, area.size), 600)
            pattern = draw.pick((draw.word(), 0, (1 << 64) - 1))
            return {"length": count, "pattern": pattern, **_at(draw, "destination", area, count)}
        case "WRITE":
            area = draw.pick(drawn.areas)
            count = draw.between(0, limits.WRITE_MAX_BYTES)
            return {"length": count, **_at(draw, "destination", area, count)}
        case "SIGNAL":
            return _signal(draw, drawn)
        case "WAIT":
            deadline = draw.pick((0, 0, 0, LONG, 100, 2000))
            value = (drawn.base + draw.pick((0, 1, 1, 2, -1, 1 << 32))) % (1 << 64)
            number = draw.below(_SEMAPHORES)
            return {
                "semaphore": number,
                "condition": draw.pick((0, 0, 1)),
                "value": value,
                "deadline": deadline,
            }
        case "LAUNCH":
            return _launch(drawn.runs[0])
    return {}


def _length(draw: Draw, most: int) -> int:
    return min(draw.pick(_LENGTHS) if draw.chance(70) else draw.between(0, 300), most)


def _at(draw: Draw, name: str, area: Area, count: int) -> dict[str, Operand]:
    at = (
        draw.between(0, min(area.size - count, 80))
        if draw.chance(80)
        else draw.between(0, area.size - count)
    )
    return {name: Place(area.name, at), f"{name}_space": 0 if area.host else 1}


def _signal(draw: Draw, drawn: Drawn) -> dict[str, Operand]:
    mode = draw.pick((0, 1, 1, 1, 2))
    if mode == 2:
        area = draw.pick([area for area in drawn.areas if (area.edge or 0) % 8 == 0])
        at = 8 * draw.below((area.size - 7) // 8)
        return {
            "mode": 2,
            "value": draw.word(),
            "destination": Place(area.name, at),
            "destination_space": 0 if area.host else 1,
        }
    value = draw.pick((1, 1, 2, drawn.base + 1, 0, draw.word(), (1 << 64) - 1))
    return {"mode": mode, "semaphore": draw.below(_SEMAPHORES), "value": value}


def _launch(run: Run) -> dict[str, Operand]:
    return {
        "kernel": Kernel[run.kernel].value,
        "arguments": Place(f"{run.name}_arguments"),
        "arguments_space": 0 if run.host else 1,
        "arguments_length": limits.ARGUMENT_BYTES,
        "unit_mask": 1,
        "grid_x": -(-run.n // 64),
        "grid_y": -(-run.m // 16),
        "grid_z": 1,
    }


def _spoiled(draw: Draw, made: Packet) -> Packet:
    """Return ``made`` with one more fault, among those that its opcode can have."""
    op = made.op
    choices = ["opcode", "flags", "reserved", "unused"]
    if made.flags & RECORD:
        choices.append("record")
    if op in {"COPY", "FILL", "WRITE", "LAUNCH"}:
        choices += ["space", "range", "range"]
    choices += {
        "WRITE": ["length", "data"],
        "SIGNAL": ["mode", "semaphore", "other", "alignment"],
        "WAIT": ["mode", "semaphore"],
        "LAUNCH": ["kernel", "grid", "units", "length", "alignment"],
    }.get(op, [])
    return _fault(draw, made, draw.pick(choices))


def _fault(draw: Draw, made: Packet, what: str) -> Packet:
    mode = made.number("mode") if made.op == "SIGNAL" else 0
    match what:
        case "opcode":
            return replace(made, opcode=draw.pick((0, 12, 64, 128, 255)))
        case "flags":
            return replace(made, flags=made.flags | 8 << draw.below(5))
        case "reserved":
            free = [at for at in gaps(made.op) if at >= 8]
            return replace(made, pokes=((draw.pick(free), draw.between(1, 255)),)) if free else made
        case "unused":
            if not made.flags & INTERRUPT and draw.chance(50):
                return replace(made, vector=draw.between(1, 3))
            return (
                replace(made, pokes=((draw.between(48, 63), draw.between(1, 255)),))
                if not made.flags & RECORD
                else made
            )
        case "record":
            return replace(made, record_shift=draw.pick((1, 2, 4, 8, 15)))
        case "data":
            count = made.number("length")
            data = made.data[:count].ljust(24, b"\0")
            return replace(made, data=data[:-1] + bytes([draw.between(1, 255)]))
        case "length" if made.op == "WRITE":
            return replace(made, fields=made.having(length=draw.pick((25, 32, 256, 0xFFFFFFFF))))
        case "alignment" if mode == 2:
            place = made.get("destination")
            shifted = (
                Place(place.base, place.add + (1 << draw.below(3)))
                if isinstance(place, Place)
                else place
            )
            return replace(made, fields=made.having(destination=shifted))
        case "alignment" if made.op == "LAUNCH":
            shift = 1 << draw.below(6)
            return replace(
                made, fields=made.having(arguments=Place(f"{made.run}_arguments", shift))
            )
        case "mode":
            name = "mode" if made.op == "SIGNAL" else "condition"
            return replace(
                made,
                fields=made.having(
                    **{name: draw.pick((3, 4, 128, 255) if name == "mode" else (2, 3, 128))}
                ),
            )
        case "semaphore" if mode != 2:
            return replace(
                made,
                fields=made.having(semaphore=Place("cap.semaphores", draw.pick((0, 1, 1 << 20)))),
            )
        case "other":
            changed = {"semaphore": 1} if mode == 2 else {"destination": 8}
            return replace(made, fields=made.having(**changed))
        case _:
            return _number(draw, made, what)


def _number(draw: Draw, made: Packet, what: str) -> Packet:
    """Put a bad number into an operand of its own."""
    match what:
        case "kernel":
            return replace(made, fields=made.having(kernel=draw.pick((0, 6, 63, 256, 65535))))
        case "grid":
            return replace(
                made,
                fields=made.having(**{f"grid_{draw.pick('xyz')}": draw.pick((0, 65537, 1 << 31))}),
            )
        case "units":
            return replace(made, fields=made.having(unit_mask=draw.pick((0, 1 << 8, 1 << 31))))
        case "length" if made.op == "LAUNCH":
            return replace(made, fields=made.having(arguments_length=draw.pick((0, 63, 65, 128))))
        case "space" | "range":
            names = [
                name for name, _ in made.fields if name in {"source", "destination", "arguments"}
            ]
            name = draw.pick(names)
            if what == "space":
                return replace(
                    made, fields=made.having(**{f"{name}_space": draw.pick((2, 3, 128, 255))})
                )
            return _beyond(draw, made, name)
    return made


def _beyond(draw: Draw, made: Packet, name: str) -> Packet:
    count = made.number("arguments_length" if made.op == "LAUNCH" else "length")
    step = 64 if made.op == "LAUNCH" else 1
    short = draw.pick((0, 1, count // 2, max(count - 1, 0)))
    if made.number(f"{name}_space") == 0:
        at = (1 << 64) - (step if step > 1 else max(short, 1))
        return replace(made, fields=made.having(**{name: at}))
    at_end = Place(DEVICE_END, 0 if step > 1 else 1 - count + draw.below(count + 2))
    return replace(made, fields=made.having(**{name: at_end}))
