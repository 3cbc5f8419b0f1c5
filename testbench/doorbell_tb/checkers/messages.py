"""MSI-X messages outside the host's message window: a table entry may point anywhere (INT-MSIX-001).

The table is read off the trace; the host itself marks the messages inside its window.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from doorbell.contract import registers
from doorbell_tb.checkers.submitted import Positions
from doorbell_tb.journal import Journal
from doorbell_tb.tlp import Columns
from doorbell_tb.trace import TlpFlag

__all__ = ["messages"]

_TABLE = range(registers.MSIX_TABLE.offset, registers.MSIX_PBA.offset)
_ENTRY = 16
_MASKED = bytes(12) + b"\1\0\0\0"
"""An entry after reset: address, data, control."""


def messages(journal: Journal, columns: Columns) -> Positions:
    """Return the 4-byte writes that are what an unmasked entry of the table says."""
    sent = np.flatnonzero(
        columns.to_host
        & columns.write
        & (columns.meant == 4)
        & (columns.first_be == 0xF)
        & (columns.flags & TlpFlag.MESSAGE == 0)
    )
    words = columns.trace["first"][sent] & np.uint64(0xFFFF_FFFF)
    said = list(zip(columns.begin[sent].tolist(), words.tolist(), strict=True))
    wanted = set(said)
    found = np.zeros(len(sent), bool)
    for meaning, first, last in _entries(journal, columns) if sent.size else ():
        if meaning in wanted:
            same = np.fromiter((one == meaning for one in said), bool, len(said))
            found |= same & (sent >= first) & (sent < last)
    return sent[found]


def _entries(journal: Journal, columns: Columns) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Give address and data of each unmasked state of an entry, and the positions between which it is in force."""
    if journal.bar0 is None:
        return
    offset = (columns.begin - np.uint64(journal.bar0)).astype(np.int64)
    inside = (offset >= _TABLE.start) & (offset < _TABLE.stop)
    single = np.isin(columns.meant, (4, 8)) & (offset % columns.meant == 0)
    changes = np.flatnonzero(columns.write & ~columns.to_host & inside & single)
    over = _answered(columns, changes)
    table: dict[int, tuple[bytes, int]] = {}
    for at, last in zip(changes.tolist(), over, strict=True):
        entry, byte = divmod(int(offset[at]) - _TABLE.start, _ENTRY)
        before, since = table.get(entry, (_MASKED, at))
        if not before[12] & 1:
            yield _meaning(before), since, last
        written = int(columns.trace["first"][at]).to_bytes(8, "little")[: int(columns.meant[at])]
        after = before[:byte] + written + before[byte + len(written) :]
        table[entry] = after, at
    for entry_now, since in table.values():
        if not entry_now[12] & 1:
            yield _meaning(entry_now), since, columns.count


def _meaning(entry: bytes) -> tuple[int, int]:
    """Return address and data."""
    return int.from_bytes(entry[:8], "little"), int.from_bytes(entry[8:12], "little")


def _answered(columns: Columns, writes: Positions) -> list[int]:
    """Return where each posted write is certainly done: at the first answer to a request behind it."""
    answers = np.flatnonzero(columns.to_host & columns.completion)
    request = columns.trace["request"][answers].astype(np.int64)
    behind = np.maximum.accumulate(np.where(request < columns.count, request, -1))
    first = np.searchsorted(behind, writes, side="right")
    return [int(at) for at in np.append(answers, columns.count)[first]]
