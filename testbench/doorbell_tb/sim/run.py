"""Runs one test of a file in a simulator process of its own."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from doorbell.invocation import doorbell_command
from doorbell_tb.build import Build
from doorbell_tb.job import Job
from doorbell_tb.simulation import Ending, simulate

__all__ = ["TestSettings", "describe", "replay", "run_test"]


@dataclass(frozen=True, slots=True)
class TestSettings:
    """What holds for every test of one command."""

    out: Path
    """Folder for the tests' own folders."""
    seed: int = 1
    profile: str = "harsh"
    waves: bool = False
    public: tuple[Path, ...] = ()
    """Verilator control files that show further signals to Python."""
    plusargs: tuple[str, ...] = ()

    __test__ = False  # not a class of tests, whatever its name says to pytest


def run_test(
    build: Build,
    file: Path,
    test: str,
    settings: TestSettings,
    progress: Callable[[str], None] | None = None,
) -> tuple[Ending, Path]:
    """Run one test; returns how it ended and where its files are. ``progress`` gets a line now and then.

    The folder gets its name (``TEST-SEED``) when the test has ended, so two runs at once are safe.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.=-]+", "_", f"{file.stem}.{test}-{settings.seed}")
    folder = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=settings.out))
    job = Job(
        out=folder.resolve(),
        seed=settings.seed,
        profile=settings.profile,
        file=str(file.resolve()),
        test=test,
    )
    try:
        ending = simulate(
            build,
            "doorbell_tb.sim.harness",
            job,
            waves=settings.waves,
            plusargs=settings.plusargs,
            rewrite=file.name,
            progress=progress,
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return ending, _settle(folder, settings.out / name)


def replay(file: Path, test: str, settings: TestSettings) -> str:
    """Return the command that runs exactly this test again."""
    words = [doorbell_command(), "sim", str(file), "--filter", f"^{re.escape(test)}$"]
    words += ["--seed", str(settings.seed), "--profile", settings.profile]
    words += ["--waves"] if settings.waves else []
    words += [word for path in settings.public for word in ("--public", str(path))]
    words += [word for plusarg in settings.plusargs for word in ("--plusarg", plusarg)]
    return shlex.join(words)


def _settle(folder: Path, final: Path) -> Path:
    """Give a finished folder its name; whoever comes last has it."""
    for _ in range(3):
        shutil.rmtree(final, ignore_errors=True)
        try:
            return folder.rename(final)
        except OSError:
            continue
    return folder


def describe(ending: Ending, folder: Path, again: str) -> str:
    """Return what to tell about a test that failed: message, files, and how to run it again."""
    return f"{ending.message}\nexit code {ending.code:d} ({ending.code.name}); files in {folder}\nreplay: {again}"
