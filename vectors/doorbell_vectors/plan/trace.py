"""Traceability: each rule with its testpoints, vectors, bins, mutants, results, waivers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorbell.contract.rules import RULES, Rule
from doorbell_vectors.authoring.sources import FOLDER, reasons
from doorbell_vectors.format.document import Suite
from doorbell_vectors.plan.document import Coverpoint, Plan
from doorbell_vectors.plan.evidence import BAD, RIGHT, Evidence, Outcome
from doorbell_vectors.plan.sampling.bins import possible
from doorbell_vectors.plan.select import vectors_of
from doorbell_vectors.player.verdict import Verdict

__all__ = ["DeviceResult", "Row", "Trace", "text_hash", "trace"]

_ORDER = list(Verdict)


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """What the vectors of a rule or testpoint came to on one device."""

    device: str
    verdict: str
    """The heaviest of those played; empty when none was."""
    right: int
    """Vectors with PASS, WAIVED or NOT_OBSERVED."""
    played: int
    """Vectors with any verdict; what was played before the vector changed does not count."""
    total: int
    failing: Sequence[str]
    """Ids of vectors with FAIL, ERROR or INCONCLUSIVE."""
    date: str
    """Latest that the results say; empty when they say none."""
    device_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. ``reviewer`` and ``issue`` are what imported reviews of its testpoints say, else empty cells."""

    rule: str
    text: str
    text_hash: str
    status: str
    areas: Sequence[str]
    testpoints: Sequence[str]
    vectors: Sequence[str]
    tests: Sequence[str]
    bins_hit: int | None
    """None: coverage was not measured."""
    bins: int
    mutants_killed: int | None
    """Mutants whose first killer is a vector of this rule, the only killer that is known; None: not measured."""
    results: Mapping[str, DeviceResult]
    """By device."""
    waivers: Sequence[str]
    untestable: str
    """Why no vector can check it; empty when one can."""
    reviewer: str = ""
    issue: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything traced: rows by rule (contract's order), and vectors and results by testpoint."""

    plan: Plan
    suite: Suite
    evidence: Evidence
    rows: Sequence[Row]
    vectors: Mapping[str, Sequence[str]]
    """Ids by testpoint."""
    results: Mapping[str, Mapping[str, DeviceResult]]
    """By testpoint and device."""
    bins: Mapping[str, tuple[int | None, int]]
    """Bins hit (None: not measured) and bins there are, by coverpoint."""
    outcomes: Mapping[str, Mapping[str, Outcome]]
    """By device and vector: what counts, which is the last of a vector that is still what it was."""

    @property
    def kills(self) -> Mapping[str, int] | None:
        """Mutants that each vector was the first to kill, by id; None when that was not measured."""
        return (self.evidence.mutation or {}).get("vectors")

    @property
    def killed(self) -> int | None:
        """Mutants that the campaign killed in all; None when that was not measured."""
        return (self.evidence.mutation or {}).get("killed")

    @property
    def devices(self) -> list[str]:
        """Devices that there are results of."""
        return list(self.outcomes)

    def row(self, rule: str) -> Row:
        """Return the row of a rule. Raises KeyError for one that is not in the contract."""
        return next(row for row in self.rows if row.rule == rule)


def text_hash(text: str) -> str:
    """Return the first 12 hexadecimal digits of a rule's text's SHA-256: another text, another hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def trace(
    plan: Plan,
    suite: Suite,
    evidence: Evidence,
    rules: Mapping[str, Rule] = RULES,
    folder: Path = FOLDER,
) -> Trace:
    """Trace every rule that is not retired; ``folder`` is ``vectors/`` with `untestable.yaml`."""
    current = {vector.id: vector.hash for vector in suite.vectors}
    latest: dict[str, dict[str, Outcome]] = defaultdict(dict)
    for one in evidence.outcomes:
        if one.vector in current and one.hash in {"", current[one.vector]}:
            latest[one.device][one.vector] = one
    untestable = reasons(folder, "untestable.yaml")
    by_point = {
        point.id: [vector.id for vector in vectors_of(point, suite)] for point in plan.testpoints
    }
    bins = {point.id: _bins(point, evidence) for point in plan.coverage}

    def results(ids: Sequence[str]) -> dict[str, DeviceResult]:
        return {device: _result(device, ids, found) for device, found in sorted(latest.items())}

    rows = []
    for rule in rules.values():
        if rule.status == "retired":
            continue
        points = [point for point in plan.testpoints if rule.id in point.rules]
        vectors = [vector.id for vector in suite.vectors if rule.id in vector.rules]
        names = dict.fromkeys(name for point in points for name in point.bins)
        rows.append(
            Row(
                rule=rule.id,
                text=rule.text,
                text_hash=text_hash(rule.text),
                status=rule.status,
                areas=list(dict.fromkeys(point.area for point in points)),
                testpoints=[point.id for point in points],
                vectors=vectors,
                tests=list(dict.fromkeys(test for point in points for test in point.tests)),
                bins_hit=None
                if evidence.bins is None
                else sum(bins[name][0] or 0 for name in names),
                bins=sum(bins[name][1] for name in names),
                mutants_killed=_mutants(rule.id, evidence),
                results=results(vectors),
                waivers=_waivers(vectors, evidence),
                untestable=untestable.get(rule.id, ""),
                reviewer=_reviews([point.id for point in points], evidence, "person"),
                issue=_reviews([point.id for point in points], evidence, "text"),
            )
        )
    return Trace(
        plan,
        suite,
        evidence,
        rows,
        by_point,
        {name: results(ids) for name, ids in by_point.items()},
        bins,
        dict(sorted(latest.items())),
    )


def _result(device: str, ids: Sequence[str], found: Mapping[str, Outcome]) -> DeviceResult:
    played = [found[one] for one in ids if one in found]
    verdicts = sorted((one.verdict for one in played), key=_ORDER.index)
    return DeviceResult(
        device=device,
        verdict=str(verdicts[0]) if verdicts else "",
        right=sum(one in RIGHT for one in verdicts),
        played=len(played),
        total=len(ids),
        failing=[one.vector for one in played if one.verdict in BAD],
        date=max((one.date for one in played), default=""),
        device_id=", ".join(sorted({one.device_id for one in played if one.device_id})),
    )


def _bins(point: Coverpoint, evidence: Evidence) -> tuple[int | None, int]:
    names = possible(point)
    if evidence.bins is None:
        return None, len(names)
    hits = evidence.bins.get(point.id, {})
    return sum(hits.get(name, 0) > 0 for name in names), len(names)


def _mutants(rule: str, evidence: Evidence) -> int | None:
    if evidence.mutation is None or "rules" not in evidence.mutation:
        return None
    return int(evidence.mutation["rules"].get(rule, 0))


def _reviews(points: Sequence[str], evidence: Evidence, what: str) -> str:
    found = [getattr(evidence.reviews[one], what) for one in points if one in evidence.reviews]
    return "; ".join(dict.fromkeys(filter(None, found)))


def _waivers(vectors: Sequence[str], evidence: Evidence) -> list[str]:
    return [one.id for one in evidence.waivers if one.vectors.intersection(vectors)]
