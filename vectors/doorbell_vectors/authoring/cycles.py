"""What vectors took on the reference RTL: taken from a replay, kept in cycles.json, for predictions only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from doorbell_vectors.errors import SourceError, VectorsError

__all__ = ["NAME", "known", "measured"]

NAME: Final = "cycles.json"
_DEVICE: Final = "rtl"
_PLAYED: Final = frozenset({"PASS", "NOT_OBSERVED"})


def known(folder: Path) -> dict[str, int]:
    """Return device cycles by id, as measured last.

    Raises:
        SourceError: the file is no mapping of ids to counts.
    """
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder.name}/{NAME}:1: cannot be read: {error}") from error
    if not isinstance(found, dict) or not all(
        type(count) is int and count >= 0 for count in found.values()
    ):
        raise SourceError(f"{folder.name}/{NAME}:1: is no mapping of ids to cycles; measure again")
    return found


def measured(folder: Path, replay: Path, hashes: dict[str, str]) -> dict[str, int]:
    """Return what is known, with the results of the replay in folder ``replay`` in place of older ones.

    ``hashes`` are those of today's vectors by id: results of others, and vectors that are gone, are left out.

    Raises:
        VectorsError: no finished replay, or one on another device than the reference RTL.
    """
    path = replay / "results.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        device, results = found["device"], found["results"]
        fresh = {one["id"]: one["cycles"] for one in results if _counts(one, hashes)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VectorsError(
            f"{path}: no results of a replay ({error}); run `doorbell replay` first"
        ) from error
    if device != _DEVICE:
        raise VectorsError(f"{path}: is of device {device!r}; cycles are those of {_DEVICE!r}")
    merged = known(folder) | fresh
    return {name: merged[name] for name in sorted(merged) if name in hashes}


def _counts(result: dict[str, Any], hashes: dict[str, str]) -> bool:
    current = hashes.get(result["id"]) == result["hash"]
    return current and result["verdict"] in _PLAYED and isinstance(result["cycles"], int)
