"""A replay from the command line to its reports: processes that die, devices that stay sick, resuming, selecting."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import player_suite as made
import pytest
from player_suite import DEVICE, nops, queue_buffers, read, vector, write

from doorbell import cli
from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, launcher
from doorbell_vectors.errors import SuiteError, VectorsError
from doorbell_vectors.player import shards, waivers
from doorbell_vectors.player.options import abilities
from doorbell_vectors.player.selection import Selection, listing, select
from doorbell_vectors.player.stream import Writer
from doorbell_vectors.player.verdict import Result, Verdict

GOOD = vector("V0001", nops(), buffers=queue_buffers(), negative=True)
WRONG = vector("V0002", [read(DEVICE.SCRATCH, expect={"eq": 1}, note="scratch is 1")], tier="core")
ALSO = vector(
    "V0003", [write(DEVICE.SCRATCH, 1), read(DEVICE.SCRATCH, expect={"eq": 1})], tags=["x"]
)


def replay(tmp_path: Path, *vectors, options=()) -> tuple[int, dict]:
    suite = made.written(tmp_path / "suite.json", *vectors)
    out = tmp_path / "out"
    code = cli.main(["replay", str(suite), "--device", "model", "--out", str(out), *options])
    content = (
        json.loads((out / "results.json").read_text()) if (out / "results.json").exists() else {}
    )
    return code, content


def transactions(tmp_path: Path) -> list[dict]:
    text = (tmp_path / "out" / "transactions.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def verdicts(content: dict) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in content["results"]}


def test_what_a_replay_leaves(tmp_path, capsys):
    figures = tmp_path / "conformance.json"
    code, content = replay(tmp_path, GOOD, WRONG, ALSO, options=["--conformance", str(figures)])
    assert code == ExitCode.WRONG
    assert verdicts(content) == {"V0001": "PASS", "V0002": "FAIL", "V0003": "PASS"}
    printed = capsys.readouterr().out
    assert "scratch is 1" in printed
    assert "first divergent transaction: read BAR0+0x78, data 0x0" in printed
    assert "DEV-ID-001: DEVICE.IDENTITY shall" in printed
    assert f"doorbell replay {tmp_path}/suite.json --id V0002 --device model" in printed
    tree = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    assert (tree.get("tests"), tree.get("failures"), tree.get("errors")) == ("3", "1", "0")
    ktap = (tmp_path / "out" / "report.ktap").read_text().splitlines()
    assert ktap[:2] == ["KTAP version 1", "1..3"]
    assert "not ok 2 V0002-made-v0002" in ktap
    rows = transactions(tmp_path)
    assert "run" in rows[0]
    wrong = next(row for row in rows if row.get("ok") is False)
    assert wrong.items() >= {"vector": "V0002", "step": 0, "op": "read", "data": "0x0"}.items()
    found = json.loads(figures.read_text())
    assert found["vectors"] == 3
    assert found["passed"] == 2
    assert found["failed"] == 1
    assert found["negative_share"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["rules_covered"] == 1


def test_the_printed_command_plays_the_vector_again(tmp_path, capsys):
    replay(tmp_path, GOOD, WRONG)
    line = next(line for line in capsys.readouterr().out.splitlines() if "    replay: " in line)
    command, *again = line.split("replay: ", 1)[1].split()
    assert shutil.which(command), "the shell must find it as it stands"
    code = cli.main([*again, "--out", str(tmp_path / "again")])
    assert code == ExitCode.WRONG
    content = json.loads((tmp_path / "again" / "results.json").read_text())
    assert verdicts(content) == {"V0002": "FAIL"}


def test_processes_share_the_work(tmp_path):
    code, content = replay(tmp_path, GOOD, WRONG, ALSO, options=["--jobs", "2"])
    assert code == ExitCode.WRONG
    assert list(verdicts(content)) == ["V0001", "V0002", "V0003"]


def test_a_second_time_is_the_same_bit_for_bit(tmp_path):
    def played() -> list:
        replay(tmp_path, GOOD, ALSO)
        return [row for row in transactions(tmp_path) if "run" not in row]

    assert played() == played()


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([], ExitCode.RIGHT),
        ([read(DEVICE.SCRATCH, expect={"eq": 1})], ExitCode.WRONG),
        ([{"op": "word", "buffer": "none", "at": 0}], ExitCode.SETUP),
        ([{"op": "tlp", "kind": "memory_read", "fields": {"tag": 1, "status": 1}}], ExitCode.SETUP),
    ],
)
def test_exit_codes(tmp_path, steps, code):
    assert replay(tmp_path, vector("V0001", steps))[0] == code


def test_inconclusive_has_a_code_of_its_own(tmp_path):
    steps = [{"op": "delay", "cycles": "0xffffffffff"}]
    code, content = replay(tmp_path, vector("V0001", steps), options=["--time-scale", "1e-9"])
    assert code == ExitCode.HANG
    assert verdicts(content) == {"V0001": "INCONCLUSIVE"}


def test_a_device_does_not_conform_by_lacking_everything(tmp_path):
    needs = {"device": {"queues": 100}, "host": []}
    code, content = replay(tmp_path, vector("V0001", [], needs=needs))
    assert verdicts(content) == {"V0001": "NOT_SUPPORTED"}
    assert code == ExitCode.WRONG


def test_another_contract_major_is_refused(tmp_path, capsys):
    recipes = made.RECIPES | {
        "version": [read(DEVICE.CONTRACT_VERSION, expect={"eq": 7, "mask": 0xFFFF})]
    }
    suite = made.written(tmp_path / "suite.json", GOOD, recipes=recipes)
    out = tmp_path / "out"
    assert cli.main(["replay", str(suite), "--out", str(out)]) == ExitCode.SETUP
    assert "contract" in capsys.readouterr().out
    resume = json.loads((out / "resume.json").read_text())
    assert resume["left"] == [["V0001", 0]]
    assert (
        cli.main(["probe", "--suite", str(suite), "--out", str(tmp_path / "d.json")])
        == ExitCode.SETUP
    )


def test_probe_writes_what_there_is(tmp_path):
    suite = made.written(tmp_path / "suite.json", GOOD)
    place = tmp_path / "device.json"
    arguments = ["probe", "--suite", str(suite), "--out", str(place), "--abilities=-iommu_faults"]
    assert cli.main(arguments) == ExitCode.RIGHT
    found = json.loads(place.read_text())
    assert found["capabilities"] == {"queues": 8}
    assert "odd_access" in found["abilities"]
    assert "iommu_faults" not in found["abilities"]


def test_bail_leaves_the_rest_and_resume_plays_it(tmp_path):
    code, content = replay(tmp_path, WRONG, GOOD, ALSO, options=["--bail"])
    assert code == ExitCode.WRONG
    assert content["left"] == [["V0001", 0], ["V0003", 0]]
    again = cli.main(["replay", "--resume", str(tmp_path / "out" / "resume.json")])
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    assert again == ExitCode.WRONG
    assert verdicts(content) == {"V0002": "FAIL", "V0001": "PASS", "V0003": "PASS"}
    assert not (tmp_path / "out" / "resume.json").exists()


def test_bringup_stops_at_the_first_broken_level(tmp_path):
    levels = [
        vector("V0011", [], bringup=2),
        vector("V0012", [], bringup=3),
        vector("V0013", [read(DEVICE.SCRATCH, expect={"eq": 1})], bringup=1),
        vector("V0014", [], bringup=1),
        vector("V0015", []),
    ]
    code, content = replay(tmp_path, *levels, options=["--bringup"])
    assert code == ExitCode.WRONG
    assert verdicts(content) == {"V0013": "FAIL", "V0014": "PASS"}
    assert content["left"] == [["V0011", 0], ["V0012", 0]]


class Dying:
    """A device whose process dies in the middle of V0002, `times` times."""

    def __init__(self, outcome: Outcome, times: int = 1, *, before: bool = False) -> None:
        self.outcome, self.times, self.before = outcome, times, before

    def launch(self, target, arguments, options):
        plan = [tuple(one) for one in arguments["plan"]]
        if ("V0002", 0) not in plan or not self.times:
            return launcher("model").launch(target, arguments, options)
        self.times -= 1
        if not self.before:
            first = plan[: plan.index(("V0002", 0))]
            arguments = dict(arguments) | {"plan": first}
            launcher("model").launch(target, arguments, options)
            path = Path(arguments["results"])
            lines = path.read_text().splitlines(keepends=True)[:-1]  # no end
            path.write_text("".join(lines))
            with Writer(path) as tell:
                tell({"kind": "begin", "id": "V0002", "round": 0})
            with path.open("a") as file:
                file.write('{"kind":"resu')  # half a line
        return self.outcome


STOPPED = Outcome(
    ExitCode.PROTOCOL,
    {},
    "the RTL stopped the simulation in cycle 9: %Error: a.sv:5: Assertion failed in top.x.a.b: top.x.a.b Fits; log: x",
)


@pytest.mark.parametrize(
    ("outcome", "verdict", "signature"),
    [
        (STOPPED, "FAIL", "device / a.b"),
        (Outcome(ExitCode.HANG, {}, "silent for too long"), "INCONCLUSIVE", "device / guard"),
        (Outcome(ExitCode.SETUP, {}, "ended with SIGSEGV"), "ERROR", "device / host"),
    ],
)
def test_a_process_that_dies_loses_one_vector(tmp_path, monkeypatch, outcome, verdict, signature):
    monkeypatch.setattr(shards, "launcher", lambda _name: Dying(outcome))
    _, content = replay(tmp_path, GOOD, WRONG, ALSO)
    assert verdicts(content) == {"V0001": "PASS", "V0002": verdict, "V0003": "PASS"}
    lost = content["results"][1]
    assert lost["signature"] == signature
    assert outcome.message in lost["text"]


def test_a_device_that_cannot_be_opened_stops_the_replay(tmp_path, monkeypatch, capsys):
    closed = Outcome(ExitCode.PROTOCOL, {}, "no device on this link")
    monkeypatch.setattr(shards, "launcher", lambda _name: Dying(closed, 9, before=True))
    code, content = replay(tmp_path, GOOD, WRONG, ALSO)
    assert code == ExitCode.PROTOCOL
    assert content["results"] == []
    assert "no device on this link" in capsys.readouterr().out


def test_a_device_that_nothing_helps_stops_the_replay(tmp_path, monkeypatch):
    async def nothing(_player, _hook):
        return None

    monkeypatch.setattr("doorbell_vectors.player.job.recover", nothing)
    many = [vector(f"V001{n}", [read(DEVICE.SCRATCH, expect={"eq": 1})]) for n in range(6)]
    code, content = replay(tmp_path, *many)
    assert code == ExitCode.WRONG
    assert len(content["results"]) == 3
    assert content["results"][0]["recovered"] == "nothing helped"
    assert len(content["left"]) == 3


def test_nothing_to_resume_is_told_by_the_path_that_was_given(tmp_path, capsys):
    place = tmp_path / "none"
    assert cli.main(["replay", "--resume", str(place)]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert f"--resume {place}: there is no such folder" in said
    assert "plan.json" not in said


def test_an_interrupted_replay_can_be_resumed(tmp_path, monkeypatch):
    class Interrupted:
        def launch(self, target, arguments, options):
            only = dict(arguments) | {"plan": arguments["plan"][:1]}
            launcher("model").launch(target, only, options)
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shards, "launcher", lambda _name: Interrupted())
        code, content = replay(tmp_path, GOOD, ALSO)
    assert code == 130
    assert content["left"] == [["V0003", 0]]
    assert cli.main(["replay", "--resume", str(tmp_path / "out")]) == ExitCode.RIGHT


def test_an_unknown_device_or_profile_touches_nothing(tmp_path, capsys):
    suite = made.written(tmp_path / "suite.json", GOOD)
    out = tmp_path / "out"
    assert cli.main(["replay", str(suite), "--device", "x", "--out", str(out)]) == ExitCode.USAGE
    assert "no device 'x'" in capsys.readouterr().err
    arguments = ("--profile", "nonsense", "--out", str(out))
    assert cli.main(["replay", str(suite), *arguments]) == ExitCode.USAGE
    assert "profile 'nonsense': must be one of" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    suite = made.written(tmp_path / "suite.json", GOOD)
    assert (
        cli.main(["replay", str(suite), "--out", str(tmp_path)]) == ExitCode.RIGHT
    )  # a suite is there
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("x")
    suite = made.written(tmp_path / "suite.json", GOOD)
    assert cli.main(["replay", str(suite), "--out", str(precious)]) == ExitCode.USAGE
    assert (precious / "thesis.txt").exists()


# Selection ----------------------------------------------------------------------------------------
def chosen(**wanted) -> list[str]:
    suite = made.suite(GOOD, WRONG, ALSO)
    return [identifier for identifier, _ in select(suite, Selection(**wanted))]


def test_selection():
    assert chosen() == ["V0001", "V0002", "V0003"]
    assert chosen(ids=("V0003", "V0001")) == ["V0003", "V0001"]
    assert chosen(tier="smoke") == ["V0001", "V0003"]
    assert chosen(tags=("x", "y")) == ["V0003"]
    assert chosen(rules=("DEV-",)) == ["V0001", "V0002", "V0003"]
    assert chosen(shard=(2, 2)) == ["V0002"]
    assert sorted(chosen(shard=(1, 2)) + chosen(shard=(2, 2))) == chosen()
    assert chosen(repeat=2) == [*chosen(), *chosen()]
    assert sorted(chosen(shuffle=3, repeat=9)) == sorted(chosen(repeat=9))
    assert chosen(shuffle=3, repeat=9) == chosen(shuffle=3, repeat=9) != chosen(shuffle=4, repeat=9)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"ids": ("V0009",)}, "V0009"),
        ({"tags": ("none",)}, "none of its 3"),
        ({"shard": (3, 2)}, "shard 3/2"),
        ({"repeat": 0}, "repeat 0"),
    ],
)
def test_selection_errors(wanted, says):
    with pytest.raises(SuiteError, match=says):
        chosen(**wanted)


def test_the_list_predicts_the_time():
    suite = made.suite(GOOD, vector("V0004", [], cycles=None))
    lines = list(listing(suite, select(suite, Selection()), 1000.0))
    assert lines[-2].startswith("2 vectors, 1 of them never measured: 1,000 cycles")
    assert lines[-1] == "at 1,000 Hz: 1.000 s of device time"


def test_abilities_are_taken_away_by_name():
    assert abilities("-link,-flr") == {"link", "flr"}
    assert "bus_master" not in abilities("plain")
    for wrong in ("link", "-nothing"):
        with pytest.raises(VectorsError, match="--abilities"):
            abilities(wrong)


def test_an_unknown_rule_is_refused_unless_the_suite_is_newer(tmp_path, capsys):
    lone = vector("V0009", [], rules=["DEV-ID-001", "DEV-ID-999"])
    for contract, code in (("0.1.0", ExitCode.USAGE), ("0.1.9", ExitCode.USAGE), ("0.2.0", 0)):
        place = made.written(tmp_path / "suite.json", ALSO, lone, contract=contract)
        out = tmp_path / contract
        assert cli.main(["replay", str(place), "--id", "V0009", "--out", str(out)]) == code
        said = capsys.readouterr().err
        assert (f"{place}: V0009: rules: 'DEV-ID-999' is no rule of contract 0.1" in said) is bool(
            code
        )
        assert out.exists() is not bool(code)


# Waivers ------------------------------------------------------------------------------------------
def waiver_file(tmp_path: Path, **changes) -> Path:
    fields = {
        "id": "W001",
        "vectors": "[V0002]",
        "contract": "[0.1.0, null]",
        "owner": "somebody",
        "expires": "2999-01-01",
        "reason": "known",
    } | changes
    path = tmp_path / "waivers.yaml"
    path.write_text("- {" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}\n")
    return path


def test_a_waived_failure_fails_nothing(tmp_path, capsys):
    path = waiver_file(tmp_path, vectors="[V0002, V0003]")
    code, content = replay(tmp_path, GOOD, WRONG, ALSO, options=["--waivers", str(path)])
    assert code == ExitCode.RIGHT
    assert verdicts(content)["V0002"] == "WAIVED"
    assert "unexpected pass: V0003" in capsys.readouterr().out


def test_an_expired_waiver_fails(tmp_path):
    path = waiver_file(tmp_path, expires="2020-01-01")
    code, content = replay(tmp_path, WRONG, options=["--waivers", str(path)])
    assert code == ExitCode.WRONG
    assert "waiver W001 of somebody expired 2020-01-01" in content["results"][0]["text"]


def test_a_waiver_holds_for_its_contract_versions(tmp_path):
    known = waivers.load(waiver_file(tmp_path, contract="[0.1.0, 0.2.0]"))
    failure = Result("V0002", "x", Verdict.FAIL)
    today = datetime.date(2026, 1, 1)
    for contract, verdict in (
        ("0.2.0", Verdict.WAIVED),
        ("0.2.1", Verdict.FAIL),
        ("0.10.0", Verdict.FAIL),
    ):
        assert waivers.waive([failure], known, contract, today)[0].verdict is verdict


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "X1"},
        {"vectors": "[]"},
        {"contract": "[null, null]"},
        {"contract": "[1, 2]"},
        {"expires": "soon"},
        {"owner": "''"},
        {"more": "1"},
        {"reason": "!!python/object:os.system x"},
        {"expires": "2026-02-30"},
        {"expires": "2026-1-1"},
    ],
)
def test_bad_waivers_are_refused(tmp_path, changes):
    with pytest.raises(VectorsError, match=r"waivers\.yaml:1: "):
        waivers.load(waiver_file(tmp_path, **changes))


def test_what_stands_twice_in_waivers_is_refused_with_its_line(tmp_path):
    path = waiver_file(tmp_path)
    path.write_text(path.read_text() * 2)
    with pytest.raises(VectorsError, match=r"waivers\.yaml:2: W001 stands on line 1 already"):
        waivers.load(path)
    text = waiver_file(tmp_path, owner="a,\n   owner: b").read_text()
    assert text.count("owner") == 2
    with pytest.raises(
        VectorsError, match=r"waivers\.yaml:2: key 'owner' is repeated; it .* line 1"
    ):
        waivers.load(path)
    path.write_text("{}\n")
    with pytest.raises(VectorsError, match=r"waivers\.yaml:1: must be a list"):
        waivers.load(path)
