"""Programs on the model without an event loop: parking, time, concurrency, launching, publishing."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_bench import ARENA, Bench

import doorbell
from doorbell import Device, encode
from doorbell.cli import main
from doorbell.contract import Space
from doorbell.driver import run, together
from doorbell.errors import ArgumentError, DeadlineExceeded, LeakError
from doorbell.exit_codes import ExitCode
from doorbell.launch import RunOptions, launcher
from doorbell.model.timing import PROFILES
from doorbell.model.transport import ModelTransport
from doorbell_tb.profiles import names


@pytest.fixture
def transport(seed: int) -> ModelTransport:
    return ModelTransport(seed=seed)


# Parking --------------------------------------------------------------------------------------------
def test_wait_ends_at_its_limit_and_counts_that(transport: ModelTransport) -> None:
    async def program() -> tuple[int, int]:
        before = transport.events()
        after = await transport.wait(before, 1000)
        return after - before, transport.now()

    assert run(program()) == (1, 1000)


def test_wait_returns_at_once_when_the_count_has_moved(transport: ModelTransport) -> None:
    async def program() -> int:
        await transport.wait(transport.events() - 1)
        return transport.now()

    assert run(program()) == 0


def test_nothing_can_happen(transport: ModelTransport) -> None:
    """Raised inside the program, which may handle it."""

    async def program() -> str:
        try:
            await transport.wait(transport.events())
        except DeadlineExceeded as error:
            return str(error)
        return ""

    assert "every queue is idle" in run(program())


def test_programs_wake_in_the_order_of_their_limits(transport: ModelTransport) -> None:
    order: list[tuple[int, int]] = []

    async def sleeper(cycles: int) -> int:
        limit = transport.now() + cycles
        while transport.now() < limit:
            await transport.wait(transport.events(), limit)
        order.append((cycles, transport.now()))
        return cycles

    found = run(transport.together(*(sleeper(cycles) for cycles in (300, 100, 200))))
    assert found == [300, 100, 200]
    assert order == [(100, 100), (200, 200), (300, 300)]


def test_the_first_exception_cancels_the_others(transport: ModelTransport) -> None:
    ended: list[str] = []

    async def fails() -> None:
        await transport.wait(transport.events(), 50)
        raise KeyError("first")

    async def waits() -> None:
        try:
            await transport.wait(transport.events() - 1 + 1, 1 << 40)
            await transport.wait(transport.events(), 1 << 40)
        finally:
            ended.append("cancelled")

    with pytest.raises(KeyError, match="first"):
        run(together(waits(), fails(), waits()))
    assert ended == ["cancelled"] * 2
    assert transport.now() == 50


def test_two_devices_at_once() -> None:
    """Each has its own time; a program may wait for both."""

    async def use(number: int) -> int:
        async with doorbell.open(ModelTransport(seed=number)) as device:
            found = await device.stream().download(device.upload(np.arange(number + 1)))
        return int(found[-1])

    assert run(together(use(4), use(9))) == [4, 9]


def test_other_event_loops_are_refused() -> None:
    async def program() -> None:
        await asyncio.sleep(0.001)

    with pytest.raises((TypeError, RuntimeError), match="event loop"):
        run(program())


# Leaks and publishing -------------------------------------------------------------------------------
def test_leaks_name_what_is_left(seed: int) -> None:
    bench = Bench(seed)
    ring = bench.queue(0)
    ring.submit(encode.wait(3, 1).tobytes())
    bench.settle()
    (leak,) = bench.transport.leaks()
    assert leak.startswith("queue 0 RUNNING: WAIT at packet 0 for semaphore 3 to reach 1")
    reading = bench.transport.read(bench.bar0)
    reading.send(None)
    assert len(bench.transport.leaks()) == 2
    reading.close()
    assert len(bench.transport.leaks()) == 1


@pytest.mark.parametrize(("strict", "seen"), [(True, 1), (False, 2)])
def test_strict_shows_only_what_is_published(seed: int, strict: bool, seen: int) -> None:
    bench = Bench(seed, strict=strict)
    ring = bench.queue(0)
    bench.host[0x9000] = 1
    ring.submit(encode.copies(ARENA + 0x9000, 0, 1, source_space=Space.HOST).tobytes())
    bench.host[0x9000] = 2
    bench.settle()
    assert bench.memory[0] == seen


def test_a_runtime_that_does_not_publish_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting the publish makes the simplest program fail."""
    monkeypatch.setattr(ModelTransport, "publish", lambda self: None)
    with pytest.raises(doorbell.errors.DoorbellError):
        doorbell.run(fine)


# Launching ------------------------------------------------------------------------------------------
async def fine(device: Device, size: int = 100) -> dict[str, Any]:
    found = await device.stream().download(device.upload(np.arange(size)))
    return {"last": int(found[-1])}


async def wrong(device: Device) -> None:
    raise AssertionError(f"wrong on {device.transport.name}")


async def hang(device: Device) -> None:
    stream = device.stream()
    stream.wait(device.semaphore(), 1)
    await stream.synchronize()


async def fault(device: Device) -> None:
    stream = device.stream()
    stream.submit(encode.fill(0x7_0000_0000, 1, 8, space=Space.HOST))
    await stream.synchronize()


async def usage(device: Device) -> None:
    device.empty(-1)


