"""A queue without the runtime's care: packets go into the ring as they are, for programs that break rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from doorbell import Device
from doorbell.contract import ERROR_RECORD, Error, QueueState, limits, registers


class Pace:
    """How many times slower than the reference a device may be; who runs the programs sets `factor`."""

    factor = 1


def slack(cycles: int) -> int:
    """Return ``cycles`` of the reference device as cycles of the device under test."""
    return cycles * Pace.factor


async def pause(device: Device, cycles: int) -> None:
    """Let `slack` of ``cycles`` pass, whatever happens meanwhile."""
    transport = device.transport
    limit = transport.now() + slack(cycles)
    while transport.now() < limit:
        await transport.wait(transport.events(), limit)


async def until(device: Device, holds: Callable[[], bool], cycles: int = 100_000) -> None:
    """Return when ``holds``, looked at after each event; nothing may take longer than `slack` of ``cycles``."""
    transport, cycles = device.transport, slack(cycles)
    limit = transport.now() + cycles
    while True:
        seen = transport.events()
        late = (
            transport.now() >= limit
        )  # before the look: a slow host's cycles are not the device's
        if holds():
            return
        assert not late, f"not within {cycles} cycles"
        await transport.wait(seen, limit)


def spare(device: Device, wanted: int) -> int:
    """Return vector ``wanted``, on devices that have fewer one of their last.

    Neither is one that the runtime or a `RawQueue` takes for itself in the programs.
    """
    return min(wanted, device.capabilities.vectors - 1)


def fitted(device: Device, log2: int) -> int:
    """Return ``log2``, or the nearest ring size (log2 of packets) that the device has (CP-CFG-003)."""
    low, high = device.capabilities.ring_log2
    return min(max(log2, low), high)


class RawQueue:
    """One of the device's last queues, which the runtime has not taken; vector 0 is its error vector."""

    def __init__(
        self, device: Device, log2: int = 4, start: int = 0, back: int = 1, **more: int
    ) -> None:
        self.device = device
        self.number = device.capabilities.queues - back
        self.block = registers.QUEUE[self.number]
        self.doorbell = registers.DOORBELL[self.number].DOORBELL
        log2 = fitted(device, log2)
        self.size = 1 << log2
        self.put = start
        self.ring = device.host.allocate(64 * self.size, limits.RING_ALIGN_BYTES)
        self.state_memory = device.host.allocate(256, 64)
        settings = {
            "RING_BASE": self.ring.iova,
            "RING_LOG2": log2,
            "START": start,
            "WRITEBACK": self.state_memory.iova + 64 | 1,
            "ERROR_RECORD": self.state_memory.iova + 128 | 1,
            "ERROR_VECTOR": self.block.ERROR_VECTOR.encode(vector=0, enable=1),
            **more,
        }
        for name, value in settings.items():
            device.post(getattr(self.block, name), value)
        device.transport.watch(self.state_memory.iova, 256)
        self.control(enable=1)

    def control(self, **bits: int) -> None:
        """Write CONTROL."""
        self.device.post(self.block.CONTROL, self.block.CONTROL.encode(**bits))

    @property
    def record_address(self) -> int:
        """Where `nop` asks for its record."""
        return self.state_memory.iova

    @property
    def recorded(self) -> int:
        """Value of the last record."""
        return int(self.state_memory.view[8:16].view("<u8")[0])

    @property
    def written_back(self) -> int:
        """Value of get in host memory."""
        return int(self.state_memory.view[64:72].view("<u8")[0])

    @property
    def error(self) -> Any:
        """The error record in host memory."""
        return self.state_memory.view[128:192].view(ERROR_RECORD)[0]

    @property
    def code(self) -> Error:
        """Code of that record."""
        return Error(int(self.error["code"]))

    def place(self, *packets: np.ndarray[Any, Any]) -> None:
        """Write packets into the ring from `put` on, without publishing."""
        for count, packet in enumerate(packets, self.put):
            slot = count % self.size * 64
            self.ring.view[slot : slot + 64] = packet.view(np.uint8)

    def submit(self, *packets: np.ndarray[Any, Any]) -> None:
        """Place, publish, ring."""
        self.place(*packets)
        self.put = (self.put + len(packets)) % (1 << 64)
        self.device.transport.publish()
        self.ring_doorbell(self.put)

    def ring_doorbell(self, put: int) -> None:
        """Post a doorbell of 8 bytes."""
        self.device.post(self.doorbell, put)

    async def status(self) -> dict[str, int]:
        """Fields of STATUS."""
        return self.block.STATUS.decode(await self.device.read(self.block.STATUS))

    async def until_idle(
        self, state: QueueState = QueueState.RUNNING, bound: int | None = None
    ) -> None:
        """Wait for ``state`` and idle."""
        wanted = {"state": state, "idle": 1, "resetting": 0}
        bound = min(bound or slack(500_000), self.device.deadline)
        await self.device.poll(self.block.STATUS, wanted, bound, f"queue {self.number}")

    async def rest(self) -> Error | None:
        """Wait until the queue is idle; return the code it halted with, or None."""
        bound = min(slack(500_000), self.device.deadline)
        await self.device.poll(self.block.STATUS, {"idle": 1}, bound, f"queue {self.number}")
        halted = (await self.status())["state"] == QueueState.HALTED
        return self.code if halted else None

    async def verdict(self, *packets: np.ndarray[Any, Any]) -> Error | None:
        """Submit, wait, and make the queue ready for the next; return the code, or None for success.

        What the run left in `state_memory` stands there until the next call.
        """
        self.state_memory.view[:] = 0
        self.submit(*packets)
        code = await self.rest()
        await self.restart()
        return code

    async def reset(self) -> None:
        """Reset the queue, which may take BOUND_RESET cycles (ERR-RESET-001)."""
        self.control(reset=1)
        await self.until_idle(QueueState.DISABLED, self.device.capabilities.bound_reset)
        block = self.block
        assert await self.device.read(block.PUT) == await self.device.read(block.GET)

    async def restart(self, start: int = 0) -> None:
        """Reset the queue and enable it again with ``start``."""
        await self.reset()
        self.device.post(self.block.START, start)
        self.put = start
        self.control(enable=1)

    async def finish(self) -> None:
        """Reset the queue and give its memory back."""
        await self.reset()
        self.device.transport.unwatch(self.state_memory.iova)
        self.device.host.free(self.ring)
        self.device.host.free(self.state_memory)
