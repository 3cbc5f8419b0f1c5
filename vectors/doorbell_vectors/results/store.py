"""The results store: one JSON file below a folder that the user names; nothing in it is ever lost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from doorbell_vectors.format.canonical import canonical
from doorbell_vectors.format.files import write_text
from doorbell_vectors.results.record import Record, ResultsError

__all__ = ["NAME", "Store"]

NAME: Final = "results.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Store:
    """Every result that was imported, in a fixed order."""

    records: tuple[Record, ...] = ()

    @staticmethod
    def load(folder: Path) -> Store:
        """Read the store below ``folder``; none there is an empty one. Raises ResultsError."""
        path = folder / NAME
        if not path.exists():
            return Store()
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ResultsError(f"{path}: no results can be read: {error}") from error
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise ResultsError(f"{path}: is no results store of format {_FORMAT}")
        rows = data.get("records")
        if not isinstance(rows, list):
            raise ResultsError(f"{path}: records must be a list")
        # A record a line, the first on line 3: `text` writes it so.
        return Store(
            tuple(Record.from_json(row, f"{path}:{at + 3}") for at, row in enumerate(rows))
        )

    def save(self, folder: Path) -> None:
        """Write it below ``folder``: to a temporary name, then renamed."""
        write_text(folder / NAME, self.text())

    def text(self) -> str:
        """Return the file: a record a line, the same bytes for the same records."""
        rows = ",\n".join(canonical(record.to_json()) for record in self.records)
        return f'{{"format":{_FORMAT},\n"records":[\n{rows}\n]}}\n'

    def merged(self, fresh: Iterable[Record], *, supersede: bool = False) -> Store:
        """Return a store with ``fresh`` added; what it says already is not said twice.

        ``supersede`` marks what the fresh results replace (same kind, id and device) as superseded.
        """
        added = {record.says(): record for record in fresh}
        replaced = {record.key for record in added.values()} if supersede else set()
        kept = [
            record.changed(superseded=record.superseded or record.key in replaced)
            for record in self.records
            if not (supersede and record.says() in added)
        ]
        known = {record.says() for record in kept}
        every = kept + [record for says, record in added.items() if says not in known]
        return Store(tuple(sorted(every, key=_order)))

    def live(self) -> list[Record]:
        """Return the records that none has superseded."""
        return [record for record in self.records if not record.superseded]

    def conflicts(self) -> list[tuple[Record, ...]]:
        """Return groups of live records of one version of an id and one device that differ in their verdict."""
        return [group for group in self._groups() if len({record.verdict for record in group}) > 1]

    def standing(self) -> list[Record]:
        """Return one record for each id, device and version that was played: the heaviest verdict, of those the latest.

        Of two that are alike the one that says which version of the vector was played.
        """
        chosen = [
            min(sorted(group, key=_latest, reverse=True), key=_weight) for group in self._groups()
        ]
        return list(dict.fromkeys(chosen))

    def _groups(self) -> list[tuple[Record, ...]]:
        """Return the live records of each id, device and version; one that says none stands with every version."""
        same: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
        for record in self.live():
            same[record.key].append(record)
        return [
            tuple(record for record in group if record.hash in {"", version})
            for group in same.values()
            for version in sorted({record.hash for record in group} - {""}) or [""]
        ]


def _latest(record: Record) -> tuple[str, str]:
    return record.date or "", record.hash


def _weight(record: Record) -> int:
    return record.weight


def _order(record: Record) -> tuple[str, ...]:
    return (
        record.kind,
        record.id,
        record.device,
        record.date or "",
        f"{record.round:09}",
        record.verdict,
        *(record.person, record.text, record.hash),
    )
