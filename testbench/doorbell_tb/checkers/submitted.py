"""The commands that software submitted, as columns, and when the trace shows that each one was done.

Positions count TLPs of the trace; the trace's length stands for "never".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell.contract import (
    COPY_PACKET,
    FILL_PACKET,
    LAUNCH_PACKET,
    PACKET,
    SIGNAL_PACKET,
    WRITE_PACKET,
    Flag,
    Opcode,
    SignalMode,
    Space,
    limits,
    registers,
)
from doorbell_tb.checkers.finding import Findings
from doorbell_tb.journal import Journal, Session
from doorbell_tb.tlp import Columns

__all__ = ["Commands", "Ranges", "doorbells"]

_OPCODES = {int(opcode): opcode.name for opcode in Opcode}

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranges:
    """HOST byte ranges that commands work on: ``command`` indexes `Commands`."""

    command: Positions
    address: npt.NDArray[np.uint64]
    length: Positions


def doorbells(journal: Journal, columns: Columns) -> list[Positions]:
    """Return the position of each write to each doorbell page, by queue."""
    if journal.bar0 is None:
        return [np.empty(0, np.int64) for _ in journal.rung]
    pages = np.uint64(journal.bar0 + registers.DOORBELL[0].DOORBELL.offset)
    stride = registers.DOORBELL[1].DOORBELL.offset - registers.DOORBELL[0].DOORBELL.offset
    at = np.flatnonzero(columns.write & ~columns.to_host & (columns.begin >= pages))
    page, offset = np.divmod((columns.begin[at] - pages).astype(np.int64), stride)
    return [at[(page == queue) & (offset < 8)] for queue in range(len(journal.rung))]


class Commands:
    """All packets that reached the device by a doorbell, queue session by queue session, in order."""

    def __init__(self, journal: Journal, columns: Columns) -> None:
        self._columns = columns
        self.never = columns.count
        self.sessions = journal.sessions
        rung = doorbells(journal, columns)
        self.blind = any(len(at) > seen for at, seen in zip(rung, journal.rung, strict=True))
        """A doorbell came that the journal does not know: raw, so its packets are unknown too."""
        packets, session, arrived = [], [], []
        for number, one in enumerate(journal.sessions):
            at = rung[one.queue]
            for batch in one.batches:
                packets.append(batch.packets)
                session.append(np.full(len(batch.packets), number))
                when = int(at[batch.ring]) if batch.ring < len(at) else self.never
                arrived.append(np.full(len(batch.packets), when, np.int64))
        self.packets: npt.NDArray[Any] = np.concatenate([np.empty(0, PACKET), *packets])
        self.session = np.concatenate([np.empty(0, np.int64), *session]).astype(np.int64)
        self.ends = _ends(journal.sessions, self.never)
        """Position at which each session is over, by number."""
        self.sure = [self.never if one.doubt is None else one.doubt for one in journal.sessions]
        """Position up to which it is known that each session lasts, by number."""
        stopped = np.array([one.stopped for one in journal.sessions], bool)
        self.silent = np.where(stopped, self.ends, self.never)
        """Position from which nothing of each session's commands comes any more."""
        self.arrived = np.concatenate([np.empty(0, np.int64), *arrived])
        self.count = len(self.packets)
        self.opcode = self.packets["opcode"]
        self.flags = self.packets["flags"]

    def describe(self, command: int) -> str:
        """Return opcode, queue and tag of a command, for messages."""
        code = int(self.opcode[command])
        name = _OPCODES.get(code, f"opcode {code:#x}")
        queue = self.sessions[int(self.session[command])].queue
        return f"{name} tag {int(self.packets['tag'][command]):#x} of queue {queue}"

    def written(self) -> Ranges:
        """HOST ranges that COPY, FILL and WRITE fill; empty ones are left out."""
        return self._join(
            self._range(Opcode.COPY, COPY_PACKET, "destination", "destination_space"),
            self._range(Opcode.FILL, FILL_PACKET, "destination", "destination_space"),
            self._range(Opcode.WRITE, WRITE_PACKET, "destination", "destination_space"),
        )

    def read(self) -> Ranges:
        """HOST ranges that COPY and LAUNCH read; empty ones are left out."""
        return self._join(
            self._range(Opcode.COPY, COPY_PACKET, "source", "source_space"),
            self._range(Opcode.LAUNCH, LAUNCH_PACKET, "arguments", "arguments_space"),
        )

    def signals(self) -> tuple[Positions, npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """Return command, address and value of each SIGNAL that writes to host memory."""
        at = np.flatnonzero(self.opcode == Opcode.SIGNAL)
        view = self.packets[at].view(SIGNAL_PACKET)
        to_host = (view["mode"] == SignalMode.WRITE8) & (view["destination_space"] == Space.HOST)
        return at[to_host], view["destination"][to_host], view["value"][to_host]

    def records(self, found: Findings) -> tuple[Positions, Positions]:
        """Return each command's own record in the trace, and the TLPs that are such records."""
        own = np.full(self.count, self.never, np.int64)
        wanting = np.flatnonzero(self.flags & Flag.RECORD != 0)
        columns = self._columns
        sent = np.flatnonzero(
            columns.to_host & columns.write & (columns.meant == limits.RECORD_BYTES)
        )
        addresses = self.packets["record_address"][wanting]
        sent = sent[np.isin(columns.begin[sent], addresses)]
        for address in np.unique(addresses):
            commands = wanting[addresses == address]
            # In the order of their doorbells; a queue's own order is kept.
            commands = commands[np.argsort(self.arrived[commands], kind="stable")]
            writes = sent[columns.begin[sent] == address]
            self._match(commands, writes, own)
        late = np.flatnonzero((own < self.never) & (own < self.arrived))
        found.at(
            "CP-RETIRE-003",
            own[late],
            lambda at: f"record at {int(columns.begin[at]):#x} before the doorbell of its command",
        )
        return own, np.sort(own[own < self.never])

    def _match(self, commands: Positions, writes: Positions, own: Positions) -> None:
        """Pair record writes with commands: in order, by value, while their session lasts."""
        ends = self.silent[self.session[commands]]
        values = self.packets["record_value"][commands]
        stamps = self._columns.trace["first"][writes]
        hashes = self._columns.trace["hash"][writes]
        both = min(len(commands), len(writes))
        straight = _hash(stamps[:both], values[:both]) == hashes[:both]
        straight &= writes[:both] < ends[:both]
        # Usually nothing failed and every record is there.
        run = both if straight.all() else int(np.argmin(straight))
        own[commands[:run]] = writes[:run]
        left = run
        for write in range(run, len(writes)):  # after a failure: skip the commands without record
            same = _hash(stamps[write : write + 1], values[left:]) == hashes[write]
            same &= writes[write] < ends[left:]
            if same.any():
                left += int(np.argmax(same))
                own[commands[left]] = writes[write]
                left += 1

    def _range(self, opcode: int, dtype: np.dtype[Any], name: str, space: str) -> Ranges:
        at = np.flatnonzero(self.opcode == opcode)
        view = self.packets[at].view(dtype)
        length = view[f"{name}_length" if name == "arguments" else "length"].astype(np.int64)
        meant = (view[space] == Space.HOST) & (length > 0)
        return Ranges(at[meant], view[name][meant].astype(np.uint64), length[meant])

    @staticmethod
    def _join(*parts: Ranges) -> Ranges:
        return Ranges(
            np.concatenate([part.command for part in parts]),
            np.concatenate([part.address for part in parts]),
            np.concatenate([part.length for part in parts]),
        )

    def retired(self, witness: Positions) -> Positions:
        """Spread witnesses (records, signals) back: position by which each command must be done.

        In order retirement: what a later command of the same session shows holds for it, too.
        """
        done = witness.copy()
        for number in range(len(self.sessions)):
            mine = np.flatnonzero(self.session == number)
            done[mine] = np.minimum.accumulate(done[mine][::-1])[::-1]
        return done

    def session_of(self, command: int) -> Session:
        """Return the queue session that a command belongs to."""
        return self.sessions[int(self.session[command])]


def _ends(sessions: list[Session], never: int) -> Positions:
    """Return where each session ends: at the next enable that surely took effect, or after a device reset."""
    ends = np.full(len(sessions), never, np.int64)
    following: dict[int, int] = {}
    for number in reversed(range(len(sessions))):
        one = sessions[number]
        until = never if one.until is None else one.until
        ends[number] = min(until, following.get(one.queue, never))
        if one.doubt != one.since:
            following[one.queue] = one.since
    return ends


def _hash(first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the trace's hash of 16-byte payloads, given as two words each (testbench/host/hash.h)."""
    total = _mix(np.uint64(16) ^ _step(1, first))
    total = _mix(total ^ _step(2, second))
    return _mix(_mix(total ^ np.uint64(3)) ^ np.uint64(4))


def _step(state: int, word: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    x = word ^ np.uint64(state)
    return (x << np.uint64(29) | x >> np.uint64(35)) * np.uint64(0xD6E8FEB86659FD93)


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)
