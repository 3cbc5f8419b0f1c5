"""Reads what players leave as JSON: `results.json`, `results-*.jsonl`, or the log of the portable player."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from doorbell_vectors.results.record import VECTOR, Record, ResultsError, a_verdict

__all__ = ["read"]


def read(text: str, name: str, device: str) -> list[Record]:
    """Return the results in ``text``, called ``name`` in messages; ``device`` unless it names one.

    Raises:
        ResultsError: file and line of what is no JSON, or of a result without id or verdict.
    """
    try:
        whole = json.loads(text)
    except RecursionError as error:
        raise ResultsError(f"{name}:1: is nested too deeply") from error
    except ValueError:
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("results"), list):
        rows = [(f"{name}: results[{at}]", row) for at, row in enumerate(whole["results"])]
        named = whole.get("device")
        records = [_record(row, where, device or _text(named)) for where, row in rows]
    else:
        records = list(_lines(text, name, device))
    return _rounds(records)


def _lines(text: str, name: str, device: str) -> Iterator[Record]:
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ResultsError(f"{where}: is no JSON, or was cut off: {error}") from error
        if not isinstance(row, dict):
            raise ResultsError(f"{where}: must be a JSON object")
        if row.get("kind") == "result":
            yield _record(row.get("result"), where, device)
        elif "verdict" in row:
            yield _record(row, where, device)
        else:
            device = device or _device(row)


def _device(row: Mapping[str, Any]) -> str:
    """Return what a header calls the device: the kind of transport, without the place of its socket."""
    run, told = row.get("run"), row.get("device")
    name = _text(run.get("device")) if isinstance(run, dict) else ""
    if not name and isinstance(told, dict):
        name = _text(told.get("transport"))
    return name.partition(":")[0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _record(row: Any, where: str, device: str) -> Record:
    if not isinstance(row, Mapping):
        raise ResultsError(f"{where}: must be an object with id and verdict")
    for key in ("id", "verdict"):
        if not isinstance(row.get(key), str):
            raise ResultsError(f"{where}: {key} is {row.get(key)!r}, must be text")
    turn = row.get("round", 0)
    if type(turn) is not int or turn < 0:
        raise ResultsError(f"{where}: round is {turn!r}, must be 0 or more")
    return Record(
        kind=VECTOR,
        id=row["id"],
        device=device,
        verdict=a_verdict(row["verdict"], VECTOR, where),
        text=_text(row.get("text")).strip(),
        hash=_text(row.get("hash")),
        round=turn,
        source=where,
    )


def _rounds(records: list[Record]) -> list[Record]:
    """Number repetitions that the player did not number."""
    if len({(record.id, record.round) for record in records}) == len(records):
        return records
    seen = Counter[str]()
    numbered = []
    for record in records:
        numbered.append(record.changed(round=seen[record.id]))
        seen[record.id] += 1
    return numbered
