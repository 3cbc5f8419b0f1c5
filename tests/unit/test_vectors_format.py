"""The vectors' machine form: bytes, values, expectations, and what loading refuses."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorbell_vectors.errors import SuiteError, ValueUnknown
from doorbell_vectors.format.canonical import vector_hash
from doorbell_vectors.format.document import dump, parse
from doorbell_vectors.format.expect import describe, met
from doorbell_vectors.format.octets import length, octets, stream
from doorbell_vectors.format.values import LIMIT, Values, literal, number

VALUES = Values({"b": 0x1000}, {"queues": 8}, {"t": LIMIT - 1})


def splitmix(seed: int, index: int) -> int:
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) % LIMIT
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % LIMIT
    z = (z ^ z >> 27) * 0x94D049BB133111EB % LIMIT
    return z ^ z >> 31


def test_stream_starts_as_the_format_says() -> None:
    assert stream(1, 0, 8).hex(" ") == "c1 5c 02 89 ec 2d 0a 91"


@given(st.integers(0, LIMIT - 1), st.integers(0, 99), st.integers(0, 99))
def test_stream_is_splitmix(seed: int, skip: int, count: int) -> None:
    whole = b"".join(splitmix(seed, word).to_bytes(8, "little") for word in range(25))
    assert stream(seed, skip, count) == whole[skip : skip + count]


@given(st.integers(-LIMIT, 2 * LIMIT))
def test_literals_keep_every_bit(value: int) -> None:
    written = json.loads(json.dumps(literal(value)))
    assert number(written) == value % LIMIT
    assert isinstance(written, str) or written < 2**31


@pytest.mark.parametrize(
    ("value", "is_"),
    [
        ({"buffer": "b", "add": 5}, 0x1005),
        ({"buffer": "b", "add": "0xffffffffffffffff"}, 0xFFF),
        ({"cap": "queues", "shift": 12, "add": 8}, 0x8008),
        ({"saved": "t", "add": 2}, 1),
    ],
)
def test_relative_values(value: Any, is_: int) -> None:
    assert VALUES(value) == is_


@pytest.mark.parametrize("value", [{"buffer": "x"}, {"cap": "x"}, {"saved": "x"}])
def test_unknown_names_are_told(value: Any) -> None:
    with pytest.raises(ValueUnknown, match="'x'; there are: "):
        VALUES(value)


SEGMENTS = [["x", "0102"], ["f", 7, 3], ["v", {"buffer": "b"}, 4], ["r", 1, 0, 2]]


def test_segments_are_concatenated() -> None:
    found = octets(SEGMENTS, VALUES)
    assert found.exact().hex() == "010207070700100000c15c"
    assert length(SEGMENTS) == 11
    assert found.difference(found.exact()) is None


def test_first_difference_is_told() -> None:
    expected = octets([["x", "00112233"], ["u", 1], ["m", "0f", "05"]], VALUES)
    assert expected.difference(bytes.fromhex("00112233ffa5")) is None
    wrong = expected.difference(bytes.fromhex("00112133ffa4"))
    assert wrong is not None and (wrong.offset, wrong.count) == (2, 2)
    assert str(wrong) == "byte 2: expected 2233??05, found 2133ffa4 (2 bytes differ)"


def test_contents_must_be_whole() -> None:
    with pytest.raises(ValueError, match="unspecified"):
        octets([["u", 1]], VALUES).exact()
    with pytest.raises(ValueError, match="3 bytes to compare with 1"):
        octets([["f", 0, 1]], VALUES).difference(np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match="no segment"):
        octets([["q", 1]], VALUES)


@pytest.mark.parametrize(
    ("expect", "good", "bad", "text"),
    [
        ({"eq": 5}, 5, 6, "0x5"),
        ({"eq": 5, "mask": 7}, 13, 14, "0x5 under mask 0x7"),
        ({"in": [1, "0x80000000"]}, 2**31, 2, "one of 0x1, 0x80000000"),
        ({"min": 3}, LIMIT - 1, 2, "0x3 or more"),
        ({"max": {"cap": "queues"}}, 8, 9, "0x0 to 0x8"),
        ({"any": True}, 0, None, "anything"),
    ],
)
def test_expectations(expect: Any, good: int, bad: int | None, text: str) -> None:
    assert met(expect, good, VALUES)
    assert bad is None or not met(expect, bad, VALUES)
    assert describe(expect, VALUES) == text


def made_vector(identifier: str = "V0001") -> dict[str, Any]:
    vector: dict[str, Any] = {
        "id": identifier,
        "name": "scratch-keeps-a-value",
        "rules": ["DEV-REG-006"],
        "tags": [],
        "hunts": "A register forgets.",
        "pitfalls": [],
        "contract": ["0.1.0", None],
        "tier": "smoke",
        "bringup": 1,
        "negative": False,
        "needs": {"device": {}, "host": []},
        "cycles": 12,
        "bytes": 64,
        "buffers": {"b": {"size": 64, "init": [["r", 1, 0, 64]]}},
        "steps": [
            {"op": "write", "bar": 0, "at": 120, "size": 8, "value": {"buffer": "b"}},
            {"op": "read", "bar": 0, "at": 120, "size": 8, "expect": {"eq": {"buffer": "b"}}},
        ],
    }
    return vector | {"hash": vector_hash(vector)}


def made_suite() -> dict[str, Any]:
    return {
        "format": 1,
        "suite": "made",
        "contract": "0.1.0",
        "generator": "0.1.0",
        "function": {"vendor": 1, "device": 2},
        "capabilities": {"queues": {"at": 16, "lsb": 0, "width": 8}},
        "clock": 112,
        "recipes": {"version": [], "reset": [], "health": [], "queue_reset": []},
        "vectors": [made_vector("V0001"), made_vector("V0002")],
        "retired": {"V0009": "merged into V0001"},
    }


def test_a_suite_comes_back_as_it_was() -> None:
    raw = made_suite()
    suite = parse(dump(raw), "made")
    assert suite.raw == raw
    assert dump(suite.raw) == dump(raw)
    assert [vector.id for vector in suite.vectors] == ["V0001", "V0002"]
    assert suite.vector("V0002").buffers["b"].align == 64
    assert suite.vectors[0].in_tier("core")
    with pytest.raises(SuiteError, match="V0009 was retired: merged"):
        suite.vector("V0009")


def test_cycles_are_outside_the_hash() -> None:
    assert made_vector()["hash"] == vector_hash(made_vector() | {"cycles": None})


WRONG: list[tuple[str, tuple[Any, ...], Any]] = [
    ("format is 2", ("format",), 2),
    ("contract 7.0.0", ("contract",), "7.0.0"),
    ("V0001: .*hash", ("vectors", 0, "name"), "other"),
    ("V0002 stands twice|V0001 stands twice", ("vectors", 1), made_vector("V0001")),
    ("V0009 was retired", ("vectors", 1), made_vector("V0009")),
    ("V0001.tier: 'tiny'", ("vectors", 0, "tier"), "tiny"),
    ("V0001: step 1 .*: .*'expct'", ("vectors", 0, "steps", 1, "expct"), 1),
    ("V0001.steps.0.op: 'jump'", ("vectors", 0, "steps", 0), {"op": "jump"}),
    ("V0001: step 0 .*: at: ", ("vectors", 0, "steps", 0, "at"), -1),
    ("V0001.buffers.b.size", ("vectors", 0, "buffers", "b", "size"), 1 << 40),
    ("'extra' was unexpected", ("extra",), 1),
]


@pytest.mark.parametrize(("message", "path", "value"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_refused(message: str, path: tuple[Any, ...], value: Any) -> None:
    raw = copy.deepcopy(made_suite())
    place: Any = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(SuiteError, match=f"made: .*({message})"):
        parse(json.dumps(raw), "made")


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1', "[" * 100_000, '{"format": 1}', "nul"])
def test_what_is_no_suite_is_refused(text: str) -> None:
    with pytest.raises(SuiteError, match="made: "):
        parse(text, "made")
