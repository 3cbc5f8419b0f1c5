"""Finding the cocotb tests of a file."""

from __future__ import annotations

import sys

import pytest

from doorbell_tb.errors import SimulationError
from doorbell_tb.sim import tests as sim_tests


@pytest.fixture(autouse=True)
def unchanged_path(monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path.copy())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import cocotb\n@cocotb.test()\nasync def a(dut): ...\n", True),
        ("import cocotb\n@cocotb.test\nasync def a(dut): ...\n", True),
        (
            "import cocotb\n@cocotb.test()\n@cocotb.parametrize(n=[1])\nasync def a(dut, n): ...",
            True,
        ),
        ("import cocotb\nasync def a(dut): ...\n", False),
        ("import cocotb\ndef test_a(): ...\n", False),
        ("'''@cocotb.test()'''\n", False),
        ("def broken(:\n", False),
    ],
)
def test_which_files_are_taken(tmp_path, text, expected):
    file = tmp_path / "some_test.py"
    file.write_text(text)
    assert sim_tests.looks_like_cocotb(file) is expected


def test_names_in_order_with_parameters(tmp_path):
    file = tmp_path / "ordered_cocotb_names.py"
    file.write_text(
        "import cocotb\n"
        "@cocotb.test()\nasync def second(dut): ...\n"
        "@cocotb.test()\n@cocotb.parametrize(n=[3, 4])\nasync def first(dut, n): ...\n"
        "@cocotb.test(skip=True)\nasync def third(dut): ...\n"
    )
    found = sim_tests.tests_of(sim_tests.load(file))
    assert [test.name for test in found] == ["second", "first/n=3", "first/n=4", "third"]
    assert [test.skip for test in found] == [False, False, False, True]


def test_missing_file(tmp_path):
    with pytest.raises(SimulationError, match="no such file"):
        sim_tests.load(tmp_path / "nothing.py")


def test_file_that_fails_to_import(tmp_path):
    file = tmp_path / "fails_to_import.py"
    file.write_text("import nothing_of_that_name\n")
    with pytest.raises(SimulationError, match=r"ModuleNotFoundError.*nothing_of_that_name"):
        sim_tests.load(file)


def test_name_that_is_taken(tmp_path):
    file = tmp_path / "json.py"
    file.write_text("")
    with pytest.raises(SimulationError, match="rename the file"):
        sim_tests.load(file)