async def unserialisable(device: Device) -> object:
    return object()


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("fine", ExitCode.RIGHT, ""),
        ("wrong", ExitCode.WRONG, "wrong on model"),
        ("hang", ExitCode.HANG, "semaphore"),
        ("fault", ExitCode.PROTOCOL, "unmapped write"),
        ("usage", ExitCode.USAGE, "-1"),
        ("unserialisable", ExitCode.USAGE, "return plain data"),
        ("Bench", ExitCode.USAGE, "coroutine"),
        ("absent", ExitCode.USAGE, "absent"),
    ],
)
def test_exit_codes(tmp_path: Path, name: str, code: ExitCode, says: str) -> None:
    options = RunOptions(out=tmp_path / "run", seed=3, deadline=50_000)
    outcome = launcher("model").launch(f"{__name__}:{name}", {}, options)
    assert outcome.code is code
    assert says in outcome.message
    report = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (report["code"], report["message"], report["seed"]) == (code, outcome.message, 3)
    failed = report["cycles"] > 0 and code != 0 and name != "unserialisable"
    assert (tmp_path / "run" / "log.txt").exists() == failed
    assert ("to replay: " in outcome.message) == (code != 0)
    assert not list(tmp_path.rglob("*.partial"))


def test_launch_passes_arguments_and_returns_the_result(tmp_path: Path) -> None:
    options = RunOptions(out=tmp_path)
    outcome = launcher("model").launch(f"{__name__}:fine", {"size": 7}, options)
    assert outcome.result == {"last": 6}
    for arguments in ({"unknown": 1}, {"device": 1}):
        outcome = launcher("model").launch(f"{__name__}:fine", arguments, options)
        assert outcome.code is ExitCode.USAGE
    for target in ("fine", f"{__name__}:", "no_such_module:fine"):
        assert launcher("model").launch(target, {}, options).code is ExitCode.USAGE


async def number(device: Device) -> int:
    return device.capabilities.queues


def test_results_are_not_wrapped(tmp_path: Path) -> None:
    """What `launch` gives is what `run` gives, whatever its type."""
    outcome = launcher("model").launch(f"{__name__}:number", {}, RunOptions(out=tmp_path))
    assert outcome.result == doorbell.run(number) == 8


def test_unknown_profiles_are_refused(tmp_path: Path) -> None:
    """The model knows the names that the RTL's hosts have, and no others."""
    assert set(PROFILES) == set(names())
    options = RunOptions(out=tmp_path / "run", profile="nonsense")
    outcome = launcher("model").launch(f"{__name__}:fine", {}, options)
    assert outcome.code is ExitCode.USAGE
    for text in ("'nonsense'", *names()):
        assert text in outcome.message
    with pytest.raises(ArgumentError, match="must be one of distant, harsh"):
        doorbell.run(fine, profile="nonsense")


@pytest.mark.parametrize("found", [True, False])
def test_a_failure_replays_by_its_own_command(tmp_path: Path, found: bool) -> None:
    """The command of the message, run by a shell elsewhere, fails in the same cycle.

    Whether or not the shell finds `doorbell` by its name.
    """
    (tmp_path / "my_program.py").write_text(
        "async def fails(device, name):\n"
        "    await device.read(device_registers().CYCLES)\n"
        "    raise ValueError(f'{name} at {device.transport.now()}')\n"
        "def device_registers():\n"
        "    from doorbell.contract import registers\n"
        "    return registers.DEVICE\n"
    )
    here = str(Path(sys.executable).parent)
    others = [folder for folder in os.environ["PATH"].split(":") if folder != here]
    environment = {**os.environ, "PATH": ":".join([here, *others] if found else others)}
    name = "doorbell" if found else f"{here}/doorbell"

    def shell(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, text=True,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip

    first = shell(
        f"{name} run --device model --seed 5 --profile ideal --lenient "
        """--program my_program:fails --arguments '{"name": "it is late"}'"""
    )
    message = next(line for line in first.stderr.splitlines() if "ValueError: it is late" in line)
    command = first.stderr.partition("to replay: ")[2].splitlines()[0]
    assert command.startswith(f"PYTHONPATH={tmp_path} {name} run --device model --seed 5 ")
    second = shell(command)
    assert (first.returncode, second.returncode) == (1, 1)
    assert message in second.stderr
    assert f"at {tmp_path}/my_program.py:3, cycle " in message


@pytest.mark.parametrize("arguments", ["[1]", "{"])
def test_arguments_must_be_a_json_object(arguments: str, capsys: Any) -> None:
    assert main(["run", "--device", "model", "--arguments", arguments]) == ExitCode.USAGE
    assert "give a JSON object" in capsys.readouterr().err


def test_same_seed_same_result(tmp_path: Path) -> None:
    def cycles(seed: int) -> int:
        launcher("model").launch(f"{__name__}:fine", {}, RunOptions(out=tmp_path, seed=seed))
        return int(json.loads((tmp_path / "results.json").read_text())["cycles"])

    assert cycles(1) == cycles(1)
    assert len({cycles(seed) for seed in range(5)}) == 5


def test_leaving_a_read_behind_is_a_leak() -> None:
    with pytest.raises(LeakError, match="host reads"):
        doorbell.run(reads_and_leaves)


async def reads_and_leaves(device: Device) -> None:
    device.kept = device.transport.read(device.bar0)  # type: ignore[attr-defined]
    device.kept.send(None)  # type: ignore[attr-defined]


def test_run_returns_any_object_and_raises_what_the_program_raises() -> None:
    assert doorbell.run(fine, size=3) == {"last": 2}
    assert type(doorbell.run(unserialisable)) is object
    with pytest.raises(AssertionError, match="wrong on model"):
        doorbell.run(wrong)


def test_open_by_name(seed: int) -> None:
    async def program() -> int:
        async with doorbell.open("model") as device:
            return device.capabilities.queues

    assert run(program()) == 8


def test_run_refuses_a_program_that_another_process_cannot_import() -> None:
    async def local(device: Device) -> None:
        """Defined inside a function."""

    with pytest.raises((ArgumentError, LookupError), match=r"top level|no device"):
        doorbell.run(local, "rtl")
