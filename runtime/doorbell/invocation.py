"""How a shell in the folder of whoever started us finds the command `doorbell`: for commands that are to be pasted."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

__all__ = ["doorbell_command"]


def doorbell_command() -> str:
    """Return ``doorbell`` where the shell finds that, else the path of the one beside this Python."""
    if shutil.which("doorbell"):
        return "doorbell"
    beside = Path(sys.executable).parent / "doorbell"
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)
