"""A device reset when nothing drains: fatal, no completions, no credits, a link that takes nothing, bus master off.

Each scenario stops work of every kind at moments that the seed draws. Afterwards the device is as after power-on, but
for configuration space and CYCLES; nothing of the work is sent or lands; and the same work is done in full.
"""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from steps import columns, noise, pause
from work import Work

import doorbell
from doorbell.contract import FatalCause, Opcode, SignalMode, limits, registers
from doorbell.contract.register_types import Register
from doorbell.encode import encode
from doorbell_tb import link, tlp
from doorbell_tb.host_types import EVER, InjectKind
from doorbell_tb.profiles import profile

DEADLINE = 2_000_000
LATE = 30_000
"""Cycles by which a stuck host answers late: after the reset, before the tags have rested."""
PENDING = 1 << 21
"""Transactions Pending in the DW of Device Control and Status: it tells of the reads that a reset abandons."""
COUNTS_ON = {"DEVICE.UNEXPECTED_COMPLETIONS", "DEVICE.TAGS"}
"""What abandoned reads change after the reset."""


def moments(device: doorbell.Device, count: int, most: int) -> list[int]:
    """Cycles after the start of the work, drawn by the seed."""
    rng = np.random.default_rng(device.transport.seed)
    return [int(moment) for moment in rng.integers(1, most, count)]


def break_the_link(device: doorbell.Device) -> None:
    """Send a TLP that announces a digest which no link carries: malformed."""
    link.send(tlp.memory_write(device.function.bars[2].address, bytes(4)).changed(digest=1))


async def fatal_cause(device: doorbell.Device) -> FatalCause:
    """Why the device is fatal."""
    status = registers.DEVICE.STATUS.decode(await device.read(registers.DEVICE.STATUS))
    assert bool(status["fatal"]) == (status["fatal_cause"] != FatalCause.NONE)
    return FatalCause(status["fatal_cause"])


async def clock(device: doorbell.Device) -> tuple[int, int]:
    """CYCLES less the host's cycle lies between these two."""
    before = device.transport.now()
    cycles = await device.read(registers.DEVICE.CYCLES)
    return cycles - device.transport.now(), cycles - before


