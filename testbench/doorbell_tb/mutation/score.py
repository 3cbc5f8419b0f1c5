"""The score: killed / (mutants - equivalent - legal), per module, per rule, and who survived."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.errors import MutationError
from doorbell_tb.mutation.mutants import Mutant
from doorbell_tb.mutation.verdicts import Review, Verdict

__all__ = ["published_killers", "report", "table"]


def report(
    mutants: Sequence[Mutant],
    verdicts: Mapping[str, Verdict],
    reviews: Mapping[str, Review],
    seed: int,
) -> dict[str, Any]:
    """Return what `out/mutation.json` holds. Mutants without a verdict do not count.

    A run ends with the first vector that fails: kills under `vectors` and `rules` count that one and its rules alone,
    and none where the device did not even start.
    """
    ran = [mutant for mutant in mutants if mutant.id in verdicts]
    classes = {mutant.id: _class(mutant, verdicts, reviews) for mutant in ran}
    total = Counter(classes.values())
    modules: dict[str, Counter[str]] = {}
    rules: Counter[str] = Counter()
    vectors: Counter[str] = Counter()
    for mutant in ran:
        verdict = verdicts[mutant.id]
        modules.setdefault(mutant.module, Counter())[classes[mutant.id]] += 1
        rules.update(verdict.rules if verdict.killed else ())
        vectors.update([verdict.by] if verdict.killed and verdict.rules else ())
    return {
        "seed": seed,
        "mutants": len(ran),
        "killed": total["killed"],
        "equivalent": total["equivalent"],
        "legal": total["legal"],
        "score": _score(total),
        "modules": {
            name: {"mutants": sum(own.values()), **dict(sorted(own.items())), "score": _score(own)}
            for name, own in sorted(modules.items())
        },
        "rules": dict(sorted(rules.items())),
        "vectors": dict(sorted(vectors.items())),
        "killers": {one.id: verdicts[one.id].by for one in ran if verdicts[one.id].killed},
        "survivors": [_described(mutant) for mutant in ran if classes[mutant.id] == "survived"],
        "reviewed": [
            {**_described(mutant), "class": classes[mutant.id], "reason": reviews[mutant.id].reason}
            for mutant in ran
            if classes[mutant.id] in ("equivalent", "legal")
        ],
    }


def _class(mutant: Mutant, verdicts: Mapping[str, Verdict], reviews: Mapping[str, Review]) -> str:
    """A killed mutant is killed whatever a review said of it."""
    if verdicts[mutant.id].killed:
        return "killed"
    return reviews[mutant.id].kind if mutant.id in reviews else "survived"


def _score(count: Counter[str]) -> float | None:
    relevant = count["killed"] + count["survived"]
    return round(count["killed"] / relevant, 4) if relevant else None


def _described(mutant: Mutant) -> dict[str, Any]:
    site = mutant.site
    return {
        "id": mutant.id,
        "file": str(site.file.relative_to(CHECKOUT)),
        "line": site.line,
        "kind": site.kind,
        "original": " ".join(site.original.split()),
        "mutant": " ".join(site.text.split()),
    }


def published_killers(path: Path) -> dict[str, str]:
    """Return, by mutant, what killed it in the campaign of a report; nothing when there is no such file.

    Raises `MutationError` when the file is no report.
    """
    if not path.is_file():
        return {}
    try:
        return {str(one): str(by) for one, by in json.loads(path.read_text())["killers"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MutationError(f"{path}: no report of a campaign: {error!r}; remove it") from None


def table(found: Mapping[str, Any]) -> str:
    """Return the score for people: modules from the worst, then the survivors."""
    lines = [
        f"{'module':28} {'mutants':>7} {'killed':>7} {'survived':>8} {'equiv':>6} {'legal':>6}  score"
    ]
    rows = sorted(
        found["modules"].items(), key=lambda row: (row[1]["score"] is None, row[1]["score"])
    )
    for name, row in rows:
        score = "-" if row["score"] is None else f"{row['score']:.3f}"
        counts = [row.get(key, 0) for key in ("killed", "survived", "equivalent", "legal")]
        lines.append(
            f"{name:28} {row['mutants']:7} {counts[0]:7} {counts[1]:8} {counts[2]:6} {counts[3]:6}  {score}"
        )
    score = "-" if found["score"] is None else f"{found['score']:.4f}"
    lines.append(
        f"score {score}: {found['killed']} killed of {found['mutants']} mutants,"
        f" {found['equivalent']} equivalent and {found['legal']} legal left out"
    )
    lines += [
        f"  survived: {one['file']}:{one['line']}: {one['id']} {one['kind']}: {one['original']} -> {one['mutant']}"
        for one in found["survivors"]
    ]
    return "\n".join(lines)
