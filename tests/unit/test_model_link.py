"""The model's end of the link: raw TLPs of every kind, slow and late hosts, tags, configuration space bit by bit."""

from __future__ import annotations

import pytest
from model_bench import ARENA, DEVICE, Bench, nop, packet

from doorbell.contract import CompletionStatus as Status
from doorbell.contract import Error, FatalCause, Opcode, QueueState, TlpKind, limits, registers
from doorbell.errors import ArgumentError, DeadlineExceeded
from doorbell.model.host import Answer
from doorbell.model.tlp import Answered

SCRATCH = registers.DEVICE.SCRATCH
STATUS = registers.DEVICE.STATUS
TAGS = registers.DEVICE.TAGS
DIGEST = 1 << 15
UR, CA, SC = Answered(Status.UR), Answered(Status.CA), Answered(Status.SC)


@pytest.fixture
def bench(seed: int) -> Bench:
    return Bench(seed)


def header(
    kind: int, address: int = 0, words: int = 1, first: int = 0xF, last: int = 0, flags: int = 0
) -> tuple[int, ...]:
    """Header words; ``kind`` without its bit for 64-bit addresses, which is set where it is needed."""
    wide = address >> 32 != 0
    start = ((kind | 0x20 * wide) << 24 | flags | words & 0x3FF, last << 4 | first)
    return (*start, *([address >> 32] if wide else []), address & 0xFFFF_FFFF)


def ask(bench: Bench, made: tuple[int, ...], payload: bytes = b"") -> Answered | None:
    found: Answered | None = bench.do(bench.transport.request(made, payload))
    return found


def dropped(bench: Bench) -> int:
    return bench.read(registers.DEVICE.DROPPED_WRITES)


# Reads and writes -----------------------------------------------------------------------------------
def test_reads_by_byte_enables(bench: Bench) -> None:
    """DEV-REG-001, DEV-REG-004, EP-BAR-002, EP-CPL-001, EP-CPL-003."""
    scratch, free = bench.bar0 + SCRATCH.offset, bench.bar0 + 0x7F8
    bench.write(SCRATCH, 0x8877_6655_4433_2211)
    read = TlpKind.MRD32
    assert ask(bench, header(read, scratch)) == Answered(Status.SC, bytes.fromhex("11223344"))
    whole = ask(bench, header(read, scratch, 2, 0xF, 0xF))
    assert whole == Answered(Status.SC, bytes.fromhex("1122334455667788"))
    for words, first, last in ((1, 0x1, 0), (1, 0xC, 0), (1, 0x9, 0), (2, 0xE, 0xF), (3, 0xF, 0xF)):
        assert ask(bench, header(read, scratch, words, first, last)) == CA
    assert ask(bench, header(read, scratch + 4, 2, 0xF, 0xF)) == CA
    assert ask(bench, header(read, free)) == CA
    assert ask(bench, header(read, bench.bar0 + registers.SEMAPHORE_ADD.word(1))) == CA
    assert ask(bench, header(read, scratch, first=0)) == Answered(Status.SC, bytes(4))
    assert ask(bench, header(read, bench.bar2 + limits.reference.DEVICE_MEMORY_BYTES)) == UR
    assert ask(bench, header(read, bench.bar2 + (1 << 36), first=0)) == UR
    bench.memory[64:72] = range(1, 9)
    found = ask(bench, header(read, bench.bar2 + 64, 2, 0b1010, 0b0101))
    assert found is not None
    assert (found.status, len(found.data)) == (Status.SC, 8)
    assert [found.data[at] for at in (1, 3, 4, 6)] == [2, 4, 5, 7]


def test_writes_by_byte_enables(bench: Bench) -> None:
    """DEV-REG-003, EP-BAR-002, EP-BAR-003: every odd register write is dropped and counted once."""
    scratch, write = bench.bar0 + SCRATCH.offset, TlpKind.MWR32
    bench.write(SCRATCH, 5)
    odd = [(1, 0x1, 0), (1, 0x9, 0), (1, 0x6, 0), (2, 0xE, 0xF), (2, 0xF, 0x5), (3, 0xF, 0xF)]
    for count, (words, first, last) in enumerate([*odd, (1, 0, 0)], 1):
        bench.transport.send(header(write, scratch, words, first, last), b"\xff" * 4 * words)
        assert (dropped(bench), bench.read(SCRATCH)) == (count, 5)
    bench.transport.send(header(write, bench.bar2 + (1 << 36)), bytes(4))
    assert dropped(bench) == 7
    bench.transport.send(header(write, scratch), b"\x09\0\0\0")
    assert bench.read(SCRATCH) == 9
    bench.memory[64:76] = 1
    bench.transport.send(header(write, bench.bar2 + 64, 3, 0b1010, 0b0101), b"\xff" * 12)
    bench.transport.send(header(write, bench.bar2 + 64, first=0), b"\xee" * 4)
    poisoned = header(write, bench.bar2 + 64, flags=1 << 14)
    bench.transport.send(poisoned, b"\xee" * 4)
    bench.settle()
    assert bench.memory[64:76].tolist() == [1, 255, 1, 255] + [255] * 4 + [255, 1, 255, 1]
    assert bench.field(STATUS, "fatal") == 0


