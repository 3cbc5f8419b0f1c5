"""RTL coverage: data files of simulators are merged, counted per module, and written as LCOV."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.launch import launcher
from doorbell_tb.coverage.points import countable, merged
from doorbell_tb.coverage.report import figures, lcov, lines_of, table
from doorbell_tb.errors import CoverageError

HEAD = "# SystemC::Coverage-3\n"


def point(kind: str, line: int, what: str, count: int, instance: str = "top.a", **fields) -> str:
    """A line of a data file, as Verilator 5.48 writes it."""
    source = fields.get("lines", str(line))
    keys = {"f": f"/somewhere/{fields.get('file', 'rtl/fifo.sv')}", "l": line, "n": "5", "t": kind}
    keys |= {"page": f"v_{kind}/fifo", "o": what}
    keys |= {"S": source} if kind in ("line", "branch") else {}
    text = "".join(f"\x01{key}\x02{value}" for key, value in (keys | {"h": instance}).items())
    return f"C '{text}' {count}\n"


def data(folder: Path, name: str, *points: str) -> Path:
    place = folder / name
    place.write_text(HEAD + "".join(points))
    return place


def test_files_add_up_and_instances_share(tmp_path):
    first = data(
        tmp_path, "a.dat",
        point("line", 10, "block", 0, lines="10-12,14"), point("branch", 12, "if", 3),
        point("branch", 12, "else", 0, lines=""), point("toggle", 4, "put_q[3]:0->1", 0),
        point("toggle", 4, "put_q[3]:0->1", 2, "top.b"), point("expr", 9, "(a==1) => 1", 0),
        point("line", 1, "block", 9, file="testbench/top/doorbell_tb.sv"),
    )  # fmt: skip
    second = data(tmp_path, "b.dat", point("line", 10, "block", 4, lines="10-12,14"))
    found = merged([first, second])
    assert lines_of(found) == {"rtl/fifo.sv": {10: 4, 11: 4, 12: 4, 14: 4}}
    assert figures(found) == {
        "total": {"lines": [4, 4], "branches": [1, 2], "toggles": [1, 1], "expressions": [0, 1]},
        "modules": {"fifo": {"lines": [4, 4], "branches": [1, 2], "toggles": [1, 1], "expressions": [0, 1]}},
    }  # fmt: skip
    assert figures(merged([first]))["total"]["lines"] == [1, 4], "line 12 by its branch"
    assert table(figures(found)).splitlines()[-1].startswith("all")


def test_blocks_that_return_are_left_out(tmp_path):
    """Their count is never right; one that counts, or has return in a comment alone, stays."""
    (tmp_path / "rtl").mkdir()
    source = "function f;\n  case (x)\n    A:\n    return 1;\n    B: y = 2;  // no return\n"
    (tmp_path / "rtl" / "fifo.sv").write_text(source)
    points = [point("line", 3, "case", 0, lines="3-4"), point("line", 5, "case", 0)]
    found = countable(merged([data(tmp_path, "a.dat", *points)]), tmp_path)
    assert [one.line for one in found] == [5]
    assert len(countable(merged([data(tmp_path, "a.dat", *points)]), tmp_path / "none")) == 2


def test_lcov(tmp_path):
    found = merged(
        [data(tmp_path, "a.dat", point("branch", 12, "if", 3), point("line", 13, "b", 0))]
    )
    assert lcov(found).splitlines() == [
        "TN:", "SF:rtl/fifo.sv", "BRDA:12,0,0,3", "BRF:1", "BRH:1", "DA:12,3", "DA:13,0", "LF:2", "LH:1",
        "end_of_record",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no coverage data"),
        ("<html>", "is no coverage data"),
        (HEAD + "C 'cut off", r"a\.dat:2: .* is no point of coverage"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    place = tmp_path / "a.dat"
    place.write_text(text)
    with pytest.raises(CoverageError, match=message):
        merged([place])


def test_no_file_says_why(tmp_path):
    with pytest.raises(CoverageError, match="was the run on rtl:coverage"):
        merged([])
    with pytest.raises(CoverageError, match="cannot be read"):
        merged([tmp_path / "none.dat"])


def test_the_command_makes_all_reports_of_a_replay(tmp_path, capsys):
    replay, out = tmp_path / "replay", tmp_path / "out"
    assert cli.main(["replay", "directed", "--id", "V0008", "--out", str(replay)]) == 0
    words = ["coverage", "--from", str(replay), "--out", str(out)]
    assert cli.main(words) == 1
    assert "no coverage.dat" in capsys.readouterr().err
    data(replay / "part-0-0", "coverage.dat", point("line", 10, "block", 4))
    assert cli.main(words) == 0
    assert json.loads((out / "code.json").read_text())["total"]["lines"] == [1, 1]
    assert (out / "lcov.info").exists()
    assert (
        json.loads((out / "functional.json").read_text())["coverpoints"]["copy-spaces"]["hit"] == 2
    )


def test_only_the_variant_that_there_is(tmp_path):
    assert launcher("rtl:coverage") is not launcher("rtl")
    with pytest.raises(LookupError, match="coverage, slow, small"):
        launcher("rtl:coverag")
