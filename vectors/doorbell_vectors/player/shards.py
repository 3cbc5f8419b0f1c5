"""Playing a plan in processes: each lives where a device lives, and one that dies loses one vector."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from doorbell.exit_codes import ExitCode
from doorbell.launch import Launcher, Outcome, RunOptions, launcher
from doorbell_vectors.format.document import load_own
from doorbell_vectors.player.selection import Play
from doorbell_vectors.player.stream import Progress, Writer, read
from doorbell_vectors.player.verdict import Result, Verdict, signature

__all__ = ["Ended", "Settings", "play"]

_TARGET: Final = "doorbell_vectors.player.job:main"
_DEADLINE: Final = 20_000_000
_DEADLINE_PER_VECTOR: Final = 200_000
_SICK_LIMIT: Final = 3
"""Devices in a row that the first vector leaves unusable: then the fault is not the vector's."""
_ASSERTION: Final = re.compile(r"Assertion failed in (?:\w+\.)*?(\w+\.\w+):")


@dataclass(frozen=True, slots=True)
class Settings:
    """How vectors are played; plain data, so that it travels to other processes."""

    device: str
    suite: str
    """Path of the suite file."""
    out: str
    """Folder of this replay."""
    seed: int = 1
    profile: str = "harsh"
    scale: float = 1.0
    """Stretches the host's guards."""
    without: tuple[str, ...] = ()
    """Host abilities that are not used though they are there."""
    bail: bool = False
    """Stop after the first vector that is not right."""
    bringup: bool = False
    """Stop after the first level with a failure."""
    hook: str = ""
    waves: bool = False
    source: str = ""
    """The suite as the user named it, for the command that plays one vector again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a part of the plan ended: "done", "bail", "bringup", "interrupted", or "stuck" with a code and a message."""

    why: str
    code: ExitCode = ExitCode.RIGHT
    message: str = ""


def play(
    settings: Settings, plan: Sequence[Play], jobs: int, device: Launcher | None = None
) -> list[Ended]:
    """Play ``plan`` in ``jobs`` processes; results are in the folder's ``results-*.jsonl``.

    With one job a device of this process is played here; ``device`` may then be one that no name is
    installed for.
    """
    parts = [list(plan[number::jobs]) for number in range(min(jobs, len(plan)))]
    if len(parts) == 1:
        return [_part(settings, 0, parts[0], device)]
    with ProcessPoolExecutor(len(parts), get_context("spawn")) as pool:
        try:
            running = [
                pool.submit(_part, settings, number, part) for number, part in enumerate(parts)
            ]
            return [one.result() for one in running]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _part(
    settings: Settings, number: int, plan: list[Play], device: Launcher | None = None
) -> Ended:
    """Play one part, in as many processes as it takes."""
    left, sick, attempt = list(plan), 0, 0
    while left:
        place = _fresh(Path(settings.out), number, attempt)
        attempt = int(place.name.rpartition("-")[2]) + 1
        outcome, progress = _launch(device or launcher(settings.device), settings, place, left)
        played = {(result.id, result.round) for result in progress.results}
        left = [one for one in left if one not in played]
        if progress.ended in {"done", "bail", "bringup"}:
            return Ended(progress.ended)
        if progress.ended == "sick":
            sick = sick + 1 if len(played) == 1 else 0
            if sick == _SICK_LIMIT:
                text = f"{sick} vectors in a row leave the device unusable, and nothing helps"
                return Ended("stuck", ExitCode.WRONG, text)
            continue
        if progress.at_work is None:
            code = ExitCode.SETUP if outcome.code is ExitCode.RIGHT else outcome.code
            return Ended("stuck", code, outcome.message or "the player ended before its plan")
        lost = _lost(settings, progress.at_work, outcome)
        # A file of its own: the process may have died in the middle of a line.
        with Writer(_results(place).with_suffix(".lost.jsonl")) as tell:
            tell({"kind": "result", "result": lost.to_json()})
        left.remove(progress.at_work)
        if settings.bail:
            return Ended("bail")
    return Ended("done")


def _fresh(out: Path, number: int, attempt: int) -> Path:
    """Return a folder that no earlier process of this replay has used."""
    while (place := out / f"part-{number}-{attempt}").exists():
        attempt += 1
    return place


def _results(place: Path) -> Path:
    return place.with_name(place.name.replace("part-", "results-") + ".jsonl")


def _launch(
    device: Launcher, settings: Settings, place: Path, plan: list[Play]
) -> tuple[Outcome, Progress]:
    results = _results(place)
    header = {**asdict(settings), "plan": len(plan)}
    arguments: dict[str, Any] = {
        "suite": settings.suite,
        "plan": [list(one) for one in plan],
        "results": str(results),
        "transactions": str(
            place.with_name(place.name.replace("part-", "transactions-") + ".jsonl")
        ),
        "seed": settings.seed,
        "scale": settings.scale,
        "without": list(settings.without),
        "bail": settings.bail,
        "hook": settings.hook,
        "header": header,
    }
    options = RunOptions(
        out=place,
        seed=settings.seed,
        profile=settings.profile,
        waves=settings.waves,
        deadline=_DEADLINE + _DEADLINE_PER_VECTOR * len(plan),
    )
    outcome = device.launch(_TARGET, arguments, options)
    return outcome, read(results)


def _lost(settings: Settings, at_work: Play, outcome: Outcome) -> Result:
    """Return what came of the vector that was at work when its process ended."""
    text = outcome.message or "the process ended without a word"
    verdict, kind = Verdict.ERROR, "host"
    if outcome.code is ExitCode.PROTOCOL:
        failed = _ASSERTION.search(text)
        verdict, kind = Verdict.FAIL, failed[1] if failed else "stopped"
    elif outcome.code is ExitCode.HANG:
        verdict, kind = Verdict.INCONCLUSIVE, "guard"
    identifier, number = at_work
    vector = next(one for one in load_own(Path(settings.suite)).vectors if one.id == identifier)
    return Result(
        identifier,
        vector.name,
        verdict,
        text,
        op="device",
        rule=vector.rules[0] if verdict is Verdict.FAIL else "",
        signature=signature("device", "", kind),
        expected="no assertion of the device to fail" if verdict is Verdict.FAIL else "",
        actual=kind if verdict is Verdict.FAIL else "",
        round=number,
        hash=vector.hash,
        recovered="new process",
    )
