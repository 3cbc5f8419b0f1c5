"""Waivers: failures that somebody answers for until a date.

A YAML list; each entry has ``id``, ``vectors`` (ids), ``contract`` (``[first, last]``, last may be null),
``owner``, ``expires`` (a date) and ``reason``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from doorbell_vectors.authoring.source import Map, line_of, read_list
from doorbell_vectors.errors import SourceError
from doorbell_vectors.player.verdict import Result, Verdict

__all__ = ["Waiver", "load", "waive"]

_KEYS: Final = {"id", "vectors", "contract", "owner", "expires", "reason"}
_ID: Final = re.compile(r"W[0-9]{3,6}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver; holds for contract versions ``first`` to ``last`` (None: still), through the day ``expires``."""

    id: str
    vectors: frozenset[str]
    first: str
    last: str | None
    owner: str
    expires: datetime.date
    reason: str

    def covers(self, vector: str, contract: str) -> bool:
        """Whether it is about this vector under this contract version."""
        now = _version(contract)
        last = now if self.last is None else _version(self.last)
        return vector in self.vectors and _version(self.first) <= now <= last


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def load(path: Path) -> list[Waiver]:
    """Read waivers.

    Raises:
        SourceError: file and line of what cannot be read, is no YAML, repeats a key or an id, or is no waiver.
    """
    waivers: list[Waiver] = []
    lines: dict[str, int] = {}
    entries = read_list(path, str(path))
    for entry in entries:
        line = line_of(entry) or entries.line
        waiver = _waiver(f"{path}:{line}", entry)
        if waiver.id in lines:
            raise SourceError(
                f"{path}:{line}: {waiver.id} stands on line {lines[waiver.id]} already"
            )
        waivers.append(waiver)
        lines[waiver.id] = line
    return waivers


def _waiver(where: str, entry: Any) -> Waiver:
    if not isinstance(entry, Map) or set(entry) != _KEYS:
        found = sorted(entry) if isinstance(entry, Map) else type(entry).__name__
        raise SourceError(f"{where}: a waiver has {found}, must have {sorted(_KEYS)}")
    where = f"{where}: {entry['id']}"
    if not _ID.fullmatch(str(entry["id"])):
        raise SourceError(f"{where}: id must be W and three to six digits")
    vectors, contract = entry["vectors"], entry["contract"]
    if not isinstance(vectors, list) or not vectors:
        raise SourceError(f"{where}: vectors must be a list of ids: {vectors!r}")
    good = isinstance(contract, list) and len(contract) == 2 and contract[0] is not None
    if not good or not all(one is None or _VERSION.fullmatch(str(one)) for one in contract):
        raise SourceError(
            f"{where}: contract must be [first, last], last may be null: {contract!r}"
        )
    expires = _date(entry["expires"])
    if expires is None:
        raise SourceError(f"{where}: expires must be a date, YYYY-MM-DD: {entry['expires']!r}")
    for key in ("owner", "reason"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise SourceError(f"{where}: {key} must say something")
    return Waiver(
        id=entry["id"],
        vectors=frozenset(map(str, vectors)),
        first=str(contract[0]),
        last=None if contract[1] is None else str(contract[1]),
        owner=entry["owner"],
        expires=expires,
        reason=entry["reason"],
    )


def _date(text: object) -> datetime.date | None:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def waive(
    results: Iterable[Result], waivers: Sequence[Waiver], contract: str, today: datetime.date
) -> list[Result]:
    """Return the results with waivers applied; one that has expired leaves the failure and says so."""
    applied = []
    for result in results:
        fitting = [waiver for waiver in waivers if waiver.covers(result.id, contract)]
        live = [waiver for waiver in fitting if waiver.expires >= today]
        if fitting and result.verdict is Verdict.FAIL:
            waiver = (live or fitting)[0]
            if live:
                text = (
                    f"waived by {waiver.id} ({waiver.owner}, until {waiver.expires}): {result.text}"
                )
                applied.append(result.changed(verdict=Verdict.WAIVED, text=text, waiver=waiver.id))
            else:
                text = (
                    f"waiver {waiver.id} of {waiver.owner} expired {waiver.expires}: {result.text}"
                )
                applied.append(result.changed(text=text, waiver=waiver.id))
        elif fitting and result.verdict is Verdict.PASS:
            applied.append(result.changed(waiver=fitting[0].id))
        else:
            applied.append(result)
    return applied
