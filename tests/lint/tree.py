"""The checkout's files as the lint checks see them, and the running of their tools."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_NOT_OURS = {".git", ".venv", "out", "__pycache__", "sim_build"}


def files(pattern: str = "*", root: Path = ROOT) -> list[Path]:
    """Return the project's own files (tracked, or new and not ignored) whose name matches.

    A copy without git is walked instead, less the folders that a run makes.
    """
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0 and (root / ".git").exists():
        found = [root / name for name in listing.stdout.split("\0") if name]
    else:
        found = [path for path in root.rglob("*") if _ours(path.relative_to(root))]
    return sorted(path for path in found if path.is_file() and path.match(pattern))


def _ours(relative: Path) -> bool:
    return not any(part in _NOT_OURS or part.endswith("_cache") for part in relative.parts)


def handwritten_sv() -> list[Path]:
    """Return every SystemVerilog source that no program has emitted; none is an error."""
    found = [path for path in files("*.sv") + files("*.svh") if "gen" not in path.parts]
    if not any(path.is_relative_to(ROOT / "rtl") for path in found):
        pytest.fail("no SystemVerilog below rtl/: nothing to check")
    return found


def says(*argv: str | Path, **environment: str) -> str:
    """Run a tool in the checkout; return nothing when it ends with status 0, else all it said."""
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return ""
    shown = " ".join(str(word) for word in argv)
    return f"{shown}\nended with status {done.returncode}:\n{done.stdout}"


def clean(*argv: str | Path, **environment: str) -> None:
    """Run a tool in the checkout; fail with all it said unless it ends with status 0."""
    complaint = says(*argv, **environment)
    if complaint:
        pytest.fail(complaint, pytrace=False)


def need(*places: str) -> list[Path]:
    """Return these places in the checkout; one that is not there fails the check."""
    missing = [place for place in places if not (ROOT / place).exists()]
    if missing:
        pytest.fail(f"not in the checkout: {', '.join(missing)}", pytrace=False)
    return [ROOT / place for place in places]
