"""Configuration space and BAR0 of the model: reset values, access kinds, sizes, counters."""

from __future__ import annotations

import pytest
from model_bench import ARENA, DEVICE, Bench, nop, packet

from doorbell.contract import Opcode, limits, registers
from doorbell.contract.register_types import Register
from doorbell.errors import UseAfterFree
from doorbell.model.shape import Shape

ONES = (1 << 64) - 1


@pytest.fixture
def bench(seed: int) -> Bench:
    return Bench(seed)


def config(bench: Bench, offset: int, size: int = 4) -> int:
    return bench.do(bench.transport.config_read(offset, size))


def test_header(bench: Bench) -> None:
    """EP-CFG-001, EP-BAR-001."""
    assert config(bench, 0) == limits.DEVICE_ID << 16 | limits.VENDOR_ID
    assert config(bench, 8) >> 8 == limits.CLASS_CODE
    assert config(bench, 0x0E, 1) == 0
    bars = bench.function.bars
    assert (bars[0].size, bars[0].prefetchable) == (limits.BAR0_BYTES, False)
    assert (bars[2].size, bars[2].prefetchable) == (limits.reference.DEVICE_MEMORY_BYTES, True)
    assert bench.function.vectors == limits.reference.VECTORS
    assert bench.function.mps == limits.reference.MPS_BYTES_MAX


def test_unimplemented_configuration_reads_zero(bench: Bench) -> None:
    """EP-CFG-002."""
    assert [config(bench, offset) for offset in (0x30, 0xFC, 0x100, 0xFFC)] == [0, 0, 0, 0]


def test_memory_space_off(bench: Bench) -> None:
    """EP-BAR-003."""
    bench.do(bench.transport.config_write(4, 4, 2))
    assert bench.peek(0) == ONES
    bench.write(registers.DEVICE.SCRATCH, 1)
    bench.do(bench.transport.config_write(4, 6, 2))
    assert bench.read(registers.DEVICE.SCRATCH) == 0
    assert bench.peek(0) == limits.IDENTITY


def test_reset_values(bench: Bench) -> None:
    """DEV-REG-008."""
    for register in registers.REGISTERS:
        if register.reset is not None:
            assert bench.read(register) == register.reset, register.name


def test_every_shape_reports_itself(seed: int) -> None:
    """DEV-CAP-001: the registers that a smaller device lacks are not there."""
    shape = Shape(queues=3, units=1, vectors=5, semaphores=2048, memory=1 << 16, channels=2, tags=8)
    bench = Bench(seed, shape)
    counts = registers.DEVICE.CAP_COUNTS
    assert counts.decode(bench.read(counts)) == {
        "queues": 3, "channels": 2, "units": 1, "vectors": 5
    }  # fmt: skip
    assert bench.read(registers.DEVICE.CAP_SEMAPHORES) == 2048
    assert bench.function.bars[2].size == bench.read(registers.DEVICE.CAP_DEVICE_MEMORY) == 1 << 16
    assert bench.read(registers.QUEUE[3].STATUS) == ONES
    assert bench.read(registers.UNIT[1].MACS) == ONES
    assert bench.peek(registers.SEMAPHORE_SET.word(2047)) == 0


def writable(register: Register) -> int:
    return sum(item.mask for item in register.fields.values() if item.access == "rw")


SIDE_EFFECTS = ("CONTROL", "SNAPSHOT", "DOORBELL", "RING_LOG2", "CYCLES")


def test_access_kinds(bench: Bench) -> None:
    """DEV-REG-002, DEV-REG-005, DEV-REG-006: halves are independent, only rw fields take."""
    value = 0x89AB_CDEF_7654_3210
    for register in registers.REGISTERS:
        if register.name.endswith(SIDE_EFFECTS):
            continue
        mask, before = writable(register), bench.read(register)
        upper = mask >> 32 << 32
        bench.write(register, value >> 32, size=4, at=4)
        assert bench.read(register) == value & upper | before & ~upper, register.name
        assert bench.peek(register.offset + 4, 4) == bench.read(register) >> 32
        bench.write(register, value)
        assert bench.read(register) == value & mask | before & ~mask, register.name
    assert bench.read(registers.DEVICE.DROPPED_WRITES) == 0


