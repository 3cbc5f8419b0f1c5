"""The launcher, `doorbell sim` and the pytest plugin on the real device."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from doorbell.cli import main
from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions
from doorbell_tb.errors import SimulationError
from doorbell_tb.inside import bench
from doorbell_tb.launcher import launcher
from doorbell_tb.trace import TLP

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "first_test.py"


def launch(
    out: Path, name: str, seed: int = 1, deadline: int = 200_000, **arguments: object
) -> Outcome:
    options = RunOptions(out=out, seed=seed, deadline=deadline)
    return launcher.launch(f"sim_programs:{name}", arguments, options)


def test_a_right_program_returns_its_result_and_leaves_its_files(tmp_path, capfd):
    outcome = launch(tmp_path, "right", number=7)
    assert outcome == Outcome(ExitCode.RIGHT, {"number": 7, "seed": 1})
    assert "said inside the simulator" in capfd.readouterr().out
    trace = np.load(tmp_path / "trace.npy")
    assert trace.dtype == TLP
    assert len(trace) > 100
    report = json.loads((tmp_path / "results.json").read_text())
    assert (report["code"], report["findings"], report["result"]) == (0, [], outcome.result)
    assert report["cycles"] > 1000
    assert "passed" in (tmp_path / "sim.log").read_text()


def test_a_script_without_a_main_guard_is_told_what_it_lacks(tmp_path):
    """The simulator imports the script, which would start the next simulator, and so on."""
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import doorbell\n\n\nasync def program(device):\n    return 1\n\n\n"
        "doorbell.run(program, device='rtl', out='run')\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "exit code 2" in done.stderr
    assert 'below `if __name__ == "__main__":`' in done.stderr


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("asserts", ExitCode.WRONG, ["assert", "< 0", "sim_programs.py:", "cycle"]),
        ("wrong_result", ExitCode.WRONG, ["logits differ", "DMA-COPY-001: A COPY shall leave"]),
        ("bad_argument", ExitCode.USAGE, ["ArgumentError", "weight"]),
        ("hangs", ExitCode.HANG, ["DeadlineExceeded", "sim_programs.py:"]),
        ("nothing_happens", ExitCode.HANG, ["nothing happened for 200000 cycles"]),
        (
            "waits_past_the_transport",
            ExitCode.HANG,
            ["the test still runs and nothing has happened for 200,000 cycles"],
        ),
        (
            "leaves_a_request",
            ExitCode.PROTOCOL,
            ["LeakError", "MMIO answers that nobody collected"],
        ),
        (
            "reads_without_a_command",
            ExitCode.PROTOCOL,
            ["DMA-READ-001", "belong to no live command", "TLP"],
        ),
        ("unplain_result", ExitCode.USAGE, ["return plain data"]),
        ("no_such_function", ExitCode.USAGE, ["no_such_function"]),
    ],
)
def test_how_programs_end(tmp_path, name, code, said):
    outcome = launch(tmp_path, name)
    assert outcome.code is code, outcome
    for part in said:
        assert part in outcome.message
    assert json.loads((tmp_path / "results.json").read_text())["code"] == code


def test_waiting_and_concurrency(tmp_path):
    outcome = launch(tmp_path, "waits")
    assert outcome.code is ExitCode.RIGHT, outcome.message


def test_the_checkers_bite_on_a_real_trace(tmp_path):
    outcome = launch(tmp_path, "tampers")
    assert outcome.code is ExitCode.RIGHT, outcome.message
    for name, rules in outcome.result.items():
        assert "ORD-UP-001" in rules, name


def test_patience_is_the_deadline(tmp_path):
    outcome = launch(tmp_path, "patience", deadline=5000)
    assert outcome.code is ExitCode.RIGHT, outcome.message
    assert 5000 <= outcome.result["waited"] < 5010


def test_the_same_seed_gives_the_same_trace_and_another_does_not(tmp_path):
    traces = []
    for run, seed in enumerate((3, 3, 4)):
        outcome = launch(tmp_path / str(run), "right", seed=seed, number=1)
        assert outcome.code is ExitCode.RIGHT, outcome.message
        traces.append((tmp_path / str(run) / "trace.npy").read_bytes())
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]


def test_bad_profile_and_bad_arguments_run_nothing(tmp_path):
    options = RunOptions(out=tmp_path, profile="nice")
    outcome = launcher.launch("sim_programs:right", {"number": 1}, options)
    assert (outcome.code, "harsh" in outcome.message) == (ExitCode.USAGE, True)
    outcome = launch(tmp_path, "right", number={1})
    assert (outcome.code, "plain data" in outcome.message) == (ExitCode.USAGE, True)
    assert not (tmp_path / "sim.log").exists()


def test_outside_a_simulator_there_is_nothing_to_attach_to():
    with pytest.raises(SimulationError, match="doorbell sim FILE"):
        launcher.attach()
    with pytest.raises(SimulationError):
        bench()


TESTS = """
import cocotb
import pytest
import doorbell
from doorbell.contract import registers
from doorbell.encode import nops
from doorbell_tb import link, tlp


@cocotb.test()
async def passes(dut):
    async with doorbell.open("rtl") as device:
        await device.stream().synchronize()


@cocotb.test()
@cocotb.parametrize(size=[4, 8])
async def fails(dut, size):
    assert size == 4


