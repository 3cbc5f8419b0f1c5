"""Everything that the plan's pages are made of, gathered once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorbell_vectors.plan.document import Head, Testpoint
from doorbell_vectors.plan.evidence import Evidence, Outcome
from doorbell_vectors.plan.signoff import Judged
from doorbell_vectors.plan.trace import Trace
from doorbell_vectors.results.record import Record

__all__ = ["Book", "Section", "notes", "sections"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the plan's head: heads of columns, and rows. Empty cells are the receiver's."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Book:
    """The plan with what is known of it."""

    version: str
    """Of the distribution."""
    trace: Trace
    judged: Sequence[Judged]
    notes: Sequence[str]
    """What was not measured, and how to get it."""

    @property
    def reviews(self) -> Mapping[str, Record]:
        """What reviewers have said of testpoints, by id."""
        return self.trace.evidence.reviews

    @property
    def contract(self) -> str:
        """Version of the contract."""
        return self.trace.suite.contract

    def points_of(self, vector: str) -> list[Testpoint]:
        """Return the testpoints that a vector belongs to."""
        by_id = self.trace.vectors
        return [point for point in self.trace.plan.testpoints if vector in by_id[point.id]]

    def outcome(self, vector: str, device: str) -> Outcome | None:
        """Return what came of a vector on a device."""
        return self.trace.outcomes[device].get(vector)


def notes(evidence: Evidence, today: datetime.date | None) -> list[str]:
    """Say which evidence is not there, and what makes it."""
    undated = bool(evidence.waivers) and today is None
    missing = {
        "No results: `doorbell replay directed --device rtl` makes them.": not evidence.outcomes,
        "Functional coverage was not measured: `make coverage`.": evidence.bins is None,
        "Coverage of the RTL was not measured: `make coverage`.": evidence.code is None,
        "The mutation score was not measured: `make mutation`.": evidence.mutation is None,
        "Whether waivers have expired was not judged: `doorbell handoff --date`.": undated,
    }
    return [text for text, lacks in missing.items() if lacks]


def sections(head: Head) -> list[Section]:
    """Return the parts of the plan in the order of IEEE 829."""

    def plain(title: str, texts: Sequence[str]) -> Section:
        return Section(title, ["Text"], [[text] for text in texts])

    def pairs(title: str, found: Sequence[Mapping[str, str]], **columns: str) -> Section:
        rows = [[one.get(key, "") for key in columns.values()] for one in found]
        return Section(title, list(columns), rows)

    def criteria(title: str, found: Sequence[object]) -> Section:
        rows = [[getattr(one, "id", ""), getattr(one, "text", "")] for one in found]
        return Section(title, ["Id", "Criterion"], rows)

    return [
        plain("Test items", head.items),
        plain("Features to be tested", head.features),
        pairs("Features not to be tested", head.not_tested, Feature="feature", Why="why"),
        plain("Approach", head.approach),
        criteria("Entry criteria", head.entry),
        criteria("Exit criteria", head.exit),
        plain("Pass and fail criteria", head.pass_fail),
        plain("Suspension", head.suspension),
        plain("Resumption", head.resumption),
        plain("Deliverables", head.deliverables),
        plain("Environmental needs", head.environment),
        pairs("Responsibilities", head.responsibilities, Role="role", Duty="duty", Name="name"),
        pairs("Schedule", head.schedule, Milestone="milestone", When="when", Planned="", Done=""),
        pairs("Risks", head.risks, Risk="risk", Effect="effect", Answer="answer"),
        pairs(
            "Approvals",
            head.approvals,
            **{"Role": "role", "Approves that": "duty", "Name": "name", "Date": "date"},
        ),
    ]
