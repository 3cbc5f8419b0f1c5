"""What a played vector comes to, as plain data that survives a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

__all__ = ["Result", "Verdict", "signature"]


class Verdict(StrEnum):
    """In order of weight, heaviest first (FORMAT.md, Verdicts)."""

    ERROR = "ERROR"
    """Player or host broke."""
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    """A host guard ran out."""
    NOT_SUPPORTED = "NOT_SUPPORTED"
    """The device lacks a capability, or the host an ability."""
    NOT_OBSERVED = "NOT_OBSERVED"
    """Everything seen held, but an expectation needs an analyser."""
    WAIVED = "WAIVED"
    """Fails, and somebody answers for it until a date."""
    PASS = "PASS"  # noqa: S105 - a verdict


@dataclass(frozen=True, slots=True)
class Result:
    """One vector's verdict and, unless all is well, where and how it differed first."""

    id: str
    name: str
    verdict: Verdict
    text: str = ""
    """One line for people."""
    step: int | None = None
    """Index of the step; None outside the steps."""
    op: str = ""
    """Op, recipe or checker that was at work."""
    rule: str = ""
    """Rule that is broken, as far as one can say."""
    signature: str = ""
    """Bucket: failures with one signature have likely one cause."""
    where: str = ""
    expected: str = ""
    actual: str = ""
    cycles: int | None = None
    """Device cycles from reset to the last step."""
    seconds: float = 0.0
    recovered: str = ""
    """What made the device usable again after a failure; empty when nothing was needed."""
    round: int = 0
    """Which repetition, from 0."""
    hash: str = ""
    """Of the vector that was played."""
    waiver: str = ""
    """Waiver that applies, or applied until it expired."""

    def changed(self, **fields: Any) -> Result:
        """Return a copy with other fields."""
        return replace(self, **fields)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Result:
        """Undo `to_json`. Raises TypeError or ValueError for other data."""
        return Result(**{**data, "verdict": Verdict(data["verdict"])})


def signature(op: str, rule: str, kind: str) -> str:
    """Return the bucket of a failure: op, rule, kind of difference."""
    return " / ".join(part for part in (op, rule, kind) if part)
