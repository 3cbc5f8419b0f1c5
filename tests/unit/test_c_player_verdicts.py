"""Every verdict of the portable player, on the toy device inside it."""

from __future__ import annotations

import c_player
import player_suite as made
import pytest
from player_suite import (
    CONTRACT_RANGES,
    DEVICE,
    QUEUE,
    nops,
    queue_buffers,
    read,
    vector,
    write,
)

from doorbell.contract import registers
from doorbell_vectors.authoring.needs import capabilities

SCRATCH = DEVICE.SCRATCH


def play(tmp_path, *vectors, options=(), device="loopback", **keys):
    suite = made.written(tmp_path / "suite.json", *vectors, **keys)
    log = tmp_path / "log.jsonl"
    played = c_player.run("--device", device, "--log", log, *options, suite, cwd=tmp_path)
    return played, c_player.rows(log) if log.exists() else []


def verdict(tmp_path, steps, **keys):
    """Play one vector; return its verdict and text, and check that the exit code fits."""
    options = keys.pop("options", ())
    suite = {key: keys.pop(key) for key in ("capabilities",) if key in keys}
    played, rows = play(tmp_path, vector("V0001", steps, **keys), options=options, **suite)
    (row,) = (row for row in rows if "verdict" in row)
    bad = {"FAIL": 1, "ERROR": 1, "INCONCLUSIVE": 3}
    skips = row["verdict"] == "NOT_SUPPORTED"  # nothing was tested
    assert played.code == bad.get(row["verdict"], 1 if skips else 0), played.out
    assert played.lines[0].startswith("not ok" if row["verdict"] in bad else "ok")
    return row["verdict"], row["text"]


def test_a_vector_that_holds_passes(tmp_path):
    assert verdict(tmp_path, nops(), buffers=queue_buffers()) == ("PASS", "")


def test_a_wrong_value_fails_and_says_what_was_expected(tmp_path):
    steps = [write(SCRATCH, 5), read(SCRATCH, expect={"eq": 6})]
    assert verdict(tmp_path, steps) == ("FAIL", "read BAR0+0x78: expected 0x6, found 0x5")


def test_a_failure_says_what_it_hunts_its_rules_and_how_to_play_it_again(tmp_path):
    one = vector("V0001", [read(SCRATCH, expect={"eq": 1})], rules=["DEV-ID-001", "DEV-REG-006"])
    played, _ = play(tmp_path, vector("V0000", []), one)
    assert "# V0001 hunts: Nothing in particular." in played.comments
    assert "# V0001 rules: DEV-ID-001 DEV-REG-006" in played.comments
    (again,) = (line for line in played.comments.splitlines() if " again: " in line)
    (line,) = c_player.run(*again.split()[4:], cwd=tmp_path).lines
    assert line.startswith("not ok 1 V0001")


@pytest.mark.parametrize(
    ("expect", "holds"),
    [
        ({"eq": "0xfedcba9876543210"}, True),
        ({"eq": "0xfedcba9876543211"}, False),
        ({"in": [1, "0xfedcba9876543210"]}, True),
        ({"in": [1, 2]}, False),
        ({"min": "0xfedcba9876543210", "max": "0xffffffffffffffff"}, True),
        ({"min": "0xfedcba9876543211"}, False),
        ({"max": "0xfedcba987654320f"}, False),
        ({"eq": 0x10, "mask": 0xFF}, True),
        ({"eq": 0x11, "mask": 0xFF}, False),
        ({"any": True}, True),
    ],
)
def test_expectations(tmp_path, expect, holds):
    steps = [write(SCRATCH, "0xfedcba9876543210"), read(SCRATCH, expect=expect)]
    assert verdict(tmp_path, steps)[0] == ("PASS" if holds else "FAIL")


def test_the_first_wrong_byte_is_shown(tmp_path):
    steps = [{"op": "memory", "buffer": "records", "at": 3, "bytes": [["f", 0xEE, 9], ["x", "00"]]}]
    found, text = verdict(tmp_path, steps, buffers=queue_buffers())
    assert (found, text) == (
        "FAIL",
        "memory records+0x3: byte 9: expected 00, found ee (1 bytes differ)",
    )


