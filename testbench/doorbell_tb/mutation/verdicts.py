"""What became of each mutant: an append-only file that a stopped campaign goes on from, and the reviewed exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from doorbell_tb.errors import MutationError

__all__ = ["CLASSES", "Review", "Verdict", "append", "read_reviews", "read_verdicts"]

CLASSES = ("equivalent", "legal")
"""Exceptions that a person has looked at. Equivalent: no input shows a difference. Legal: it shows only in
what the contract does not promise."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one mutant fared."""

    id: str
    killed: bool
    by: str
    """The vector that failed first; empty for a survivor."""
    rules: tuple[str, ...]
    """Rules of that vector."""
    how: str
    """Its first divergence, or the assertion of the RTL, in one line."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Review:
    """Why a survivor is no gap of the suite."""

    kind: str
    reason: str


def append(path: Path, verdict: Verdict) -> None:
    """Add one line; a campaign that is stopped loses at most the run under way."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(verdict)) + "\n")


def read_verdicts(path: Path) -> dict[str, Verdict]:
    """Return verdicts by mutant; a last line cut short by a stop is left out."""
    found: dict[str, Verdict] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                raw = json.loads(line)
            except ValueError:
                continue
            found[raw["id"]] = Verdict(**raw | {"rules": tuple(raw["rules"])})
    return found


def read_reviews(path: Path, known: Iterable[str]) -> Mapping[str, Review]:
    """Return the reviewed exceptions by mutant.

    Raises `MutationError` for an unknown class, an empty reason, or an id that no mutant has any more.
    """
    ids = set(known)
    reviews: dict[str, Review] = {}
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    entries = yaml.load(text, yaml.CSafeLoader) or []
    for entry in entries:
        where = f"{path}: {entry}"
        if set(entry) != {"id", "class", "reason"} or not str(entry["reason"]).strip():
            raise MutationError(f"{where}: needs id, class and reason, and nothing else")
        if entry["class"] not in CLASSES:
            raise MutationError(f"{where}: class must be {' or '.join(CLASSES)}")
        if entry["id"] not in ids:
            raise MutationError(f"{where}: no mutant of today's RTL has this id; remove the entry")
        if entry["id"] in reviews:
            raise MutationError(f"{where}: is there twice")
        reviews[entry["id"]] = Review(entry["class"], str(entry["reason"]))
    return reviews
