"""The test plan as data (``vectors/plans/*.yaml``), checked when it is read.

``plan.yaml`` is the head that holds for everything; each other file is one area. Owner, reviewer,
dates and approvals are not here: they are cells that the receiver fills in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
from jsonschema.exceptions import best_match

from doorbell_vectors.authoring.source import Map, line_of, read
from doorbell_vectors.errors import SourceError
from doorbell_vectors.format.schema import FOLDER as SCHEMAS

__all__ = [
    "AREAS",
    "FOLDER",
    "Area",
    "Coverpoint",
    "Criterion",
    "Head",
    "Plan",
    "Testpoint",
    "load",
]

FOLDER: Final = SCHEMAS.parent / "plans"
"""The plan of this checkout."""
AREAS: Final = ("endpoint", "dma", "command_processor", "units", "runtime", "system")
"""Files of the plan, in the order in which people read it."""
_HEAD: Final = "plan"

Pairs = Sequence[Mapping[str, str]]
Selector = str | Mapping[str, Any]
"""A vector's id, or what it must have: ``rule`` (or its beginning), ``tag``, ``name`` (glob), ``tier``, ``bringup``,
``negative``."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """An entry or exit criterion; with ``measure`` it is judged by `signoff`, without by a person."""

    id: str
    text: str
    measure: str = ""
    """Name of a figure in `signoff.measures`."""
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What IEEE 829 and ISO 29119-3 readers look for; each a list of sentences or of records.

    ``not_tested`` has ``feature`` and ``why``; ``risks`` ``risk``, ``effect`` and ``answer``; ``responsibilities`` and
    ``approvals`` ``role`` and ``duty``; ``schedule`` ``milestone`` and ``when``. Names and dates are the receiver's.
    """

    title: str
    items: Sequence[str]
    features: Sequence[str]
    not_tested: Pairs
    approach: Sequence[str]
    entry: Sequence[Criterion]
    exit: Sequence[Criterion]
    pass_fail: Sequence[str]
    suspension: Sequence[str]
    resumption: Sequence[str]
    deliverables: Sequence[str]
    environment: Sequence[str]
    responsibilities: Pairs
    schedule: Pairs
    risks: Pairs
    approvals: Pairs


@dataclass(frozen=True, slots=True)
class Coverpoint:
    """What shall have been seen: bins of one column, or of the cross of several.

    ``axes`` maps a column of ``table`` to its bins by name; a bin is a number, ``[first, last]``, the
    name of a value of the column, or a list of names. ``where`` filters rows likewise; ``without``
    lists bins that cannot be, with ``why``.
    """

    id: str
    what: str
    table: str
    axes: Mapping[str, Mapping[str, Any]]
    where: Mapping[str, Any]
    without: Sequence[Mapping[str, Any]]
    place: str
    """File and line, for messages."""


@dataclass(frozen=True, slots=True)
class Testpoint:
    """One line of thought."""

    id: str
    name: str
    description: str
    stage: str
    """V1 (it works at all), V2 (every rule), V3 (corners, long runs)."""
    priority: str
    method: str
    silicon: str
    """Where on the way to silicon it is played: bring-up, validation, characterisation, analyser, simulation only."""
    rules: Sequence[str]
    vectors: Sequence[Selector] | None
    """None: every vector of its rules."""
    tests: Sequence[str]
    """``tests/FILE`` or ``tests/FILE::NAME`` of this project, what else checks it here."""
    bins: Sequence[str]
    """Ids of coverpoints of its area."""
    area: str
    place: str
    """File and line, for messages."""

    __test__ = False  # nothing for pytest


