"""Where the rules of the contract are held: the rule ids that tests, checkers and planted bugs cite.

A rule is held by what can turn red when it is broken. So only these places count:

- docstrings of functions below `tests/`: a test, a conformance program, a scenario, a step of one;
- whole strings that are an id, in a checker or in a table of cases of a program or scenario;
- the `rule` of a planted bug.

The model is not the device: what a unit test of the model cites holds nothing of the RTL, and what a
unit test of the runtime cites holds only the rules that software owes (`RT-`).
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RULE = re.compile(r"\b([A-Z]{2,3}-[A-Z][A-Z0-9]*)-(\d{3})\b")
_CITED = re.compile(
    rf"(?P<first>{RULE.pattern})"
    rf"(?:\s+to\s+(?P<last>{RULE.pattern})|(?P<more>(?:/\d{{3}}\b)+))?"
)

Reader = Callable[[Path], Iterator[tuple[int, str]]]
"""Yields line and text of every place in a file that may cite rules."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files that cite rules."""

    pattern: str
    """Glob below the checkout."""
    read: Reader
    device: bool
    """Whether what it cites was checked on the RTL; if not, it holds the rules of software alone."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One rule id in one place."""

    rule: str
    place: str
    """`file:line`."""
    device: bool


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstring of every function of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield node.body[0].lineno, text


def whole_strings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every string of a module that is an id and nothing else."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and RULE.fullmatch(value):
            yield getattr(node, "lineno", 0), value


def planted(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the rule of every planted bug."""
    entries: Any = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for entry in entries:
        yield 0, f"{entry['rule']}"


SOURCES = (
    Source("tests/conformance/*.py", docstrings, device=True),
    Source("tests/conformance/*.py", whole_strings, device=True),
    Source("tests/scenarios/*.py", docstrings, device=True),
    Source("tests/scenarios/*.py", whole_strings, device=True),
    Source("testbench/doorbell_tb/checkers/*.py", whole_strings, device=True),
    Source("tests/planted/*.yaml", planted, device=True),
    Source("tests/unit/test_sim_*.py", docstrings, device=True),
    Source("tests/unit/test_*.py", docstrings, device=False),
)


def expand(text: str) -> Iterator[str]:
    """Yield the ids of a text; `A-001 to A-004` is four of them, and `A-001/003` two."""
    for match in _CITED.finditer(text):
        topic, first = RULE.fullmatch(match["first"]).groups()  # type: ignore[union-attr]
        numbers = {int(first)}
        if match["last"]:
            other, last = RULE.fullmatch(match["last"]).groups()  # type: ignore[union-attr]
            if other == topic:
                numbers |= {*range(int(first), int(last)), int(last)}
        numbers |= {int(more) for more in (match["more"] or "").split("/") if more}
        yield from (f"{topic}-{number:03}" for number in sorted(numbers))
        if match["last"] and other != topic:
            yield match["last"]


def collect(root: Path, sources: Iterable[Source] = SOURCES) -> list[Citation]:
    """Return every citation below a checkout."""
    return [
        Citation(rule, f"{path.relative_to(root)}:{line}", source.device)
        for source in sources
        for path in sorted(root.glob(source.pattern))
        for line, text in source.read(path)
        for rule in expand(text)
    ]


def complaints(status: Mapping[str, str], citations: Iterable[Citation]) -> list[str]:
    """Return what is wrong, one line each: active rules that nothing holds, ids that are no rule's.

    ``status`` maps every rule's id to `active`, `planned` or `retired`.
    """
    cited: dict[str, list[Citation]] = defaultdict(list)
    for citation in citations:
        cited[citation.rule].append(citation)
    wrong = []
    for rule, one in sorted(cited.items()):
        if status.get(rule, "retired") == "retired":
            what = "is retired" if rule in status else "is no rule of the contract"
            wrong.append(f"{rule} {what}: cited in {_places(one)}")
    for rule, state in sorted(status.items()):
        if state != "active":
            continue
        if not cited[rule]:
            wrong.append(f"{rule} is active and cited nowhere: what turns red when it is broken?")
        elif not rule.startswith("RT-") and not any(item.device for item in cited[rule]):
            wrong.append(f"{rule} is checked on the model alone, in {_places(cited[rule])}")
    return wrong


def _places(citations: list[Citation]) -> str:
    return ", ".join(sorted({item.place for item in citations}))
