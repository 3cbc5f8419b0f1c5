"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.abilities import ABILITIES, PLAIN

__all__ = ["SUITE", "abilities", "suite_path"]

SUITE: Final = "directed"
_SUITES: Final = Path(__file__).resolve().parents[2] / "suites"


def suite_path(name: str) -> Path:
    """Return the file of a suite: a path, or the name of one of the project's own.

    Raises:
        VectorsError: a name that none of them has.
    """
    path = Path(name)
    if path.suffix == ".json" or path.exists():
        return path
    known = sorted(one.stem for one in _SUITES.glob("*.json"))
    if known and name not in known:
        raise VectorsError(f"no suite {name!r}; give a file, or one of: {', '.join(known)}")
    return _SUITES / f"{name}.json"


def abilities(text: str) -> frozenset[str]:
    """Return the abilities that ``text`` takes away: ``-link,-flr``, or ``plain`` for all but bus_master.

    Raises:
        VectorsError: an unknown one, or one without the minus.
    """
    if text == "plain":
        return frozenset(ABILITIES) - PLAIN
    items = [item for item in text.split(",") if item]
    for item in items:
        if not item.startswith("-") or item[1:] not in ABILITIES:
            raise VectorsError(
                f"--abilities {item!r}: give plain, or a minus and one of {', '.join(ABILITIES)}"
            )
    return frozenset(item[1:] for item in items)
