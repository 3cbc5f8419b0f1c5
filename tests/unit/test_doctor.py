"""The doctor's table: what is there, what is missing, and how to get it."""

from __future__ import annotations

import argparse
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from doorbell import doctor, needs
from doorbell.exit_codes import ExitCode
from doorbell.needs import Need

GOOD = Need("GNU Make", "GNU Make 4.3", True, "apt-get install make")
BAD = Need("Perl", "", False, "apt-get install perl")
SLOW = Need("ccache", "", False, "apt-get install ccache", required=False)


def run(monkeypatch: pytest.MonkeyPatch, *found: Need) -> int:
    monkeypatch.setattr(doctor, "machine_needs", lambda _: list(found))
    monkeypatch.setattr(doctor, "package_needs", lambda _: [])
    monkeypatch.setattr(doctor, "optional_needs", lambda: [SLOW])
    return doctor.command.run(argparse.Namespace())


def test_all_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, GOOD) == ExitCode.RIGHT
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["GNU", "Make", "ok", "GNU", "Make", "4.3"]
    assert lines[1].split()[:2] == ["ccache", "optional"]


def test_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, GOOD, BAD) == ExitCode.SETUP
    text = capsys.readouterr().out
    assert "MISSING   not found; apt-get install perl" in text
    assert text.endswith("missing: Perl\n")


def test_this_machine_has_what_the_tests_run_on() -> None:
    assert all(need.ok for need in needs.machine_needs(Path("/somewhere")))


@pytest.mark.parametrize("program", ["g++", "make", "perl"])
def test_missing_program_is_named_with_its_package(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_quietly = needs.run_quietly
    monkeypatch.setattr(
        needs,
        "run_quietly",
        lambda argv, stdin="": None if argv[0] == program else run_quietly(argv, stdin),
    )
    lines = [need.line() for need in needs.machine_needs(Path("/x")) if not need.ok]
    assert len(lines) == 1
    assert f"not found; apt-get install {program}" in lines[0]


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"-dumpfullversion": "9.4.0"}, "found g++ 9.4.0; apt-get install g++"),
        ({"-dumpfullversion": "12.2.0"}, "cannot compile C++20"),
        ({"-dumpfullversion": "strange"}, "found g++ strange"),
    ],
)
def test_unfit_compiler(
    answers: dict[str, str], verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "run_quietly", lambda argv, stdin="": answers.get(argv[1]))
    (line,) = [n.line() for n in needs.machine_needs(Path("/x")) if n.name.startswith("C++20")]
    assert verdict in line


def test_path_with_a_space() -> None:
    (line,) = [n.line() for n in needs.machine_needs(Path("/a b")) if not n.ok]
    assert "path without spaces: found /a b" in line


def test_libpython_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.sysconfig, "get_config_var", lambda _: "libnowhere.so.1")
    (line,) = [n.line() for n in needs.machine_needs(Path("/x")) if not n.ok]
    assert line.startswith("shared libpython: not found; apt-get install libpython3")


def test_venv_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.importlib.util, "find_spec", lambda name: None)
    (line,) = [n.line() for n in needs.machine_needs(Path("/x")) if not n.ok]
    assert line.startswith("Python's venv: found only without venv and ensurepip; apt-get install")


def test_a_program_that_hangs_or_is_absent_is_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "_PROBE_SECONDS", 0.05)
    assert needs.run_quietly(["sleep", "5"]) is None
    assert needs.run_quietly(["no-such-program"]) is None
    assert needs.run_quietly(["false"]) is None
    assert needs.run_quietly(["cat"], stdin="yes") == "yes"


def test_a_browser_is_optional_and_says_what_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.shutil, "which", lambda name, path=None: None)
    (line,) = [n.line() for n in needs.optional_needs() if n.name == "Chromium" and not n.required]
    assert line.startswith(
        "Chromium: not found; apt-get install chromium; the test of the plan's page"
    )
    monkeypatch.setattr(needs.shutil, "which", lambda name, path=None: f"/there/{name}")
    (need,) = [need for need in needs.optional_needs() if need.name == "Chromium"]
    assert (need.ok, need.found) == (True, "/there/chromium")


def test_packages_against_their_pins() -> None:
    there = version("numpy")
    found = {need.name: need for need in doctor.package_needs("numpy==0.1\nPyTest==0.1 \\\n")}
    assert not found["package numpy"].ok
    assert found["package numpy"].line().endswith("run `make setup` (pinned: 0.1)")
    assert not found["package pytest"].ok
    (numpy, *_) = doctor.package_needs(f"numpy==0.1\nnumpy=={there} ; python_version < '4'\n")
    assert numpy.ok
    assert numpy.found == there


def test_every_package_that_setup_asks_for_is_looked_at() -> None:
    asked = (Path(__file__).resolve().parents[2] / "setup" / "requirements.in").read_text()
    names = re.findall(r"^([A-Za-z][\w-]*)", asked, re.MULTILINE)
    assert {f"package {name.lower()}" for name in names} == {
        need.name for need in doctor.package_needs("")
    }
