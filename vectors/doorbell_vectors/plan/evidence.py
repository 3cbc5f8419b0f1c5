"""What runs have left: results of replays, functional coverage, code coverage, mutation score, waivers.

Nothing is added to what the files say: a replay that does not say when or on which piece of silicon
it ran leaves those cells empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from doorbell_vectors.errors import VectorsError
from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.player.waivers import Waiver
from doorbell_vectors.player.waivers import load as load_waivers
from doorbell_vectors.results.record import TESTPOINT, VECTOR, Record
from doorbell_vectors.results.store import Store

__all__ = ["BAD", "RIGHT", "Evidence", "Outcome", "gather", "outcomes"]

RIGHT: Final = frozenset({Verdict.PASS, Verdict.WAIVED, Verdict.NOT_OBSERVED})
BAD: Final = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one vector on one device."""

    vector: str
    device: str
    """``model``, ``rtl``, ... as the replay called it."""
    verdict: Verdict
    hash: str = ""
    """Of the vector that was played; of another one counts for nothing. Empty: not said."""
    date: str = ""
    device_id: str = ""
    text: str = ""
    waiver: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that sign-off is computed from; what is None was not measured."""

    outcomes: Sequence[Outcome] = ()
    """When a vector was played on a device more than once, the last one counts."""
    bins: Mapping[str, Mapping[str, int]] | None = None
    """Hits of each bin by coverpoint."""
    code: Mapping[str, Any] | None = None
    """``code.json`` of `make coverage`: ``total`` and each of ``modules`` has ``lines``, ``toggles``,
    ``expressions`` as [hit, there are]."""
    mutation: Mapping[str, Any] | None = None
    """As `doorbell mutation` leaves it."""
    waivers: Sequence[Waiver] = ()
    reviews: Mapping[str, Record] = field(default_factory=dict)
    """What reviewers who sent a spreadsheet back think of a testpoint, by its id."""
    conflicts: Sequence[str] = ()
    """Vectors with imported results of one device that differ."""


def gather(
    replays: Sequence[Path] = (),
    *,
    bins: Path | None = None,
    code: Path | None = None,
    mutation: Path | None = None,
    waivers: Path | None = None,
    store: Path | None = None,
) -> Evidence:
    """Read files of evidence; ``replays`` are ``results.json`` of replays, or their folders.

    ``store`` is the folder that `doorbell import-results` fills; replays count after it.

    Raises:
        VectorsError: a file cannot be read or is not what it is given as.
    """
    measured = _json(bins, "coverpoints") if bins else None
    imported = Store.load(store) if store else Store()
    standing = imported.standing()
    stored = [_outcome(one) for one in standing if one.kind == VECTOR]
    return Evidence(
        outcomes=stored + [one for path in replays for one in outcomes(path)],
        bins={name: one["bins"] for name, one in measured["coverpoints"].items()}
        if measured
        else None,
        code=_json(code, "modules") if code else None,
        mutation=_json(mutation, "mutants") if mutation else None,
        waivers=load_waivers(waivers) if waivers else (),
        reviews={one.id: one for one in standing if one.kind == TESTPOINT},
        conflicts=[f"{group[0].id} on {group[0].device}" for group in imported.conflicts()],
    )


def _outcome(record: Record) -> Outcome:
    return Outcome(
        vector=record.id,
        device=record.device,
        verdict=Verdict(record.verdict),
        hash=record.hash,
        date=record.date or "",
        text=record.text,
    )


def outcomes(path: Path) -> list[Outcome]:
    """Return what a replay found; of several rounds the worst. Raises VectorsError."""
    place = path / "results.json" if path.is_dir() else path
    found = _json(place, "results")
    worst: dict[str, Outcome] = {}
    order = list(Verdict)
    try:
        for one in found["results"]:
            outcome = Outcome(
                vector=one["id"],
                device=str(found["device"]),
                verdict=Verdict(one["verdict"]),
                hash=one.get("hash", ""),
                date=str(found.get("date", "")),
                device_id=str(found.get("device_id", "")),
                text=one.get("text", ""),
                waiver=one.get("waiver", ""),
            )
            known = worst.get(outcome.vector)
            if known is None or order.index(outcome.verdict) < order.index(known.verdict):
                worst[outcome.vector] = outcome
    except (KeyError, TypeError, ValueError) as error:
        raise VectorsError(f"{place}: no results of a replay: {error}") from error
    return list(worst.values())


def _json(path: Path, key: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VectorsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, dict) or key not in found:
        raise VectorsError(f"{path}: has no {key!r}; is it the right file?")
    return found
