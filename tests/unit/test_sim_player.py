"""The player and its laboratory on the RTL and on the model: every ability, a process for all vectors."""

from __future__ import annotations

import json

import player_abilities
import player_suite
import pytest

from doorbell import cli
from doorbell.exit_codes import ExitCode


@pytest.mark.parametrize(
    ("device", "expected"), [("model", player_abilities.MODEL), ("rtl", player_abilities.RTL)]
)
def test_every_ability(tmp_path, device, expected):
    suite = player_suite.written(tmp_path / "suite.json", *player_abilities.VECTORS)
    out = tmp_path / "out"
    code = cli.main(["replay", str(suite), "--device", device, "--out", str(out)])
    results = json.loads((out / "results.json").read_text())["results"]
    told = {row["id"]: row["text"] for row in results}
    found = {row["id"]: row["verdict"] for row in results if row["verdict"] != "PASS"}
    assert found == expected, told
    assert code == ExitCode.WRONG
    assert len(results) == len(player_abilities.VECTORS)
