"""The host side of the link against the toy device. Run by tests/unit/test_host.py, all in one process."""

from __future__ import annotations

import os
from collections.abc import Callable

import cocotb
import numpy as np
import pytest
from toy import BAR, DEVICE, MEMORY, Toy

from doorbell.contract import TlpKind
from doorbell_tb.errors import HostError
from doorbell_tb.host_types import Access, FaultKind, InjectKind, ReplyStatus
from doorbell_tb.profiles import profile
from doorbell_tb.rng import Stream
from doorbell_tb.tlp import Columns, Tlp, compare_and_swap, fetch_add, memory_read, memory_write
from doorbell_tb.trace import NONE, TlpFlag, ladder, payload_hash

SEED = int(os.environ["DOORBELL_SEED"])
HARSH, IDEAL = profile("harsh"), profile("ideal")


def pattern(size: int, seed: int = SEED) -> np.ndarray:
    return Stream(seed, 99).bytes(size).copy()


# ---- MMIO ----


@cocotb.test()
async def mmio_writes_carry_bytes_and_enables(dut):
    toy = Toy(dut, HARSH, SEED)
    expected = []
    for size in range(1, 9):
        for offset in range(9 - size):
            value = 0x1122334455667788 & ((1 << 8 * size) - 1)
            toy.host.mmio_write(BAR + 0x800 + offset, value, size)
            toy.host.mmio_write(0x8000_0800 + offset, value, size)  # below 4 GiB: short header
            expected += [(BAR + 0x800 + offset, size), (0x8000_0800 + offset, size)]
    await toy.quiet()
    columns = toy.columns()
    assert list(zip(columns.begin.tolist(), columns.meant.tolist(), strict=True)) == expected
    assert columns.write.all() and not columns.to_host.any()
    assert (columns.wide == (columns.begin >= 1 << 32)).all()
    for row, (address, size) in zip(toy.host.trace(), expected, strict=True):
        shift = 8 * (address & 3)
        mask = (1 << 8 * size) - 1
        assert int(row["first"]) >> shift & mask == 0x1122334455667788 & mask


@cocotb.test()
async def reads_return_the_bytes_asked_for(dut):
    toy = Toy(dut, HARSH, SEED)
    memory = np.arange(0, 1 << 12, 4, dtype=np.uint32).view(np.uint8)  # the toy answers addresses
    ids = {}
    for size in range(1, 9):
        for offset in range(9 - size):
            ids[toy.host.mmio_read(0x100 + offset, size)] = (0x100 + offset, size)
    for identifier, (address, size) in ids.items():
        reply = await toy.reply(identifier)
        expected = int.from_bytes(memory[address : address + size].tobytes(), "little")
        assert (reply.status, reply.value) == (ReplyStatus.SC, expected)
        assert Columns(toy.host.trace()).completion[reply.trace]
    with pytest.raises(HostError, match="collected already"):
        toy.host.result(next(iter(ids)))
    assert not any(vars_of(toy.host.leaks()))


@cocotb.test()
async def bulk_reads_and_writes_of_any_alignment(dut):
    toy = Toy(dut, HARSH, SEED)
    await toy.enumerate()
    draws = Stream(SEED, 50)
    for _ in range(25):
        address, size = draws.between(0x1000, 0x1100), draws.between(0, 3000)
        out = np.zeros(size, np.uint8)
        reply = await toy.reply(toy.host.read_bulk(address, out))
        whole = np.arange(0, 0x2000, 4, dtype=np.uint32).view(np.uint8)
        assert (reply.status, reply.value) == (ReplyStatus.SC, size)
        assert (out == whole[address : address + size]).all()
    for _ in range(25):
        address, size = draws.between(BAR + 0x800, BAR + 0x900), draws.between(0, 3000)
        start, data = toy.host.trace_count, draws.bytes(size)
        toy.host.write_bulk(address, data)
        await toy.quiet()
        columns = toy.columns(start)
        assert columns.meant.sum() == size
        assert (columns.meant <= HARSH.mmio_write_bytes).all()
        ends = columns.begin + columns.meant.astype(np.uint64)
        assert not size or (columns.begin[0] == address and (ends[:-1] == columns.begin[1:]).all())
        assert (ends[:-1] % np.uint64(HARSH.mmio_write_bytes) == 0).all()
        if size > 700:
            at, row = int(columns.begin[2]) - address, columns.trace[2]
            assert int(row["hash"]) == payload_hash(data[at : at + int(row["payload"])].tobytes())


