"""Streams: what each call puts into the ring, barriers and overlap, ranges, ownership, download, close."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from fake_transport import halted, opened, prop, run, streamed
from hypothesis import given

from doorbell import encode, kernels
from doorbell.contract import Error, Flag, Opcode, QueueState, Space, registers
from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    FaultError,
    OutOfMemory,
    QueueError,
    UseAfterFree,
)
from doorbell.transport import Fault


def flags(transport: Any, queue: int = 0) -> list[tuple[str, bool]]:
    return [
        (Opcode(packet["opcode"]).name, bool(packet["flags"] & Flag.BARRIER))
        for packet in transport.packets(queue)
    ]


# Order in a stream --------------------------------------------------------------------------------


def test_commands_wait_for_each_other_by_default() -> None:
    transport, device, stream = streamed()
    a, b = device.empty(64), device.pinned(64)
    stream.copy(a, b)
    stream.fill(a)
    stream.write(a, b"x")
    stream.launch(small_gemm(device))
    stream.signal(device.semaphore(), 1)
    stream.wait(device.semaphore(), 1)
    stream.record()
    stream.flush()
    names = ["COPY", "FILL", "WRITE", "LAUNCH", "SIGNAL", "WAIT", "SIGNAL"]
    assert flags(transport) == [(name, True) for name in names]


def test_overlap_waits_once_at_each_end() -> None:
    """A NOP with BARRIER opens the block; inside nothing waits; the next command waits for all."""
    transport, device, stream = streamed()
    a = device.empty(64)
    stream.fill(a)
    with stream.overlap():
        stream.fill(a)
        stream.fill(a)
    stream.fill(a)
    stream.flush()
    expected = [("FILL", True), ("NOP", True), ("FILL", False), ("FILL", False), ("FILL", True)]
    assert flags(transport) == expected


def test_overlap_inside_overlap_and_after_an_exception() -> None:
    transport, device, stream = streamed()
    a = device.empty(64)
    with stream.overlap():
        stream.fill(a)
        with stream.overlap():
            stream.fill(a)
        stream.fill(a)
    with pytest.raises(ZeroDivisionError), stream.overlap():
        raise ZeroDivisionError
    stream.fill(a)
    stream.flush()
    assert flags(transport) == [
        ("NOP", True),
        ("FILL", False),
        ("NOP", True),  # its first command waits for all before it, here too
        ("FILL", False),
        ("FILL", False),
        ("NOP", True),
        ("FILL", True),
    ]


def test_submitted_flags_are_the_callers() -> None:
    transport, _, stream = streamed()
    packets = encode.nops(3)
    packets["flags"][1] = Flag.BARRIER
    stream.submit(packets)
    stream.submit(encode.nops(1))
    stream.flush()
    assert [barrier for _, barrier in flags(transport)] == [False, True, False, False]


# Operands -----------------------------------------------------------------------------------------


@prop(100)
@given(data=st.data())
def test_a_copy_moves_the_part_that_was_asked_for(data: st.DataObject) -> None:
    transport, device, stream = streamed()
    sizes = data.draw(st.tuples(st.integers(0, 300), st.integers(0, 300)))
    target, source = device.pinned(sizes[0]), device.empty(sizes[1])
    to, at = data.draw(st.integers(0, 320)), data.draw(st.integers(0, 320))
    length = data.draw(st.one_of(st.none(), st.integers(-3, 320)))
    want = sizes[1] - at if length is None else length
    fits = at <= sizes[1] and 0 <= want <= sizes[1] - at and to + want <= sizes[0]
    try:
        stream.copy(target, source, length, destination_offset=to, source_offset=at)
    except ArgumentError:
        assert not fits
        assert stream.queue.queued == 0
        return
    assert fits
    stream.flush()
    packet = transport.packets()[0]
    assert packet["source"] == source.address + at
    assert packet["destination"] == target.address + to
    assert packet["length"] == want
    assert (packet["source_space"], packet["destination_space"]) == (Space.DEVICE, Space.HOST)


PAST_THE_END = {
    "copy, source": (
        lambda s, d: s.copy(d.empty(200), d.empty(100), 101),
        "source length.*101.*0 to 100",
    ),
    "copy, destination": (
        lambda s, d: s.copy(d.empty(100), d.empty(200)),
        "destination length.*200.*0 to 100",
    ),
    "copy, offset": (
        lambda s, d: s.copy(d.empty(100), d.empty(100), 0, source_offset=101),
        "source offset.*101.*0 to 100",
    ),
    "copy, negative": (lambda s, d: s.copy(d.empty(8), d.empty(8), -1), "length.*-1"),
    "copy, float": (lambda s, d: s.copy(d.empty(8), d.empty(8), 2.0), "length.*2.0"),
    "fill": (lambda s, d: s.fill(d.empty(100), 0, 90, 11), "fill length.*11.*0 to 10"),
    "fill, pattern": (lambda s, d: s.fill(d.empty(8), 1 << 64), f"pattern = {1 << 64}"),
    "fill, negative pattern": (lambda s, d: s.fill(d.empty(8), -1), "pattern = -1"),
    "write": (lambda s, d: s.write(d.empty(100), b"1234", 97), "write length.*4.*0 to 3"),
    "write, 25 bytes": (lambda s, d: s.write(d.empty(100), bytes(25)), "25 bytes: at most 24"),
    "write, text": (lambda s, d: s.write(d.empty(100), "text"), "WRITE of str"),
    "upload, shape": (
        lambda s, d: s.upload(d.empty((2, 3)), np.zeros((3, 2), np.uint8)),
        r"\(3, 2\).*\(2, 3\)",
    ),
    "upload, dtype": (lambda s, d: s.upload(d.empty(3), np.zeros(3, np.int16)), "int16.*uint8"),
    "copy of an array": (
        lambda s, d: s.copy(d.empty(3), np.zeros(3, np.uint8)),
        "ndarray is not a buffer",
    ),
    "fill of an array": (lambda s, d: s.fill(np.zeros(3, np.uint8)), "ndarray is not a buffer"),
    "signal, value": (lambda s, d: s.signal(d.semaphore(), 1 << 64), f"value = {1 << 64}"),
    "signal of a number": (lambda s, d: s.signal(3, 1), "give a Semaphore"),
    "wait, value": (lambda s, d: s.wait(d.semaphore(), -1), "value = -1"),
    "wait, no value": (lambda s, d: s.wait(d.semaphore()), "needs a value"),
    "wait, event and value": (lambda s, d: s.wait(d.stream().record(), 3), "its own value"),
    "wait, deadline": (lambda s, d: s.wait(d.semaphore(), 1, deadline=-1), "deadline = -1"),
    "wait for a number": (lambda s, d: s.wait(3, 1), "give an Event or a Semaphore"),
    "launch, no unit": (lambda s, d: s.launch(small_gemm(d), units=0), "units.*0; give 1 to 3"),
    "launch, absent unit": (lambda s, d: s.launch(small_gemm(d), units=4), "units.*4; give 1 to 3"),
}


def small_gemm(device: Any) -> kernels.Launch:
    a, b = device.empty((2, 3), np.int8), device.empty((3, 4), np.int8)
    return kernels.gemm(a, b, device.empty((2, 4), np.int32))


@pytest.mark.parametrize(("call", "message"), PAST_THE_END.values(), ids=PAST_THE_END)
def test_bad_arguments_are_refused_before_the_device_hears_of_them(call: Any, message: str) -> None:
    """RT-SUBMIT-005: the value and its limit stand in the message, nothing is posted or staged."""
    transport, device, stream = streamed()
    with pytest.raises(ArgumentError, match=message):
        call(stream, device)
    assert stream.queue.queued == 0
    stream.flush()
    assert transport.doorbells() == []


def test_a_copy_of_4_gib_is_refused() -> None:
    _, device, stream = streamed()
    huge = device.empty(8)
    huge.nbytes = 1 << 32
    with pytest.raises(ArgumentError, match=f"{1 << 32}.*0 to {(1 << 32) - 1}"):
        stream.copy(huge, huge)
    stream.copy(huge, huge, (1 << 32) - 1)


USES = {
    "copy from": lambda s, x, y: s.copy(y, x),
    "copy to": lambda s, x, y: s.copy(x, y),
    "fill": lambda s, x, y: s.fill(x),
    "write": lambda s, x, y: s.write(x, b"1"),
    "upload": lambda s, x, y: s.upload(x, np.zeros(8, np.uint8)),
    "submit": lambda s, x, y: s.submit(encode.nops(1), y, x),
    "download": lambda s, x, y: run(s.device.transport, s.download(x)),
}


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_use_after_free_is_refused(use: Any, pinned: bool) -> None:
    _, device, stream = streamed(latency=5)
    buffer = device.pinned(8) if pinned else device.empty(8)
    other = device.empty(8)
    buffer.free()
    with pytest.raises(UseAfterFree, match=r"uint8 \(8,\) at .*used after it was freed"):
        use(stream, buffer, other)
    assert stream.queue.queued == 0
    with pytest.raises(UseAfterFree, match="freed twice"):
        buffer.free()


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_operands_of_another_device_are_refused(use: Any) -> None:
    _, device, stream = streamed(latency=5)
    _, stranger = opened()
    with pytest.raises(ArgumentError, match="another device"):
        use(stream, stranger.empty(8), device.empty(8))
    assert stream.queue.queued == 0


def test_semaphores_events_and_launches_of_another_device_are_refused() -> None:
    _, _, stream = streamed()
    _, stranger = opened()
    for use in (
        lambda: stream.signal(stranger.semaphore(), 1),
        lambda: stream.wait(stranger.semaphore(), 1),
        lambda: stream.wait(stranger.stream().record()),
        lambda: stream.launch(small_gemm(stranger)),
    ):
        with pytest.raises(ArgumentError, match="another device"):
            use()
    assert stream.queue.queued == 0


def test_a_launch_made_before_a_free_is_refused_after_it() -> None:
    _, device, stream = streamed()
    work = small_gemm(device)
    work.buffers[1].free()
    with pytest.raises(UseAfterFree, match=r"int8 \(3, 4\)"):
        stream.launch(work)
    assert stream.queue.queued == 0


def test_kernels_and_opcodes_that_the_device_lacks_are_refused() -> None:
    _, device, stream = streamed(
        CAP_KERNELS=0b100, CAP_OPCODES=1 << Opcode.LAUNCH | 1 << Opcode.NOP
    )
    with pytest.raises(ArgumentError, match=r"GEMM_S8.*0x4"):
        stream.launch(small_gemm(device))
    with pytest.raises(ArgumentError, match=r"FILL.*0x102"):
        stream.fill(device.empty(8))


# Memory that commands use -------------------------------------------------------------------------


def test_freed_memory_is_reused_only_when_its_last_command_is_done() -> None:
    """RT-DONE-004, over two streams."""
    transport, device, first = streamed()
    second = device.stream()
    buffer = device.empty(64)
    first.fill(buffer)
    second.fill(buffer)
    device.service()
    address = buffer.address
    buffer.free()
    assert device.empty(64).address != address
    transport.complete(0)
    device.service()
    assert device.empty(64).address != address
    transport.complete(1)
    device.service()
    assert device.empty(64).address == address


def test_unused_memory_comes_back_at_once() -> None:
    _, device, _ = streamed()
    with device.empty(64) as buffer:
        address = buffer.address
    assert device.empty(64).address == address
    with device.pinned(8) as array:
        array.free()  # early is fine


def test_memory_of_a_failed_stream_comes_back_with_its_reset() -> None:
    transport, device, stream = streamed()
    before = device.memory.used
    buffer = device.empty(64)
    stream.fill(buffer)
    stream.flush()
    buffer.free()
    transport.halt(0, 0)
    device.service()
    assert device.memory.used > before, "a HALTED queue may keep it until it is reset"
    run(transport, stream.reset())
    assert device.memory.used == before


def test_a_pinned_array_is_not_to_be_read_after_its_end() -> None:
    _, device, _ = streamed()
    array = device.pinned(4)
    array.free()
    with pytest.raises(UseAfterFree):
        _ = array.array
    assert "freed" in repr(array)


# Download and upload ------------------------------------------------------------------------------


def test_download_returns_what_the_device_wrote() -> None:
    transport, device, stream = streamed()
    buffer = device.empty((3, 5), np.int32)
    values = np.arange(15, dtype=np.int32).reshape(3, 5)

    def act() -> None:
        packet = transport.packets()[-1]
        transport.device_write(int(packet["destination"]), values)
        transport.complete()

    transport.at(40, act)
    before = device.host.used
    found = run(transport, stream.download(buffer))
    assert found.dtype == np.int32
    assert np.array_equal(found, values)
    assert device.host.used == before


def test_a_failed_download_gives_its_landing_back_only_when_the_queue_was_reset() -> None:
    """The copy may still write there until then."""
    transport, device, stream = streamed()
    buffer = device.empty(8)
    before = device.host.used
    with pytest.raises(DeadlineExceeded):
        run(transport, stream.download(buffer))
    assert device.host.used > before
    run(transport, stream.reset())
    assert device.host.used == before


def test_upload_takes_a_copy_of_the_array() -> None:
    transport, device, stream = streamed()
    values = np.arange(8, dtype=np.uint8)
    buffer = device.empty(8)
    stream.upload(buffer, values)
    values[:] = 0
    stream.flush()
    source = int(transport.packets()[0]["source"])
    assert transport.memory(source, 8).tolist() == list(range(8))
    used = device.host.used
    transport.complete()
    device.service()
    assert device.host.used < used, "the staging copy goes back when the COPY has retired"


# Faults and close ---------------------------------------------------------------------------------


def test_refused_writes_surface_once_at_synchronize() -> None:
    """RT-FAIL-003: posted writes never fail, so the host's log is the witness."""
    transport, _, stream = streamed(latency=5)
    transport.fault_log.append(Fault("unmapped write", 0x1234000, 64, 7))
    transport.fault_log.append(Fault("unmapped write", 0x1235000, 64, 8))
    stream.submit(encode.nops(1))
    with pytest.raises(
        FaultError, match=r"unmapped write, address 0x1234000, 64 bytes, cycle 7 \(and 1 more"
    ) as caught:
        run(transport, stream.synchronize())
    assert len(caught.value.faults) == 2
    run(transport, stream.synchronize())
    transport.fault_log.append(Fault("unmapped write", 0x1236000, 4, 9))
    with pytest.raises(FaultError, match="0x1236000"):
        run(transport, stream.synchronize())


