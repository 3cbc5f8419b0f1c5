"""Reads of the ring and of kernel arguments that go wrong, and answers that PCIe does not foresee for a memory read."""

from __future__ import annotations

from itertools import product
from typing import Any

import cocotb
import numpy as np
import pytest
from steps import columns, noise, pause

import doorbell
from doorbell.contract import CompletionStatus, Kernel, Space, TlpKind, limits, registers
from doorbell.encode import launch, nops
from doorbell.errors import QueueError
from doorbell_tb import link, tlp
from doorbell_tb.host_types import InjectKind
from doorbell_tb.profiles import profile

TIMEOUT = 3000
FAILURES = {
    InjectKind.UR: "UR",
    InjectKind.CA: "CA",
    InjectKind.POISON: "POISONED",
    InjectKind.SHORT: "MALFORMED",
    InjectKind.LONG: "MALFORMED",
    InjectKind.BYTE_COUNT: "MALFORMED",
    InjectKind.LOWER_ADDRESS: "MALFORMED",
    InjectKind.DROP: "TIMEOUT",
    InjectKind.DROP_PIECE: "TIMEOUT",
}
WHOLE = (InjectKind.UR, InjectKind.CA, InjectKind.DROP)
"""Not even the first packets of the read come."""
WRONG_STATUS = 7
"""A reserved completion status."""


@cocotb.test()
async def a_spoilt_fetch_halts_its_queue(_dut: Any) -> None:
    """CP-FETCH-001 to CP-FETCH-006: the code, the first packet not delivered, all before it done, none behind."""
    link.restart(
        profile("harsh").with_changes(completion_bytes=128)
    )  # so that LONG stays a legal TLP
    async with doorbell.open("rtl") as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, TIMEOUT)
        broken, other = device.stream(), device.stream()
        block = registers.QUEUE[broken.queue.number]
        ring = await device.read(block.RING_BASE)
        last = ring + limits.PACKET_BYTES * broken.queue.size - 1
        for kind, skip in product(FAILURES, (0, 1, 3)):
            first = broken.queue.queued
            before = await device.read(block.RETIRED)
            target = device.zeros(64)
            link.host().inject(kind, first=ring, last=last, skip=skip, argument=4)
            broken.submit(nops(60))
            broken.fill(target, 0x1111111111111111)
            broken.submit(nops(59))
            with pytest.raises(QueueError, match=f"FETCH_{FAILURES[kind]} ") as caught:
                await broken.synchronize()
            report = caught.value.report
            assert first <= report.index < first + 120
            if kind in WHOLE and not skip:
                assert report.index == first
            assert (report.opcode, report.tag) == (0, 0)
            assert ring <= report.address <= last
            assert await device.read(block.RETIRED) - before == report.index - first
            filled = (await other.download(target) == 0x11).all()
            assert filled == (report.index > first + 60)
            await broken.reset()
            broken.submit(nops(300))
            await broken.synchronize()


@cocotb.test()
async def a_spoilt_argument_read_fails_its_launch(_dut: Any) -> None:
    """DMA-ERR-001 to DMA-ERR-005 for LAUNCH: the code and the address; no work-group runs."""
    async with doorbell.open("rtl") as device:
        device.post(registers.DEVICE.COMPLETION_TIMEOUT, TIMEOUT)
        block = device.pinned(64)
        broken, other = device.stream(), device.stream()
        packet = launch(Kernel.GEMM_S8, (1, 1, 1), block.address, unit_mask=1, space=Space.HOST)
        for kind, code in FAILURES.items():
            first, last = block.address, block.address + 63
            link.host().inject(kind, first=first, last=last, argument=4)
            broken.submit(packet.copy())
            with pytest.raises(QueueError, match=f"DMA_{code} ") as caught:
                await broken.synchronize()
            assert caught.value.report.address == block.address
            assert caught.value.report.opcode_name == "LAUNCH"
            for unit in range(device.capabilities.units):
                assert await device.read(registers.UNIT[unit].GROUPS) == 0
            other.submit(nops(5))
            await other.synchronize()
            await broken.reset()


@cocotb.test()
async def any_other_status_counts_as_unsupported(_dut: Any) -> None:
    """EP-CPL-006: a memory read answered with configuration retry, or with a reserved status, ends as DMA_UR."""
    async with doorbell.open("rtl") as device:
        host, target = device.pinned(64), device.empty(64)
        host.array[:] = noise(1, 64)
        stream = device.stream()
        for status in (CompletionStatus.CRS, WRONG_STATUS):
            first = link.host().trace_count
            link.host().inject(InjectKind.DROP, first=host.address, last=host.address + 63)
            stream.copy(target, host)
            stream.flush()
            start = device.transport.now()
            while True:
                seen = columns(first)
                mine = np.flatnonzero(seen.to_host & seen.read & (seen.begin == host.address))
                if len(mine):
                    break
                await pause(device, 20)
            at = int(mine[0])
            requester, tag = int(seen.requester[at]), int(seen.tag[at])
            low = host.address & 0x7F
            header = (TlpKind.CPL << 24, status << 13 | 64, requester << 16 | tag << 8 | low)
            link.send(tlp.Tlp(header))
            with pytest.raises(QueueError, match="DMA_UR ") as caught:
                await stream.synchronize()
            assert device.transport.now() - start < TIMEOUT
            assert caught.value.report.address == host.address
            await stream.reset()
            stream.copy(target, host)
            assert np.array_equal(await stream.download(target), host.array)
        tags = registers.DEVICE.TAGS.decode(await device.read(registers.DEVICE.TAGS))
        assert tags == {"free": device.capabilities.tags, "quarantined": 0}