@cocotb.test()
async def reads_stay_behind_writes(dut):
    toy = Toy(dut, HARSH, SEED)
    ids = []
    for index in range(60):
        toy.host.mmio_write(BAR + 0x800, index, 8)
        ids.append(toy.host.mmio_read(0x100, 8))
    for identifier in ids:
        await toy.reply(identifier)
    sent = toy.columns()
    sent_write = np.cumsum(sent.write & ~sent.to_host)
    reads = np.flatnonzero(sent.read & ~sent.to_host)
    assert (
        sent_write[reads] >= np.arange(1, 61)
    ).all()  # a write may pass a read, never the reverse
    values = sent.trace["first"][sent.write & ~sent.to_host]
    assert (values == np.arange(60)).all()


@cocotb.test()
async def many_at_once(dut):
    toy = Toy(dut, HARSH, SEED)
    addresses = np.arange(0x200, 0x200 + 8 * 300, 8, dtype=np.uint64)
    sizes = np.full(300, 8, np.uint32)
    toy.host.mmio_write_many(BAR + addresses, addresses, sizes)
    ids = toy.host.mmio_read_many(addresses, sizes)
    assert toy.host.results(ids) is None
    await toy.quiet()
    replies = toy.host.results(ids)
    assert (replies["value"] & 0xFFFFFFFF == addresses).all() and not replies["status"].any()
    with pytest.raises(HostError, match="unknown"):
        toy.host.results(ids)


@cocotb.test()
async def errors_timeouts_and_late_answers(dut):
    toy = Toy(dut, IDEAL.with_changes(mmio_timeout=200), SEED)
    for status in (ReplyStatus.UR, ReplyStatus.CRS, ReplyStatus.CA):
        toy.host.mmio_write(BAR + 0x38, int(status), 8)
        reply = await toy.reply(toy.host.mmio_read(0x100, 8))
        assert (reply.status, reply.value) == (status, (1 << 64) - 1)
    toy.host.mmio_write(BAR + 0x38, 1 << 3, 8)  # no answers
    reply = await toy.reply(toy.host.mmio_read(0x100, 8))
    assert reply.status == ReplyStatus.TIMEOUT
    assert toy.host.faults()["kind"].tolist() == [FaultKind.MMIO_TIMEOUT]
    toy.host.reset_link()
    assert (await toy.reply(toy.host.mmio_read(0x100, 4))).value == 0x100


@cocotb.test()
async def a_reset_of_the_link_ends_what_is_in_flight(dut):
    toy = Toy(dut, HARSH, SEED)
    toy.host.mmio_write(BAR + 0x38, 1 << 3, 8)
    ids = [toy.host.mmio_read(0x100, 8) for _ in range(30)]
    out = np.zeros(4096, np.uint8)
    ids.append(toy.host.read_bulk(0, out))
    await toy.cycles(100)
    toy.host.reset_link(20)
    for identifier in ids:
        assert (await toy.reply(identifier)).status == ReplyStatus.LINK_DOWN
    assert (await toy.reply(toy.host.mmio_read(0x100, 4))).value == 0x100
    assert not any(vars_of(toy.host.leaks()))


# ---- device reads ----


