"""What a plan covers, as names of features; each is of a kind, and kinds say which rules are checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from doorbell_vectors.random.checks import faults, operands
from doorbell_vectors.random.epoch import Ending
from doorbell_vectors.random.order import Command
from doorbell_vectors.random.plan import (
    BARRIER,
    INTERRUPT,
    RECORD,
    Access,
    DeviceReset,
    Epoch,
    LostDoorbell,
    Mask,
    Packet,
    Place,
    Plan,
    Poke,
    Queue,
    Refused,
    Store,
    Submit,
)
from doorbell_vectors.random.waiting import Semaphore
from doorbell_vectors.random.world import Outcome, Result

__all__ = ["features", "rules"]

_LENGTHS: Final = (0, 1, 2, 3, 4, 7, 8, 16, 24, 63, 64, 65, 127, 128, 129, 256, 257, 512, 513, 4096)
RULES: Final[dict[str, tuple[str, ...]]] = {
    "flags": ("CP-RETIRE-003",),
    "next": ("CP-START-001", "CP-RETIRE-001"),
    "copy": ("DMA-COPY-001", "DMA-COPY-002"),
    "fill": ("DMA-FILL-001", "DMA-COPY-002"),
    "write": ("DMA-WRITE-001", "DMA-COPY-002"),
    "none": ("DMA-COPY-004",),
    "signal": ("SEM-VALUE-001", "SEM-VALUE-002", "SEM-VALUE-003"),
    "write8": ("CP-SIGNAL-001",),
    "wait": ("SEM-WAIT-001", "SEM-WAIT-002"),
    "handover": ("ORD-QUEUE-001", "SEM-WAIT-003"),
    "barrier": ("CP-START-002", "ORD-RETIRE-001"),
    "launch": ("EU-ARITH-001", "EU-LAUNCH-001"),
    "error": ("CP-PKT-001", "ERR-RECORD-004", "ERR-HALT-002", "CP-RETIRE-004"),
    "errors": ("CP-PKT-002", "ERR-RECORD-004"),
    "beside": ("ERR-HALT-005",),
    "again": ("ERR-RECORD-005",),
    "refused": ("CP-DB-002", "CP-DB-003", "CP-DB-004"),
    "doorbell": ("CP-DB-001", "CP-DB-007", "CP-DB-008", "CP-DB-009"),
    "lost": ("CP-DB-005",),
    "ring": ("CP-RING-002", "CP-RING-003"),
    "full": ("CP-RING-004",),
    "reset": ("ERR-RESET-001", "ERR-RESET-002"),
    "device": ("ERR-RESET-004",),
    "interrupt": ("INT-EVENT-002", "INT-EVENT-003"),
    "masked": ("INT-MASK-001", "INT-MASK-002"),
    "moderated": ("INT-MOD-001",),
    "error-vector": ("ERR-RECORD-003",),
    "poke": ("SEM-VALUE-001", "SEM-VALUE-002", "SEM-POISON-002"),
    "register": ("DEV-REG-002", "DEV-REG-006"),
    "queues": ("CP-ARB-003",),
    "store": ("ORD-DEVICE-001", "ORD-READ-002"),
    "overlap": ("DMA-COPY-003",),
}
"""Rules that a vector checks by the kinds of what it covers."""


_CODES: Final[dict[str, str]] = {
    "BAD_OPCODE": "CP-PKT-003",
    "BAD_FLAGS": "CP-PKT-004",
    "RESERVED_FIELD": "CP-PKT-005",
    "BAD_VECTOR": "CP-PKT-009",
    "RECORD_ALIGNMENT": "CP-PKT-010",
    "BAD_SPACE": "CP-PKT-011",
    "BAD_MODE": "CP-PKT-012",
    "BAD_LENGTH": "CP-PKT-013",
    "BAD_ALIGNMENT": "CP-PKT-014",
    "OUT_OF_RANGE": "CP-PKT-015",
    "BAD_SEMAPHORE": "CP-PKT-018",
    "BAD_KERNEL": "CP-PKT-019",
    "BAD_GRID": "CP-PKT-020",
    "BAD_UNITS": "CP-PKT-021",
    "ARGUMENT_RESERVED": "EU-ARG-002",
    "ARGUMENT_SHAPE": "EU-ARG-003",
    "ARGUMENT_ALIGNMENT": "EU-ARG-004",
    "ARGUMENT_RANGE": "EU-ARG-005",
    "DOORBELL_BACKWARDS": "CP-DB-002",
    "DOORBELL_OVERFLOW": "CP-DB-003",
    "WAIT_TIMEOUT": "SEM-WAIT-005",
    "WAIT_POISONED": "SEM-POISON-001",
}
"""Rule that asks for an error code, named first in features of errors."""


def rules(found: set[str]) -> list[str]:
    """Return the rules of these features, sorted."""
    words = [feature.split(" ") for feature in found]
    asked = {_CODES[word] for kind, word, *_ in words if kind[:5] == "error" and word in _CODES}
    return sorted(asked | {rule for kind, *_ in words for rule in RULES[kind]})


def features(plan: Plan, came: Outcome) -> set[str]:
    """Return the names of everything that ``plan`` covers: kind, a space, and what of it."""
    found: set[str] = set()
    for epoch, result in zip(plan.epochs, came.results, strict=True):
        found.update(_actions(plan, epoch, result))
        found.update(_commands(plan, result))
        found.update(_endings(plan, epoch, result))
    return found


def _length(count: int) -> str:
    """Return the class of a length: its own at a boundary, else what it lies above."""
    above = max(bound for bound in _LENGTHS if bound <= count)
    return str(count) if count == above else f"{above}+"


def _space(packet: Packet, name: str) -> str:
    return "HD"[packet.number(f"{name}_space")]


def _commands(plan: Plan, result: Result) -> Iterator[str]:
    commands = result.followed.commands
    last: dict[str, Packet] = {}
    for command in commands:
        packet = command.packet
        if packet is None or command.maybe:
            continue
        yield f"flags {packet.op} {packet.flags}"
        before = last.get(command.queue)
        if before is not None:
            yield f"next {before.op} {packet.op} {packet.flags & BARRIER}"
        last[command.queue] = packet
        if command.bit not in result.unspecified:
            yield from _operation(plan, packet)
        if packet.flags & INTERRUPT:
            moderation = {v.number: v.moderation for v in plan.vectors}.get(packet.vector)
            if moderation is not None:
                kind = "moderated" if moderation > 1 else "interrupt"
                yield f"{kind} {packet.op} {moderation} {packet.flags & RECORD}"
    yield from _between(commands, result)
    for semaphore in result.followed.semaphores.values():
        yield from _values(semaphore)
    for wait, succeeded in result.followed.waits:
        yield from _wait(wait, result, succeeded=succeeded)


def _operation(plan: Plan, packet: Packet) -> Iterator[str]:
    if packet.op in {"COPY", "FILL", "WRITE"}:
        yield from _move(plan, packet)
    elif packet.op == "SIGNAL":
        mode = packet.number("mode")
        value = packet.number("value")
        size = (
            "0" if not value else "small" if value < 1 << 32 else "top" if value >> 63 else "large"
        )
        yield (
            f"signal {mode} {size}"
            if mode < 2
            else f"write8 {_space(packet, 'destination')} {size}"
        )
    elif packet.op == "LAUNCH":
        run = next(run for run in plan.runs if run.name == packet.run)
        edge = f"{min(run.m, 17)} {run.n > 64} {run.k if run.k < 4 else 4}"
        yield f"launch {run.kernel} {'host' if run.host else 'device'} {edge}"


def _move(plan: Plan, packet: Packet) -> Iterator[str]:
    kind, count = packet.op.lower(), packet.number("length")
    spaces = "".join(_space(packet, name) for name, _, _ in operands(packet))
    yield f"{kind} {spaces} length {_length(count)}"
    if not count:
        yield f"none {packet.op} {spaces}"
        return
    places = [packet.get(name) for name, _, _ in operands(packet)]
    at = [_address(plan, place) for place in places]
    if None not in at:
        bits = 4 if kind == "copy" else 8
        yield f"{kind} {spaces} at {' '.join(str((a or 0) % bits) for a in at)}"
        yield f"{kind} {spaces} end {' '.join(str(((a or 0) + count) % bits) for a in at)}"
        yield f"{kind} {spaces} page {' '.join(str((a or 0) // 4096 != ((a or 0) + count - 1) // 4096) for a in at)}"
    if kind == "copy":
        first, second = places
        if isinstance(first, Place) and isinstance(second, Place) and first.base == second.base:
            apart = abs(first.add - second.add)
            yield f"overlap {spaces} {'far' if apart >= count else 'same' if not apart else 'near'}"


def _address(plan: Plan, place: object) -> int | None:
    """Return what is known of an address modulo a page; host memory without an edge is 64-aligned only."""
    if not isinstance(place, Place):
        return None
    area = next((area for area in plan.areas if area.name == place.base), None)
    if area is None:
        return None
    return place.add + (area.edge or 0) + 4096


def _between(commands: list[Command], result: Result) -> Iterator[str]:
    """Yield what data goes from one command to another, and by what it is ordered."""
    for at, later in enumerate(commands):
        if (
            later.packet is None
            or later.maybe
            or later.packet.op != "COPY"
            or not later.packet.number("length")
        ):
            continue
        source = later.packet.get("source")
        for earlier in commands[:at]:
            if earlier.packet is None or earlier.maybe or later.bit in result.unspecified:
                continue
            target = earlier.packet.get("destination")
            if earlier.packet.op == "LAUNCH":
                target = Place(f"{earlier.packet.run}_{'c' if 'g' in earlier.packet.run else 'y'}")
            if (
                isinstance(source, Place)
                and isinstance(target, Place)
                and source.base == target.base
                and later.after(earlier)
            ):
                kind = "barrier" if earlier.queue == later.queue else "handover"
                yield f"{kind} {earlier.packet.op} COPY"


def _values(semaphore: Semaphore) -> Iterator[str]:
    """Yield what each write found in a semaphore and made of it."""
    for at, write in enumerate(semaphore.writes):
        assert write.semaphore is not None
        before, after = (
            semaphore.after(semaphore.writes[:at]),
            semaphore.after(semaphore.writes[: at + 1]),
        )
        change = "same" if after == before else "up" if after > before else "down"
        by = "signal" if write.queue else "poke"
        yield f"{by} {write.semaphore[0]} on {'some' if before else 'zero'} {change}"


def _wait(wait: Command, result: Result, *, succeeded: bool) -> Iterator[str]:
    assert wait.packet is not None
    packet = wait.packet
    number = packet.number("semaphore")
    semaphore = result.followed.semaphores[number]
    condition = ["GE", "EQ"][packet.number("condition")]
    gap = (semaphore.before - packet.number("value")) % (1 << 64)
    size = "at" if not gap else "above" if gap < 1 << 63 else "below"
    wraps = (
        "wraps"
        if (semaphore.before < packet.number("value")) != (gap >= 1 << 63) and gap
        else "plain"
    )
    how = "never" if not succeeded else "later" if wait.must else "at-once"
    yield f"wait {condition} {size} {wraps} {how} {'poisoned' if number in result.poisoned else 'clean'}"
    if wait.must:
        for command in result.followed.commands:
            if (
                wait.must >> command.bit & 1
                and command.semaphore
                and command.semaphore[1] == number
            ):
                by = command.queue and ("own" if command.queue == wait.queue else "other")
                yield f"handover {command.semaphore[0]} {condition} {by or 'host'}"


def _actions(plan: Plan, epoch: Epoch, result: Result) -> Iterator[str]:
    queues = {queue.name: queue for queue in plan.queues}
    used = {action.queue for action in epoch.actions if isinstance(action, Submit)}
    yield f"queues {len(used)}"
    counts = dict(result.first)
    for action in epoch.actions:
        match action:
            case Submit():
                queue = queues[action.queue]
                yield f"doorbell {action.style} {min(len(action.packets), 3)}"
                yield from _ring(queue, counts[queue.name], len(action.packets))
                counts[queue.name] += len(action.packets)
            case Refused():
                yield f"refused {'back' if action.add < 0 else 'over'} {'near' if abs(action.add) < 1 << 20 else 'far'}"
            case LostDoorbell():
                yield f"lost {min(action.number, 4)} {'0' if not action.put else 'put'}"
            case Poke():
                size = "0" if not action.value else "small" if action.value < 1 << 32 else "large"
                yield f"poke {action.kind} {size}"
            case Access():
                yield f"register {action.register} {action.half or 'whole'}"
            case Store():
                yield f"store {action.place.base[0]} {action.place.add % 8} {_length(len(action.data))}"
            case Mask():
                pending = "pending" if action.vector in _messages_of(result) else "quiet"
                yield f"masked {'mask' if action.masked else 'unmask'} {pending}"
            case DeviceReset():
                yield f"device {len(plan.queues)}"


def _messages_of(result: Result) -> set[int]:
    return {number for number, count in result.messages.items() if count}


def _ring(queue: Queue, first: int, count: int) -> Iterator[str]:
    size = 1 << queue.log2
    start = (queue.start + first) % (1 << 64)
    yield f"ring log2 {queue.log2}"
    if start % size + count > size:
        yield f"ring end {queue.log2}"
    for bits in (16, 32, 64):
        if start >> bits != start + count >> bits:
            yield f"ring wrap {bits}"
        elif start + count == 1 << bits:
            yield f"ring to {bits}"
    if count == size:
        yield f"full {queue.log2} {bool(start % size)}"


def _endings(plan: Plan, epoch: Epoch, result: Result) -> Iterator[str]:
    ends = result.followed.endings
    lists: dict[str, list[Packet]] = {}
    for action in epoch.actions:
        if isinstance(action, Submit):
            lists.setdefault(action.queue, []).extend(action.packets)
    for queue in plan.queues:
        ending = ends.get(queue.name)
        if ending is None or ending.kind == "idle":
            continue
        others = sorted({other.kind for name, other in ends.items() if name != queue.name})
        listed = lists.get(queue.name, [])
        place = (
            "first" if not ending.index else "last" if ending.index >= len(listed) - 1 else "middle"
        )
        if ending.kind != "halted":
            yield f"reset {ending.kind} {place if ending.kind == 'blocked' else min(len(listed), 3)}"
            yield from (f"reset {ending.kind} beside {other}" for other in others)
            continue
        yield from (f"beside {ending.code.name} {other}" for other in others)
        if queue.error_vector is not None:
            yield f"error-vector {ending.code.name}"
        yield f"error {ending.code.name} {place} {queue.error_record}"
        yield f"again {bool(result.first[queue.name])}"
        if ending.index < len(listed):
            yield from _error(ending, listed[ending.index])


def _error(ending: Ending, packet: Packet) -> Iterator[str]:
    codes = [code.name for code, _ in faults(packet)]
    yield f"error {ending.code.name} {packet.op} {'exact' if isinstance(ending.address, Place) else 'plain'}"
    yield from (
        f"errors {ending.code.name} {hidden}"
        for hidden in sorted(set(codes[1:]))
        if hidden != ending.code.name
    )
