"""The queue: what is posted, in which order, what is overwritten when, and what a halted queue says to whom."""

from __future__ import annotations

import re
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from fake_transport import FakeTransport, opened, prop, run, streamed
from hypothesis import given

from doorbell import encode, kernels
from doorbell.contract import PACKETS, Error, Flag, Opcode, QueueState, Space, limits, registers
from doorbell.device import Device
from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    DeviceLost,
    QueueError,
    UseAfterFree,
)
from doorbell.queue import BATCH, RING_LOG2
from doorbell.stream import Stream

SIZE = 1 << RING_LOG2


def test_a_batch_is_published_once_and_then_rung_once() -> None:
    """RT-SUBMIT-001, RT-SUBMIT-004: the doorbell is the last of three packets' only MMIO."""
    transport, device, stream = streamed()
    for _ in range(3):
        stream.submit(encode.nops(1))
    assert transport.did == []
    stream.flush()
    assert [item.kind for item in transport.did] == ["publish", "write"]
    assert transport.did[1].address == device.register(registers.DOORBELL[0].DOORBELL)
    assert (transport.did[1].value, transport.did[1].size) == (3, 8)
    stream.flush()
    assert len(transport.did) == 2, "nothing new, nothing posted"


def test_what_the_doorbell_covers_stands_in_the_ring_when_it_is_rung() -> None:
    transport, device, stream = streamed()
    buffer = device.empty(100)
    stream.fill(buffer, 7)
    stream.write(buffer, b"abc", 5)
    assert not transport.packet(0)["opcode"][0]
    stream.flush()
    assert transport.opcodes() == [Opcode.FILL, Opcode.WRITE]


def test_only_the_last_packet_of_a_batch_records_and_interrupts() -> None:
    transport, device, _ = streamed()
    other = device.stream()
    other.submit(encode.nops(5))
    other.flush()
    packets = transport.packets(1)
    assert [int(packet["flags"]) for packet in packets] == [
        0,
        0,
        0,
        0,
        Flag.RECORD | Flag.INTERRUPT,
    ]
    assert [int(packet["record_value"]) for packet in packets] == [0, 0, 0, 0, 5]
    assert [int(packet["record_address"]) for packet in packets][:4] == [0, 0, 0, 0]
    assert packets[4]["record_address"] % limits.RECORD_BYTES == 0
    assert packets[4]["vector"] == 1, "each queue has its own vector"
    assert [int(packet["tag"]) for packet in packets] == [0, 1, 2, 3, 4]


def test_a_full_batch_goes_without_being_asked() -> None:
    transport, _, stream = streamed()
    for _ in range(BATCH - 1):
        stream.submit(encode.nops(1))
    assert transport.doorbells() == []
    stream.submit(encode.nops(1))
    assert transport.doorbells() == [BATCH]


def test_an_empty_submission_is_nothing() -> None:
    transport, _, stream = streamed()
    stream.submit(encode.nops(0))
    stream.flush()
    assert transport.did == []
    assert stream.queue.queued == 0


@prop(60)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("stage"), st.integers(1, 2 * SIZE)),
            st.tuples(st.just("done"), st.floats(0, 1)),
            st.tuples(st.just("flush"), st.just(0)),
        ),
        max_size=40,
    )
)
def test_a_slot_is_written_again_only_when_its_command_is_done(
    steps: list[tuple[str, Any]],
) -> None:
    """RT-SUBMIT-003 over many laps: put - recorded never exceeds the ring, and no live packet changes."""
    transport, device, stream = streamed()
    target = device.empty(8)
    live: dict[int, bytes] = {}
    staged = rung = done = 0
    batches: list[int] = []
    for kind, amount in [*steps, ("flush", 0)]:
        if kind == "stage":
            stream.submit(
                encode.encode(Opcode.FILL, amount, pattern=np.arange(staged, staged + amount)),
                target,
            )
            staged += amount
        elif kind == "done" and batches:
            done = batches[int(amount * (len(batches) - 1))]
            batches = [value for value in batches if value > done]
            transport.complete(0, done)
            live = {count: raw for count, raw in live.items() if count >= done}
        else:
            stream.flush()
        for put in transport.doorbells():
            if put > rung:
                batches.append(put)
                live |= {count: transport.packet(count).tobytes() for count in range(rung, put)}
                rung = put
        assert rung - done <= SIZE
        assert rung <= staged
        for count, raw in live.items():
            assert transport.packet(count).tobytes() == raw, (
                f"packet {count} changed under the device"
            )
    for count, raw in live.items():
        assert np.frombuffer(raw[8:16], np.uint64)[0] == count, "packets in the order of staging"
    stream.flush()
    assert rung == min(staged, done + SIZE), "what fits is in the ring"


def test_what_does_not_fit_goes_when_whoever_waits_finds_room() -> None:
    transport, _, stream = streamed(latency=50)
    stream.submit(encode.nops(5 * SIZE + 3))
    assert transport.doorbells() == [SIZE]
    run(transport, stream.synchronize())
    assert transport.doorbells() == [SIZE, 2 * SIZE, 3 * SIZE, 4 * SIZE, 5 * SIZE, 5 * SIZE + 3]


