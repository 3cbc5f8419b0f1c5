"""The build: ids for ever, the manifest, coverage, cycles, and the command around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from vectors_made import folder

from doorbell.cli import main
from doorbell_vectors.authoring.build import build
from doorbell_vectors.authoring.coverage import coverage
from doorbell_vectors.errors import SourceError, SuiteError
from doorbell_vectors.format.canonical import canonical, digest
from doorbell_vectors.format.document import load
from doorbell_vectors.format.manifest import vouched
from doorbell_vectors.random.tier import grow, suite_of

SCRATCH = "write: {DEVICE.SCRATCH: 1}"


def command(made: Path, *words: str) -> int:
    return main(["vectors", "--folder", str(made), *words])


def built(made: Path) -> dict[str, Any]:
    assert command(made, "build") == 0
    return json.loads((made / "manifest.json").read_text())


def source(made: Path) -> Path:
    return made / "directed" / "made.yaml"


def test_same_bytes_each_time(tmp_path: Path) -> None:
    first = build(folder(tmp_path / "a", SCRATCH))
    assert first == build(folder(tmp_path / "b", SCRATCH))


def test_manifest_holds_every_hash(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    manifest = built(made)
    suite = load(made / "suites" / "directed.json")
    assert manifest["vectors"] == {"V0001": suite.vectors[0].hash}
    assert manifest["hash"] == digest(canonical(manifest["vectors"]))
    assert manifest["counts"] == {
        "vectors": 1,
        "negative": 0,
        "bringup": 0,
        "tiers": {"smoke": 0, "core": 1, "full": 0, "stress": 0},
    }


def test_check_tells_a_difference_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = folder(tmp_path, SCRATCH)
    assert command(made, "build", "--check") == 1
    assert not (made / "manifest.json").exists()
    built(made)
    assert command(made, "build", "--check") == 0
    suite = made / "suites" / "directed.json"
    suite.write_text(suite.read_text().replace("made", "fade"))
    capsys.readouterr()
    assert command(made, "build", "--check") == 1
    assert "suites/directed.json is not what the sources give" in capsys.readouterr().err


def test_a_mistake_leaves_the_old_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    before = (made / "suites" / "directed.json").read_bytes()
    source(made).write_text(source(made).read_text() + "  - jump: 1\n")
    assert command(made, "build") == 2
    assert "made.yaml:13: V0001" in capsys.readouterr().err
    assert (made / "suites" / "directed.json").read_bytes() == before


def test_an_id_does_not_vanish(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    source(made).write_text(source(made).read_text().replace("V0001", "V0002"))
    with pytest.raises(
        SourceError, match=r"manifest.json: V0001 no longer in the sources.*retired.yaml"
    ):
        build(made)
    (made / "retired.yaml").write_text('V0001: "says the same as V0002"\n')
    assert json.loads(build(made)["suites/directed.json"])["retired"] == {
        "V0001": "says the same as V0002"
    }


def test_an_id_is_not_used_again(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    (made / "retired.yaml").write_text('V0001: "was wrong"\n')
    with pytest.raises(SourceError, match="V0001 is used again"):
        build(made)
    (made / "retired.yaml").write_text("V0001: \n")
    with pytest.raises(SourceError, match=r"retired.yaml:1: V0001: give the reason"):
        build(made)


def test_a_change_after_a_release_is_noticed(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    assert command(made, "release") == 0
    assert built(made)["changed_since_release"] == []
    source(made).write_text(source(made).read_text().replace("SCRATCH: 1", "SCRATCH: 2"))
    assert built(made)["changed_since_release"] == ["V0001"]


def test_new_ids_are_free(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = folder(tmp_path, SCRATCH)
    (made / "retired.yaml").write_text('V0003: "gone"\n')
    assert command(made, "new", "3") == 0
    assert capsys.readouterr().out.split() == ["V0002", "V0004", "V0005"]
    assert command(made, "new", "1", "--after", "V0099") == 0
    assert capsys.readouterr().out.split() == ["V0100"]
    assert command(made, "new", "1", "--after", "x") == 2


def test_coverage_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = folder(tmp_path, SCRATCH, "unmap: src")
    found = coverage(made)
    assert found.by_rule["CP-NOP-001"] == ("V0001",)
    assert "CP-RING-001" in found.missing and "CP-NOP-001" not in found.missing
    assert not any(rule.startswith("RT-") for rule in found.by_rule)
    assert (found.vectors, found.plain) == (1, 0)
    assert command(made, "coverage", "--check") == 1
    assert "without vector: CP-RING-001" in capsys.readouterr().out
    rest = "".join(f'{rule}: "seen by nobody"\n' for rule in found.missing)
    (made / "untestable.yaml").write_text(rest)
    assert command(made, "coverage", "--check") == 0
    (made / "untestable.yaml").write_text(rest + 'CP-NOP-001: "too simple"\n')
    assert command(made, "coverage", "--check") == 1
    (made / "untestable.yaml").write_text('CP-CALL-001: "planned"\n')
    with pytest.raises(SourceError, match="CP-CALL-001 is no active rule"):
        coverage(made)


def replayed(made: Path, suite: str = "directed", **changed: Any) -> Path:
    """Leave the results of a replay of these vectors on the RTL."""
    vector = load(made / "suites" / f"{suite}.json").vectors[0]
    result = {"id": vector.id, "hash": vector.hash, "verdict": "PASS", "cycles": 321}
    device = changed.pop("device", "rtl")
    results = made.parent / "replay"
    results.mkdir(exist_ok=True)
    content = {"device": device, "results": [result | changed]}
    (results / "results.json").write_text(json.dumps(content))
    return results


def test_cycles_come_from_a_replay_and_change_no_hash(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    before = built(made)["vectors"]
    assert command(made, "measure", str(replayed(made))) == 0
    assert built(made)["vectors"] == before
    assert load(made / "suites" / "directed.json").vectors[0].cycles == 321


def test_cycles_of_other_suites_are_taken_too(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    path = made / "suites" / "random.json"
    path.write_text(suite_of(grow(1, count=1)))
    before = built(made)["vectors"]
    assert command(made, "measure", str(replayed(made, "random"))) == 0
    assert built(made)["vectors"] == before
    assert load(path).vectors[0].cycles == 321
    assert command(made, "build", "--check") == 0


@pytest.mark.parametrize(
    "changed", [{"verdict": "FAIL"}, {"hash": "sha256:0"}, {"cycles": None}, {"id": "V9"}]
)
def test_other_results_are_not_taken(tmp_path: Path, changed: dict[str, Any]) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    assert command(made, "measure", str(replayed(made, **changed))) == 0
    assert json.loads((made / "cycles.json").read_text()) == {}


def test_other_devices_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    assert command(made, "measure", str(replayed(made, device="model"))) == 2
    assert "is of device 'model'" in capsys.readouterr().err
    assert command(made, "measure", str(tmp_path / "none")) == 2
    assert not (made / "cycles.json").exists()


def test_the_manifest_vouches_for_what_was_made_only(tmp_path: Path) -> None:
    made = folder(tmp_path, SCRATCH)
    built(made)
    path = made / "suites" / "directed.json"
    text = path.read_text()
    assert vouched(path, text)
    assert not vouched(path, text + " ")
    assert not vouched(path.with_name("other.json"), text)
    path.write_text(text.replace('"tier":"core"', '"tier":"score"'))
    with pytest.raises(SuiteError, match="score"):
        load(path)
    (made / "manifest.json").write_text("[]")
    assert not vouched(path, text)
