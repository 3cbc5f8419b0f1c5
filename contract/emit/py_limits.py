"""Writes limits.py and reference.py of the Python contract."""

from collections.abc import Iterable

from emit.literal import Group, docstring, lay_out, quoted, sorted_names
from emit.model import Contract, Limit
from emit.text import NOTICE

_FIXED = f'''\
"""Sizes that the contract fixes.

{NOTICE}

`limits.reference` holds what the reference device implements: software reads its registers instead.
"""

from typing import Final

from doorbell.contract import reference
'''
_REFERENCE = f'''\
"""What the reference device implements.

{NOTICE}

For models, tests and examples: software reads the capability registers, never these values.
"""

from typing import Final
'''


def fixed(contract: Contract) -> str:
    """Text of limits.py."""
    names = sorted_names(["reference", *(limit.name for limit in contract.fixed)])
    exported = lay_out(Group("__all__ = [", tuple(quoted(name) for name in names), "]"))
    head = [_FIXED.rstrip("\n"), "", *exported, ""]
    return "\n".join([*head, *_constants(contract.fixed)]) + "\n"


def reference(contract: Contract) -> str:
    """Text of reference.py."""
    return "\n".join([_REFERENCE.rstrip("\n"), "", *_constants(contract.reference)]) + "\n"


def _constants(limits: Iterable[Limit]) -> list[str]:
    lines = []
    for limit in limits:
        value = f"0x{limit.value:X}" if limit.value >= 1 << 20 else str(limit.value)
        if limit.name.endswith(("_HZ", "_CYCLES")):
            value = f"{limit.value:_}"
        lines.append(f"{limit.name}: Final = {value}")
        if limit.doc:
            lines += docstring(limit.doc, 0)
    return lines
