"""The test plan: every rule and vector has its testpoint, and what is wrong with a plan is said with file and line."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.contract.rules import RULES
from doorbell.exit_codes import ExitCode
from doorbell_vectors.errors import SourceError, VectorsError
from doorbell_vectors.format.document import load as load_suite
from doorbell_vectors.plan.check import orphans
from doorbell_vectors.plan.document import AREAS, FOLDER, Criterion, load
from doorbell_vectors.plan.evidence import Evidence, Outcome, gather
from doorbell_vectors.plan.select import vectors_of
from doorbell_vectors.plan.signoff import State, measure, sign_off
from doorbell_vectors.plan.trace import text_hash, trace
from doorbell_vectors.player.options import suite_path
from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.player.waivers import Waiver
from doorbell_vectors.results.record import Record
from doorbell_vectors.results.store import Store

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def suite():
    return load_suite(suite_path("directed"), trusted=True)


@pytest.fixture(scope="module")
def plan():
    return load()


def changed(plan, identifier: str, **fields):
    """The plan with one testpoint changed."""
    areas = [
        replace(
            area,
            testpoints=[
                replace(point, **fields) if point.id == identifier else point
                for point in area.testpoints
            ],
        )
        for area in plan.areas
    ]
    return replace(plan, areas=areas)


def test_nothing_hangs_in_the_air(plan, suite):
    """What fails here: give the rule or vector a testpoint in vectors/plans/."""
    assert orphans(plan, suite, CHECKOUT) == []


def test_planned_rules_are_traced_apart(plan, suite):
    rows = trace(plan, suite, Evidence()).rows
    planned = [row for row in rows if row.status == "planned"]
    assert planned
    assert not any(row.vectors for row in planned)
    assert {row.rule for row in rows} == {r.id for r in RULES.values() if r.status != "retired"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rules": ["DMA-FILL-001"]}, "DMA-WRITE-001 is active and in no testpoint"),
        ({"rules": ["DMA-WRITE-001", "DMA-X-001"]}, "DMA-X-001 is no rule of the contract"),
        ({"vectors": ["V9999"]}, "V9999 is no vector of the suite"),
        ({"tests": ["tests/unit/test_plan.py::nowhere"]}, "test tests/unit/test_plan.py::nowhere is not there"),
        ({"tests": ["tests/unit/none.py"]}, "test tests/unit/none.py is not there"),
        ({"vectors": [], "tests": []}, "has neither a vector nor a test"),
        ({"bins": []}, "coverage write-lengths belongs to no testpoint"),
    ],
)  # fmt: skip
def test_an_orphan_is_named(plan, suite, fields, message):
    found = orphans(changed(plan, "TP205", **fields), suite, CHECKOUT)
    assert any(message in line for line in found), found


def test_a_vector_without_testpoint_is_named(plan, suite):
    lone = replace(suite.vectors[0], id="V9998", rules=("XX-NONE-001",))
    found = orphans(plan, replace(suite, vectors=(*suite.vectors, lone)), CHECKOUT)
    assert [line for line in found if line.startswith("V9998 ")]


def test_a_new_rule_wants_a_testpoint(plan, suite):
    rules = RULES | {"CP-NEW-001": replace(RULES["CP-DB-001"], id="CP-NEW-001")}
    assert orphans(plan, suite, CHECKOUT, rules)[0].startswith("CP-NEW-001 is active and in no")


def test_selectors(plan, suite):
    point = next(plan.testpoints)
    vector = suite.vectors[0]

    def chosen(*selectors):
        return {one.id for one in vectors_of(replace(point, vectors=selectors), suite)}

    assert chosen(vector.id) == {vector.id}
    assert vector.id in chosen({"name": vector.name[:5] + "*"})
    assert vector.id in chosen({"rule": vector.rules[0][:4], "negative": vector.negative})
    assert chosen({"tier": "smoke", "tag": "no such"}) == set()
    assert chosen({"bringup": 1}) == {one.id for one in suite.vectors if one.bringup == 1}


# Bad files ----------------------------------------------------------------------------------------
def copied(tmp_path: Path) -> Path:
    for name in ("plan", *AREAS):
        (tmp_path / f"{name}.yaml").write_text((FOLDER / f"{name}.yaml").read_text())
    return tmp_path


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("dma", "stage: V1", "stage: V9", r"dma\.yaml:\d+: TP201: .*V9"),
        ("dma", "- id: TP202", "- id: TP201", r"dma\.yaml:\d+: TP201 stands at .*dma\.yaml:\d+ already"),
        ("units", "- id: TP402", "- id: TP201", r"units\.yaml:\d+: TP201 stands at .*dma\.yaml"),
        ("dma", "bins: [fill-shape]", "bins: [fill]", r"TP204: no coverage 'fill' in this file; there are: copy-"),
        ("dma", "  priority: high\n", "  priority: high\n  owner: somebody\n", r"TP201: .*owner"),
        ("dma", "stage: V1", "stage: !!python/name:os.system V1", r"dma\.yaml:\d+: tag .* is not taken"),
        ("endpoint", "status: [UR, CA], bytes", "status: [UR, XX], bytes",
         r"tlp-comp.*: without: status has no bins \['XX'\]; there are: SC, UR, CA"),
        ("dma", "bins: {source_pages: [none]", "bins: {source_page: [none]",
         r"dma\.yaml:43: copy-pages: without: no axis 'source_page'; there are: source_pages, dest"),
        ("dma", "bins: {source_pages: [none]", "bins: {source_pages: [never]",
         r"dma\.yaml:43: copy-pages: without: source_pages has no bins \['never'\]"),
        ("dma", "stage: V1", "stage: V1\n  stage: V2", r"key 'stage' is repeated"),
        ("plan", "measure: rules_in_testpoints, ", "", r"plan\.yaml:\d+: E01: .*measure"),
        ("plan", "risks:\n", "rusks:\n", r"plan\.yaml:\d+: .*r[iu]sks"),
    ],
)  # fmt: skip
def test_a_bad_plan_is_refused_with_its_line(tmp_path, name, old, new, message):
    folder = copied(tmp_path)
    place = folder / f"{name}.yaml"
    assert old in place.read_text()
    place.write_text(place.read_text().replace(old, new, 1))
    with pytest.raises(SourceError, match=message):
        load(folder)


def test_a_file_too_many_or_too_few_is_named(tmp_path):
    folder = copied(tmp_path)
    (folder / "other.yaml").write_text("{}")
    with pytest.raises(SourceError, match=r"other\.yaml:1: is no area"):
        load(folder)
    (folder / "other.yaml").unlink()
    (folder / "dma.yaml").unlink()
    with pytest.raises(SourceError, match=r"dma\.yaml:1: cannot be read"):
        load(folder)


# Trace and sign-off -------------------------------------------------------------------------------
def played(suite, device: str, verdict: Verdict, **fields) -> list[Outcome]:
    return [Outcome(vector.id, device, verdict, vector.hash, **fields) for vector in suite.vectors]


def test_a_row_tells_what_there_is(plan, suite):
    vector = next(one for one in suite.vectors if "DMA-COPY-001" in one.rules)
    outcomes = played(suite, "rtl", Verdict.PASS, date="2026-11-20", device_id="board 3")
    outcomes.append(Outcome(vector.id, "rtl", Verdict.FAIL, vector.hash, "2026-11-21", "board 4"))
    outcomes.append(Outcome(vector.id, "rtl", Verdict.PASS, "sha256:of another text"))
    evidence = Evidence(
        outcomes,
        bins={"copy-spaces": {"HOST x HOST x 64": 3, "no such bin": 9}},
        mutation={"mutants": 10, "killed": 7, "rules": {"DMA-COPY-001": 4}},
        waivers=[waiver(vector.id)],
    )
    found = trace(plan, suite, evidence)
    row = found.row("DMA-COPY-001")
    result = row.results["rtl"]
    assert (result.verdict, result.failing, result.total - result.right) == ("FAIL", [vector.id], 1)
    assert result.date == "2026-11-21"
    assert "board 4" in result.device_id
    assert row.text_hash == text_hash(row.text) != text_hash(row.text + ".")
    assert (row.bins_hit, row.mutants_killed, row.waivers) == (1, 4, ["W001"])
    assert found.killed == 7
    assert row.bins > 50
    assert (row.reviewer, row.issue) == ("", "")


def waiver(vector: str) -> Waiver:
    until = datetime.date(2026, 11, 1)
    return Waiver("W001", frozenset({vector}), "0.1.0", None, "a person", until, "known")


def test_nothing_is_invented(plan, suite):
    row = trace(plan, suite, Evidence(played(suite, "model", Verdict.PASS))).rows[0]
    assert (row.bins_hit, row.mutants_killed) == (None, None)
    assert (row.results["model"].date, row.results["model"].device_id) == ("", "")


def judged(plan, suite, evidence: Evidence, identifier: str):
    found = sign_off(trace(plan, suite, evidence), datetime.date(2026, 11, 23))
    return next(one for one in found if one.criterion.id == identifier)


def test_sign_off_follows_the_evidence(plan, suite):
    good = Evidence(played(suite, "rtl", Verdict.PASS))
    assert judged(plan, suite, good, "X08").state is State.HOLDS
    assert judged(plan, suite, good, "X05").state is State.OPEN
    assert judged(plan, suite, good, "X13").state is State.OPEN
    assert judged(plan, suite, good, "X22").state is State.PERSON
    one = suite.vectors[0]
    bad = Evidence([*good.outcomes, Outcome(one.id, "rtl", Verdict.FAIL, one.hash)])
    assert judged(plan, suite, bad, "X08").state is State.FAILS
    assert one.id in judged(plan, suite, bad, "X08").why
    skipped = Evidence(played(suite, "rtl", Verdict.NOT_SUPPORTED))
    assert judged(plan, suite, skipped, "X08").state is State.HOLDS
    assert judged(plan, suite, skipped, "X09").state is State.FAILS
    late = Evidence(waivers=[waiver(one.id)])
    assert judged(plan, suite, late, "X19").state is State.FAILS


def test_sign_off_counts_code_bins_and_mutants(plan, suite):
    low = Evidence(
        bins={},
        code={"total": {"lines": [90, 100]}, "modules": {}},
        mutation={"mutants": 1200, "killed": 1000, "equivalent": 50, "legal": 50, "score": 0.909},
    )
    for identifier in ("X13", "X14", "X18"):
        assert judged(plan, suite, low, identifier).state is State.FAILS
    assert judged(plan, suite, low, "X17").state is State.HOLDS
    assert judged(plan, suite, low, "X14").value == 90


def test_imported_results_and_reviews_count(tmp_path, plan, suite):
    one = suite.vectors[0]
    rows = [
        Record("vector", one.id, "board", "PASS", "2026-11-20", hash=one.hash),
        Record("vector", one.id, "board", "FAIL", "2026-11-21", hash=one.hash),
        Record("testpoint", "TP201", "", "accepted", "2026-11-22", "R. Viewer", "see #12"),
    ]
    Store(tuple(rows)).save(tmp_path)
    evidence = gather(store=tmp_path)
    found = trace(plan, suite, evidence)
    assert found.outcomes["board"][one.id].verdict is Verdict.FAIL
    row = found.row("DMA-COPY-001")
    assert (row.reviewer, row.issue) == ("R. Viewer", "see #12")
    assert judged(plan, suite, evidence, "X20").state is State.FAILS
    assert judged(plan, suite, evidence, "X21").value == pytest.approx(100 / 77, abs=0.1)
    assert judged(plan, suite, Evidence(), "X21").state is State.OPEN


def test_an_unknown_figure_is_refused(plan, suite):
    found = trace(plan, suite, Evidence())
    with pytest.raises(SourceError, match="no figure 'luck'; there are: rules_in_testpoints"):
        measure("luck", found)
    with pytest.raises(SourceError, match="no figure"):
        measure("bins:rtl", found)
    assert Criterion("X99", "t").measure == ""


def test_evidence_is_read_from_a_replay(tmp_path, plan, suite, capsys):
    out = tmp_path / "replay"
    assert cli.main(["replay", "directed", "--id", suite.vectors[0].id, "--out", str(out)]) == 0
    (one,) = gather([out]).outcomes
    assert (one.vector, one.device, one.verdict) == (suite.vectors[0].id, "model", Verdict.PASS)
    assert cli.main(["plan", "trace", "--replay", str(out)]) == ExitCode.RIGHT
    assert "Rule,Text hash,Status" in capsys.readouterr().out
    assert cli.main(["plan", "signoff", "--replay", str(out)]) == ExitCode.WRONG
    assert "X06 holds" in capsys.readouterr().out
    assert cli.main(["plan", "check"]) == ExitCode.RIGHT


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "no", json.dumps({"results": [{"id": "V0001"}], "device": "x"})]
)
def test_bad_evidence_is_refused(tmp_path, text, capsys):
    place = tmp_path / "results.json"
    place.write_text(text)
    with pytest.raises(VectorsError, match=r"results\.json"):
        gather([place])
    assert cli.main(["plan", "signoff", "--replay", str(place)]) == ExitCode.USAGE
    assert "results.json" in capsys.readouterr().err
