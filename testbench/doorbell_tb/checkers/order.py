"""Happens-before over a whole trace: data, then signal, then record, then interrupt.

Every write and read of the device must belong to a command between its doorbell and its retirement,
or be a ring fetch, a record, a write-back or an error record; a retired command must have written
all its bytes before its record. The loop is over commands that touch host memory, never over TLPs.
Silent about ownership when a doorbell was sent raw: the packets behind it are unknown.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from doorbell.contract import PACKET, Flag, limits
from doorbell_tb.checkers.evidence import Evidence
from doorbell_tb.checkers.finding import Finding, Findings
from doorbell_tb.checkers.messages import messages
from doorbell_tb.checkers.submitted import Commands, Positions, Ranges
from doorbell_tb.journal import Journal, Session
from doorbell_tb.tlp import Columns
from doorbell_tb.trace import TlpFlag

__all__ = ["check"]

_ERROR_RECORD = limits.ERROR_RECORD_BYTES
_SLOT = PACKET.itemsize


def check(evidence: Evidence, columns: Columns) -> list[Finding]:
    """Judge the order of everything the device sent."""
    found = Findings(columns.cycle)
    if evidence.journal.bar0 is None:
        return []
    commands = Commands(evidence.journal, columns)
    if commands.blind:
        return []
    explained = np.zeros(columns.count, bool)
    own, records = commands.records(found)
    explained[records] = True
    explained[messages(evidence.journal, columns)] = True
    signals = _signals(commands, columns, own, explained, found)
    _retirement_order(commands, own, found)
    done = commands.retired(np.minimum(own, signals))
    writes = np.flatnonzero(
        columns.to_host & columns.write & (columns.flags & TlpFlag.MESSAGE == 0)
    )
    _data(commands, commands.written(), done, writes, columns, explained, found)
    reads = np.flatnonzero(columns.to_host & columns.read)
    _data(commands, commands.read(), done, reads, columns, explained, None)
    _queues(commands, columns, writes, reads, explained, found)
    _unexplained(columns, writes, reads, explained, found)
    _interrupts(evidence.journal, commands, own, columns, found)
    return list(found)


def _signals(
    commands: Commands,
    columns: Columns,
    own: Positions,
    explained: npt.NDArray[np.bool_],
    found: Findings,
) -> Positions:
    """Find the write of each SIGNAL to host memory; it comes before the command's record."""
    sent = np.full(commands.count, commands.never, np.int64)
    words = np.flatnonzero(columns.to_host & columns.write & (columns.meant == 8))
    records = commands.retired(own)
    last = np.minimum(records, commands.silent[commands.session])
    for command, address, value in zip(*commands.signals(), strict=True):
        low, high = np.searchsorted(words, (commands.arrived[command], last[command]))
        window = words[low:high][~explained[words[low:high]]]
        hit = (columns.begin[window] == address) & (columns.trace["first"][window] == value)
        if hit.any():
            at = window[np.argmax(hit)]
            sent[command], explained[at] = at, True
        if records[command] < sent[command]:
            what = f"record before the signal of {commands.describe(int(command))}"
            found.at("CP-RETIRE-002", records[command : command + 1], what)
    return sent


def _retirement_order(commands: Commands, own: Positions, found: Findings) -> None:
    for number in range(len(commands.sessions)):
        mine = own[(commands.session == number) & (own < commands.never)]
        late = np.flatnonzero(np.diff(mine) < 0)
        queue = commands.sessions[number].queue
        what = f"record of queue {queue} ahead of an earlier command's"
        found.at("CP-RETIRE-001", mine[late + 1], what)


def _data(
    commands: Commands,
    ranges: Ranges,
    done: Positions,
    tlps: Positions,
    columns: Columns,
    explained: npt.NDArray[np.bool_],
    found: Findings | None,
) -> None:
    """Mark the TLPs inside each range and lifetime; with ``found``, all bytes must be there."""
    low = np.searchsorted(tlps, commands.arrived[ranges.command])
    high = np.searchsorted(tlps, done[ranges.command])
    begin = columns.begin[tlps]
    end = begin + columns.meant[tlps].astype(np.uint64)
    last = ranges.address + ranges.length.astype(np.uint64)
    for at in range(len(ranges.command)):
        span = slice(low[at], high[at])
        inside = (begin[span] >= ranges.address[at]) & (end[span] <= last[at])
        mine = tlps[span][inside]
        explained[mine] = True
        command = int(ranges.command[at])
        if found is not None and done[command] < commands.never:
            moved = int(columns.meant[mine].sum())
            if moved < ranges.length[at]:
                what = (
                    f"{commands.describe(command)} retired with {moved} of {ranges.length[at]}"
                    f" bytes written at {int(ranges.address[at]):#x}"
                )
                found.at("ORD-UP-001", done[command : command + 1], what)


