"""Results come back in four forms, merge by id, and nothing is lost or half-written."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import openpyxl
import pytest
from player_suite import DEVICE, read, suite, vector

from doorbell.cli import main
from doorbell_vectors.format.document import load
from doorbell_vectors.player.options import suite_path
from doorbell_vectors.player.reports import junit, ktap
from doorbell_vectors.player.verdict import Result, Verdict
from doorbell_vectors.results import reports, sheet
from doorbell_vectors.results.known import Known, known
from doorbell_vectors.results.record import TESTPOINT, VECTOR, Record, ResultsError
from doorbell_vectors.results.store import NAME, Store

HASH = "sha256:" + "a" * 64
KNOWN = Known({"V0001": HASH, "V0002": HASH, "V0003": HASH}, frozenset({"TP-DMA-001"}))
RESULTS = [
    Result("V0001", "one", Verdict.PASS, hash=HASH),
    Result("V0002", "two", Verdict.FAIL, "0x1 for 0x2\nand more", hash=HASH),
    Result("V0003", "three", Verdict.NOT_SUPPORTED, "device lacks queues", hash=HASH),
]
WANTED = [(one.id, str(one.verdict)) for one in RESULTS]


def made(tmp_path: Path, text: str, name: str = "report") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def verdicts(records):
    return [(record.id, record.verdict) for record in records]


def suite_of_three():
    return suite(*(vector(one.id, [read(DEVICE.SCRATCH)]) for one in RESULTS))


def test_junit_of_the_player(tmp_path):
    text = junit.document(suite_of_three(), RESULTS, 1.0)
    records = reports.read(made(tmp_path, text), "board", "2026-11-20")
    assert verdicts(records) == WANTED
    assert records[1].text == "0x1 for 0x2"
    assert (records[1].device, records[1].date) == ("board", "2026-11-20")
    assert records[1].hash == HASH


def test_junit_of_another_tool(tmp_path):
    text = """<testsuites><testsuite timestamp="2026-11-21T10:00:00">
    <testcase name="doorbell.test_V0001_one"/>
    <testcase name="V0002"><failure>bytes differ</failure></testcase>
    </testsuite></testsuites>"""
    records = reports.read(made(tmp_path, text), "board", "2026-01-01")
    assert verdicts(records) == [("V0001", "PASS"), ("V0002", "FAIL")]
    assert records[1].text == "bytes differ"
    assert records[0].date == "2026-11-21"
    assert records[1].source == "report:3"


def test_ktap_of_the_player(tmp_path):
    text = "\n".join(ktap.lines(RESULTS)) + "\n"
    records = reports.read(made(tmp_path, text), "board")
    assert verdicts(records) == WANTED
    assert records[1].text == "0x1 for 0x2"
    assert records[0].date is None


def test_ktap_of_the_portable_player(tmp_path):
    text = """KTAP version 1