@cocotb.test()
async def leaks(dut):
    link.host().config_read(0, 4)


@cocotb.test()
@cocotb.parametrize(unmask=[False, True])
async def masks(dut, unmask):
    async with doorbell.open("rtl") as device:
        stream = device.stream()
        vector = device.vector(stream.queue.number)
        mask = device.bar0 + registers.MSIX_TABLE.offset + 16 * vector + 12
        device.transport.write(mask, 1, 4)
        stream.submit(nops(1))
        stream.flush()
        while not await device.transport.read(device.bar0 + registers.MSIX_PBA.offset):
            pass
        if unmask:
            device.transport.write(mask, 0, 4)
            await stream.synchronize()


@cocotb.test(skip=True)
async def skipped(dut):
    raise AssertionError


@cocotb.test()
async def expects(dut):
    link.expect(link.LEAK)
    link.host().config_read(0, 4)


@cocotb.test()
async def expects_in_vain(dut):
    link.expect("EP-TLP-003")


@cocotb.test(expect_error=doorbell.errors.ArgumentError)
async def raises_as_expected(dut):
    async with doorbell.open("rtl") as device:
        device.stream(weight=0)


def test_ordinary():
    pass
"""


@pytest.fixture
def own_tests(tmp_path):
    file = tmp_path / "user_test.py"
    file.write_text(TESTS)
    return file


def plain_pytest(file: Path, *options: str, seed: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", file.name, "-p", "no:cacheprovider", *options],
        cwd=file.parent,
        env=environment | {"DOORBELL_SEED": seed},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "seed", "said"),
    [
        ([], "-1", "DOORBELL_SEED='-1': give 0 to 2**64 - 1"),
        ([], "x", "DOORBELL_SEED='x': give"),
        (["--sim-profile=zz"], "1", "--sim-profile: profile 'zz': must be one of harsh, "),
    ],
)
def test_plain_pytest_refuses_bad_options_before_any_simulation(own_tests, options, seed, said):
    done = plain_pytest(own_tests, *options, seed=seed)
    assert done.returncode == 2
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert not (own_tests.parent / "out").exists()


def test_plain_pytest_runs_one_item_and_one_process_per_test(own_tests):
    folder = own_tests.parent
    done = plain_pytest(own_tests, "--junitxml=out.xml", seed="9")
    cases = {
        case.get("name"): [child.tag for child in case if child.tag != "system-out"]
        for case in ElementTree.parse(folder / "out.xml").iter("testcase")
    }
    assert cases == {
        "test_ordinary": [],
        "passes": [],
        "fails/size=4": [],
        "fails/size=8": ["failure"],
        "leaks": ["failure"],
        "masks/unmask=False": ["failure"],
        "masks/unmask=True": [],
        "skipped": ["skipped"],
        "expects": [],
        "expects_in_vain": ["failure"],
        "raises_as_expected": [],
    }, done.stdout
    assert "assert 8 == 4" in done.stdout
    assert "leak: an interrupt of vector 0 is still pending" in done.stdout
    assert "EP-TLP-003: expected to be broken here, but it held" in done.stdout
    assert (
        f"doorbell sim {own_tests} --filter '^fails/size=8$' --seed 9 --profile harsh"
        in done.stdout
    )
    folders = sorted(path.name for path in (folder / "out" / "sim").iterdir())
    assert len(folders) == 9
    assert "user_test.fails_size=8-9" in folders


def test_the_sim_command(own_tests, tmp_path, capsys):
    def sim(*words: str) -> int:
        return main(["sim", str(own_tests), "--out", str(tmp_path / "o"), *words])

    assert sim("--filter", "passes|size=4", "--seed", "2") == ExitCode.RIGHT
    said = capsys.readouterr().out
    assert "2 passed, 0 failed" in said
    assert (tmp_path / "o" / "user_test.passes-2" / "trace.npy").exists()
    assert sim("--filter", "size=8") == ExitCode.WRONG
    assert re.search(r"replay: \S*doorbell sim ", capsys.readouterr().out)
    assert sim("--public", "none.vlt") == ExitCode.USAGE
    assert "--public none.vlt: no such file" in capsys.readouterr().err
    assert sim("--filter", "nothing") == ExitCode.USAGE
    assert "there is: passes" in capsys.readouterr().err
    assert sim("--profile", "nice", "--filter", "passes") == ExitCode.USAGE
    assert sim("--seed", "-1") == ExitCode.USAGE


def test_the_example_of_the_readme(tmp_path):
    assert main(["sim", str(EXAMPLE), "--out", str(tmp_path)]) == ExitCode.RIGHT


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("folder", None, "is a folder; give one file, or run `pytest "),
        ("absent.py", None, "no such file"),
        ("empty_file.py", "", "no function in it has @cocotb.test()"),
        ("broken_syntax.py", "def broken(:", "SyntaxError: invalid syntax"),
        ("bad_import.py", "import nothing_like_this", "No module named 'nothing_like_this'"),
        (
            "plain_function.py",
            "import cocotb\n@cocotb.test()\ndef plain(dut): pass",
            "plain is a plain function; write `async def`",
        ),
    ],
)
def test_files_without_a_test_to_run(name, text, said, tmp_path, capsys):
    file = tmp_path / name
    if name == "folder":
        file.mkdir()
    elif text is not None:
        file.write_text(text)
    assert main(["sim", str(file)]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
