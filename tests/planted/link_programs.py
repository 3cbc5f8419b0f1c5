"""Programs that need the RTL's own host: faults on the link, and time that passes as on the device."""

from __future__ import annotations

import numpy as np

from doorbell import Device, Stream, encode
from doorbell.contract import Error, registers
from doorbell.errors import QueueError
from doorbell_tb.host_types import InjectKind
from doorbell_tb.transport import RtlTransport


def link(device: Device) -> RtlTransport:
    """The transport, as what it is here."""
    assert isinstance(device.transport, RtlTransport)
    return device.transport


async def pause(device: Device, cycles: int) -> None:
    """Let ``cycles`` pass, whatever happens meanwhile."""
    transport = device.transport
    limit = transport.now() + cycles
    while transport.now() < limit:
        await transport.wait(transport.events(), limit)


async def halts(stream: Stream) -> Error | int:
    """Wait for the stream to fail and return the error's code."""
    try:
        await stream.synchronize()
    except QueueError as error:
        return error.report.code
    raise AssertionError(f"{stream!r} did not fail")


async def late_completions_harm_nobody(device: Device) -> None:
    """EP-TAG-002: every other tag is used again before a timed-out read is answered after all."""
    host, late = link(device).host, 40_000
    device.post(registers.DEVICE.COMPLETION_TIMEOUT, 4000)
    stream, source, local = device.stream(), device.pinned(1 << 18), device.empty(1 << 18)
    source.array[:] = np.random.default_rng(device.transport.seed).integers(
        0, 256, 1 << 18, np.uint8
    )
    began = device.transport.now()
    host.inject(InjectKind.LATE, first=source.address, last=source.address + 63, argument=late)
    stream.copy(local, source, 64)
    assert await halts(stream) is Error.DMA_TIMEOUT
    await stream.reset()
    stream.copy(local, source)
    assert (await stream.download(local) == source.array).all()
    assert device.transport.now() - began < late, "the late completion came too early to harm"
    await pause(device, began + late + 2000 - device.transport.now())
    assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 1
    assert (await stream.download(local) == source.array).all()


async def unexpected_completions_are_counted(device: Device) -> None:
    """EP-CPL-005: of tags in no use, used before and not."""
    host = link(device).host
    stream, source, local = device.stream(), device.pinned(1 << 14), device.empty(1 << 14)
    source.array[:] = 0x5A
    stream.copy(local, source)
    await stream.synchronize()
    await pause(device, 2000)
    for tag in (0, 1, 32, 40, 255):
        for size in (0, 4, 64):
            host.inject_completion(tag, size)
    await pause(device, 2000)
    assert await device.read(registers.DEVICE.UNEXPECTED_COMPLETIONS) == 15
    assert (await stream.download(local) == 0x5A).all()


async def a_full_engine_delays_no_nop(device: Device) -> None:
    """CP-ARB-003: more long copies than channels, and a NOP of another queue that is done long before."""
    stream, other = device.stream(), device.stream()
    source, local = device.pinned(1 << 16), device.empty(1 << 20)
    with stream.overlap():
        for number in range(device.capabilities.channels + 4):
            stream.copy(local, source, destination_offset=number << 16)
    copied = stream.record()
    stream.flush()
    await pause(device, 1500)
    other.submit(encode.nops(3))
    began = device.transport.now()
    await other.synchronize()
    assert device.transport.now() - began < 3000
    assert not copied.done
    await copied
