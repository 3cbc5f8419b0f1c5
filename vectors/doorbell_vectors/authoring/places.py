"""Register names of the language: ``QUEUE[q].STATUS``, ``SEMAPHORE_SET[3]``, ``SCRATCH.hi``, ``BAR2[mem + 5]``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import IntEnum
from typing import Any, Final

from doorbell.contract import registers
from doorbell.contract.register_types import Blocks, Memory, Register
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.authoring.terms import Term

__all__ = ["Place", "enum_number", "find", "image"]

_NAME: Final = re.compile(
    r"([A-Z][A-Z0-9_]*)(?:\[(.+?)\])?(?:\.([A-Z][A-Z0-9_]*)(?:\[(\d+)\])?)?(?:\.(lo|hi))?"
)
_HALF: Final = 0xFFFF_FFFF
_BARS: Final = {"BAR0": 0, "BAR2": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one access goes: BAR, offset, bytes; the register if it is one, and which half of it."""

    bar: int
    at: Term
    size: int
    register: Register | None = None
    half: int = 0
    """Bits by which the half is shifted: 0, or 32 for the high one."""


def find(name: str, index: Callable[[str], Term]) -> Place:
    """Return the place called ``name``; ``index`` evaluates what stands in brackets.

    Raises:
        Wrong: no such block, register or table; the message lists the known ones.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise Wrong(
            f"{name!r} is no register; say BLOCK.REGISTER, BLOCK[n].REGISTER, TABLE[n] or BAR0[offset]"
        )
    block, number, register, item, half = found.groups()
    size, shift = (4, 32 if half == "hi" else 0) if half else (8, 0)
    if block in _BARS:
        if number is None or register is not None:
            raise Wrong(f"{name!r}: say {block}[offset]")
        return Place(_BARS[block], index(number).plus(shift // 8), size)
    owner = getattr(registers, block, None)
    if isinstance(owner, Memory):
        if number is None or register is not None:
            raise Wrong(f"{name!r}: say {block}[word]")
        return Place(0, index(number).times(8).plus(owner.offset + shift // 8), size)
    at = index(number) if number is not None else None
    entry, base = _block(name, block, owner, at)
    found_register = _register(name, entry, register, item)
    first = 0 if base is None else found_register.offset
    offset = base.plus(first) if base is not None else Term(found_register.offset)
    return Place(0, offset.plus(shift // 8), size, found_register, shift)


def _block(name: str, block: str, owner: Any, at: Term | None) -> tuple[Any, Term | None]:
    """Return a block, and how far the one that is meant lies from it when only the player knows its number."""
    if isinstance(owner, Blocks):
        if at is None:
            raise Wrong(f"{name!r}: {block} has several; say {block}[n]")
        if at.kind:
            return owner[0], at.times(owner.stride)
        if not 0 <= at.add < owner.room:
            raise Wrong(f"{name!r}: {block} has room for {owner.room}, 0 to {owner.room - 1}")
        return owner[at.add], None
    if not is_dataclass(owner) or at is not None:
        known = [
            key for key in vars(registers) if key.isupper() and key not in {"REGISTERS", "MEMORIES"}
        ]
        raise Wrong(f"{name!r}: no block {block!r} of that form; there are: {', '.join(known)}")
    return owner, None


def _register(name: str, block: Any, register: str | None, item: str | None) -> Register:
    entry = getattr(block, register or "", None)
    if isinstance(entry, tuple) and item is not None and int(item) < len(entry):
        entry = entry[int(item)]
    if not isinstance(entry, Register):
        known = ", ".join(field.name for field in fields(block))
        raise Wrong(f"{name!r}: no register {register!r}; the block has: {known}")
    return entry


def image(place: Place, numbers: Map, evaluate: Callable[[Any], Term]) -> tuple[Term, int]:
    """Return value and mask of the named fields; ``evaluate`` takes what is no name of an enumeration.

    Raises:
        Wrong: no register, an unknown field, a number that does not fit, or two relative ones.
    """
    if place.register is None:
        raise Wrong("fields need a register; give a number here", numbers)
    value, mask = Term(), 0
    for name, spec in numbers.items():
        field = place.register.fields.get(name)
        if field is None:
            known = ", ".join(place.register.fields)
            raise Wrong(f"{place.register.name} has no field {name!r}; it has {known}", numbers)
        named = enum_number(field.enum, spec) if field.enum else None
        term = evaluate(spec) if named is None else Term(named)
        if not term.kind and not 0 <= term.add < 1 << field.width:
            limit = (1 << field.width) - 1
            raise Wrong(f"{place.register.name}.{name} = {term.add}: give 0 to {limit}", numbers)
        if term.kind and (value.kind or place.half):
            raise Wrong(f"{name}: one relative field a step, and not in the high half", numbers)
        shifted = term.times(1 << field.lsb)
        value = shifted.plus(value.add) if term.kind else value.plus(shifted.add)
        mask |= field.mask
    if place.size == 4 and not value.kind:
        value, mask = Term(value.add >> place.half & _HALF), mask >> place.half & _HALF
    return value, mask


def enum_number(enum: type[IntEnum] | None, spec: Any) -> int | None:
    """Return the number of the name ``spec`` in ``enum``, or None when it is no text in capitals.

    Raises:
        Wrong: capitals that are no name of the enumeration; the message lists the names.
    """
    if enum is None or not isinstance(spec, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]*", spec):
        return None
    if spec not in enum.__members__:
        raise Wrong(f"{spec!r} is no {enum.__name__}; there are: {', '.join(enum.__members__)}")
    return int(enum[spec])
