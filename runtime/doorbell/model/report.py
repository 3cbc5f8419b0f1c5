"""Failures of a queue and the error record they leave (ERR-RECORD rules)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from doorbell.contract import ERROR_RECORD, Error

__all__ = ["Failure", "record"]

_NO_INNER: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed at which position; opcode and tag are 0 for doorbell and fetch errors."""

    count: int
    code: Error
    opcode: int = 0
    tag: int = 0
    address: int = 0
    detail: int = 0


def record(failure: Failure, queue: int, cycle: int, generation: int) -> bytes:
    """Return the 64 bytes of the error record (ERR-RECORD-004, ERR-RECORD-005)."""
    found = np.zeros(1, ERROR_RECORD)
    for name, value in (
        ("code", failure.code),
        ("opcode", failure.opcode),
        ("queue", queue),
        ("tag", failure.tag),
        ("index", failure.count),
        ("inner_index", _NO_INNER),
        ("detail", failure.detail),
        ("address", failure.address),
        ("timestamp", cycle),
        ("generation", generation),
    ):
        found[name] = value
    return found.tobytes()
