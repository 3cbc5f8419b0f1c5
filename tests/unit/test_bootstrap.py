"""`make setup`: warm runs call nothing, interrupted ones leave nothing that looks good."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP_INSTALL = ["-m", "pip", "install"]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = spec_from_file_location("bootstrap", ROOT / "setup" / "bootstrap.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with what the set-up reads, and no package to install."""
    for name in ("setup/requirements.txt", "pyproject.toml", "runtime/doorbell/version.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    needs = ROOT / "runtime" / "doorbell" / "needs.py"
    (tmp_path / "runtime" / "doorbell" / "needs.py").write_text(needs.read_text())
    return tmp_path


@pytest.fixture
def calls(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the programs that the set-up calls; `venv` leaves an interpreter behind."""
    made: list[list[str]] = []

    def call(argv: list[str | Path], **_: object) -> subprocess.CompletedProcess[str]:
        made.append([str(word) for word in argv[1:]])
        if made[-1][:2] == ["-m", "venv"]:
            python = Path(made[-1][2]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        return subprocess.CompletedProcess(argv, 0)

    monkeypatch.setattr(bootstrap.subprocess, "run", call)
    monkeypatch.setattr(bootstrap, "check_machine", lambda _: None)
    return made


def steps(calls: list[list[str]]) -> list[str]:
    """Name the calls: `venv`, `packages`, `project`."""
    return [
        "venv" if call[1] == "venv" else "packages" if "--require-hashes" in call else "project"
        for call in calls
    ]


def test_cold_then_warm(bootstrap: ModuleType, checkout: Path, calls: list[list[str]]) -> None:
    assert bootstrap.main(checkout) == 0
    assert steps(calls) == ["venv", "packages", "project"]
    assert calls[1][:3] == calls[2][:3] == PIP_INSTALL
    assert {"--no-build-isolation", "--no-deps", "-e"} <= set(calls[2])
    calls.clear()
    assert bootstrap.main(checkout) == 0
    assert calls == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("setup/requirements.txt", ["venv", "packages", "project"]),
        ("pyproject.toml", ["project"]),
        ("runtime/doorbell/version.py", ["project"]),
    ],
)
def test_only_what_changed_is_done_again(
    changed: str,
    expected: list[str],
    bootstrap: ModuleType,
    checkout: Path,
    calls: list[list[str]],
) -> None:
    bootstrap.main(checkout)
    calls.clear()
    (checkout / changed).write_text("# changed\n")
    assert bootstrap.main(checkout) == 0
    assert steps(calls) == expected


@pytest.mark.parametrize("step", ["venv", "packages", "project"])
@pytest.mark.parametrize("end", ["fails", "interrupted"])
def test_unfinished_set_up_is_not_trusted(
    step: str,
    end: str,
    bootstrap: ModuleType,
    checkout: Path,
    calls: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = bootstrap.subprocess.run

    def broken(argv: list[str | Path], **keywords: object) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = whole(argv, **keywords)
        if steps(calls)[-1] != step:
            return done
        if end == "interrupted":
            raise KeyboardInterrupt
        keywords["stdout"].write(b"ERROR: no route to the index\n")
        return subprocess.CompletedProcess(argv, 1)

    monkeypatch.setattr(bootstrap.subprocess, "run", broken)
    assert bootstrap.main(checkout) == (130 if end == "interrupted" else 5)
    said = capsys.readouterr().err
    assert ("no route to the index" in said) == (end == "fails")
    calls.clear()
    monkeypatch.setattr(bootstrap.subprocess, "run", whole)
    assert bootstrap.main(checkout) == 0
    assert steps(calls) == (["project"] if step == "project" else ["venv", "packages", "project"])


def test_venv_whose_interpreter_is_gone_is_made_anew(
    bootstrap: ModuleType, checkout: Path, calls: list[list[str]]
) -> None:
    bootstrap.main(checkout)
    (checkout / ".venv" / "bin" / "python").unlink()
    calls.clear()
    assert bootstrap.main(checkout) == 0
    assert steps(calls) == ["venv", "packages", "project"]


def test_lacking_machine_is_told_in_one_line_each(
    bootstrap: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an empty PATH three things are missing, each with the package that brings it."""
    monkeypatch.setenv("PATH", str(checkout))
    with pytest.raises(bootstrap.SetupError) as error:
        bootstrap.check_machine(checkout)
    lines = str(error.value).splitlines()[1:]
    assert [line.partition(":")[0].strip() for line in lines] == [
        "C++20 compiler (g++ >= 10)",
        "GNU Make",
        "Perl",
    ]
    assert all("apt-get install" in line for line in lines)


def test_missing_requirements_is_a_set_up_failure(
    bootstrap: ModuleType, checkout: Path, calls: list[list[str]]
) -> None:
    (checkout / "setup" / "requirements.txt").unlink()
    assert bootstrap.main(checkout) == 5
    assert calls == []


def test_second_set_up_waits_for_the_first(checkout: Path) -> None:
    """The lock is held here; the other process says that it waits, and goes on when it is free."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "import bootstrap; bootstrap.Environment.update = lambda self: print('went on');"
        "sys.exit(bootstrap.main(Path(sys.argv[2])))"
    )
    with (checkout / ".venv.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other = subprocess.Popen(
            [sys.executable, "-B", "-c", script, str(ROOT / "setup"), str(checkout)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert other.stderr is not None
        assert "waiting" in other.stderr.readline()
        time.sleep(0.1)
        assert other.poll() is None
    out, _ = other.communicate(timeout=20)
    assert out == "went on\n"
    assert other.returncode == 0


def test_progress_shows_what_pip_is_doing(
    bootstrap: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "_SHOW_EVERY", 0.02)
    log = tmp_path / "log"
    log.write_text("Collecting numpy\nDownloading numpy.whl (16 MB) (from somewhere)\n")
    with bootstrap.Progress("installing", log):
        time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "setup: installing ..."
    assert lines[1].endswith("Downloading numpy.whl (16 MB)")
    assert lines[-1].startswith("setup: installing: 0.")
    assert len(lines) == 3, "the same line again and again"
