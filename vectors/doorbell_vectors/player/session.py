"""One replay from its plan to its reports."""

from __future__ import annotations

import datetime
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from doorbell.exit_codes import ExitCode
from doorbell.invocation import doorbell_command
from doorbell.launch import Launcher
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import Suite, dump, load_own
from doorbell_vectors.player.reports import console, counts, files, junit, ktap
from doorbell_vectors.player.selection import Play
from doorbell_vectors.player.shards import Ended, Settings, play
from doorbell_vectors.player.ticker import Ticker
from doorbell_vectors.player.verdict import Result
from doorbell_vectors.player.waivers import Waiver, waive

__all__ = ["Replay", "lines", "prepare", "replay", "resumed"]


@dataclass(frozen=True, slots=True)
class Replay:
    """A finished replay: results in the order of the plan, and how it ended."""

    suite: Suite
    results: Sequence[Result]
    left: Sequence[Play]
    """What was not played."""
    seconds: float
    ended: Sequence[Ended]

    @property
    def code(self) -> ExitCode:
        """The exit code."""
        stuck = [one.code for one in self.ended if one.why == "stuck"]
        code = counts.exit_code(self.results) if self.results else ExitCode.RIGHT
        return code or (stuck[0] if stuck else ExitCode.RIGHT)


def prepare(suite: Suite, plan: Sequence[Play], settings: Settings) -> Settings:
    """Make the folder anew, put what is played into it, and return settings that name it."""
    out = Path(settings.out).resolve()
    if out.exists():
        if not (out / "suite.json").exists() and any(out.iterdir()):
            raise VectorsError(
                f"--out {out}: is no folder of a replay, and not empty; give another"
            )
        shutil.rmtree(out)
    out.mkdir(parents=True)
    wanted = {identifier for identifier, _ in plan}
    part = {
        **suite.raw,
        "vectors": [vector.raw for vector in suite.vectors if vector.id in wanted],
    }
    files.write(out / "suite.json", dump(part))
    settings = replace(settings, suite=str(out / "suite.json"), out=str(out))
    files.write(out / "plan.json", {"plan": plan, "settings": _plain(settings)})
    return settings


def _plain(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in Settings.__slots__}


def resumed(folder: Path) -> tuple[list[Play], Settings]:
    """Return plan and settings of a replay that did not come to its end.

    Raises:
        VectorsError: the folder holds none.
    """
    if not folder.exists():
        raise VectorsError(
            f"--resume {folder}: there is no such folder; give the one that the replay was told by --out"
        )
    place = folder / "plan.json" if folder.is_dir() else folder.with_name("plan.json")
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        settings = Settings(
            **content["settings"] | {"without": tuple(content["settings"]["without"])}
        )
        return [(identifier, number) for identifier, number in content["plan"]], settings
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise VectorsError(f"--resume {folder}: no replay to go on with: {error}") from error


def replay(
    plan: Sequence[Play],
    settings: Settings,
    *,
    jobs: int = 1,
    waivers: Sequence[Waiver] = (),
    device: Launcher | None = None,
) -> Replay:
    """Play what of ``plan`` has no result yet in the prepared folder; leave the reports there.

    ``device`` as for `shards.play`.
    """
    out = Path(settings.out)
    suite = load_own(Path(settings.suite))
    hashes = {vector.id: vector.hash for vector in suite.vectors}
    before = files.gather(out, hashes)
    left = [one for one in plan if one not in before]
    began = time.monotonic()
    ended: Sequence[Ended] = ()
    try:
        if left:
            with Ticker(out, len(plan), len(plan) - len(left)):
                ended = play(settings, left, jobs, device)
    except KeyboardInterrupt:
        ended = [Ended("interrupted", message="interrupted")]
        _finished(plan, settings, suite, waivers, ended, time.monotonic() - began)
        raise
    return _finished(plan, settings, suite, waivers, ended, time.monotonic() - began)


def _finished(
    plan: Sequence[Play],
    settings: Settings,
    suite: Suite,
    waivers: Sequence[Waiver],
    ended: Sequence[Ended],
    seconds: float,
) -> Replay:
    """Gather the results and leave the reports."""
    out = Path(settings.out)
    hashes = {vector.id: vector.hash for vector in suite.vectors}
    found = files.gather(out, hashes)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    results = waive([found[one] for one in plan if one in found], waivers, suite.contract, today)
    missing = [one for one in plan if one not in found]
    finished = Replay(suite, results, missing, seconds, ended)
    _report(out, finished, settings)
    return finished


def _report(out: Path, finished: Replay, settings: Settings) -> None:
    files.merge_transactions(out)
    facts = {
        "suite": finished.suite.suite,
        "contract": finished.suite.contract,
        "device": settings.device,
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "seed": settings.seed,
        "profile": settings.profile,
        "seconds": round(finished.seconds, 3),
        "code": int(finished.code),
        "ended": [one.why for one in finished.ended],
        "facts": files.device(out),
        "counts": {
            str(verdict): count for verdict, count in counts.tally(finished.results).items()
        },
        "left": [list(one) for one in finished.left],
    }
    files.write(out / "results.json", files.results_json(finished.results, facts))
    files.write(
        out / "junit.xml", junit.document(finished.suite, finished.results, finished.seconds)
    )
    files.write(out / "report.ktap", "\n".join(ktap.lines(finished.results)) + "\n")
    place = out / "resume.json"
    if finished.left:
        why = "; ".join(one.message or one.why for one in finished.ended)
        files.write(place, {"left": [list(one) for one in finished.left], "why": why})
    else:
        place.unlink(missing_ok=True)


def lines(finished: Replay, settings: Settings) -> list[str]:
    """Return the summary for people."""

    def again(identifier: str) -> str:
        less = "".join(f",-{one}" for one in settings.without)
        return (
            f"{doorbell_command()} replay {settings.source or settings.suite} --id {identifier}"
            f" --device {settings.device} --seed {settings.seed} --profile {settings.profile}"
            + (f" --abilities={less[1:]}" if less else "")
        )

    out = Path(settings.out)
    said = list(
        console.summary(
            finished.suite, finished.results, again, out / "transactions.jsonl", len(finished.left)
        )
    )
    said += [f"stopped: {one.message}" for one in finished.ended if one.message]
    if finished.left:
        said.append(f"to go on: {doorbell_command()} replay --resume {out / 'resume.json'}")
    return [*said, f"  left in {out}"]
