"""Versions of the contract as the suites write them."""

from __future__ import annotations

__all__ = ["version"]


def version(text: str) -> tuple[int, ...]:
    """Return ``major.minor.patch`` as numbers, which compare as the versions do.

    Raises:
        ValueError: a part is no number.
    """
    return tuple(map(int, text.split(".")))
