"""Simulators, built once and kept: Verilator, the device, the testbench and the compiled host.

A build is named by what went into it: sources, flags, tools. Two builds at once are safe; nobody
sees half a build. Everything else about a run (seed, profile, waves file) is set when it starts.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from doorbell_tb.build_inputs import CHECKOUT, Inputs, collect
from doorbell_tb.build_tools import Tools, compile_program, verilate, wave_format
from doorbell_tb.errors import BuildError

__all__ = ["TOPLEVEL", "Build", "build"]

TOPLEVEL = "doorbell_tb"
"""The top module, and the program's name."""

_KEPT = 4  # builds of one variant
_KEPT_SECONDS = 3600.0  # and whatever was used that recently
_DEVICE = CHECKOUT / "rtl" / "doorbell.f"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Build:
    """A simulator that is ready to run."""

    variant: str
    folder: Path
    program: Path
    """The executable; waves come with `--trace --trace-file F`."""
    waves: str
    """`fst` or `vcd` when the program can write waves, else empty."""


def build(
    variant: str = "default",
    *,
    waves: bool = False,
    public: Sequence[Path] = (),
    replace: Mapping[Path, Path] | None = None,
    extra: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
    device: Path = _DEVICE,
    coverage: bool = False,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Build:
    """Return a simulator of these sources, building it when it is not there yet.

    `variant` only names the folder (`out/build/<variant>-<hash>`). `waves` adds tracing (FST, or
    VCD when zlib or lz4 headers are missing). `public` are further Verilator control files that
    show signals to Python. `replace` puts edited sources in the place of listed ones; `extra` come
    before all others; `defines` are preprocessor macros. `device` lists the device's sources.
    With `coverage` the program leaves `coverage.dat` (lines, toggles, expressions) in its folder.
    `progress` gets a line now and then, from 2 s on; it prints to stderr by default.
    Raises `BuildError` with the tool's first error, or when a source is missing.
    """
    inputs = collect(
        public=public,
        replace=replace or {},
        extra=extra,
        defines=defines or {},
        device=device,
        waves=wave_format(progress or _to_stderr) if waves else "",
        coverage=coverage,
    )
    tools = Tools.find()
    root = out or CHECKOUT / "out" / "build"
    root.mkdir(parents=True, exist_ok=True)
    digest = inputs.digest(tools.identity)
    folder = root / f"{variant}-{digest}"
    ready = Build(variant, folder, folder / TOPLEVEL, inputs.waves)
    if _use(ready):
        return ready
    lock = FileLock(root / f".lock-{variant}-{digest}")
    _acquire(lock, variant, progress or _to_stderr)
    try:
        if not _use(ready):
            _build(ready, inputs, tools, progress or _to_stderr)
    finally:
        lock.release()
    _prune(root, variant, keep=folder)
    return ready


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _use(ready: Build) -> bool:
    """Say whether the build is there; if so, mark it as used just now."""
    try:
        os.utime(ready.program)
    except FileNotFoundError:
        return False
    return True


def _acquire(lock: FileLock, variant: str, progress: Progress) -> None:
    try:
        lock.acquire(timeout=2)
    except Timeout:
        progress(f"simulator {variant}: another process is building it, waiting")
        lock.acquire()


def _build(ready: Build, inputs: Inputs, tools: Tools, progress: Progress) -> None:
    root = ready.folder.parent
    work = root / f".work-{ready.folder.name}"
    shutil.rmtree(work, ignore_errors=True)  # of a process that died
    work.mkdir()
    log = root / f"{ready.variant}.log"
    report = _Reporter(ready.variant, progress)
    try:
        log.write_text("")
        verilate(inputs, tools, work, log, report)
        program = compile_program(inputs, tools, work, log, report, root / "objects")
    except BuildError as error:
        raise BuildError(f"simulator {ready.variant}: {error}\nfull log: {log}") from None
    else:
        fresh = root / f".new-{ready.folder.name}"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        program.rename(fresh / TOPLEVEL)
        shutil.copy(log, fresh / "build.log")
        fresh.rename(ready.folder)
        report.done()
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Reporter:
    """Turns steps into lines for a person, but stays silent on what is quick."""

    def __init__(self, variant: str, progress: Progress) -> None:
        self._variant, self._progress = variant, progress
        self._start = time.monotonic()
        self._last = self._start - 8.0
        self._spoke = False

    def __call__(self, step: str) -> None:
        now = time.monotonic()
        if now - self._start >= 2.0 and now - self._last >= 10.0:
            self._progress(f"simulator {self._variant}: {step}, {now - self._start:.0f} s")
            self._last, self._spoke = now, True

    def done(self) -> None:
        if self._spoke:
            seconds = time.monotonic() - self._start
            self._progress(f"simulator {self._variant}: built in {seconds:.0f} s")


def _prune(root: Path, variant: str, keep: Path) -> None:
    """Delete builds of a variant that are neither among the newest nor lately used."""
    used: list[tuple[float, Path]] = []
    for program in root.glob(f"{variant}-*/{TOPLEVEL}"):
        if program.parent.name.removeprefix(f"{variant}-").isalnum():
            used.append((program.stat().st_mtime, program.parent))
    horizon = time.time() - _KEPT_SECONDS
    for moment, folder in sorted(used, reverse=True)[_KEPT:]:
        if moment < horizon and folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
