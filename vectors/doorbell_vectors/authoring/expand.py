"""Templates: `{x}` in texts, `cases` of a vector, `foreach` and `repeat` in steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from doorbell_vectors.authoring.source import List, Map, Wrong
from doorbell_vectors.authoring.terms import Term, evaluate

__all__ = ["cases", "fill", "steps"]

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"(-?\d+)\.\.(-?\d+)")
_MOST: Final = 4096
"""Steps that one loop may make: a vector is small."""


def cases(vector: Map) -> Iterator[Map]:
    """Yield the vectors that one entry of the sources stands for.

    An entry with ``cases`` gives one per case: the case's ``id``, the names of template and case
    joined, and every other key of the case for ``{key}`` in all texts of the entry.

    Raises:
        Wrong: a case without id or name, or a hole that it does not fill.
    """
    if "cases" not in vector:
        yield vector
        return
    if "template" not in vector or "id" in vector or "name" in vector:
        raise Wrong("an entry with `cases` has a `template` in place of `id` and `name`", vector)
    for case in vector["cases"]:
        body = Map({key: vector[key] for key in vector if key not in {"cases", "template"}})
        body.line, body.lines = case.line, vector.lines
        filled = fill(body, case, partial=True)
        filled["id"], filled["name"] = case["id"], f"{vector['template']}-{case['name']}"
        yield filled


def steps(listed: list[Any]) -> Iterator[Map]:
    """Yield steps with `foreach` and `repeat` unrolled.

    Raises:
        Wrong: a loop without `do`, or with too many turns.
    """
    for step in listed:
        if "foreach" in step:
            yield from _loop(step["foreach"], step)
        elif "repeat" in step:
            times = step["repeat"].get("times")
            if not isinstance(times, int):
                raise Wrong(f"repeat: times is {times!r}; give an integer", step)
            rest = Map(step["repeat"])
            rest.pop("times")
            rest["i"] = List(range(times))
            yield from _loop(rest, step)
        else:
            yield step


def _loop(loop: Map, step: Map) -> Iterator[Map]:
    lists = {key: _values(loop[key], key, step) for key in loop if key != "do"}
    sizes = {len(values) for values in lists.values()}
    if "do" not in loop or len(sizes) != 1:
        raise Wrong("foreach: give `do` and one or more lists of the same length", step)
    turns = sizes.pop()
    if turns * len(loop["do"]) > _MOST:
        raise Wrong(f"{turns} turns of {len(loop['do'])} steps: at most {_MOST} steps", step)
    for turn in range(turns):
        names = {key: values[turn] for key, values in lists.items()}
        yield from steps([fill(inner, names, partial=True) for inner in loop["do"]])


def _values(spec: Any, key: str, step: Map) -> list[Any]:
    if isinstance(spec, list):
        return spec
    if isinstance(spec, str) and (found := _RANGE.fullmatch(spec)):
        first, last = int(found[1]), int(found[2])
        if last - first > _MOST:
            raise Wrong(f"foreach: {spec}: at most {_MOST} turns", step)
        return list(range(first, last + 1))
    raise Wrong(f"foreach: {key} is {spec!r}; give a list, or a range such as 0..7", step)


def fill(node: Any, names: Mapping[str, Any], *, partial: bool = False) -> Any:
    """Return ``node`` with every ``{expression}`` over ``names`` replaced, in keys too.

    A text that is one hole alone takes the value as it is; with ``partial`` holes with other names stay.

    Raises:
        Wrong: a hole with an unknown name (the message lists the known ones).
    """
    if isinstance(node, Map):
        made = Map(
            {_text(key, names, partial): fill(node[key], names, partial=partial) for key in node}
        )
        made.line, made.lines = node.line, node.lines
        return made
    if isinstance(node, list):
        items = List(fill(item, names, partial=partial) for item in node)
        items.line = node.line if isinstance(node, List) else 0
        return items
    if isinstance(node, str):
        if (whole := _HOLE.fullmatch(node)) is not None:
            return _hole(whole, names, partial)
        return _text(node, names, partial)
    return node


def _text(text: str, names: Mapping[str, Any], partial: bool) -> str:
    return _HOLE.sub(lambda found: str(_hole(found, names, partial)), text)


def _hole(found: re.Match[str], names: Mapping[str, Any], partial: bool) -> Any:
    inside = found[1].strip()
    if inside in names:
        return names[inside]

    def lookup(name: str) -> Term:
        if name not in names or isinstance(names[name], bool) or not isinstance(names[name], int):
            raise Wrong(f"{{{inside}}}: no number {name!r} here; there are: {', '.join(names)}")
        return Term(names[name])

    if partial and not any(re.search(rf"\b{re.escape(name)}\b", inside) for name in names):
        return found[0]
    return evaluate(inside, lookup).add
