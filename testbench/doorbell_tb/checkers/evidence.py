"""What the checkers judge: everything that is known when a simulation has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell_tb.journal import Journal
from doorbell_tb.trace import FAULT

__all__ = ["Evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finished run. Indices count TLPs of ``trace`` from 0."""

    trace: npt.NDArray[Any]
    """Every TLP, dtype `trace.TLP`, since the link was configured."""
    faults: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0, FAULT))
    """The host's fault log, dtype `trace.FAULT`."""
    journal: Journal = field(default_factory=Journal)
    """What software submitted."""
    resets: tuple[int, ...] = ()
    """Number of TLPs in the trace at each reset of the link."""
    faults_told: int = 0
    """Rows of the fault log that the program has seen."""
    spoiled: bool = False
    """Faults were injected, or raw TLPs sent: the host is not to blame for what it was told to do."""
