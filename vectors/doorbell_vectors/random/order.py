"""Who has surely retired before whom: happens-before over the commands of one epoch, from the START and SEM rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from doorbell_vectors.random.plan import BARRIER, Packet

__all__ = ["Command", "Racy", "ordered"]


class Racy(Exception):
    """The outcome hangs on what the contract leaves free, or the program is no program: it makes no vector."""


@dataclass(slots=True, eq=False)
class Command:
    """One packet of an epoch, or one write of a semaphore by the host (then ``packet`` is None).

    Sets of commands are bits by ``bit``. ``started``: those that have surely retired when it starts; ``retired``:
    when it retires.
    """

    bit: int
    queue: str
    packet: Packet | None
    host: int
    """Writes of the host that the device surely had when it could first see this."""
    semaphore: tuple[str, int, int] | None = None
    """What it does to one: SET, ADD or POISON; number; value."""
    maybe: bool = False
    """It may start or not, and surely does not retire."""
    done: bool = False
    """It has retired, in the execution that is followed."""
    started: int = 0
    retired: int = 0
    must: int = 0
    """For a WAIT: what must have retired before it succeeds."""
    notes: list[str] = field(default_factory=list)

    def after(self, other: Command) -> bool:
        """Whether ``other`` has surely retired when this starts."""
        return bool(self.started >> other.bit & 1)


def start_of(command: Command, previous: Command | None) -> int:
    """Return what has surely retired when ``command`` starts, ``previous`` being the one before it in its queue."""
    found = command.host
    if previous is None:
        return found
    found |= previous.started | previous.must
    if command.packet is not None and command.packet.flags & BARRIER:
        found |= previous.retired | 1 << previous.bit
    return found


def retirement_of(command: Command, previous: Command | None) -> int:
    """Return what has surely retired when ``command`` retires."""
    found = command.started | command.must
    if previous is not None:
        found |= previous.retired | 1 << previous.bit
    return found


def ordered(commands: list[Command]) -> bool:
    """Whether each of ``commands`` has surely retired before the next takes effect at its retirement."""
    return all(later.retired >> first.bit & 1 for first, later in _pairs(commands))


def _pairs(commands: list[Command]) -> Iterator[tuple[Command, Command]]:
    return pairwise(commands)
