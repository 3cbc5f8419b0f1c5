"""Lines that a device's process leaves for the one that started it: what it began, what came of it, why it ended.

A line is written whole and at once, so that a simulator that dies loses the vector at work and no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from doorbell_vectors.player.verdict import Result

__all__ = ["Progress", "Writer", "read"]


class Writer:
    """Appends JSON lines to ``path``."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, line: Mapping[str, Any]) -> None:
        """Write one line."""
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


@dataclass(slots=True)
class Progress:
    """What a file of results says so far."""

    results: list[Result] = field(default_factory=list)
    at_work: tuple[str, int] | None = None
    """Vector and round that began and did not end."""
    ended: str | None = None
    """Why the process ended by itself ("done", "bail", "sick", "bringup"); None while it runs or when it died."""
    device: Mapping[str, Any] = field(default_factory=dict)
    """What is known of the device."""


def read(path: Path) -> Progress:
    """Read the lines so far; a half-written last one is left out."""
    progress = Progress()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return progress
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        row = json.loads(line)
        match row["kind"]:
            case "device":
                progress.device = row["device"]
            case "begin":
                progress.at_work = row["id"], row["round"]
            case "result":
                progress.results.append(Result.from_json(row["result"]))
                progress.at_work = None
            case "end":
                progress.ended = row["why"]
    return progress
