"""Mutants are drawn, written, judged and scored as said; a campaign that was stopped goes on."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.exit_codes import ExitCode
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.errors import MutationError
from doorbell_tb.mutation.campaign import Killers, campaign
from doorbell_tb.mutation.mutants import Mutant, accepted, all_mutants, draw
from doorbell_tb.mutation.replay import read_suite
from doorbell_tb.mutation.schemata import mutated
from doorbell_tb.mutation.score import published_killers, report, table
from doorbell_tb.mutation.sites import Site, sites
from doorbell_tb.mutation.verdicts import Review, Verdict, append, read_reviews, read_verdicts

SOURCE = """\
`include "check.svh"
module tiny #(parameter int Width = 4) (
    input logic clk_i, input logic rst_i, input logic [Width-1:0] a_i, output logic [7:0] b_o
);
  localparam int Half = Width / 2 - 1;
  logic [7:0] count_q;
  function automatic logic odd(logic [7:0] v);
    return v[0] && !(v == 8'd3);
  endfunction
  assign b_o = odd(count_q) ? count_q + 1 : {4'b0, a_i[Half+1:0], 1'b1};
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < 3; i++) begin
      if (a_i[i]) count_q <= count_q - 8'd2;
    end
    if (rst_i) count_q <= '0;
  end
  `CHECK(Counted, count_q < 8'd200)
endmodule
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "check.svh").write_text((CHECKOUT / "rtl" / "check.svh").read_text())
    path = tmp_path / "small.sv"
    path.write_text(SOURCE)
    return path


def test_sites_are_what_a_clock_cycle_evaluates(small: Path) -> None:
    found = {(site.kind, site.original, site.text) for site in sites(small)}
    assert found == {
        ("operator", "v[0] && !(v == 8'd3)", "(v[0]) || (!(v == 8'd3))"),
        ("negation", "!(v == 8'd3)", "(v == 8'd3)"),
        ("operator", "v == 8'd3", "(v) != (8'd3)"),
        ("constant", "8'd3", "8'd4"),
        ("stuck", "odd(count_q) ? count_q + 1 : {4'b0, a_i[Half+1:0], 1'b1}", "'0"),
        ("condition", "odd(count_q)", "!(odd(count_q))"),
        ("operator", "count_q + 1", "(count_q) - (1)"),
        ("constant", "1", "2"),
        ("constant", "4'b0", "4'd1"),
        ("constant", "1'b1", "1'd0"),
        ("condition", "a_i[i]", "!(a_i[i])"),
        ("drop", "count_q - 8'd2", "count_q"),
        ("operator", "count_q - 8'd2", "(count_q) + (8'd2)"),
        ("constant", "8'd2", "8'd3"),
        ("condition", "rst_i", "!(rst_i)"),
    }


def test_every_mutant_differs_from_the_source_in_its_own_place(small: Path) -> None:
    found = sites(small)
    text = mutated(small.read_bytes(), dict(enumerate(found, 1)))
    for number, site in enumerate(found, 1):
        assert f"mutant_pkg::chosen == {number} ? ({site.text}) : " in text
    assert text.count("mutant_pkg") == len(found)


def test_without_a_choice_the_source_is_the_same(small: Path) -> None:
    """The innermost alternative of every choice, parentheses aside, is the original."""
    text = mutated(small.read_bytes(), dict(enumerate(sites(small), 1)))
    choice = re.compile(r"\((?:mutant_pkg::chosen == \d+ \? )")
    while match := choice.search(text):
        start = match.start()
        at = match.end()
        while True:  # over `(mutant) : `, to the next choice or the original
            at = _closing(text, at) + len(" : ")
            if not (again := re.compile(r"mutant_pkg::chosen == \d+ \? ").match(text, at)):
                break
            at = again.end()
        stop = _closing(text, at)
        text = text[:start] + text[at + 1 : stop - 1] + text[stop + 1 :]
    assert text == SOURCE


def _closing(text: str, at: int) -> int:
    """Index behind the parenthesis that closes the one at ``at``."""
    assert text[at] == "("
    depth = 0
    for index in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    raise AssertionError(text[at:])


