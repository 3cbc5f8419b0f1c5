"""A whole plan followed: how every epoch ends, what memory, semaphores and interrupts come to."""

from __future__ import annotations

from dataclasses import dataclass, field

from doorbell_vectors.random.effects import apply, run_areas
from doorbell_vectors.random.epoch import Followed, follow
from doorbell_vectors.random.memory import Contents
from doorbell_vectors.random.order import Racy
from doorbell_vectors.random.plan import (
    INTERRUPT,
    DeviceReset,
    Epoch,
    LostDoorbell,
    Mask,
    Place,
    Plan,
    Store,
    Submit,
)

__all__ = ["Outcome", "Result", "Signals", "outcome"]


@dataclass(frozen=True, slots=True)
class Result:
    """How one epoch ended; ``unspecified`` are the bits of commands with bytes that nobody can foretell."""

    followed: Followed
    unspecified: set[int]
    first: dict[str, int]
    """Packets of each queue since it was enabled, when the epoch began."""
    semaphores: dict[int, int]
    poisoned: frozenset[int]
    messages: dict[int, int]
    """Messages of each vector since the vector began, when the epoch has ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan comes to."""

    results: tuple[Result, ...]
    memory: Contents
    unsent: bool
    """Whether a vector holds events back until there are more."""


@dataclass(slots=True)
class Signals:
    """The vectors' state, by INT-MASK and INT-MOD rules."""

    moderation: dict[int, int]
    masked: set[int] = field(default_factory=set)
    pending: set[int] = field(default_factory=set)
    unsent: dict[int, int] = field(default_factory=dict)
    messages: dict[int, int] = field(default_factory=dict)

    def event(self, vector: int) -> None:
        """Take in one event."""
        if vector not in self.moderation:
            return
        if vector in self.masked:
            self.pending.add(vector)
            return
        self.unsent[vector] = self.unsent.get(vector, 0) + 1
        if self.unsent[vector] >= max(self.moderation[vector], 1):
            self.unsent[vector] = 0
            self.messages[vector] = self.messages.get(vector, 0) + 1

    def mask(self, action: Mask) -> None:
        """Mask or unmask; what is pending is sent at once."""
        if self.moderation.get(action.vector, 2) > 1:
            raise Racy("a moderated vector that is masked")
        if action.masked:
            self.masked.add(action.vector)
            return
        self.masked.discard(action.vector)
        if action.vector in self.pending:
            self.pending.discard(action.vector)
            self.messages[action.vector] = self.messages.get(action.vector, 0) + 1

    def reset(self) -> None:
        """Forget all but the count of messages."""
        self.masked.clear()
        self.pending.clear()
        self.unsent.clear()


def outcome(plan: Plan) -> Outcome:
    """Return what ``plan`` comes to on every device that keeps the contract.

    Raises:
        Racy: it comes to more than one thing, or does not fit its own rings and areas.
    """
    sizes = [(area.name, area.size) for area in plan.areas]
    for run in plan.runs:
        sizes += run_areas(run).items()
    memory = Contents(sizes)
    signals = Signals({vector.number: vector.moderation for vector in plan.vectors})
    values: dict[int, int] = {}
    poisoned: frozenset[int] = frozenset()
    placed = {queue.name: 0 for queue in plan.queues}
    results = []
    for epoch in plan.epochs:
        _before(plan, epoch, memory, signals)
        followed = follow(plan, epoch, values, poisoned)
        if any(isinstance(action, DeviceReset) for action in epoch.actions):
            values, poisoned = {}, frozenset()
            signals.reset()
            _lose_device(plan, memory)
            placed = dict.fromkeys(placed, 0)
        unspecified = apply(plan, memory, followed.commands)
        for number, semaphore in followed.semaphores.items():
            values = values | {number: semaphore.now}
            for write in semaphore.poisons:
                if write.semaphore is not None:
                    poisoned = (
                        poisoned | {number} if write.semaphore[2] & 1 else poisoned - {number}
                    )
        _events(plan, followed, signals)
        first, placed = placed, _placed(placed, followed)
        results.append(
            Result(followed, unspecified, first, values, poisoned, dict(signals.messages))
        )
    return Outcome(tuple(results), memory, any(signals.unsent.values()))


def _before(plan: Plan, epoch: Epoch, memory: Contents, signals: Signals) -> None:
    """Do what the host does before any command; check that nothing of it comes later, and that rings suffice."""
    submitted = False
    counts: dict[str, int] = {}
    sizes = {area.name: area.size for area in plan.areas}
    rings = {queue.name: 1 << queue.log2 for queue in plan.queues}
    numbers = {queue.number for queue in plan.queues}
    for action in epoch.actions:
        if isinstance(action, Submit):
            submitted = True
            counts[action.queue] = counts.get(action.queue, 0) + len(action.packets)
        elif isinstance(action, Store | Mask | DeviceReset) and submitted:
            raise Racy("the host changes what commands may be using")
        elif isinstance(action, Store):
            if action.place.add + len(action.data) > sizes.get(action.place.base, 0):
                raise Racy("a store outside its area")
            memory.write(action.place, [["x", action.data.hex()]])
        elif isinstance(action, Mask):
            signals.mask(action)
        elif isinstance(action, LostDoorbell) and action.number in numbers:
            raise Racy("that queue is enabled")
    if any(counts[name] > rings[name] for name in counts):
        raise Racy("more packets than the ring takes")
    if any(isinstance(action, DeviceReset) for action in epoch.actions) and len(epoch.actions) > 1:
        raise Racy("a device reset is alone in its epoch")


def _lose_device(plan: Plan, memory: Contents) -> None:
    for area in plan.areas:
        if not area.host:
            memory.forget(Place(area.name), area.size)
    for run in plan.runs:
        for name, size in run_areas(run).items():
            memory.forget(Place(name), size)


def _events(plan: Plan, followed: Followed, signals: Signals) -> None:
    for command in followed.commands:
        if command.packet is not None and command.packet.flags & INTERRUPT and not command.maybe:
            signals.event(command.packet.vector)
    for queue in plan.queues:
        ending = followed.endings.get(queue.name)
        if ending is not None and ending.kind == "halted" and queue.error_vector is not None:
            signals.event(queue.error_vector)


def _placed(placed: dict[str, int], followed: Followed) -> dict[str, int]:
    """Return packets since enabling after the epoch; recovery enables anew and places one."""
    after = dict(placed)
    for name, ending in followed.endings.items():
        after[name] = after[name] + ending.index if ending.kind == "idle" else 1
    return after
