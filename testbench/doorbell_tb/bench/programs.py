"""What `doorbell bench` runs inside the simulator. Each program returns samples by figure name."""

from __future__ import annotations

from time import perf_counter
from typing import Final

import numpy as np

from doorbell import kernels
from doorbell.buffer import Operand
from doorbell.contract import registers
from doorbell.device import Device
from doorbell.encode import nops
from doorbell.stream import Stream
from doorbell_tb.host import Host
from doorbell_tb.transport import RtlTransport

__all__ = ["bandwidth", "commands", "gemm", "speed"]

Samples = dict[str, list[float]]
_COPY: Final = 1 << 20
_PIECE: Final = 1 << 16
_IDLE_CYCLES: Final = 400_000
_MMIO_READS: Final = 4_000
_NOPS: Final = 250  # fits the ring: one batch, one doorbell
_LAYERS: Final = ((64, 256), (256, 256), (256, 10))  # k, n of examples/digits


def _host(device: Device) -> Host:
    transport = device.transport
    if not isinstance(transport, RtlTransport):
        raise TypeError(f"the benchmark measures the RTL, not {transport.name}")
    return transport.host


async def speed(device: Device, samples: int = 5) -> Samples:
    """Simulator speed on the wall clock: idle, MMIO reads, and 1 MiB copies each way."""
    transport, stream = device.transport, device.stream()
    host, local = device.pinned(_COPY), device.empty(_COPY)
    found: Samples = {
        "sim_cycles_per_s_idle": [],
        "sim_mmio_reads_per_s": [],
        "sim_dma_read_bytes_per_s": [],
        "sim_dma_write_bytes_per_s": [],
        "sim_cycles_per_s_dma": [],
    }
    scratch = device.register(registers.DEVICE.SCRATCH)
    for _ in range(samples):
        start, cycle = perf_counter(), transport.now()
        while transport.now() < cycle + _IDLE_CYCLES:
            await transport.wait(transport.events(), cycle + _IDLE_CYCLES)
        elapsed = perf_counter() - start
        found["sim_cycles_per_s_idle"].append((transport.now() - cycle) / elapsed)

        start = perf_counter()
        for _ in range(_MMIO_READS):
            await transport.read(scratch)
        found["sim_mmio_reads_per_s"].append(_MMIO_READS / (perf_counter() - start))

        first, cycle = perf_counter(), transport.now()
        for name, target, source in (("read", local, host), ("write", host, local)):
            start = perf_counter()
            await _copies(stream, target, source, _COPY, 4)
            rate = 4 * _COPY / (perf_counter() - start)
            found[f"sim_dma_{name}_bytes_per_s"].append(rate)
        found["sim_cycles_per_s_dma"].append((transport.now() - cycle) / (perf_counter() - first))
    return found


async def _copies(stream: Stream, target: Operand, source: Operand, size: int, count: int) -> None:
    with stream.overlap():
        for number in range(count):
            at = number * size % target.nbytes
            stream.copy(target, source, size, destination_offset=at, source_offset=at)
    await stream.synchronize()


async def bandwidth(device: Device, samples: int = 3) -> Samples:
    """Payload / (cycles x 64), first to last beat, of 32 back-to-back 64 KiB copies each way."""
    stream, host = device.stream(), _host(device)
    memory, local = device.pinned(16 * _PIECE), device.empty(16 * _PIECE)
    found: Samples = {"dma_read_efficiency": [], "dma_write_efficiency": []}
    for _ in range(samples):
        for name, target, source in (("read", local, memory), ("write", memory, local)):
            host.mark()
            await _copies(stream, target, source, _PIECE, 32)
            stats = host.stats()
            # The queue's own traffic (ring reads one way, a record the other) is in the flow; it is below 1 %.
            flow = stats.reads if name == "read" else stats.writes
            found[f"dma_{name}_efficiency"].append(flow.efficiency)
    return found


async def commands(device: Device, samples: int = 5) -> Samples:
    """Doorbell to record of a NOP, on the link; and the rate of NOPs of one queue.

    Measured on a device that is ready. After power-on it clears its semaphores, one a cycle; the writes
    that set up a stream wait for that, and a doorbell waits for the posted writes before it: rung at
    once, the first one would measure about 500 cycles of that start instead.
    """
    stream, host = device.stream(), _host(device)
    await stream.semaphore.value()  # its set-up has been carried out
    queue = stream.queue
    found: Samples = {"doorbell_to_record_cycles": [], "nop_commands_per_kilocycle": []}
    page = device.register(registers.DOORBELL[queue.number].DOORBELL)
    for _ in range(samples):
        seen = len(host.trace())
        stream.submit(nops(1))
        await stream.synchronize()
        found["doorbell_to_record_cycles"].append(
            _from_to(host, seen, page, queue.timeline_address)
        )
        seen = len(host.trace())
        stream.submit(nops(_NOPS))
        await stream.synchronize()
        cycles = _from_to(host, seen, page, queue.timeline_address)
        found["nop_commands_per_kilocycle"].append(1000 * _NOPS / cycles)
    return found


def _from_to(host: Host, seen: int, first: int, last: int) -> float:
    """Cycles from the first TLP to ``first`` after record ``seen`` to the last one to ``last``."""
    trace = host.trace()[seen:]
    start = trace["cycle"][trace["address"] == first][0]
    end = trace["cycle"][trace["address"] == last][-1]
    return float(end - start)


async def gemm(device: Device, samples: int = 3) -> Samples:
    """Useful MACs / (peak x units x cycles from doorbell to record seen), over the network's three layers."""
    stream, rows = device.stream(), 64
    peak = device.capabilities.macs_per_cycle * device.capabilities.units
    found: Samples = {"gemm_utilisation": []}
    layers = [
        (
            device.upload(np.ones((rows, k), np.int8)),
            device.upload(np.ones((k, n), np.int8)),
            device.empty((rows, n), np.int32),
        )
        for k, n in _LAYERS
    ]
    for _ in range(samples + 1):
        macs = cycles = 0
        for (k, n), (a, b, c) in zip(_LAYERS, layers, strict=True):
            start = device.transport.now()
            stream.launch(kernels.gemm(a, b, c))
            await stream.synchronize()
            cycles += device.transport.now() - start
            macs += rows * k * n
        found["gemm_utilisation"].append(macs / (peak * cycles))
    del found["gemm_utilisation"][0]  # the first round waits for the uploads
    return found
