"""What is known of devices when the hand-off is made: replays, imported results, coverage, mutants, waivers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from doorbell_vectors.plan.evidence import Evidence, gather

__all__ = ["Places", "gathered"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where evidence is; None and an empty list: there is none."""

    replays: Sequence[Path] = ()
    """Folders that `doorbell replay` left."""
    results: Path | None = None
    """Folder of a results store."""
    coverage: Path | None = None
    """Folder that `make coverage` left."""
    mutation: Path | None = None
    waivers: Path | None = None
    today: datetime.date | None = None
    """Decides which waivers have expired; None: not judged, so that packing does not depend on the day."""

    def files(self) -> dict[str, Path]:
        """Return the files that go along as they are, by path in the hand-off."""
        found = {}
        if self.coverage is not None:
            for path in sorted(self.coverage.iterdir()):
                if path.suffix in {".json", ".info"}:
                    found[f"coverage/{path.name}"] = path
        if self.mutation is not None:
            found["coverage/mutation.json"] = self.mutation
        if self.waivers is not None:
            found["waivers.yaml"] = self.waivers
        return found


def gathered(places: Places) -> Evidence:
    """Read it all. Raises VectorsError."""

    def there(name: str) -> Path | None:
        path = places.coverage / name if places.coverage else None
        return path if path is not None and path.exists() else None

    return gather(
        places.replays,
        bins=there("functional.json"),
        code=there("code.json"),
        mutation=places.mutation,
        waivers=places.waivers,
        store=places.results,
    )
