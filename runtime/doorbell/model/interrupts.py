"""MSI-X: table, masks, pending bits and moderation (INT rules)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from doorbell.contract.registers import VECTOR
from doorbell.model.clock import Clock, Timer
from doorbell.model.config import ConfigSpace
from doorbell.model.requester import Requester

__all__ = ["Interrupts"]

_MODERATION: Final = VECTOR[0].MODERATION.fields
_WORD: Final = (1 << 32) - 1


@dataclass(slots=True, eq=False)
class _Vector:
    """An MSI-X entry and what has happened to it; masked after reset (INT-MASK-003)."""

    address: int = 0
    data: int = 0
    masked: bool = True
    pending: bool = False
    unsent: int = 0
    first: int = 0
    """Cycle of the first unsent event."""
    moderation: int = 0
    timer: Timer | None = None


class Interrupts:
    """Turns events into messages. A held-back event stays pending and is sent at the first chance."""

    def __init__(
        self, clock: Clock, config: ConfigSpace, requester: Requester, vectors: int
    ) -> None:
        """``vectors`` entries."""
        self._clock = clock
        self._config = config
        self._requester = requester
        self._vectors = [_Vector() for _ in range(vectors)]

    def event(self, number: int) -> None:
        """One event of a vector (INT-EVENT-002): a message, moderated, or its pending bit."""
        vector = self._vectors[number]
        if self._is_masked(vector):
            vector.pending = True
            return
        if not vector.unsent:
            vector.first = self._clock.now
        vector.unsent += 1
        self._moderate(vector)

    def refresh(self) -> None:
        """Look again at every vector: masks, MSI-X enable or bus master have changed."""
        for vector in self._vectors:
            self._update(vector)

    def _is_masked(self, vector: _Vector) -> bool:
        return vector.masked or not self._config.msix_open

    def _update(self, vector: _Vector) -> None:
        if self._is_masked(vector):
            if vector.unsent:
                vector.pending = True
                self._forget(vector)
        elif vector.pending:  # at once, whatever the moderation (INT-MASK-002)
            self._send(vector)
        elif vector.unsent:
            self._moderate(vector)

    def _moderate(self, vector: _Vector) -> None:
        """INT-MOD-001 and INT-MOD-002."""
        count = _MODERATION["count"].get(vector.moderation)
        cycles = _MODERATION["timer"].get(vector.moderation)
        if vector.unsent >= max(count, 1):
            self._send(vector)
        elif vector.timer is None:
            left = max(0, vector.first + cycles - self._clock.now)
            vector.timer = self._clock.after(left, lambda: self._send(vector))

    def _send(self, vector: _Vector) -> None:
        """Send now, or stay pending until requests may be sent (EP-BM-002)."""
        self._forget(vector)
        vector.pending = not self._requester.open
        if not vector.pending:
            self._requester.message(vector.address, vector.data)

    def _forget(self, vector: _Vector) -> None:
        vector.unsent = 0
        if vector.timer is not None:
            vector.timer.cancel()
            vector.timer = None

    # The table, the pending bits and the moderation registers, as software sees them ----------------
    def read_table(self, word: int) -> int:
        """Word ``word`` (8 bytes) of the table: address, or data and control."""
        vector = self._vectors[word // 2]
        return vector.data | int(vector.masked) << 32 if word % 2 else vector.address

    def write_table(self, word: int, value: int) -> None:
        """Store a word of the table; bit 32 of an odd one is the mask."""
        vector = self._vectors[word // 2]
        if word % 2:
            vector.data, vector.masked = value & _WORD, bool(value >> 32 & 1)
        else:
            vector.address = value
        self._update(vector)

    def read_pending(self, word: int) -> int:
        """Pending bits of vectors 64 ``word`` to 64 ``word`` + 63."""
        part = self._vectors[64 * word : 64 * word + 64]
        return sum(int(vector.pending) << at for at, vector in enumerate(part))

    def moderation(self, number: int, value: int) -> None:
        """Take a new MODERATION value; unsent events follow it from now on."""
        vector = self._vectors[number]
        vector.moderation = value
        if vector.timer is not None:
            vector.timer.cancel()
            vector.timer = None
        self._update(vector)

    @property
    def unsent(self) -> bool:
        """Whether an event waits for its moderation."""
        return any(vector.unsent for vector in self._vectors)

    def reset(self) -> None:
        """All masked, nothing pending, no moderation."""
        for vector in self._vectors:
            self._forget(vector)
        self._vectors = [_Vector() for _ in self._vectors]
