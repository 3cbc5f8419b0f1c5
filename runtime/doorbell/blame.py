"""What to tell a person of a program's exception: what, where, at which cycle, against which rule."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from doorbell.contract import rules

__all__ = ["LIBRARIES", "describe"]

_HERE: Final = Path(__file__).resolve().parent
LIBRARIES: Final = (_HERE, _HERE / "model", Path(contextlib.__file__).resolve().parent)
"""Folders whose files are never the place that a person wants to be pointed at."""


def describe(error: BaseException, cycle: int, libraries: Sequence[Path] = LIBRARIES) -> str:
    """Return the exception, its place outside ``libraries``, the device's ``cycle``, and its rule's sentence."""
    rule = getattr(error, "rule", None)
    sentence = f" | {rule}: {rules.RULES[rule].text}" if rule in rules.RULES else ""
    what = str(error) or "no message"
    place = _place(error, libraries)
    return f"{type(error).__name__}: {what}, at {place}, cycle {cycle}{sentence}"


def _place(error: BaseException, libraries: Sequence[Path]) -> str:
    """Return file:line of the innermost frame outside ``libraries``, or of the innermost at all."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if Path(frame.filename).resolve().parent not in libraries]
    best = (outside or list(frames))[-1:]
    return f"{best[0].filename}:{best[0].lineno}" if best else "an unknown place"
