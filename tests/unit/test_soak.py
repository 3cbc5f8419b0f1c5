"""The soak on the model: what it draws, what it notices, what its command says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import doorbell
from doorbell import Device
from doorbell.cli import main
from doorbell.contract import PACKET, Flag, Opcode
from doorbell.errors import WrongResult
from doorbell.exit_codes import ExitCode
from doorbell_tb.soak import program
from doorbell_tb.soak.hazards import Hazards
from doorbell_tb.soak.mix import Layout, Mix
from doorbell_tb.soak.program import soak


def mix(seed: int = 1) -> Mix:
    return Mix(Layout(1 << 32, 0, (7, 8, 9), 3), np.random.default_rng(seed))


def test_a_queue_waits_for_itself_by_barrier_and_for_others_by_semaphore() -> None:
    hazards = Hazards(2, 3)
    assert hazards.before(0, [1], [0]) == {}
    hazards.touched(0, 0, [1], [0])
    assert hazards.before(0, [0], [2]) == {0: 1}  # reads what it wrote
    assert hazards.before(1, [0], []) == {0: 1}
    assert hazards.before(1, [1], [2]) == {}  # two reads
    assert hazards.before(1, [], [1]) == {0: 1}  # writes what the other reads
    hazards.waited(1, 0, 1)
    assert hazards.before(1, [0], [1]) == {}
    hazards.fenced(0, 1)
    hazards.touched(0, 1, [0], [2])
    assert hazards.before(0, [0], [0]) == {
        0: 2
    }  # a barrier says nothing about what comes behind it
    assert hazards.before(0, [], [1]) == {}
    assert hazards.before(1, [2], []) == {0: 2}
    hazards.rest()
    assert hazards.before(1, [2], [0]) == {}


def test_commands_are_encoded_in_their_order() -> None:
    drawn = mix()
    batches = drawn.draw(2000)
    assert [len(batch) for batch in batches] == drawn.positions
    packets = batches[1].packets(0x5000)
    assert packets.dtype == PACKET
    counts = batches[1].counts()
    for opcode in Opcode:
        assert counts.get(opcode.name, 0) == int((packets["opcode"] == opcode).sum())
    assert counts["LAUNCH"] == len(batches[1].blocks) > 0
    assert set(packets["flags"].tolist()) == {0, Flag.BARRIER}
    again = mix().draw(2000)[1].packets(0x5000)
    assert again.tobytes() == packets.tobytes()
    assert mix(2).draw(2000)[1].packets(0x5000).tobytes() != packets.tobytes()


def run(**options: Any) -> Any:
    return doorbell.run(soak, seed=3, commands=2000, **options)


def test_a_wrong_byte_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = program._Soak.check

    async def spoilt(self: Any) -> None:
        await self.streams[0].synchronize()
        self.host.array[77] ^= 1
        await at(self)

    monkeypatch.setattr(program._Soak, "check", spoilt)
    with pytest.raises(
        WrongResult, match=r"1 bytes of host memory differ, first at \+0x4d \(cell 0\)"
    ):
        run(out=tmp_path)


def test_a_lost_barrier_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its order the same commands leave something else: the order is needed."""
    monkeypatch.setattr(Hazards, "before", lambda *_: {})
    with pytest.raises(WrongResult, match="last written by"):
        run(out=tmp_path)


def test_a_command_too_many_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counters, calls = Device.counters, iter(range(9))

    async def drifting(self: Device) -> dict[str, int]:
        found = await counters(self)
        return found | {"commands": found["commands"] + next(calls)}

    monkeypatch.setattr(Device, "counters", drifting)
    with pytest.raises(WrongResult, match="the device counted"):
        run(out=tmp_path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["soak", "--device", "model", "--out", str(tmp_path), "--checkpoint", "600"]
    assert main([*words, "--commands", "1500", "--seed", "5"]) == ExitCode.RIGHT
    said = capsys.readouterr().out
    assert "of 1,500 commands right" in said
    assert "all right" in said
    assert (tmp_path / "model-5-harsh").is_dir()
    assert main([*words, "--commands", "0"]) == ExitCode.USAGE
    assert "--commands 0: give 1 to" in capsys.readouterr().err
    assert main(["soak", "--device", "none"]) == ExitCode.USAGE
    assert "installed: model, rtl" in capsys.readouterr().err


def test_a_failing_run_says_how_to_replay_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["soak", "--device", "model", "--out", str(tmp_path), "--seed", "5"]
    assert main([*words, "--commands", "1500", "--deadline", "30"]) == ExitCode.HANG
    said = capsys.readouterr().err
    assert "--device model --commands 1500 --checkpoint 25000 --seed 5" in said
    assert "--deadline 30" in said
