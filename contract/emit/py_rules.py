"""Writes rules.py of the Python contract."""

from emit.literal import Text, call, lay_out, quoted
from emit.model import Contract
from emit.text import NOTICE

_HEAD = f'''\
"""The numbered rules of the contract as data.

{NOTICE}
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise of the contract.

    `text` is one "shall" sentence. `status` is `active`, `planned` or `retired`. `since` is the
    contract version that introduced the rule.
    """

    id: str
    area: str
    text: str
    rationale: str
    status: str
    since: str


'''
_DOC = '"""Rules by id, ascending."""\n'


def module(contract: Contract) -> str:
    """The module's text."""
    if not contract.rules:
        return f"{_HEAD}RULES: Final[dict[str, Rule]] = {{}}\n{_DOC}"
    lines = ["RULES: Final[dict[str, Rule]] = {"]
    for rule in contract.rules:
        entry = call(
            f"{quoted(rule.id)}: Rule",
            f"id={quoted(rule.id)}",
            f"area={quoted(rule.area)}",
            Text("text=", rule.text),
            Text("rationale=", rule.rationale),
            f"status={quoted(rule.status)}",
            f"since={quoted(rule.since)}",
        )
        lines += lay_out(entry, 4, ",")
    return _HEAD + "\n".join(lines) + "\n}\n" + _DOC
