"""Values of the machine form: integers, and those that only the player's addresses make into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from doorbell_vectors.errors import ValueUnknown

__all__ = ["LIMIT", "Value", "Values", "literal", "number"]

Value = int | str | Mapping[str, Any]
"""As in the JSON: an integer, ``"0x..."``, or a relative value."""

LIMIT: Final = 1 << 64
"""Values are counted modulo this."""

_PLAIN: Final = 1 << 31
"""From here on an integer is written as ``"0x..."``, so that every JSON reader keeps all its bits."""


def literal(value: int) -> int | str:
    """Return ``value`` (any integer, taken modulo 2^64) as the JSON holds it."""
    value %= LIMIT
    return value if value < _PLAIN else hex(value)


def number(value: int | str) -> int:
    """Return the integer that a literal of the JSON stands for, 0 to 2^64 - 1.

    Raises:
        ValueError: text that is not ``0x`` and hexadecimal digits.
    """
    if isinstance(value, int):
        return value % LIMIT
    if not value.startswith("0x"):
        raise ValueError(f"{value!r} is no value; give an integer or 0x and hexadecimal digits")
    return int(value, 16) % LIMIT


@dataclass(slots=True)
class Values:
    """What relative values refer to while a vector is played; all numbers are 0 to 2^64 - 1."""

    buffers: dict[str, int] = field(default_factory=dict)
    """Bus address of byte 0, by name."""
    capabilities: dict[str, int] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)

    def __call__(self, value: Value) -> int:
        """Return the integer, 0 to 2^64 - 1.

        Raises:
            ValueUnknown: it names what is not there; the message lists what is.
        """
        if isinstance(value, int | str):
            return number(value)
        add = number(value.get("add", 0))
        if "buffer" in value:
            return (self._find("buffer", self.buffers, value["buffer"]) + add) % LIMIT
        if "cap" in value:
            found = self._find("capability", self.capabilities, value["cap"])
            return ((found << number(value.get("shift", 0))) + add) % LIMIT
        return (self._find("saved value", self.saved, value["saved"]) + add) % LIMIT

    @staticmethod
    def _find(what: str, known: Mapping[str, int], name: str) -> int:
        if name not in known:
            raise ValueUnknown(
                f"no {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}"
            )
        return known[name]