def test_all_kinds_of_segments_are_put_and_found(tmp_path):
    stored = [
        ["x", "00ff10"],
        ["f", 7, 5],
        ["r", 1, 3, 13],
        ["v", {"buffer": "m", "add": 3}, 8],
        ["v", "0x1234", 1],
    ]
    found = [["x", "00ff10"], ["u", 5], ["r", 1, 3, 13], ["v", {"buffer": "m", "add": 3}, 8]]
    found += [["m", "0f", "f4"]]
    steps = [
        {"op": "put", "buffer": "m", "at": 1, "bytes": stored},
        {"op": "memory", "buffer": "m", "at": 1, "bytes": found},
    ]
    assert verdict(tmp_path, steps, buffers={"m": {"size": 64, "init": []}})[0] == "PASS"
    stream = [
        {"op": "put", "buffer": "m", "at": 0, "bytes": [["r", 1, 0, 8]]},
        {"op": "memory", "buffer": "m", "at": 0, "bytes": [["x", "c15c0289ec2d0a91"]]},
    ]
    assert verdict(tmp_path, stream, buffers={"m": {"size": 64, "init": []}})[0] == "PASS"


def test_what_never_comes_fails_by_the_clock_of_the_device(tmp_path):
    steps = [{"op": "word", "buffer": "records", "at": 0, "expect": {"eq": 1}, "within": 3000}]
    found, text = verdict(tmp_path, steps, buffers=queue_buffers())
    assert found == "FAIL"
    assert "expected 0x1, found 0xeeeeeeeeeeeeeeee" in text


@pytest.mark.parametrize(("scale", "wanted"), [("1e-9", "INCONCLUSIVE"), ("1", "FAIL")])
def test_a_host_guard_never_makes_a_vector_fail(tmp_path, scale, wanted):
    steps = [read(SCRATCH, expect={"eq": 1}, within=5000)]
    found, text = verdict(tmp_path, steps, options=["--time-scale", scale])
    assert found == wanted
    assert ("--time-scale" in text) == (wanted == "INCONCLUSIVE")


@pytest.mark.parametrize(
    ("step", "ability"),
    [
        ({"op": "faults", "expect": {"eq": 0}}, "iommu_faults"),
        ({"op": "unmap", "buffer": "ring"}, "iommu_faults"),
        ({"op": "map", "buffer": "ring"}, "iommu_faults"),
        ({"op": "odd_read", "bar": 0, "at": 0, "length": 3}, "odd_access"),
        ({"op": "odd_write", "bar": 0, "at": 0, "length": 1, "bytes": [["x", "00"]]}, "odd_access"),
        (
            {
                "op": "spoil",
                "buffer": "ring",
                "at": 0,
                "length": 8,
                "kind": "abort",
                "count": 1,
            },
            "completion_faults",
        ),
        ({"op": "tlp", "kind": "memory_read", "fields": {}}, "tlp_injection"),
    ],
)
def test_an_op_that_the_host_cannot_do_is_not_supported(tmp_path, step, ability):
    found, text = verdict(tmp_path, [step], buffers=queue_buffers())
    assert found == "NOT_SUPPORTED"
    assert f"host lacks ability {ability}" in text


def test_needs_of_device_and_host(tmp_path):
    lacking = {"device": {"queues": 9}, "host": []}
    found, text = verdict(tmp_path, [], needs=lacking)
    assert (found, text) == (
        "NOT_SUPPORTED",
        "device lacks capability queues: has 0x1, needs 0x9",
    )
    assert (
        verdict(tmp_path, [], needs={"device": {"queues": 1}, "host": ["bus_master"]})[0] == "PASS"
    )
    needs = {"device": {}, "host": ["bus_master"]}
    found, text = verdict(tmp_path, [], needs=needs, options=["--without", "flr,bus_master"])
    assert (found, text) == ("NOT_SUPPORTED", "host lacks ability bus_master")


def test_bit_masks_need_every_bit(tmp_path):
    where = {"opcodes": {"at": DEVICE.CAP_OPCODES.offset, "lsb": 0, "width": 64}}
    for bits, wanted in ((0b110, "PASS"), (0b100000, "NOT_SUPPORTED")):
        one = vector("V0001", [], needs={"device": {"opcodes": bits}, "host": []})
        _, rows = play(tmp_path, one, capabilities=where)
        assert rows[-1]["verdict"] == wanted