@cocotb.test()
async def completions_are_legal_and_carry_the_right_bytes(dut):
    splits = 0
    for name in ("harsh", "ideal", "distant"):
        toy = Toy(dut, profile(name), SEED)
        await toy.enumerate(128 if name == "ideal" else 256)
        most = 128 if name == "ideal" else 256
        memory = pattern(16384)
        toy.host.map(MEMORY, memory, Access.READ)
        draws = Stream(SEED, 51)
        requests = []
        for index in range(60 if name == "harsh" else 15):
            address, size = draws.between(0, 8000), draws.between(1, 700)
            tag = index % 256
            row = await toy.raw(memory_read(MEMORY + address, size), tag=tag)
            requests.append((row, tag, address, size))
        for row, tag, address, size in requests:
            answers = Columns(await toy.completions(row))
            assert (answers.tag == tag).all() and (answers.requester == DEVICE).all()
            assert (answers.kind == TlpKind.CPLD).all() and not answers.status.any()
            at, left = address, size
            for index in range(answers.count):
                skip = at & 3
                take = min(left, int(answers.payload[index]) - skip)
                assert answers.byte_count[index] == left
                assert answers.lower_address[index] == at & 0x7F
                assert answers.payload[index] == answers.size[index] <= most
                data = bytes(skip) + memory[at : at + take].tobytes()
                data += bytes(-len(data) % 4)
                assert int(answers.trace["hash"][index]) == payload_hash(data)
                at, left = at + take, left - take
                assert left == 0 or at % 64 == 0
            assert left == 0
        splits += toy.host.stats().splits
        assert not toy.host.fault_count and not any(vars_of(toy.host.leaks()))
    assert splits > 10


@cocotb.test()
async def a_read_of_nothing_gets_one_dword(dut):
    toy = Toy(dut, HARSH, SEED)
    row = await toy.raw(memory_read(MEMORY, 0))  # not even mapped
    answer = Columns(await toy.completions(row))
    assert (answer.kind.tolist(), answer.byte_count.tolist(), answer.payload.tolist()) == (
        [TlpKind.CPLD],
        [1],
        [4],
    )


@cocotb.test()
async def latency_follows_the_published_random_numbers(dut):
    fixed = IDEAL.with_changes(read_latency_min=20, read_latency_max=300)
    toy = Toy(dut, fixed, SEED)
    toy.host.map(MEMORY, pattern(4096), Access.READ)
    expected = Stream(SEED, 1)
    for _ in range(20):
        row = await toy.raw(memory_read(MEMORY, 64))
        answer = await toy.completions(row)
        waited = int(answer["cycle"][0]) - int(toy.host.trace()["cycle"][row])
        assert waited == expected.between(20, 300) + 1  # one more for the register on the pins


@cocotb.test()
async def streams_are_reordered_starved_and_complete(dut):
    toy = Toy(dut, HARSH, SEED)
    await toy.enumerate()
    memory = pattern(1 << 16)
    toy.host.map(MEMORY, memory)
    toy.host.mark()
    await toy.stream(MEMORY, 1 << 16, write=False)
    await toy.stream(MEMORY, 1 << 16, write=True)
    stats = toy.host.stats()
    assert stats.reads.bytes == stats.writes.bytes == 1 << 16
    assert (memory.view(np.uint64)[::8] == MEMORY + 64 * np.arange(1024)).all()
    for name in (
        "reorderings",
        "splits",
        "cycles_tx_stalled",
        "cycles_no_posted",
        "cycles_no_nonposted",
    ):
        assert getattr(stats, name) > 0, name
    assert stats.tags_max > 8 and 0 < stats.writes.efficiency < 0.9
    assert not toy.host.fault_count and not any(vars_of(toy.host.leaks()))
    outstanding = toy.host.trace()["outstanding"]
    assert outstanding.max() == stats.tags_max and outstanding[-1] == 0


