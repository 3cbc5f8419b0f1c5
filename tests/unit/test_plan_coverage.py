"""Functional coverage: rows of every table are what was played, and bins count them."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from doorbell import cli
from doorbell.contract import CompletionStatus, TlpKind
from doorbell_tb import tlp
from doorbell_tb.tlp import Columns
from doorbell_tb.trace import TLP, TlpFlag
from doorbell_vectors.errors import SourceError, VectorsError
from doorbell_vectors.format.document import load as load_suite
from doorbell_vectors.plan.document import FOLDER, Coverpoint, load
from doorbell_vectors.plan.sampling import commands, log, registers, tlps
from doorbell_vectors.plan.sampling.bins import count, possible
from doorbell_vectors.plan.sampling.queues import Watcher
from doorbell_vectors.plan.sampling.sample import sample
from doorbell_vectors.plan.sampling.table import Table

COPIES = "V0008"
"""Two copies in one batch: 100 bytes to device memory, 200 bytes back."""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A replay of a few vectors on the model, with a trace as a simulated link would leave it."""
    out = tmp_path_factory.mktemp("coverage") / "replay"
    words = ["replay", "directed", "--out", str(out), "--id", COPIES, "--id", "V0016"]
    assert cli.main(words) == 0
    np.save(out / "part-0-0" / "trace.npy", rows(*random_requests(random.Random(1))))
    return out


def rows(*sent: tuple[tlp.Tlp, int, int]) -> np.ndarray:
    """A trace of TLPs, each with its address and direction (0: to the host)."""
    made = np.zeros(len(sent), TLP)
    for row, (one, address, direction) in zip(made, sent, strict=True):
        row["header"][: len(one.header)] = one.header
        row["address"], row["payload"], row["direction"] = address, len(one.payload), direction
    return made


def random_requests(draw: random.Random) -> list[tuple[tlp.Tlp, int, int]]:
    found = []
    for _ in range(300):
        address = draw.choice((1 << 20, 1 << 40)) + draw.randrange(3 * 4096)
        length = draw.choice((0, 1, 3, 4, 64, 256, draw.randrange(512)))
        write = tlp.memory_write(address, bytes(length))
        found.append((draw.choice((write, tlp.memory_read(address, length))), address, 0))
    return found


def point(table: str, axes, where=None, without=()) -> Coverpoint:
    return Coverpoint("some-bins", "", table, axes, where or {}, without, "plans/some.yaml:7")


# Bins ---------------------------------------------------------------------------------------------
TABLE = Table(
    {
        "kind": np.array([0, 1, 1, 2, 9]),
        "size": np.array([4, 4, 64, 7, -1]),
    },
    {"kind": {"A": 0, "B": 1, "C": 2}},
)


def test_bins_are_numbers_ranges_names_and_lists_of_names():
    axes = {"kind": {"A": "A", "rest": ["B", "C"]}, "size": {"4": 4, "5-64": [5, 64]}}
    found = count(point("tlp", axes), TABLE)
    assert found == {"A x 4": 1, "A x 5-64": 0, "rest x 4": 1, "rest x 5-64": 2}


def test_where_filters_and_without_leaves_out():
    axes = {"kind": {"A": "A", "B": "B"}, "size": {"4": 4, "64": 64}}
    never = [{"why": "-", "bins": {"kind": ["A"], "size": ["64"]}}]
    one = point("tlp", axes, {"size": [5, 99]}, never)
    assert possible(one) == ["A x 4", "B x 4", "B x 64"]
    assert count(one, TABLE) == {"A x 4": 0, "B x 4": 0, "B x 64": 1}
    seen = point("tlp", axes, {}, [{"why": "-", "bins": {"kind": ["A"]}}])
    assert count(seen, TABLE)["A x 4"] == 1, "what cannot be and was seen is told"


