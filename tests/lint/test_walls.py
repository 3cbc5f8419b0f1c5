"""The walls between the parts of the project stand, and each rule is able to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from walls import OWN, WALLS, Wall, modules, redefinitions, violations

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.name)
def test_wall_stands(wall: Wall) -> None:
    assert any(wall.holds_for(name) for name, _ in modules(ROOT)), "no module left to hold it for"
    assert not violations(wall, ROOT)


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.name)
def test_wall_sees_a_violation(wall: Wall, tmp_path: Path) -> None:
    place, source = wall.planted
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert violations(wall, tmp_path)
    path.write_text("import enum\n")
    assert not violations(wall, tmp_path)


def test_all_packages_are_looked_at() -> None:
    assert {name.partition(".")[0] for name, _ in modules(ROOT)} == OWN


def test_constants_of_the_contract_are_defined_once() -> None:
    assert (ROOT / "runtime" / "doorbell" / "contract").is_dir()
    assert not redefinitions(ROOT)


def test_a_second_definition_is_seen(tmp_path: Path) -> None:
    contract = tmp_path / "runtime" / "doorbell" / "contract"
    contract.mkdir(parents=True)
    (contract / "limits.py").write_text("PACKET_BYTES = 64\n")
    other = tmp_path / "testbench" / "doorbell_tb" / "other.py"
    other.parent.mkdir(parents=True)
    other.write_text("PACKET_BYTES: Final = 64\n")
    assert redefinitions(tmp_path) == ["testbench/doorbell_tb/other.py: PACKET_BYTES"]
    other.write_text("from doorbell.contract.limits import PACKET_BYTES\nSIZE = PACKET_BYTES\n")
    assert not redefinitions(tmp_path)
