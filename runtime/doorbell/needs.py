"""What the machine must have before anything can be installed, and how to get it.

Standard library only, and no import of its own package: `setup/bootstrap.py` loads this file by its
path before the packages are installed, and `doorbell doctor` imports it afterwards.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "MINIMUM_GXX",
    "MINIMUM_PYTHON",
    "Need",
    "chromium",
    "machine_needs",
    "optional_needs",
    "run_quietly",
]

MINIMUM_PYTHON = (3, 11)
"""The oldest Python (major, minor) that the pinned packages support."""

MINIMUM_GXX = 10
"""The oldest g++ (major) that compiles C++20 coroutines, which Verilator's timing code uses."""

_PROBE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the project needs, as found on this machine."""

    name: str
    """Short name, as shown in the doctor's table."""
    found: str
    """Version or place of what is there; empty when nothing is."""
    ok: bool
    """Whether what is there will do."""
    remedy: str
    """How to get it: one line, shown only when `ok` is false."""
    required: bool = True
    """False for what only makes something faster or more complete."""

    def line(self) -> str:
        """Return the one-line message for a need that is not met."""
        found = f"found {self.found}" if self.found else "not found"
        return f"{self.name}: {found}; {self.remedy}"


def run_quietly(argv: list[str], stdin: str = "") -> str | None:
    """Run a program and return what it wrote to stdout, or None when it fails or is not there."""
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def machine_needs(checkout: Path) -> list[Need]:
    """Return what must be on the machine before `make setup`, in the order a person would mend it.

    `checkout` is the project's folder: GNU Make cannot build a simulator below a path with spaces.
    """
    return [
        _platform(),
        _path(checkout),
        _python(),
        _venv(),
        _libpython(),
        _compiler(),
        _make(),
        _perl(),
    ]


def optional_needs() -> list[Need]:
    """Return what only makes builds faster, waves smaller or tests more; absence is no failure."""
    return [
        _header("zlib.h", "zlib1g-dev"),
        _header("lz4.h", "liblz4-dev"),
        _ccache(),
        _chromium(),
    ]


def _debian(package: str, otherwise: str = "") -> str:
    """Name the Debian package, and what to do elsewhere when the name does not say it."""
    return f"apt-get install {package}" + (f", or {otherwise}" if otherwise else "")


def _platform() -> Need:
    found = f"{platform.system()} {platform.machine()}"
    return Need(
        "Linux x86-64",
        found,
        found == "Linux x86_64",
        "the pinned packages exist for this platform only; use such a machine or container",
    )


def _path(checkout: Path) -> Need:
    return Need(
        "path without spaces",
        str(checkout),
        not re.search(r"\s", str(checkout)),
        "GNU Make cannot build a simulator below such a path; move the checkout",
    )


def _python() -> Need:
    minimum = ".".join(map(str, MINIMUM_PYTHON))
    return Need(
        f"Python >= {minimum}",
        platform.python_version(),
        sys.version_info >= MINIMUM_PYTHON,
        _debian("python3", f"name another one: make PYTHON=/path/to/python{minimum}"),
    )


def _venv() -> Need:
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Need(
        "Python's venv",
        f"only without {' and '.join(missing)}" if missing else "venv and ensurepip",
        not missing,
        _debian(f"python{version}-venv", "use a Python that has venv and ensurepip"),
    )


def _libpython() -> Need:
    """Look for the shared library that cocotb loads into the simulator, as cocotb would find it."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    names = [sysconfig.get_config_var(key) for key in ("INSTSONAME", "LDLIBRARY")]
    folders = [sysconfig.get_config_var(key) for key in ("LIBDIR", "LIBPL")]
    folders += [f"{sys.base_prefix}/lib", "/usr/lib", f"/usr/lib/{platform.machine()}-linux-gnu"]
    paths = [
        Path(folder) / name
        for folder in folders
        for name in names
        if folder and name and ".so" in name
    ]
    found = next((path for path in paths if path.exists()), None)
    return Need(
        "shared libpython",
        str(found) if found else "",
        found is not None,
        _debian(f"libpython{version}", "use a Python built with --enable-shared"),
    )


def _compiler() -> Need:
    remedy = _debian("g++")
    version = (run_quietly(["g++", "-dumpfullversion"]) or "").strip()
    recent = version.split(".")[0].isdigit() and int(version.split(".")[0]) >= MINIMUM_GXX
    works = recent and _compiles("#include <coroutine>\n#include <concepts>\n")
    found = f"g++ {version}" if version else ""
    if recent and not works:
        found += " that cannot compile C++20 (no headers?)"
    return Need(f"C++20 compiler (g++ >= {MINIMUM_GXX})", found, works, remedy)


def _compiles(source: str) -> bool:
    argv = ["g++", "-std=gnu++20", "-fsyntax-only", "-x", "c++", "-"]
    return run_quietly(argv, stdin=source) is not None


def _make() -> Need:
    version = run_quietly(["make", "--version"]) or ""
    first = version.splitlines()[0] if version else ""
    return Need("GNU Make", first, first.startswith("GNU Make"), _debian("make"))


def _perl() -> Need:
    """Verilator's front end is a Perl script; Debian's `perl-base` lacks modules that it uses."""
    modules = ["Getopt::Long", "FindBin", "IO::File", "Pod::Usage", "Cwd"]
    version = run_quietly(["perl", "-e", "print $^V"]) or ""
    works = run_quietly(["perl", *(f"-M{name}" for name in modules), "-e", "1"]) is not None
    found = version if works or not version else f"{version} without its standard modules"
    return Need("Perl", found, works, _debian("perl"))


def _header(name: str, package: str) -> Need:
    there = _compiles(f"#include <{name}>\n")
    remedy = f"{_debian(package)}; FST waves need it (WAVES=1)"
    return Need(name, "found by g++" if there else "", there, remedy, required=False)


def _ccache() -> Need:
    path = shutil.which("ccache", path=os.environ.get("PATH"))
    remedy = f"{_debian('ccache')}; a simulator that was built before is then built again in seconds, not minutes"
    return Need("ccache", path or "", path is not None, remedy, required=False)


def chromium() -> str | None:
    """Return where a Chromium is, or None: the test of the plan's page drives it."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def _chromium() -> Need:
    path = chromium()
    remedy = f"{_debian('chromium')}; the test of the plan's page needs it, else it is skipped"
    return Need("Chromium", path or "", path is not None, remedy, required=False)
