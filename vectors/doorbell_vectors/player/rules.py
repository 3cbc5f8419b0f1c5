"""Rules that a suite names and this contract does not have: a slip, unless the suite is of a newer edition."""

from __future__ import annotations

from doorbell.contract import limits
from doorbell.contract.rules import RULES
from doorbell_vectors.errors import SuiteError
from doorbell_vectors.format.document import Suite
from doorbell_vectors.format.versions import version

__all__ = ["refuse_unknown"]


def refuse_unknown(suite: Suite, name: str) -> None:
    """Look up every rule of the suite called ``name`` in messages.

    A suite made for a contract of a newer minor version may name rules of that edition, and is played.

    Raises:
        SuiteError: a vector names a rule that is not in the contract.
    """
    ours = limits.CONTRACT_MAJOR, limits.CONTRACT_MINOR
    if version(suite.contract)[:2] > ours:
        return
    for vector in suite.vectors:
        for rule in vector.rules:
            if rule not in RULES:
                raise SuiteError(
                    f"{name}: {vector.id}: rules: {rule!r} is no rule of contract"
                    f" {ours[0]}.{ours[1]}, and the suite says it was made for {suite.contract};"
                    " take the original suite, or the tools of its edition"
                )
