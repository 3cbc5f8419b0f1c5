"""What a checker has to say: one finding per rule and kind of breach, with the first place it was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell.contract import rules

__all__ = ["NOWHERE", "PCIE", "Finding", "Findings"]

PCIE = "PCIe Base"
"""Stands for a rule of PCIe itself that the contract does not repeat."""
NOWHERE = -1
"""TLP index of a finding that belongs to no single TLP."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule."""

    rule: str
    """Rule id, or `PCIE`."""
    what: str
    cycle: int
    tlp: int = NOWHERE
    """Index in the TLP trace, or `NOWHERE`."""
    more: int = 0
    """How often the same was seen again."""

    def __str__(self) -> str:
        """One line: rule, what, where, when, and the rule's sentence."""
        place = f", TLP {self.tlp}" if self.tlp != NOWHERE else ""
        again = f" (and {self.more} more)" if self.more else ""
        rule = rules.RULES.get(self.rule)
        sentence = f" | {rule.text}" if rule else ""
        return f"{self.rule}: {self.what}, cycle {self.cycle}{place}{again}{sentence}"


class Findings(list[Finding]):
    """Findings of one checker over one trace, whose cycles it knows."""

    def __init__(self, cycles: npt.NDArray[Any]) -> None:
        """``cycles`` is the device cycle of each TLP."""
        super().__init__()
        self._cycles = cycles

    def where(
        self, rule: str, bad: npt.NDArray[np.bool_], what: str | Callable[[int], str]
    ) -> None:
        """Add a finding if any TLP is bad; ``what`` says it, or says it for the first one's index."""
        self.at(rule, np.flatnonzero(bad), what)

    def at(self, rule: str, indices: npt.NDArray[Any], what: str | Callable[[int], str]) -> None:
        """Add a finding if there are any TLP indices; ``what`` as for `where`, about the earliest."""
        if len(indices):
            first = int(indices.min())
            said = what if isinstance(what, str) else what(first)
            cycle = int(self._cycles[first])
            self.append(Finding(rule, said, cycle, first, len(indices) - 1))
