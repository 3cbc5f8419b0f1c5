"""Every planted bug turns red what is named for it, in the way that is named; without it, all of that passes.

One simulator holds all bugs of the device; a run chooses one, or none. Bugs of the runtime run on the
same simulator with an edited copy of the package.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions
from doorbell.transport import Transport
from doorbell_tb import planted
from doorbell_tb.build import Build
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.job import Job
from doorbell_tb.planted import Bug, Catch, Run
from doorbell_tb.sim.run import TestSettings, run_test
from doorbell_tb.simulation import Ending, simulate
from doorbell_vectors.format.document import Suite, load
from doorbell_vectors.player import session
from doorbell_vectors.player.options import suite_path
from doorbell_vectors.player.shards import Settings

BUGS = planted.load()
PROGRAMS = CHECKOUT / "tests" / "conformance"
DIRECTED = suite_path("directed")
SCENARIOS = CHECKOUT / "tests" / "scenarios"
PITFALLS = {
    row["number"]: row["status"]
    for row in yaml.safe_load((CHECKOUT / "vectors" / "pitfalls.yaml").read_text())["pitfalls"]
}
"""Status of each: what stands needs a bug of its own."""


@pytest.fixture(scope="session")
def simulator() -> Build:
    return planted.simulator(BUGS)


@cache
def suite() -> Suite:
    """The directed suite, read once by each worker and not once for each of its bugs."""
    return load(DIRECTED)


def act(simulator: Build, run: Run, seed: int, out: Path, bug: Bug | None = None) -> Ending:
    """Run a program or scenario, with a bug or without."""
    plusargs = bug.plusargs if bug else ()
    if run.vector:
        return play(simulator, run, seed, out, plusargs)
    if run.scenario:
        file, _, test = run.scenario.partition(":")
        settings = TestSettings(out=out, seed=seed, profile=run.profile, plusargs=plusargs)
        return run_test(simulator, SCENARIOS / file, test, settings)[0]
    job = Job(
        out=out,
        seed=seed,
        profile=run.profile,
        deadline=run.deadline,
        target=run.program,
        path=(str(PROGRAMS),),
    )
    return simulate(
        simulator,
        "doorbell_tb.program",
        job,
        plusargs=plusargs,
        rewrite=f"{run.program.partition(':')[0]}.py",
        environment={"PYTHONPATH": python_path(bug)} if bug and bug.in_runtime else {},
    )


class Planted:
    """A launcher of the simulator with planted bugs, for the player of vectors."""

    def __init__(self, simulator: Build, plusargs: tuple[str, ...]) -> None:
        self.simulator, self.plusargs = simulator, plusargs

    def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
        job = Job(
            out=options.out,
            seed=options.seed,
            profile=options.profile,
            deadline=options.deadline,
            target=target,
            arguments=arguments,
        )
        ending = simulate(self.simulator, "doorbell_tb.program", job, plusargs=self.plusargs)
        return Outcome(ending.code, ending.result, ending.message)

    def attach(self) -> Transport:
        raise NotImplementedError("vectors are played in a simulator process of their own")


def play(
    simulator: Build, run: Run, seed: int, out: Path, plusargs: tuple[str, ...] = ()
) -> Ending:
    """Play one directed vector; a failure ends as the player says."""
    settings = Settings(device="rtl", suite="", out=str(out), seed=seed, profile=run.profile)
    plan = [(run.vector, 0)]
    settings = session.prepare(suite(), plan, settings)
    done = session.replay(plan, settings, device=Planted(simulator, plusargs))
    said = [f"{one.verdict} {one.signature}: {one.text}" for one in done.results]
    said += [one.message for one in done.ended]
    return Ending(done.code, "\n".join(said), {}, done.seconds, 0)


def python_path(bug: Bug) -> str:
    return os.pathsep.join([str(planted.package(bug)), *filter(None, sys.path)])


def pytest_of(*nodes: str, **environment: str) -> tuple[int, str]:
    """Run tests in a process of their own; returns its status and output."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *nodes],
        cwd=CHECKOUT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def name(run: Run) -> str:
    return f"{run.program}{run.scenario}{run.vector}-{run.profile}"


RUNS = sorted({catch.run for bug in BUGS for catch in bug.caught_by if catch.run}, key=name)
CATCHES = [(bug, catch) for bug in BUGS for catch in bug.caught_by]
ESCAPES = [(bug, run) for bug in BUGS for run in bug.escapes]


@pytest.mark.parametrize("run", RUNS, ids=name)
def test_passes_without(run: Run, simulator: Build, seed: int, tmp_path: Path) -> None:
    ending = act(simulator, run, seed, tmp_path)
    assert ending.code is ExitCode.RIGHT, ending.message


def test_unit_tests_pass_without() -> None:
    status, output = pytest_of(*sorted({catch.test for _, catch in CATCHES if catch.test}))
    assert status == pytest.ExitCode.OK, output


@pytest.mark.parametrize(
    ("bug", "catch"),
    CATCHES,
    ids=[f"{bug.id}-{bug.name}-{catch.run and name(catch.run)}" for bug, catch in CATCHES],
)
def test_turns_red(bug: Bug, catch: Catch, simulator: Build, seed: int, tmp_path: Path) -> None:
    if catch.run is None:
        status, output = pytest_of(catch.test, PYTHONPATH=python_path(bug))
        assert status == pytest.ExitCode.TESTS_FAILED, output
        assert re.search(catch.says, output, re.DOTALL), output
        return
    ending = act(simulator, catch.run, seed, tmp_path, bug)
    assert ending.code is catch.ends, f"{bug.hunts}\nended {ending.code.name}: {ending.message}"
    assert re.search(catch.says, ending.message, re.DOTALL), ending.message


@pytest.mark.parametrize(
    ("bug", "run"), ESCAPES, ids=[f"{bug.id}-{bug.name}-{name(run)}" for bug, run in ESCAPES]
)
def test_escapes(bug: Bug, run: Run, simulator: Build, seed: int, tmp_path: Path) -> None:
    """What the harsh host is for: an easier one does not show this bug (pitfall 40)."""
    ending = act(simulator, run, seed, tmp_path, bug)
    assert ending.code is ExitCode.RIGHT, ending.message


def test_every_pitfall_that_stands_is_planted() -> None:
    planted_ones = {row for bug in BUGS for row in bug.pitfalls}
    standing = {number for number, status in PITFALLS.items() if status == "stands"}
    assert set(PITFALLS) == set(range(1, 41)) and set(PITFALLS.values()) == {"stands", "planned"}
    assert planted_ones == standing


def test_every_run_exists() -> None:
    """A bug that is caught because its program is missing would be caught by nothing."""
    runs = {*RUNS, *(run for _, run in ESCAPES)}
    known = {vector.id for vector in suite().vectors}
    assert {run.vector for run in runs if run.vector} <= known
    for run in (run for run in runs if not run.vector):
        module, _, function = (run.program or run.scenario).partition(":")
        file = PROGRAMS / f"{module}.py" if run.program else SCENARIOS / module
        assert f"async def {function.partition('/')[0]}(" in file.read_text(), run


def test_the_device_carries_none() -> None:
    assert not [path for path in (CHECKOUT / "rtl").rglob("*.sv") if "planted" in path.read_text()]
