"""Tables of words and numbers, and the one that traces each rule to its evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from doorbell_vectors.plan.trace import Row, Trace

__all__ = ["Cell", "Column", "Table", "as_csv", "matrix"]

_IDS: Final = 24
"""Width of a column of ids, in characters."""
Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its width in characters, and what a drop-down offers (nothing: none)."""

    head: str
    width: int = 14
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has a cell for each column."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def as_csv(table: Table) -> str:
    """Return a table as CSV (RFC 4180, but lines end in LF)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.head for column in table.columns])
    writer.writerows(["" if cell is None else cell for cell in row] for row in table.rows)
    return text.getvalue()


def matrix(trace: Trace) -> Table:
    """Return the traceability matrix: a row for each rule. Of a mutant only its first killer is known."""
    devices = [
        Column(f"{device} {what}", width)
        for device in trace.devices
        for what, width in (("verdict", 14), ("right", 12), ("date", 12), ("device id", 14))
    ]
    columns = [
        *(Column("Rule", 16), Column("Text hash", 14), Column("Status", 9)),
        *(Column("Testpoints", _IDS), Column("Vectors", _IDS), Column("Tests", _IDS)),
        *(Column("Bins hit", 9), Column("Bins", 7)),
        Column("Mutants first killed by its vectors", 11),
        *devices,
        *(Column("Waivers", 10), Column("Untestable because", 30)),
        *(Column("Reviewer"), Column("Open issue"), Column("Text", 80)),
    ]
    return Table("Traceability", columns, [_traced(row, trace) for row in trace.rows])


def _traced(row: Row, trace: Trace) -> list[Cell]:
    results: list[Cell] = []
    for device in trace.devices:
        one = row.results[device]
        results += [one.verdict, f"{one.right} of {one.total}", one.date, one.device_id]
    return [
        *(row.rule, row.text_hash, row.status),
        *(" ".join(ids) for ids in (row.testpoints, row.vectors, row.tests)),
        *(row.bins_hit, row.bins, row.mutants_killed),
        *results,
        *(" ".join(row.waivers), row.untestable, row.reviewer, row.issue, row.text),
    ]
