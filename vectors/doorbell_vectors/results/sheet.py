"""Reads a reviewed spreadsheet of the hand-off: the sheets `Results` and `Testpoints`."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import openpyxl
from openpyxl.utils import get_column_letter

from doorbell_vectors.results.record import (
    TESTPOINT,
    VECTOR,
    Record,
    ResultsError,
    a_date,
    a_verdict,
)

__all__ = ["RESULTS", "TESTPOINTS", "Columns", "read"]

LARGEST: Final = 64 << 20
"""Bytes that a spreadsheet may have unpacked."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A sheet whose cells are read back: the heads of the columns, by what they hold."""

    sheet: str
    kind: str
    id: str
    verdict: str
    device: str | None
    date: str
    person: str
    text: str
    hash: str | None

    def heads(self) -> list[str]:
        """Return the heads that the sheet must have."""
        every = (
            self.id,
            *(self.verdict, self.device, self.date, self.person, self.text, self.hash),
        )
        return [head for head in every if head is not None]


RESULTS: Final = Columns(
    "Results", VECTOR, "Vector", "Verdict", "Device", "Date", "Tester", "Remark", "Hash"
)
TESTPOINTS: Final = Columns(
    "Testpoints", TESTPOINT, "Testpoint", "Status", None, "Date", "Reviewer", "Remark", None
)


def read(data: bytes, name: str, device: str) -> list[Record]:
    """Return the filled-in rows of both sheets; ``device`` stands for an empty cell of that column.

    Raises:
        ResultsError: no spreadsheet, a sheet or column that is missing or renamed, an id twice, a
            verdict or date that is none; the message names the cell.
    """
    _check_size(data, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
    except Exception as error:  # openpyxl raises whatever its XML reader meets
        raise ResultsError(f"{name}: is no spreadsheet that can be read: {error}") from error
    records: list[Record] = []
    for columns in (RESULTS, TESTPOINTS):
        if columns.sheet not in sheets:
            raise ResultsError(
                f"{name}: has no sheet {columns.sheet!r}; it has {', '.join(sheets)}"
            )
        records += _Sheet(name, columns, sheets[columns.sheet]).records(device)
    return records


def _check_size(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise ResultsError(f"{name}: is no spreadsheet, or was cut off: {error}") from error
    if size > LARGEST:
        raise ResultsError(f"{name}: would take {size} bytes unpacked, the limit is {LARGEST}")


class _Sheet:
    def __init__(self, name: str, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> None:
        self._name = name
        self._columns = columns
        self._rows = rows
        self._at = self._heads()

    def _cell(self, column: int, row: int) -> str:
        return f"{self._name}: {self._columns.sheet}!{get_column_letter(column + 1)}{row + 1}"

    def _heads(self) -> dict[str, int]:
        """Return the column of each head."""
        found = [_text(value) for value in (self._rows[0] if self._rows else ())]
        at: dict[str, int] = {}
        for column, head in enumerate(found):
            if head and head in at:
                raise ResultsError(f"{self._cell(column, 0)}: column {head!r} is there twice")
            at[head] = column
        for head in self._columns.heads():
            if head not in at:
                shown = ", ".join(repr(one) for one in found if one)
                raise ResultsError(
                    f"{self._name}: {self._columns.sheet}!1:1: column {head!r} is missing or "
                    f"renamed; there are {shown or 'none'}"
                )
        return at

    def records(self, device: str) -> Iterator[Record]:
        seen: dict[tuple[str, str], str] = {}
        for row in range(1, len(self._rows)):
            record = self._record(row, device)
            if record is None:
                continue
            place = seen.setdefault((record.id, record.device), record.source)
            if place != record.source:
                raise ResultsError(f"{record.source}: {record.id} stands at {place} already")
            yield record

    def _record(self, row: int, device: str) -> Record | None:
        """Return what a row says; None when nobody has filled it in."""
        columns = self._columns
        verdict = self._value(columns.verdict, row)
        identifier = self._value(columns.id, row)
        told = [self._value(head, row) for head in (columns.date, columns.person, columns.text)]
        if not verdict:
            if any(told):
                where = self._cell(self._at[columns.verdict], row)
                raise ResultsError(f"{where}: {identifier or 'a row'} has remarks but no verdict")
            return None
        where = self._cell(self._at[columns.id], row)
        if not identifier:
            raise ResultsError(f"{where}: the id is missing")
        date = told[0]
        return Record(
            kind=columns.kind,
            id=identifier,
            device=(self._value(columns.device, row) or device) if columns.device else "",
            verdict=a_verdict(verdict, columns.kind, self._cell(self._at[columns.verdict], row)),
            date=a_date(date, self._cell(self._at[columns.date], row)) if date else None,
            person=told[1],
            text=told[2],
            hash=self._value(columns.hash, row) if columns.hash else "",
            source=where,
        )

    def _value(self, head: str, row: int) -> str:
        values, column = self._rows[row], self._at[head]
        return _text(values[column]) if column < len(values) else ""


def _text(value: Any) -> str:
    if isinstance(value, datetime.datetime | datetime.date):
        return value.strftime("%Y-%m-%d")
    return "" if value is None else " ".join(str(value).split())
