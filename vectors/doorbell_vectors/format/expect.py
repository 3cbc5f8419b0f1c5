"""Expectations of one number: whether it is met, and how it reads in a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorbell_vectors.format.octets import Resolve
from doorbell_vectors.format.values import LIMIT

__all__ = ["describe", "met"]


def met(expect: Mapping[str, Any], found: int, resolve: Resolve) -> bool:
    """Whether ``found`` (0 to 2^64 - 1) is as ``expect`` says; ``resolve`` makes integers of its values.

    Raises:
        ValueUnknown: from ``resolve``.
    """
    if "mask" in expect:
        found &= resolve(expect["mask"])
    if "eq" in expect:
        return found == resolve(expect["eq"])
    if "in" in expect:
        return found in {resolve(value) for value in expect["in"]}
    low = resolve(expect.get("min", 0))
    high = resolve(expect["max"]) if "max" in expect else LIMIT - 1
    return low <= found <= high


def describe(expect: Mapping[str, Any], resolve: Resolve) -> str:
    """Return it for people, such as ``0x10 under mask 0xff``."""
    if "eq" in expect:
        text = hex(resolve(expect["eq"]))
    elif "in" in expect:
        text = "one of " + ", ".join(hex(resolve(value)) for value in expect["in"])
    elif "min" in expect or "max" in expect:
        low = hex(resolve(expect.get("min", 0)))
        text = f"{low} to {hex(resolve(expect['max']))}" if "max" in expect else f"{low} or more"
    else:
        text = "anything"
    return f"{text} under mask {hex(resolve(expect['mask']))}" if "mask" in expect else text