def test_faults_of_earlier_programs_are_not_ours() -> None:
    from fake_transport import FakeTransport

    transport = FakeTransport(latency=5)
    transport.fault_log.append(Fault("unmapped write", 0x1234000, 64, 7))
    _, device = opened(transport)
    run(transport, device.stream().synchronize())


def test_close_drains_and_gives_everything_back() -> None:
    transport, device, stream = streamed(latency=50)
    before = device.host.used
    event = stream.record()
    other = device.stream()
    run(transport, other.close())
    assert transport.state(0) is QueueState.RUNNING
    run(transport, stream.close())
    assert event.done
    assert transport.state(0) is QueueState.DISABLED
    assert transport.posted(registers.QUEUE[0].CONTROL)[-1] == 2, "drained, not reset"
    assert device.host.used < before
    assert device.stream().queue.number == 0
    assert device.stream().queue.number == 1


def test_streams_run_out_and_come_back() -> None:
    transport, device = opened()
    streams = [device.stream() for _ in range(8)]
    pinned = device.host.used
    with pytest.raises(OutOfMemory, match="all 8 queues are in use; close a stream"):
        device.stream()
    assert device.host.used == pinned
    run(transport, streams[3].close())
    assert device.stream().queue.number == 3


def test_a_stream_without_a_semaphore_takes_no_queue() -> None:
    _, device = opened(CAP_SEMAPHORES=1)
    only = device.semaphore()
    pinned = device.host.used
    with pytest.raises(OutOfMemory, match="all 1 semaphores"):
        device.stream()
    assert device.host.used == pinned
    only.free()
    assert device.stream().queue.number == 0