1..4
ok 1 V0001 one
# V0002 FAIL: step 3: 0x1 for 0x2
# V0002 hunts: off by one
not ok 2 V0002 two # FAIL
ok 3 V0003 three # SKIP NOT_SUPPORTED: device lacks queues
# V0001 INCONCLUSIVE: guard
not ok 4 V0001 one # INCONCLUSIVE
# totals: PASS 1
"""
    records = reports.read(made(tmp_path, text), "board")
    assert verdicts(records) == [*WANTED, ("V0001", "INCONCLUSIVE")]
    assert [record.round for record in records] == [0, 0, 0, 1]
    assert records[1].text == "step 3: 0x1 for 0x2"


def test_json_of_a_replay_and_its_lines(tmp_path):
    rows = [result.to_json() for result in RESULTS]
    whole = made(tmp_path, json.dumps({"device": "rtl", "results": rows}), "whole")
    lines = [{"kind": "device", "device": {"transport": "rtl"}}]
    lines += [{"kind": "result", "result": row} for row in rows]
    split = made(tmp_path, "\n".join(map(json.dumps, lines)), "lines")
    for path in (whole, split):
        records = reports.read(path)
        assert verdicts(records) == WANTED
        assert {(record.device, record.hash) for record in records} == {("rtl", HASH)}


def test_log_of_the_portable_player(tmp_path):
    text = """{"run":{"player":"doorbell-player","device":"vfio-user:/tmp/x"}}
{"device":{"transport":"vfio-user"}}
{"vector":"V0001","step":0,"op":"read","ok":true}
{"id":"V0001","verdict":"PASS","text":"","cycles":5}
{"id":"V0001","verdict":"FAIL","text":"0x1","cycles":5}
"""
    records = reports.read(made(tmp_path, text))
    assert [(one.id, one.verdict, one.round, one.device) for one in records] == [
        ("V0001", "PASS", 0, "vfio-user"),
        ("V0001", "FAIL", 1, "vfio-user"),
    ]


def book(tmp_path: Path, results=(), points=(), heads=None, name="review.xlsx") -> Path:
    made_book = openpyxl.Workbook()
    for columns, rows in ((sheet.RESULTS, results), (sheet.TESTPOINTS, points)):
        page = made_book.create_sheet(columns.sheet)
        page.append((heads or {}).get(columns.sheet, columns.heads()))
        for row in rows:
            page.append(row)
    path = tmp_path / name
    made_book.save(path)
    return path


def test_a_reviewed_spreadsheet(tmp_path):
    path = book(
        tmp_path,
        [["V0001", "PASS", "board A", "2026-11-20", "N. N.", "", HASH], ["V0002", None]],
        [["TP-DMA-001", "accepted", "2026-11-20", "N. N.", "fine"]],
    )
    records = reports.read(path)
    assert verdicts(records) == [("V0001", "PASS"), ("TP-DMA-001", "accepted")]
    assert records[0].source == "review.xlsx: Results!A2"
    assert (records[1].kind, records[1].person, records[1].device) == (TESTPOINT, "N. N.", "")


BAD_SHEETS = [
    ({"results": [["V0001", "PASSED", "b"]]}, "Results!B2: 'PASSED' is no verdict"),
    ({"results": [["V0001", "PASS", "b", "20/11"]]}, "Results!D2: '20/11' is no day"),
    ({"results": [["V0001", "PASS", "b"], ["V0001", "FAIL", "b"]]}, "Results!A3: V0001 stands at"),
    ({"results": [["V0001", None, "b", None, "me"]]}, "Results!B2: V0001 has remarks but no"),
    ({"results": [[None, "PASS", "b"]]}, "Results!A2: the id is missing"),
    ({"results": [["V0001", "PASS"]]}, "Results!A2: does not say which device"),
    (
        {"heads": {"Testpoints": ["Testpoint", "State", "Date", "Reviewer", "Remark"]}},
        "Testpoints!1:1: column 'Status' is missing or renamed; there are 'Testpoint', 'State'",
    ),
    (
        {"heads": {"Results": [*sheet.RESULTS.heads(), "Verdict"]}},
        "Results!H1: column 'Verdict' is there twice",
    ),
]


@pytest.mark.parametrize(("parts", "message"), BAD_SHEETS)
def test_a_spreadsheet_that_is_wrong_names_the_cell(tmp_path, parts, message):
    with pytest.raises(ResultsError) as caught:
        reports.read(book(tmp_path, **parts))
    assert str(caught.value).startswith(f"review.xlsx: {message}")


def test_a_cut_or_foreign_spreadsheet(tmp_path):
    path = book(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ResultsError, match=r"review\.xlsx: is no spreadsheet, or was cut off"):
        reports.read(path)
    openpyxl.Workbook().save(path)
    with pytest.raises(ResultsError, match=r"review\.xlsx: has no sheet 'Results'; it has Sheet"):
        reports.read(path)


def test_a_spreadsheet_that_would_burst(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "LARGEST", 1000)
    with pytest.raises(ResultsError, match="bytes unpacked, the limit is 1000"):
        reports.read(book(tmp_path))


BAD_TEXTS = [
    ("", "report:1: is none of JUnit XML"),
    ("<testsuite/>", "report: holds no result"),
    ("hello", "report:1: is none of JUnit XML"),
    ("<html/>", "report:1: is no JUnit report: starts with <html>"),
    ("<testsuite>\n<testcase name='V0001'>", "report:2: is no whole XML"),
    ("<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite/>", "report:1: a document type is not taken"),
    ("<testsuite>\n<testcase name='reset'/></testsuite>", "report:2: test 'reset' names no vector"),
    ("<testsuite>\n<testcase/></testsuite>", "report:2: <testcase> has no name"),
    (
        "<testsuite><testcase name='V0001'/>\n<testcase name='V0001'/></testsuite>",
        "report:2: V0001 stands at report:1 already",
    ),
    ("KTAP version 1\nok 1 V0001-one\n", "report:1: has no plan"),
    ("KTAP version 1\n1..2\nok 1 V0001-one\n", "report:3: has 1 results, 2 were planned"),
    ("KTAP version 1\n1..1\nok 1 one\n", "report:3: names no vector id"),
    ("KTAP version 1\n1..1\nBail out! dead\n", "report:3: the run bailed out: dead"),
    ('{"id":"V0001","verdict":"PASS"}\n{"id":"V0', "report:2: is no JSON, or was cut off"),
    ('{"id":"V0001","verdict":"GOOD"}', "report:1: 'GOOD' is no verdict of a vector"),
    ('{"id":7,"verdict":"PASS"}', "report:1: id is 7, must be text"),
    ('{"results":[{"id":"V0001"}]}', "report: results[0]: verdict is None"),
    ("[" * 100_000, "report:1: is none of JUnit XML"),
    ('{"a":' * 100_000, "report:1: is nested too deeply"),
]


@pytest.mark.parametrize(("text", "message"), BAD_TEXTS)
def test_a_report_that_is_wrong_names_the_line(tmp_path, text, message):
    with pytest.raises(ResultsError) as caught:
        reports.read(made(tmp_path, text), "board")
    assert str(caught.value).startswith(message)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "report"
    path.write_bytes(b'{"id"\n\xff')
    with pytest.raises(ResultsError, match="report:2: is no text in UTF-8"):
        reports.read(path)


def test_unknown_and_retired_ids(tmp_path):
    record = Record(VECTOR, "V0009", "board", "PASS", source="report:7")
    with pytest.raises(ResultsError, match="report:7: vector 'V0009' is unknown"):
        KNOWN.check(record)
    with pytest.raises(ResultsError, match="report:7: testpoint 'TP-X' is unknown"):
        KNOWN.check(record.changed(kind=TESTPOINT, id="TP-X"))
    gone = Known({}, frozenset(), {"V0009": "too slow"})
    assert gone.stale(gone.check(record)) == "the vector was retired: too slow"


def test_a_result_of_another_version_of_the_vector_is_stale():
    record = Record(VECTOR, "V0001", "board", "PASS", hash=HASH)
    assert KNOWN.stale(record) == ""
    assert (
        KNOWN.stale(record.changed(hash=HASH.replace("a", "b"))) == "the vector has changed since"
    )


def record(verdict, **fields):
    return Record(VECTOR, "V0001", "board", verdict, **fields)


def test_merging_is_idempotent_and_keeps_everything():
    first = Store().merged([record("PASS", source="a:1")])
    assert first.merged([record("PASS", source="b:2")]) == first
    both = first.merged([record("FAIL", date="2026-11-20")])
    assert len(both.records) == 2
    assert [[one.verdict for one in group] for group in both.conflicts()] == [["PASS", "FAIL"]]
    assert [one.verdict for one in both.standing()] == ["FAIL"]


def test_another_device_is_no_conflict():
    store = Store().merged([record("PASS"), record("FAIL").changed(device="other")])
    assert not store.conflicts()
    assert len(store.standing()) == 2


def test_a_later_import_may_supersede_and_loses_nothing():
    store = Store().merged([record("FAIL")]).merged([record("PASS")], supersede=True)
    assert [(one.verdict, one.superseded) for one in store.records] == [
        ("FAIL", True),
        ("PASS", False),
    ]
    assert not store.conflicts()
    again = store.merged([record("FAIL")], supersede=True)
    assert [one.verdict for one in again.standing()] == ["FAIL"]
    assert len(again.records) == 2


def test_another_version_of_the_vector_is_no_conflict_and_hides_nothing():
    """Or whoever plays a mended vector again would keep the failure of the old one."""
    new, old = HASH, HASH.replace("a", "b")
    store = Store().merged([record("FAIL", hash=old), record("PASS", hash=new)])
    assert not store.conflicts()
    assert {(one.verdict, one.hash) for one in store.standing()} == {("FAIL", old), ("PASS", new)}
    unsaid = store.merged([record("INCONCLUSIVE")])
    assert len(unsaid.conflicts()) == 2
    assert {one.verdict for one in unsaid.standing()} == {"FAIL", "INCONCLUSIVE"}


def test_of_two_that_are_alike_the_one_with_the_hash_stands():
    """Or a report without hashes would hide that the vector has changed since."""
    old = HASH.replace("a", "b")
    store = Store().merged([record("PASS", hash=old), record("PASS")])
    assert [KNOWN.stale(one) for one in store.standing()] == ["the vector has changed since"]


def test_the_store_reads_what_it_wrote(tmp_path):
    store = Store().merged([record("PASS", text="ä"), record("FAIL", round=3)])
    store.save(tmp_path)
    assert Store.load(tmp_path) == store
    assert Store.load(tmp_path).text() == (tmp_path / NAME).read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"PASS"', '"GOOD"', "results.json:3: 'GOOD' is no verdict"),
        ('"round":0', '"round":-1', "results.json:3: round is -1"),
        ('"format":1', '"format":2', "is no results store of format 1"),
        ('"person":"",', "", "results.json:3: must be an object with"),
        ('"date":null', '"date":"soon"', "results.json:3: 'soon' is no day"),
        ("]}", "", "no results can be read"),
    ],
)
def test_a_store_that_was_edited_badly(tmp_path, old, new, message):
    text = Store().merged([record("PASS")]).text()
    assert old in text
    (tmp_path / NAME).write_text(text.replace(old, new))
    with pytest.raises(ResultsError) as caught:
        Store.load(tmp_path)
    assert message in str(caught.value)


def test_the_command_merges_lists_conflicts_and_what_to_play_again(tmp_path, capsys):
    ids = [vector.id for vector in load(suite_path("directed"), trusted=True).vectors[:2]]
    good = "".join(f'{{"id":"{one}","verdict":"PASS"}}\n' for one in ids)
    bad = f'{{"id":"{ids[0]}","verdict":"FAIL","hash":"{HASH}"}}\n'
    into = ["--into", str(tmp_path / "store"), "--device", "board A"]
    assert main(["import-results", str(made(tmp_path, good, "good")), *into]) == 0
    assert main(["import-results", str(made(tmp_path, bad, "bad")), *into]) == 1
    said = capsys.readouterr().out
    assert f"conflict: {ids[0]} on board A: FAIL (bad:1); PASS (good:1)" in said
    assert f"play again: {ids[0]} on board A: the vector has changed since" in said
    assert main(["import-results", str(tmp_path / "good"), *into, "--supersede"]) == 0


def test_one_bad_file_and_nothing_is_written(tmp_path, capsys):
    good = made(tmp_path, '{"id":"V0001","verdict":"PASS"}\n', "good")
    bad = made(tmp_path, '{"id":"V9999","verdict":"PASS"}\n', "bad")
    store = tmp_path / "store"
    call = ["import-results", str(good), str(bad), "--into", str(store), "--device", "b"]
    assert main(call) == 2
    assert "bad:1: vector 'V9999' is unknown" in capsys.readouterr().err
    assert not store.exists()


def test_known_takes_all_suites():
    found = known([suite_of_three()], ["TP-A"])
    assert set(found.hashes) == {"V0001", "V0002", "V0003"}
    assert found.testpoints == {"TP-A"}


def test_the_store_is_the_same_whatever_the_order():
    records = [record("PASS"), record("FAIL"), record("FAIL", date="2026-11-20")]
    assert Store().merged(records) == Store().merged(reversed(records))


def test_the_command_is_registered():
    done = subprocess.run(
        [".venv/bin/doorbell", "import-results", "--help"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--supersede" in done.stdout
