"""The main job's data and arithmetic, its table, and how `doorbell run` refuses and reports."""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import doorbell
from doorbell import cli
from doorbell.errors import WrongResult
from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions
from doorbell.runner import command, digits, report

RESULT = {
    "images": 256,
    "accuracy": 0.9883,
    "cycles": 75_501,
    "bytes_to_device": 108_072,
    "bytes_to_host": 2_896,
    "dma_read_efficiency": 0.91,
    "dma_read_wire": 0.9524,
    "dma_write_efficiency": 0.92,
    "dma_write_wire": 0.9143,
    "mac_utilisation": 0.769,
    "mac_utilisation_elapsed": 0.559,
    "doorbell_to_record_cycles": 898.5,
    "commands": 56,
    "doorbells": 8,
    "interrupts": 7,
    "total_cycles": 1_234_567,
    "cycles_per_second": 322_417.3,
}


# The network --------------------------------------------------------------------------------------


def test_the_committed_network_is_what_its_readme_says() -> None:
    layers, images, labels = digits.load()
    assert [layer.weights.shape for layer in layers] == [(64, 256), (256, 256), (256, 10)]
    for layer in layers:
        assert layer.weights.dtype == np.int8
        assert (layer.bias.dtype, layer.bias.shape) == (np.int32, layer.weights.shape[1:])
        assert 0 <= layer.multiplier < 1 << 31
        assert 1 <= layer.shift <= 62
        assert -128 <= layer.lo <= layer.hi <= 127
    assert (images.shape, images.dtype) == ((512, 64), np.int8)
    assert (labels.shape, labels.dtype) == ((512,), np.uint8)
    assert set(np.unique(labels)) == set(range(10))


def test_numpy_gets_exactly_506_of_512_right() -> None:
    layers, images, labels = digits.load()
    logits = digits.predict(layers, images)
    assert (logits.shape, logits.dtype) == ((512, 10), np.int8)
    assert int((logits.argmax(axis=1) == labels).sum()) == 506


@pytest.mark.parametrize("layer", range(3))
def test_changed_weights_change_logits(layer: int) -> None:
    """The comparison has something to find, whichever layer is wrong."""
    layers, images, _ = digits.load()
    before = digits.predict(layers, images)
    layers[layer].weights[:, 3] ^= 0x20
    assert (digits.predict(layers, images) != before).any()


def test_a_wrong_logit_is_named() -> None:
    expected = np.zeros((64, 10), np.int8)
    found = expected.copy()
    found[3, 4], found[60, 9] = 7, 1
    with pytest.raises(
        WrongResult, match=r"2 of 640 logits.*image 3, logit 4, device 7, numpy 0"
    ) as caught:
        digits._compare(found, expected)
    assert caught.value.rule == "EU"
    digits._compare(expected, expected)


# The table ----------------------------------------------------------------------------------------


def test_the_table_shows_every_figure() -> None:
    text = report.table(RESULT)
    for part in (
        "256 images",
        "0.9883",
        "75,501",
        "108,072",
        "2,896",
        "0.910 of 64 B/cycle",
        "x 0.95",
        "0.920 of 64 B/cycle",
        "x 0.91",
        "0.769",
        "0.559",
        "898 cycles",
        "56 in 8 doorbells, 7 interrupts",
        "1,234,567 cycles at 322,417 cycles/s",
    ):
        assert part in text


@pytest.mark.parametrize("key", RESULT)
def test_the_table_leaves_no_figure_out(key: str) -> None:
    with pytest.raises(KeyError, match=key):
        report.table({name: value for name, value in RESULT.items() if name != key})


def test_the_job_runs_on_the_model_and_fills_the_table(tmp_path: Path) -> None:
    layers, images, labels = digits.load()
    right = digits.predict(layers, images[:64]).argmax(axis=1) == labels[:64]
    result = doorbell.run(digits.main, "model", batches=1, out=tmp_path)
    assert result["accuracy"] == right.mean()
    assert set(RESULT) <= set(result)
    assert "64 images" in report.table(result)


# The command --------------------------------------------------------------------------------------


