"""The C ABI of the host and its Python twin name the same things in the same order."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from doorbell_tb import profiles
from doorbell_tb.errors import ProfileError
from doorbell_tb.host_abi import RESULT
from doorbell_tb.host_types import Access, FaultKind, Flow, InjectKind, Leaks, ReplyStatus, Stats
from doorbell_tb.profiles import Profile, profile
from doorbell_tb.rng import Stream
from doorbell_tb.trace import FAULT, TLP, TlpFlag

HEADER = Path(__file__).resolve().parents[2] / "testbench" / "host" / "host_api.h"
TEXT = re.sub(r"//.*", "", HEADER.read_text())
KNOWN = [
    0xB18A02F46D8D86C3,
    0x568A9B0B1A2C05EC,
]  # first draw of stream 1, seed 1, and of stream 0, seed 0
SIZES = {"uint64_t": 8, "uint32_t": 4, "uint16_t": 2, "uint8_t": 1}


def struct(name: str) -> list[tuple[str, str, int]]:
    """Fields of a struct as (type, name, count)."""
    body = re.search(rf"typedef struct \{{([^}}]*)\}} {name};", TEXT)
    assert body, name
    found = []
    for declaration in body[1].split(";"):
        words = declaration.split(None, 1)
        for item in words[1].split(",") if words else []:
            plain = re.fullmatch(r"\s*(\w+)(?:\[(\d+)\])?\s*", item)
            assert plain, item
            found.append((words[0], plain[1], int(plain[2] or 1)))
    return found


@pytest.mark.parametrize(
    ("name", "dtype"), [("dbh_tlp_t", TLP), ("dbh_fault_t", FAULT), ("dbh_result_t", RESULT)]
)
def test_records_have_the_layout_of_their_structs(name: str, dtype: np.dtype) -> None:
    offset = 0
    for kind, field, count in struct(name):
        base = dtype.fields[field]
        assert base[1] == offset, field
        assert base[0].itemsize == SIZES[kind] * count, field
        assert base[0].base.kind == "u"
        offset += SIZES[kind] * count
    assert offset == dtype.itemsize and len(dtype.names) == len(struct(name))


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("dbh_flow_t", Flow),
        ("dbh_stats_t", Stats),
        ("dbh_leaks_t", Leaks),
        ("dbh_profile_t", Profile),
    ],
)
def test_dataclasses_have_the_fields_of_their_structs(name: str, twin: type) -> None:
    names = [field.name for field in fields(twin) if field.name != "name"]
    assert names == [field for _, field, _ in struct(name)]


@pytest.mark.parametrize(
    ("prefix", "twin"),
    [
        ("DBH_FAULT_", FaultKind),
        ("DBH_INJECT_", InjectKind),
        ("DBH_STATUS_", ReplyStatus),
        ("DBH_TLP_", TlpFlag),
        ("DBH_(?=READ =|WRITE =)", Access),
    ],
)
def test_enumerations_agree(prefix: str, twin: type) -> None:
    found = re.findall(rf"{prefix}(\w+) = (\w+)", TEXT)
    assert {name: int(value, 0) for name, value in found} == {e.name: e.value for e in twin}


def test_every_function_is_bound() -> None:
    from doorbell_tb import host_abi

    declared = set(re.findall(r"dbh_(\w+)\(", TEXT))
    assert declared == set(host_abi._PROTOTYPES)


# ---- profiles ----


def test_profiles_are_there_and_differ() -> None:
    assert {"harsh", "ideal", "pcie_1us", "distant"} <= set(profiles.names())
    assert len({profile(name).values() for name in profiles.names()}) == len(profiles.names())
    assert profile("pcie_1us").read_latency_min == round(250 * 0.75)
    assert profile("pcie_1us").read_latency_max == round(250 * 1.25)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: profile("hash"), "must be one of harsh"),
        (lambda: profile("ideal").with_changes(latency=1), "no such field: latency"),
        (lambda: profile("ideal").with_changes(host_tags=-1), r"host_tags = -1: must be 0 to"),
        (lambda: profile("ideal").with_changes(host_tags=1 << 32), "must be 0 to"),
        (lambda: profile("ideal").with_changes(host_tags=True), "host_tags = True"),
    ],
)
def test_a_bad_profile_says_what_is_wrong(call, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        call()


def test_a_changed_profile_keeps_the_rest() -> None:
    changed = profile("ideal").with_changes(host_tags=3)
    assert changed.host_tags == 3 and changed.name == "ideal*"
    assert changed.with_changes(host_tags=profile("ideal").host_tags).values() == (
        profile("ideal").values()
    )


# ---- random numbers ----


def test_random_numbers_come_one_by_one_or_at_once(seed: int) -> None:
    one, many = Stream(seed, 7), Stream(seed, 7)
    assert [one.next() for _ in range(50)] == many.words(20).tolist() + many.words(30).tolist()
    assert one.next() == many.next()
    assert Stream(seed, 8).next() != Stream(seed, 7).next()
    assert Stream(seed + 1, 7).next() != Stream(seed, 7).next()
    assert Stream(seed, 7).bytes(13).tobytes() == Stream(seed, 7).words(2).tobytes()[:13]


def test_random_numbers_are_the_published_ones() -> None:
    assert [Stream(1, 1).next(), Stream(0, 0).next()] == KNOWN


def test_random_ranges_are_even(seed: int) -> None:
    stream = Stream(seed, 3)
    draws = [stream.between(10, 14) for _ in range(5000)]
    counts = np.bincount(draws, minlength=15)
    assert counts[:10].sum() == 0 and counts[10:].min() > 850
    assert stream.between(5, 5) == 5
    hits = sum(stream.percent(30) for _ in range(5000))
    assert 1300 < hits < 1700 and stream.percent(100) and not stream.percent(0)
