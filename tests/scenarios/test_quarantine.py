"""A timed-out read keeps its tag to itself until it is answered after all."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
import pytest
from steps import noise, pause

import doorbell
from doorbell.contract import registers
from doorbell.errors import QueueError
from doorbell_tb import link
from doorbell_tb.host_types import InjectKind

LATE = 45_000
"""Cycles; before QUARANTINE is over, and after several times as many reads as there are tags."""


@cocotb.test()
async def every_tag_is_used_again_before_a_late_answer(_dut: Any) -> None:
    """EP-TAG-002, pitfall 23: the late bytes meet no later read."""
    async with doorbell.open("rtl", deadline=100_000) as device:
        stream, source, target = device.stream(), device.pinned(1 << 18), device.empty(1 << 18)
        source.array[:] = noise(12, source.nbytes)
        last = source.address + 63
        link.host().inject(InjectKind.LATE, first=source.address, last=last, argument=LATE)
        due = device.transport.now() + LATE
        stream.copy(target, source, 64)
        with pytest.raises(QueueError, match="DMA_TIMEOUT"):
            await stream.synchronize()
        await stream.reset()
        stream.copy(target, source)
        await stream.synchronize()
        assert device.transport.now() < due
        await pause(device, due + 2000 - device.transport.now())
        assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 1
        assert np.array_equal(await stream.download(target), source.array)
