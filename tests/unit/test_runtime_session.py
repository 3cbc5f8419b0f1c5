"""Programs given to `doorbell.run` reach a device that lives in another process by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import doorbell
from doorbell import session

class Elsewhere:
    def launch(self, target, arguments, options):
        print(target)
        raise SystemExit(0)
    def attach(self):
        raise AssertionError

session.launcher = lambda device: Elsewhere()

async def program(device):
    return {}

if __name__ == "__main__":
    doorbell.run(PROGRAM, device="rtl")
"""


def _run(path: Path, name: str) -> subprocess.CompletedProcess[str]:
    path.write_text(PROGRAM.replace("PROGRAM", name))
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=False, timeout=60
    )


def test_program_of_a_script_goes_by_the_name_of_its_file(tmp_path: Path) -> None:
    done = _run(tmp_path / "my_script.py", "program")
    assert done.stdout.strip() == "my_script:program", done.stderr


def test_program_that_cannot_be_imported_is_refused(tmp_path: Path) -> None:
    lambda_ = _run(tmp_path / "my_script.py", "lambda device: None")
    assert "cannot be imported where 'rtl' lives" in lambda_.stderr
    hyphen = _run(tmp_path / "my-script.py", "program")
    assert "cannot be imported where 'rtl' lives" in hyphen.stderr
