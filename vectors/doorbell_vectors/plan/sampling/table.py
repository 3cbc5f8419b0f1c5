"""Columns of whole numbers that coverpoints count: one row a TLP, an access, a command, ..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["NOTHING", "Column", "Table"]

NOTHING: Final = -1
"""In a column: this row has no such thing, and falls into no bin of it."""

Column = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind; all columns have the same length."""

    columns: Mapping[str, Column]
    names: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Numbers by name, for columns whose numbers have names."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()))) if self.columns else 0
