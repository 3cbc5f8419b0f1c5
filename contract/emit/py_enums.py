"""Writes enums.py of the Python contract."""

from emit.literal import Text, docstring, lay_out
from emit.model import Contract, Enumeration
from emit.text import NOTICE, camel

_HEAD = f'''\
"""Enumerations that hardware and software share.

{NOTICE}
"""

from enum import IntEnum, IntFlag
from typing import Final
'''


def names(contract: Contract) -> list[str]:
    """Public names of the module."""
    found = [camel(name) for name in contract.enums]
    found += [
        f"{name.upper()}_IMPLEMENTED" for name, enum in contract.enums.items() if enum.capability
    ]
    return [*found, "ERROR_DOCS", "ERROR_GROUPS"]


def module(contract: Contract) -> str:
    """The module's text."""
    lines = [_HEAD.rstrip("\n")]
    for enum in contract.enums.values():
        lines += _class(enum)
    lines.append("")
    for name, enum in contract.enums.items():
        if enum.capability:
            lines += [
                "",
                f"{name.upper()}_IMPLEMENTED: Final = {enum.implemented:#x}",
                *docstring(f"{enum.capability} of the reference device: bit N for number N.", 0),
            ]
    lines += ["", "ERROR_DOCS: Final[dict[Error, str]] = {"]
    for value in contract.enums["error"].values:
        lines += lay_out(Text(f"Error.{value.name}: ", value.doc), 4, ",")
    lines += ["}", '"""What each code means, as a sentence."""']
    lines += ["", "ERROR_GROUPS: Final[dict[Error, str]] = {"]
    lines += [f'    Error.{v.name}: "{v.group}",' for v in contract.enums["error"].values]
    lines += ["}", '"""What found the error: a packet, a doorbell, a fetch and so on."""']
    return "\n".join(lines) + "\n"


def _class(enum: Enumeration) -> list[str]:
    base = "IntFlag" if enum.mask else "IntEnum"
    lines = ["", "", f"class {camel(enum.name)}({base}):", *docstring(enum.doc, 4), ""]
    for value in enum.values:
        planned = " Planned." if value.status == "planned" else ""
        number = f"0x{value.value:02X}" if enum.hexadecimal else str(value.value)
        lines.append(f"    {value.name} = {number}")
        lines += docstring(value.doc + planned, 4)
    return lines
