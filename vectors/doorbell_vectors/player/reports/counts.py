"""The figures of a replay: verdicts, rules, the share of negative vectors, and its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from doorbell.contract import rules
from doorbell.exit_codes import ExitCode
from doorbell_vectors.format.document import Suite
from doorbell_vectors.player.verdict import Result, Verdict

__all__ = ["conformance", "exit_code", "tally", "weight"]

_PLAYED = {Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.NOT_OBSERVED}


def tally(results: Iterable[Result]) -> dict[Verdict, int]:
    """Return how many there are of each verdict, heaviest first."""
    found = Counter(result.verdict for result in results)
    return {verdict: found[verdict] for verdict in Verdict}


def weight(result: Result) -> int:
    """Return 0 for the heaviest verdict, and so on."""
    return list(Verdict).index(result.verdict)


def exit_code(results: Sequence[Result]) -> ExitCode:
    """Return how a replay with these results ends.

    Nothing that passed is no success: a device does not conform by lacking everything.
    """
    found = tally(results)
    if found[Verdict.FAIL]:
        return ExitCode.WRONG
    if found[Verdict.ERROR]:
        return ExitCode.SETUP
    if found[Verdict.INCONCLUSIVE]:
        return ExitCode.HANG
    good = found[Verdict.PASS] + found[Verdict.WAIVED] + found[Verdict.NOT_OBSERVED]
    return ExitCode.RIGHT if good else ExitCode.WRONG


def conformance(suite: Suite, results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """Return the figures of ``out/conformance.json``; each vector counts once, with its heaviest verdict.

    ``rules`` counts the active rules of the contract, ``rules_covered`` those that a played vector
    checks, ``negative_share`` is of the vectors that were selected.
    """
    worst: dict[str, Result] = {}
    for result in results:
        if result.id not in worst or weight(result) < weight(worst[result.id]):
            worst[result.id] = result
    found = tally(worst.values())
    active = {rule.id for rule in rules.RULES.values() if rule.status == "active"}
    by_id = {vector.id: vector for vector in suite.vectors}
    chosen = [by_id[identifier] for identifier in worst]
    covered = {
        rule
        for vector in chosen
        if worst[vector.id].verdict in _PLAYED
        for rule in vector.rules
        if rule in active
    }
    negative = sum(vector.negative for vector in chosen)
    return {
        "vectors": len(chosen),
        "passed": found[Verdict.PASS],
        "failed": found[Verdict.FAIL] + found[Verdict.ERROR] + found[Verdict.INCONCLUSIVE],
        "not_supported": found[Verdict.NOT_SUPPORTED],
        "not_observed": found[Verdict.NOT_OBSERVED],
        "waived": found[Verdict.WAIVED],
        "rules": len(active),
        "rules_covered": len(covered),
        "negative_share": round(negative / len(chosen), 4) if chosen else 0.0,
        "seconds": round(seconds, 3),
    }
