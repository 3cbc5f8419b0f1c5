"""Code coverage as figures per module, as LCOV, and for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from doorbell_tb.coverage.points import KINDS, Point

__all__ = ["figures", "lcov", "lines_of", "table"]

Figures = Mapping[str, Any]


def lines_of(points: Mapping[Point, int]) -> dict[str, dict[int, int]]:
    """Return, by file and line, how often a line was run: the most of its points, over all instances."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for point, count in points.items():
        own = found[point.file]
        for line in point.lines:
            own[line] = max(own.get(line, 0), count)
    return found


def figures(points: Mapping[Point, int]) -> dict[str, Any]:
    """Return ``total`` and ``modules``: of lines, branches, toggles and expressions [exercised, there are].

    A module is a file. What exists several times counts as exercised when one instance did it.
    """
    seen: dict[tuple[str, str], dict[tuple[int, str], int]] = defaultdict(dict)
    for point, count in points.items():
        if point.kind != "line":
            own = seen[point.file, KINDS[point.kind]]
            key = point.line, point.what
            own[key] = max(own.get(key, 0), count)
    lines = lines_of(points)
    modules: dict[str, dict[str, list[int]]] = {}
    for file in sorted({point.file for point in points}):
        shares = {"lines": _share(lines.get(file, {}))}
        shares |= {kind: _share(seen[file, kind]) for kind in list(KINDS.values())[1:]}
        modules[PurePath(file).stem] = shares
    total = {
        kind: [sum(module[kind][part] for module in modules.values()) for part in (0, 1)]
        for kind in KINDS.values()
    }
    return {"total": total, "modules": modules}


def _share(counts: Mapping[Any, int]) -> list[int]:
    return [sum(count > 0 for count in counts.values()), len(counts)]


def lcov(points: Mapping[Point, int]) -> str:
    """Return LCOV text: lines (DA) and branches (BRDA), files below the checkout in order."""
    branches: dict[str, dict[tuple[int, str], int]] = defaultdict(dict)
    for point, count in points.items():
        if point.kind == "branch":
            key = point.line, point.what
            branches[point.file][key] = max(branches[point.file].get(key, 0), count)
    out = []
    for file, lines in sorted(lines_of(points).items()):
        own = sorted(branches[file].items())
        out += ["TN:", f"SF:{file}"]
        out += [f"BRDA:{line},0,{number},{count}" for number, ((line, _), count) in enumerate(own)]
        out += [f"BRF:{len(own)}", f"BRH:{sum(count > 0 for _, count in own)}"]
        out += [f"DA:{line},{count}" for line, count in sorted(lines.items())]
        out += [f"LF:{len(lines)}", f"LH:{sum(count > 0 for count in lines.values())}"]
        out.append("end_of_record")
    return "\n".join([*out, ""])


def table(found: Figures) -> str:
    """Return the figures for people: modules from the least exercised lines, then the total."""
    kinds = list(KINDS.values())
    rows = [f"{'module':24}" + "".join(f"{kind:>22}" for kind in kinds)]

    def row(name: str, own: Mapping[str, list[int]]) -> str:
        cells = (
            f"{hit:7} of {whole:6} {_percent(hit, whole)}"
            for hit, whole in (own[kind] for kind in kinds)
        )
        return f"{name:24}" + "".join(f"{cell:>22}" for cell in cells)

    def worst(one: tuple[str, Mapping[str, list[int]]]) -> float:
        hit, whole = one[1]["lines"]
        return hit / whole if whole else 1.0

    rows += [row(name, own) for name, own in sorted(found["modules"].items(), key=worst)]
    return "\n".join([*rows, row("all", found["total"])])


def _percent(hit: int, whole: int) -> str:
    return f"{100 * hit / whole:3.0f} %" if whole else "  -  "
