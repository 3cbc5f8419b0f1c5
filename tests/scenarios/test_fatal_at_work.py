"""What makes the device fatal in the middle of work: the cause stays, registers answer, nothing else leaves."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
import pytest
from steps import columns, pause
from work import Work

import doorbell
from doorbell.contract import FatalCause, registers
from doorbell.errors import LeakError
from doorbell_tb import link, tlp
from doorbell_tb.host_types import EVER, InjectKind
from doorbell_tb.profiles import profile
from doorbell_tb.trace import TlpFlag

DEADLINE = 500_000
BEGUN = 60
"""Cycles within which a request that had begun to leave may still appear on a link that pushes back."""


def malformed(address: int) -> dict[str, tlp.Tlp]:
    """One TLP for each way to be malformed (PCIe Base 2.2, 2.3); ``address`` is of 4 KiB of device memory."""
    write, two = tlp.memory_write(address, bytes(4)), tlp.memory_write(address, bytes(8))
    three = tlp.memory_write(address, bytes(12))
    read = tlp.memory_read(address, 16)
    return {
        "digest": write.changed(digest=1),
        "too_little_payload": three.changed(length=17),
        "too_much_payload": tlp.memory_write(address, bytes(128)).changed(length=8),
        "above_mps": tlp.memory_write(address, bytes(512)),
        "across_4k": tlp.memory_read(address + 4092, 8),
        "last_enables_of_one": write.changed(last_be=1),
        "no_last_enables": two.changed(last_be=0),
        "no_first_enables": read.changed(first_be=0),
        "holes_in_enables": three.changed(first_be=0b1010),
        "unknown_type": write.changed(kind=0x5B),
        "prefix": write.changed(kind=0x80),
        "atomic_off_its_size": tlp.swap(address + 4, 1),
        "atomic_without_data": tlp.Tlp(
            tlp.swap(address, 1).changed(kind=0x2D if address >> 32 else 0x0D).header
        ),
        "two_dw_io": tlp.Tlp((0x02 << 24 | 2, 0xFF, 0x100)),
        "completion_of_wrong_length": tlp.Tlp((0x4A << 24 | 17, 68, 0), bytes(4)),
    }


async def status(device: doorbell.Device) -> dict[str, int]:
    """Fields of DEVICE.STATUS."""
    return registers.DEVICE.STATUS.decode(await device.read(registers.DEVICE.STATUS))


async def stays_fatal(device: doorbell.Device, cause: FatalCause, since: int) -> None:
    """Nothing but answers leaves from cycle ``since`` on; registers answer, and the cause stays the first."""
    scratch = device.register(registers.DEVICE.SCRATCH)
    for turn in range(4):
        told = await status(device)
        assert (told["fatal"], told["fatal_cause"]) == (1, cause)
        device.transport.write(scratch, turn)
        assert await device.transport.read(scratch) == turn
        for register in (registers.QUEUE[0].PUT, registers.UNIT[0].MACS, registers.DEVICE.TAGS):
            await device.read(register)
        await pause(device, 300)
    link.send(tlp.memory_write(device.function.bars[2].address, bytes(4)).changed(digest=1))
    assert (await status(device))["fatal_cause"] == cause
    seen = columns()
    late = seen.to_host & ~seen.completion & (seen.cycle > since + BEGUN)
    assert not late.any(), seen.trace[late]


async def nothing_starts(device: doorbell.Device, work: Work) -> None:
    """A doorbell of a fatal device starts no command; what had started is over by now."""
    signals = work.streams[4]
    retired = registers.QUEUE[signals.queue.number].RETIRED
    before = await device.read(retired)
    signals.submit(doorbell.encode.nops(3))
    signals.flush()
    await pause(device, 1000)
    assert await device.read(retired) == before


@cocotb.test()
@cocotb.parametrize(kind=list(malformed(0)))
async def a_malformed_tlp_is_fatal(_dut: Any, kind: str) -> None:
    """ERR-FATAL-001 to ERR-FATAL-003: each kind, in the middle of work."""
    """Break the link in one way, and see the device through."""
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        work.start()
        await pause(device, 1500 + 150 * list(malformed(0)).index(kind))
        assert not (await status(device))["fatal"]
        link.send(malformed(device.function.bars[2].address)[kind])
        told = await status(device)
        assert (told["fatal"], told["fatal_cause"]) == (1, FatalCause.MALFORMED_TLP)
        seen = columns()
        broken = np.flatnonzero(~seen.to_host & (seen.flags & TlpFlag.INJECTED != 0))
        await stays_fatal(device, FatalCause.MALFORMED_TLP, int(seen.cycle[broken[-1]]))
        await nothing_starts(device, work)
        await device.reset()
        await work.check(5)


@cocotb.test()
async def writes_that_wait_for_credits_never_leave(_dut: Any) -> None:
    """ERR-FATAL-002: what was accepted before the fatal TLP, too, though its credits come afterwards."""
    link.restart(
        profile("harsh").with_changes(
            posted_headers=2, credit_return_min=400, credit_return_max=400
        )
    )
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        work.start()
        await pause(device, 2500)
        link.send(malformed(device.function.bars[2].address)["digest"])
        await status(device)
        await stays_fatal(device, FatalCause.MALFORMED_TLP, device.transport.now())
        await device.reset()
        await work.check(8)


@cocotb.test()
async def an_overrun_receiver_is_fatal(_dut: Any) -> None:
    """ERR-FATAL-001: more reads than the device granted credits for, while no answer can leave."""
    slow = profile("ideal").with_changes(ready_on_min=3000, ready_on_max=3000)
    link.restart(slow.with_changes(ready_off_min=4000, ready_off_max=4000))
    # Credits that were never granted never come back: a link in this state wants a reset of its own.
    link.expect(link.LEAK)
    with pytest.raises(LeakError, match="non-posted header credits"):
        async with doorbell.open("rtl", deadline=DEADLINE) as device:
            await overrun(device)


async def overrun(device: doorbell.Device) -> None:
    """Send 200 reads at once, and see the device through."""
    work = Work(device)
    work.start()
    while device.transport.now() % 7000 < 3100:
        await pause(device, 10)
    link.host().inject_overflow(200)
    for _ in range(200):
        link.host().mmio_read(device.function.bars[2].address, 4)
    await pause(device, 8000)
    told = await status(device)
    assert (told["fatal"], told["fatal_cause"]) == (1, FatalCause.RECEIVER_OVERFLOW)
    await stays_fatal(device, FatalCause.RECEIVER_OVERFLOW, device.transport.now())
    await device.reset()
    await work.check(6)


@cocotb.test()
async def tags_that_all_rest_are_fatal(_dut: Any) -> None:
    """ERR-FATAL-001: no read is ever answered until each tag is in quarantine; then they rest, and all is well."""
    async with doorbell.open("rtl", deadline=DEADLINE) as device:
        work = Work(device)
        tags = device.capabilities.tags
        link.host().inject(InjectKind.DROP, first=work.incoming.address, last=EVER, count=tags)
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, 2000)
        for stream in work.streams[:2]:
            for _ in range(2):
                stream.copy(work.landing, work.incoming)
            stream.flush()
        for _ in range(60):
            if (await status(device))["fatal"]:
                break
            await pause(device, 500)
        told = await status(device)
        assert (told["fatal"], told["fatal_cause"]) == (1, FatalCause.TAGS_EXHAUSTED)
        found = registers.DEVICE.TAGS.decode(await device.read(registers.DEVICE.TAGS))
        assert found == {"free": 0, "quarantined": tags}
        await stays_fatal(device, FatalCause.TAGS_EXHAUSTED, device.transport.now())
        await device.reset()
        await work.check(7)
