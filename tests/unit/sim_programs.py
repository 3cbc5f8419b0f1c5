"""Programs that end in every way a program can end; run in the simulator by test_sim_rtl.py."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import Event

import doorbell
from doorbell.errors import ArgumentError, DeadlineExceeded, WrongResult
from doorbell_tb import checkers, link
from doorbell_tb.tlp import Columns
from doorbell_tb.trace import TlpFlag


async def right(device: doorbell.Device, number: int) -> dict[str, Any]:
    print("said inside the simulator")
    stream = device.stream()
    data = np.random.default_rng(number).integers(0, 256, 5000, np.uint8)
    assert np.array_equal(await stream.download(device.upload(data)), data)
    return {"number": number, "seed": device.transport.seed}


async def asserts(device: doorbell.Device) -> None:
    cycles = device.transport.now()
    assert cycles < 0


async def wrong_result(device: doorbell.Device) -> None:
    raise WrongResult("logits differ", "DMA-COPY-001")


async def bad_argument(device: doorbell.Device) -> None:
    device.stream(weight=0)


async def hangs(device: doorbell.Device) -> None:
    stream = device.stream()
    stream.wait(device.semaphore(), 1)
    await stream.synchronize(2000)


async def nothing_happens(device: doorbell.Device) -> None:
    await device.transport.wait(device.transport.events())


async def waits_past_the_transport(device: doorbell.Device) -> None:
    await Event().wait()


async def leaves_a_request(device: doorbell.Device) -> None:
    link.host().mmio_read(device.bar0, 8)


async def reads_without_a_command(device: doorbell.Device) -> None:
    """What the device does is right, but the journal is told of other commands afterwards."""
    stream = device.stream()
    stream.copy(device.empty(256), device.pinned(256))
    await stream.synchronize()
    for session in link.transport().journal.sessions:
        for batch in session.batches:
            batch.packets["operands"] = 0


async def tampers(device: doorbell.Device) -> dict[str, Any]:
    """Real traffic, then the checkers on copies of its trace in which one thing was changed."""
    stream = device.stream()
    local, host = device.empty(4096), device.pinned(4096)
    for _ in range(3):
        stream.copy(host, local)
        await stream.synchronize()
    here = link.transport()
    trace = link.trace().copy()

    def broken(changed: Any) -> set[str]:
        found = checkers.check(checkers.Evidence(trace=changed, journal=here.journal))
        return {finding.rule for finding in found}

    assert broken(trace) == set()
    seen = Columns(trace)
    ours = (seen.begin >= np.uint64(host.address)) & (seen.begin < np.uint64(host.address + 4096))
    data = np.flatnonzero(seen.to_host & seen.write & ours)
    records = np.flatnonzero(seen.to_host & seen.write & (seen.meant == 16))
    messages = np.flatnonzero(seen.flags & TlpFlag.MESSAGE != 0)
    found: dict[str, set[str]] = {"late data": set(), "early interrupt": set(), "lost data": set()}
    for record, message in zip(records, messages, strict=True):
        last = data[data < record][-1]
        for name, first, second in (
            ("late data", last, record),
            ("early interrupt", record, message),
        ):
            changed = trace.copy()
            changed[[first, second]] = changed[[second, first]]
            found[name] |= broken(changed)
        changed = trace.copy()
        changed["direction"][last] = 1
        found["lost data"] |= broken(changed)
    return {name: sorted(rules) for name, rules in found.items()}


async def unplain_result(device: doorbell.Device) -> object:
    return object()


async def waits(device: doorbell.Device) -> dict[str, Any]:
    """The promises of `wait` and `together`."""
    transport = device.transport
    start = transport.now()
    await transport.wait(transport.events(), start + 500)
    assert start + 500 <= transport.now() < start + 510
    await transport.wait(transport.events(), start)  # has passed: returns at once
    assert transport.now() < start + 520
    seen = transport.events()
    await transport.read(device.bar0)
    before = transport.now()
    assert await transport.wait(seen) != seen  # it has happened already
    assert transport.now() == before
    order: list[str] = []

    async def sleeps(name: str, cycles: int) -> str:
        limit = transport.now() + cycles
        while transport.now() < limit:
            await transport.wait(transport.events(), limit)
        order.append(name)
        return name

    results = await transport.together(sleeps("slow", 900), sleeps("quick", 300))
    assert (results, order) == (["slow", "quick"], ["quick", "slow"])

    async def fails() -> None:
        await sleeps("failing", 100)
        raise ArgumentError("on purpose")

    cancelled: list[bool] = []

    async def survives() -> None:
        try:
            await sleeps("never", 10_000)
        finally:
            cancelled.append(True)

    try:
        await transport.together(survives(), fails())
    except ArgumentError:
        assert cancelled == [True]
        assert transport.now() < start + 9000
    else:
        raise AssertionError("the first exception must come through")
    assert await transport.together() == []
    return {"order": order}


async def patience(device: doorbell.Device) -> dict[str, Any]:
    start = device.transport.now()
    try:
        await device.transport.wait(device.transport.events())
    except DeadlineExceeded:
        return {"waited": device.transport.now() - start}
    raise AssertionError("nothing was to happen")


async def plusargs(device: doorbell.Device) -> dict[str, Any]:
    return dict(cocotb.plusargs)