@cocotb.test()
async def nothing_is_in_the_way_when_ideal(dut):
    for name in ("ideal", "pcie_1us"):
        toy = Toy(dut, profile(name), SEED)
        await toy.enumerate()
        toy.host.map(MEMORY, pattern(1 << 18))
        toy.host.mark()
        for write in (False, True):
            await toy.stream(MEMORY, 1 << 18, write=write)
        stats = toy.host.stats()
        assert stats.reads.efficiency > 0.97 and stats.writes.efficiency > 0.99, (name, stats)


# ---- IOMMU ----


@cocotb.test()
async def reads_outside_a_mapping_are_refused_and_logged(dut):
    toy = Toy(dut, HARSH, SEED)
    memory = pattern(256)
    toy.host.map(MEMORY + 3, memory[3:101], Access.READ)  # exact to the byte
    toy.host.map(MEMORY + 101, memory[101:], Access.READ)  # its neighbour: a read may span both
    toy.host.map(MEMORY + 4096, np.zeros(64, np.uint8), Access.WRITE)
    good = [(3, 4), (3, 253), (100, 2), (255, 1)]
    bad = [(2, 4), (0, 256), (200, 57), (256, 4), (4096, 64)]
    for address, size in good + bad:
        row = await toy.raw(memory_read(MEMORY + address, size))
        answers = Columns(await toy.completions(row))
        refused = (address, size) in bad
        assert answers.status[-1] == (ReplyStatus.UR if refused else ReplyStatus.SC), (
            address,
            size,
        )
        assert bool(answers.flags[-1] & TlpFlag.REFUSED) == refused
    faults = toy.host.faults()
    assert (faults["kind"] == FaultKind.READ_REFUSED).all() and (
        faults["requester"] == DEVICE
    ).all()
    assert list(zip(faults["address"] - MEMORY, faults["bytes"], strict=True)) == bad
    toy.host.unmap(MEMORY + 3)
    row = await toy.raw(memory_read(MEMORY + 3, 4))
    assert Columns(await toy.completions(row)).status.tolist() == [ReplyStatus.UR]
    for call in (
        lambda: toy.host.unmap(MEMORY + 3),
        lambda: toy.host.map(MEMORY + 200, memory),
        lambda: toy.host.map(MEMORY, memory[:0]),
        lambda: toy.host.map((1 << 64) - 16, memory),
        lambda: toy.host.map(0, memory[::2]),
        lambda: toy.host.watch(MEMORY, 0),
        lambda: toy.host.mmio_write(BAR + 7, 0, 2),
        lambda: toy.host.mmio_write(BAR, 256, 1),
        lambda: toy.host.config_read(2, 4),
        lambda: toy.host.configure(IDEAL.with_changes(posted_headers=128), 1),
    ):
        with pytest.raises(HostError):
            call()


@cocotb.test()
async def writes_land_byte_by_byte_or_not_at_all(dut):
    toy = Toy(dut, HARSH, SEED)
    memory = pattern(512)
    expected = memory.copy()
    toy.host.map(MEMORY, memory, Access.WRITE)
    draws = Stream(SEED, 52)
    for _ in range(40):
        address, data = draws.between(0, 520), draws.bytes(draws.between(1, 60))
        row = await toy.raw(memory_write(MEMORY + address, data.tobytes()))
        inside = address + len(data) <= 512
        if inside:
            expected[address : address + len(data)] = data
        assert bool(toy.host.trace()[row]["flags"] & TlpFlag.REFUSED) == (not inside)
    for enables in range(16):  # holes in a single dword, and in a pair
        data = draws.bytes(8)
        tlp = Tlp(memory_write(MEMORY + 64, data[:4].tobytes()).header, data[:4].tobytes())
        await toy.raw(tlp.changed(first_be=enables))
        tlp = Tlp(memory_write(MEMORY + 72, data.tobytes()).header, data.tobytes())
        await toy.raw(tlp.changed(first_be=enables | 1, last_be=enables ^ 0xF or 8))
        for byte in range(4):
            if enables >> byte & 1:
                expected[64 + byte] = data[byte]
            if (enables | 1) >> byte & 1:
                expected[72 + byte] = data[byte]
            if (enables ^ 0xF or 8) >> byte & 1:
                expected[76 + byte] = data[4 + byte]
    assert (memory == expected).all()
    assert set(toy.host.faults()["kind"].tolist()) == {FaultKind.WRITE_REFUSED}


