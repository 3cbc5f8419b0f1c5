"""How a simulator process is started, stopped and judged, with small scripts in its place."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from doorbell.exit_codes import ExitCode
from doorbell_tb import simulation
from doorbell_tb.build import Build
from doorbell_tb.job import Job

PASSED = '<testsuites><testsuite tests="1" failures="0" errors="0"/></testsuites>'
FAILED = '<testsuites><testsuite tests="1" failures="1" errors="0"/></testsuites>'
NONE = "<testsuites/>"


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script is no simulator that could be forked."""
    monkeypatch.setattr(simulation, "forked", lambda *_: contextlib.nullcontext())


def script(folder: Path, body: str) -> Build:
    """A program that runs Python in place of a simulator."""
    program = folder / "program"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, signal, subprocess, sys, time\n"
        "def xml(text): open(os.environ['COCOTB_RESULTS_FILE'], 'w').write(text)\n"
        "def report(**values): json.dump(values, open('results.json', 'w'))\n" + body
    )
    program.chmod(0o755)
    return Build("script", folder, program, "fst")


def ends(folder: Path, body: str, **more: object) -> simulation.Ending:
    return simulation.simulate(script(folder, body), "module", Job(out=folder / "run"), **more)


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (f"xml('{PASSED}')", ExitCode.RIGHT, ""),
        (f"xml('{FAILED}')", ExitCode.WRONG, "1 of 1 tests failed"),
        (f"xml('{NONE}')", ExitCode.USAGE, "no test ran"),
        (f"xml('{PASSED}'); sys.exit(1)", ExitCode.WRONG, "exit status 1"),
        ("print('dead'); sys.exit(3)", ExitCode.SETUP, "dead"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", ExitCode.SETUP, "SIGSEGV"),
        ("xml('<broken')", ExitCode.SETUP, "no results"),
        (
            f"xml('{PASSED}'); print('[40] %Error: fifo.sv:7: Assertion failed in top: full')",
            ExitCode.PROTOCOL,
            "fifo.sv:7",
        ),
        (f"xml('{FAILED}'); report(code=3, message='a hang', cycles=9)", ExitCode.HANG, "a hang"),
        (f"xml('{FAILED}'); report(code=4, message='a leak')", ExitCode.PROTOCOL, "a leak"),
    ],
)
def test_judgement(tmp_path, body, code, said):
    ending = ends(tmp_path, body)
    assert ending.code is code, ending
    assert said in ending.message


def test_result_and_cycles_come_from_the_report(tmp_path):
    body = f"xml('{PASSED}'); report(code=0, message='', cycles=77, result={{'a': [1]}})"
    ending = ends(tmp_path, body)
    assert (ending.result, ending.cycles) == ({"a": [1]}, 77)


def test_stale_files_do_not_count(tmp_path):
    assert ends(tmp_path, f"xml('{PASSED}')").code is ExitCode.RIGHT
    assert ends(tmp_path, "sys.exit(0)").code is ExitCode.SETUP


def test_what_the_simulator_is_told(tmp_path):
    body = (
        f"xml('{PASSED}')\n"
        "job = json.load(open(os.environ['DOORBELL_JOB']))\n"
        "report(code=0, message='', result={'argv': sys.argv[1:], 'seed': job['seed'],\n"
        "  'cwd': os.getcwd(), 'cocotb': os.environ['COCOTB_RANDOM_SEED'],\n"
        "  'module': os.environ['COCOTB_TEST_MODULES']})"
    )
    ending = simulation.simulate(
        script(tmp_path, body),
        "some.module",
        Job(out=tmp_path / "run", seed=5),
        waves=True,
        plusargs=("+bug=3",),
    )
    assert ending.result == {
        "argv": ["+bug=3", "--trace", "--trace-file", str(tmp_path / "run" / "dump.fst")],
        "seed": 5,
        "cwd": str(tmp_path / "run"),
        "cocotb": "5",
        "module": "some.module",
    }


def alive(process: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(*processes: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(alive(process) for process in processes):
            return True
        time.sleep(0.05)
    return False


HANGS = """
child = subprocess.Popen(['sleep', '1000'])
open('pids.new', 'w').write(f'{os.getpid()} {child.pid}')
os.rename('pids.new', 'pids')
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(1000)
"""


def test_a_stuck_simulator_is_a_hang_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(simulation, "_GUARD_SECONDS", 2.0)
    monkeypatch.setattr(simulation, "_GUARD_CYCLES_PER_SECOND", 1e9)
    monkeypatch.setattr(simulation, "_TERM_SECONDS", 0.2)
    ending = ends(tmp_path, HANGS)
    assert ending.code is ExitCode.HANG
    assert "stopped after" in ending.message
    assert gone(*map(int, (tmp_path / "run" / "pids").read_text().split()))


def test_who_says_something_now_and_then_may_take_long(tmp_path, monkeypatch):
    monkeypatch.setattr(simulation, "_GUARD_SECONDS", 1.0)
    monkeypatch.setattr(simulation, "_GUARD_CYCLES_PER_SECOND", 1e9)
    monkeypatch.setattr(simulation, "_PROGRESS_SECONDS", 0.5)
    body = "for _ in range(8): print('still here', flush=True); time.sleep(0.2)\n"
    assert ends(tmp_path, body + f"xml('{PASSED}')").code is ExitCode.RIGHT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_whoever_started_it(tmp_path, number):
    body = "from doorbell_tb import lifeline; lifeline.hold()\n" + HANGS.replace("child = ", "")
    body = body.replace("subprocess.Popen(['sleep', '1000'])", "").replace(" {child.pid}", "")
    script(tmp_path, body)
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import signal\nfrom pathlib import Path\n"
        "from doorbell_tb.build import Build\nfrom doorbell_tb.job import Job\n"
        "from doorbell_tb import simulation\nsimulation._TERM_SECONDS = 0.2\n"
        "for number in (signal.SIGTERM, signal.SIGINT):  # `&` has the latter ignored\n"
        "    signal.signal(number, signal.default_int_handler)\n"
        f"here = Path({str(tmp_path)!r})\n"
        "simulation.simulate(Build('script', here, here / 'program', ''), 'module', Job(out=here / 'run'))\n"
    )
    process = subprocess.Popen([sys.executable, parent], stderr=subprocess.DEVNULL)
    pids = tmp_path / "run" / "pids"
    end = time.monotonic() + 30
    while not pids.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    simulator = int(pids.read_text())
    assert alive(simulator)
    os.kill(process.pid, number)
    process.wait(20)
    assert gone(simulator)
