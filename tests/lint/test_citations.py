"""Every active rule of the contract is held by something that turns red when it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from citations import collect, complaints, expand
from tree import ROOT

from doorbell.contract import rules

STATUS = {"CP-A-001": "active", "CP-A-002": "active", "RT-B-001": "active",
          "CP-C-001": "planned", "CP-D-001": "retired"}  # fmt: skip


def test_every_active_rule_is_held() -> None:
    """What fails here wants a test, program, scenario, checker or planted bug that names the rule."""
    status = {rule.id: rule.status for rule in rules.RULES.values()}
    wrong = complaints(status, collect(ROOT))
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CP-A-001: so. (RT-B-002)", ["CP-A-001", "RT-B-002"]),
        ("CP-A-001 to CP-A-004", ["CP-A-001", "CP-A-002", "CP-A-003", "CP-A-004"]),
        ("CP-A-001\n    to CP-A-003.", ["CP-A-001", "CP-A-002", "CP-A-003"]),
        ("CP-A-001/003/007", ["CP-A-001", "CP-A-003", "CP-A-007"]),
        ("CP-A-009 to EP-B-001", ["CP-A-009", "EP-B-001"]),
        ("CP-A-009 to CP-A-003", ["CP-A-003", "CP-A-009"]),
        ("PB-017, CP-A rules, A-001, XCP-A-01", []),
    ],
)
def test_ranges_are_expanded(text: str, expected: list[str]) -> None:
    assert list(expand(text)) == expected


def tree(root: Path, **held: str) -> list[str]:
    """Write a small checkout and return what is wrong with it."""
    texts = {
        "tests/conformance/programs.py": '"""CP-A-009: a module holds nothing."""\n'
        f'async def copies(device) -> None:\n    """{held.get("program", "")}"""\n'
        f'CASES = [("{held.get("case", "")}", 5), ("see CP-A-009", 6)]\n',
        "testbench/doorbell_tb/checkers/order.py": f'RULE = "{held.get("checker", "")}"\n',
        "tests/planted/some.yaml": f'- {{id: PB-001, rule: "{held.get("planted", "")}"}}\n',
        "tests/unit/test_model.py": f'def test() -> None:\n    """{held.get("unit", "")}"""\n',
        "tests/unit/test_sim_rtl.py": "GOOD = 'CP-A-009'\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return complaints(STATUS, collect(root))


ALL = {"program": "CP-A-001/002", "unit": "RT-B-001"}


@pytest.mark.parametrize(
    "held",
    [
        ALL,
        {**ALL, "program": "CP-A-001 to CP-A-002, CP-C-001"},
        {**ALL, "program": "CP-A-001", "case": "CP-A-002"},
        {**ALL, "program": "CP-A-001", "checker": "CP-A-002"},
        {**ALL, "program": "CP-A-001", "planted": "CP-A-002"},
    ],
)
def test_a_whole_tree_is_right(held: dict[str, str], tmp_path: Path) -> None:
    assert tree(tmp_path, **held) == []


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({**ALL, "program": "CP-A-001"}, "CP-A-002 is active and cited nowhere"),
        ({**ALL, "unit": ""}, "RT-B-001 is active and cited nowhere"),
        ({**ALL, "program": "CP-A-001", "unit": "CP-A-002, RT-B-001"}, "CP-A-002 is checked on the model alone"),
        ({**ALL, "program": "CP-A-001 to CP-A-003"}, "CP-A-003 is no rule of the contract"),
        ({**ALL, "checker": "CP-D-001"}, "CP-D-001 is retired: cited in testbench/"),
    ],
)  # fmt: skip
def test_a_hole_is_named(held: dict[str, str], message: str, tmp_path: Path) -> None:
    (line,) = tree(tmp_path, **held)
    assert line.startswith(message)
