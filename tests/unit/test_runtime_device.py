"""Opening, reading, resetting and closing a device; and what a lost or foreign one says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_transport import ONES, FakeTransport, halted, opened, run, streamed

import doorbell
from doorbell import encode
from doorbell.contract import Error, FatalCause, QueueState, limits, reference, registers
from doorbell.device import Device
from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    DeviceLost,
    FaultError,
    IncompatibleDevice,
    LeakError,
    OutOfMemory,
    QueueError,
    UseAfterFree,
)
from doorbell.transport import Fault


def test_capabilities_are_what_the_registers_say_not_the_reference() -> None:
    _, device = opened(
        CAP_COUNTS=5 << 24 | 3 << 16 | 2 << 8 | 4,
        CAP_SEMAPHORES=2000,
        CAP_DEVICE_MEMORY=1 << 30,
        CAP_RING=9 << 16 | 7 << 8 | 3,
        CAP_TAGS=77,
        CAP_CLOCK=123,
        BOUND_RESET=11,
        BOUND_DRAIN=12,
        CONTRACT_VERSION=9 << 32 | 8 << 16 | limits.CONTRACT_MAJOR,
    )
    found = device.capabilities
    assert (found.vectors, found.units, found.channels, found.queues) == (5, 3, 2, 4)
    assert (found.semaphores, found.memory, found.tags, found.clock_hz) == (2000, 1 << 30, 77, 123)
    assert (found.window, found.ring_log2) == (9, (3, 7))
    assert (found.bound_reset, found.bound_drain) == (11, 12)
    assert found.version == (limits.CONTRACT_MAJOR, 8, 9)
    assert device.empty(1 << 29).nbytes == 1 << 29
    assert [device.stream().queue.number for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(OutOfMemory, match="all 4 queues"):
        device.stream()


def test_queues_share_vectors_when_there_are_few() -> None:
    transport, device = opened(CAP_COUNTS=3 << 24 | 2 << 16 | 8 << 8 | 8)
    streams = [device.stream() for _ in range(5)]
    for stream in streams:
        stream.submit(encode.nops(1))
    device.service()
    assert [int(transport.packets(queue)[0]["vector"]) for queue in range(5)] == [0, 1, 2, 0, 1]
    for queue in range(5):
        value = transport.posted(registers.QUEUE[queue].ERROR_VECTOR)[0]
        fields = registers.QUEUE[queue].ERROR_VECTOR.decode(value)
        assert fields == {"vector": queue % 3, "enable": 1}


# Opening ------------------------------------------------------------------------------------------


def test_another_major_version_is_refused_before_anything_else_is_read() -> None:
    transport = FakeTransport(CONTRACT_VERSION=limits.CONTRACT_MAJOR + 1)
    with pytest.raises(IncompatibleDevice, match=r"contract 1\.x, this runtime 0\.x"):
        opened(transport)
    assert transport.closed
    reads = [item.address for item in transport.did if item.kind == "read"]
    block = registers.DEVICE
    assert reads == [transport.offset(block.IDENTITY), transport.offset(block.CONTRACT_VERSION)]


def test_another_identity_is_refused() -> None:
    transport = FakeTransport()
    transport.registers[registers.DEVICE.IDENTITY.offset] = 0x1234
    with pytest.raises(IncompatibleDevice, match="IDENTITY reads 0x1234"):
        opened(transport)
    assert transport.closed


def test_no_device_is_lost_and_lets_go() -> None:
    transport = FakeTransport()
    transport.deaf = True
    with pytest.raises(DeviceLost):
        opened(transport)
    assert transport.closed


@pytest.mark.parametrize("deadline", [0, -1, 2.5, None])
def test_a_bad_deadline_is_refused(deadline: Any) -> None:
    transport = FakeTransport()
    with pytest.raises(ArgumentError, match=f"deadline.*{deadline}"):
        run(transport, Device.open(transport, deadline=deadline))
    assert transport.closed


def test_the_deadline_given_at_open_is_that_of_every_wait() -> None:
    transport = FakeTransport()

    async def program() -> None:
        async with doorbell.open(transport, deadline=777) as device:
            event = device.stream().record()
            await event

    with pytest.raises(DeadlineExceeded):
        run(transport, program())
    assert 777 <= transport.cycle < 1500


@pytest.mark.parametrize("status", [1 | FatalCause.INTERNAL << 8, 0])
def test_a_device_left_fatal_or_busy_is_reset_first(status: int) -> None:
    transport = FakeTransport()
    transport.registers[registers.DEVICE.STATUS.offset] = status
    _, device = opened_keeping(transport)
    kinds = [(item.kind, item.address) for item in transport.did]
    reset = kinds.index(("write", device.register(registers.DEVICE.CONTROL)))
    assert transport.did[reset].value == 1
    table = device.bar0 + registers.MSIX_TABLE.offset
    assert reset < kinds.index(("write", table)), "a reset takes the MSI-X table away"


def test_a_device_at_rest_is_not_reset() -> None:
    transport, _ = opened_keeping(FakeTransport())
    assert transport.posted(registers.DEVICE.CONTROL) == []


def opened_keeping(transport: FakeTransport) -> tuple[FakeTransport, Device]:
    device: Device = run(transport, Device.open(transport))
    return transport, device


# Registers ----------------------------------------------------------------------------------------


def test_all_ones_are_a_lost_device_only_when_identity_is_too() -> None:
    """RT-FAIL-001."""
    transport, device = opened()
    transport.registers[registers.DEVICE.SCRATCH.offset] = ONES
    assert run(transport, device.read(registers.DEVICE.SCRATCH)) == ONES
    assert len(transport.did) == 2
    transport.deaf = True
    with pytest.raises(
        DeviceLost, match=f"offset {registers.DEVICE.SCRATCH.offset:#x} and IDENTITY"
    ):
        run(transport, device.read(registers.DEVICE.SCRATCH))


def test_no_other_value_costs_a_second_read() -> None:
    transport, device = opened()
    for value in (0, 1, ONES - 1, ONES >> 1, 0xFFFF_FFFF):
        transport.registers[registers.DEVICE.SCRATCH.offset] = value
        transport.did.clear()
        assert run(transport, device.read(registers.DEVICE.SCRATCH)) == value
        assert len(transport.did) == 1


def test_counters_are_frozen_before_they_are_read() -> None:
    transport, device = opened()
    transport.registers[registers.DEVICE.COUNTER_COMMANDS.offset] = 5
    counters = run(transport, device.counters())
    assert counters["commands"] == 5
    assert next(iter(counters)) == "cycles"
    assert len(counters) == 8
    assert transport.did[0].address == device.register(registers.DEVICE.SNAPSHOT)
    assert {item.kind for item in transport.did[1:]} == {"read"}


# Memory -------------------------------------------------------------------------------------------


BAD_ARRAYS: dict[str, tuple[Any, Any, str]] = {
    "negative": ((-1, 4), np.int8, "dimension 0 = -1"),
    "float": ((2.0,), np.int8, "2.0"),
    "text": ("ab", np.int8, "'ab'"),
    "none": (None, np.int8, "None"),
    "object": ((2,), object, "object"),
    "no size": ((2,), "V0", "V0"),
    "text dtype": ((2,), "U", "<U0"),
    "no dtype": ((2,), "nonsense", "nonsense"),
}


@pytest.mark.parametrize(("shape", "dtype", "message"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
@pytest.mark.parametrize("make", ["empty", "zeros", "pinned"])
def test_bad_shapes_and_dtypes_are_refused(make: str, shape: Any, dtype: Any, message: str) -> None:
    _, device = opened()
    with pytest.raises(ArgumentError, match=message):
        getattr(device, make)(shape, dtype)
    assert device.memory.used == 0


@pytest.mark.parametrize("make", ["empty", "pinned"])
def test_a_product_that_leaves_64_bits_is_no_small_array(make: str) -> None:
    _, device = opened()
    for shape in ((1 << 32, 1 << 32), (1 << 62, 4), (1 << 63, 2)):
        with pytest.raises(OutOfMemory, match=r"184467440737095\d{5} bytes asked"):
            getattr(device, make)(shape)


def test_numpys_integers_are_shapes() -> None:
    _, device = opened()
    assert device.empty(np.int64(5)).shape == (5,)
    assert device.empty((np.uint8(2), 3), np.int16).nbytes == 12
    assert device.empty([4, 2]).shape == (4, 2)
    assert type(device.empty(np.int64(5)).shape[0]) is int


@pytest.mark.parametrize("align", [0, 3, -64, 1.5])
def test_alignments_are_powers_of_two(align: Any) -> None:
    _, device = opened()
    with pytest.raises(ArgumentError, match=f"align.*{align}"):
        device.empty(4, align=align)


def test_alignment_and_exhaustion_of_device_memory() -> None:
    _, device = opened()
    device.empty(1, align=1)
    assert device.empty(1, align=1 << 20).address == 1 << 20
    with pytest.raises(OutOfMemory, match=f"device memory: {1 << 26} bytes asked"):
        device.empty(1 << 26)


def test_reprs_say_what_and_where() -> None:
    _, device, stream = streamed()
    buffer = device.empty((3, 4), np.int16, align=4096)
    assert repr(buffer) == f"<Buffer int16 (3, 4) at DEVICE {buffer.address:#x}>"
    assert repr(device.pinned(7)).startswith("<HostArray uint8 (7,) at HOST 0x1000")
    assert repr(stream) == "<Stream on queue 0: 0 of 0 done>"
    assert repr(stream.record()) == "<Event 1 of queue 0>"
    assert repr(stream.semaphore) == f"<Semaphore {stream.semaphore.index}>"


# Reset --------------------------------------------------------------------------------------------


def test_device_reset_brings_every_stream_back() -> None:
    """ERR-RESET-004 takes registers, MSI-X table and semaphores; the runtime sets them up again."""
    transport, device, first = streamed()
    second = device.stream()
    transport.halt(1, 0, Error.DMA_CA)
    lost = first.record()
    first.flush()
    transport.did.clear()
    run(transport, device.reset())
    assert transport.posted(registers.DEVICE.CONTROL) == [1]
    table = [
        item for item in transport.did if item.address == device.bar0 + registers.MSIX_TABLE.offset
    ]
    assert len(table) == 1
    assert [transport.state(queue) for queue in (0, 1)] == [QueueState.RUNNING] * 2
    for stream in (first, second):
        index = stream.semaphore.index
        assert transport.semaphore("SET", index)[-1] == stream.queue.queued
        transport.latency = 5
        event = stream.record()
        run(transport, stream.synchronize())
        assert event.done
    with pytest.raises(QueueError, match="ABORTED"):
        run(transport, first.queue.reach(lost.value))


def test_errors_are_seen_again_after_a_device_reset() -> None:
    """The device counts generations from 1 again: the first new error has the number of an old one."""
    transport, device, stream = halted()
    with pytest.raises(QueueError):
        run(transport, stream.synchronize())
    run(transport, device.reset())
    stream.record()
    stream.flush()
    transport.halt(0, stream.queue.put - 1, Error.BAD_GRID)
    with pytest.raises(QueueError, match="BAD_GRID"):
        run(transport, stream.synchronize())


def test_a_device_that_stays_in_reset_is_a_hang_within_the_bound() -> None:
    transport, device = opened()
    transport.registers[registers.DEVICE.STATUS.offset] = 4
    with pytest.raises(DeadlineExceeded, match="device reset did not end within 1000 cycles"):
        run(transport, device.reset())


# Closing ------------------------------------------------------------------------------------------


def test_close_waits_for_all_work_and_stops_every_queue() -> None:
    transport, device, first = streamed(latency=300)
    second = device.stream()
    first.submit(encode.nops(400))
    second.record()
    run(transport, device.close())
    assert transport.doorbells(0)[-1] == 400
    assert [transport.state(queue) for queue in (0, 1)] == [QueueState.DISABLED] * 2
    assert transport.closed
    assert not transport.live
    assert device.streams == []


def test_close_names_what_is_left_behind() -> None:
    transport, device = opened()
    transport.leak_log += ["tag 7 is outstanding", "2 credits"]
    with pytest.raises(LeakError, match="left behind at the end: tag 7 is outstanding; 2 credits"):
        run(transport, device.close())
    assert transport.closed


def test_close_reports_faults_that_nobody_was_told_of() -> None:
    transport, device = opened()
    transport.fault_log.append(Fault("unmapped write", 0x1000, 4, 1))
    with pytest.raises(FaultError, match="0x1000"):
        run(transport, device.close())
    assert transport.closed


def test_close_reports_an_error_that_nobody_waited_for() -> None:
    transport, device, _ = halted(Error.BAD_KERNEL)
    device.service()
    with pytest.raises(QueueError, match="BAD_KERNEL"):
        run(transport, device.close())
    assert transport.closed


def test_close_is_quiet_about_an_error_that_was_raised() -> None:
    transport, device, stream = halted()
    with pytest.raises(QueueError):
        run(transport, stream.synchronize())
    run(transport, device.close())
    assert transport.posted(registers.QUEUE[0].CONTROL)[-1] == 4


def test_close_lets_go_even_when_a_stream_hangs() -> None:
    transport, device, stream = streamed()
    stream.record()
    with pytest.raises(DeadlineExceeded):
        run(transport, device.close())
    assert transport.closed


def test_an_exception_leaves_without_waiting() -> None:
    """Cancellation comes as an exception too: awaiting in `__aexit__` would die there."""
    transport = FakeTransport()

    async def program() -> None:
        async with doorbell.open(transport) as device:
            device.stream().record()
            transport.cycle = 0
            transport.did.clear()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(transport, program())
    assert transport.cycle == 0
    assert [item.kind for item in transport.did] == ["close"]


def test_memory_that_was_still_in_use_at_the_end_is_nobodys_trouble() -> None:
    """After an exception the device is let go of with commands under way; their records may come yet."""
    transport, device, stream = streamed()
    array = device.pinned(8)
    stream.fill(array)
    event = stream.record()
    stream.flush()
    array.free()
    device.abandon()
    transport.complete()
    assert event.done
    device_array = opened()[1].pinned(4)
    device_array.device.abandon()
    device_array.free()


def test_nothing_is_handed_out_after_the_end() -> None:
    transport, device, stream = streamed(latency=5)
    run(transport, device.close())
    for use in (
        device.stream,
        lambda: device.pinned(4),
        lambda: device.upload(np.zeros(3, np.int8)),
    ):
        with pytest.raises(UseAfterFree, match="closed"):
            use()
    with pytest.raises(UseAfterFree, match="closed"):
        stream.record()


def test_every_error_code_has_a_sentence_that_applies() -> None:
    """The rule that is printed is one the device keeps today and names the code."""
    from doorbell.contract import rules

    _, device = opened()
    for code in Error:
        if code is Error.NONE:
            continue
        name, _, text = device.explain(code).partition(": ")
        assert rules.RULES[name].status == "active"
        assert code.name in text
    assert device.explain(Error.BAD_OPCODE).startswith("CP-PKT-003")
    assert reference.QUEUES == 8
