"""Whose turn it is: three queues that always have a copy ready, for fewer places in the DMA engine than copies.

Each copy is one read of its own address, so the reads on the link show the order of the starts.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import cocotb
import numpy as np
from steps import columns, pause

import doorbell
from doorbell.contract import registers
from doorbell_tb import link
from doorbell_tb.profiles import profile

COPIES, BYTES = 32, 64
SLOW = profile("ideal").with_changes(read_latency_min=397, read_latency_max=403)


async def starts(device: doorbell.Device, weights: list[int]) -> list[int]:
    """Order in which the copies of as many queues start, by number of the queue."""
    gate, local = device.semaphore(), device.empty(BYTES * COPIES)
    streams = [device.stream() for _ in weights]
    hosts = [device.pinned(BYTES * COPIES) for _ in weights]
    start = link.host().trace_count
    for stream, host, weight in zip(streams, hosts, weights, strict=True):
        device.post(registers.QUEUE[stream.queue.number].WEIGHT, weight)
        stream.wait(gate, 1)
        with stream.overlap():
            for at in range(0, BYTES * COPIES, BYTES):
                stream.copy(local, host, BYTES, destination_offset=at, source_offset=at)
        stream.flush()
    await pause(device, 3000)
    gate.set(1)
    for stream in streams:
        await stream.synchronize()
        await stream.close()
    seen = columns(start)
    owners = np.full(seen.count, -1)
    for number, host in enumerate(hosts):
        inside = (seen.begin >= host.address) & (seen.begin < host.address + host.nbytes)
        owners[seen.to_host & seen.read & inside] = number
    order: list[int] = owners[owners >= 0].tolist()
    assert len(order) == COPIES * len(weights)
    return order


@cocotb.test()
async def turns_are_as_long_as_their_weights(_dut: Any) -> None:
    """CP-ARB-001, CP-ARB-002: no longer a turn, no longer a wait, while every queue has a copy that can start."""
    link.restart(SLOW)
    async with doorbell.open("rtl") as device:
        for weights in ((1, 1, 1), (4, 1, 2), (1, 4, 1), (0, 3, 1), (2, 0, 7)):
            judge(await starts(device, list(weights)), [max(1, weight) for weight in weights])


def judge(order: list[int], weights: list[int]) -> None:
    """Look at the starts up to the last one of the queue that is done first."""
    ends = [len(order) - 1 - order[::-1].index(number) for number in range(len(weights))]
    contended = order[: min(ends)]
    assert len(contended) > COPIES
    for number, turn in groupby(contended):
        assert len(list(turn)) <= weights[number], contended
    for number, weight in enumerate(weights):
        mine = [-1, *(at for at, other in enumerate(contended) if other == number)]
        assert max(np.diff(mine)) - 1 <= sum(weights) - weight, (number, contended)
        share = contended.count(number) / len(contended)
        assert abs(share - weight / sum(weights)) < 0.1, (number, contended)