@cocotb.test()
async def its_own_bar_is_no_target(dut):
    toy = Toy(dut, HARSH, SEED)
    toy.host.map(BAR, pattern(4096))  # the switch decides before the IOMMU is asked
    row = await toy.raw(memory_read(BAR + 8, 8))
    assert Columns(await toy.completions(row)).status.tolist() == [ReplyStatus.SC]
    await toy.enumerate()
    for tlp in (memory_read(BAR + 0xFFFFC, 8), memory_write(BAR, b"12345678")):
        await toy.raw(tlp)
        await toy.quiet()
    assert toy.host.faults()["kind"].tolist() == [FaultKind.OWN_BAR] * 2


@cocotb.test()
async def only_published_bytes_are_seen(dut):
    for early in (0, 100):
        toy = Toy(dut, HARSH.with_changes(early_sample_percent=early), SEED)
        toy.host.set_strict(True)
        memory = np.zeros(8192, np.uint8)
        toy.host.map(MEMORY, memory)

        async def seen(toy: Toy = toy) -> int:
            row = await toy.raw(memory_read(MEMORY + 4096, 8))
            return int((await toy.completions(row))["first"][0])

        assert await seen() == 0xDBDBDBDBDBDBDBDB
        assert toy.host.publish() == 8192
        assert await seen() == 0
        memory.view(np.uint64)[512] = 7
        assert await seen() == 0
        assert toy.host.publish_range(MEMORY, 4096) == 0
        assert await seen() == 0
        assert toy.host.publish() == 4096
        assert await seen() == 7
        await toy.raw(memory_write(MEMORY + 4096, b"\x09"))
        assert (await seen(), memory[4096]) == (9, 9)
        toy.host.set_strict(False)
        memory.view(np.uint64)[512] = 8
        assert await seen() == 8


@cocotb.test()
async def a_publish_shows_nothing_to_what_was_posted_before(dut):
    """The doorbell overtook the ring write (pitfall 1): the device finds the old bytes."""
    for early in (0, 100):
        toy = Toy(dut, HARSH.with_changes(early_sample_percent=early), SEED)
        host = toy.host
        host.set_strict(True)
        memory = np.zeros(12288, np.uint8)
        words = memory.view(np.uint64)
        host.map(MEMORY, memory)
        host.publish()

        async def seen(then: Callable[[], object] = bool, toy: Toy = toy) -> int:
            row = await toy.raw(memory_read(MEMORY + 4096, 8), then=then)
            return int((await toy.completions(row))["first"][0])

        assert await seen() == 0
        words[512] = 1
        assert await seen(host.publish) == 0  # asked for before the publish
        assert await seen() == 1  # and after it

        # What the device writes in between stays; what it did not write is the newest of both publishes.
        words[512], words[513] = 2, 2
        await toy.raw(memory_write(MEMORY + 4096, b"\x07" * 8), then=host.publish)
        words[513] = 3
        assert host.publish() == 4096
        assert await seen() == int(words[512]) == 0x0707070707070707
        row = await toy.raw(memory_read(MEMORY + 4104, 8))
        assert int((await toy.completions(row))["first"][0]) == 3

        # A value that is published and taken back within one MMIO is never seen.
        words[512] = 4
        host.publish()
        words[512] = 5
        host.publish_range(MEMORY + 4096, 8)
        words[512] = 6
        assert await seen() == 5
        host.publish()
        host.unmap(MEMORY)
        host.map(MEMORY, memory)
        assert await seen() == 0xDBDBDBDBDBDBDBDB


