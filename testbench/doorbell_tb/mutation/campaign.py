"""A campaign: each mutant in a simulator process of its own, until a vector fails or all have passed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol

from doorbell_tb.errors import MutationError
from doorbell_tb.mutation.mutants import Mutant
from doorbell_tb.mutation.verdicts import Verdict, append

__all__ = ["Judge", "Killers", "campaign"]


class Judge(Protocol):
    """Runs the suite on one mutant."""

    def __call__(self, number: int, order: Sequence[str]) -> tuple[str, tuple[str, ...], str]:
        """Run the vectors in this order on mutant ``number`` (0: none) until one fails.

        Returns that vector's id, its rules and what diverged; an empty id when all passed.
        """
        ...


class Killers:
    """Orders the vectors so that a mutant meets those first that killed it before, or its neighbours."""

    def __init__(self, vectors: Iterable[str], before: Mapping[str, str] | None = None) -> None:
        """``before`` names, by mutant, the vector that killed it in an earlier campaign: a guess, not a verdict."""
        self._vectors = tuple(vectors)
        self._before = dict(before or {})
        self._near: dict[str, Counter[str]] = {}
        self._all: Counter[str] = Counter()

    def tell(self, mutant: Mutant, vector: str) -> None:
        """Remember that ``vector`` killed a mutant of this module."""
        self._near.setdefault(mutant.module, Counter())[vector] += 1
        self._all[vector] += 1

    def order(self, mutant: Mutant) -> list[str]:
        """Return all vectors: what killed this mutant before, killers in its module, killers elsewhere, the rest."""
        own, near = self._before.get(mutant.id), self._near.get(mutant.module, Counter())
        return sorted(self._vectors, key=lambda one: (one != own, -near[one], -self._all[one]))


def campaign(
    todo: Mapping[int, Mutant],
    judge: Judge,
    killers: Killers,
    results: Path,
    *,
    jobs: int,
    budget: float,
    progress: Callable[[str], None],
) -> int:
    """Run ``todo`` with ``jobs`` processes at once for at most ``budget`` seconds; return how many were run.

    Every verdict is appended to ``results`` as it comes in.
    Raises `MutationError` when the suite fails without any mutant.
    """
    vector, _, how = judge(0, killers.order(next(iter(todo.values()))) if todo else [])
    if vector:
        raise MutationError(f"the suite fails without a mutant: {vector}: {how}; mend that first")
    began, done, killed = time.monotonic(), 0, 0
    waiting = list(todo.items())[::-1]
    running: dict[Future[Verdict], Mutant] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            while waiting and len(running) < jobs and time.monotonic() - began < budget:
                number, mutant = waiting.pop()
                order = killers.order(mutant)
                running[pool.submit(_one, judge, number, mutant, order)] = mutant
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                mutant = running.pop(future)
                verdict = future.result()
                append(results, verdict)
                done += 1
                killed += verdict.killed
                if verdict.by:
                    killers.tell(mutant, verdict.by)
                if done % 20 == 0:
                    spent = time.monotonic() - began
                    progress(
                        f"mutation: {done} of {len(todo)} run, {killed} killed, {spent:.0f} s,"
                        f" about {spent / done * (len(todo) - done):.0f} s to go"
                    )
    return done


def _one(judge: Judge, number: int, mutant: Mutant, order: Sequence[str]) -> Verdict:
    began = time.monotonic()
    vector, rules, how = judge(number, order)
    seconds = round(time.monotonic() - began, 2)
    return Verdict(mutant.id, bool(vector), vector, rules, how, seconds)
