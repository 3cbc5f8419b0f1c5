"""Makes TLP traces by hand: the steps of a run, one call each, with the journal that goes with them.

`copied()` is a clean run of one COPY; tests change one thing and expect one finding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from doorbell import encode
from doorbell.contract import PACKET, Flag, QueueState, Space, TlpKind, registers
from doorbell_tb import checkers, tlp
from doorbell_tb.checkers import Evidence, Finding
from doorbell_tb.journal import Journal
from doorbell_tb.trace import FAULT, NONE, TLP, TlpFlag, payload_hash

BAR0 = 0x40_0000_0000
RING = 0x1_0000_0000
DATA = RING + 0x10000
STATE = RING + 0x20000
MESSAGES = 0xFEE0_0000
DEVICE, HOST = 0x0100, 0x0000
MPS, MRRS = 256, 512


class Maker:
    """A trace in the making. Steps return the index of their TLP."""

    def __init__(self) -> None:
        self.memory = np.zeros(0x30000, np.uint8)
        self.journal = Journal(self._memory)
        self.rows: list[Any] = []
        self.faults: list[Any] = []
        self.cycle = 100
        self.put = 0

    def _memory(self, address: int, length: int) -> Any:
        return self.memory[address - RING : address - RING + length]

    def add(
        self,
        packet: tlp.Tlp,
        *,
        to_host: bool,
        data: bytes = b"",
        request: int = NONE,
        flags: int = 0,
    ) -> int:
        row = np.zeros(1, TLP)
        self.cycle += 3
        row["cycle"], row["header"][0, : len(packet.header)] = self.cycle, packet.header
        row["payload"], row["direction"] = len(packet.payload), 0 if to_host else 1
        data = data or packet.payload
        row["first"] = int.from_bytes(data[:8], "little")
        row["hash"] = payload_hash(data)
        row["request"], row["flags"] = request, flags
        row["credit_headers"], row["credit_data"] = 10, 100
        self.rows.append(row)
        return len(self.rows) - 1

    # The host's side ------------------------------------------------------------------------------
    def config(self, offset: int, value: int, *, write: bool) -> int:
        kind = TlpKind.CFGWR0 if write else TlpKind.CFGRD0
        header = (kind << 24 | 1, HOST << 16 | 0x0F, DEVICE << 16 | offset)
        word = value.to_bytes(4, "little")
        at = self.add(tlp.Tlp(header, word if write else b""), to_host=False)
        if write:
            self.journal.config_write(offset, value, 4)
        self.answer(at, b"" if write else word, to_host=True)
        return at

    def answer(
        self,
        request: int,
        data: bytes,
        *,
        to_host: bool,
        left: int = 4,
        low: int = 0,
        status: int = 0,
    ) -> int:
        kind = TlpKind.CPLD if data else TlpKind.CPL
        asked = self.rows[request]["header"][0]
        completer = DEVICE if to_host else HOST
        header = (
            kind << 24 | (len(data) // 4 & 0x3FF),
            completer << 16 | status << 13 | left & 0xFFF,
            int(asked[1]) & 0xFFFFFF00 | low,
        )
        return self.add(tlp.Tlp(header, data), to_host=to_host, request=request)

    def write(self, address: int, value: int) -> int:
        self.journal.write(address, value, 8, len(self.rows))
        return self.add(tlp.memory_write(address, value.to_bytes(8, "little")), to_host=False)

    def status(self, state: QueueState) -> None:
        """Queue 0's STATUS is read."""
        address = BAR0 + registers.QUEUE[0].STATUS.offset
        look = self.journal.asks(address)
        at = self.add(tlp.memory_read(address, 8), to_host=False)
        self.answer(at, int(state).to_bytes(8, "little"), to_host=True, left=8, low=address & 0x7F)
        if look is not None:
            self.journal.told(look, int(state))

    def enumerate(self) -> None:
        self.config(0x34, 0x40, write=False)
        self.config(0x40, 0x0000_0010, write=False)
        self.config(0x10, BAR0 & 0xFFFF_FFFF, write=True)
        self.config(0x14, BAR0 >> 32, write=True)
        self.config(0x48, 1 << 5 | 2 << 12, write=True)
        self.config(0x04, 6, write=True)

    def enable(self, start: int = 0) -> None:
        block = registers.QUEUE[0]
        self.put = start
        self.write(BAR0 + block.RING_BASE.offset, RING)
        self.write(BAR0 + block.RING_LOG2.offset, 4)
        self.write(BAR0 + block.START.offset, start)
        self.write(BAR0 + block.WRITEBACK.offset, STATE + 128 | 1)
        self.write(BAR0 + block.ERROR_RECORD.offset, STATE + 64 | 1)
        self.write(BAR0 + block.ERROR_VECTOR.offset, block.ERROR_VECTOR.encode(vector=0, enable=1))
        self.write(BAR0 + block.CONTROL.offset, 1)

    def submit(self, *packets: Any) -> int:
        slots = self.memory[: 16 * 64].view(PACKET)
        for packet in packets:
            slots[self.put % 16] = packet[0]
            self.put += 1
        return self.write(BAR0 + registers.DOORBELL[0].DOORBELL.offset, self.put)

    # The device's side ----------------------------------------------------------------------------
    def reads(self, address: int, length: int, tag: int = 0) -> int:
        packet = tlp.memory_read(address, length).changed(requester=DEVICE, tag=tag)
        return self.add(packet, to_host=True)

    def writes(self, address: int, data: bytes, flags: int = 0) -> int:
        packet = tlp.memory_write(address, data).changed(requester=DEVICE)
        return self.add(packet, to_host=True, data=data, flags=flags)

    def fetch(self, slot: int = 0, count: int = 1, tag: int = 0) -> int:
        address = RING + 64 * slot
        at = self.reads(address, 64 * count, tag)
        self.answer(at, bytes(64 * count), to_host=False, left=64 * count, low=address & 0x7F)
        return at

    def record(self, value: int, stamp: int = 1000) -> int:
        return self.writes(STATE, stamp.to_bytes(8, "little") + value.to_bytes(8, "little"))

    def interrupt(self, vector: int = 0) -> int:
        return self.writes(MESSAGES, vector.to_bytes(4, "little"), TlpFlag.MESSAGE)

    def writeback(self, get: int) -> int:
        return self.writes(STATE + 128, get.to_bytes(8, "little"))

    # The end --------------------------------------------------------------------------------------
    def fault(self, kind: int, trace: int = NONE) -> None:
        self.faults.append(np.array([(self.cycle, 0x1234, kind, 4, DEVICE, 0, trace)], FAULT))

    def evidence(self, **more: Any) -> Evidence:
        trace = np.concatenate(self.rows)
        faults = np.concatenate([np.empty(0, FAULT), *self.faults])
        return Evidence(trace=trace, faults=faults, journal=self.journal, **more)

    def findings(self, **more: Any) -> list[Finding]:
        return checkers.check(self.evidence(**more))

    def broken(self, **more: Any) -> set[str]:
        return {finding.rule for finding in self.findings(**more)}


def started() -> Maker:
    """A device that is enumerated, with queue 0 enabled."""
    maker = Maker()
    maker.enumerate()
    maker.enable()
    return maker


def copy(length: int = 256, value: int = 1, address: int = DATA) -> Any:
    """One COPY from device memory to host memory, with record and interrupt."""
    packet = encode.copies(
        0, address, length, source_space=Space.DEVICE, destination_space=Space.HOST
    )
    return marked(packet, value)


def marked(packet: Any, value: int) -> Any:
    """The packet with record and interrupt."""
    packet["flags"] = Flag.RECORD | Flag.INTERRUPT
    packet["record_address"], packet["record_value"] = STATE, value
    return packet


def fetched() -> Maker:
    """One COPY of 256 bytes to the host, handed over and fetched; nothing of it is done."""
    maker = started()
    maker.submit(copy())
    maker.fetch()
    return maker


def copied() -> Maker:
    """A clean run: one COPY of 256 bytes to the host, its record, its interrupt, get written back."""
    maker = fetched()
    maker.writes(DATA, bytes(range(256)))
    maker.record(1)
    maker.interrupt()
    maker.writeback(1)
    return maker
