"""A plan from a seed and the number of a candidate."""

from __future__ import annotations

from typing import Final

from doorbell_vectors.random.draw_packets import Drawn, packet
from doorbell_vectors.random.plan import (
    RECORD,
    Access,
    Action,
    Area,
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
    Run,
    Store,
    Submit,
    Vector,
)
from doorbell_vectors.random.stream import Draw

__all__ = ["plan_of"]

_STARTS: Final = (0, 0, 1 << 16, 1 << 32, 0)
_STYLES: Final = ("whole", "whole", "halves", "staged", "twice", "batches", "ahead")
_REGISTERS: Final = (
    "DEVICE.SCRATCH",
    "QUEUE[5].START",
    "QUEUE[4].WAIT_LIMIT",
    "QUEUE[5].WATCHDOG_LIMIT",
)
_FILLS: Final = (0x0102030405060708, 0, (1 << 64) - 1)


def plan_of(seed: int, candidate: int) -> Plan:
    """Return the plan that is candidate ``candidate`` of ``seed``; it may turn out to be no vector (`Racy`)."""
    draw = Draw(seed, candidate)
    areas = (
        *(_area(draw, f"h{n}", host=True) for n in range(draw.between(1, 2))),
        *(_area(draw, f"d{n}", host=False) for n in range(draw.between(1, 2))),
    )
    vectors = tuple(Vector(n, draw.pick((0, 0, 1, 2, 3))) for n in range(draw.below(3)))
    queues = tuple(_queue(draw, n, vectors) for n in range(draw.pick((1, 1, 2, 2, 3, 4))))
    runs = (_run(draw, "g0"),) if draw.chance(25) else ()
    drawn = Drawn(areas, vectors, runs, draw.pick((0, 0, 0, 1, 2)))
    epochs = [_epoch(draw, drawn, queues) for _ in range(draw.between(1, 3))]
    if draw.chance(8):
        epochs.insert(draw.below(len(epochs) + 1), Epoch((DeviceReset(),)))
    return Plan(areas, queues, vectors, runs, tuple(epochs), exact=draw.chance(50))


def _area(draw: Draw, name: str, *, host: bool) -> Area:
    size = draw.pick((64, 160, 300, 700, 700, 5000))
    if not host:
        return Area(name, size, host)
    edge = -draw.between(1, 300) if draw.chance(40) else None
    return Area(name, size, host, edge, "low" if draw.chance(10) else "any")


def _queue(draw: Draw, number: int, vectors: tuple[Vector, ...]) -> Queue:
    log2 = draw.pick((1, 2, 3, 4, 4, 5))
    near = draw.pick(_STARTS)
    start = (near - draw.below((1 << log2) + 3)) % (1 << 64) if draw.chance(70) else draw.word()
    error_vector = draw.pick(vectors).number if vectors and draw.chance(30) else None
    return Queue(
        f"q{number}",
        number,
        log2,
        start,
        error_vector,
        error_record=not draw.chance(10),
        writeback=not draw.chance(15),
        weight=draw.pick((1, 1, 0, 3, 255)),
    )


def _run(draw: Draw, name: str) -> Run:
    kernel = draw.pick(("GEMM_S8", "REQUANTISE"))
    m, n, k = draw.pick((1, 2, 5, 16, 17)), draw.pick((1, 3, 7, 65)), draw.pick((1, 2, 3, 9))
    bad: tuple[tuple[str, int], ...] = ()
    if draw.chance(30):
        wrong = [("m", 0), ("n", 65537), (f"byte{draw.between(48, 63)}", draw.between(1, 255))]
        if kernel == "GEMM_S8":
            wrong += [("k", 0), ("lda", k - 1), ("c", 65538), ("a", 1 << 39), ("ldc", 4 * n + 2)]
        else:
            wrong += [
                ("shift", 63),
                ("shift", 0),
                ("multiplier", 1 << 31),
                ("x", 65538),
                ("y", 1 << 39),
            ]
        bad = (draw.pick(wrong),)
    return Run(name, kernel, m, n, k, draw.chance(30), bad)


def _epoch(draw: Draw, drawn: Drawn, queues: tuple[Queue, ...]) -> Epoch:
    actions: list[Action] = [_host(draw, drawn) for _ in range(draw.pick((0, 0, 1, 2)))]
    chosen = [queue for queue in queues if draw.chance(75)] or [queues[0]]
    aborted = draw.pick(chosen).name if draw.chance(8) else ""
    left = {queue.name: 1 << queue.log2 for queue in chosen}
    for _ in range(draw.pick((1, 1, 2))):
        for queue in chosen:
            count = (
                left[queue.name] if draw.chance(20) else min(draw.between(1, 6), left[queue.name])
            )
            if count:
                left[queue.name] -= count
                actions.append(_submit(draw, drawn, queue, count, calm=queue.name == aborted))
    if draw.chance(35):
        actions.append(_poke(draw, drawn))
    if not aborted and draw.chance(8):
        actions.append(Refused(draw.pick(chosen).name, _refused(draw)))
    return Epoch(tuple(actions), aborted)


def _refused(draw: Draw) -> int:
    if draw.chance(50):
        return -draw.pick((1, 2, 1 << 16, 1 << 32, 1 << 62))
    return draw.pick((33, 64, 1 << 32, 1 << 62))


def _submit(draw: Draw, drawn: Drawn, queue: Queue, count: int, *, calm: bool) -> Submit:
    packets: list[Packet] = [packet(draw, drawn, calm=calm) for _ in range(count)]
    if count > 1 and packets[-1].op == "WAIT":
        before = packets[-2]
        packets[-2] = Packet("NOP", RECORD) if before.op == "LAUNCH" else before
    return Submit(queue.name, tuple(packets), draw.pick(_STYLES))


def _poke(draw: Draw, drawn: Drawn) -> Poke:
    kind = draw.pick(("SET", "ADD", "ADD", "POISON"))
    value = draw.pick((1, 1, 2, drawn.base, drawn.base + 1, 0, draw.word()))
    return Poke(kind, draw.between(0, 2), 1 if kind == "POISON" else value)


def _host(draw: Draw, drawn: Drawn) -> Action:
    """Return something that the host does before it submits."""
    what = draw.below(6)
    if what == 0:
        return Access(draw.pick(_REGISTERS), draw.pick(("", "lo", "hi")), draw.word() >> 32)
    if what == 1:
        area = draw.pick(drawn.areas)
        at = draw.below(area.size)
        return Store(Place(area.name, at), draw.octets(min(draw.between(1, 40), area.size - at)))
    if what == 2 and drawn.vectors:
        return Mask(draw.pick(drawn.vectors).number, draw.chance(50))
    if what == 3:
        return LostDoorbell(draw.between(4, 7), draw.pick((0, 1, draw.word())))
    return _poke(draw, drawn)