def test_atomics_by_tlp(bench: Bench) -> None:
    """EP-ATOMIC-001, EP-ATOMIC-002."""
    place = bench.bar0 + registers.SEMAPHORE_SET.word(5)

    def word(value: int) -> bytes:
        return value.to_bytes(8, "little")

    add, swap, cas = TlpKind.FETCHADD32, TlpKind.SWAP32, TlpKind.CAS32
    assert ask(bench, header(add, place, 2, 0, 0), word(7)) == Answered(Status.SC, word(0))
    assert ask(bench, header(swap, place, 2, 0, 0), word(9)) == Answered(Status.SC, word(7))
    miss = ask(bench, header(cas, place, 4, 0, 0), word(8) + word(1))
    hit = ask(bench, header(cas, place, 4, 0, 0), word(9) + word(2))
    assert miss == hit == Answered(Status.SC, word(9))
    assert bench.peek(registers.SEMAPHORE_SET.word(5)) == 2
    assert ask(bench, header(add, place, 1, 0, 0), bytes(4)) == UR
    assert ask(bench, header(cas, place, 8, 0, 0), bytes(32)) == UR  # 128 bits
    assert ask(bench, header(add, bench.bar0 + SCRATCH.offset, 2, 0, 0), word(1)) == UR
    assert ask(bench, header(cas, bench.bar2, 4, 0, 0), word(0) + word(1)) == UR
    assert bench.peek(registers.SEMAPHORE_SET.word(5)) == 2
    assert not bench.memory[:8].any()


@pytest.mark.parametrize("kind", [0x01, 0x02, 0x42, 0x05, 0x45])
def test_what_the_device_does_not_support(bench: Bench, kind: int) -> None:
    """EP-CPL-001: locked reads, I/O, type 1 configuration."""
    assert ask(bench, (kind << 24 | 1, 0xF, 0), bytes(4) if kind & 0x40 else b"") == UR
    assert bench.field(STATUS, "fatal") == 0


def test_messages_and_completions_do_no_harm(bench: Bench) -> None:
    """EP-CPL-005."""
    bench.transport.send((0x34 << 24, 0x7F, 0, 0))
    bench.transport.send((TlpKind.CPLD << 24 | 1, 4, 0), bytes(4))
    bench.transport.send((TlpKind.CPL << 24, 1 << 13 | 4, 77 << 8))
    assert bench.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 2
    assert bench.field(STATUS, "fatal") == 0


MALFORMED = {
    "less payload than its length": (header(TlpKind.MWR32, words=2, last=15), bytes(4)),
    "payload of a read": (header(TlpKind.MRD32), bytes(4)),
    "a digest that is missing": (header(TlpKind.MWR32, words=2, last=15, flags=DIGEST), bytes(8)),
    "above Max_Payload_Size": (header(TlpKind.MWR32, words=65, last=15), bytes(260)),
    "unknown type": ((0x1F << 24 | 1, 0xF, 0), b""),
    "FetchAdd of three words": (header(TlpKind.FETCHADD32, words=3), bytes(12)),
    "configuration read of two words": ((TlpKind.CFGRD0 << 24 | 2, 0xF, 0), b""),
}


