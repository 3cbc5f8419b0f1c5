"""The ids that results may have: vectors of the suites, testpoints of the plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from doorbell_vectors.format.document import Suite
from doorbell_vectors.results.record import VECTOR, Record, ResultsError

__all__ = ["VECTOR_ID", "Known", "known"]

VECTOR_ID: Final = re.compile(r"V[0-9]{4,6}|R[0-9a-f]{10}")


@dataclass(frozen=True, slots=True)
class Known:
    """Which ids there are, and which were."""

    hashes: Mapping[str, str]
    """Vector id to the hash it has now."""
    testpoints: frozenset[str] = frozenset()
    retired: Mapping[str, str] = field(default_factory=dict)

    def check(self, record: Record) -> Record:
        """Return the record. Raises ResultsError naming its source when nothing has its id."""
        if record.kind != VECTOR:
            if record.id not in self.testpoints:
                raise ResultsError(
                    f"{record.source}: testpoint {record.id!r} is unknown; "
                    f"the plan has {len(self.testpoints)}"
                )
        elif record.id not in self.hashes and record.id not in self.retired:
            raise ResultsError(
                f"{record.source}: vector {record.id!r} is unknown; the suites have "
                f"{len(self.hashes)} vectors. Name the suite it is from with --suite"
            )
        return record

    def stale(self, record: Record) -> str:
        """Why a vector's result says nothing of the vector as it is now; empty when it does."""
        if record.kind != VECTOR:
            return ""
        if record.id in self.retired:
            return f"the vector was retired: {self.retired[record.id]}"
        if record.hash and record.hash != self.hashes[record.id]:
            return "the vector has changed since"
        return ""


def known(suites: Iterable[Suite], testpoints: Iterable[str]) -> Known:
    """Gather the ids of these suites and testpoints."""
    hashes: dict[str, str] = {}
    retired: dict[str, str] = {}
    for suite in suites:
        hashes |= {vector.id: vector.hash for vector in suite.vectors}
        retired |= suite.retired
    return Known(hashes, frozenset(testpoints), retired)
