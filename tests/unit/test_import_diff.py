"""What a new contract means for results that are there: `doorbell contract-diff`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from player_suite import DEVICE, document, read, vector

from doorbell.cli import main
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import dump
from doorbell_vectors.results.diff import diff
from doorbell_vectors.results.edition import RULES, load

RULE = """
area: DEV
rules:
  - {id: DEV-ID-001, text: "It shall be so.", status: active, since: "0.1.0"}
  - {id: DEV-ID-002, text: "It shall be thus.", status: planned, since: "0.1.0"}
"""
STEPS = [read(DEVICE.SCRATCH)]


def checkout(folder: Path, rules: str, *vectors, **keys) -> Path:
    (folder / "contract" / "rules").mkdir(parents=True)
    (folder / "vectors" / "suites").mkdir(parents=True)
    (folder / "contract" / "rules" / "dev.yaml").write_text(rules)
    (folder / "vectors" / "suites" / "made.json").write_text(dump(document(*vectors, **keys)))
    return folder


ONE = vector("V0001", STEPS)
TWO = vector("V0002", STEPS, rules=["DEV-ID-002"])
THREE = vector("V0003", STEPS, rules=["DEV-ID-002"])


def test_the_same_twice(tmp_path, capsys):
    old = checkout(tmp_path / "old", RULE, ONE, TWO)
    assert diff(load(old), load(old)).same
    assert main(["contract-diff", str(old), str(old)]) == 0
    assert "nothing differs" in capsys.readouterr().out


def test_everything_that_can_happen(tmp_path, capsys):
    old = checkout(tmp_path / "old", RULE, ONE, TWO, THREE)
    rules = RULE.replace("so.", "otherwise.").replace("planned", "active")
    rules += '  - {id: DEV-ID-003, text: "More shall be.", status: planned, since: "0.2.0"}\n'
    changed = vector("V0002", STEPS * 2, rules=["DEV-ID-002"])
    added = vector("V0004", STEPS, rules=["DEV-ID-002"])
    new = checkout(tmp_path / "new", rules, ONE, changed, added, retired={"V0003": "was wrong"})
    found = diff(load(old), load(new))
    assert found.rules_added == {"DEV-ID-003": "More shall be."}
    assert found.rules_changed == {"DEV-ID-001": "'It shall be so.' -> 'It shall be otherwise.'"}
    assert found.rules_status == {"DEV-ID-002": "'planned' -> 'active'"}
    assert found.vectors_changed == {"V0002": "steps"}
    assert found.vectors_added == {"V0004": "made-v0004"}
    assert found.vectors_retired == {"V0003": "was wrong"}
    assert found.vectors_invalidated == {"V0001": "its rules have changed: DEV-ID-001"}
    assert found.rerun == ["V0001", "V0002", "V0004"]
    assert main(["contract-diff", str(old), str(new)]) == 1
    assert "to play (again): 3\n  V0001 V0002 V0004" in capsys.readouterr().out
    assert main(["contract-diff", str(old), str(new), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["rerun"] == found.rerun


@pytest.mark.parametrize("how", ["gone", "retired"])
def test_a_rule_that_goes_invalidates_its_vectors(tmp_path, how):
    old = checkout(tmp_path / "old", RULE, ONE, TWO)
    text = RULE.replace("planned", "retired") if how == "retired" else RULE.rsplit("  -", 1)[0]
    found = diff(load(old), load(checkout(tmp_path / "new", text, ONE, TWO)))
    assert list(found.rules_retired) == ["DEV-ID-002"]
    assert found.rerun == ["V0002"]


def test_measured_cycles_are_no_change(tmp_path):
    old = checkout(tmp_path / "old", RULE, ONE)
    assert diff(load(old), load(checkout(tmp_path / "new", RULE, ONE | {"cycles": 7}))).same


def archive(path: Path, *vectors) -> Path:
    rules = {"DEV-ID-001": {"text": "It shall be so.", "status": "active", "since": "0.1.0"}}
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(f"doorbell-handoff-1/{RULES}", json.dumps({"rules": rules}))
        packed.writestr("doorbell-handoff-1/vectors/suites/a.json", dump(document(*vectors)))
    return path


def test_an_archive_its_folder_and_a_suite_are_editions_too(tmp_path):
    packed = archive(tmp_path / "a.zip", ONE, TWO)
    with zipfile.ZipFile(packed) as opened:
        opened.extractall(tmp_path / "folder")
    assert diff(load(packed), load(tmp_path / "folder")).same
    alone = tmp_path / "suite.json"
    alone.write_text(dump(document(ONE)))
    found = diff(load(packed), load(alone))
    assert list(found.vectors_retired) == ["V0002"]
    assert "a suite alone has no rules" in found.notes[0]
    assert not found.rules_retired


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("made-v0001", "made-v0009", "V0001 does not match its hash"),
        ('"format":1', '"format":9', "is no suite of format 1"),
        ("]}", "", "is no JSON"),
    ],
)
def test_an_edition_that_was_tampered_with(tmp_path, capsys, old, new, message):
    good = checkout(tmp_path / "good", RULE, ONE)
    bad = checkout(tmp_path / "bad", RULE, ONE)
    path = bad / "vectors" / "suites" / "made.json"
    path.write_text(path.read_text().replace(old, new))
    assert main(["contract-diff", str(good), str(bad)]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_edition(tmp_path):
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(VectorsError):
            load(place)
    (tmp_path / "cut.zip").write_bytes(archive(tmp_path / "a.zip", ONE).read_bytes()[:-40])
    with pytest.raises(VectorsError, match=r"cut.zip: is no archive, or cut short; take it anew"):
        load(tmp_path / "cut.zip")


def test_a_suite_that_there_is_not(capsys):
    assert main(["replay", "smoke"]) == 2
    wanted = "no suite 'smoke'; give a file, or one of: directed, random"
    assert wanted in capsys.readouterr().err