def test_a_capability_is_bounded_from_above(tmp_path):
    for most, wanted in ((1, "PASS"), (0, "NOT_SUPPORTED")):
        needs = {"device": {}, "most": {"queues": most}, "host": []}
        found, text = verdict(tmp_path, [], needs=needs)
        assert found == wanted
        assert most or text == "device lacks capability queues: has 0x1, needs at most 0x0"


@pytest.mark.parametrize(("first", "last", "holds"), CONTRACT_RANGES)
def test_a_vector_holds_for_a_range_of_contracts(tmp_path, first, last, holds):
    found, text = verdict(tmp_path, [], contract=[first, last], capabilities=capabilities())
    assert found == ("PASS" if holds else "NOT_SUPPORTED")
    if not holds:
        until = last or "today"
        assert text == f"device follows contract 0.1.0, the vector holds from {first} to {until}"
    # A suite that does not say where the version stands is played as it is.
    assert verdict(tmp_path, [], contract=[first, last])[0] == "PASS"


def test_an_expectation_of_the_link_is_not_observed(tmp_path):
    step = {"op": "link", "check": "none", "filter": {"kind": "memory_write"}}
    assert verdict(tmp_path, [step])[0] == "NOT_OBSERVED"
    assert verdict(tmp_path, [step, read(SCRATCH, expect={"eq": 1})])[0] == "FAIL"


def test_a_value_that_was_never_saved_is_an_error(tmp_path):
    found, text = verdict(tmp_path, [write(SCRATCH, {"saved": "x"})])
    assert (found, text) == ("ERROR", 'nothing was saved as "x"')


def test_saved_values_in_order_and_their_difference(tmp_path):
    steps = [
        write(SCRATCH, "0xffffffffffffffff"),
        read(SCRATCH, save="a"),
        write(SCRATCH, {"saved": "a", "add": 3}),
        read(SCRATCH, save="b"),
        {"op": "order", "names": ["a", "b"], "strict": True},
        {"op": "order", "names": ["a", "a"], "strict": False},
        {"op": "difference", "of": "b", "minus": "a", "expect": {"eq": 3}},
    ]
    assert verdict(tmp_path, steps)[0] == "PASS"
    for wrong in (
        {"op": "order", "names": ["b", "a"], "strict": False},
        {"op": "order", "names": ["a", "a"], "strict": True},
        {"op": "difference", "of": "a", "minus": "b", "expect": {"eq": 3}},
    ):
        assert verdict(tmp_path, [*steps, wrong])[0] == "FAIL"


def test_blocks_at_odd_addresses_leave_their_neighbours(tmp_path):
    steps = [
        {"op": "write_block", "bar": 2, "at": 64, "bytes": [["f", 0xAA, 40]]},
        {"op": "write_block", "bar": 2, "at": 67, "bytes": [["r", 5, 0, 30]]},
        {
            "op": "read_block",
            "bar": 2,
            "at": 64,
            "bytes": [["f", 0xAA, 3], ["r", 5, 0, 30], ["f", 0xAA, 7]],
        },
        {"op": "read_block", "bar": 2, "at": 69, "bytes": [["r", 5, 2, 1]]},
    ]
    assert verdict(tmp_path, steps)[0] == "PASS"
    steps[-1]["bytes"] = [["x", "00"]]
    assert verdict(tmp_path, steps)[0] == "FAIL"


def test_interrupts_are_counted_from_the_beginning_of_the_vector(tmp_path):
    def interrupts(count):
        return [
            {"op": "interrupt_setup", "vector": 2},
            {"op": "interrupts", "vector": 2, "expect": {"eq": 0}},
            *nops(3, flags=4, vector=2),
            {"op": "interrupt_wait", "vector": 2, "count": count, "within": 1000},
            {"op": "interrupts", "vector": 2, "expect": {"eq": count}},
        ]

    same = [vector(f"V000{at}", interrupts(3), buffers=queue_buffers()) for at in (1, 2)]
    played, _ = play(tmp_path, *same)
    assert played.code == 0
    assert verdict(tmp_path, interrupts(4), buffers=queue_buffers())[0] == "FAIL"
    merged = ["--without", "interrupt_count"]
    found, text = verdict(tmp_path, interrupts(3), buffers=queue_buffers(), options=merged)
    assert found == "NOT_SUPPORTED"
    assert "interrupt_count" in text


