"""Making a plan smaller: every smaller one that still covers its goal is taken, until there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from doorbell_vectors.random.effects import run_areas
from doorbell_vectors.random.plan import (
    Access,
    Action,
    Area,
    Epoch,
    Mask,
    Packet,
    Place,
    Plan,
    Refused,
    Store,
    Submit,
)

__all__ = ["shrink"]

T = TypeVar("T")
_MOST: Final = 600
"""Smaller plans looked at before the last good one is taken."""


def shrink(plan: Plan, goal: set[str], covers: Callable[[Plan], set[str] | None]) -> Plan:
    """Return the smallest plan found that covers ``goal``; ``plan`` must."""
    left, tried = _MOST, 0
    again = True
    while again:
        again = False
        for at, smaller in enumerate(_smaller(plan)):
            if at < tried:  # they lost something on a larger plan, and mostly still do
                continue
            if left == 0:
                return plan
            left -= 1
            found = covers(smaller)
            if found is not None and goal <= found:
                plan, tried, again = smaller, at, True
                break
        else:
            again, tried = tried > 0, 0
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield plans with less in them, the boldest first."""
    for at in range(len(plan.epochs)):
        yield _used(replace(plan, epochs=_without(plan.epochs, at)))
    for at, epoch in enumerate(plan.epochs):
        for changed in _epochs(epoch):
            yield _used(replace(plan, epochs=_with(plan.epochs, at, changed)))
    yield from _setups(plan)


def _without(items: tuple[T, ...], at: int) -> tuple[T, ...]:
    return items[:at] + items[at + 1 :]


def _with(items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1 :])


def _used(plan: Plan) -> Plan:
    """Return ``plan`` without areas, kernel runs and queues that nothing names."""
    actions = [action for epoch in plan.epochs for action in epoch.actions]
    packets = [
        packet for action in actions if isinstance(action, Submit) for packet in action.packets
    ]
    named = {
        value.base for packet in packets for _, value in packet.fields if isinstance(value, Place)
    }
    named |= {action.place.base for action in actions if isinstance(action, Store)}
    queues = {action.queue for action in actions if isinstance(action, Submit | Refused)}
    vectors = {packet.vector for packet in packets if packet.flags & 4}
    vectors |= {action.vector for action in actions if isinstance(action, Mask)}
    vectors |= {queue.error_vector for queue in plan.queues if queue.error_vector is not None}
    launched = {packet.run for packet in packets}
    return replace(
        plan,
        areas=tuple(area for area in plan.areas if area.name in named),
        queues=tuple(queue for queue in plan.queues if queue.name in queues),
        vectors=tuple(vector for vector in plan.vectors if vector.number in vectors),
        runs=tuple(run for run in plan.runs if run.name in launched or set(run_areas(run)) & named),
    )


def _epochs(epoch: Epoch) -> Iterator[Epoch]:
    for at in range(len(epoch.actions)):
        yield replace(epoch, actions=_without(epoch.actions, at))
    for at, action in enumerate(epoch.actions):
        for changed in _actions(action):
            yield replace(epoch, actions=_with(epoch.actions, at, changed))
    if epoch.aborted:
        yield replace(epoch, aborted="")


def _actions(action: Action) -> Iterator[Action]:
    match action:
        case Submit():
            yield from _submits(action)
        case Store() if len(action.data) > 1:
            yield replace(action, data=action.data[: len(action.data) // 2])
        case Access() if action.value not in {0, 1}:
            yield replace(action, value=1)


def _submits(action: Submit) -> Iterator[Submit]:
    count = len(action.packets)
    if count > 3:
        yield replace(action, packets=action.packets[: count // 2])
        yield replace(action, packets=action.packets[count // 2 :])
    for at in range(count):
        yield replace(action, packets=_without(action.packets, at))
    for at, packet in enumerate(action.packets):
        for changed in _packets(packet):
            yield replace(action, packets=_with(action.packets, at, changed))
    if action.style != "whole":
        yield replace(action, style="whole")


def _packets(packet: Packet) -> Iterator[Packet]:
    for bit in (4, 1, 2):
        if packet.flags & bit:
            fields: dict[str, Any] = (
                {"vector": 0} if bit == 4 else {"record_shift": 0} if bit == 2 else {}
            )
            yield replace(packet, flags=packet.flags & ~bit, **fields)
    if packet.pokes:
        yield replace(packet, pokes=packet.pokes[:-1])
    if packet.opcode is not None:
        yield replace(packet, opcode=None)
    if packet.record_shift:
        yield replace(packet, record_shift=0)
    values = dict(packet.fields)
    length = values.get("length")
    if packet.op != "WRITE" and isinstance(length, int) and length > 1:
        for smaller in (length // 2, length - 1):
            yield replace(packet, fields=packet.having(length=smaller))
    for name, value in packet.fields:
        if isinstance(value, Place) and value.add >= 64 and not value.base.startswith("cap"):
            yield replace(packet, fields=packet.having(**{name: Place(value.base, value.add % 64)}))
        elif (
            isinstance(value, int)
            and value
            and name in {"pattern", "value", "deadline", "semaphore"}
        ):
            yield replace(
                packet,
                fields=packet.having(**{name: 0 if name != "pattern" else 0x0807060504030201}),
            )


def _setups(plan: Plan) -> Iterator[Plan]:
    for at, queue in enumerate(plan.queues):
        if queue.start:
            yield replace(plan, queues=_with(plan.queues, at, replace(queue, start=0)))
        if queue.error_vector is not None:
            yield _used(
                replace(plan, queues=_with(plan.queues, at, replace(queue, error_vector=None)))
            )
        plain = replace(queue, error_record=True, writeback=True, weight=1)
        if plain != queue:
            yield replace(plan, queues=_with(plan.queues, at, plain))
    for at, area in enumerate(plan.areas):
        for changed in _areas(area):
            yield replace(plan, areas=_with(plan.areas, at, changed))
    for at, vector in enumerate(plan.vectors):
        if vector.moderation:
            yield replace(plan, vectors=_with(plan.vectors, at, replace(vector, moderation=0)))
    for at, run in enumerate(plan.runs):
        for name in ("m", "n", "k"):
            size = getattr(run, name)
            if size > 1 and not run.overrides:
                yield replace(plan, runs=_with(plan.runs, at, replace(run, **{name: size // 2})))
    if plan.exact:
        yield replace(plan, exact=False)


def _areas(area: Area) -> Iterator[Area]:
    if area.size > 16:
        yield replace(area, size=area.size // 2)
        yield replace(area, size=area.size - 8)
    if area.window != "any":
        yield replace(area, window="any")
    if area.edge is not None:
        yield replace(area, edge=None)