@dataclass(frozen=True, slots=True)
class Area:
    """One file of the plan; lists as in `Head`."""

    name: str
    title: str
    items: Sequence[str]
    features: Sequence[str]
    not_tested: Pairs
    risks: Pairs
    modules: Sequence[str]
    """Modules of the RTL (globs) whose mutants and line coverage tell about this area."""
    coverage: Sequence[Coverpoint]
    testpoints: Sequence[Testpoint]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan."""

    head: Head
    areas: Sequence[Area]

    @property
    def testpoints(self) -> Iterator[Testpoint]:
        """All testpoints, in the order of the areas."""
        return (point for area in self.areas for point in area.testpoints)

    @property
    def coverage(self) -> Iterator[Coverpoint]:
        """All coverpoints, in the order of the areas."""
        return (point for area in self.areas for point in area.coverage)


def load(folder: Path = FOLDER) -> Plan:
    """Read and check the plan in ``folder``.

    Raises:
        SourceError: file and line of what is no YAML or not as the schema wants it, an id that
        stands twice, or a file that is no area.
    """
    strange = {path.stem for path in folder.glob("*.yaml")} - {_HEAD, *AREAS}
    if strange:
        raise SourceError(
            f"{folder.name}/{min(strange)}.yaml:1: is no area; there are: {', '.join(AREAS)}"
        )
    head = _head(_read(folder, _HEAD, "head"))
    plan = Plan(head, [_area(name, _read(folder, name, "area"), folder.name) for name in AREAS])
    _once(plan.testpoints)
    _once(plan.coverage)
    for area in plan.areas:
        known = {point.id for point in area.coverage}
        for point in area.testpoints:
            for name in point.bins:
                if name not in known:
                    there = ", ".join(sorted(known))
                    raise SourceError(
                        f"{point.place}: {point.id}: no coverage {name!r} in this file; there are: {there}"
                    )
    return plan


def _once(points: Iterator[Testpoint] | Iterator[Coverpoint]) -> None:
    places: dict[str, str] = {}
    for point in points:
        for name in {point.id, getattr(point, "name", point.id)}:
            if name in places:
                raise SourceError(f"{point.place}: {name} stands at {places[name]} already")
            places[name] = point.place


def _read(folder: Path, stem: str, kind: str) -> Map:
    name = f"{folder.name}/{stem}.yaml"
    source = read(folder / f"{stem}.yaml", name)
    fault = best_match(_schema(kind).iter_errors(source))
    if fault is None:
        return source
    node: Any = source
    line, what = source.line, ""
    for key in fault.absolute_path:
        if isinstance(node, Map):
            line = node.lines.get(str(key), line)
        node = node[key]
        line = line_of(node) or line
        if isinstance(node, Map) and isinstance(node.get("id"), str):
            what = f"{node['id']}: "
    keys = ".".join(str(key) for key in fault.absolute_path)
    raise SourceError(f"{name}:{line or 1}: {what}{keys}: {fault.message[:300]}")


@cache
def _schema(kind: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / "plan.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})


def _head(source: Map) -> Head:
    fields = dict(source)
    for key in ("entry", "exit"):
        fields[key] = [Criterion(**one) for one in source[key]]
    return Head(**fields)


def _area(name: str, source: Map, folder: str) -> Area:
    def place(entry: Map) -> str:
        return f"{folder}/{name}.yaml:{entry.line}"

    return Area(
        name=name,
        title=source["title"],
        items=source["items"],
        features=source["features"],
        not_tested=source["not_tested"],
        risks=source["risks"],
        modules=source["modules"],
        coverage=[_coverpoint(entry, place(entry)) for entry in source.get("coverage", ())],
        testpoints=[_testpoint(entry, name, place(entry)) for entry in source["testpoints"]],
    )


def _coverpoint(entry: Map, place: str) -> Coverpoint:
    axes = {
        column: dict(bins) if isinstance(bins, Mapping) else {str(one): one for one in bins}
        for column, bins in entry["axes"].items()
    }
    for one in entry.get("without", ()):
        for column, names in one["bins"].items():
            if column not in axes:
                there = ", ".join(axes)
                raise SourceError(
                    f"{_line(place, one)}: {entry['id']}: without: no axis {column!r}; there are: {there}"
                )
            if strange := [name for name in map(str, names) if name not in axes[column]]:
                there = ", ".join(axes[column])
                raise SourceError(
                    f"{_line(place, one)}: {entry['id']}: without: {column} has no bins {strange};"
                    f" there are: {there}"
                )
    return Coverpoint(
        id=entry["id"],
        what=entry["what"],
        table=entry["table"],
        axes=axes,
        where=entry.get("where", {}),
        without=entry.get("without", ()),
        place=place,
    )


def _line(place: str, node: Map) -> str:
    return f"{place.rpartition(':')[0]}:{node.line}"


def _testpoint(entry: Map, area: str, place: str) -> Testpoint:
    return Testpoint(
        id=entry["id"],
        name=entry["name"],
        description=" ".join(entry["description"].split()),
        stage=entry["stage"],
        priority=entry["priority"],
        method=entry["method"],
        silicon=entry["silicon"],
        rules=entry["rules"],
        vectors=entry.get("vectors"),
        tests=entry.get("tests", ()),
        bins=entry.get("bins", ()),
        area=area,
        place=place,
    )
