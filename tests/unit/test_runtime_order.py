"""Order between streams: events, semaphores, uploads; and how failure travels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_transport import opened, run, streamed

from doorbell import encode
from doorbell.contract import Error, Opcode, SignalMode, WaitCondition, registers
from doorbell.device import Device
from doorbell.errors import ArgumentError, DeadlineExceeded, QueueError, UseAfterFree
from doorbell.stream import Stream


def two(**options: Any) -> tuple[Any, Device, Stream, Stream]:
    transport, device = opened(**options)
    first, second = device.stream(), device.stream()
    transport.did.clear()
    return transport, device, first, second


# Events -------------------------------------------------------------------------------------------


def test_an_event_is_a_signal_of_the_streams_own_semaphore() -> None:
    transport, device, first, second = two()
    first.submit(encode.nops(2))
    event = first.record()
    second.wait(event)
    device.service()
    signal, wait = transport.packets(0)[-1], transport.packets(1)[0]
    assert (signal["mode"], signal["semaphore"]) == (SignalMode.SEMAPHORE_SET, wait["semaphore"])
    assert signal["value"] == wait["value"] == event.value == 3
    assert wait["condition"] == WaitCondition.GE
    assert first.semaphore.index != second.semaphore.index


def test_waiting_for_what_is_done_or_ones_own_costs_nothing() -> None:
    transport, device, first, second = two()
    event = first.record()
    first.wait(event)
    device.service()
    transport.complete(0)
    second.wait(event)
    device.service()
    assert transport.opcodes(0) == [Opcode.SIGNAL]
    assert second.queue.queued == 0


def test_one_wait_serves_all_earlier_events_of_the_same_stream() -> None:
    transport, device, first, second = two()
    early, late = first.record(), first.record()
    second.wait(late)
    second.wait(late)
    second.wait(early)
    device.service()
    assert transport.opcodes(1) == [Opcode.WAIT]
    second.wait(first.record())
    device.service()
    assert transport.opcodes(1) == [Opcode.WAIT, Opcode.WAIT]


def test_a_reset_forgets_what_was_waited_for() -> None:
    transport, _, first, second = two()
    event = first.record()
    second.wait(event)
    run(transport, second.reset())
    second.wait(event)
    second.flush()
    assert transport.packets(1, second.queue.put - 1)[0]["value"] == event.value


# Semaphores ---------------------------------------------------------------------------------------


def test_semaphores_carry_what_was_asked() -> None:
    transport, device, stream = streamed()
    semaphore = device.semaphore()
    stream.signal(semaphore, 5)
    stream.signal(semaphore, 6, add=True)
    stream.wait(semaphore, 7, equal=True, deadline=99)
    stream.flush()
    first, second, third = transport.packets()
    assert (first["mode"], first["value"]) == (SignalMode.SEMAPHORE_SET, 5)
    assert (second["mode"], second["value"]) == (SignalMode.SEMAPHORE_ADD, 6)
    assert (third["condition"], third["value"], third["deadline"]) == (WaitCondition.EQ, 7, 99)
    assert {int(packet["semaphore"]) for packet in transport.packets()} == {semaphore.index}


def test_a_new_semaphore_is_zero_and_healthy() -> None:
    transport, device = opened()
    semaphore = device.semaphore()
    assert transport.semaphore("SET", semaphore.index) == [0]
    assert transport.semaphore("POISON", semaphore.index) == [0]


def test_host_writes_of_semaphores() -> None:
    transport, device = opened()
    semaphore = device.semaphore()
    semaphore.set((1 << 64) - 1)
    semaphore.add(2)
    semaphore.poison()
    semaphore.poison(False)
    assert transport.semaphore("SET", semaphore.index)[1:] == [(1 << 64) - 1]
    assert transport.semaphore("ADD", semaphore.index) == [2]
    assert transport.semaphore("POISON", semaphore.index)[1:] == [1, 0]
    for bad in (-1, 1 << 64, 0.5):
        with pytest.raises(ArgumentError, match=f"{bad}"):
            semaphore.set(bad)  # type: ignore[arg-type]
    assert len(transport.did) == 6


def test_reach_compares_circularly_and_ends() -> None:
    transport, device = opened()
    semaphore = device.semaphore()
    at = registers.SEMAPHORE_SET.word(semaphore.index)
    transport.registers[at] = 2
    run(transport, semaphore.reach((1 << 64) - 5))
    transport.at(700, lambda: transport.registers.update({at: 9}))
    run(transport, semaphore.reach(9))
    with pytest.raises(
        DeadlineExceeded, match=f"semaphore {semaphore.index}: waited for 10, it is 9"
    ):
        run(transport, semaphore.reach(10, deadline=600))


def test_a_freed_semaphore_is_reused_when_its_last_command_is_done() -> None:
    transport, device, stream = streamed()
    semaphore = device.semaphore()
    index = semaphore.index
    stream.wait(semaphore, 1)
    stream.flush()
    semaphore.free()
    assert device.semaphore().index != index
    transport.complete()
    device.service()
    assert device.semaphore().index == index
    with pytest.raises(UseAfterFree, match="freed twice"):
        semaphore.free()
    for use in (
        lambda: stream.signal(semaphore, 1),
        lambda: stream.wait(semaphore, 1),
        semaphore.poison,
    ):
        with pytest.raises(UseAfterFree, match=f"semaphore {index}"):
            use()
    with pytest.raises(UseAfterFree):
        run(transport, semaphore.value())


def test_a_closed_streams_semaphore_waits_for_those_who_wait_for_it() -> None:
    """Set to 0 for its next owner, it would hold a WAIT that has not started yet."""
    transport, device, first, second = two()
    second.wait(first.record())
    device.service()
    transport.at(10, lambda: transport.complete(0))
    index = first.semaphore.index
    run(transport, first.close())
    taken = {device.semaphore().index for _ in range(4)}
    assert index not in taken
    transport.complete(1)
    device.service()
    assert device.semaphore().index == index


# Uploads ------------------------------------------------------------------------------------------


def test_another_stream_waits_for_an_upload_before_its_first_use() -> None:
    transport, device, stream = streamed()
    buffer = device.upload(np.arange(8, dtype=np.uint8))
    stream.fill(buffer)
    stream.fill(buffer)
    device.service()
    assert transport.opcodes(1) == [Opcode.COPY, Opcode.SIGNAL]
    assert transport.opcodes(0) == [Opcode.WAIT, Opcode.FILL, Opcode.FILL]
    assert transport.packets(0)[0]["value"] == transport.packets(1)[1]["value"]


def test_nobody_waits_for_an_upload_that_is_known_to_be_done() -> None:
    transport, device, stream = streamed()
    buffer = device.upload(np.arange(8, dtype=np.uint8))
    device.service()
    transport.complete(1)
    stream.fill(buffer)
    device.service()
    assert transport.opcodes(0) == [Opcode.FILL]


def test_submitted_packets_wait_for_the_uploads_they_name() -> None:
    transport, device, stream = streamed()
    buffer = device.upload(np.arange(8, dtype=np.uint8))
    stream.submit(encode.nops(2), buffer)
    device.service()
    assert transport.opcodes(0) == [Opcode.WAIT, Opcode.NOP, Opcode.NOP]


def test_zeros_are_filled_like_uploads() -> None:
    transport, device, stream = streamed()
    buffer = device.zeros((2, 4), np.int16)
    stream.write(buffer, b"1")
    device.service()
    fill = transport.packets(1)[0]
    assert (fill["opcode"], fill["length"], fill["pattern"]) == (Opcode.FILL, 16, 0)
    assert transport.opcodes(0) == [Opcode.WAIT, Opcode.WRITE]


@pytest.mark.parametrize(
    "values",
    [np.zeros((2, 0, 3), np.int8), np.array(3, np.int64), [[1, 2], [3, 4]], np.zeros(5)[::2]],
)
def test_uploads_of_all_shapes(values: Any) -> None:
    transport, device = opened(latency=5)
    buffer = device.upload(values)
    expected = np.asarray(values)
    assert (buffer.shape, buffer.dtype) == (expected.shape, expected.dtype)
    device.service()
    source = transport.packets()[0]["source"]
    assert transport.memory(int(source), expected.nbytes).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "values", [np.array([object()]), [[1], [2, 3]], None, np.array(["a"], object)]
)
def test_uploads_of_no_numbers_are_refused(values: Any) -> None:
    _, device = opened()
    before = (device.memory.used, device.host.used)
    with pytest.raises(ArgumentError):
        device.upload(values)
    assert (device.memory.used, device.host.used) == before


def test_an_upload_that_cannot_be_gives_its_memory_back() -> None:
    _, device = opened()
    for _ in range(8):
        device.stream()
    before = (device.memory.used, device.host.used)
    with pytest.raises(Exception, match="queues are in use"):
        device.upload(np.zeros(100, np.uint8))
    assert (device.memory.used, device.host.used) == before


def test_after_a_failed_upload_the_transfer_stream_can_be_mended() -> None:
    transport, device = opened()
    lost = device.upload(np.zeros(100, np.uint8))
    device.service()
    transport.halt(0, 0)
    device.service()
    with pytest.raises(QueueError):
        device.upload(np.zeros(100, np.uint8))
    run(transport, device.transfers.reset())
    stream = device.stream()
    with pytest.raises(QueueError):
        stream.fill(lost)
    assert stream.queue.queued == 0
    stream.fill(device.upload(np.zeros(100, np.uint8)))


# Failure travels ----------------------------------------------------------------------------------


def poisoned(transport: Any) -> set[int]:
    at = transport.offset(registers.DEVICE.IDENTITY) + registers.SEMAPHORE_POISON.offset
    return {
        (item.address - at) // 8
        for item in transport.did
        if item.kind == "write" and at <= item.address < at + 8 * 1024 and item.value == 1
    }


def test_a_failed_stream_poisons_what_it_would_have_signalled() -> None:
    """RT-FAIL-002: its own timeline and every semaphore of its unretired SIGNALs, and no other."""
    transport, device, stream = streamed()
    done, kept, owed, later = (device.semaphore() for _ in range(4))
    stream.signal(done, 1)
    stream.flush()
    transport.complete()
    device.service()
    stream.signal(kept, 1)  # packet 1
    stream.fill(device.empty(8))  # packet 2: fails
    stream.signal(owed, 1)
    stream.flush()
    stream.signal(later, 1, add=True)  # staged only
    transport.halt(0, 2)
    device.service()
    assert poisoned(transport) == {stream.semaphore.index, owed.index, later.index}


def test_a_reset_poisons_too_and_the_stream_gets_another_semaphore() -> None:
    """Waiters for what was stopped fail, however late their WAIT starts; later events are on a healthy one."""
    transport, device, first, second = two()
    second.wait(first.record())
    device.service()
    old = first.semaphore.index
    run(transport, first.reset())
    assert poisoned(transport) == {old}
    assert transport.semaphore("POISON", old)[-1] == 1, (
        "it is not healed while somebody waits for it"
    )
    assert first.semaphore.index != old
    assert transport.semaphore("SET", first.semaphore.index)[-1] == first.queue.queued
    transport.halt(1, 0, Error.WAIT_POISONED)
    device.service()
    run(transport, second.reset())
    taken = {second.semaphore.index, *(device.semaphore().index for _ in range(3))}
    assert old in taken, "then it is anybody's"


def test_a_freed_semaphore_is_poisoned_like_any_other() -> None:
    transport, device, stream = streamed()
    semaphore = device.semaphore()
    stream.signal(semaphore, 1)
    semaphore.free()
    stream.flush()
    transport.halt(0, 0)
    device.service()
    assert semaphore.index in poisoned(transport)


def test_waiting_for_what_a_reset_stopped_is_refused_at_once() -> None:
    transport, _, first, second = two()
    event = first.record()
    first.flush()
    run(transport, first.reset())
    with pytest.raises(QueueError, match="ABORTED"):
        second.wait(event)
    assert second.queue.queued == 0


def test_a_wait_timeout_says_which_waits_hold_which() -> None:
    """RT-FAIL-005, pitfall 32: a WAIT before its own SIGNAL in one queue, and streams behind that."""
    transport, device, first, second = two()
    semaphore, nobody = device.semaphore(), device.semaphore()
    first.wait(semaphore, 1)
    first.signal(semaphore, 1)
    event = first.record()
    second.wait(event)
    second.wait(nobody, 3, equal=True)
    device.service()
    transport.halt(0, 0, Error.WAIT_TIMEOUT, opcode=Opcode.WAIT)
    with pytest.raises(QueueError) as caught:
        run(transport, first.synchronize())
    text = str(caught.value)
    assert f"queue 0 packet 0 (called at {__file__}" in text
    assert (
        f"semaphore {semaphore.index} >= 1, which queue 0 packet 1 signals, behind this very WAIT"
        in text
    )
    assert f"semaphore {first.semaphore.index} >= 3, which queue 0 packet 2 signals" in text
    assert f"semaphore {nobody.index} == 3, which no command that is left signals" in text


def test_a_hang_says_which_waits_hold_which() -> None:
    transport, device, stream = streamed()
    semaphore = device.semaphore()
    stream.wait(semaphore, 2)
    stream.signal(device.semaphore(), 2)
    with pytest.raises(
        DeadlineExceeded, match=rf"queue 0 packet 0.*semaphore {semaphore.index} >= 2, which no"
    ):
        run(transport, stream.synchronize())


def test_other_errors_do_not_speak_of_waits() -> None:
    transport, device, stream = streamed()
    stream.wait(device.semaphore(), 2)
    stream.flush()
    transport.halt(0, 0, Error.DMA_CA)
    with pytest.raises(QueueError) as caught:
        run(transport, stream.synchronize())
    assert "waits for" not in str(caught.value)