async def configuration(device: doorbell.Device) -> list[int]:
    """The standard configuration space and the first extended DWs, without the pending bit."""
    host, found = link.host(), []
    for asked in [host.config_read(offset) for offset in range(0, 0x140, 4)]:
        while (reply := host.result(asked)) is None:
            await device.transport.wait(device.transport.events())
        found.append(reply.value & 0xFFFF_FFFF)
    at = found[0x34 // 4] & 0xFF
    while found[at // 4] & 0xFF != 0x10:
        at = found[at // 4] >> 8 & 0xFF
    found[at // 4 + 2] &= ~PENDING
    return found


def with_reset_values(device: doorbell.Device) -> list[Register]:
    """Every register of the device whose reset value the contract gives."""
    counts = device.capabilities
    found = list(registers.DEVICE.registers())
    for blocks, count in (
        (registers.VECTOR, counts.vectors),
        (registers.UNIT, counts.units),
        (registers.QUEUE, counts.queues),
        (registers.DOORBELL, counts.queues),
    ):
        for number in range(count):
            found += blocks[number].registers()
    return [item for item in found if item.reset is not None and item.name not in COUNTS_ON]


async def reads(device: doorbell.Device, offsets: np.ndarray[Any, Any]) -> Any:
    """Values of many 8-byte registers, asked for at once."""
    host, transport = link.host(), device.transport
    asked = host.mmio_read_many(
        (device.bar0 + offsets).astype(np.uint64), np.full(len(offsets), 8, np.uint32)
    )
    while (rows := host.results(asked)) is None:
        await transport.wait(transport.events())
    assert not rows["status"].any()
    return rows["value"]


async def is_as_new(device: doorbell.Device) -> None:
    """ERR-RESET-004: every register at its reset value, every semaphore 0 and healthy, every vector masked."""
    expected = with_reset_values(device)
    found = await reads(device, np.array([register.offset for register in expected]))
    for register, value in zip(expected, found.tolist(), strict=True):
        assert value == register.reset, f"{register.name} reads {value:#x}"
    words = 8 * np.arange(device.capabilities.semaphores)
    for table in (registers.SEMAPHORE_SET, registers.SEMAPHORE_POISON):
        assert not (await reads(device, table.offset + words)).any(), table
    table = await reads(
        device, registers.MSIX_TABLE.offset + 8 * np.arange(2 * device.capabilities.vectors)
    )
    assert not table[::2].any()
    assert (table[1::2] == 1 << 32).all()
    assert not (await reads(device, np.array([registers.MSIX_PBA.offset]))).any()


Lasting = tuple[list[int], tuple[int, int]]


async def lasting(device: doorbell.Device) -> Lasting:
    """What a device reset leaves alone: configuration space, and CYCLES."""
    return await configuration(device), await clock(device)


async def reset_and_look(
    device: doorbell.Device, read_meanwhile: bool = False, left_alone: Lasting | None = None
) -> None:
    """Reset the device by its register, and see that the contract holds; the runtime then sets it up anew.

    ``left_alone`` is `lasting` from before the work, where a stuck device would answer only once the work has ended.
    """
    block = registers.DEVICE
    before, early = left_alone or await lasting(device)
    device.post(block.CONTROL, 1)
    if read_meanwhile:  # whichever block answers, in whichever cycle: each read has its completion
        blocks = [registers.QUEUE[1].GET, registers.DOORBELL[2].DOORBELL, registers.UNIT[0].GROUPS]
        blocks += [registers.QUEUE[1].ERROR[0], registers.VECTOR[3].MODERATION, block.STATUS]
        await reads(device, np.array([register.offset for register in blocks] * 6))
    await device.poll(block.STATUS, {"resetting": 0}, limits.reference.BOUND_RESET_CYCLES, "reset")
    late = await clock(device)
    assert late[0] <= early[1]
    assert early[0] <= late[1]
    assert await fatal_cause(device) is FatalCause.NONE
    assert await configuration(device) == before
    await is_as_new(device)
    start = link.host().trace_count
    await pause(device, 500)
    seen = columns(start)
    assert not (seen.to_host & ~seen.completion).any()


async def nothing_comes_late(device: doorbell.Device, work: Work, cycles: int) -> None:
    """ERR-RESET-002: neither host nor device memory changes any more."""
    bar2 = device.function.bars[2].address
    work.outgoing.array[:] = 0xA5
    device.transport.publish()
    fill = bytes([0x5A]) * 4096
    for buffer in (work.landing, work.local):
        device.transport.write_block(bar2 + buffer.address, fill)
    start = link.host().trace_count
    await pause(device, cycles)
    seen = columns(start)
    assert not (seen.to_host & ~seen.completion).any()
    assert (work.outgoing.array == 0xA5).all()
    for buffer in (work.landing, work.local):
        assert await device.transport.read_block(bar2 + buffer.address, 4096) == fill


@cocotb.test()
@cocotb.parametrize(behaviour=["harsh", "ideal", "distant"], stuck=[False, True])
async def a_fatal_device_comes_back(_dut: Any, behaviour: str, stuck: bool) -> None:
    """ERR-RESET-002 to ERR-RESET-004, ERR-FATAL-003: whatever was under way, and with answers that come late."""
    link.restart(behaviour)
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        for turn, moment in enumerate(moments(device, 4 if stuck else 10, 3000)):
            handle = None
            if stuck:
                handle = link.host().inject(InjectKind.LATE, count=EVER, argument=LATE)
            work.start()
            await pause(device, moment)
            break_the_link(device)
            await pause(device, moment % 37)
            if turn % 2:
                assert await fatal_cause(device) is FatalCause.MALFORMED_TLP
            await reset_and_look(device, read_meanwhile=True)
            await nothing_comes_late(device, work, LATE + 2000 if stuck else 4000)
            await device.reset()
            if handle is not None:
                link.host().inject_remove(handle)
            await work.check(moment)


@cocotb.test()
async def a_device_without_completions_comes_back(_dut: Any) -> None:
    """ERR-RESET-004: not fatal, every read unanswered until after the reset, timeouts beyond its bound."""
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        for moment in moments(device, 3, 3000):
            handle = link.host().inject(InjectKind.LATE, count=EVER, argument=LATE + 15_000)
            device.post(registers.DEVICE.COMPLETION_TIMEOUT, 1_000_000)
            work.start()
            await pause(device, moment)
            await reset_and_look(device)
            await nothing_comes_late(device, work, LATE)
            await device.reset()
            link.host().inject_remove(handle)
            await work.check(moment)


@cocotb.test()
@cocotb.parametrize(headers=[30, 90])
async def a_device_without_credits_comes_back(_dut: Any, headers: int) -> None:
    """ERR-RESET-004: posted and non-posted credits run out in the work and come back after the reset."""
    behaviour = profile("harsh").with_changes(
        posted_headers=headers, credit_return_min=70_000, credit_return_max=70_000
    )
    link.restart(behaviour.with_changes(nonposted_headers=100, nonposted_data=100))
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work, left_alone = Work(device), await lasting(device)
        work.start()
        await pause(device, moments(device, 1, 3000)[0])
        await reset_and_look(device, left_alone=left_alone)
        await nothing_comes_late(device, work, 80_000)
        await device.reset()
        stream = device.stream()
        source, target = device.pinned(100), device.empty(100)
        source.array[:] = noise(headers, 100)
        stream.copy(target, source)
        assert np.array_equal(await stream.download(target), source.array)


@cocotb.test()
async def a_link_that_takes_nothing_is_no_obstacle(_dut: Any) -> None:
    """ERR-RESET-004: the link stops in the middle of the work, of a TLP too; what has begun leaves whole."""
    behaviour = profile("harsh").with_changes(
        ready_on_min=4000, ready_on_max=9000, ready_off_min=36_000, ready_off_max=40_000
    )
    link.restart(behaviour)
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        for moment in moments(device, 4, 9000):
            left_alone = await lasting(device)
            # A read waits for the link, too; one that timed out would be told of in configuration space.
            device.post(registers.DEVICE.COMPLETION_TIMEOUT, 1_000_000)
            work.start()
            await pause(device, moment)
            await reset_and_look(device, left_alone=left_alone)
            await nothing_comes_late(device, work, 4000)
            await device.reset()
            device.post(registers.DEVICE.COMPLETION_TIMEOUT, 1_000_000)
            await work.check(moment)


@cocotb.test()
async def a_device_without_bus_master_comes_back(_dut: Any) -> None:
    """ERR-RESET-004, EP-BM-001: writes and reads wait for bus master, and are dropped by the reset."""
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        for moment in moments(device, 5, 3000):
            work.start()
            await pause(device, moment)
            await device.function.bus_master(False)
            await pause(device, moment % 700)
            await reset_and_look(device)
            await device.function.bus_master(True)
            await nothing_comes_late(device, work, 4000)
            await device.reset()
            await work.check(moment)


@cocotb.test()
async def registers_answer_over_a_reset(_dut: Any) -> None:
    """EP-CPL-001, ERR-RESET-004: reads back to back in every cycle of a device reset; each is answered."""
    link.restart(
        profile("ideal").with_changes(rx_gap_percent=50, rx_gap_max=5, mmio_timeout=20_000)
    )
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        blocks = [
            registers.QUEUE[1].GET,
            registers.DOORBELL[2].DOORBELL,
            registers.QUEUE[3].ERROR[0],
        ]
        for turn in range(180):
            if turn % 2:
                break_the_link(device)
            device.post(registers.DEVICE.CONTROL, 1)
            for _ in range(turn % 4):  # so that the reads fall into other cycles
                device.transport.write(device.function.bars[2].address, 0)
            assert not (await reads(device, np.full(12, blocks[turn % 3].offset))).any()
            await device.poll(registers.DEVICE.STATUS, {"resetting": 0}, 3000, "reset")


@cocotb.test()
async def signals_end_with_a_reset(_dut: Any) -> None:
    """ERR-RESET-004: of signals one after the other, none acts after the semaphores were cleared."""
    link.restart("ideal")
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        gate, stream = device.semaphore(), device.stream()
        assert gate.index == 0  # the one that is cleared first
        for moment in moments(device, 12, 400):
            stream.submit(encode(Opcode.SIGNAL, 200, mode=SignalMode.SEMAPHORE_ADD, value=1))
            stream.flush()
            await pause(device, 100 + moment)
            break_the_link(device)
            device.post(registers.DEVICE.CONTROL, 1)
            await device.poll(registers.DEVICE.STATUS, {"resetting": 0}, 3000, "reset")
            left = await gate.value()
            assert left == 0, f"semaphore 0 reads {left}"
            await device.reset()