@cocotb.test()
async def atomics_happen_in_host_memory(dut):
    toy = Toy(dut, HARSH, SEED)
    memory = np.array([10, 20], np.uint64)
    toy.host.map(MEMORY, memory)
    for tlp, old, new in (
        (fetch_add(MEMORY, 5), 10, 15),
        (compare_and_swap(MEMORY, 15, 99), 15, 99),
        (compare_and_swap(MEMORY, 15, 77), 99, 99),
    ):
        row = await toy.raw(tlp)
        answer = await toy.completions(row)
        assert (int(answer["first"][0]), int(memory[0])) == (old, new)
    row = await toy.raw(fetch_add(MEMORY + 4096, 1))
    assert Columns(await toy.completions(row)).status.tolist() == [ReplyStatus.UR]


# ---- interrupts, watches, events ----


@cocotb.test()
async def messages_and_watched_writes_are_events(dut):
    toy = Toy(dut, HARSH, SEED)
    memory = np.zeros(256, np.uint8)
    toy.host.map(MEMORY, memory)
    watch = toy.host.watch(MEMORY + 64, 8)
    for address, counts in ((56, 0), (60, 1), (71, 1), (72, 0)):
        seen = toy.host.event_count - toy.wakes
        await toy.raw(memory_write(MEMORY + address, b"abcdefgh"))
        assert toy.host.event_count - toy.wakes - seen == counts, address
    toy.host.unwatch(watch)
    for vector in (5, 5, 31):
        row = await toy.raw(memory_write(0xFEE0_0000, vector.to_bytes(4, "little")))
        assert toy.host.trace()[row]["flags"] == TlpFlag.MESSAGE
    counts = toy.host.interrupt_counts()
    assert (counts[5], counts[31], counts.sum(), toy.host.interrupt_total) == (2, 1, 3, 3)
    assert toy.host.interrupt_cycles()[31] == toy.host.trace()[row]["cycle"]
    await toy.raw(memory_write(0xFEE0_0010, b"toolong!"))
    await toy.raw(memory_write(0xFEE0_0010, b"\xff\xff\xff\xff"))
    assert toy.host.faults()["kind"].tolist() == [FaultKind.BAD_MESSAGE] * 2


@cocotb.test()
async def a_wake_up_comes_at_its_cycle(dut):
    toy = Toy(dut, IDEAL, SEED)
    for ahead in (1, 2, 7, 1000):
        end = toy.host.cycle + ahead
        await toy.cycles(ahead)
        assert toy.host.cycle == end
    seen = toy.host.event_count
    for _ in range(3):
        toy.host.wake_at(toy.host.cycle + 5)
    await toy.cycles(10)
    assert toy.host.event_count - seen == 4  # two events in one clock are two events


# ---- faults on purpose ----


