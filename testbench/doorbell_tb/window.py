"""One stretch of a long simulation, judged as if it were the whole: the checkers' evidence for one vector.

Unlike a checkpoint it keeps the trace. Everything of before is left out but the configuration requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell_tb import checkers, segments
from doorbell_tb.checkers import Evidence, Finding
from doorbell_tb.journal import Journal
from doorbell_tb.trace import NONE, TLP

__all__ = ["Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch that begins at TLP ``start`` of the trace and row ``fault`` of the host's fault log."""

    start: int = 0
    fault: int = 0
    before: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0, TLP))
    """The configuration requests of before and their completions, a trace of its own."""

    @property
    def base(self) -> int:
        """What an index in the whole trace is off by in the stretch's own evidence; may be negative."""
        return len(self.before) - self.start

    def next(self, trace: npt.NDArray[Any], faults: int) -> Window:
        """Return the stretch that begins behind ``trace``, all TLPs so far, and so many ``faults``."""
        before = segments.configuration(self._evidence(trace))
        return Window(len(trace), faults, before)

    def _evidence(self, trace: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what came before and the stretch as one trace."""
        rows = trace[self.start :].copy()
        asked = rows["request"].astype(np.int64) - self.start
        rows["request"] = np.where((asked >= 0) & (asked < len(rows)), asked, NONE)
        return segments.joined(self.before, rows)

    def judge(
        self,
        trace: npt.NDArray[Any],
        faults: npt.NDArray[Any],
        journal: Journal,
        resets: tuple[int, ...],
        *,
        spoiled: bool,
    ) -> list[Finding]:
        """Return what the checkers find from ``start`` to the end of ``trace``.

        ``journal`` and ``resets`` count as `base` says; the findings' TLPs count in ``trace``.
        """
        log = faults[self.fault :].copy()
        place = log["trace"].astype(np.int64)
        log["trace"] = np.where(place == NONE, NONE, np.maximum(place + self.base, 0))
        evidence = Evidence(
            trace=self._evidence(trace),
            faults=log,
            journal=journal,
            resets=resets,
            faults_told=len(log),
            spoiled=spoiled,
        )
        return [
            replace(finding, tlp=finding.tlp - self.base) if finding.tlp >= 0 else finding
            for finding in checkers.check(evidence)
            if not 0 <= finding.tlp < len(self.before)  # told when it was new
        ]
