"""One simulator process: started, watched, killed if need be, and judged.

Shared by the launcher, `doorbell sim` and the pytest plugin. One scenario per process: a failed RTL
assertion ends the simulator, and whatever came after it would fail, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cocotb_tools.config
import find_libpython
from cocotb_tools.check_results import get_results

from doorbell.exit_codes import ExitCode
from doorbell_tb import lifeline
from doorbell_tb.build import TOPLEVEL, Build
from doorbell_tb.errors import SimulationError
from doorbell_tb.forks import Fork, forked
from doorbell_tb.job import STDOUT_VARIABLE, VARIABLE, Job

__all__ = ["Ending", "simulate"]

_GUARD_SECONDS = 120.0
_GUARD_CYCLES_PER_SECOND = 40_000
_TERM_SECONDS = 2.0
_QUIET_SECONDS, _PROGRESS_SECONDS = 3.0, 10.0
_ERROR = re.compile(r"^\[?\d*\]?\s*%(?:Error|Fatal).*", re.MULTILINE)
_LOG_TAIL = 20

_Process = subprocess.Popen[bytes] | Fork
"""Started for this simulation alone, or forked from a simulator that waits."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a simulation ended."""

    code: ExitCode
    message: str
    """What went wrong, where, when; empty when all is well."""
    result: Any
    """What the program returned; {} when it failed."""
    seconds: float
    """Wall clock, from start to end of the process."""
    cycles: int
    """Device cycles; 0 when the simulator left no report."""


def simulate(
    build: Build,
    module: str,
    job: Job,
    *,
    waves: bool = False,
    plusargs: tuple[str, ...] = (),
    rewrite: str = "",
    environment: Mapping[str, str] | None = None,
    output: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Ending:
    """Run one simulator process to its end, in the job's folder (made if it is not there).

    ``module`` is the cocotb test module, ``rewrite`` the file names in which pytest's assertions are
    explained, ``environment`` goes on top of this process's own, ``output`` is the open file that a
    program's standard output goes to, beside the log; ``progress`` gets a line now and then. Leaves
    ``sim.log``, ``results.xml``, ``results.json``, ``trace.npy`` and, with ``waves``, ``dump.fst``
    (or ``.vcd``).
    Nothing of the process survives this call, whatever ends it.
    """
    out = job.out
    out.mkdir(parents=True, exist_ok=True)
    for stale in ("results.xml", "results.json", "trace.npy", "dump.fst", "dump.vcd"):
        (out / stale).unlink(missing_ok=True)
    options = ["--trace", "--trace-file", str(out / f"dump.{build.waves}")] if waves else []
    variables = _environment(job, module, rewrite) | dict(environment or {})
    guard = _GUARD_SECONDS + job.deadline / _GUARD_CYCLES_PER_SECOND
    began = time.monotonic()
    with (
        (out / "sim.log").open("wb") as log,
        contextlib.ExitStack() as stack,
    ):
        files = [log.fileno(), *([] if output is None else [output])]
        process: _Process | None = None
        if not (waves or environment):  # both are settled when a simulator starts
            process = stack.enter_context(forked(build.program, plusargs, variables, out, files))
        if process is None:
            process = _start([str(build.program), *plusargs, *options], variables, out, files)
        stack.enter_context(_ended(process))
        status = _wait(process, out / "sim.log", guard, progress)
    return _judge(job, status, time.monotonic() - began)


def _wait(
    process: _Process,
    log: Path,
    guard: float,
    progress: Callable[[str], None] | None,
) -> int | None:
    """Return the exit status, or None when the process adds nothing to its log for ``guard`` seconds."""
    began = spoke = time.monotonic()
    step, size = _QUIET_SECONDS, 0
    while (left := guard - (time.monotonic() - spoke)) > 0:
        try:
            return process.wait(min(left, step))
        except subprocess.TimeoutExpired:
            step = _PROGRESS_SECONDS
            if log.stat().st_size != size:
                size, spoke = log.stat().st_size, time.monotonic()
            if progress is not None:
                progress(f"simulation: running, {time.monotonic() - began:.0f} s")
    return None


def _start(
    argv: list[str], environment: dict[str, str], folder: Path, files: list[int]
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own; its output goes to the first of ``files``."""
    if len(files) > 1:
        environment = environment | {STDOUT_VARIABLE: str(files[1])}
    return subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=files[0],
        stderr=subprocess.STDOUT,
        pass_fds=files[1:],
        process_group=0,
    )


@contextlib.contextmanager
def _ended(process: _Process) -> Iterator[None]:
    """Leave nothing of the process's group."""
    try:
        yield
    finally:
        if process.poll() is None:
            _signal(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_TERM_SECONDS)
        _signal(process, signal.SIGKILL)  # also what the simulation itself has started
        process.wait()


def _signal(process: _Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _environment(job: Job, module: str, rewrite: str) -> dict[str, str]:
    """Return what cocotb 2.1 wants to find in a simulator's environment."""
    library = find_libpython.find_libpython()
    if library is None:
        raise SimulationError("no shared libpython: `doorbell doctor` says how to get it")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("COCOTB_")}
    return (
        kept
        | {
            VARIABLE: str(job.write()),
            lifeline.VARIABLE: str(os.getpid()),
            "COCOTB_RANDOM_SEED": str(job.seed),
            "COCOTB_RESULTS_FILE": str(job.out / "results.xml"),
            "COCOTB_REWRITE_ASSERTION_FILES": rewrite,
            "COCOTB_TEST_MODULES": module,
            "COCOTB_TOPLEVEL": TOPLEVEL,
            "COCOTB_TRUST_INERTIAL_WRITES": "1",
            "GPI_USERS": f"{library};{cocotb_tools.config.pygpi_entry_point()}",
            "PYGPI_PYTHON_BIN": sys.executable,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # or cocotb has pytest rewrite the modules of its plugins, ours too
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TOPLEVEL_LANG": "verilog",
        }
    )


def _judge(job: Job, status: int | None, seconds: float) -> Ending:
    """Judge by everything there is: exit status, results file, the simulator's report, the log."""
    report = _report(job.out)
    cycles = int(report.get("cycles", 0))

    def ending(code: ExitCode, message: str) -> Ending:
        result = report.get("result") if code is ExitCode.RIGHT else {}
        return Ending(code, message, result, seconds, cycles)

    log = job.out / "sim.log"
    if status is None:
        text = (
            f"the simulator was stopped after {seconds:.0f} s, silent for too long; its log: {log}"
        )
        return ending(ExitCode.HANG, text)
    failed = _ERROR.search(log.read_text(errors="replace"))
    if failed:
        what = failed[0].strip()
        text = f"the RTL stopped the simulation in cycle {cycles}: {what}; log: {log}"
        return ending(ExitCode.PROTOCOL, text)
    try:
        tests, failures = get_results(job.out / "results.xml")
    except (RuntimeError, ElementTree.ParseError):
        how = f"status {status}" if status >= 0 else signal.Signals(-status).name
        text = f"the simulator ended with {how} and no results:\n{_tail(log)}"
        return ending(ExitCode.SETUP, text)
    if tests and not failures and status == 0:
        return ending(ExitCode.RIGHT, "")
    if report.get("code"):
        return ending(ExitCode(report["code"]), report["message"])
    if not tests:
        return ending(ExitCode.USAGE, f"no test ran; log: {log}")
    text = f"{failures} of {tests} tests failed, exit status {status}:\n{_tail(log)}"
    return ending(ExitCode.WRONG, text)


def _report(out: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL:])