@cocotb.test()
async def injected_faults_reach_the_device(dut):
    toy = Toy(dut, IDEAL, SEED)
    await toy.enumerate(128)
    memory = pattern(4096)
    toy.host.map(MEMORY, memory)

    async def spoiled(kind: InjectKind, argument: int = 0) -> Columns:
        handle = toy.host.inject(
            kind, first=MEMORY + 256, last=MEMORY + 256, skip=1, argument=argument
        )
        for address in (512, 256, 256, 256):  # elsewhere, skipped, hit, used up
            row = await toy.raw(memory_read(MEMORY + address, 256))
            answers = Columns(await toy.completions(row))
            whole = (answers.count, answers.status.any(), answers.byte_count.tolist())
            if toy.host.inject_hits(handle) == 1 and address == 256 and "hit" not in locals():
                hit = answers
            else:
                assert whole == (2, False, [256, 128])
        toy.host.inject_remove(handle)
        with pytest.raises(HostError):
            toy.host.inject_remove(handle)
        return hit

    assert (await spoiled(InjectKind.UR)).status.tolist() == [ReplyStatus.UR]
    assert (await spoiled(InjectKind.CA)).status.tolist() == [ReplyStatus.CA]
    poisoned = await spoiled(InjectKind.POISON)
    assert (poisoned.trace["header"][:, 0] >> 14 & 1).tolist() == [1, 1]
    assert (await spoiled(InjectKind.DROP)).count == 0
    late = await spoiled(InjectKind.LATE, 3000)
    asked = toy.host.trace()["cycle"][late.trace["request"][0]]
    assert late.cycle[0] - int(asked) > 3000 and late.count == 2
    double = await spoiled(InjectKind.DUPLICATE)
    assert double.byte_count.tolist() == [256, 128, 128]
    assert double.trace["hash"][1] == double.trace["hash"][2]
    short = await spoiled(InjectKind.SHORT, 3)
    assert (short.byte_count.tolist(), short.payload.tolist()) == ([256, 116], [128, 116])
    long = await spoiled(InjectKind.LONG, 2)
    assert (long.byte_count.tolist(), long.payload.tolist()) == ([256, 136], [128, 136])
    assert (await spoiled(InjectKind.BYTE_COUNT, -4)).byte_count.tolist() == [252, 128]
    assert (await spoiled(InjectKind.LOWER_ADDRESS, 4)).lower_address.tolist() == [4, 0]
    assert (await spoiled(InjectKind.DROP_PIECE)).byte_count.tolist() == [256]
    toy.host.inject_completion(77, 8)
    await toy.cycles(20)
    last = toy.columns()
    assert (last.tag[-1], last.payload[-1], int(last.trace["request"][-1])) == (77, 8, NONE)
    assert toy.host.stats().injected == 12
    assert not any(vars_of(toy.host.leaks()))
    with pytest.raises(HostError, match="must be 1 to 11"):
        toy.host.inject(12)


# ---- a device that breaks the rules ----


@cocotb.test()
async def what_the_device_does_wrong_is_logged(dut):
    toy = Toy(dut, HARSH.with_changes(read_latency_min=3000, read_latency_max=3000), SEED)
    memory = pattern(4096)
    toy.host.map(MEMORY, memory)

    def kinds() -> list[int]:
        found = toy.host.faults()["kind"].tolist()
        toy.host.fault_clear()
        return found

    await toy.raw(memory_read(MEMORY, 4), tag=3)
    await toy.raw(memory_read(MEMORY, 4), tag=3)
    assert kinds() == [FaultKind.TAG_REUSE]
    await toy.quiet()
    await toy.raw(memory_write(MEMORY, bytes(64)), beats=2)
    assert kinds() == [FaultKind.FRAMING]
    await toy.raw(memory_write(MEMORY, bytes(64)), sop=False)
    assert kinds() == [FaultKind.FRAMING]
    await toy.raw(Tlp((TlpKind.CPLD << 24 | 1, 4, 0x0000_4200), bytes(4)))
    assert kinds() == [FaultKind.UNEXPECTED]
    await toy.raw(Tlp((TlpKind.CFGRD0 << 24 | 1, 0xF, 0)))
    await toy.raw(memory_write(MEMORY, bytes(4)).changed(poisoned=1))
    assert kinds() == [FaultKind.UNSUPPORTED] * 2
    await toy.quiet()


@cocotb.test()
async def sending_without_credits_is_logged(dut):
    toy = Toy(
        dut,
        HARSH.with_changes(
            posted_headers=1, posted_data=16, credit_return_min=5000, credit_return_max=5000
        ),
    )
    toy.host.map(MEMORY, pattern(4096))
    await toy.raw(memory_write(MEMORY, bytes(4)))
    assert not toy.host.fault_count
    await toy.raw(memory_write(MEMORY, bytes(4)), with_credits=False)
    assert toy.host.faults()["kind"].tolist() == [FaultKind.CREDITS]
    assert toy.host.trace()["credit_headers"][toy.columns().to_host].tolist() == [1, 0]


