"""Sign-off from evidence: which entry and exit criteria hold, which do not and why, which a person must judge."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from doorbell_vectors.errors import SourceError
from doorbell_vectors.format.abilities import PLAIN
from doorbell_vectors.plan.document import Criterion
from doorbell_vectors.plan.evidence import BAD, RIGHT
from doorbell_vectors.plan.trace import Trace
from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.results.record import Review

__all__ = ["Judged", "Measure", "State", "measure", "sign_off"]


class State(StrEnum):
    """What became of a criterion."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"
    """The evidence that it needs is not there."""
    PERSON = "person"
    """Nothing measures it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, in percent or a count; None when its evidence is not there. ``text`` says what it is made of."""

    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion and what the evidence says of it."""

    criterion: Criterion
    state: State
    value: float | None
    why: str


_CODE: Final = ("lines", "toggles", "expressions")


def sign_off(trace: Trace, today: datetime.date | None = None) -> list[Judged]:
    """Judge all entry and exit criteria; ``today`` decides which waivers have expired, without it none has.

    Raises:
        SourceError: a criterion names a figure that there is not.
    """
    head = trace.plan.head
    return [_judge(one, trace, today) for one in (*head.entry, *head.exit)]


def _judge(criterion: Criterion, trace: Trace, today: datetime.date | None) -> Judged:
    if not criterion.measure:
        return Judged(criterion, State.PERSON, None, "a person says so")
    found = measure(criterion.measure, trace, today)
    if found.value is None:
        return Judged(criterion, State.OPEN, None, found.text)
    low = criterion.least is not None and found.value < criterion.least
    high = criterion.most is not None and found.value > criterion.most
    limits = [f"at least {criterion.least}"] * (criterion.least is not None)
    limits += [f"at most {criterion.most}"] * (criterion.most is not None)
    why = f"{found.text}; wanted {' and '.join(limits) or 'as a figure only'}"
    return Judged(criterion, State.FAILS if low or high else State.HOLDS, found.value, why)


def measure(name: str, trace: Trace, today: datetime.date | None = None) -> Measure:
    """Return a figure by name; ``NAME:OF`` takes a device, a kind of code coverage or a stage.

    Raises:
        SourceError: there is no such figure.
    """
    kind, _, of = name.partition(":")
    if kind in _FIGURES and not of:
        return _FIGURES[kind](trace)
    if kind in _FIGURES_OF and of:
        return _FIGURES_OF[kind](trace, of)
    if name == "waivers_expired":
        expired = [one.id for one in trace.evidence.waivers if today and one.expires < today]
        return Measure(len(expired), f"expired waivers: {', '.join(expired) or 'none'}")
    known = [*_FIGURES, "waivers_expired", *(f"{one}:..." for one in _FIGURES_OF)]
    raise SourceError(f"plans/plan.yaml: no figure {name!r}; there are: {', '.join(known)}")


def _share(part: int, whole: int, what: str, missing: Sequence[str] = ()) -> Measure:
    if not whole:
        return Measure(None, f"{what}: there are none")
    named = f"; not: {', '.join(missing[:12])}{' ...' if len(missing) > 12 else ''}"
    return Measure(
        round(100 * part / whole, 2), f"{what}: {part} of {whole}{named if missing else ''}"
    )


def _in_testpoints(trace: Trace) -> Measure:
    active = [row for row in trace.rows if row.status == "active"]
    bare = [row.rule for row in active if not row.testpoints]
    return _share(len(active) - len(bare), len(active), "active rules in a testpoint", bare)


def _with_vectors(trace: Trace) -> Measure:
    rows = [row for row in trace.rows if row.status == "active" and not row.rule.startswith("RT-")]
    bare = [row.rule for row in rows if not row.vectors and not row.untestable]
    what = "active rules of the device with a vector or a reviewed reason"
    return _share(len(rows) - len(bare), len(rows), what, bare)


def _vectors(trace: Trace) -> Measure:
    return Measure(len(trace.suite.vectors), f"vectors: {len(trace.suite.vectors)}")


def _negative(trace: Trace) -> Measure:
    vectors = trace.suite.vectors
    return _share(sum(one.negative for one in vectors), len(vectors), "negative vectors")


def _plain_vectors(trace: Trace) -> Measure:
    vectors = trace.suite.vectors
    plain = sum(set(one.needs.host) <= PLAIN for one in vectors)
    return _share(plain, len(vectors), "vectors that plain silicon can play")


def _plain_rules(trace: Trace) -> Measure:
    plain = {one for v in trace.suite.vectors if set(v.needs.host) <= PLAIN for one in v.rules}
    rules = {one for vector in trace.suite.vectors for one in vector.rules}
    return _share(
        len(plain), len(rules), "rules that plain silicon can check", sorted(rules - plain)
    )


def _conflicts(trace: Trace) -> Measure:
    found = trace.evidence.conflicts
    return Measure(len(found), f"results that differ: {', '.join(found[:12]) or 'none'}")


def _accepted(trace: Trace) -> Measure:
    reviews = trace.evidence.reviews
    if not reviews:
        return Measure(None, "no reviews were imported; `doorbell import-results` takes them")
    points = [point.id for point in trace.plan.testpoints]
    missing = [
        one for one in points if one not in reviews or reviews[one].verdict != Review.ACCEPTED
    ]
    return _share(len(points) - len(missing), len(points), "testpoints accepted", missing)


def _bins(trace: Trace) -> Measure:
    if trace.evidence.bins is None:
        return Measure(None, "functional coverage was not measured; `make coverage` does")
    hit, total = (sum(one[part] or 0 for one in trace.bins.values()) for part in (0, 1))
    low = [name for name, (hits, all_) in trace.bins.items() if (hits or 0) < all_]
    return _share(hit, total, "bins hit", low)


def _mutants(trace: Trace) -> Measure:
    if trace.evidence.mutation is None:
        return Measure(None, "the mutation score was not measured; `make mutation` does")
    mutants = trace.evidence.mutation["mutants"]
    return Measure(mutants, f"mutants tried: {mutants}")


def _score(trace: Trace) -> Measure:
    found = trace.evidence.mutation
    if found is None or found.get("score") is None:
        return Measure(None, "the mutation score was not measured; `make mutation` does")
    left = found["mutants"] - found["equivalent"] - found["legal"]
    return Measure(round(100 * found["score"], 2), f"mutants killed: {found['killed']} of {left}")


def _played(trace: Trace, device: str) -> Measure:
    return _of_device(trace, device, "played", frozenset(Verdict))


def _passed(trace: Trace, device: str) -> Measure:
    return _of_device(trace, device, "right", RIGHT)


def _of_device(trace: Trace, device: str, what: str, wanted: frozenset[Verdict]) -> Measure:
    if device not in trace.devices:
        return Measure(None, f"no results of device {device}")
    found = trace.outcomes[device]
    missing = [
        vector.id
        for vector in trace.suite.vectors
        if vector.id not in found or found[vector.id].verdict not in wanted
    ]
    total = len(trace.suite.vectors)
    return _share(total - len(missing), total, f"vectors {what} on {device}", missing)


def _failed(trace: Trace, device: str) -> Measure:
    if device not in trace.devices:
        return Measure(None, f"no results of device {device}")
    ids = sorted(one.vector for one in trace.outcomes[device].values() if one.verdict in BAD)
    return Measure(len(ids), f"vectors that fail on {device}: {', '.join(ids[:12]) or 'none'}")


def _code(trace: Trace, kind: str) -> Measure:
    if trace.evidence.code is None:
        return Measure(None, "code coverage was not measured; `make coverage` does")
    if kind not in _CODE:
        raise SourceError(
            f"plans/plan.yaml: no code coverage {kind!r}; there are: {', '.join(_CODE)}"
        )
    hit, whole = trace.evidence.code["total"].get(kind, (0, 0))
    return _share(hit, whole, f"{kind} of the RTL exercised")


def _stage(trace: Trace, stage: str) -> Measure:
    points = [
        one for one in trace.plan.testpoints if one.stage.lower() == stage and trace.vectors[one.id]
    ]
    if not trace.devices:
        return Measure(None, "no results of any device")
    missing = [
        point.id
        for point in points
        if any(one.right < one.total for one in trace.results[point.id].values())
    ]
    what = f"testpoints of stage {stage.upper()} right on {', '.join(trace.devices)}"
    return _share(len(points) - len(missing), len(points), what, missing)


_FIGURES: Final[Mapping[str, Callable[[Trace], Measure]]] = {
    "rules_in_testpoints": _in_testpoints,
    "rules_with_vectors": _with_vectors,
    "vectors": _vectors,
    "negative_vectors": _negative,
    "plain_vectors": _plain_vectors,
    "plain_rules": _plain_rules,
    "bins": _bins,
    "conflicts": _conflicts,
    "testpoints_accepted": _accepted,
    "mutants": _mutants,
    "mutation_score": _score,
}
_FIGURES_OF: Final[Mapping[str, Callable[[Trace, str], Measure]]] = {
    "played": _played,
    "passed": _passed,
    "failed": _failed,
    "code": _code,
    "testpoints": _stage,
}
