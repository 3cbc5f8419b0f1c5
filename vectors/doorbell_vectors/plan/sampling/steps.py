"""Tables ``access`` and ``op``: the steps of a suite as columns, of which a log picks the rows that were played."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np

from doorbell_vectors.format.document import Step, Suite
from doorbell_vectors.format.schema import FOLDER as SCHEMAS
from doorbell_vectors.format.values import number
from doorbell_vectors.plan.sampling import registers
from doorbell_vectors.plan.sampling.table import NOTHING, Column, Table

__all__ = ["Steps", "offset"]

_ACCESS: Final = {"read": 0, "write": 1}
_HALF: Final = {"whole": 0, "low": 1, "high": 2}


@cache
def _names() -> tuple[dict[str, int], dict[str, int]]:
    """Return numbers of all ops, and of all that an op's ``kind`` may be."""
    ops: dict[str, int] = {}
    kinds: dict[str, int] = {}
    definitions = json.loads((SCHEMAS / "suite.json").read_text(encoding="utf-8"))["$defs"]
    for name, definition in definitions.items():
        if name.startswith("op-"):
            ops[name.removeprefix("op-")] = len(ops)
            for kind in definition.get("properties", {}).get("kind", {}).get("enum", ()):
                kinds.setdefault(kind, len(kinds))
    return ops, kinds


def offset(step: Step) -> int | None:
    """Return the offset in BAR0 of a read or write, or None when it is none or only the player knows."""
    if step["op"] in _ACCESS and step["bar"] == 0 and not isinstance(step["at"], Mapping):
        return number(step["at"])
    return None


class Steps:
    """All steps of a suite, one after the other."""

    def __init__(self, suite: Suite) -> None:
        self.first: dict[str, int] = {}
        """Number of the first step of each vector."""
        rows: list[Sequence[int]] = []
        for vector in suite.vectors:
            self.first[vector.id] = len(rows)
            rows += [_row(step) for step in vector.steps]
        self._rows = np.array(rows, np.int64).reshape(len(rows), len(_COLUMNS))

    def op_table(self, played: Column) -> Table:
        """Return table ``op`` of the steps with these numbers."""
        return self._table(played, ("op", "kind"))

    def access_table(self, played: Column) -> Table:
        """Return table ``access`` of those among them that read or write a word of BAR0."""
        here = played[self._rows[played, _COLUMNS.index("register")] != NOTHING]
        return self._table(here, ("register", "block", "index", "access", "half"))

    def _table(self, played: Column, columns: Sequence[str]) -> Table:
        ops, kinds = _names()
        names: dict[str, Mapping[str, int]] = {
            "op": ops,
            "kind": kinds,
            "register": registers.NAMES,
            "block": registers.BLOCKS,
            "access": _ACCESS,
            "half": _HALF,
        }
        picked = {name: self._rows[played, _COLUMNS.index(name)] for name in columns}
        return Table(picked, {name: names[name] for name in columns if name in names})


_COLUMNS: Final = ("op", "kind", "register", "block", "index", "access", "half")


def _row(step: Step) -> list[int]:
    ops, kinds = _names()
    at = offset(step)
    row = [ops[step["op"]], kinds.get(step.get("kind", ""), NOTHING)]
    if at is None:
        return [*row, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]
    place = registers.place(at)
    half = _HALF["whole"] if step["size"] == 8 else 1 + at % 8 // 4
    return [*row, place.register, place.block, place.index, _ACCESS[step["op"]], half]
