"""Reads any report: what kind it is shows in its first bytes, not in its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from doorbell_vectors.results import junit, ktap, lines, sheet
from doorbell_vectors.results.known import Known
from doorbell_vectors.results.record import VECTOR, Record, ResultsError

__all__ = ["read", "read_all"]

_LARGEST: Final = 1 << 30
"""Bytes of a report."""


def read(path: Path, device: str = "", date: str | None = None) -> list[Record]:
    """Return the results in the file; ``device`` and ``date`` stand where the report says nothing.

    Raises:
        ResultsError: it cannot be read, is of no known kind, holds nothing, or names no device.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ResultsError(f"{path.name}: is larger than {_LARGEST} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path.name}: cannot be read: {error.strerror}") from error
    records = (
        sheet.read(data, path.name, device) if data[:2] == b"PK" else _text(data, path, device)
    )
    if not records:
        raise ResultsError(f"{path.name}: holds no result")
    for record in records:
        if record.kind == VECTOR and not record.device:
            raise ResultsError(f"{record.source}: does not say which device; give --device NAME")
    return [record if record.date else record.changed(date=date) for record in records]


def _text(data: bytes, path: Path, device: str) -> list[Record]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ResultsError(f"{path.name}:{line}: is no text in UTF-8") from error
    start = text.lstrip()
    if start.startswith("<"):
        return junit.read(text, path.name, device)
    if start.startswith(("KTAP version", "TAP version", "1..")):
        return ktap.read(text, path.name, device)
    if start.startswith("{"):
        return lines.read(text, path.name, device)
    raise ResultsError(
        f"{path.name}:1: is none of JUnit XML, KTAP, JSON lines of a player, XLSX of the hand-off"
    )


def read_all(
    paths: Iterable[Path], known: Known, device: str = "", date: str | None = None
) -> list[Record]:
    """Return the results of all files, each checked for its id; the first fault stops all."""
    return [known.check(record) for path in paths for record in read(path, device, date)]
