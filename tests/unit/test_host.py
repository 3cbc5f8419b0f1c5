"""The compiled host side of the link, against a toy device that does whatever a test asks for.

The scenarios are cocotb tests in tests/toy/scenarios.py; all of them run in one simulator process.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import cocotb_tools.config
import find_libpython
import pytest

from doorbell_tb.build import TOPLEVEL, build
from doorbell_tb.errors import HostError
from doorbell_tb.host import Host

TOY = Path(__file__).resolve().parents[1] / "toy"
SCENARIOS = [
    node.name
    for node in ast.parse((TOY / "scenarios.py").read_text()).body
    if isinstance(node, ast.AsyncFunctionDef)
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Failure text of each scenario that ran, empty when it passed."""
    out = tmp_path_factory.mktemp("toy")
    environment = dict(
        os.environ,
        GPI_USERS=f"{find_libpython.find_libpython()};{cocotb_tools.config.pygpi_entry_point()}",
        PYGPI_PYTHON_BIN=sys.executable,
        PYTHONPATH=os.pathsep.join([str(TOY), *sys.path]),
        COCOTB_TOPLEVEL=TOPLEVEL,
        COCOTB_TEST_MODULES="scenarios",
        COCOTB_RESULTS_FILE=str(out / "results.xml"),
        TOPLEVEL_LANG="verilog",
    )
    program = build("toy", device=TOY / "toy.f").program
    done = subprocess.run(
        [program],
        env=environment,
        cwd=out,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results = out / "results.xml"
    assert results.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    cases = ElementTree.parse(results).iter("testcase")
    found = {}
    for case in cases:
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        found[case.attrib["name"]] = "" if bad is None else done.stdout[-6000:]
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_host(scenario: str, outcomes: dict[str, str]) -> None:
    assert scenario in outcomes, "it never ran"
    assert not outcomes[scenario], outcomes[scenario]


def test_no_host_outside_a_simulator() -> None:
    with pytest.raises(HostError, match="no Doorbell simulator"):
        Host()
