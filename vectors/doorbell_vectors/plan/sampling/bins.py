"""Bins of a coverpoint: their names, and how many rows of a table fall into each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell_vectors.errors import SourceError
from doorbell_vectors.plan.document import Coverpoint
from doorbell_vectors.plan.sampling.table import Table

__all__ = ["CROSS", "count", "possible"]

CROSS: Final = " x "
"""Between the bins of a cross's axes."""

Mask = npt.NDArray[np.bool_]


def possible(point: Coverpoint) -> list[str]:
    """Return the names of the bins that can be hit, in order."""
    return [
        CROSS.join(names) for names in product(*point.axes.values()) if not _without(point, names)
    ]


def _without(point: Coverpoint, names: tuple[str, ...]) -> bool:
    here = dict(zip(point.axes, names, strict=True))
    return any(
        all(here[column] in map(str, wanted) for column, wanted in one["bins"].items())
        for one in point.without
    )


def count(point: Coverpoint, table: Table) -> dict[str, int]:
    """Return the hits of each bin that can be hit; hits of one that cannot are there, too.

    Raises:
        SourceError: the coverpoint names a column or a value that the table does not have.
    """
    counted: Mask = np.ones(table.rows, bool)
    for column, wanted in point.where.items():
        counted &= _mask(point, table, column, wanted)
    index = np.zeros(table.rows, np.int64)
    for column, bins in point.axes.items():
        place = np.full(table.rows, -1, np.int64)
        for number, wanted in enumerate(bins.values()):
            place[_mask(point, table, column, wanted)] = number
        counted &= place >= 0
        index = index * len(bins) + place
    size = reduce(int.__mul__, (len(bins) for bins in point.axes.values()))
    hits = np.bincount(index[counted], minlength=size).tolist()
    names = list(product(*point.axes.values()))
    return {
        CROSS.join(name): hit
        for name, hit in zip(names, hits, strict=True)
        if hit or not _without(point, name)
    }


def _mask(point: Coverpoint, table: Table, column: str, wanted: Any) -> Mask:
    if column not in table.columns:
        raise SourceError(
            f"{point.place}: {point.id}: table {point.table} has no column {column!r};"
            f" it has: {', '.join(table.columns)}"
        )
    values = table.columns[column]
    if isinstance(wanted, list | tuple) and isinstance(wanted[0], int):
        first, last = wanted
        found: Mask = (values >= first) & (values <= last)
        return found
    masks = [values == number for number in _numbers(point, table.names.get(column, {}), wanted)]
    return reduce(np.logical_or, masks)


def _numbers(point: Coverpoint, names: Mapping[str, int], wanted: Any) -> Iterator[int]:
    for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if isinstance(one, int):
            yield one
        elif one in names:
            yield names[one]
        else:
            known = ", ".join(names) or "numbers only"
            raise SourceError(f"{point.place}: {point.id}: no value {one!r}; there are: {known}")
