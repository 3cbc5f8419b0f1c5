"""Sizes, boundaries and odd requests on the link itself."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from steps import columns, noise, pause

import doorbell
from doorbell.contract import TlpKind, registers
from doorbell_tb import link, tlp
from doorbell_tb.host_types import ReplyStatus


def fewest(address: int, length: int, size: int) -> int:
    """Requests needed when a transfer is cut at multiples of ``size``."""
    return (address + length + size - 1) // size - address // size


@cocotb.test()
@cocotb.parametrize(payload=[128, 256], request=[128, 256, 512])
async def copies_near_boundaries(_dut: Any, payload: int, request: int) -> None:
    """EP-TLP-001 to EP-TLP-005: fewest requests, none across a boundary, exact bytes (pitfalls 18, 19, 25)."""
    async with doorbell.open("rtl") as device:
        control = await _device_control(device)
        value = await device.transport.config_read(control, 2)
        sizes = (payload.bit_length() - 8) << 5 | (request.bit_length() - 8) << 12
        await device.transport.config_write(control, value & ~0x70E0 | sizes, 2)
        stream = device.stream()
        host, local = device.pinned(3 * 4096), device.empty(3 * 4096)
        content = noise(7, 3 * 4096)
        rng = np.random.default_rng(payload + request)
        offsets = [4096 + int(step) for step in rng.integers(-70, 6, 12)] + [
            4096,
            4095,
            4096 - payload,
        ]
        lengths = [1, 2, 3, 5, payload - 1, payload, payload + 1, request, request + 1, 1000]
        for offset in offsets:
            length = int(rng.choice(lengths))
            host.array[:] = content
            start = link.host().trace_count
            stream.copy(local, host, length, destination_offset=13, source_offset=offset)
            await stream.synchronize()
            reads = columns(start)
            mine = reads.to_host & reads.read & _inside(reads, host.address, 3 * 4096)
            assert mine.sum() == fewest(host.address + offset, length, request), (offset, length)
            host.array[:] = 0x55
            start = link.host().trace_count
            stream.copy(host, local, length, destination_offset=offset, source_offset=13)
            await stream.synchronize()
            writes = columns(start)
            mine = writes.to_host & writes.write & _inside(writes, host.address, 3 * 4096)
            assert mine.sum() == fewest(host.address + offset, length, payload), (offset, length)
            expected = np.full(3 * 4096, 0x55, np.uint8)
            expected[offset : offset + length] = content[offset : offset + length]
            assert np.array_equal(host.array, expected), (offset, length)


def _inside(seen: tlp.Columns, address: int, length: int) -> Any:
    return (seen.begin >= np.uint64(address)) & (seen.begin < np.uint64(address + length))


async def _device_control(device: doorbell.Device) -> int:
    at = await device.transport.config_read(0x34, 1)
    while await device.transport.config_read(at, 1) != 0x10:
        at = await device.transport.config_read(at + 1, 1)
    return at + 8


@cocotb.test()
async def bar2_takes_every_size(_dut: Any) -> None:
    """EP-BAR-002: any length and any offset, against a shadow in numpy."""
    async with doorbell.open("rtl") as device:
        bar2 = device.function.bars[2].address
        shadow = np.zeros(8192, np.uint8)
        device.transport.write_block(bar2, shadow)
        rng = np.random.default_rng(11)
        for turn in range(150):
            length = int(rng.integers(1, 70 if turn % 3 else 600))
            at = int(rng.integers(0, 8192 - length))
            content = noise(turn, length)
            device.transport.write_block(bar2 + at, content)
            shadow[at : at + length] = content
            length = int(rng.integers(1, 300))
            at = int(rng.integers(0, 8192 - length))
            assert (
                await device.transport.read_block(bar2 + at, length)
                == shadow[at : at + length].tobytes()
            )
        assert await device.transport.read_block(bar2, 8192) == shadow.tobytes()


@cocotb.test()
async def bar2_takes_every_byte_enable(_dut: Any) -> None:
    """EP-BAR-002 with gaps: one DW with each pattern, two DWs on an 8-byte boundary with each pair."""
    async with doorbell.open("rtl") as device:
        bar2 = device.function.bars[2].address
        for first in range(16):
            for last in range(0, 16, 3):
                device.transport.write_block(bar2, bytes(range(0x80, 0x88)))
                if last and not first:
                    continue  # longer than one DW, the first one needs a byte
                words = 2 if last else 1
                content = bytes(range(1, 4 * words + 1))
                packet = tlp.memory_write(bar2, content)
                link.send(packet.changed(first_be=first, last_be=last))
                expected = bytearray(range(0x80, 0x88))
                for byte, enabled in enumerate([first, last][:words]):
                    for lane in range(4):
                        if enabled >> lane & 1:
                            expected[4 * byte + lane] = content[4 * byte + lane]
                assert await device.transport.read_block(bar2, 8) == expected, (first, last)


@cocotb.test()
async def unsupported_requests_are_answered(_dut: Any) -> None:
    """EP-BAR-003, EP-CPL-001, EP-ATOMIC-002, DEV-REG-004: each has its one answer, and nothing changes."""
    async with doorbell.open("rtl") as device:
        scratch = device.register(registers.DEVICE.SCRATCH)
        bar0, bar2 = device.bar0, device.function.bars[2].address
        end = bar2 + device.function.bars[2].size
        await device.transport.read(scratch)
        device.transport.write(scratch, 0x1122334455667788)
        cases = [
            (tlp.memory_read(end, 4), ReplyStatus.UR),
            (tlp.memory_read(0x2000, 4), ReplyStatus.UR),
            (tlp.memory_read(bar0 - 8, 8), ReplyStatus.UR),
            (tlp.memory_read(bar0 + 0x7F8, 8), ReplyStatus.CA),
            (tlp.memory_read(scratch, 16), ReplyStatus.CA),
            (tlp.memory_read(scratch + 1, 2), ReplyStatus.CA),
            (tlp.memory_read(scratch + 4, 8), ReplyStatus.CA),
            (tlp.memory_read(bar0 + registers.SEMAPHORE_SET.offset, 4), ReplyStatus.CA),
            (tlp.fetch_add(scratch, 1), ReplyStatus.UR),
            (tlp.swap(bar2, 1), ReplyStatus.UR),
            (tlp.fetch_add(bar0 + registers.SEMAPHORE_SET.offset, 1, 4), ReplyStatus.UR),
            (tlp.compare_and_swap(bar0 + registers.SEMAPHORE_ADD.offset, 0, 1), ReplyStatus.UR),
            (tlp.Tlp((0x02 << 24 | 1, 0xF, 0x100)), ReplyStatus.UR),  # I/O read
            (tlp.Tlp((0x05 << 24 | 1, 0xF, 0x0200_0000)), ReplyStatus.UR),  # type 1 configuration
        ]
        for packet, status in cases:
            reply = await link.request(packet)
            assert reply.status is status, (packet, reply)
        assert await device.transport.read(scratch) == 0x1122334455667788
        assert await device.transport.read(bar0 + registers.SEMAPHORE_SET.offset) == 0


@cocotb.test()
async def zero_length_reads_are_answered(_dut: Any) -> None:
    """EP-CPL-003: in either BAR, at any DW, with one DW; no counter of refused accesses moves."""
    async with doorbell.open("rtl") as device:
        bar0, bar2 = device.bar0, device.function.bars[2].address
        places = [bar2, bar2 + 4, bar2 + 4092, bar2 + 65536, bar0]
        places += [device.register(registers.DEVICE.SCRATCH), bar0 + registers.SEMAPHORE_SET.offset]
        before = await device.transport.read_block(bar2, 256)
        for place in places:
            start = link.host().trace_count
            reply = await link.request(tlp.memory_read(place, 0))
            assert reply.status is ReplyStatus.SC, hex(place)
            seen = columns(start)
            answers = seen.to_host & seen.completion
            assert seen.payload[answers].tolist() == [4], hex(place)
            assert seen.byte_count[answers].tolist() == [1], hex(place)
        assert await device.transport.read_block(bar2, 256) == before
        assert await device.read(registers.DEVICE.DROPPED_WRITES) == 0


@cocotb.test()
async def writes_to_nowhere_are_dropped(_dut: Any) -> None:
    """EP-BAR-003: a posted write that hits no BAR has no effect and no answer."""
    async with doorbell.open("rtl") as device:
        bar2 = device.function.bars[2]
        start = link.host().trace_count
        link.send(tlp.memory_write(bar2.address + bar2.size, bytes(64)))
        link.send(tlp.memory_write(0x3000, bytes(4)))
        scratch = device.register(registers.DEVICE.SCRATCH)
        device.transport.write(scratch, 5)
        assert await device.transport.read(scratch) == 5
        seen = columns(start)
        assert (seen.to_host & seen.completion).sum() == 1


@cocotb.test()
async def atomics_on_semaphores(_dut: Any) -> None:
    """EP-ATOMIC-001: old value returned, one step each."""
    async with doorbell.open("rtl") as device:
        address = device.bar0 + registers.SEMAPHORE_SET.offset + 8 * 5
        assert (await link.request(tlp.fetch_add(address, 7))).value == 0
        assert (await link.request(tlp.fetch_add(address, (1 << 64) - 2))).value == 7
        assert (await link.request(tlp.swap(address, 100))).value == 5
        assert (await link.request(tlp.compare_and_swap(address, 99, 1))).value == 100
        assert (await link.request(tlp.compare_and_swap(address, 100, 1))).value == 100
        assert await device.transport.read(address) == 1
        kinds = {int(kind) for kind in columns().kind}
        assert {TlpKind.FETCHADD64, TlpKind.SWAP64, TlpKind.CAS64} <= kinds


@cocotb.test()
async def an_atomic_waits_for_the_writes_before_it(_dut: Any) -> None:
    """ORD-IN-001: a FetchAdd that opens a gate behind writes to BAR2, whose bytes a copy then takes."""
    async with doorbell.open("rtl") as device:
        bar2, stream, gate = device.function.bars[2].address, device.stream(), device.semaphore()
        host, local = device.pinned(2048), device.empty(2048)
        word = device.bar0 + registers.SEMAPHORE_SET.word(gate.index)
        for value in range(1, 31):
            stream.wait(gate, value)
            stream.copy(host, local)
            stream.flush()
            await pause(device, 1000)
            content = noise(value, 2048)
            device.transport.write_block(bar2 + local.address, content)
            assert (await link.request(tlp.fetch_add(word, 1))).value == value - 1
            await stream.synchronize()
            assert np.array_equal(host.array, content), value