def test_argument_blocks_stay_until_their_launch_is_done() -> None:
    """Pitfall 39: one block for each slot of the ring, never shared by two live launches."""
    transport, device, stream = streamed()
    a, b, c = (
        device.empty((1, 1), np.int8),
        device.empty((1, 1), np.int8),
        device.empty((1, 1), np.int32),
    )
    works = [kernels.gemm(a, b, c) for _ in range(SIZE + 5)]
    for number, work in enumerate(works):
        work.arguments[24:28] = np.frombuffer(np.uint32(number + 1).tobytes(), np.uint8)
        stream.launch(work)

    def numbers(first: int) -> list[int]:
        found = []
        for packet in transport.packets(first=first):
            assert packet["arguments"] % limits.ARGUMENT_BYTES == 0
            block = transport.memory(int(packet["arguments"]), 64)
            found.append(int(block[24:28].view(np.uint32)[0]))
        return found

    assert transport.doorbells()[-1] == SIZE
    assert numbers(0) == list(range(1, SIZE + 1))
    transport.complete(0, BATCH)
    stream.flush()
    assert transport.doorbells()[-1] == SIZE + 5
    assert numbers(5) == list(range(6, SIZE + 6))


def test_the_ring_is_what_the_device_can_have() -> None:
    """Software assumes no count: a device whose largest ring is 16 packets gets one of 16."""
    transport, device = opened(latency=20, CAP_RING=8 << 16 | 4 << 8 | 1)
    stream = device.stream()
    assert transport.posted(registers.QUEUE[0].RING_LOG2) == [4]
    stream.submit(encode.nops(40))
    run(transport, stream.synchronize())
    assert transport.doorbells() == [16, 32, 40]


# Waiting ------------------------------------------------------------------------------------------


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

    transport, _, stream = streamed_on(Late())
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
    transport, device, stream = streamed_on(Fast())
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
    transport, device, stream = streamed_on(Fast())
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


def streamed_on(transport: Any) -> tuple[Any, Device, Stream]:
    _, device = opened(transport)
    stream = device.stream()
    return transport, device, stream


async def wait_for(*events: Any) -> None:
    for event in events:
        await event


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


# Errors -------------------------------------------------------------------------------------------


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
    transport, _, stream = streamed()
    stream.record()
    stream.flush()
    transport.halt(0, 0, 0x7F, opcode=0xEE)
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


# Reset --------------------------------------------------------------------------------------------


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


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [Flag.RECORD, Flag.INTERRUPT])
def test_flags_of_the_runtime_are_refused(flag: Flag) -> None:
    transport, _, stream = streamed()
    packets = encode.nops(3)
    packets["flags"][1] = flag
    with pytest.raises(ArgumentError, match="RECORD"):
        stream.submit(packets)
    assert transport.did == []


@pytest.mark.parametrize(
    "packets", [np.zeros(3, np.uint8), np.zeros((2, 2), encode.nops(1).dtype), [1, 2]]
)
def test_other_arrays_are_no_packets(packets: Any) -> None:
    _, _, stream = streamed()
    with pytest.raises(ArgumentError, match="dtype"):
        stream.submit(packets)


def test_submitted_packets_are_copied() -> None:
    transport, _, stream = streamed()
    packets = encode.nops(2)
    stream.submit(packets)
    packets["opcode"] = 0
    stream.flush()
    assert transport.opcodes() == [Opcode.NOP, Opcode.NOP]
    assert not packets["tag"].any()


OWN_BAR = {
    "copy from": lambda at: encode.copies(at, 0, 8, source_space=Space.HOST),
    "copy to": lambda at: encode.copies(0, at, 8, destination_space=Space.HOST),
    "fill": lambda at: encode.fill(at, 0, 8, space=Space.HOST),
    "write": lambda at: encode.write(at, b"12345678", space=Space.HOST),
    "signal": lambda at: encode.encode(Opcode.SIGNAL, mode=2, destination=at, value=1),
    "launch": lambda at: encode.launch(1, (1, 1, 1), at, unit_mask=1, space=Space.HOST),
}


@pytest.mark.parametrize("make", OWN_BAR.values(), ids=OWN_BAR)
@pytest.mark.parametrize("number", [0, 2])
def test_the_devices_own_bars_are_no_host_memory(make: Any, number: int) -> None:
    """RT-SUBMIT-006, at both ends of the BAR."""
    transport, device, stream = streamed()
    bar = device.function.bars[number]
    before, after = bar.address - 64, bar.address + bar.size
    stream.submit(np.concatenate([make(before), make(after)]))
    for at in (bar.address - 7, bar.address, bar.address + bar.size - 64):
        if at % 64 and make is OWN_BAR["launch"]:
            continue
        with pytest.raises(
            ArgumentError, match=rf"packet 1: .*{at:#x}.*BAR{number} \[{bar.address:#x}"
        ):
            stream.submit(np.concatenate([encode.nops(1), make(at)]))
    device_space = encode.copies(bar.address, bar.address, 8)
    stream.submit(device_space)  # not HOST: the device judges it
    assert transport.did == []


def test_a_closed_stream_takes_nothing() -> None:
    transport, _, stream = streamed(latency=5)
    run(transport, stream.close())
    for use in (stream.record, lambda: stream.submit(encode.nops(1))):
        with pytest.raises(UseAfterFree, match="queue 0 is used after it was closed"):
            use()
    for use_ in (stream.close, stream.reset):
        with pytest.raises(UseAfterFree):
            run(transport, use_())


def test_layouts_of_packets_are_those_of_the_contract() -> None:
    transport, device, stream = streamed()
    buffer = device.empty(64)
    stream.fill(buffer, 0x1122334455667788, 8, 16)
    stream.flush()
    found = transport.packets()[0]
    assert found.dtype == PACKETS[Opcode.FILL]
    assert (found["destination"], found["length"]) == (buffer.address + 8, 16)
    assert found["pattern"] == 0x1122334455667788
    assert found["destination_space"] == Space.DEVICE
