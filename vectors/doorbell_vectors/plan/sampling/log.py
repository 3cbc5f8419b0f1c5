"""What a replay has left, read in bulk: the plays of vectors, each with its transactions (``transactions.jsonl``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doorbell_vectors.errors import VectorsError

__all__ = ["Log", "Play", "read"]


@dataclass(slots=True)
class Play:
    """One play of one vector; lists have an entry for each transaction of a step."""

    vector: str
    buffers: dict[str, int] = field(default_factory=dict)
    """Bus addresses, as far as the log says them."""
    steps: list[int] = field(default_factory=list)
    """Index of the step."""
    data: list[Any] = field(default_factory=list)
    """What was read, written or found: hexadecimal text for numbers and bytes."""


@dataclass(frozen=True, slots=True)
class Log:
    """All plays of a replay in order, what the device said of itself, and how many lines there were."""

    plays: list[Play]
    capabilities: Mapping[str, int]
    lines: int


def read(path: Path) -> Log:
    """Read a log of transactions; a half-written last line is left out.

    Raises:
        VectorsError: it cannot be read, or is no such log.
    """
    try:
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1].rstrip("\n")
        rows = json.loads(f"[{whole.replace(chr(10), ',')}]")
        return _log(rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VectorsError(f"{path}: no transactions of a replay: {error}") from error


def _log(rows: list[dict[str, Any]]) -> Log:
    plays: list[Play] = []
    capabilities: dict[str, int] = {}
    play = Play("")
    for row in rows:
        if "vector" not in row:
            capabilities.update(row.get("device", {}).get("capabilities", {}))
            continue
        if "op" not in row:  # what the player itself had to say
            continue
        step = row["step"]
        if step is not None:
            play.steps.append(step)
            play.data.append(row["data"])
        elif row["op"] == "map":
            play.buffers[row["address"]] = int(row["data"], 16)
        elif row["op"].startswith("reset/") and (row["vector"] != play.vector or play.steps):
            play = Play(row["vector"])
            plays.append(play)
    return Log(plays, capabilities, len(rows))
