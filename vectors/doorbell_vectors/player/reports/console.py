"""The summary that `doorbell replay` prints."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from doorbell.contract import rules
from doorbell_vectors.format.document import Suite
from doorbell_vectors.player.reports.counts import tally
from doorbell_vectors.player.verdict import Result, Verdict

__all__ = ["first_divergence", "summary"]

_BAD: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE)
_SHOWN: Final = 10
"""Failures that are shown in full; all are in the files."""
_REASONS: Final = 8


def first_divergence(transactions: Path) -> dict[str, Mapping[str, Any]]:
    """Return each vector's first transaction that was not as expected."""
    found: dict[str, Mapping[str, Any]] = {}
    if transactions.exists():
        with transactions.open(encoding="utf-8") as file:
            for line in file:
                if '"ok":false' in line:
                    row = json.loads(line)
                    found.setdefault(row["vector"], row)
    return found


def summary(
    suite: Suite,
    results: Sequence[Result],
    replay: Callable[[str], str],
    transactions: Path,
    missing: int,
) -> Iterator[str]:
    """Yield the lines; ``replay`` gives the command that plays one vector again, ``missing`` plays are still to do."""
    divergent = first_divergence(transactions)
    bad = [result for result in results if result.verdict in _BAD]
    for result in bad[:_SHOWN]:
        yield from _failure(result, suite, divergent.get(result.id), replay)
    if len(bad) > _SHOWN:
        yield f"... and {len(bad) - _SHOWN} more"
    if len(bad) > 1:
        yield "failures by signature:"
        yield from _buckets(bad)
    yield from _reasons(results)
    yield from _waivers(results)
    counts = tally(results)
    width = max(len(verdict) for verdict in Verdict)
    for verdict, count in counts.items():
        if count:
            yield f"  {verdict:<{width}} {count:>6}"
    if missing:
        yield f"  {'not played':<{width}} {missing:>6}"


def _failure(
    result: Result,
    suite: Suite,
    row: Mapping[str, Any] | None,
    replay: Callable[[str], str],
) -> Iterator[str]:
    step = "" if result.step is None else f", step {result.step}"
    yield f"{result.verdict} {result.id} {result.name}: {result.op}{step}"
    note = _note(suite, result)
    if note:
        yield f"    {note}"
    if row is not None:
        yield (
            f"    first divergent transaction: {row['op']} {row['address']}, data {row['data']},"
            f" device time {row['time']}"
        )
    if result.expected:
        yield f"    expected {result.expected}"
        yield f"    found    {result.actual}"
    for line in result.text.splitlines()[1 if result.expected else 0 :]:
        yield f"    {line}"
    if result.rule in rules.RULES:
        yield f"    {result.rule}: {rules.RULES[result.rule].text}"
    if result.recovered not in {"", "nothing"}:
        yield f"    afterwards usable again by: {result.recovered}"
    yield f"    replay: {replay(result.id)}"


def _note(suite: Suite, result: Result) -> str:
    if result.step is None:
        return ""
    steps = suite.vector(result.id).steps
    return str(steps[result.step].get("note", "")) if result.step < len(steps) else ""


def _buckets(bad: Sequence[Result]) -> Iterator[str]:
    buckets: dict[str, list[str]] = defaultdict(list)
    for result in bad:
        buckets[f"{result.verdict} {result.signature}"].append(result.id)
    for name, ids in sorted(buckets.items(), key=lambda item: -len(item[1])):
        more = f" and {len(ids) - _REASONS} more" if len(ids) > _REASONS else ""
        yield f"  {len(ids):>4}  {name}: {' '.join(ids[:_REASONS])}{more}"


def _reasons(results: Sequence[Result]) -> Iterator[str]:
    """Say why vectors were not judged, by reason."""
    reasons: dict[str, int] = defaultdict(int)
    for result in results:
        if result.verdict in {Verdict.NOT_SUPPORTED, Verdict.NOT_OBSERVED}:
            reasons[f"{result.verdict}: {result.text}"] += 1
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:_REASONS]:
        yield f"  {count:>4}  {reason}"


def _waivers(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.waiver and result.verdict is Verdict.PASS:
            yield f"  unexpected pass: {result.id} holds, but waiver {result.waiver} covers it; drop it"