def test_odd_accesses(bench: Bench) -> None:
    """DEV-REG-001, DEV-REG-003, DEV-REG-004."""
    scratch = registers.DEVICE.SCRATCH.offset
    bench.poke(scratch, 0x1111)
    for dropped, offset in enumerate(
        (scratch + 4, 0x7F8, 0xFFFF8, registers.SEMAPHORE_SET.word(1024))
    ):
        assert bench.read(registers.DEVICE.DROPPED_WRITES) == dropped
        bench.poke(offset, 7)
    for size in (1, 2, 3, 5, 16):
        bench.transport.write_block(bench.bar0 + scratch, bytes(size))
    semaphore = registers.SEMAPHORE_SET.word(1)
    bench.poke(semaphore, 7, 4)
    assert bench.read(registers.DEVICE.DROPPED_WRITES) == 10
    assert bench.peek(scratch) == 0x1111
    assert bench.peek(semaphore) == 0
    assert bench.peek(semaphore, 4) == 0xFFFF_FFFF
    assert bench.peek(scratch + 4) == ONES
    assert bench.peek(0x7F8) == ONES
    assert bench.do(bench.transport.read_block(bench.bar0 + scratch, 2)) == b"\xff\xff"


def test_bar2_takes_everything(bench: Bench) -> None:
    """EP-BAR-002, ORD-READ-002."""
    data = bytes(range(256)) * 5
    bench.transport.write_block(bench.bar2 + 13, data)
    assert bench.do(bench.transport.read_block(bench.bar2 + 13, len(data))) == data
    bench.transport.write(bench.bar2 + 14, 0xFFFF_FFFF, 4)
    assert bench.do(bench.transport.read(bench.bar2 + 13, 8)) == 0x0706_05FF_FFFF_FF00


def test_counters(bench: Bench) -> None:
    """OBS-COUNT-001, OBS-SNAPSHOT-001 for one copy each way of known size."""
    device = registers.DEVICE
    bench.settle()
    ring = bench.queue(0, WRITEBACK=0)
    bench.write(device.SNAPSHOT, 0)
    before = [bench.read(item) for item in device.registers() if "COUNTER_" in item.name]
    host = ARENA + 0x90000
    ring.submit(
        packet(Opcode.COPY, source=host, destination=0, destination_space=DEVICE, length=1024),
        packet(Opcode.COPY, source=0, source_space=DEVICE, destination=host + 128, length=1024),
        nop(ring.record, 1),
    )
    bench.settle()
    names = [
        item.name.split("COUNTER_")[1] for item in device.registers() if "COUNTER_" in item.name
    ]
    unchanged = [bench.read(item) for item in device.registers() if "COUNTER_" in item.name]
    assert unchanged == before
    bench.write(device.SNAPSHOT, 0)
    after = [bench.read(item) for item in device.registers() if "COUNTER_" in item.name]
    moved = {name: now - then for name, now, then in zip(names, after, before, strict=True)}
    assert moved["TX_BYTES"] == 1024 + 16
    assert moved["RX_BYTES"] == 1024 + 3 * 64
    assert moved["COMMANDS"] == 3
    assert moved["DOORBELLS"] == 1
    assert moved["INTERRUPTS"] == 0


def test_transport_refuses_bad_calls(bench: Bench) -> None:
    transport = bench.transport
    for call in (
        lambda: transport.write(bench.bar0, 0, 3),
        lambda: transport.write(bench.bar0, 1 << 32, 4),
        lambda: transport.map(ARENA + 1, bench.host),
        lambda: transport.map(ARENA + 4096, bench.host),
        lambda: transport.map(0, bench.host.view("<u4")),
        lambda: transport.unmap(4096),
        lambda: bench.do(transport.config_read(2, 4)),
        lambda: bench.do(transport.read(0, 16)),
    ):
        with pytest.raises(ValueError, match=r"\d"):
            call()
    transport.close()
    with pytest.raises(UseAfterFree, match="closed"):
        transport.write(bench.bar0, 0)
