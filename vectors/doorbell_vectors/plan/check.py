"""Orphans: rules, vectors, testpoints, coverpoints that belong to nothing, and tests that are not there."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

from doorbell.contract.rules import RULES, Rule
from doorbell_vectors.format.document import Suite
from doorbell_vectors.plan.document import Plan, Testpoint
from doorbell_vectors.plan.select import vectors_of

__all__ = ["orphans"]


def orphans(
    plan: Plan, suite: Suite, checkout: Path, rules: Mapping[str, Rule] = RULES
) -> list[str]:
    """Return what hangs in the air, one line each; an empty list is what CI wants.

    Every active rule and every vector of ``suite`` is in a testpoint, every testpoint has a vector or
    a test, every coverpoint is some testpoint's, and every test that is named exists below
    ``checkout``. Planned rules need none.
    """
    points = list(plan.testpoints)
    found = [line for point in points for line in _point(point, suite, checkout, rules)]
    held = {rule for point in points for rule in point.rules}
    found += [
        f"{rule.id} is active and in no testpoint: {rule.text}"
        for rule in rules.values()
        if rule.status == "active" and rule.id not in held
    ]
    taken = {vector.id for point in points for vector in vectors_of(point, suite)}
    found += [
        f"{vector.id} {vector.name} is in no testpoint"
        for vector in suite.vectors
        if vector.id not in taken
    ]
    used = {name for point in points for name in point.bins}
    found += [
        f"{point.place}: coverage {point.id} belongs to no testpoint"
        for point in plan.coverage
        if point.id not in used
    ]
    return found


def _point(
    point: Testpoint, suite: Suite, checkout: Path, rules: Mapping[str, Rule]
) -> Iterator[str]:
    what = f"{point.place}: {point.id} {point.name}"
    for name in point.rules:
        if name not in rules:
            yield f"{what}: {name} is no rule of the contract"
        elif rules[name].status == "retired":
            yield f"{what}: {name} is retired"
    known = {vector.id for vector in suite.vectors}
    for selector in point.vectors or ():
        if isinstance(selector, str) and selector not in known:
            gone = suite.retired.get(selector)
            yield f"{what}: {selector} {f'was retired: {gone}' if gone else 'is no vector of the suite'}"
    for test in point.tests:
        if not _exists(test, checkout):
            yield f"{what}: test {test} is not there"
    active = [name for name in point.rules if name in rules and rules[name].status == "active"]
    if active and not point.tests and not vectors_of(point, suite):
        yield f"{what}: has neither a vector nor a test"


def _exists(test: str, checkout: Path) -> bool:
    file, _, name = test.partition("::")
    path = checkout / file
    if not file.startswith("tests/") or not path.is_file():
        return False
    return not name or name in _functions(path)


@cache
def _functions(path: Path) -> Collection[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
