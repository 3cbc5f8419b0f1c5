"""A forked simulator is the same as one that was started for its job alone; and nothing of it stays behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from doorbell.exit_codes import ExitCode
from doorbell_tb import forks, simulation
from doorbell_tb.build import Build, build
from doorbell_tb.job import Job

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def simulator() -> Build:
    return build()


def run(simulator: Build, out: Path, program: str = "right", seed: int = 3, **arguments: object):
    job = Job(
        out=out,
        seed=seed,
        deadline=200_000,
        target=f"sim_programs:{program}",
        arguments=arguments or {"number": 1},
        path=(str(HERE),),
    )
    return simulation.simulate(simulator, "doorbell_tb.program", job)


def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "forked", lambda *_: contextlib.nullcontext())


def waiting(simulator: Build) -> list[int]:
    """Process ids of this process's simulators that wait."""
    return [one._process.pid for program, one in forks._pool._idle if program == simulator.program]


def test_a_fork_leaves_what_a_process_of_its_own_leaves(simulator, tmp_path, monkeypatch):
    first = run(simulator, tmp_path / "first")
    (server,) = waiting(simulator)
    forked = run(simulator, tmp_path / "forked")
    assert waiting(simulator) == [server]
    directly(monkeypatch)
    alone = run(simulator, tmp_path / "alone")
    assert first.code == forked.code == alone.code == ExitCode.RIGHT
    assert forked.result == alone.result
    traces = [(tmp_path / name / "trace.npy").read_bytes() for name in ("first", "forked", "alone")]
    assert traces[0] == traces[1] == traces[2]
    files = [{one.name for one in (tmp_path / name).iterdir()} for name in ("forked", "alone")]
    assert files[0] == files[1]


def test_seed_and_failures_are_those_of_the_job(simulator, tmp_path):
    assert run(simulator, tmp_path / "3", seed=3).result["seed"] == 3
    assert run(simulator, tmp_path / "4", seed=4).result["seed"] == 4
    ending = simulation.simulate(
        simulator,
        "doorbell_tb.program",
        Job(out=tmp_path / "bad", target="sim_programs:asserts", path=(str(HERE),)),
    )
    assert ending.code is ExitCode.WRONG
    assert "sim_programs.py:" in ending.message


def test_a_simulator_that_was_killed_is_started_again(simulator, tmp_path):
    assert run(simulator, tmp_path / "one").code is ExitCode.RIGHT
    (server,) = waiting(simulator)
    os.kill(server, signal.SIGKILL)
    assert run(simulator, tmp_path / "two").code is ExitCode.RIGHT
    assert run(simulator, tmp_path / "three").code is ExitCode.RIGHT
    assert server not in waiting(simulator)


def test_nothing_waits_for_whoever_is_gone(tmp_path):
    """However the starting process ends: its simulators, waiting and at work, end with it."""
    script = tmp_path / "starts.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\nfrom doorbell_tb import forks, simulation\n"
        "from doorbell_tb.build import build\nfrom doorbell_tb.job import Job\n"
        "forks.keep()\n"
        "job = Job(out=Path(sys.argv[1]) / 'run', target='sim_programs:right',\n"
        f"          arguments={{'number': 1}}, path=({str(HERE)!r},))\n"
        "print(simulation.simulate(build(), 'doorbell_tb.program', job).code.name)\n"
        "print(forks._pool._idle[0][1]._process.pid, flush=True)\n"
        "if sys.argv[2] == 'killed': os.kill(os.getpid(), 9)\n"
    )
    for end in ("of itself", "killed"):
        command = [sys.executable, script, tmp_path, end]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = done.stdout.split()
        assert said[0] == "RIGHT", done.stderr
        limit = time.monotonic() + 10
        while Path(f"/proc/{said[1]}").exists() and time.monotonic() < limit:
            time.sleep(0.02)
        assert not Path(f"/proc/{said[1]}").exists(), end


def test_plusargs_reach_a_fork(simulator, tmp_path):
    job = Job(out=tmp_path, target="sim_programs:plusargs", path=(str(HERE),))
    ending = simulation.simulate(
        simulator, "doorbell_tb.program", job, plusargs=("+answer=42", "+word")
    )
    assert (ending.code, ending.result) == (ExitCode.RIGHT, {"answer": "42", "word": True})
    assert json.loads((tmp_path / "results.json").read_text())["result"]["answer"] == "42"
