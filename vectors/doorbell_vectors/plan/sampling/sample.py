"""Functional coverage of replays: the tables of what they have left, counted into the bins of the plan."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import load
from doorbell_vectors.plan.document import Plan
from doorbell_vectors.plan.sampling import commands, log, tlps
from doorbell_vectors.plan.sampling.bins import count, possible
from doorbell_vectors.plan.sampling.queues import Watcher
from doorbell_vectors.plan.sampling.steps import Steps
from doorbell_vectors.plan.sampling.table import Table

__all__ = ["Sampled", "sample"]


@dataclass(slots=True)
class Sampled:
    """Hits of every bin, and what it cost to count them."""

    hits: dict[str, dict[str, int]] = field(default_factory=dict)
    """By coverpoint and bin."""
    transactions: int = 0
    """Lines of logs and TLPs that were counted."""
    read_seconds: float = 0.0
    """Processor time for reading files, and for what depends on the suite alone."""
    sample_seconds: float = 0.0
    """Processor time for everything else."""

    def data(self, plan: Plan) -> dict[str, Any]:
        """Return it as JSON: the same for the same runs."""
        points = {}
        for point in plan.coverage:
            names = possible(point)
            hits = self.hits.get(point.id, {})
            points[point.id] = {
                "hit": sum(hits.get(name, 0) > 0 for name in names),
                "total": len(names),
                "bins": {name: hits.get(name, 0) for name in names},
                "unforeseen": {name: n for name, n in hits.items() if n and name not in names},
            }
        return {"transactions": self.transactions, "coverpoints": points}


def sample(plan: Plan, replays: Sequence[Path]) -> Sampled:
    """Count what the replays in these folders exercised.

    Raises:
        VectorsError: a folder holds no replay, or a coverpoint names what a table does not have.
    """
    found = Sampled()
    for folder in replays:
        tables = _tables(folder, found)
        began = time.process_time()
        for point in plan.coverage:
            own = found.hits.setdefault(point.id, {})
            for table in tables.get(point.table, ()):
                for name, hits in count(point, table).items():
                    own[name] = own.get(name, 0) + hits
        found.sample_seconds += time.process_time() - began
    return found


def _tables(folder: Path, found: Sampled) -> Mapping[str, list[Table]]:
    began = time.process_time()
    if not (folder / "suite.json").exists():
        raise VectorsError(f"{folder}: is no folder of a replay")
    suite = load(folder / "suite.json", trusted=True)
    played = log.read(folder / "transactions.jsonl")
    traces = [tlps.read(path) for path in sorted(folder.glob("part-*/trace.npy"))]
    steps, watcher = Steps(suite), Watcher(suite)
    found.read_seconds += time.process_time() - began
    found.transactions += played.lines + sum(len(rows) for rows in traces)

    began = time.process_time()
    numbers = [np.array(play.steps, np.int64) + steps.first[play.vector] for play in played.plays]
    every = np.concatenate([np.empty(0, np.int64), *numbers])
    for play in played.plays:
        watcher.watch(play, played.capabilities)
    tables = {
        "op": [steps.op_table(every)],
        "access": [steps.access_table(every)],
        "doorbell": [watcher.doorbells()],
        "event": [watcher.events()],
        "error": [watcher.errors()],
        "command": [commands.table(watcher.batches)],
        "tlp": [tlps.table(rows) for rows in traces],
    }
    found.sample_seconds += time.process_time() - began
    return tables