def test_a_masked_vector_rings_not(tmp_path):
    steps = [
        {"op": "interrupt_setup", "vector": 1},
        {"op": "interrupt_mask", "vector": 1, "masked": True},
        *nops(2, flags=4, vector=1),
        {"op": "interrupts", "vector": 1, "expect": {"eq": 0}},
    ]
    assert verdict(tmp_path, steps, buffers=queue_buffers())[0] == "PASS"


def test_configuration_space(tmp_path):
    control = {"capability": "pcie", "at": 8, "size": 2}
    steps = [
        {"op": "config_read", "at": 0, "size": 2, "expect": {"eq": made.limits.VENDOR_ID}},
        {"op": "config_read", **control, "save": "before"},
        {"op": "config_write", **control, "value": 0x1000, "mask": 0x7000},
        {"op": "config_read", **control, "expect": {"eq": 0x1010}},
    ]
    assert verdict(tmp_path, steps)[0] == "PASS"
    steps[-1]["expect"] = {"eq": 0x1000}
    assert verdict(tmp_path, steps)[0] == "FAIL"


MSIX_CONTROL = {"capability": "msix", "at": 2, "size": 2}


@pytest.mark.parametrize("failing", [False, True])
def test_configuration_space_is_set_up_again(tmp_path, failing):
    off = [
        {"op": "config_write", "at": 4, "size": 2, "value": 0},
        {"op": "config_write", **MSIX_CONTROL, "value": 0x4000},
        *([read(SCRATCH, expect={"eq": 1})] if failing else []),
    ]
    as_before = [
        {"op": "config_read", "at": 4, "size": 2, "expect": {"eq": 6}},
        {"op": "config_read", **MSIX_CONTROL, "expect": {"eq": 0, "mask": 0x4000}},
    ]
    _, rows = play(tmp_path, vector("V0001", off), vector("V0002", as_before))
    found = [row["verdict"] for row in rows if "verdict" in row]
    assert found == ["FAIL" if failing else "PASS", "PASS"]


def test_a_write_outside_the_buffers_fails(tmp_path):
    copy = bytes([2, 0, 0, 0, 0, 0, 0, 0]).hex()
    spilling = [
        ["x", copy],
        ["v", {"buffer": "ring"}, 8],
        ["v", {"buffer": "records", "add": 252}, 8],
        ["v", 8, 4],
        ["f", 0, 36],
    ]
    steps = [
        *made.enabled(),
        {"op": "put", "buffer": "ring", "at": 0, "bytes": spilling},
        {"op": "publish"},
        write(registers.DOORBELL[0].DOORBELL, 1),
        read(QUEUE.GET, expect={"eq": 1}, within=1000),
    ]
    found, text = verdict(tmp_path, steps, buffers=queue_buffers())
    assert found == "FAIL"
    assert 'outside buffer "records"' in text


@pytest.mark.parametrize(("log2", "kept"), [(0, 1), (2**31 - 1, 16), ("0xffffffffffffffff", 16)])
def test_the_toy_keeps_ring_sizes_in_their_limits(tmp_path, log2, kept):
    steps = [write(QUEUE.RING_LOG2, log2), read(QUEUE.RING_LOG2, expect={"eq": kept})]
    ring = [write(QUEUE.CONTROL, 1), write(registers.DOORBELL[0].DOORBELL, 1)]
    assert verdict(tmp_path, [*steps, *ring])[0] == "PASS"


def test_what_is_not_published_does_not_reach_the_device(tmp_path):
    steps = [step for step in nops(1) if step["op"] != "publish"]
    assert verdict(tmp_path, steps, buffers=queue_buffers())[0] == "FAIL"


