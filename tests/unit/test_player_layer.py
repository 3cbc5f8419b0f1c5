"""The player's own hardware layer: places for buffers, raw TLPs, recovery, configuration put right."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import player_suite as made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from player_suite import DEVICE, read, suite, vector, write

import doorbell
from doorbell.contract import limits
from doorbell_tb import tlp
from doorbell_vectors.format.document import Buffer
from doorbell_vectors.player.errors import Broken, Mismatch
from doorbell_vectors.player.hardware import Hardware
from doorbell_vectors.player.placement import place
from doorbell_vectors.player.play import Player
from doorbell_vectors.player.raw import make
from doorbell_vectors.player.recovery import recover

BUFFERS = st.builds(
    Buffer,
    size=st.integers(1, 20_000),
    align=st.sampled_from([1, 2, 8, 64, 4096, 65536]),
    edge=st.none() | st.integers(0, 4095),
    window=st.sampled_from(["any", "low", "high"]),
    writable=st.just(True),
    init=st.just(()),
)


def pages(length: int) -> np.ndarray:
    return np.empty(length, np.uint8)


@given(st.dictionaries(st.sampled_from("abcdefgh"), BUFFERS), st.integers(), st.booleans())
def test_buffers_lie_where_they_were_asked_for(buffers, seed, high):
    placed = place(buffers, str(seed), pages, high=high)
    spans = []
    for name, buffer in buffers.items():
        one = placed[name]
        if buffer.edge is None:
            assert one.address % buffer.align == 0
        else:
            assert one.address % 4096 == buffer.edge
        last = one.address + buffer.size
        if buffer.window == "low" or (buffer.window == "any" and not high):
            assert last <= 1 << 32
        if buffer.window == "high":
            assert one.address >= 1 << 32
        assert one.memory.size == buffer.size
        assert one.base % 4096 == one.pages.size % 4096 == 0
        assert one.spilled() is None
        spans.append((one.base, one.base + one.pages.size))
    spans.sort()
    assert all(end + 4096 <= start for (_, end), (start, _) in pairwise(spans))
    again = place(buffers, str(seed), pages, high=high)
    assert [one.address for one in again.values()] == [one.address for one in placed.values()]


def test_every_guard_byte_is_watched():
    placed = place({"a": Buffer(100, 64, 4000, "any", True, ())}, "1", pages, high=True)["a"]
    placed.memory[:] = 0
    assert placed.spilled() is None
    for at in (0, 3999, 4100, 8191):
        placed.pages[at] ^= 1
        assert placed.spilled() == placed.base + at
        placed.pages[at] ^= 1


def test_no_room_is_said():
    buffer = Buffer(1 << 32, 64, None, "low", True, ())
    with pytest.raises(Broken, match="no room"):
        place({"a": buffer}, "1", pages, high=False)


@pytest.mark.parametrize("address", [0x1000, 0x1003, 0x40_0000_0006])
@pytest.mark.parametrize("length", [1, 4, 5, 8, 13])
def test_raw_requests_are_as_the_testbench_makes_them(address, length):
    fields = {"address": address, "length": length, "tag": 0, "requester": 0}
    assert tuple(make("memory_read", fields, b"")[0]) == tlp.memory_read(address, length).header
    data = bytes(range(1, length + 1))
    made_write = make("memory_write", fields, data)
    wanted = tlp.memory_write(address, data)
    assert (tuple(made_write[0]), made_write[1]) == (wanted.header, wanted.payload)


def test_raw_atomics_are_as_the_testbench_makes_them():
    one, two = (5).to_bytes(8, "little"), (6).to_bytes(8, "little")
    for kind, data, wanted in (
        ("fetch_add", one, tlp.fetch_add(0x1_0000_0000, 5)),
        ("swap", one[:4], tlp.swap(0x1_0000_0000, 5, 4)),
        ("compare_swap", one + two, tlp.compare_and_swap(0x1_0000_0000, 5, 6)),
    ):
        header, payload = make(kind, {"address": 0x1_0000_0000, "tag": 0}, data)
        assert (tuple(header), payload) == (wanted.header, wanted.payload)


def test_fields_stand_even_if_they_are_wrong():
    fields = {
        "address": 0x1000,
        "words": 0,
        "wide": 1,
        "attributes": 7,
        "poisoned": 1,
        "first_be": 5,
        "last_be": 10,
        "tag": 0x12,
        "requester": 0x345,
        "traffic_class": 3,
    }
    header, _ = make("memory_read", fields, b"")
    wanted = tlp.memory_read(0x1_0000_1000, 4).changed(
        length=0,
        attributes=7,
        poisoned=1,
        first_be=5,
        last_be=10,
        tag=0x12,
        requester=0x345,
        traffic_class=3,
    )
    assert header == [wanted.header[0], wanted.header[1], 0, 0x1000]
    header, payload = make("completion", {"status": 1, "tag": 9, "byte_count": 4}, b"abcde")
    assert header == [0x4A00_0002, 1 << 13 | 4, 9 << 8]
    assert payload == b"abcde\0\0\0"
    for kind, bad in (("memory_read", {"status": 1}), ("completion", {"last_be": 1}), ("x", {})):
        with pytest.raises(Broken):
            make(kind, bad, b"")


def test_raw_bytes_are_header_and_payload():
    assert make("raw", {}, bytes.fromhex("4000000100000a0f00001000aabbccdd")) == (
        [0x4000_0001, 0x0000_0A0F, 0x1000],
        bytes.fromhex("aabbccdd"),
    )
    header, payload = make("raw", {"tag": 7}, bytes.fromhex("20000001000000ff0000000100002000"))
    assert (header, payload) == ([0x2000_0001, 0x7FF, 1, 0x2000], b"")
    for short in (b"", bytes(11), bytes(13), b"\x20" + bytes(11)):
        with pytest.raises(Broken, match="tlp raw"):
            make("raw", {}, short)


# Recovery -----------------------------------------------------------------------------------------
async def _recovered(device, sick: int, hook: str = "", outside: bool = False):
    """Recover a device whose health recipe fails for the first `sick` times."""
    hardware = Hardware(device.transport, device.function, without=frozenset())
    player = Player(suite(vector("V0001", [])), hardware, lambda _row: None, seed=1, scale=1.0)
    await player.start()
    done: list[str] = []
    recipe = player.recipe

    async def counted(name: str) -> None:
        done.append(name)
        await recipe(name)
        if name == "health" and done.count("health") <= sick:
            raise Mismatch("value", "STATUS", "idle", "busy")

    async def reset() -> bool:
        done.append("outside")
        return outside

    player.recipe = counted
    hardware.reset = reset
    return await recover(player, hook), done


@pytest.mark.parametrize(
    ("sick", "means"), [(0, "nothing"), (1, "queue_reset"), (2, "reset"), (9, None)]
)
def test_the_mildest_means_is_taken(sick, means):
    found, done = doorbell.run(_recovered, sick=sick)
    assert found == means
    if means is None:
        assert [name for name in done if name != "health"] == ["queue_reset", "reset", "outside"]


def test_a_host_that_can_resets_from_outside():
    assert doorbell.run(_recovered, sick=3, outside=True)[0] == "host reset"


def test_the_hook_comes_last(tmp_path):
    mark = tmp_path / "called"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).touch()"
    hook = f'{sys.executable} -c "{code}"'
    assert doorbell.run(_recovered, sick=3, hook=hook)[0] == "hook"
    assert mark.exists()
    failing = f'{sys.executable} -c "raise SystemExit(3)"'
    assert doorbell.run(_recovered, sick=3, hook=failing)[0] is None
    assert doorbell.run(_recovered, sick=3, hook="/no/such/command")[0] is None


def test_what_a_vector_does_to_configuration_space_ends_with_it():
    off = {"op": "config_write", "at": 4, "size": 2, "value": 0, "mask": 4}
    small = {
        "op": "config_write",
        "at": 8,
        "size": 2,
        "capability": "pcie",
        "value": 0,
        "mask": 0x70E0,
    }
    moved = {"op": "config_write", "at": 0x14, "size": 4, "value": 0x55}

    async def check(device):
        hardware = Hardware(device.transport, device.function, without=frozenset())
        player = Player(
            suite(vector("V0001", [off, small, moved])), hardware, lambda _: None, seed=1, scale=1.0
        )
        await player.start()
        before = await space(hardware)
        assert (await player.play(player.suite.vectors[0])).verdict == "PASS"
        return before == await space(hardware)

    async def space(hardware):
        """All but the errors that were noted, which outlive every reset (EP-ERR-001)."""
        await hardware.config_write(0x06, 0xF900, 2, None)
        await hardware.config_write(0x0A, 0xF, 2, "pcie")
        return [await hardware.config_read(at, 4) for at in range(0, 256, 4)]

    assert doorbell.run(check)


def test_recipes_name_the_step_that_failed():
    recipes = made.RECIPES | {
        "reset": [write(DEVICE.SCRATCH, 1), read(DEVICE.SCRATCH, expect={"eq": 2})]
    }

    async def played(device):
        hardware = Hardware(device.transport, device.function, without=frozenset())
        document = suite(vector("V0001", []), recipes=recipes)
        player = Player(document, hardware, lambda _: None, seed=1, scale=1.0)
        await player.start()
        return await player.play(document.vectors[0])

    result = doorbell.run(played)
    assert (result.verdict, result.op, result.step) == ("FAIL", "reset/read", None)


def test_the_capability_registers_are_read_by_the_suite_alone():
    async def start(device):
        hardware = Hardware(device.transport, device.function, without=frozenset())
        where = {"memory": {"at": DEVICE.CAP_DEVICE_MEMORY.offset, "lsb": 0, "width": 64}}
        document = suite(vector("V0001", []), capabilities=where)
        player = Player(document, hardware, lambda _: None, seed=1, scale=1.0)
        await player.start()
        return player.capabilities

    assert doorbell.run(start) == {"memory": limits.reference.DEVICE_MEMORY_BYTES}
