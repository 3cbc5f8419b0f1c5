"""What a queue posts, in which order, and which slot of its ring it writes again when."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
from fake_transport import opened, prop, run, streamed
from hypothesis import given

from doorbell import encode, kernels
from doorbell.contract import PACKETS, Flag, Opcode, Space, limits, registers
from doorbell.queue import BATCH, RING_LOG2

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
