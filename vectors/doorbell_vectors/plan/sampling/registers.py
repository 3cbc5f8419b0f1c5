"""Which register an offset in BAR0 is, without the numbers of blocks: ``QUEUE.PUT`` for that of every queue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from doorbell.contract import registers

__all__ = ["BLOCKS", "NAMES", "Place", "place"]

_INDEX: Final = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """A word of BAR0: numbers of `NAMES` and `BLOCKS`, and which block of its kind; -1 where nothing is."""

    register: int
    block: int
    index: int
    name: str
    """Such as ``QUEUE.PUT``; empty where nothing is."""


def _known() -> tuple[dict[str, int], dict[str, int], dict[int, tuple[str, int]]]:
    names: dict[str, int] = {}
    blocks: dict[str, int] = {}
    places: dict[int, tuple[str, int]] = {}
    for register in registers.REGISTERS:
        name = _INDEX.sub("", register.name)
        index = _INDEX.search(register.name)
        if register.name.startswith("QUEUE") and register.name.endswith("]"):
            name = "QUEUE.ERROR" if register.name.endswith("ERROR[0]") else "QUEUE.ERROR_WORD"
        names.setdefault(name, len(names))
        blocks.setdefault(name.partition(".")[0], len(blocks))
        places[register.offset] = name, int(index[1]) if index else 0
    for memory in registers.MEMORIES:
        names.setdefault(memory.name, len(names))
        blocks.setdefault(memory.name, len(blocks))
        for word in range(memory.words):
            places[memory.word(word)] = memory.name, word
    return names, blocks, places


NAMES, BLOCKS, _PLACES = _known()


@cache
def place(offset: int) -> Place:
    """Return what is at an offset in BAR0, which need not be aligned."""
    if offset & ~7 not in _PLACES:
        return Place(-1, -1, -1, "")
    name, index = _PLACES[offset & ~7]
    return Place(NAMES[name], BLOCKS[name.partition(".")[0]], index, name)