def test_the_device_has_thousands_with_ids_of_their_own() -> None:
    mutants = all_mutants()
    assert len(mutants) > 4000
    assert len({one.id for one in mutants}) == len(mutants)
    modules = {one.module for one in mutants}
    drawn = draw(mutants, 1000, seed=1)
    assert {one.module for one in drawn} == modules
    assert 950 < len(drawn) < 1050
    assert drawn == draw(mutants, 1000, seed=1)
    assert drawn != draw(mutants, 1000, seed=2)
    assert set(drawn) < set(draw(mutants, 1200, seed=1))


def test_what_verilator_refuses_takes_nobody_beside_it_along(tmp_path: Path) -> None:
    """`0` for an enumeration is refused; a negated condition on the same line is as good as any."""
    lines = (CHECKOUT / "rtl" / "cp_check_pkg.sv").read_text().splitlines()
    crowded = [
        one
        for one in all_mutants()
        if one.module == "cp_check_pkg" and "check_packet.code =" in lines[one.site.line - 1]
    ]
    refused = {one.id for one in crowded if one.site.kind == "stuck"}
    assert len(refused) > 2
    assert len(crowded) > len(refused) + 2
    replace, numbered = accepted(crowded, tmp_path)
    assert {one.id for one in numbered.values()} == {one.id for one in crowded} - refused
    assert all(crowded[number - 1] is one for number, one in numbered.items())
    (mutated_file,) = replace.values()
    assert mutated_file.read_text().count("mutant_pkg::chosen") == len(numbered)


def test_a_source_that_does_not_parse_is_named(small: Path) -> None:
    small.write_text("module small; assign = 1; endmodule")
    with pytest.raises(ValueError, match=r"small\.sv"):
        sites(small)


def mutant(number: int, module: str = "one") -> Mutant:
    site = Site(CHECKOUT / "rtl" / f"{module}.sv", number, 0, 1, "operator", "a  + b", "a - b")
    return Mutant(f"M{number:010x}", site)


class Judge:
    """Mutants 2, 4, ... are killed by V2, if it is played."""

    def __init__(self, healthy: bool = True) -> None:
        self.orders: dict[int, Sequence[str]] = {}
        self._healthy = healthy

    def __call__(self, number: int, order: Sequence[str]) -> tuple[str, tuple[str, ...], str]:
        self.orders[number] = order
        if number == 0:
            return ("", (), "") if self._healthy else ("V1", (), "it hangs")
        return ("V2", ("CP-DB-001",), "differs") if number % 2 == 0 else ("", (), "")


def run(judge: Judge, todo: dict[int, Mutant], ledger: Path) -> int:
    return campaign(todo, judge, Killers(["V1", "V2"]), ledger, jobs=1, budget=60, progress=print)


def test_a_campaign_goes_on_where_it_stopped(tmp_path: Path) -> None:
    ledger, judge = tmp_path / "verdicts.jsonl", Judge()
    assert run(judge, {number: mutant(number) for number in (1, 2, 3)}, ledger) == 3
    with ledger.open("a") as file:
        file.write('{"id": "M00')  # stopped in the middle of a line
    verdicts = read_verdicts(ledger)
    assert {one.id: one.killed for one in verdicts.values()} == {
        mutant(1).id: False,
        mutant(2).id: True,
        mutant(3).id: False,
    }
    assert judge.orders[1] == ["V1", "V2"]
    assert judge.orders[3] == ["V2", "V1"], "what killed a neighbour comes first"


def test_what_killed_a_mutant_in_an_earlier_campaign_comes_first() -> None:
    killers = Killers(["V1", "V2", "V3"], {mutant(1).id: "V3", mutant(2).id: "V9"})
    killers.tell(mutant(3), "V2")
    assert killers.order(mutant(1)) == ["V3", "V2", "V1"]
    assert killers.order(mutant(2)) == ["V2", "V1", "V3"], "V9 is no vector of this suite"


def test_an_earlier_campaign_is_read_from_its_report(tmp_path: Path) -> None:
    path = tmp_path / "mutation.json"
    assert published_killers(path) == {}
    verdicts = {
        mutant(1).id: Verdict(mutant(1).id, True, "V2", (), "", 1.0),
        mutant(2).id: Verdict(mutant(2).id, False, "", (), "", 1.0),
    }
    path.write_text(json.dumps(report([mutant(1), mutant(2)], verdicts, {}, seed=1)))
    assert published_killers(path) == {mutant(1).id: "V2"}
    path.write_text("{}")
    with pytest.raises(MutationError, match=r"mutation\.json: no report of a campaign"):
        published_killers(path)