@pytest.mark.parametrize(("made", "payload"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_is_fatal(bench: Bench, made: tuple[int, ...], payload: bytes) -> None:
    """ERR-FATAL-001 to ERR-FATAL-003."""
    assert ask(bench, made, payload) is None
    bench.transport.overflow()
    found = STATUS.decode(bench.read(STATUS))
    assert (found["fatal"], found["fatal_cause"]) == (1, FatalCause.MALFORMED_TLP)
    assert bench.read(registers.DEVICE.IDENTITY) == limits.IDENTITY
    bench.write(registers.DEVICE.CONTROL, 1)
    bench.settle()
    assert bench.read(STATUS) == STATUS.encode(idle=1)


def test_a_digest_is_no_data(bench: Bench) -> None:
    """One DW behind the data, above Max_Payload_Size too; nothing checks it."""
    scratch, place = bench.bar0 + SCRATCH.offset, bench.bar2
    assert ask(bench, header(TlpKind.MWR32, scratch, 2, 15, 15, DIGEST), bytes(range(12))) is None
    assert bench.read(SCRATCH) == 0x0706_0504_0302_0100
    assert ask(bench, header(TlpKind.MWR32, place, 64, 15, 15, DIGEST), bytes(260)) is None
    assert ask(bench, header(TlpKind.MRD32, scratch, flags=DIGEST), b"\xff" * 4) == Answered(
        Status.SC, bytes(range(4))
    )
    assert bench.field(STATUS, "fatal") == 0


def test_receiver_overflow_is_fatal(bench: Bench) -> None:
    bench.transport.overflow()
    assert bench.field(STATUS, "fatal_cause") == FatalCause.RECEIVER_OVERFLOW


def test_bad_headers_are_refused(bench: Bench) -> None:
    for bad in ((), (TlpKind.MRD64 << 24 | 1, 0, 0), (1 << 32, 0, 0)):
        with pytest.raises(ArgumentError, match=r"give [34] words"):
            bench.transport.send(bad)


# Configuration space --------------------------------------------------------------------------------
def config(bench: Bench, offset: int, size: int = 4) -> int:
    return bench.do(bench.transport.config_read(offset, size))


def put(bench: Bench, offset: int, value: int, size: int = 4) -> None:
    bench.do(bench.transport.config_write(offset, value, size))


def test_capability_list(bench: Bench) -> None:
    """EP-CFG-001: PCI Express and MSI-X, a list that ends; MSI-X says where its tables are."""
    assert config(bench, 6, 2) >> 4 & 1
    found, at = {}, config(bench, 0x34, 1)
    while at:
        assert at % 4 == 0
        assert at not in found.values()
        found[config(bench, at, 1)] = at
        at = config(bench, at + 1, 1)
    assert {0x10, 0x11} <= found.keys()
    express, msix = found[0x10], found[0x11]
    assert config(bench, express + 2, 2) & 0xFF == 2
    assert config(bench, msix + 2, 2) & 0x7FF == limits.reference.VECTORS - 1
    assert config(bench, msix + 4) == registers.MSIX_TABLE.offset
    assert config(bench, msix + 8) == registers.MSIX_PBA.offset
    assert config(bench, express + 36) >> 8 & 1, "completes 64-bit AtomicOps"


def test_bars_by_bytes(bench: Bench) -> None:
    """EP-BAR-001: sized by any access size; the low bits stay, unused BARs and the ROM read zero."""
    put(bench, 4, 0, 2)
    for offset, size, kind in (
        (0x10, limits.BAR0_BYTES, 0x4),
        (0x18, limits.reference.DEVICE_MEMORY_BYTES, 0xC),
    ):
        for step in (1, 2, 4):
            for at in range(offset, offset + 8, step):
                put(bench, at, 0, step)
            assert (config(bench, offset), config(bench, offset + 4)) == (kind, 0)
            for at in range(offset, offset + 8, step):
                put(bench, at, (1 << 8 * step) - 1, step)
            both = config(bench, offset + 4) << 32 | config(bench, offset)
            assert both == (1 << 64) - size | kind
    for offset in (0x20, 0x24, 0x30):
        put(bench, offset, 0xFFFF_FFFF)
        assert config(bench, offset) == 0


def test_read_only_and_unimplemented_configuration(bench: Bench) -> None:
    """EP-CFG-001, EP-CFG-002: everything but the few writable fields keeps its value."""
    writable = {0x04, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x3C, 0x48, 0x50, 0x80}
    for offset in range(0, 4096, 4):
        if offset not in writable:
            before = config(bench, offset)
            put(bench, offset, 0xFFFF_FFFF)
            assert config(bench, offset) == before, hex(offset)
    assert not any(config(bench, offset) for offset in range(0x100, 4096, 4))


def test_configuration_by_tlp(bench: Bench) -> None:
    """EP-CFG-002, EP-CPL-001: whole DWs, byte enables, another function."""
    read, write = TlpKind.CFGRD0 << 24 | 1, TlpKind.CFGWR0 << 24 | 1
    identity = (limits.DEVICE_ID << 16 | limits.VENDOR_ID).to_bytes(4, "little")
    assert ask(bench, (read, 0xF, 0)) == Answered(Status.SC, identity)
    assert ask(bench, (read, 0xF, 1 << 16)) == UR
    assert ask(bench, (write, 0b0010, 0x3C), b"\xff" * 4) == SC
    assert config(bench, 0x3C) == 0
    assert ask(bench, (write, 0b0001, 0x3C), b"\xff" * 4) == SC
    assert config(bench, 0x3C) == 0xFF
    command = config(bench, 4, 2)
    assert ask(bench, (write, 0b0001, 4), bytes([command & ~2]) + bytes(3)) == SC
    assert bench.peek(0) == (1 << 64) - 1


# Slow, late and silent hosts ------------------------------------------------------------------------
def copy_in(address: int = ARENA + 0x90000) -> bytes:
    return packet(Opcode.COPY, source=address, length=64, destination_space=DEVICE)


def test_a_host_slower_than_the_timeout(bench: Bench) -> None:
    """CP-FETCH-004, EP-CPL-005: the answer comes, but too late."""
    bench.write(registers.DEVICE.COMPLETION_TIMEOUT, 10)
    ring = bench.queue(0)
    ring.submit(nop(ring.record, 1))
    bench.settle()
    assert (ring.code, ring.error["address"]) == (Error.FETCH_TIMEOUT, ARENA + ring.base)
    assert bench.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 1
    assert bench.read(TAGS) == TAGS.encode(free=256)


def test_a_copy_slower_than_the_timeout(bench: Bench) -> None:
    """DMA-ERR-003; commands that read nothing of the host do not care."""
    ring = bench.queue(0)
    wait = packet(Opcode.WAIT, semaphore=1, value=1)
    inside = packet(Opcode.COPY, source_space=DEVICE, destination_space=DEVICE, length=64)
    ring.submit(wait, inside, copy_in())
    bench.settle()
    bench.write(registers.DEVICE.COMPLETION_TIMEOUT, 10)
    bench.poke(registers.SEMAPHORE_SET.word(1), 1)
    bench.settle()
    assert (ring.code, ring.error["address"]) == (Error.DMA_TIMEOUT, ARENA + 0x90000)
    assert ring.error["index"] == 2


def test_a_late_completion_ends_the_quarantine(bench: Bench) -> None:
    """EP-TAG-002, EP-CPL-005."""
    ring = bench.queue(0)
    bench.transport.inject(ARENA + 0x90000, 64, Answer.LATE)
    ring.submit(copy_in())
    while ring.state is not QueueState.HALTED:
        assert bench.transport.now() < 100_000
    assert ring.code is Error.DMA_TIMEOUT
    assert bench.field(TAGS, "quarantined") == 1
    bench.settle(2500)
    assert bench.field(TAGS, "quarantined") == 0
    assert bench.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 1


@pytest.mark.parametrize("what", ["queue", "device", "drain"])
@pytest.mark.parametrize("fetch", [False, True])
def test_reads_abandoned_by_a_reset_rest(bench: Bench, what: str, fetch: bool) -> None:
    """EP-TAG-002: by queue reset, device reset, and by draining for a ring read."""
    ring = bench.queue(0)
    bench.transport.inject(ARENA + (ring.base if fetch else 0x90000), 64, Answer.TIMEOUT)
    ring.submit(copy_in())
    bench.settle(5000)
    if what == "device":
        bench.write(registers.DEVICE.CONTROL, 1)
    else:
        ring.control(reset=what == "queue", drain=what == "drain")
    bench.settle(20_000)
    assert bench.field(TAGS, "quarantined") == 1
    bench.settle()
    assert bench.read(TAGS) == TAGS.encode(free=256)
    assert bench.field(STATUS, "idle") == 1


def completion(tag: int, status: int) -> tuple[int, int, int]:
    return TlpKind.CPL << 24, status << 13 | 64, tag << 8


@pytest.mark.parametrize("fetch", [False, True])
@pytest.mark.parametrize("status", [1, 2, 3, 4, 7])
def test_a_completion_finds_its_read_by_the_tag(bench: Bench, status: int, fetch: bool) -> None:
    """EP-CPL-006, EP-TAG-003, DMA-ERR-001, DMA-ERR-002: a reserved status is an Unsupported Request."""
    bench.write(registers.DEVICE.COMPLETION_TIMEOUT, 1 << 30)
    ring = bench.queue(0)
    bench.transport.inject(ARENA + (ring.base if fetch else 0x90000), 64, Answer.TIMEOUT)
    ring.submit(copy_in())
    bench.settle(5000)
    assert bench.read(TAGS) == TAGS.encode(free=255)
    for tag in range(256):
        bench.transport.send(completion(tag, status))
    bench.settle(5000)
    codes = (Error.FETCH_CA, Error.FETCH_UR) if fetch else (Error.DMA_CA, Error.DMA_UR)
    assert (ring.state, ring.code) == (QueueState.HALTED, codes[status != Status.CA])
    assert bench.read(TAGS) == TAGS.encode(free=256)
    assert bench.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 255
    ring.control(reset=1)
    bench.settle(5000)
    again = bench.queue(0)
    again.submit(nop(again.record, 3))
    bench.settle(5000)
    assert again.recorded == 3


def test_every_request_of_a_read_has_its_tag(bench: Bench) -> None:
    """EP-TAG-002: the first one decides how the command fails; those without an answer rest."""
    ring = bench.queue(0)
    bench.transport.inject(ARENA + 0x80000, 4 * 512, Answer.TIMEOUT)
    ring.submit(packet(Opcode.COPY, source=ARENA + 0x80000, length=4 * 512, destination_space=1))
    bench.settle(5000)
    free = TAGS.decode(bench.read(TAGS))["free"]
    bench.transport.send(completion(0, Status.CA))
    bench.transport.send(completion(0, Status.CA))
    while ring.state is not QueueState.HALTED:
        assert bench.transport.now() < 100_000
    assert (ring.code, ring.error["address"]) == (Error.DMA_CA, ARENA + 0x80000)
    rest = TAGS.encode(free=free + 1, quarantined=255 - free)
    assert bench.read(TAGS) == rest
    assert bench.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 1
    bench.transport.send(completion(1, Status.UR))
    bench.settle(1000)
    assert TAGS.decode(bench.read(TAGS))["quarantined"] == 254 - free
    assert bench.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 2


def test_reads_wait_for_a_tag(bench: Bench) -> None:
    """EP-TAG-001: after a device reset with every tag at rest, nothing is read before one has rested."""
    ring = bench.queue(0)
    bench.transport.inject(ARENA + 0x80000, 512 * 256, Answer.TIMEOUT)
    ring.submit(packet(Opcode.COPY, source=ARENA + 0x80000, length=512 * 256, destination_space=1))
    while not bench.field(STATUS, "fatal"):
        assert bench.transport.now() < 200_000
    bench.write(registers.DEVICE.CONTROL, 1)
    bench.settle(3000)
    again = bench.queue(0)
    again.submit(nop(again.record, 3))
    bench.settle(10_000)
    before = bench.field(TAGS, "quarantined"), again.recorded
    bench.settle()
    assert before == (256, 0)
    assert again.recorded == 3


# Odds and ends --------------------------------------------------------------------------------------
def test_a_deadline_beyond_all_time_is_none(bench: Bench) -> None:
    """SEM-WAIT-005: nobody sees it pass; a program that waits for nothing is told what holds it."""
    ring = bench.queue(0, WATCHDOG_LIMIT=(1 << 64) - 1)
    ring.submit(packet(Opcode.WAIT, semaphore=1, value=1, deadline=(1 << 64) - 1))
    with pytest.raises(DeadlineExceeded, match="WAIT at packet 0"):
        while True:
            bench.do(bench.transport.wait(bench.transport.events()))


@pytest.mark.parametrize("how", ["drain", "halt"])
def test_get_is_written_back_once_the_link_opens(how: str) -> None:
    """CP-WB-003, EP-BM-002: bus master off while a queue ends; get is told nevertheless."""
    for seed in range(12):
        bench = Bench(seed)
        ring = bench.queue(0, ERROR_RECORD=0, ERROR_VECTOR=0)
        ring.submit(packet(Opcode.WAIT, semaphore=1, value=1, deadline=4000), nop())
        while bench.read(ring.block.GET) == 0:
            assert bench.transport.now() < 100_000
        bench.master(False)
        if how == "drain":
            ring.control(drain=1)
            bench.poke(registers.SEMAPHORE_SET.word(1), 1)
            bench.settle(3000)
            assert ring.state is QueueState.DISABLED
        bench.settle(6000)
        told = bench.u64(ring.get_at) == bench.read(ring.block.GET)
        assert told or ring.state is not QueueState.HALTED, "ERR-HALT-004: a write is still to come"
        bench.master(True)
        bench.settle()
        assert ring.idle
        assert bench.u64(ring.get_at) == bench.read(ring.block.GET) > 0