def _queues(
    commands: Commands,
    columns: Columns,
    writes: Positions,
    reads: Positions,
    explained: npt.NDArray[np.bool_],
    found: Findings,
) -> None:
    """Ring fetches, write-backs and error records of every queue session."""
    for number, session in enumerate(commands.sessions):
        span = (session.since, int(commands.ends[number]))
        mine = commands.session == number
        arrived = np.sort(commands.arrived[mine])
        fetched = _fetches(session, _within(reads, span), columns)
        explained[fetched] = True
        judged = fetched[fetched < commands.sure[number]]
        _handed_over(session, arrived, judged, columns, found)
        live = _within(writes, span)
        if session.writeback is not None:
            back = live[(columns.begin[live] == session.writeback) & (columns.meant[live] == 8)]
            explained[back] = True
            start = np.uint64(session.start)
            counts = (columns.trace["first"][back] - start).astype(np.int64)
            known = np.searchsorted(arrived, back)
            wrong = (counts > known) | (np.diff(counts, prepend=0) < 0)
            wrong &= back < commands.sure[number]
            what = f"queue {session.queue} wrote back a get that went back, or past put"
            found.at("CP-WB-002", back[wrong], what)
        if session.error_record is not None:
            place = columns.begin[live] == session.error_record
            explained[live[place & (columns.meant[live] == _ERROR_RECORD)]] = True


def _fetches(session: Session, reads: Positions, columns: Columns) -> Positions:
    """Return the reads of the session's ring."""
    last = np.uint64(session.base + session.size * _SLOT)
    begin = columns.begin[reads]
    return reads[(begin >= np.uint64(session.base)) & (begin < last)]


def _handed_over(
    session: Session, arrived: Positions, ring: Positions, columns: Columns, found: Findings
) -> None:
    """Reads of the ring touch only slots that doorbells before them have handed over."""
    base = np.uint64(session.base)
    given = np.searchsorted(arrived, ring)
    first = (columns.begin[ring] - base).astype(np.int64) // _SLOT
    final = ((columns.begin[ring] - base).astype(np.int64) + columns.meant[ring] - 1) // _SLOT
    start = session.start % session.size

    def beyond(slot: Positions) -> npt.NDArray[np.bool_]:
        return (slot - start) % session.size >= given

    bad = (beyond(first) | beyond(final)) & (given < session.size)
    what = f"read of a ring slot of queue {session.queue} that no doorbell has handed over"
    found.at("CP-RING-001", ring[bad], what)


def _within(positions: Positions, span: tuple[int, int]) -> Positions:
    return positions[(positions >= span[0]) & (positions < span[1])]


def _unexplained(
    columns: Columns,
    writes: Positions,
    reads: Positions,
    explained: npt.NDArray[np.bool_],
    found: Findings,
) -> None:
    def what(at: int) -> str:
        return f"{columns.meant[at]} bytes at {int(columns.begin[at]):#x} belong to no live command"

    found.at("DMA-COPY-002", writes[~explained[writes]], lambda at: f"write of {what(at)}")
    found.at("DMA-READ-001", reads[~explained[reads]], lambda at: f"read of {what(at)}")


def _interrupts(
    journal: Journal, commands: Commands, own: Positions, columns: Columns, found: Findings
) -> None:
    """The n-th message of a vector has at least n events before it, each after its record."""
    if any(data != {vector} for vector, data in journal.vector_data.items()):
        return  # the test gave vectors other data: messages cannot be told apart
    messages = np.flatnonzero(columns.to_host & (columns.flags & TlpFlag.MESSAGE != 0))
    data = columns.trace["first"][messages] & np.uint64(0xFFFF_FFFF)
    raising = np.flatnonzero(commands.flags & Flag.INTERRUPT != 0)
    recorded = commands.flags[raising] & Flag.RECORD != 0
    when = np.where(recorded, own[raising], commands.arrived[raising])
    vectors = commands.packets["vector"][raising]
    for vector in np.unique(data):
        sent = messages[data == vector]
        errors = [
            _error_events(one, columns) for one in commands.sessions if one.error_vector == vector
        ]
        events = np.sort(np.concatenate([when[vectors == vector], *errors]))
        events = events[events < commands.never]
        missing = sent[len(events) :]
        paired = sent[: len(events)]
        early = paired[events[: len(paired)] > paired]
        found.at("INT-EVENT-003", missing, f"message of vector {vector} without an event")
        found.at("ORD-UP-001", early, f"interrupt of vector {vector} ahead of its record")


def _error_events(session: Session, columns: Columns) -> Positions:
    """Return the positions of a session's error records, or its start when it writes none."""
    if session.error_record is None:
        return np.array([session.since], np.int64)
    place = columns.to_host & columns.write & (columns.meant == _ERROR_RECORD)
    return np.flatnonzero(place & (columns.begin == session.error_record))
