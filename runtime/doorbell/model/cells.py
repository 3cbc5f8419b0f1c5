"""Registers as software sees them: stored bits, access kinds, and what a write sets off (DEV-REG rules)."""

from __future__ import annotations

from collections.abc import Callable

from doorbell.contract.register_types import Register

__all__ = ["Cell"]


class Cell:
    """One 64-bit register.

    `sample` gives the value of a read-only one, `written` is told of each write (the bits written,
    and which), `locked` says when writes are ignored, and `fit` corrects what is stored.
    """

    __slots__ = (
        "_clearable",
        "_writable",
        "fit",
        "locked",
        "register",
        "sample",
        "value",
        "written",
    )

    def __init__(self, register: Register) -> None:
        """Start at the reset value."""
        self.register = register
        self.value = register.reset or 0
        self._writable = self._mask("rw")
        self._clearable = self._mask("rw1c")
        self.sample: Callable[[], int] | None = None
        self.written: Callable[[int, int], None] | None = None
        self.fit: Callable[[int], int] | None = None
        self.locked: Callable[[], bool] | None = None

    def _mask(self, access: str) -> int:
        return sum(item.mask for item in self.register.fields.values() if item.access == access)

    def read(self) -> int:
        """Value as a read returns it; write-only bits are zero."""
        return self.value if self.sample is None else self.sample()

    def write(self, value: int, mask: int) -> None:
        """Take the bits of ``value`` in ``mask``; bits that no field names stay zero (DEV-REG-005)."""
        if self.locked is not None and self.locked():
            return
        taken = mask & self._writable
        stored = self.value & ~taken | value & taken
        stored &= ~(value & mask & self._clearable)
        self.value = stored if self.fit is None else self.fit(stored)
        if self.written is not None:
            self.written(value & mask, mask)

    def reset(self) -> None:
        """Back to the reset value."""
        self.value = self.register.reset or 0
