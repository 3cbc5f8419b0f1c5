"""What the portable player plays, in which order, and where it stops."""

from __future__ import annotations

import c_player
import player_suite as made
import pytest
from player_suite import DEVICE, read, vector

FAILING = [read(DEVICE.SCRATCH, expect={"eq": 1})]


@pytest.fixture
def suite(tmp_path):
    def one(at, **keys):
        steps = keys.pop("steps", [])
        return vector(f"V000{at}", steps, **keys)

    return made.written(
        tmp_path / "suite.json",
        one(1, tier="stress", tags=["slow"]),
        one(2, tier="core", bringup=2, rules=["CP-RING-001", "DEV-ID-001"]),
        one(3, tier="smoke", bringup=1, tags=["first", "slow"]),
        one(4, tier="full", rules=["CP-RING-002"], cycles=None),
        one(5, tier="smoke", bringup=2, steps=FAILING),
        one(6, tier="smoke", bringup=2),
        one(7, tier="smoke", bringup=3),
    )


def played(suite, *options):
    result = c_player.run("--device", "loopback", *options, suite, cwd=suite.parent)
    return [int(line.partition("V")[2][:4]) for line in result.lines]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7]),
        (["--id", "V0003", "--id", "V0001"], [1, 3]),
        (["--id", "V000*"], [1, 2, 3, 4, 5, 6, 7]),
        (["--rule", "CP-RING-*"], [2, 4]),
        (["--rule", "CP-RING-001"], [2]),
        (["--tag", "slow"], [1, 3]),
        (["--tag", "slow", "--tier", "smoke"], [3]),
        (["--tier", "smoke"], [3, 5, 6, 7]),
        (["--tier", "core"], [2, 3, 5, 6, 7]),
        (["--tier", "full"], [2, 3, 4, 5, 6, 7]),
        (["--tier", "stress"], [1, 2, 3, 4, 5, 6, 7]),
        (["--bringup"], [3, 2, 5, 6]),
        (["--bail"], [1, 2, 3, 4, 5]),
        (["--repeat", "2", "--tag", "slow"], [1, 3, 1, 3]),
        (["--shard", "2/3"], [2, 5]),
    ],
)
def test_selection(suite, options, wanted):
    assert played(suite, *options) == wanted


def test_shards_are_a_partition(suite):
    parts = [at for shard in (1, 2, 3) for at in played(suite, "--shard", f"{shard}/3")]
    assert sorted(parts) == [1, 2, 3, 4, 5, 6, 7]


def test_bailing_out_leaves_a_file_to_resume_from(suite):
    assert played(suite, "--bail", "--save-rest", "rest") == [1, 2, 3, 4, 5]
    rest = suite.parent / "rest"
    assert played(suite, "--resume", rest) == [6, 7]


def test_the_list_predicts_the_time_and_touches_no_device(suite):
    listed = c_player.run("--list", "--clock", "1e6", suite)
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert lines[0] == "V0001 stress made-v0001 1000 cycles, 0.001 s"
    assert lines[3] == "V0004 full made-v0004 unknown cycles"
    assert lines[-1].startswith("7 vectors, 6000 cycles, 0.006 s at 1000000 Hz")


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--device"],
        ["--device", "loopback"],
        ["--device", "nothing", "SUITE"],
        ["--device", "loopback", "SUITE", "SUITE"],
        ["--device", "loopback", "--selftest", "SUITE"],
        ["--device", "loopback", "--tier", "huge", "SUITE"],
        ["--device", "loopback", "--shard", "0/2", "SUITE"],
        ["--device", "loopback", "--shard", "3/2", "SUITE"],
        ["--device", "loopback", "--repeat", "-1", "SUITE"],
        ["--device", "loopback", "--repeat", "99999999999999999999999", "SUITE"],
        ["--device", "loopback", "--time-scale", "nan", "SUITE"],
        ["--device", "loopback", "--clock", "0", "SUITE"],
        ["--device", "loopback", "--id", "V9999", "SUITE"],
        ["--device", "loopback", "--tag", "none", "SUITE"],
        ["--device", "loopback", "--without", "wings", "SUITE"],
        ["--device", "loopback", "--resume", "not-there", "SUITE"],
        ["--device", "loopback", "--unknown", "x", "SUITE"],
        ["--device", "vfio-user:", "SUITE"],
        ["--device", "vfio-user:not-there", "SUITE"],
        ["--device", "loopback", "not-there.json"],
    ],
)
def test_a_wrong_command_line_is_one_clear_error(suite, options):
    words = [suite if word == "SUITE" else word for word in options]
    result = c_player.run(*words, cwd=suite.parent)
    assert result.code in {2, 5}
    assert result.err.startswith("doorbell-player: ")
    assert not result.lines