def test_no_copy_crosses_no_boundary_here_and_several_there():
    """Both sides have the length of the COPY, whatever their places in a page."""
    (pages,) = (one for one in load().coverage if one.id == "copy-pages")
    place, length = (
        np.arange(4096)[:, None],
        np.array([1, 4095, 4096, 4097, 4098, 8192, 8193, 9000]),
    )
    crossed = (place + length - 1) // 4096
    seen = {
        f"{('none', 'one', 'several')[least]} x {('none', 'one', 'several')[most]}"
        for column in np.minimum(crossed, 2).T
        for least in set(column.tolist())
        for most in set(column.tolist())
    }
    assert set(possible(pages)) == seen


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"sort": {"A": "A"}}, "table tlp has no column 'sort'; it has: kind, size"),
        ({"kind": {"D": "D"}}, "no value 'D'; there are: A, B, C"),
        ({"size": {"A": "A"}}, "no value 'A'; there are: numbers only"),
    ],
)
def test_what_is_not_there_is_named_with_file_and_line(axes, message):
    with pytest.raises(SourceError, match=f"plans/some.yaml:7: some-bins: {message}"):
        count(point("tlp", axes), TABLE)


# Tables -------------------------------------------------------------------------------------------
def test_requests_are_taken_apart_as_the_checkers_do(seed):
    trace = rows(*random_requests(random.Random(seed)))
    table, columns = tlps.table(trace).columns, Columns(trace)
    some = columns.meant[columns.first_be != 0]
    assert np.array_equal(table["bytes"][columns.first_be != 0], some)
    begin = (columns.begin % np.uint64(4096)).astype(np.int64)
    assert np.array_equal(table["offset"][columns.first_be != 0], begin[columns.first_be != 0])


def test_boundaries_of_pages():
    page = 1 << 33
    sent = [
        tlp.memory_read(page + at, size) for at, size in ((0, 64), (4032, 64), (5, 64), (0, 4096))
    ]
    found = tlps.table(rows(*((one, 0, 0) for one in sent))).columns["boundary"]
    names = {number: name for name, number in tlps.NAMES["boundary"].items()}
    assert [names[number] for number in found.tolist()] == [
        "starts",
        "ends",
        "inside",
        "whole pages",
    ]


def test_completions_and_messages():
    made = rows((tlp.Tlp((TlpKind.CPL << 24, CompletionStatus.CA << 13, 0)), 0, 1),
                (tlp.memory_write(0xFEE00000, b"\x03\0\0\0"), 0, 0))  # fmt: skip
    made["flags"][1], made["first"][1] = TlpFlag.MESSAGE, 3
    found = tlps.table(made).columns
    assert found["status"].tolist() == [CompletionStatus.CA, -1]
    assert found["message_vector"].tolist() == [-1, 3]
    assert found["bytes"].tolist() == [0, 4]


def test_registers_by_offset():
    assert registers.place(0x11034).name == "QUEUE.GET"
    assert (registers.place(0x11034).index, registers.place(0x7F000).name) == (1, "")


def watched(folder) -> tuple[Watcher, log.Log]:
    found = log.read(folder / "transactions.jsonl")
    watcher = Watcher(load_suite(folder / "suite.json"))
    for play in found.plays:
        watcher.watch(play, found.capabilities)
    return watcher, found


def test_commands_are_those_that_a_doorbell_handed_over(played):
    watcher, found = watched(played)
    assert [play.vector for play in found.plays] == [COPIES, "V0016"]
    table = commands.table(watcher.batches[:1]).columns
    assert table["opcode"].tolist() == [2, 2]
    assert table["length"].tolist() == [100, 200]
    assert (table["source_space"].tolist(), table["destination_space"].tolist()) == ([0, 1], [1, 0])
    source = found.plays[0].buffers["src"]
    assert source % 4096 == 4093, "the vector asks for that edge"
    assert table["source_line"].tolist()[0] == source % 64
    assert table["source_pages"].tolist() == [1, 0]
    assert table["mode"].tolist() == [-1, -1]


def test_queues_are_followed(played):
    hits = sample(load(), [played]).hits
    assert hits["doorbell-kinds"]["whole x several"] >= 2
    assert hits["queue-events"]["DISABLED x configure"] >= 10
    assert hits["queue-events"]["RUNNING x doorbell"] >= 2
    assert hits["queue-events"]["HALTED x reset"] == 1, "V0016 recovers"
    assert hits["packet-errors"]["BAD_FLAGS"] == 1
    assert hits["register-access"]["QUEUE.RING_BASE x write"] >= 2


