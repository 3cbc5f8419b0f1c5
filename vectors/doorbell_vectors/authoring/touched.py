"""Where in the BARs an op of the machine form reaches, and what it takes for granted of a ring's size there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from doorbell.contract import registers
from doorbell_vectors.format.octets import length

__all__ = ["expected_log2", "reach", "rung"]

_WRITES: Final = frozenset({"write", "write_block", "odd_write"})
_RESET_LOG2: Final = registers.QUEUE[0].RING_LOG2.reset


def reach(op: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    """Yield BAR, offset and bytes of what ``op`` accesses, if the compiler knows its offset."""
    where = op["fields"] if op["op"] == "tlp" else op
    if "bar" not in where or not isinstance(where.get("at"), int | str):
        return
    size = where.get("size") or where.get("length") or length(op.get("bytes") or [["u", 8]])
    yield where["bar"], int(str(where["at"]), 0), size


def rung(op: Mapping[str, Any]) -> int | None:
    """Return the number of the queue whose doorbell page ``op`` writes to, or None."""
    if op["op"] in _WRITES or op.get("kind") == "memory_write":
        for bar, at, _ in reach(op):
            index = (at - registers.DOORBELL.offset) // registers.DOORBELL.stride
            if bar == 0 and 0 <= index < registers.DOORBELL.room:
                return index
    return None


def expected_log2(op: Mapping[str, Any]) -> int | None:
    """Return which RING_LOG2 a read expects to find stored, if it is one that software has written."""
    if op["op"] != "read" or "eq" not in (op.get("expect") or {}):
        return None
    for bar, at, _ in reach(op):
        number, inside = divmod(at - registers.QUEUE.offset, registers.QUEUE.stride)
        register = registers.QUEUE[0].RING_LOG2.offset - registers.QUEUE.offset
        value = op["expect"]["eq"]
        if bar == 0 and 0 <= number < registers.QUEUE.room and inside == register:
            plain = isinstance(value, int) and value != _RESET_LOG2
            return value if plain else None
    return None
