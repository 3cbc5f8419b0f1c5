"""Writes layouts.py of the Python contract."""

from collections.abc import Mapping

from emit.literal import Group, docstring, lay_out, quoted
from emit.model import Contract, Layout, Member
from emit.text import NOTICE, layouts

_HEAD = f'''\
"""Layouts in memory as numpy dtypes, little-endian, without padding.

{NOTICE}

Reserved bytes have no field: an array made by `numpy.zeros` is right, `numpy.empty` is not.
"""

from typing import Final

import numpy as np

from doorbell.contract.enums import Kernel, Opcode
'''
_RANGES = "dict[str, tuple[tuple[int, int], ...]]"


def names(contract: Contract) -> list[str]:
    """Public names of the module."""
    found = [name.upper() for name, _ in layouts(contract)]
    tables = ["ARGUMENTS", "ARGUMENTS_RESERVED", "LAYOUT_RESERVED", "PACKETS", "RESERVED"]
    return found + tables


def module(contract: Contract) -> str:
    """The module's text."""
    lines = [_HEAD.rstrip("\n")]
    for name, layout in layouts(contract):
        lines += ["", *_dtype(name.upper(), layout), *docstring(layout.doc, 0)]
    lines += ["", "PACKETS: Final[dict[Opcode, np.dtype[np.void]]] = {"]
    lines += [f"    Opcode.{name}: {name}_PACKET," for name in contract.packets]
    lines += ["}", '"""Layout of the whole packet of each opcode."""']
    lines += ["", "ARGUMENTS: Final[dict[Kernel, np.dtype[np.void]]] = {"]
    lines += [f"    Kernel.{name}: {name}_ARGUMENTS," for name in contract.arguments]
    lines += ["}", '"""Layout of the argument block of each kernel."""']
    lines += _reserved(
        "RESERVED",
        contract.packets,
        "Bytes that are zero in a packet of the opcode, whatever its flags are: half-open ranges.",
    )
    lines += _reserved(
        "ARGUMENTS_RESERVED",
        contract.arguments,
        "Bytes that are zero in the kernel's arguments: half-open ranges.",
    )
    lines += _reserved(
        "LAYOUT_RESERVED",
        contract.layouts,
        "Bytes that are zero in the other layouts: half-open ranges.",
    )
    return "\n".join(lines) + "\n"


def _dtype(name: str, layout: Layout) -> list[str]:
    members = layout.members
    table = (
        Group('"names": [', tuple(quoted(member.name) for member in members), "]"),
        Group('"formats": [', tuple(quoted(_format(member)) for member in members), "]"),
        Group('"offsets": [', tuple(str(member.at) for member in members), "]"),
        f'"itemsize": {layout.size}',
    )
    body = [line for item in table for line in lay_out(item, 8, ",")]
    return [f"{name}: Final[np.dtype[np.void]] = np.dtype(", "    {", *body, "    }", ")"]


def _format(member: Member) -> str:
    code = member.base[0] + str(member.element)
    scalar = code if member.element == 1 else f"<{code}"
    return f"({member.count},){scalar}" if member.count else scalar


def _reserved(name: str, table: Mapping[str, Layout], doc: str) -> list[str]:
    lines = ["", f"{name}: Final[{_RANGES}] = {{"]
    for key, layout in table.items():
        ranges = tuple(f"({first}, {end})" for first, end in layout.reserved)
        comma = "," if len(ranges) == 1 else ""
        lines.append(f"    {quoted(key)}: ({', '.join(ranges)}{comma}),")
    return [*lines, "}", *docstring(doc, 0)]