def test_a_log_without_addresses_counts_no_packets(played, tmp_path):
    text = (played / "transactions.jsonl").read_text()
    for name in ("suite.json",):
        (tmp_path / name).write_text((played / name).read_text())
    kept = [line for line in text.splitlines() if '"op":"map"' not in line]
    (tmp_path / "transactions.jsonl").write_text("\n".join(kept) + "\n")
    watcher, _ = watched(tmp_path)
    assert not watcher.batches
    assert watcher.doorbells().rows >= 2


def test_every_coverpoint_of_the_plan_names_what_there_is(played):
    """Columns and values are looked up whether or not there are rows."""
    plan = load()
    data = sample(plan, [played]).data(plan)
    assert data["coverpoints"].keys() == {one.id for one in plan.coverage}
    assert data["coverpoints"]["tlp-up-reads"]["hit"] > 5
    assert all(one["total"] > 0 for one in data["coverpoints"].values())


def test_a_wrong_coverpoint_is_refused(played):
    plan = load()
    wrong = replace(plan.areas[0], coverage=[point("tlp", {"nothing": {"1": 1}})])
    with pytest.raises(SourceError, match="no column 'nothing'"):
        sample(replace(plan, areas=[wrong]), [played])


def test_two_replays_add_up(played):
    plan = load()
    once, twice = sample(plan, [played]), sample(plan, [played, played])
    assert twice.transactions == 2 * once.transactions
    assert twice.hits["packet-errors"]["BAD_FLAGS"] == 2
    assert once.data(plan) == sample(plan, [played]).data(plan)


# Bad input ----------------------------------------------------------------------------------------
def test_a_half_written_line_is_left_out(played, tmp_path):
    text = (played / "transactions.jsonl").read_text()
    place = tmp_path / "transactions.jsonl"
    place.write_text(text + '{"vector":"V0008","st')
    assert log.read(place).lines == text.count("\n")


@pytest.mark.parametrize("text", ["nonsense\n", '{"vector":"V0001","op":"x"}\n'])
def test_a_bad_log_is_refused(tmp_path, text):
    (tmp_path / "transactions.jsonl").write_text(text)
    with pytest.raises(VectorsError, match=r"transactions\.jsonl: no transactions of a replay"):
        log.read(tmp_path / "transactions.jsonl")


def test_a_bad_trace_is_refused(tmp_path):
    place = tmp_path / "trace.npy"
    place.write_bytes(b"nonsense")
    with pytest.raises(VectorsError, match=r"trace\.npy: no trace"):
        tlps.read(place)
    np.save(place, np.zeros(3))
    with pytest.raises(VectorsError, match=r"trace\.npy: no trace: has float64"):
        tlps.read(place)


def test_the_command_counts_and_lists(played, tmp_path, capsys):
    out = tmp_path / "functional.json"
    assert cli.main(["plan", "coverage", str(played), "--missing", "--out", str(out)]) == 0
    assert " us each" in capsys.readouterr().out
    assert json.loads(out.read_text())["coverpoints"]["copy-spaces"]["hit"] == 2
    words = ["plan", "trace", "--replay", str(played), "--coverage", str(tmp_path)]
    assert cli.main(words) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "DMA-COPY-003" in line)
    assert ",2,28," in row
    (tmp_path / "plan").mkdir()
    for path in FOLDER.glob("*.yaml"):
        (tmp_path / "plan" / path.name).write_text(path.read_text())
    area = tmp_path / "plan" / "dma.yaml"
    area.write_text(area.read_text().replace("source_pages: [none], ", "source_pages: [one], ", 1))
    area.write_text(area.read_text().replace("pages: [several]}", "pages: [none]}", 1))
    words = ["plan", "--folder", str(tmp_path / "plan"), "coverage", str(played)]
    assert cli.main(words) == 0
    assert "that it cannot be: one x none" in capsys.readouterr().out
    assert cli.main(["plan", "coverage", str(tmp_path)]) == 2
    assert "is no folder of a replay" in capsys.readouterr().err
