"""What a reset drops, whom it tells, and when it is over."""

from __future__ import annotations

import re

import pytest
from fake_transport import run, streamed, wait_for

from doorbell import encode
from doorbell.contract import Error, QueueState, registers
from doorbell.errors import DeadlineExceeded, QueueError
from doorbell.queue import RING_LOG2

SIZE = 1 << RING_LOG2


def test_reset_drops_what_is_staged_and_the_timeline_goes_on_behind_it() -> None:
    transport, _, stream = streamed()
    stream.submit(encode.nops(SIZE + 10))
    stopped = stream.queue.queued
    transport.halt(0, 3)
    run(transport, stream.reset())
    assert transport.state(0) is QueueState.RUNNING
    start = transport.posted(registers.QUEUE[0].START)[-1]
    assert start > stopped
    run(transport, stream.synchronize())  # nothing is left to wait for
    stream.submit(encode.nops(1))
    stream.flush()
    assert transport.doorbells()[-1] == start + 1
    assert transport.packet(start)["record_value"][0] == start + 1
    transport.complete()
    run(transport, stream.synchronize())


def test_events_of_what_a_reset_stopped_never_happen() -> None:
    """RT-FAIL-004: ABORTED, for those who wait already and those who come later."""
    transport, _, stream = streamed()
    before = stream.record()
    stream.flush()
    transport.complete()
    in_ring = stream.record()
    stream.flush()
    staged = stream.record()
    caught: list[QueueError] = []

    async def waiter() -> None:
        try:
            await in_ring
        except QueueError as error:
            caught.append(error)

    run(transport, transport.together(waiter(), stream.reset()))
    assert [error.report.code for error in caught] == [Error.ABORTED]
    assert re.match(
        r"queue 0 was reset: ABORTED \(RT-FAIL-004: .*\) at packet 1, SIGNAL tag 0x1",
        str(caught[0]),
    )
    assert "stream.reset()" not in str(caught[0]), "that is what happened"
    run(transport, wait_for(before))
    assert before.done
    for event in (in_ring, staged):
        assert not event.done
        with pytest.raises(QueueError, match="ABORTED"):
            run(transport, wait_for(event))
    after = stream.record()
    stream.flush()
    transport.complete()
    run(transport, wait_for(after))


def test_events_of_a_failed_stream_keep_its_error_after_the_reset() -> None:
    transport, _, stream = streamed()
    event = stream.record()
    stream.flush()
    transport.halt(0, 0, Error.BAD_SPACE)
    run(transport, stream.reset())
    with pytest.raises(QueueError, match="BAD_SPACE"):
        run(transport, wait_for(event))


def test_nothing_is_staged_while_a_reset_is_under_way() -> None:
    """Its doorbell would be dropped by the DISABLED queue, and its waiters would wait for ever."""
    transport, _, stream = streamed()
    refused: list[QueueError] = []

    async def late() -> None:
        while transport.state(0) is QueueState.RUNNING:
            await transport.wait(transport.events(), transport.now() + 1)
        try:
            stream.record()
        except QueueError as error:
            refused.append(error)

    transport.stubborn = True
    transport.at(150, lambda: setattr(transport, "stubborn", False))
    transport.at(151, lambda: transport._control(0, 4))
    run(transport, transport.together(late(), stream.reset()))
    stream.record()
    assert [error.report.code for error in refused] == [Error.ABORTED]


def test_a_queue_that_does_not_stop_is_a_hang_within_the_bound() -> None:
    transport, _, stream = streamed()
    transport.stubborn = True
    with pytest.raises(DeadlineExceeded, match="queue 0: reset did not end within 1000 cycles"):
        run(transport, stream.reset())
    assert 1000 <= transport.cycle < 1200


def test_a_reset_waits_for_idle() -> None:
    """RT-DONE-004: memory may go only when the queue is DISABLED with idle set."""
    transport, device, stream = streamed()
    buffer = device.empty(64)
    used = device.memory.used
    stream.fill(buffer)
    stream.flush()
    buffer.free()
    assert device.memory.used == used, "still in use by the FILL"
    status = registers.QUEUE[0].STATUS
    busy = status.encode(state=QueueState.DISABLED, idle=0)
    idle = status.encode(state=QueueState.DISABLED, idle=1)
    transport.stubborn = True
    transport.registers[status.offset] = busy
    transport.at(300, lambda: transport.registers.update({status.offset: idle}))
    transport.at(299, lambda: seen.append(device.memory.used))
    seen: list[int] = []
    run(transport, stream.reset())
    assert transport.cycle >= 300
    assert seen == [used]
    assert device.memory.used == used - 64