@cocotb.test()
async def credits_the_device_keeps_are_a_leak(dut):
    toy = Toy(dut, HARSH, SEED)
    toy.host.mmio_write(BAR + 0x38, 1 << 4, 8)
    await toy.quiet()
    toy.host.mmio_write(BAR + 0x800, 0, 8)
    toy.host.write_bulk(BAR + 0x800, bytes(64))
    await toy.quiet()
    leaks = toy.host.leaks()
    assert (leaks.posted_headers, leaks.posted_data, leaks.nonposted_headers) == (2, 5, 0)
    for _ in range(40):
        toy.host.mmio_write(BAR + 0x800, 0, 8)
    await toy.cycles(1000)
    assert toy.host.leaks().queued == 10 and toy.host.stats().cycles_rx_no_credits > 100
    toy.host.inject_overflow(4)
    await toy.cycles(1000)
    assert toy.host.leaks().queued == 6


@cocotb.test()
async def what_is_no_request_takes_no_credits(dut):
    """Types that PCIe does not define have no flow-control class; completions of locked reads are completions."""
    toy = Toy(dut, HARSH, SEED)
    toy.host.mmio_write(BAR + 0x38, 3 << 3, 8)  # answer nothing, give nothing back
    await toy.quiet()
    start = toy.host.trace_count
    kinds = [0x0B, 0x10, 0x1F, 0x4B, 0x5F, 0x7F, 0xB0]
    for kind in kinds:
        data = bytes(64) if kind & 0x40 else b""
        toy.host.send_tlp((kind << 24 | 16, 0xFF, 0, 0), data)
    await toy.quiet()
    assert sorted(toy.columns(start).kind.tolist()) == kinds
    assert not any(vars_of(toy.host.leaks()))


# ---- raw TLPs, trace ----


@cocotb.test()
async def raw_requests(dut):
    toy = Toy(dut, HARSH, SEED)
    reply = await toy.reply(toy.host.send_tlp(memory_read(0x120, 8).header, assign=True))
    assert (reply.status, reply.value) == (ReplyStatus.SC, 0x0000_0124_0000_0120)
    start = toy.host.trace_count
    toy.host.send_tlp(memory_read(0x120, 4).changed(tag=200, requester=0).header)
    toy.host.send_tlp(memory_write(BAR + 0x800, bytes(200)).header, bytes(64))  # length is a lie
    await toy.cycles(400)
    columns = toy.columns(start)
    assert columns.tag[columns.completion].tolist() == [200]
    assert columns.payload[columns.write].tolist() == [64]
    assert not toy.host.fault_count
    text = ladder(toy.host.trace())
    assert "MRd 0x120, 8 B" in text and "CplD SC to #" in text and "INJECTED" in text


@cocotb.test()
async def the_same_seed_gives_the_same_trace(dut):
    async def run(seed: int) -> bytes:
        toy = Toy(dut, HARSH, seed)
        await toy.enumerate()
        toy.host.map(MEMORY, pattern(1 << 14))
        await toy.stream(MEMORY, 1 << 14, write=False)
        ids = [toy.host.mmio_read(0x100, 8) for _ in range(20)]
        for identifier in ids:
            await toy.reply(identifier)
        return toy.host.trace().tobytes()

    first = await run(SEED)
    assert first == await run(SEED)
    assert first != await run(SEED + 1)


@cocotb.test()
async def the_trace_can_be_off(dut):
    toy = Toy(dut, IDEAL, SEED)
    toy.host.trace_enable(False)
    assert (await toy.reply(toy.host.mmio_read(0x100, 4))).trace == NONE
    assert toy.host.trace_count == 0 and toy.host.stats().tlps_to_host == 1
    toy.host.trace_enable(True)
    await toy.reply(toy.host.mmio_read(0x100, 4))
    assert toy.host.trace_count == 2
    toy.host.trace_clear()
    assert len(toy.host.trace()) == 0


def vars_of(leaks: object) -> list[int]:
    return [getattr(leaks, name) for name in leaks.__slots__]
