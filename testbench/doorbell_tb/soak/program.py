"""The program of `doorbell soak`: runs on any device, and is judged by numpy, the counters and the checkers."""

from __future__ import annotations

from collections import Counter
from time import perf_counter
from typing import Any, Final

import numpy as np

from doorbell.buffer import Buffer, HostArray
from doorbell.contract import limits, registers
from doorbell.device import Device
from doorbell.errors import WrongResult
from doorbell.semaphore import Semaphore
from doorbell.stream import Stream
from doorbell_tb.soak.mix import CELL, Layout, Mix
from doorbell_tb.soak.packets import Batch

__all__ = ["soak"]

_CHUNK: Final = 1_000
"""Commands that are drawn at once, of all queues."""
_QUEUES: Final = 6
_IDLE_CYCLES: Final = 100_000


class _Soak:
    """Streams, memory and what they should hold."""

    def __init__(self, device: Device) -> None:
        queues = min(_QUEUES, device.capabilities.queues)
        self.device = device
        self.streams: list[Stream] = [device.stream(weight=1 + n) for n in range(queues)]
        self.semaphores: list[Semaphore] = [device.semaphore() for _ in self.streams]
        numbers = tuple(semaphore.index for semaphore in self.semaphores)
        size = Layout(0, 0, numbers, 1).bytes
        self.host: HostArray = device.pinned(size)
        self.local: Buffer = device.empty(size)
        units = (1 << device.capabilities.units) - 1
        layout = Layout(self.host.address, self.local.address, numbers, units)
        self.mix = Mix(layout, np.random.default_rng(device.transport.seed))
        self.commands: Counter[str] = Counter()
        self.own = 0
        """Commands of the checks themselves."""
        self._ends: list[list[int]] = []

    async def start(self) -> None:
        """Give both memories their first contents."""
        size = self.host.nbytes
        self.host.array[:] = self.mix.memory[size:]
        self.streams[0].copy(self.local, self.host)
        await self.streams[0].synchronize()
        self.host.array[:] = self.mix.memory[:size]
        self.own += 1

    async def go(self, count: int) -> int:
        """Submit at least ``count`` commands, while the ones before the last lot are still running."""
        batches = self.mix.draw(count)
        for stream, batch in zip(self.streams, batches, strict=True):
            if len(batch):
                self._submit(stream, batch)
        self.device.service()
        self._ends.append([stream.queue.queued for stream in self.streams])
        if len(self._ends) > 2:
            for stream, end in zip(self.streams, self._ends.pop(0), strict=True):
                await stream.queue.reach(end)
        return sum(map(len, batches))

    def _submit(self, stream: Stream, batch: Batch) -> None:
        self.commands.update(batch.counts())
        blocks = batch.blocks
        if not blocks:
            stream.submit(batch.packets(0))
            return
        with self.device.pinned(
            (len(blocks), limits.ARGUMENT_BYTES)
        ) as arguments:  # until they retired
            arguments.array[:] = blocks
            stream.submit(batch.packets(arguments.address), arguments)

    async def check(self) -> None:
        """Everything has retired, every byte and semaphore is right, nothing is left behind.

        Raises:
            WrongResult: something differs.
            ProtocolError: the trace so far breaks a rule (on the RTL).
        """
        for stream in self.streams:
            await stream.synchronize()
        for stream in self.streams:
            status = registers.QUEUE[stream.queue.number].STATUS
            await self.device.poll(status, {"idle": 1}, _IDLE_CYCLES, f"{stream!r} going idle")
        self._ends.clear()
        self.mix.rest()
        size = self.host.nbytes
        self._compare(0, self.host.array)
        self._compare(size, await self.streams[0].download(self.local))
        self.own += 1
        for queue, semaphore in enumerate(self.semaphores):
            expected, found = self.mix.semaphores[queue], await semaphore.value()
            if found != expected:
                raise WrongResult(
                    f"soak: semaphore {semaphore.index} is {found}, not {expected}", "SEM"
                )
        found = (await self.device.counters())["commands"]
        if found != self.commands.total() + self.own:
            expected = self.commands.total() + self.own
            raise WrongResult(f"soak: the device counted {found} commands, not {expected}", "OBS")
        block = registers.DEVICE.STATUS
        await self.device.poll(block, {"idle": 1}, _IDLE_CYCLES, "the device going idle")
        if left := self.device.transport.leaks():
            raise WrongResult(f"soak: left behind: {'; '.join(left)}", "leak")
        if self.device.transport.name == "rtl":
            from doorbell_tb import link

            await link.checkpoint()

    def _compare(self, base: int, found: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        expected = self.mix.memory[base : base + len(found)]
        wrong = np.flatnonzero(found != expected)
        if not len(wrong):
            return
        at = int(wrong[0])
        where = "host memory" if base == 0 else "device memory"
        raise WrongResult(
            f"soak: {len(wrong)} bytes of {where} differ, first at +{at:#x} (cell {(base + at) // CELL}): "
            f"{int(found[at]):#04x}, numpy says {int(expected[at]):#04x}; "
            f"last written by {self.mix.last(base + at)}",
            "DMA-COPY-002",
        )


async def soak(device: Device, commands: int, checkpoint: int = 25_000) -> dict[str, Any]:
    """Run at least ``commands`` random commands on several queues, checked every ``checkpoint`` of them.

    Copies, fills, inline writes, kernels and NOPs of random sizes on shared memory, ordered by BARRIER
    within a queue and by SIGNAL and WAIT between queues, and nothing more: the rest overlaps as it may.

    Raises:
        WrongResult, ProtocolError: see the message.
        DeadlineExceeded: a hang.
    """
    began, started = perf_counter(), device.transport.now()
    it = _Soak(device)
    await it.start()
    before = (await device.counters())["commands"]
    it.own = before
    done = checked = lots = 0
    while done < commands:
        done += await it.go(min(_CHUNK, commands - done))
        if done - checked >= checkpoint or done >= commands:
            await it.check()
            checked, lots = done, lots + 1
            cycles = device.transport.now() - started
            seconds = perf_counter() - began
            print(
                f"soak: {done:,} of {commands:,} commands right, {cycles:,} cycles, {seconds:.0f} s"
            )
    return {
        "commands": it.commands.total(),
        "opcodes": dict(it.commands),
        "queues": len(it.streams),
        "checkpoints": lots,
        "cycles": device.transport.now() - started,
        "seconds": round(perf_counter() - began, 1),
    }
