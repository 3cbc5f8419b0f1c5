"""What one simulator process is to do: a JSON file that the starting process leaves in the run's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from doorbell_tb.errors import SimulationError

__all__ = ["STDOUT_VARIABLE", "VARIABLE", "Job", "write_json"]

STDOUT_VARIABLE = "DOORBELL_STDOUT"
"""Environment variable with the number of an open file: the standard output of who launched us."""

VARIABLE = "DOORBELL_JOB"
"""Environment variable with the path of the job file."""


@dataclass(frozen=True, slots=True)
class Job:
    """Either a program (``target``) or one test of a file (``file`` and ``test``)."""

    out: Path
    """The run's folder."""
    seed: int = 1
    """0 to 2**64 - 1."""
    profile: str = "harsh"
    strict: bool = True
    """Hide unpublished host writes from the device."""
    deadline: int = 20_000_000
    """Hang limit of a wait, device cycles."""
    target: str = ""
    """``module:function``."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    test: str = ""
    path: tuple[str, ...] = ()
    """Folders that Python looks for modules in, before its own."""

    def write(self) -> Path:
        """Write ``job.json`` into the run's folder and return its path.

        Raises `SimulationError` for arguments that JSON cannot hold.
        """
        place = self.out / "job.json"
        try:
            write_json(place, asdict(self) | {"out": str(self.out)})
        except TypeError as error:
            raise SimulationError(f"arguments of {self.target}: {error}; give plain data") from None
        return place

    @staticmethod
    def read(place: Path) -> Job:
        """Read a job file. Raises `SimulationError` when it is none."""
        try:
            values = json.loads(place.read_text(encoding="utf-8"))
            return Job(**values | {"out": Path(values["out"]), "path": tuple(values["path"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SimulationError(f"{place}: no job file: {error}") from None

    @staticmethod
    def current() -> Job:
        """Return the job of this simulator process.

        Raises `SimulationError` where there is none.
        """
        place = os.environ.get(VARIABLE)
        if place is None:
            raise SimulationError(
                "this process is no Doorbell simulation: start the test with `doorbell sim FILE` or pytest"
            )
        return Job.read(Path(place))


def write_json(place: Path, content: Mapping[str, Any]) -> None:
    """Write JSON to a temporary name, then rename, so that nobody reads half a file.

    Raises `TypeError` for what JSON cannot hold.
    """
    fresh = place.with_name(f".{place.name}.new")
    fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    fresh.replace(place)
