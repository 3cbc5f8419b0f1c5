"""What a halted queue says, and to whom."""

from __future__ import annotations

import pytest
from fake_transport import halted, run, streamed, wait_for

from doorbell import encode
from doorbell.contract import Error
from doorbell.errors import QueueError


def here(offset: int = 0) -> str:
    import inspect

    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{__file__}:{frame.f_back.f_lineno + offset}"


def test_every_waiter_of_a_halted_queue_gets_the_error_with_the_call_site() -> None:
    transport, device, stream = streamed()
    buffer = device.empty(64)
    stream.fill(buffer)
    stream.copy(buffer, buffer, 8)
    site = here(-1)
    stream.fill(buffer)
    events = [stream.record() for _ in range(2)]
    stream.flush()
    transport.at(30, lambda: transport.halt(0, 1, Error.DMA_UR, 0xDEAD000))
    caught: list[QueueError] = []

    async def waiter(value: int) -> None:
        try:
            await stream.queue.reach(value)
        except QueueError as error:
            caught.append(error)

    run(transport, transport.together(*[waiter(event.value) for event in events], waiter(2)))
    assert len(caught) == 3
    report = caught[0].report
    assert (report.queue, report.code, report.index, report.address) == (
        0,
        Error.DMA_UR,
        1,
        0xDEAD000,
    )
    assert (report.opcode_name, report.tag, report.timestamp) == ("COPY", 1, 30)
    assert caught[0].site == site
    for part in (
        "DMA_UR",
        "DMA-ERR-001",
        "packet 1",
        "COPY",
        "0xdead000",
        "cycle 30",
        site,
        "reset()",
    ):
        assert part in str(caught[0])
    with pytest.raises(QueueError):  # sticky
        stream.fill(buffer)
    with pytest.raises(QueueError):
        run(transport, stream.synchronize())


def test_what_a_record_says_is_done_stays_done_when_the_queue_halts_later() -> None:
    transport, _, stream = streamed()
    first = stream.record()
    stream.flush()
    second = stream.record()
    stream.flush()
    transport.complete(0, 1)
    transport.halt(0, 1)
    run(transport, wait_for(first))
    assert first.done
    assert not second.done
    with pytest.raises(QueueError):
        run(transport, wait_for(second))


def test_the_site_is_that_of_the_failing_packet_of_many() -> None:
    transport, _, stream = streamed()
    sites = []
    for _ in range(3):
        stream.submit(encode.nops(100))
        sites.append(here(-1))
        stream.submit(encode.nops(1))
        sites.append(here(-1))
    transport.complete(0, None)
    stream.flush()
    transport.halt(0, 300, Error.BAD_FLAGS)
    with pytest.raises(QueueError) as caught:
        run(transport, stream.synchronize())
    assert caught.value.site == sites[4]


def test_the_site_of_a_block_is_the_callers_line() -> None:
    """Not that of the standard library's context manager in between."""
    transport, _, stream = streamed()
    with stream.overlap():
        site = here(-1)
        stream.flush()
    transport.halt(0, 0)
    with pytest.raises(QueueError) as caught:
        run(transport, stream.synchronize())
    assert caught.value.site == site


def test_a_code_of_a_later_contract_is_reported_by_number() -> None:
    transport, _, stream = halted(0x7F, opcode=0xEE)
    with pytest.raises(QueueError, match=r"error 0x7f.*0xee"):
        run(transport, stream.synchronize())


def test_a_halted_queue_takes_no_more_doorbells() -> None:
    transport, _, stream = streamed()
    stream.record()
    stream.flush()
    stream.submit(encode.nops(3))
    transport.halt(0, 0)
    rung = transport.doorbells()
    stream.flush()
    assert transport.doorbells() == rung


def test_old_error_memory_is_no_new_error() -> None:
    """The generation tells them apart: after a reset the record still stands in memory."""
    transport, _, stream = streamed(latency=10)
    stream.record()
    transport.halt(0, 0)
    with pytest.raises(QueueError):
        run(transport, stream.synchronize())
    run(transport, stream.reset())
    stream.record()
    run(transport, stream.synchronize())
    transport.halt(0, stream.queue.queued, Error.WATCHDOG)
    stream.queue.refresh()
    assert stream.queue.error is not None
    assert stream.queue.error.report.code is Error.WATCHDOG
    assert stream.queue.error.report.generation == 2
