"""Reads KTAP (and TAP): what both players print on standard output."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.results.known import VECTOR_ID
from doorbell_vectors.results.record import VECTOR, Record, ResultsError

__all__ = ["read"]

_PLAN: Final = re.compile(r"1\.\.([0-9]+)(?:\s.*)?")
_RESULT: Final = re.compile(r"(ok|not ok) ([0-9]+)(?: +-)? +(.*)")
_NAME: Final = re.compile(rf"({VECTOR_ID.pattern})(?![A-Za-z0-9])([^#]*)(?:# *(.*))?")
_TOLD: Final = re.compile(rf"# ({VECTOR_ID.pattern}):? ([A-Z_]+):? ?(.*)")
_VERDICTS: Final = frozenset(Verdict)


def read(text: str, name: str, device: str) -> list[Record]:
    """Return the results in the report ``text``, called ``name`` in messages; a repetition is a round.

    Raises:
        ResultsError: no plan, a line of results that is not understood, or fewer results than planned.
    """
    planned: int | None = None
    records: list[Record] = []
    told: dict[str, tuple[str, str]] = {}
    rounds = Counter[str]()
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        if planned is None and (plan := _PLAN.fullmatch(line)):
            planned = int(plan[1])
        elif (said := _TOLD.fullmatch(line)) and said[2] in _VERDICTS:
            told[said[1]] = (said[2], said[3])
        elif line.startswith("Bail out!"):
            raise ResultsError(f"{where}: the run bailed out: {line[9:].strip()}")
        elif line.startswith(("ok", "not ok")):
            found = _record(line, where, device, told)
            records.append(found.changed(round=rounds[found.id]))
            rounds[found.id] += 1
    if planned is None:
        raise ResultsError(f"{name}:1: has no plan such as 1..30")
    if len(records) != planned:
        lines = len(text.splitlines())
        raise ResultsError(f"{name}:{lines}: has {len(records)} results, {planned} were planned")
    return records


def _record(line: str, where: str, device: str, told: dict[str, tuple[str, str]]) -> Record:
    result = _RESULT.fullmatch(line)
    rest = _NAME.fullmatch(result[3]) if result else None
    if result is None or rest is None:
        raise ResultsError(f"{where}: names no vector id such as V0001: {line[:80]!r}")
    verdict, text = _said(result[1] == "ok", rest[3] or "")
    if rest[1] in told:
        earlier, more = told.pop(rest[1])
        if verdict in {earlier, Verdict.FAIL}:
            verdict, text = earlier, more
    return Record(VECTOR, rest[1], device, verdict, text=text, source=where)


def _said(ok: bool, directive: str) -> tuple[str, str]:
    """Return verdict and text of a state and what stands behind the `#`."""
    word, _, rest = directive.partition(" ")
    if word.upper() in {"SKIP", "TODO"}:
        verdict, _, text = rest.partition(" ")
        verdict = verdict.rstrip(":")
        known = verdict in _VERDICTS
        return (verdict, text) if known else (Verdict.NOT_SUPPORTED, rest)
    if word.rstrip(":") in _VERDICTS:
        return word.rstrip(":"), rest
    return (Verdict.PASS if ok else Verdict.FAIL), directive