class FakeLauncher:
    """Takes the run, leaves a file, and ends as told."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.calls: list[tuple[str, Mapping[str, Any], RunOptions]] = []

    def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
        self.calls.append((target, arguments, options))
        (options.out / "results.json").write_text(json.dumps({"seed": options.seed}))
        return self.outcome


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> FakeLauncher:
    fake = FakeLauncher(Outcome(ExitCode.RIGHT, RESULT))
    monkeypatch.setattr(command, "launcher", lambda device: fake)
    return fake


def started(*arguments: str | Path) -> int:
    return cli.main(["run", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batches", "0"], "--batches 0: give 1 to 8"),
        (["--batches", "9"], "--batches 9: give 1 to 8"),
        (["--seed", "-1"], f"--seed -1: give 0 to {(1 << 64) - 1}"),
        (["--seed", str(1 << 64)], f"--seed {1 << 64}"),
        (["--deadline", "0"], "--deadline 0: give 1"),
    ],
)
def test_numbers_outside_their_range_are_usage_errors(
    arguments: list[str], message: str, launcher: FakeLauncher, tmp_path: Path, capsys: Any
) -> None:
    assert started("--out", tmp_path / "runs", *arguments) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert launcher.calls == []
    assert not (tmp_path / "runs").exists(), "nothing was begun"


@pytest.mark.parametrize("arguments", [["--seed", "x"], ["--nonsense"], ["--batches", "1.5"]])
def test_what_is_no_option_is_a_usage_error(arguments: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        started(*arguments)
    assert end.value.code == ExitCode.USAGE
    assert "usage:" in capsys.readouterr().err


def test_an_unknown_device_lists_those_that_are_there(tmp_path: Path, capsys: Any) -> None:
    assert started("--device", "fpga", "--out", tmp_path) == ExitCode.USAGE
    assert "no device 'fpga'; installed: model, rtl" in capsys.readouterr().err


def test_a_device_whose_modules_are_missing_is_a_set_up_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    def missing(device: str) -> None:
        raise ModuleNotFoundError("No module named 'cocotb'", name="cocotb")

    monkeypatch.setattr(command, "launcher", missing)
    assert started("--out", tmp_path) == ExitCode.SETUP
    assert "device 'rtl' needs the Python module cocotb" in capsys.readouterr().err


def test_an_out_that_is_no_folder_is_a_usage_error(
    launcher: FakeLauncher, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "file").write_text("")
    assert started("--out", tmp_path / "file") == ExitCode.USAGE
    assert "--out" in capsys.readouterr().err
    assert launcher.calls == []


def test_a_right_run_prints_its_table_and_leaves_its_folder(
    launcher: FakeLauncher, tmp_path: Path, capsys: Any
) -> None:
    options = ("--seed", "7", "--profile", "ideal", "--batches", "2", "--deadline", "99", "--waves")
    (tmp_path / "digits-rtl-7").mkdir(parents=True)
    (tmp_path / "digits-rtl-7" / "old").write_text("of an earlier run")
    assert started("--out", tmp_path, *options) == ExitCode.RIGHT
    assert "0.9883" in capsys.readouterr().out
    folder = tmp_path / "digits-rtl-7"
    target, arguments, given = launcher.calls[0]
    assert (target, arguments) == ("doorbell.runner.digits:main", {"batches": 2})
    assert given.replay.startswith("make run DEVICE=rtl SEED=7 PROFILE=ideal WAVES=1")
    assert replace(given, replay="") == RunOptions(folder, 7, "ideal", waves=True, deadline=99)
    assert [path.name for path in folder.iterdir()] == ["results.json"]
    assert (tmp_path / "latest").resolve() == folder.resolve()
    assert started("--out", tmp_path, "--seed", "8") == ExitCode.RIGHT
    assert (tmp_path / "latest").resolve() == (tmp_path / "digits-rtl-8").resolve()


@pytest.mark.parametrize("code", [code for code in ExitCode if code is not ExitCode.RIGHT])
def test_a_failed_run_says_what_and_how_to_replay_it(
    code: ExitCode, launcher: FakeLauncher, tmp_path: Path, capsys: Any
) -> None:
    launcher.outcome = Outcome(code, {}, "QueueError: queue 0 halted: DMA_UR at packet 3")
    arguments = ("--device", "model", "--seed", "5", "--batches", "3", "--waves")
    assert started("--out", tmp_path, *arguments) == code
    text = capsys.readouterr().err
    assert "DMA_UR at packet 3" in text
    replay = (
        "make run DEVICE=model SEED=5 PROFILE=harsh WAVES=1 ARGS='--batches 3 --deadline 20000000'"
    )
    assert replay in text
    assert str(tmp_path / "digits-model-5") in text


def test_a_run_elsewhere_is_replayed_from_there(
    launcher: FakeLauncher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    launcher.outcome = Outcome(ExitCode.WRONG, {}, "it is late")
    monkeypatch.chdir(tmp_path)
    started("--device", "model")
    checkout = Path(__file__).resolve().parents[2]
    assert f"to replay: make -C {checkout} run DEVICE=model" in capsys.readouterr().err


@pytest.mark.parametrize("code", [ExitCode.USAGE, ExitCode.SETUP])
def test_a_run_that_never_began_leaves_nothing(
    code: ExitCode, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    class Refusing(FakeLauncher):
        def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
            return self.outcome

    refusing = Refusing(Outcome(code, {}, "profile 'nice': must be one of harsh, ideal"))
    monkeypatch.setattr(command, "launcher", lambda device: refusing)
    assert started("--out", tmp_path) == code
    said = capsys.readouterr().err
    assert said == "doorbell run: profile 'nice': must be one of harsh, ideal\n"
    assert not (tmp_path / "digits-rtl-1").exists()
    assert not (tmp_path / "latest").is_symlink()


@pytest.mark.parametrize("device", ["model", "model:eager", "rtl"])
def test_a_wrong_profile_touches_nothing(device: str, tmp_path: Path, capsys: Any) -> None:
    kept = tmp_path / f"digits-{device.partition(':')[0]}-1" / "results.json"
    kept.parent.mkdir()
    kept.write_text("of an earlier run")
    arguments = ("--out", tmp_path, "--device", device, "--profile", "nonsense")
    assert started(*arguments) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.startswith("doorbell run: profile 'nonsense': must be one of ")
    assert "replay" not in said
    assert [path.name for path in tmp_path.iterdir()] == [kept.parent.name]
    assert kept.read_text() == "of an earlier run"


def test_waves_that_a_device_does_not_have_are_said(
    launcher: FakeLauncher, tmp_path: Path, capsys: Any
) -> None:
    assert started("--out", tmp_path, "--waves") == ExitCode.RIGHT
    assert "device rtl leaves no waves" in capsys.readouterr().err
    assert started("--out", tmp_path) == ExitCode.RIGHT
    assert capsys.readouterr().err == ""


def test_two_runs_of_one_name_take_turns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    """Each empties the folder first: the second must not do so under the first."""
    inside: list[str] = []
    entered = threading.Event()

    class Slow(FakeLauncher):
        def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
            inside.append("in")
            entered.set()
            (options.out / "mine").write_text("")
            time.sleep(0.3)
            assert [path.name for path in options.out.iterdir()] == ["mine"]
            inside.append("out")
            return super().launch(target, arguments, options)

    monkeypatch.setattr(command, "launcher", lambda device: Slow(Outcome(ExitCode.RIGHT, RESULT)))
    codes: list[int] = []
    parser = argparse.ArgumentParser()
    command.command.configure(parser)
    args = parser.parse_args(["--out", str(tmp_path)])
    threads = [
        threading.Thread(target=lambda: codes.append(command.command.run(args))) for _ in range(2)
    ]
    threads[0].start()
    assert entered.wait(5)
    threads[1].start()
    for thread in threads:
        thread.join(10)
    assert codes == [ExitCode.RIGHT] * 2
    assert inside == ["in", "out", "in", "out"]
    assert "another run uses" in capsys.readouterr().err
