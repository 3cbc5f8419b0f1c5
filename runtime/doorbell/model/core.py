"""What the parts of the model share: clock, delays, requester, semaphores, interrupts, units, arbiter."""

from __future__ import annotations

from dataclasses import dataclass

from doorbell.model.arbiter import Arbiter
from doorbell.model.clock import Clock
from doorbell.model.counters import Counters
from doorbell.model.errorbits import ErrorBits
from doorbell.model.interrupts import Interrupts
from doorbell.model.requester import Requester
from doorbell.model.semaphores import Semaphores
from doorbell.model.shape import Shape
from doorbell.model.tags import Held, Tags
from doorbell.model.timing import Delays
from doorbell.model.units import Units
from doorbell.model.variant import Choices

__all__ = ["Core"]


@dataclass(slots=True)
class Core:
    """One of each; ``copies`` counts the COPY commands that hold a channel (DMA-CHAN-001)."""

    shape: Shape
    choices: Choices
    clock: Clock
    delays: Delays
    counters: Counters
    errors: ErrorBits
    requester: Requester
    semaphores: Semaphores
    interrupts: Interrupts
    units: Units
    tags: Tags
    arbiter: Arbiter
    completion_timeout: int
    """Cycles until an unanswered read fails."""
    quarantine: int
    """Cycles that the tag of such a read rests."""
    copies: int = 0

    def abandon(self, held: Held) -> None:
        """Let the tags of a read without an answer rest (EP-TAG-002)."""
        self.tags.abandon(held, self.quarantine)
