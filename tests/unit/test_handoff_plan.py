"""Spreadsheet, CSV, document and page of the plan say the same as the plan, and results find their way back."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import shutil
import subprocess

import openpyxl
import pytest

from doorbell_vectors.format.document import load
from doorbell_vectors.handoff.build import book
from doorbell_vectors.handoff.evidence import Places
from doorbell_vectors.handoff.page import page
from doorbell_vectors.handoff.pdf import document
from doorbell_vectors.handoff.spreadsheet import spreadsheet
from doorbell_vectors.handoff.tables import coverage, mutants, plan_tables
from doorbell_vectors.plan.matrix import Column, Table, as_csv, matrix
from doorbell_vectors.player.options import suite_path
from doorbell_vectors.results import reports
from doorbell_vectors.results.known import known
from doorbell_vectors.results.record import TESTPOINT, VECTOR, Record
from doorbell_vectors.results.store import Store


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The plan with a store of results: one vector fails on a board, one testpoint was reviewed."""
    folder = tmp_path_factory.mktemp("store")
    suite = load(suite_path("directed"), trusted=True)
    records = [
        Record(VECTOR, one.id, "board", "FAIL" if one.id == "V0008" else "PASS", "2026-11-20")
        for one in suite.vectors
    ]
    records.append(Record(TESTPOINT, "TP101", "", "accepted", "2026-11-21", "N. N."))
    Store().merged(records).save(folder)
    return book(Places(results=folder))


@pytest.fixture(scope="module")
def workbook(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    path.write_bytes(spreadsheet(plan_tables(made), "a plan"))
    return path


def test_results_of_the_store_count(made):
    trace = made.trace
    assert trace.devices == ["board"]
    bad = [row.rule for row in trace.rows if row.results["board"].verdict == "FAIL"]
    assert bad == sorted(trace.suite.vector("V0008").rules, key=[r.rule for r in trace.rows].index)
    assert made.reviews["TP101"].verdict == "accepted"


def test_dates_and_reviews_of_the_store_are_in_the_matrix(made):
    assert made.trace.outcomes["board"]["V0001"].date == "2026-11-20"
    row = next(row for row in made.trace.rows if "TP101" in row.testpoints)
    assert row.reviewer == "N. N."


def test_sheets_have_drop_downs_filters_and_frozen_heads(workbook):
    opened = openpyxl.load_workbook(workbook)
    assert opened.sheetnames[:3] == ["Plan", "Testpoints", "Results"]
    for sheet in opened:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
    for name, head in (("Results", "Verdict"), ("Testpoints", "Status")):
        sheet = opened[name]
        column = next(cell.column_letter for cell in sheet[1] if cell.value == head)
        (rule,) = sheet.data_validations.dataValidation
        assert rule.type == "list"
        assert f"{column}2" in rule.sqref
        assert f"{column}{sheet.max_row}" in rule.sqref
    assert set(rule.formula1.strip('"').split(",")) == {"open", "in review", "rejected", "accepted"}


def test_no_cell_is_a_formula():
    table = Table("T", [Column("a")], [["=1+1"], ["@x"], [3], [None]])
    sheet = openpyxl.load_workbook(io.BytesIO(spreadsheet([table], "t")))["T"]
    assert [row[0].data_type for row in sheet.iter_rows(min_row=2)] == ["s", "s", "n", "n"]
    assert sheet["A2"].value == "=1+1"


def test_a_filled_in_spreadsheet_comes_back(made, workbook, tmp_path):
    """An empty one says nothing but the review that it was made with; what a person fills in comes back."""
    before = [record for record in reports.read(workbook) if record.kind == VECTOR]
    assert before == []
    opened = openpyxl.load_workbook(workbook)
    for name, values in (
        (
            "Results",
            {"Device": "silicon B0", "Verdict": "PASS", "Date": "2026-11-22", "Tester": "N. N."},
        ),
        ("Testpoints", {"Status": "rejected", "Reviewer": "N. N.", "Remark": "too thin"}),
    ):
        heads = {cell.value: cell.column for cell in opened[name][1]}
        for head, value in values.items():
            opened[name].cell(3, heads[head], value)
    filled = tmp_path / "filled.xlsx"
    opened.save(filled)
    ids = known([made.trace.suite], [point.id for point in made.trace.plan.testpoints])
    records = reports.read_all([filled], ids)
    vector = next(record for record in records if record.kind == VECTOR)
    assert (vector.id, vector.device, vector.verdict) == ("V0002", "silicon B0", "PASS")
    assert vector.hash == made.trace.suite.vector("V0002").hash
    point = next(record for record in records if record.id != "TP101" and record.kind == TESTPOINT)
    assert (point.verdict, point.person, point.text) == ("rejected", "N. N.", "too thin")


def test_the_matrix_has_a_row_for_each_rule(made):
    table = matrix(made.trace)
    rows = list(csv.DictReader(io.StringIO(as_csv(table))))
    assert [row["Rule"] for row in rows] == [row.rule for row in made.trace.rows]
    for row, traced in zip(rows, made.trace.rows, strict=True):
        assert row["Vectors"].split() == list(traced.vectors)
        assert row["Text"] == traced.text
        assert row["Mutants first killed by its vectors"] == ""  # not measured is not zero
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_every_table_is_rectangular_and_the_receivers_cells_are_empty(made):
    for table in plan_tables(made):
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.name
        heads = [column.head for column in table.columns]
        for head in ("Owner", "Accepted by", "Tester", "Open issue"):
            if head in heads and table.name != "Waivers":
                assert {row[heads.index(head)] for row in table.rows} <= {"", None}


def test_the_document_has_all_testpoints_and_rules(made, tmp_path):
    data = document(made)
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", data)) >= 10
    if shutil.which("pdftotext") is None:
        pytest.skip(
            "no pdftotext: apt-get install poppler-utils, and the document's text is checked"
        )
    (tmp_path / "plan.pdf").write_bytes(data)
    command = ["pdftotext", "-layout", tmp_path / "plan.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [point.id for point in made.trace.plan.testpoints]
    names += [row.rule for row in made.trace.rows]
    assert [name for name in names if name not in text] == []
    assert "accepted" in text
    assert "2026-11-21" in text


def test_a_store_that_does_not_fit_stops_everything(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"format": 9}))
    with pytest.raises(Exception, match="is no results store of format 1"):
        book(Places(results=tmp_path))


