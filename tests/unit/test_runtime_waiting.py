"""Waiting for a queue: who wakes when, what is booked before the doorbell, and what a hang says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_transport import FakeTransport, run, streamed, wait_for

from doorbell import encode
from doorbell.contract import registers
from doorbell.errors import ArgumentError, DeadlineExceeded, DeviceLost
from doorbell.queue import BATCH, RING_LOG2

SIZE = 1 << RING_LOG2


def test_a_record_counts_only_by_its_value_word() -> None:
    """RT-DONE-002: a timestamp alone, or an older value, is no completion."""
    transport, _, stream = streamed()
    event = stream.record()
    stream.flush()
    address = stream.queue.timeline_address
    transport.device_write(address, np.array([123], np.uint64))
    assert not event.done
    transport.complete()
    assert event.done


def test_no_register_is_read_between_submission_and_completion() -> None:
    """RT-DONE-001."""
    transport, device, stream = streamed(latency=100)
    buffer = device.upload(np.arange(64, dtype=np.uint8))
    stream.fill(buffer)
    run(transport, stream.synchronize())
    run(transport, stream.download(buffer))
    assert {item.kind for item in transport.did} == {"publish", "write"}


@pytest.mark.parametrize("step", range(4))
def test_an_event_between_the_look_and_the_sleep_is_not_lost(step: int) -> None:
    """RT-DONE-003: the record lands just before the wait's first, second, ... dealing with the transport."""

    class Late(FakeTransport):
        steps: int | None = None

        def reached(self) -> None:
            if self.steps == 0:
                self.complete()
            if self.steps is not None:
                self.steps -= 1

        def events(self) -> int:
            self.reached()
            return super().events()

        def now(self) -> int:
            self.reached()
            return super().now()

        async def wait(self, seen: int, until: int | None = None) -> int:
            self.reached()
            return await super().wait(seen, until)

    transport, _, stream = streamed(transport=Late())
    event = stream.record()
    stream.flush()
    transport.steps = step
    run(transport, wait_for(event))
    assert transport.cycle < 1000, "it slept up to its deadline"
    assert transport.steps is not None
    assert transport.steps < 0, "the record did land"


class Fast(FakeTransport):
    """A device that has done its work, and is noticed, before the doorbell's posting returns."""

    then: Any = None

    def write(self, address: int, value: int, size: int = 8) -> None:
        super().write(address, value, size)
        if self.then is not None and address == self.offset(registers.DOORBELL[0].DOORBELL):
            self.then()


def test_a_batch_is_booked_before_its_doorbell() -> None:
    """RT-SUBMIT-002, pitfall 16: completions may come at once."""
    transport, device, stream = streamed(transport=Fast())
    happened: list[bool] = []

    def complete() -> None:
        transport.complete()
        device.service()
        happened.append(stream.queue.recorded == stream.queue.put == stream.queue.queued)

    transport.then = complete
    events = [stream.record() for _ in range(3 * BATCH)]
    assert transport.doorbells() == [BATCH, 2 * BATCH, 3 * BATCH]
    assert happened == [True] * 3
    assert all(event.done for event in events)


def test_what_a_command_owes_is_booked_before_its_doorbell() -> None:
    """The last command of a full batch rings by itself: if that batch fails at once, its semaphore is poisoned."""
    transport, device, stream = streamed(transport=Fast())
    semaphore = device.semaphore()
    buffer = device.empty(8)
    stream.submit(encode.nops(BATCH - 2))
    stream.fill(buffer)

    def fail() -> None:
        transport.halt(0, BATCH - 2)
        device.service()

    transport.then = fail
    stream.signal(semaphore, 1)
    assert transport.semaphore("POISON", semaphore.index)[-1] == 1


def test_many_waiters_on_many_values_wake_when_theirs_has_come() -> None:
    """Pitfall 17: each waiter returns at its own value, in whatever order they were started."""
    transport, _, stream = streamed()
    woken: list[tuple[int, int]] = []

    async def waiter(value: int) -> None:
        await stream.queue.reach(value)
        woken.append((value, transport.now()))

    for value in range(1, 6):
        stream.submit(encode.nops(1))
        stream.flush()
        transport.at(100 * value, lambda value=value: transport.complete(0, value))
    run(transport, transport.together(*[waiter(value) for value in (3, 1, 5, 2, 4, 3)]))
    assert sorted(woken) == [(1, 100), (2, 200), (3, 300), (3, 300), (4, 400), (5, 500)]


def test_a_hang_names_what_was_waited_for_and_where_the_queue_stands() -> None:
    transport, _, stream = streamed()
    stream.submit(encode.nops(SIZE + 2))
    stream.flush()
    transport.complete(0, None)
    stream.submit(encode.nops(1))
    block = registers.QUEUE[0]
    transport.registers[block.GET.offset] = SIZE + 1
    transport.registers[block.RETIRED.offset] = SIZE
    with pytest.raises(DeadlineExceeded) as caught:
        run(transport, stream.synchronize(deadline=500))
    text = str(caught.value)
    for part in (
        "queue 0 is RUNNING",
        f"timeline {SIZE + 3}",
        f"record says {SIZE}",
        f"put {SIZE + 3}",
        f"GET {SIZE + 1}",
        f"{SIZE} retired",
        "cycle 5",
    ):
        assert part in text
    assert 500 <= transport.cycle < 600


def test_a_fatal_device_is_named_as_the_cause_of_a_hang() -> None:
    transport, _, stream = streamed()
    stream.submit(encode.nops(1))
    transport.registers[registers.DEVICE.STATUS.offset] = 3 << 8 | 1
    with pytest.raises(DeadlineExceeded, match=r"fatal \(TAGS_EXHAUSTED\).*device.reset"):
        run(transport, stream.synchronize())


def test_a_lost_device_is_found_when_a_wait_is_over() -> None:
    transport, _, stream = streamed()
    stream.submit(encode.nops(1))
    transport.deaf = True
    with pytest.raises(DeviceLost, match="all ones"):
        run(transport, stream.synchronize())


@pytest.mark.parametrize("deadline", [-1, 1.5])
def test_a_bad_deadline_is_refused(deadline: Any) -> None:
    transport, _, stream = streamed()
    with pytest.raises(ArgumentError, match=f"deadline.*{deadline}"):
        run(transport, stream.synchronize(deadline))
