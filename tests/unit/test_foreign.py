"""Somebody else's device in the place of ours: the example plays the suite; what is no device is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.exit_codes import ExitCode
from doorbell.launch import launcher
from doorbell_tb.errors import BuildError
from doorbell_tb.foreign import foreign_build
from doorbell_vectors.format.document import load
from doorbell_vectors.player.options import suite_path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "foreign_device"
LIST = EXAMPLE / "device.f"
TOP = "little_device"
SOURCE = (EXAMPLE / "little_device.sv").read_text(encoding="utf-8")

FIRST_COMMAND, FULL_RING, BAD_OPCODE = "V0007", "V0010", "V2000"
DEFECTS = [
    (
        "512'({packet[511:448], cycles})",
        "512'({cycles, packet[511:448]})",
    ),  # record's words swapped
    ("fresh - get > (64'd1 << ring_log2)", "fresh - get >= (64'd1 << ring_log2)"),
    ("if (p[7:0] != 8'd1) return 16'h30;", "if (p[7:0] == 8'd0) return 16'h31;"),
]
"""Each is found by the vector above in the same place."""


def replay(tmp_path: Path, sources: Path, *options: str, top: str = TOP) -> tuple[int, dict]:
    out = tmp_path / "replay"
    words = ["replay", str(suite_path("directed")), "--rtl", str(sources), "--top", top]
    code = cli.main([*words, "--out", str(out), *options])
    place = out / "results.json"
    return code, json.loads(place.read_text()) if place.exists() else {}


def listed(tmp_path: Path, text: str, *lines: str) -> Path:
    """A list of sources with one file."""
    (tmp_path / "device.sv").write_text(text, encoding="utf-8")
    place = tmp_path / "device.f"
    place.write_text("\n".join([*lines, "device.sv", ""]), encoding="utf-8")
    return place


def test_what_the_example_offers_is_right_and_the_rest_is_not_supported(tmp_path, seed):
    code, content = replay(tmp_path, LIST, "--seed", str(seed))
    counts = content["counts"]
    assert code == ExitCode.RIGHT, [one for one in content["results"] if one["verdict"] == "FAIL"]
    assert counts["PASS"] + counts["NOT_SUPPORTED"] == len(load(suite_path("directed")).vectors)
    assert counts["PASS"] >= 300
    lacking = [one["text"] for one in content["results"] if one["verdict"] == "NOT_SUPPORTED"]
    assert all(text.startswith("device capability ") for text in lacking)
    assert content["facts"]["capabilities"]["opcodes"] == 2


def test_its_defects_are_found(tmp_path):
    text = SOURCE
    for old, new in DEFECTS:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    wanted = [FIRST_COMMAND, FULL_RING, BAD_OPCODE]
    options = [word for identifier in wanted for word in ("--id", identifier)]
    code, content = replay(tmp_path, listed(tmp_path, text), *options)
    assert code == ExitCode.WRONG
    assert {one["id"]: one["verdict"] for one in content["results"]} == dict.fromkeys(
        wanted, "FAIL"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("output logic [127:0] tx_hdr_o", "output logic [63:0] tx_hdr_o", "'tx_hdr_o'"),
        ("input  logic [ 59:0] tx_credits_i", "input  logic [ 31:0] tx_credits_i", "tx_credits_i"),
        (
            "input  logic         rst_i,",
            "input  logic         rst_i,\n    input logic extra_i,",
            "extra_i",
        ),
        ("output logic         tx_sop_o,", "", "tx_sop_o"),
        ("module little_device (", "module other_device (", "no module 'little_device'"),
        ("module little_device (", "module little_device ((", "syntax error"),
    ],
    ids=["narrow output", "narrow input", "one more", "one less", "no such module", "syntax"],
)
def test_what_is_no_device_is_refused(tmp_path, old, new, said):
    assert SOURCE.count(old) == 1
    with pytest.raises(BuildError, match=said):
        foreign_build(listed(tmp_path, SOURCE.replace(old, new)), TOP)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["missing.sv"], "missing.sv: no such file"),
        (["-f other.f"], "only paths, +incdir+FOLDER and +define+NAME=VALUE"),
    ],
)
def test_a_bad_list_is_refused(tmp_path, lines, said):
    with pytest.raises(BuildError, match=re.escape(said)):
        foreign_build(listed(tmp_path, SOURCE, *lines), TOP)


def test_a_list_that_is_missing_ends_a_replay_with_set_up(tmp_path, capsys):
    code, _ = replay(tmp_path, tmp_path / "none.f", "--id", FIRST_COMMAND)
    assert code == ExitCode.SETUP
    assert "none.f: cannot read the list of sources" in capsys.readouterr().out


def test_a_list_that_is_not_text_is_refused(tmp_path):
    place = tmp_path / "device.f"
    place.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BuildError, match="not text"):
        foreign_build(place, TOP)


def test_macros_of_the_list_count(tmp_path):
    text = "`ifdef RIGHT\n" + SOURCE + "\n`endif\n"
    with pytest.raises(BuildError, match="no module"):
        foreign_build(listed(tmp_path, text), TOP)
    with pytest.raises(BuildError, match="extra_i"):
        bad = text.replace("input  logic         rst_i,", "input logic rst_i, input logic extra_i,")
        foreign_build(listed(tmp_path, bad, "+define+RIGHT=1"), TOP)


@pytest.mark.parametrize("top", ["", "two words", "a;b"])
def test_a_name_that_is_none_is_refused(top):
    with pytest.raises(BuildError, match="no name of a SystemVerilog module"):
        foreign_build(LIST, top)


@pytest.mark.parametrize("option", ["--rtl", "--top"])
def test_list_and_top_go_together(capsys, option):
    assert cli.main(["replay", "directed", option, "x"]) == ExitCode.USAGE
    assert "go together" in capsys.readouterr().err


def test_an_unknown_variant_is_refused():
    with pytest.raises(LookupError, match="slow, small"):
        launcher("rtl:quick")
