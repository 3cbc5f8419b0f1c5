"""Driving the toy device from inside its simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from cocotb.triggers import ValueChange

from doorbell_tb.host import Host
from doorbell_tb.host_types import Reply
from doorbell_tb.profiles import Profile
from doorbell_tb.tlp import Columns, Tlp

BAR = 0x40_0000_0000
MEMORY = 0x10_0000_0000
DEVICE = 0x0100


class Toy:
    """The host, freshly configured, and a device that sends what it is told."""

    def __init__(self, dut: Any, profile: Profile, seed: int = 1) -> None:
        self.dut, self.host = dut, Host()
        self.host.configure(profile, seed)
        self.wakes = 0
        """Events that waiting itself has caused."""

    async def reply(self, identifier: int) -> Reply:
        while (reply := self.host.result(identifier)) is None:
            await ValueChange(self.dut.event_count)
        return reply

    async def cycles(self, count: int) -> None:
        end = self.host.cycle + count
        self.host.wake_at(end)
        self.wakes += 1
        while self.host.cycle < end:
            await ValueChange(self.dut.event_count)

    async def quiet(self) -> None:
        for _ in range(10000):
            if self.host.quiet:
                return
            await self.cycles(20)
        raise AssertionError(f"never quiet: {self.host.leaks()}")

    def columns(self, start: int = 0) -> Columns:
        return Columns(self.host.trace(start).copy())

    async def enumerate(self, max_payload: int = 256) -> None:
        """Size and place BAR0, find the PCIe capability, set Max_Payload_Size: as software does."""
        host = self.host
        for offset in (0x10, 0x14):
            await self.reply(host.config_write(offset, 0xFFFF_FFFF))
            await self.reply(host.config_read(offset))
        await self.reply(host.config_write(0x10, BAR & 0xFFFF_FFFF))
        await self.reply(host.config_write(0x14, BAR >> 32))
        await self.reply(host.config_write(0x04, 0x6))
        capability = (await self.reply(host.config_read(0x34))).value & 0xFC
        await self.reply(host.config_read(capability))
        code = (max_payload // 128).bit_length() - 1
        await self.reply(host.config_write(capability + 8, code << 5, 2))

    async def raw(
        self,
        tlp: Tlp,
        *,
        tag: int = 0,
        beats: int = 0,
        with_credits: bool = True,
        sop: bool = True,
        then: Callable[[], object] = bool,
    ) -> int:
        """Let the device send one TLP (payload at most 64 bytes, the same in every beat).

        ``then`` is called right behind the posted write that asks for it. Returns its index in the
        trace, once it has arrived.
        """
        host = self.host
        tlp = tlp.changed(requester=DEVICE, tag=tag)
        words = [*tlp.header, 0, 0][:4]
        seen = host.trace_count
        line = tlp.payload[:64].ljust(64, b"\0")
        host.write_bulk(BAR + 0x40, np.frombuffer(line, np.uint8))
        host.mmio_write(BAR + 0x00, words[0] | words[1] << 32, 8)
        host.mmio_write(BAR + 0x08, words[2] | words[3] << 32, 8)
        count = beats or max(1, (len(tlp.payload) + 63) // 64)
        host.mmio_write(BAR + 0x10, count | with_credits << 8 | (not sop) << 9, 8)
        then()
        for _ in range(5000):
            await self.cycles(8)
            fresh = host.trace(seen)
            arrived = np.flatnonzero(
                (fresh["direction"] == 0) & (fresh["header"][:, 0] == words[0])
            )
            if arrived.size and fresh["cycles"][arrived[0]]:
                return seen + int(arrived[0])
        raise AssertionError(f"the toy never sent {words}")

    async def stream(self, address: int, size: int, *, write: bool) -> None:
        """Let the device read or write `size` bytes at full rate, to the last byte."""
        before = self._moved(write)
        self.host.mmio_write(BAR + 0x20, address, 8)
        self.host.mmio_write(BAR + 0x28, size, 8)
        self.host.mmio_write(BAR + 0x30, int(write), 8)
        while self._moved(write) - before < size:
            await self.cycles(50)
        await self.quiet()

    def _moved(self, write: bool) -> int:
        stats = self.host.stats()
        return stats.writes.bytes if write else stats.reads.bytes

    async def completions(self, request: int) -> Any:
        """Return the trace rows that answer the TLP at index `request`, once the host is quiet."""
        await self.quiet()
        rows = self.host.trace(request + 1)
        return rows[(rows["request"] == request) & (rows["direction"] == 1)].copy()
