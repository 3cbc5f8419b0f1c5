"""The portable player on the RTL, which another process serves over vfio-user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import c_player
import pytest
from served import served

SUITE = c_player.ROOT / "vectors" / "suites" / "directed.json"
BEYOND_SMOKE = 5
"""Of the vectors that are not smoke, every one of this many is played."""


@pytest.fixture(scope="module")
def rtl(seed: int) -> Iterator[str]:
    with served("rtl", "--seed", str(seed)) as device:
        yield device


def test_self_test(rtl: str) -> None:
    played = c_player.run("--device", rtl, "--selftest", seconds=300)
    assert played.code == 0, played.out


@pytest.mark.parametrize(
    "options",
    [["--bringup"], ["--tier", "smoke"], ["--shard", f"1/{BEYOND_SMOKE}"]],
    ids=["bringup", "smoke", "sample"],
)
def test_vectors(rtl: str, options: list[str], tmp_path: Path) -> None:
    """Nothing fails, and most is played: what a plain host cannot do is not supported."""
    words = ["--device", rtl, "--log", tmp_path / "log", *options, SUITE]
    played = c_player.run(*words, cwd=tmp_path, seconds=600)
    assert played.code == 0, played.comments
    found = [row["verdict"] for row in c_player.rows(tmp_path / "log") if "verdict" in row]
    assert set(found) <= {"PASS", "NOT_SUPPORTED", "NOT_OBSERVED"}
    assert found.count("PASS") > len(found) / 2