def test_a_suite_that_fails_on_the_device_itself_measures_nothing(tmp_path: Path) -> None:
    with pytest.raises(MutationError, match="V1: it hangs"):
        run(Judge(healthy=False), {1: mutant(1)}, tmp_path / "verdicts.jsonl")
    assert not (tmp_path / "verdicts.jsonl").exists()


def test_a_budget_of_nothing_runs_nothing(tmp_path: Path) -> None:
    done = campaign(
        {1: mutant(1)},
        Judge(),
        Killers(["V1"]),
        tmp_path / "verdicts.jsonl",
        jobs=1,
        budget=0,
        progress=print,
    )
    assert done == 0


def test_the_score_leaves_out_what_was_reviewed() -> None:
    mutants = [mutant(number, "one" if number < 4 else "two") for number in range(1, 7)]
    verdicts = {
        one.id: Verdict(one.id, at < 3, "V2" if at < 3 else "", ("CP-DB-001",), "", 1.0)
        for at, one in enumerate(mutants[:5])  # the sixth did not run
    }
    verdicts[mutants[2].id] = Verdict(mutants[2].id, True, "start", (), "", 1.0)
    reviews = {
        mutants[0].id: Review("legal", "it was killed all the same"),
        mutants[3].id: Review("equivalent", "both are zero here"),
    }
    found = report(mutants, verdicts, reviews, seed=1)
    assert (found["mutants"], found["killed"], found["equivalent"], found["legal"]) == (5, 3, 1, 0)
    assert found["score"] == 0.75
    assert found["modules"]["one"]["score"] == 1.0
    assert found["modules"]["two"]["score"] == 0.0
    assert found["rules"] == {"CP-DB-001": 2}
    assert found["vectors"] == {"V2": 2}
    assert [one["id"] for one in found["survivors"]] == [mutants[4].id]
    assert [one["reason"] for one in found["reviewed"]] == ["both are zero here"]
    text = table(found)
    assert "score 0.7500: 3 killed of 5 mutants" in text
    assert f"rtl/two.sv:5: {mutants[4].id} operator: a + b -> a - b" in text


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{id: M0000000001, class: odd, reason: x}", "class must be equivalent or legal"),
        ("{id: M0000000001, class: legal, reason: ' '}", "needs id, class and reason"),
        ("{id: M0000000001, class: legal}", "needs id, class and reason"),
        ("{id: M0000000009, class: legal, reason: x}", "no mutant of today's RTL"),
        (
            "{id: M0000000001, class: legal, reason: x}\n- {id: M0000000001, class: legal, reason: y}",
            "twice",
        ),
    ],
)
def test_a_wrong_review_is_named(entry: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "reviewed.yaml"
    path.write_text(f"- {entry}\n")
    with pytest.raises(MutationError, match=message):
        read_reviews(path, ["M0000000001"])


def test_reviews_of_the_project_fit_its_rtl() -> None:
    read_reviews(CHECKOUT / "vectors" / "mutation" / "reviewed.yaml", {m.id for m in all_mutants()})


def test_a_suite_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text('{"vectors": [{}]}')
    with pytest.raises(MutationError, match=r"suite\.json: no suite"):
        read_suite(tmp_path / "suite.json")


def test_verdicts_come_back_as_they_were(tmp_path: Path) -> None:
    verdict = Verdict("M1", True, "V2", ("CP-DB-001",), "differs", 1.5)
    append(tmp_path / "ledger", verdict)
    assert read_verdicts(tmp_path / "ledger") == {"M1": verdict}


def test_without_its_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(
        sys.modules, "pyslang", None
    )  # an import of it fails, as if it were not there
    assert cli.main(["mutation", "--mutants", "1"]) == ExitCode.SETUP
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mutation: needs the Python module pyslang, which is not installed; in")
    assert line.endswith("or `pip install -e '.[mutation]'`")