def test_a_stream_as_context_manager() -> None:
    transport, device = opened(latency=20)

    async def program() -> None:
        async with device.stream() as stream:
            stream.submit(encode.nops(1))
        assert stream.queue.closed
        async with device.stream() as stream:
            await stream.close()

    run(transport, program())
    assert transport.doorbells() == [1]


def test_a_closed_stream_neither_flushes_nor_waits() -> None:
    """As every other call; its events still tell."""
    transport, device, stream = streamed(latency=5)
    event, other = stream.record(), device.stream()
    run(transport, stream.close())
    assert event.done
    with pytest.raises(UseAfterFree, match="stream on queue 0"):
        stream.flush()
    with pytest.raises(UseAfterFree, match="stream on queue 0"):
        run(transport, stream.synchronize())
    run(transport, device.close())
    with pytest.raises(UseAfterFree, match="closed"):
        other.flush()
    with pytest.raises(UseAfterFree, match="closed"):
        run(transport, other.synchronize())


def test_leaving_a_stream_by_an_exception_awaits_nothing() -> None:
    """A cancelled program must not wait (nor hide its own exception behind a second one)."""
    transport, device = opened()

    async def program() -> None:
        async with device.stream() as stream:
            stream.submit(encode.nops(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(transport, program())
    assert transport.cycle == 0


def test_closing_a_failed_stream_tells_whoever_was_not_told() -> None:
    transport, device, stream = halted(Error.BAD_MODE)
    device.service()
    with pytest.raises(QueueError, match="BAD_MODE"):
        run(transport, stream.close())
    assert transport.posted(registers.QUEUE[0].CONTROL)[-1] == 4
    assert device.stream().queue.number == 0


def test_closing_a_failed_stream_is_quiet_when_its_error_was_raised() -> None:
    transport, _, stream = halted()
    with pytest.raises(QueueError):
        run(transport, stream.synchronize())
    run(transport, stream.close())


def test_a_closed_queue_no_longer_looks_at_memory_that_is_others() -> None:
    transport, device, stream = streamed(latency=5)
    event = stream.record()
    run(transport, stream.close())
    everything = device.pinned(1 << 17)
    everything.array[:] = 0xFF
    assert event.done
    assert stream.queue.recorded == 1
    assert stream.queue.error is None


@pytest.mark.parametrize("weight", [0, 256, -1, 1.5])
def test_weights_are_checked(weight: Any) -> None:
    _, device = opened()
    with pytest.raises(ArgumentError, match=f"weight = {weight}; give.* 1 to 255"):
        device.stream(weight=weight)


def test_weights_reach_the_device() -> None:
    transport, device = opened()
    device.stream(weight=255)
    assert transport.posted(registers.QUEUE[0].WEIGHT) == [255]
