"""Any order of use, free, completion, failure, reset and close: memory goes back exactly when nothing uses it."""

from __future__ import annotations

from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from fake_transport import SEED, opened, run
from hypothesis import seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from doorbell.buffer import Buffer
from doorbell.errors import QueueError, UseAfterFree
from doorbell.event import Event
from doorbell.stream import Stream

SIZE = 64


@dataclass
class Held:
    """A buffer, and the timeline value of each stream that it is used up to."""

    buffer: Buffer
    uses: dict[int, int] = field(default_factory=dict)


class Lifetimes(RuleBasedStateMachine):
    """Two streams and what they use, against plain bookkeeping."""

    @initialize()
    def start(self) -> None:
        self.transport, self.device = opened()
        self.streams: list[Stream] = [self.device.stream() for _ in range(2)]
        self.live: list[Held] = []
        self.freed: list[Held] = []
        self.events: list[tuple[Event, Stream]] = []
        self.done = [0, 0]
        self.lost: list[list[tuple[int, int]]] = [[], []]

    def pending(self, held: Held) -> bool:
        return any(self.done[number] < value for number, value in held.uses.items())

    @rule(data=st.data(), number=st.integers(0, 1), count=st.sampled_from([1, 1, 70]))
    def use(self, data: st.DataObject, number: int, count: int) -> None:
        if len(self.live) < 3:
            self.live.append(Held(self.device.empty(SIZE)))
        held = data.draw(st.sampled_from(self.live))
        stream = self.streams[number]
        for _ in range(count):
            try:
                stream.fill(held.buffer)
            except QueueError:
                assert stream.queue.error is not None
                return
            held.uses[number] = stream.queue.queued
        self.events.append((Event(stream, stream.queue.queued), stream))

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.live))
        self.live.remove(held)
        held.buffer.free()
        self.freed.append(held)
        with pytest.raises(UseAfterFree):
            self.streams[0].fill(held.buffer)

    @rule(number=st.integers(0, 1), data=st.data())
    def complete(self, number: int, data: st.DataObject) -> None:
        """The device finishes a batch that was rung and is not done, and the host looks."""
        stream = self.streams[number]
        rung = [
            value
            for value in self.transport.doorbells(number)
            if self.done[number] < value <= stream.queue.put
        ]
        if rung and stream.queue.error is None:
            value = data.draw(st.sampled_from(rung))
            self.transport.complete(number, value)
            self.done[number] = value
        self.device.service()

    @rule(number=st.integers(0, 1))
    def fail(self, number: int) -> None:
        stream = self.streams[number]
        stream.flush()
        if stream.queue.error is None and stream.queue.put > self.done[number]:
            self.transport.halt(number, self.done[number])
            self.device.service()
            assert stream.queue.error is not None

    @rule(number=st.integers(0, 1))
    def reset(self, number: int) -> None:
        stream = self.streams[number]
        before = stream.queue.queued
        run(self.transport, stream.reset())
        if before > self.done[number]:
            self.lost[number].append((self.done[number], before))
        self.done[number] = stream.queue.queued

    @rule()
    def reset_device(self) -> None:
        before = [stream.queue.queued for stream in self.streams]
        run(self.transport, self.device.reset())
        for number, stream in enumerate(self.streams):
            if before[number] > self.done[number]:
                self.lost[number].append((self.done[number], before[number]))
            self.done[number] = stream.queue.queued

    @invariant()
    def memory_is_what_is_in_use(self) -> None:
        self.device.service()
        kept = [held for held in self.freed if self.pending(held)]
        assert self.device.memory.used == SIZE * (len(self.live) + len(kept))

    @invariant()
    def events_say_what_happened(self) -> None:
        for event, stream in self.events:
            number = self.streams.index(stream)
            lost = any(low < event.value <= high for low, high in self.lost[number])
            assert event.done == (self.done[number] >= event.value and not lost)

    def teardown(self) -> None:
        if hasattr(self, "device"):
            self.transport.latency = 3
            for stream in self.streams:
                run(self.transport, stream.reset())
            run(self.transport, self.device.close())
            assert self.device.memory.used == SIZE * len(self.live)
            assert self.transport.live == {}


TestLifetimes = seed(SEED)(Lifetimes).TestCase
TestLifetimes.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, database=None
)