@pytest.mark.parametrize("window", ["low", "high", "any"])
def test_buffers_are_where_they_are_wanted(tmp_path, window):
    buffers = {"m": {"size": 300, "align": 8192, "edge": 4095, "window": window, "init": []}}
    limits = {"low": {"max": "0xffffffff"}, "high": {"min": "0x100000000"}, "any": {"min": 1}}
    steps = [
        write(SCRATCH, {"buffer": "m"}),
        read(SCRATCH, expect={"eq": 4095, "mask": 8191}),
        read(SCRATCH, expect=limits[window]),
    ]
    assert verdict(tmp_path, steps, buffers=buffers)[0] == "PASS"
    if window == "high":
        without = ["--without", "high_addresses"]
        assert verdict(tmp_path, steps, buffers=buffers, options=without)[0] == "NOT_SUPPORTED"


def test_a_queue_left_running_is_recovered_and_the_run_goes_on(tmp_path):
    broken = [*made.enabled(), read(SCRATCH, expect={"eq": 1})]
    health = [*made.RECIPES["health"], read(QUEUE.STATUS, expect={"eq": 0, "mask": 3})]
    played, rows = play(
        tmp_path,
        vector("V0001", broken, buffers=queue_buffers()),
        vector("V0002", [*made.enabled()], buffers=queue_buffers()),
        vector("V0003", nops(), buffers=queue_buffers()),
        recipes=made.RECIPES | {"health": health},
    )
    assert [row["verdict"] for row in rows if "verdict" in row] == ["FAIL", "FAIL", "PASS"]
    assert "recipe health" in played.comments
    assert "recovered by recipe queue_reset" in played.comments


def test_a_device_that_nothing_brings_back_stops_the_run(tmp_path):
    gone = [read(SCRATCH, expect={"eq": 1}, within=10)]
    sick = [read(SCRATCH, expect={"eq": 2})]
    played, _ = play(
        tmp_path,
        vector("V0001", gone),
        vector("V0002", []),
        vector("V0003", []),
        recipes=made.RECIPES | {"health": sick},
    )
    assert played.code == 1
    assert len(played.lines) == 1
    assert "nothing makes the device usable again" in played.comments
    assert (tmp_path / "doorbell-player.rest").read_text() == "V0002\nV0003\n"
    fine = made.written(tmp_path / "fine.json", *(vector(f"V000{at}", []) for at in (1, 2, 3)))
    rest = c_player.run(
        "--device", "loopback", "--resume", tmp_path / "doorbell-player.rest", fine, cwd=tmp_path
    )
    assert [line.split()[2] for line in rest.lines] == ["V0002", "V0003"]


def test_another_contract_is_refused(tmp_path):
    version = [read(DEVICE.CONTRACT_VERSION, expect={"eq": 7, "mask": 0xFFFF})]
    played, _ = play(tmp_path, vector("V0001", []), recipes=made.RECIPES | {"version": version})
    assert played.code == 5
    assert "Bail out!" in played.out


def test_every_transaction_is_a_line_of_the_log(tmp_path):
    played, rows = play(tmp_path, vector("V0001", nops(), buffers=queue_buffers()))
    assert rows[0]["run"]["device"] == "loopback"
    assert rows[1]["device"]["transport"] == "loopback"
    assert rows[1]["device"]["capabilities"] == {"queues": 1}
    assert "bus_master" in rows[1]["device"]["abilities"]
    own = [row for row in rows[2:] if row.get("vector") == "V0001"]
    recipes = [row["op"] for row in own if row["step"] is None]
    assert recipes == ["reset/write", "reset/read", "health/read", "health/read"]
    steps = [row for row in own if row["step"] is not None]
    assert [row["step"] for row in steps] == list(range(len(nops())))
    assert [row["op"] for row in steps] == [step["op"] for step in nops()]
    assert all(row["ok"] for row in steps)
    result = rows[-1]
    assert result["cycles"] > 0
    assert result == {
        "id": "V0001",
        "name": "made-v0001",
        "verdict": "PASS",
        "text": "",
        "step": None,
        "op": "",
        "cycles": result["cycles"],
        "hash": vector("V0001", nops(), buffers=queue_buffers())["hash"],
    }
    assert played.code == 0
