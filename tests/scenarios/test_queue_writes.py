"""What a queue itself writes to host memory, seen on the link: write-back of get and error record."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
import pytest
from steps import columns, pause

import doorbell
from doorbell.contract import QueueState, limits, registers
from doorbell.encode import nops
from doorbell.errors import QueueError
from doorbell_tb import link
from doorbell_tb.tlp import Columns
from doorbell_tb.trace import TlpFlag


async def bounds(device: doorbell.Device) -> tuple[int, int]:
    """Packets and cycles of BOUND_WRITEBACK."""
    register = registers.DEVICE.BOUND_WRITEBACK
    fields = register.decode(await device.read(register))
    return fields["packets"], fields["cycles"]


def written_back(seen: Columns, address: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Cycle and value of each write to a write-back address, which are all of 8 bytes."""
    to = seen.to_host & seen.write & (seen.begin >= address) & (seen.begin < address + 8)
    assert (seen.meant[to] == 8).all()
    return seen.cycle[to], seen.trace["first"][to].astype(np.int64)


@cocotb.test()
async def get_is_written_back_in_time(_dut: Any) -> None:
    """CP-WB-001, CP-WB-003: after so many packets, and after so many cycles though a WAIT keeps the queue busy."""
    link.restart("ideal")
    async with doorbell.open("rtl") as device:
        packets, cycles = await bounds(device)
        stream, gate = device.stream(), device.semaphore()
        block = registers.QUEUE[stream.queue.number]
        address = await device.read(block.WRITEBACK) & ~7
        start = link.host().trace_count
        for count in (1, 3, 200, 250):
            stream.submit(nops(count))
            await stream.synchronize()
        await pause(device, 2 * cycles)
        _, values = written_back(columns(start), address)
        steps = np.diff(values, prepend=0)
        assert values[-1] == 454
        # The value is of the moment in which it leaves, so it may have moved on by what starts meanwhile.
        assert steps.max() <= 2 * packets, steps
        for _ in range(20):
            start = link.host().trace_count
            stream.wait(gate, 1)
            stream.submit(nops(2))
            stream.flush()
            await pause(device, 1500)
            seen = columns(start)
            fetched = seen.cycle[~seen.to_host & seen.completion & (seen.payload >= 64)]
            when, values = written_back(seen, address)
            assert len(when), "a queue that is not idle never wrote get back"
            assert when[0] - fetched.min() <= cycles + 100
            assert values[-1] == await device.read(block.GET)
            gate.set(1)
            await stream.synchronize()
            gate.set(0)


@cocotb.test()
async def the_error_record_is_one_write(_dut: Any) -> None:
    """ERR-RECORD-002, ERR-RECORD-003: 64 bytes at once, equal to the registers, and its message behind it."""
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        block = registers.QUEUE[stream.queue.number]
        address = await device.read(block.ERROR_RECORD) & ~63
        for generation in (1, 2, 3):
            start = link.host().trace_count
            bad = nops(3)
            bad["opcode"][1] = 0xEE
            stream.submit(bad)
            with pytest.raises(QueueError, match="BAD_OPCODE") as caught:
                await stream.synchronize()
            await pause(device, 500)
            assert caught.value.report.generation == generation
            seen = columns(start)
            inside = (seen.begin >= address) & (seen.begin < address + limits.ERROR_RECORD_BYTES)
            record = np.flatnonzero(seen.to_host & seen.write & inside)
            assert seen.meant[record].tolist() == [limits.ERROR_RECORD_BYTES]
            messages = np.flatnonzero(seen.to_host & (seen.flags & TlpFlag.MESSAGE != 0))
            assert messages[-1] > record[0]
            words = [await device.read(word) for word in block.ERROR]
            assert words[0] == int(seen.trace["first"][record[0]])
            assert words[7] == generation
            await stream.reset()


@cocotb.test()
async def a_raw_error_record_equals_the_registers(_dut: Any) -> None:
    """ERR-RECORD-002: every byte, whatever stood there."""
    async with doorbell.open("rtl") as device:
        number = device.capabilities.queues - 1
        block = registers.QUEUE[number]
        memory = device.pinned(64)
        memory.array[:] = 0xA5
        device.post(block.RING_BASE, 0x30_0000_0000)
        device.post(block.ERROR_RECORD, memory.address | 1)
        device.post(block.CONTROL, 1)
        device.post(registers.DOORBELL[number].DOORBELL, 1)
        await device.poll(block.STATUS, {"state": QueueState.HALTED}, 20_000, "halting")
        words = [await device.read(word) for word in block.ERROR]
        assert memory.array.view("<u8").tolist() == words
        with pytest.raises(doorbell.errors.FaultError):
            device.check_faults()
        device.post(block.CONTROL, 4)
        await device.poll(block.STATUS, {"state": QueueState.DISABLED, "idle": 1}, 70_000, "reset")
