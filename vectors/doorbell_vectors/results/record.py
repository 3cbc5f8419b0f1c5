"""One result that came back: a vector's verdict on a device, or what a reviewer thinks of a testpoint."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from doorbell_vectors.errors import VectorsError
from doorbell_vectors.player.verdict import Verdict

__all__ = ["TESTPOINT", "VECTOR", "Record", "ResultsError", "Review", "a_date", "a_verdict"]

VECTOR: Final = "vector"
TESTPOINT: Final = "testpoint"
_HASH: Final = re.compile(r"(sha256:[0-9a-f]{64})?")


class ResultsError(VectorsError):
    """A report or the results store is not as it should be; the message starts with file and line or cell."""


class Review(StrEnum):
    """State of a testpoint's review, least first."""

    OPEN = "open"
    IN_REVIEW = "in review"
    REJECTED = "rejected"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Record:
    """A result. Nothing in it is guessed: what a report does not say stays empty."""

    kind: str
    """`VECTOR` or `TESTPOINT`."""
    id: str
    device: str
    """Whoever imports names it; empty for the review of a testpoint."""
    verdict: str
    """A `Verdict`, or a `Review` for a testpoint."""
    date: str | None = None
    """YYYY-MM-DD."""
    person: str = ""
    """Tester or reviewer."""
    text: str = ""
    hash: str = ""
    """Of the vector that was played, as far as the report tells."""
    round: int = 0
    source: str = ""
    """File name and line or cell."""
    superseded: bool = False
    """A later import took its place; it is kept."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What results are merged by: kind, id, device."""
        return self.kind, self.id, self.device

    @property
    def weight(self) -> int:
        """Return 0 for the heaviest verdict, and so on."""
        order: list[str] = list(Verdict) if self.kind == VECTOR else list(Review)
        return order.index(self.verdict)

    def says(self) -> tuple[Any, ...]:
        """Return what it says, wherever it came from: two records that say the same are one."""
        return tuple(
            getattr(self, field.name)
            for field in fields(self)
            if field.name not in {"source", "superseded"}
        )

    def changed(self, **values: Any) -> Record:
        """Return a copy with other fields."""
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @staticmethod
    def from_json(data: Any, where: str) -> Record:
        """Undo `to_json`. Raises ResultsError starting with ``where``."""
        names = {field.name for field in fields(Record)}
        if not isinstance(data, dict) or set(data) != names:
            raise ResultsError(f"{where}: must be an object with {', '.join(sorted(names))}")
        _check(data, where)
        return Record(**data)


def _check(data: Mapping[str, Any], where: str) -> None:
    for name in ("kind", "id", "device", "verdict", "person", "text", "hash", "source"):
        if not isinstance(data[name], str):
            raise ResultsError(f"{where}: {name} must be text, is {data[name]!r}")
    if data["kind"] not in {VECTOR, TESTPOINT}:
        raise ResultsError(f"{where}: kind is {data['kind']!r}, must be {VECTOR} or {TESTPOINT}")
    a_verdict(data["verdict"], data["kind"], where)
    if data["date"] is not None:
        a_date(data["date"], where)
    if not _HASH.fullmatch(data["hash"]):
        raise ResultsError(f"{where}: hash is {data['hash']!r}, must be sha256: and 64 digits")
    if type(data["round"]) is not int or data["round"] < 0:
        raise ResultsError(f"{where}: round is {data['round']!r}, must be 0 or more")
    if not isinstance(data["superseded"], bool):
        raise ResultsError(f"{where}: superseded must be true or false")


def a_verdict(text: str, kind: str, where: str) -> str:
    """Return a verdict that exists, or raise ResultsError starting with ``where``."""
    known: list[str] = list(Verdict) if kind == VECTOR else list(Review)
    if text not in known:
        raise ResultsError(f"{where}: {text!r} is no verdict of a {kind}; take {', '.join(known)}")
    return text


def a_date(text: Any, where: str) -> str:
    """Return a day as YYYY-MM-DD, or raise ResultsError starting with ``where``."""
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except (TypeError, ValueError) as error:
        raise ResultsError(f"{where}: {text!r} is no day; write YYYY-MM-DD") from error
