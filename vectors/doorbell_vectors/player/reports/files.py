"""A replay's folder: gathering what the processes left, writing the reports of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from doorbell_vectors.player.selection import Play
from doorbell_vectors.player.stream import read
from doorbell_vectors.player.verdict import Result

__all__ = ["device", "gather", "merge_transactions", "results_json", "write"]


def gather(out: Path, hashes: Mapping[str, str]) -> dict[Play, Result]:
    """Return the results so far by id and round, of vectors that are still what they were."""
    found: dict[Play, Result] = {}
    for path in sorted(out.glob("results-*.jsonl")):
        for result in read(path).results:
            if hashes.get(result.id) == result.hash:
                found[result.id, result.round] = result
    return found


def device(out: Path) -> Mapping[str, Any]:
    """Return what the processes have told of the device."""
    told = [read(path).device for path in sorted(out.glob("results-*.jsonl"))]
    return next((one for one in told if one), {})


def merge_transactions(out: Path) -> Path:
    """Put the transactions of all processes into one file and return it."""
    place = out / "transactions.jsonl"
    fresh = place.with_name(f".{place.name}.new")
    with fresh.open("w", encoding="utf-8") as whole:
        for path in sorted(out.glob("transactions-*.jsonl")):
            with path.open(encoding="utf-8") as part:
                whole.writelines(line for line in part if line.endswith("\n"))
    fresh.replace(place)
    return place


def write(place: Path, content: str | Mapping[str, Any]) -> None:
    """Write text or JSON to a temporary name, then rename."""
    text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(place)


def results_json(results: Iterable[Result], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything of a replay as plain data."""
    return {**facts, "results": [result.to_json() for result in results]}
