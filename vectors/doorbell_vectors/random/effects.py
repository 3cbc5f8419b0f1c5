"""What the commands of an epoch leave in memory; bytes on which two unordered commands meet are unspecified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from doorbell_vectors.authoring.contents import Segments, cut, joined
from doorbell_vectors.random.memory import Contents
from doorbell_vectors.random.order import Command, Racy
from doorbell_vectors.random.plan import Operand, Packet, Place, Plan, Run

__all__ = ["TAIL", "apply", "run_areas"]

TAIL: Final = 16
"""Guard bytes behind a kernel's operand."""


@dataclass(frozen=True, slots=True)
class _Range:
    area: str
    first: int
    last: int

    def common(self, other: _Range) -> _Range | None:
        first, last = max(self.first, other.first), min(self.last, other.last)
        return _Range(self.area, first, last) if self.area == other.area and first < last else None


def run_areas(run: Run) -> dict[str, int]:
    """Return the areas of a kernel's run, with their sizes in bytes; the last is the output."""
    if run.kernel == "GEMM_S8":
        sizes = {"a": run.m * run.k, "b": run.k * run.n, "c": 4 * run.m * run.n}
    else:
        sizes = {"x": 4 * run.m * run.n, "bias": 4 * run.n, "y": run.m * run.n}
    areas = {f"{run.name}_{name}": size + TAIL for name, size in sizes.items()}
    return {f"{run.name}_arguments": 64, **areas}


def apply(plan: Plan, memory: Contents, commands: list[Command]) -> set[int]:
    """Perform ``commands`` on ``memory``; return the bits of those on whose bytes something is unspecified.

    Raises:
        Racy: a kernel is one of them, or a packet leaves its areas.
    """
    listed = [c for c in commands if c.packet is not None]
    reads = {c.bit: _reads(plan, c.packet) for c in listed if c.packet}
    writes = {c.bit: _writes(plan, c.packet) for c in listed if c.packet}
    mixed: dict[int, list[_Range]] = {c.bit: [] for c in listed}
    clashes: dict[int, list[_Range]] = {c.bit: [] for c in listed}
    for at, later in enumerate(listed):
        for earlier in listed[:at]:
            if not _sequenced(earlier, later):
                mixed[later.bit] += _common(reads[later.bit], writes[earlier.bit])
                mixed[earlier.bit] += _common(reads[earlier.bit], writes[later.bit])
                clashes[later.bit] += _common(writes[later.bit], writes[earlier.bit])
    for command in listed:
        packet = command.packet
        assert packet is not None
        if packet.op == "LAUNCH" and (mixed[command.bit] or clashes[command.bit]):
            raise Racy("a kernel's operands are in use")
        if command.maybe:
            for found in writes[command.bit]:
                memory.forget(Place(found.area, found.first), found.last - found.first)
            continue
        _perform(plan, memory, packet, mixed[command.bit])
        for found in clashes[command.bit]:
            memory.forget(Place(found.area, found.first), found.last - found.first)
    return {bit for bit in mixed if mixed[bit] or clashes[bit]}


def _sequenced(earlier: Command, later: Command) -> bool:
    if later.packet is not None and later.packet.op == "SIGNAL" and not earlier.maybe:
        return bool(later.retired >> earlier.bit & 1)
    return later.after(earlier) and not earlier.maybe


def _common(some: list[_Range], others: list[_Range]) -> list[_Range]:
    return [found for one in some for other in others if (found := one.common(other)) is not None]


def _range(plan: Plan, operand: Operand, count: int) -> list[_Range]:
    if not count:
        return []
    sizes = {area.name: area.size for area in plan.areas}
    for run in plan.runs:
        sizes |= run_areas(run)
    if (
        not isinstance(operand, Place)
        or not 0 <= operand.add <= sizes.get(operand.base, -1) - count
    ):
        raise Racy(f"{operand} is outside the areas")
    return [_Range(operand.base, operand.add, operand.add + count)]


def _reads(plan: Plan, packet: Packet) -> list[_Range]:
    if packet.op == "COPY":
        return _range(plan, packet.get("source"), packet.number("length"))
    if packet.op == "LAUNCH":
        names = list(run_areas(_run(plan, packet)).items())[:-1]
        return [_Range(name, 0, size) for name, size in names]
    return []


def _writes(plan: Plan, packet: Packet) -> list[_Range]:
    if packet.op in {"COPY", "FILL", "WRITE"}:
        return _range(plan, packet.get("destination"), packet.number("length"))
    if packet.op == "SIGNAL" and packet.number("mode") == 2:
        return _range(plan, packet.get("destination"), 8)
    if packet.op == "LAUNCH":
        run = _run(plan, packet)
        if run.overrides:
            return []
        name, size = list(run_areas(run).items())[-1]
        return [_Range(name, 0, size - TAIL)]
    return []


def _run(plan: Plan, packet: Packet) -> Run:
    for run in plan.runs:
        if run.name == packet.run:
            return run
    raise Racy(f"no kernel run {packet.run!r}")


def _perform(plan: Plan, memory: Contents, packet: Packet, mixed: list[_Range]) -> None:
    written = _writes(plan, packet)
    if not written:
        return
    found = written[0]
    place, count = Place(found.area, found.first), found.last - found.first
    if packet.op == "COPY":
        source = _reads(plan, packet)[0]
        data = memory.read(Place(source.area, source.first), count)
        for part in mixed:
            low, high = part.first - source.first, part.last - source.first
            data = [*cut(data, 0, low), ["u", high - low], *cut(data, high, count)]
        memory.write(place, [["u", count]] if found.common(source) else joined(data))
    elif packet.op == "LAUNCH":
        if not all(memory.untouched(name) for name in list(run_areas(_run(plan, packet)))[:-1]):
            raise Racy("a kernel's operands were written to")
        memory.write(place, [["r", f"{packet.run}.result", 0, count]])
    else:
        memory.write(place, _constant(packet, count))


def _constant(packet: Packet, count: int) -> Segments:
    if packet.op == "WRITE":
        return [["x", packet.data[:count].hex()]]
    name = "pattern" if packet.op == "FILL" else "value"
    unit = packet.number(name).to_bytes(8, "little")
    if len(set(unit)) == 1:
        return [["f", unit[0], count]]
    return [["x", (unit * (count // 8 + 1))[:count].hex()]]
