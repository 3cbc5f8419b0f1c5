"""The suite as judge: the player of `doorbell_vectors` inside a simulator that acts out one mutant."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorbell.exit_codes import ExitCode
from doorbell_tb.build import Build
from doorbell_tb.errors import MutationError
from doorbell_tb.job import Job, write_json
from doorbell_tb.simulation import Ending, simulate

__all__ = ["Suite", "read_suite"]

_PLAYER = "doorbell_vectors.player.job:main"
"""Reached by name: the testbench does not import what is above it."""
_RIGHT = {"PASS", "NOT_OBSERVED", "NOT_SUPPORTED", "WAIVED"}
_DEADLINE = 2_000_000


_FIRST = 40
"""Vectors of the first process: most mutants die of one of these, and a small suite is read at once."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Runs vectors on mutants of one build; a `campaign.Judge`."""

    build: Build
    path: Path
    """The suite's file."""
    document: Mapping[str, Any]
    """What is in it."""
    out: Path
    """Runs leave their logs here; those of survivors are deleted."""
    seed: int
    profile: str

    def __call__(self, number: int, order: Sequence[str]) -> tuple[str, tuple[str, ...], str]:
        """See `campaign.Judge`; `start` and `end` stand for what kills a device outside any vector."""
        place = self.out / f"mutant-{number}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        first = set(order[:_FIRST])
        vectors = [one for one in self.document["vectors"] if one["id"] in first]
        write_json(place / "suite.json", {**self.document, "vectors": vectors})
        vector, how = self._play(number, place, place / "suite.json", order[:_FIRST])
        if not vector and order[_FIRST:]:
            vector, how = self._play(number, place, self.path, order[_FIRST:])
        if not vector:
            shutil.rmtree(place, ignore_errors=True)
        return vector, self.rules.get(vector, ()), how

    @property
    def rules(self) -> dict[str, tuple[str, ...]]:
        """Rules by vector, in the suite's order."""
        return {one["id"]: tuple(one["rules"]) for one in self.document["vectors"]}

    def _play(self, number: int, place: Path, suite: Path, order: Sequence[str]) -> tuple[str, str]:
        results = place / "results.jsonl"
        results.unlink(missing_ok=True)
        job = Job(
            out=place,
            seed=self.seed,
            profile=self.profile,
            deadline=_DEADLINE,
            target=_PLAYER,
            arguments={
                "suite": str(suite),
                "plan": [[vector, 1] for vector in order],
                "results": str(results),
                "transactions": str(place / "transactions.jsonl"),
                "seed": self.seed,
                "scale": 1.0,
                "without": [],
                "bail": True,
                "hook": "",
                "header": {"bringup": False, "mutant": number},
            },
            path=tuple(sys.path),
        )
        ending = simulate(self.build, "doorbell_tb.program", job, plusargs=(f"+mutant={number}",))
        return _killer(results, ending)


def _killer(results: Path, ending: Ending) -> tuple[str, str]:
    """Return the vector that is not right, and what diverged; empty when all are."""
    at_work = "start"
    for row in _rows(results):
        if row["kind"] == "begin":
            at_work = row["id"]
        elif row["kind"] == "result":
            result = row["result"]
            if result["verdict"] not in _RIGHT:
                return result["id"], f"{result['verdict']}: {result['text']}"[:400]
            at_work = "end"
    if ending.code is ExitCode.RIGHT:
        return "", ""
    return at_work, f"{ending.code.name}: {ending.message}"[:400]


def _rows(results: Path) -> list[dict[str, Any]]:
    """Return the lines that are whole; the process may have died in the middle of one."""
    rows = []
    if results.is_file():
        for line in results.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
    return rows


def read_suite(path: Path) -> Mapping[str, Any]:
    """Return a suite file's document. Raises `MutationError` when it cannot be read."""
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for one in document["vectors"]:
            _ = one["id"], one["rules"]
        return document
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MutationError(f"{path}: no suite: {error}; `make vectors` writes it") from None
