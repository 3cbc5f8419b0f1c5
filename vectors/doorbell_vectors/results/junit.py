"""Reads JUnit XML: the player's own, or another tool's whose test names hold vector ids."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.results.known import VECTOR_ID
from doorbell_vectors.results.record import VECTOR, Record, ResultsError, a_verdict

__all__ = ["read"]

_OUTCOMES: Final = {
    "failure": Verdict.FAIL,
    "error": Verdict.ERROR,
    "skipped": Verdict.NOT_SUPPORTED,
}


@dataclass(slots=True)
class _Case:
    line: int
    name: str
    date: str | None
    outcome: str = Verdict.PASS
    text: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def read(text: str, name: str, device: str) -> list[Record]:
    """Return the results in the document ``text``, called ``name`` in messages.

    Raises:
        ResultsError: no XML, no JUnit, a test without a vector's id, or one that stands twice.
    """
    records = [_record(case, name, device) for case in _Reader(name).cases(text)]
    seen: dict[tuple[str, int], str] = {}
    for record in records:
        place = seen.setdefault((record.id, record.round), record.source)
        if place is not record.source:
            raise ResultsError(
                f"{record.source}: {record.id} stands at {place} already; repetitions need "
                "the property `round`"
            )
    return records


def _record(case: _Case, name: str, device: str) -> Record:
    where = f"{name}:{case.line}"
    identifier = case.properties.get("id", "")
    if not identifier:
        found = re.search(rf"(?<![A-Za-z0-9])(?:{VECTOR_ID.pattern})(?![A-Za-z0-9])", case.name)
        if found is None:
            raise ResultsError(f"{where}: test {case.name!r} names no vector id such as V0001")
        identifier = found[0]
    turn = case.properties.get("round", "0")
    if not turn.isdecimal():
        raise ResultsError(f"{where}: property round is {turn!r}, must be 0 or more")
    return Record(
        kind=VECTOR,
        id=identifier,
        device=case.properties.get("device", device),
        verdict=a_verdict(case.properties.get("verdict", case.outcome), VECTOR, where),
        date=case.date,
        text=" ".join(case.text.split()),
        hash=case.properties.get("hash", ""),
        round=int(turn),
        source=where,
    )


class _Reader:
    """Collects test cases with their lines, which ElementTree does not tell."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._cases: list[_Case] = []
        self._case: _Case | None = None
        self._dates: list[str | None] = [None]
        self._inside = ""
        self._seen_root = False

    def cases(self, text: str) -> list[_Case]:
        try:
            self._parser.Parse(text.encode("utf-8"), True)
        except expat.ExpatError as error:
            said = expat.ErrorString(error.code)
            raise ResultsError(f"{self._name}:{error.lineno}: is no whole XML: {said}") from error
        return self._cases

    def _error(self, message: str) -> ResultsError:
        return ResultsError(f"{self._name}:{self._parser.CurrentLineNumber}: {message}")

    def _doctype(self, *_: object) -> None:
        raise self._error("a document type is not taken: plain XML only")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._seen_root and tag not in {"testsuite", "testsuites"}:
            raise self._error(f"is no JUnit report: starts with <{tag}>, not <testsuite>")
        self._seen_root = True
        if tag in {"testsuite", "testsuites"}:
            stamp = attributes.get("timestamp", "")[:10]
            good = re.fullmatch(r"\d{4}-\d\d-\d\d", stamp)
            self._dates.append(stamp if good else self._dates[-1])
        elif tag == "testcase":
            if "name" not in attributes:
                raise self._error("<testcase> has no name")
            line = self._parser.CurrentLineNumber
            self._case = _Case(line, attributes["name"], self._dates[-1])
        elif self._case is not None and tag == "property":
            key = attributes.get("name", "")
            if key in self._case.properties:
                raise self._error(f"property {key!r} is repeated")
            self._case.properties[key] = attributes.get("value", "")
        elif self._case is not None and tag in _OUTCOMES:
            kind = attributes.get("type", "")
            self._case.outcome = kind if kind in set(Verdict) else _OUTCOMES[tag]
            self._case.text = attributes.get("message", "")
            self._inside = "" if self._case.text else tag

    def _characters(self, text: str) -> None:
        if self._case is not None and self._inside:
            self._case.text += text

    def _end(self, tag: str) -> None:
        if tag in {"testsuite", "testsuites"}:
            self._dates.pop()
        elif tag == "testcase" and self._case is not None:
            self._cases.append(self._case)
            self._case = None
        if tag == self._inside:
            self._inside = ""
