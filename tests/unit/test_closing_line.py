"""The last line of a test run counts each test once, and the seed is shown where it is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
EVERY_OUTCOME = """
import pytest

def test_right(): pass
def test_wrong(seed): assert seed == 0
def test_left_out(): pytest.skip("no device")
@pytest.mark.xfail
def test_known(): assert False
@pytest.fixture
def bad_end():
    yield
    raise RuntimeError
def test_right_with_bad_end(bad_end): pass
"""


def run(folder: Path, source: str, *arguments: str, seed: str = "7") -> tuple[int, list[str]]:
    """Run pytest on one file in a process of its own, with xdist alone; return its status and lines."""
    shutil.copy(CONFTEST, folder)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -ra\n")
    (folder / "test_it.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist", *arguments],
        cwd=folder,
        env=os.environ | {"DOORBELL_SEED": seed, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_test_counts_once(workers: str, tmp_path: Path) -> None:
    status, lines = run(tmp_path, EVERY_OUTCOME, "-n", workers)
    assert status == 1
    assert lines[-1] == "1 passed, 2 failed, 2 skipped"
    assert sum(line == lines[-1] for line in lines) == 1
    text = "\n".join(lines)
    assert "seed: 7 " in text
    assert "DOORBELL_SEED=7 .venv/bin/pytest 'test_it.py::test_wrong'" in text
    assert "no device" in text


def test_broken_file_counts_as_failed(tmp_path: Path) -> None:
    status, lines = run(tmp_path, "import nowhere_at_all\n")
    assert status == 2
    assert lines[-1] == "0 passed, 1 failed, 0 skipped"


def test_interrupt_is_not_a_success(tmp_path: Path) -> None:
    source = "def test_a(): pass\ndef test_b(): raise KeyboardInterrupt\n"
    status, lines = run(tmp_path, source)
    assert status == 2
    assert lines[-1] == "1 passed, 1 failed, 0 skipped"


def test_random_seed_is_drawn_once_for_all_workers(tmp_path: Path) -> None:
    source = "".join(f"def test_{i}(seed): assert seed < 0\n" for i in range(4))
    _, lines = run(tmp_path, source, "-n", "2", seed="random")
    (header,) = [line.split()[1] for line in lines if line.startswith("seed: ")]
    commands = [line for line in lines if line.startswith("DOORBELL_SEED=")]
    assert len(commands) == 4
    assert all(line.startswith(f"DOORBELL_SEED={header} ") for line in commands)


@pytest.mark.parametrize("seed", ["-1", "x", str(1 << 64)])
def test_bad_seed_is_a_usage_error(seed: str, tmp_path: Path) -> None:
    status, lines = run(tmp_path, "def test_a(): pass\n", seed=seed)
    assert status == pytest.ExitCode.USAGE_ERROR
    assert f"DOORBELL_SEED='{seed}'" in "\n".join(lines)