@pytest.fixture
def evidence(tmp_path):
    """Coverage and mutants as their commands leave them, made by hand."""
    places = {
        "functional.json": {"coverpoints": {"copy-spaces": {"bins": {"HOST x HOST x 64": 3}}}},
        "code.json": {
            "total": {"lines": [3, 4], "toggles": [0, 0]},
            "modules": {"dma_engine": {"lines": [3, 4], "toggles": [0, 0]}},
        },
    }
    folder = tmp_path / "coverage"
    folder.mkdir()
    for name, data in places.items():
        (folder / name).write_text(json.dumps(data))
    mutation = tmp_path / "mutation.json"
    survivor = {
        "id": "m7",
        "file": "rtl/a.sv",
        "line": 7,
        "kind": "drop",
        "original": "<x>",
        "mutant": "y",
    }
    modules = {"dma_engine": {"mutants": 4, "killed": 3, "survived": 1, "score": 0.75}}
    figures = {"mutants": 4, "killed": 3, "equivalent": 0, "legal": 0, "score": 0.75}
    told = {"modules": modules, "rules": {"DMA-COPY-001": 3}, "survivors": [survivor]}
    told["vectors"] = {"V0008": 2, "V0001": 1}
    mutation.write_text(json.dumps(figures | told))
    return Places(coverage=folder, mutation=mutation)


def test_what_was_measured_is_in_tables_and_page(evidence):
    found = book(evidence)
    (code,), (scores, survivors) = coverage(found), mutants(found)
    assert code.rows[1] == ["dma_engine", 3, 4, 75, 0, 0, None]
    assert scores.rows == [["dma_engine", 4, 3, 1, 0, 0, "75.0"]]
    assert survivors.rows == [["m7", "rtl/a.sv", 7, "drop", "<x>", "y"]]
    text = page(found)
    assert "&lt;x&gt;" in text
    assert "3 killed, 0 equivalent" in text
    assert re.search(
        r'id="V0008".*?<td class="number">2</td><td><a href="#result-V0008"', text, re.S
    )
    assert "HOST x DEVICE x 64" in text  # not hit
    assert "HOST x HOST x 64" not in text
    assert set(evidence.files()) == {
        "coverage/functional.json",
        "coverage/code.json",
        "coverage/mutation.json",
    }
    table = matrix(found.trace)
    row = next(row for row in table.rows if row[0] == "DMA-COPY-001")
    heads = [column.head for column in table.columns]
    first = heads.index("Mutants first killed by its vectors")
    assert row[first] == 3
    assert not any("in all" in head for head in heads), "a figure of no rule is no column"
    assert text.count("The campaign killed 3 mutants in all") == 1
    assert row[heads.index("Bins hit")] == 1
    assert "Functional coverage was not measured" not in " ".join(found.notes)


def test_rows_are_as_high_as_their_text():
    table = Table("T", [Column("a", 10)], [["x"], ["word " * 10], ["word " * 1000]])
    sheet = openpyxl.load_workbook(io.BytesIO(spreadsheet([table], "t")))["T"]
    assert [sheet.row_dimensions[row].height for row in (2, 3, 4)] == [
        None,
        90,
        180,
    ]  # 15 is the default


def test_waivers_go_along_and_expire_on_the_day_that_is_given(tmp_path):
    path = tmp_path / "waivers.yaml"
    path.write_text(
        "- {id: W001, vectors: [V0008], contract: ['0.1.0', null], owner: N. N.,"
        " expires: 2026-11-20, reason: known}\n"
    )
    places = Places(waivers=path)
    assert places.files() == {"waivers.yaml": path}
    undated = book(places)
    assert "waivers have expired was not judged" in " ".join(undated.notes)
    (table,) = [table for table in plan_tables(undated) if table.name == "Waivers"]
    assert table.rows[0][:2] == ["W001", "V0008"]
    dated = book(Places(waivers=path, today=datetime.date(2026, 11, 21)))
    (judged,) = [one for one in dated.judged if one.criterion.measure == "waivers_expired"]
    assert str(judged.state) == "fails"
    assert "W001" in judged.why
